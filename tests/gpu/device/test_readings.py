"""Readings: rows of numbers that stay on their device until all of them are read together."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

import minigrad as mg
from minigrad import ops
from tests.gpu.device.conftest import Copies

ROWS = 6


def scalar(value: float, dtype: type = np.float32, device: str = "cpu") -> mg.Tensor:
    return mg.tensor(value, dtype, device)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("captured", [False, True])
def test_rows_are_read_in_the_order_of_writing(captured: bool, device: str, cupy: ModuleType) -> None:
    readings = mg.Readings(ROWS, 3, device)

    def step(x: mg.Tensor) -> None:
        readings.write(ops.sum(x), None, scalar(0.1, np.float64, device))

    run = mg.capture(step) if captured else step
    for start in (0, 10, 20):
        for i in range(start, start + 4):
            run(mg.tensor([0.5, i], device=device))
        assert readings.unread == 4
        expected = [[i + 0.5, np.nan, 0.1] for i in range(start, start + 4)]
        np.testing.assert_array_equal(readings.read(), expected)
        assert readings.unread == 0
    assert readings.read().shape == (0, 3)
    if captured:
        assert run.replays == 10  # type: ignore[union-attr]


@pytest.mark.parametrize("captured", [False, True])
def test_a_row_more_than_there_are_is_refused(captured: bool, cupy: ModuleType) -> None:
    readings = mg.Readings(ROWS, 1, "cuda")
    run = mg.capture(readings.write) if captured else readings.write
    for i in range(ROWS):
        run(scalar(i, device="cuda"))
    with pytest.raises(RuntimeError, match=r"all 6 rows are unread; read\(\) them first"):
        run(scalar(7, device="cuda"))
    assert readings.read().ravel().tolist() == [0, 1, 2, 3, 4, 5]
    run(scalar(8, device="cuda"))
    assert readings.read().tolist() == [[8]]


def test_reading_is_one_copy(cupy: ModuleType, copies: Copies) -> None:
    readings = mg.Readings(ROWS, 2, "cuda")
    run = mg.capture(lambda x: readings.write(x, ops.square(x)))
    x = scalar(3, device="cuda")
    for i in range(5):
        copies.reset()
        run(x)
        copies.check(reads=0, sent=0, writes=1, launches=int(i > 2))
    copies.reset()
    assert readings.read().tolist() == [[3, 9]] * 5
    copies.check(reads=1, writes=0)


def test_what_was_read_stays_what_it_was(cupy: ModuleType) -> None:
    for device in ("cpu", "cuda"):
        readings = mg.Readings(1, 1, device)
        readings.write(scalar(1, device=device))
        rows = readings.read()
        readings.write(scalar(2, device=device))
        assert rows.tolist() == [[1]]


def test_what_is_no_row_is_refused() -> None:
    for rows, columns in ((0, 1), (1, 0)):
        with pytest.raises(ValueError, match=f"must be at least 1, got {rows} and {columns}"):
            mg.Readings(rows, columns)
    readings = mg.Readings(2, 2)
    with pytest.raises(ValueError, match="expected 2 Tensors of one element or None, got 1"):
        readings.write(scalar(1))
    with pytest.raises(ValueError, match=r"got 2, of shapes \[\(\), \(2,\)\]"):
        readings.write(scalar(1), mg.tensor([1.0, 2.0]))
    assert readings.unread == 0


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_whether_all_is_finite_is_a_tensor(device: str, cupy: ModuleType) -> None:
    good, many = scalar(1, device=device), mg.tensor([1.0, 2.0], device=device)
    for bad in (np.nan, np.inf, -np.inf):
        wrong = mg.tensor([1.0, bad], device=device)
        found = [mg.all_finite(*ts) for ts in ((good, many), (good, wrong), (wrong, good), (wrong,))]
        assert [t.item() for t in found] == [True, False, False, False]
        assert all(t.device == device and t.shape == () for t in found)
