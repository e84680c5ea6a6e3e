"""The way to a device and back, NumPy's arrays in the place of CuPy's; not a word on what a GPU computes."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

from minigrad.kernels.cuda.runtime import loading
from tests.gpu.emulator import Emulator
from tests.gpu.kernels import numpy_calls
from tests.gpu.kernels.directed import CASES
from tests.gpu.kernels.numpy_calls import cuda, to_device
from tests.minigrad.kernels.strategies import LAYOUT_NAMES, Array, laid_out


class Pointer(NamedTuple):
    memory: Array
    offset: int

    def __add__(self, distance: int) -> Pointer:  # type: ignore[override]
        return Pointer(self.memory, self.offset + distance)


class DeviceArray(np.ndarray[Any, np.dtype[Any]]):
    """Made as CuPy's arrays are: of a shape, a dtype, a pointer and strides."""

    def __new__(cls, shape: Any, dtype: Any, pointer: Pointer, strides: Any) -> DeviceArray:
        return super().__new__(cls, shape, dtype, pointer.memory, pointer.offset, strides)


def asarray(a: Array) -> Any:
    memory = a.copy("C")
    copy = memory.view(DeviceArray)
    return SimpleNamespace(data=Pointer(memory, 0)) if a.dtype == np.uint8 else copy


FAKE: Any = SimpleNamespace(ndarray=DeviceArray, asarray=asarray, asnumpy=np.array)


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch, emulator_at_hand: None) -> None:
    monkeypatch.setattr(loading, "_maker", Emulator())
    monkeypatch.setattr(cuda, "cupy", FAKE)


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
@pytest.mark.parametrize("shape", [(3, 4), (1, 5), (2, 0)])
def test_a_copy_has_the_layout_and_memory_of_its_own(layout: str, shape: tuple[int, ...]) -> None:
    a = laid_out(np.random.default_rng(0).normal(size=shape).astype(np.float32), layout)
    copy = to_device(FAKE, a)
    assert type(copy) is DeviceArray
    np.testing.assert_array_equal(copy, a)
    assert not np.may_share_memory(copy, a)
    assert copy.flags.aligned
    assert copy.strides == a.strides or layout == "unaligned" or a.size == 0


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize("file", CASES)
def test_directed_cases_go_there_and_back(file: str) -> None:
    CASES[file]()


@pytest.mark.usefixtures("device")
def test_results_come_back_in_the_arrays_that_were_given() -> None:
    x, out = np.arange(-3.0, 3.0), np.full(6, np.nan)
    x.flags.writeable = False
    assert cuda.leaky_relu(x, 0.5, out=out) is out
    np.testing.assert_array_equal(out, [-1.5, -1, -0.5, 0, 1, 2])
    y = np.ones((2, 3))
    assert cuda.bias_leaky_relu(y, np.full(3, -3.0), 0.5, out=y) is y
    assert (y == -1).all()


def test_tests_that_run_on_a_device_call_the_kernels_by_way_of_it() -> None:
    """minigrad's own would get NumPy's arrays there, which CuPy refuses, or passes by value."""
    names = [path.stem for path in Path(__file__).parent.glob("test_*.py")]
    tests = [importlib.import_module(f"tests.gpu.kernels.{name}") for name in names]
    launched = pytest.mark.usefixtures("launched")
    marked = [test for test in tests if getattr(test, "pytestmark", None) == launched]
    assert len(marked) > 5
    assert [test.__name__ for test in marked if test.cuda is not cuda] == []


def test_without_a_device_it_raises_and_stays_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise RuntimeError("no GPU")

    monkeypatch.setattr(loading, "cupy", missing)
    with pytest.raises(RuntimeError, match="no GPU"), numpy_calls.on_device():
        pass
    assert cuda.cupy is None
