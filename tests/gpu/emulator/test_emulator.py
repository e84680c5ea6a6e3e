"""Calling kernels: arguments, views, limits, mma's fragments, and what an error says."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.gpu.emulator import Emulator, EmulatorError, building, uninitialised
from tests.gpu.emulator.sample_kernels import numbers, source_of

COPY = r"""
extern "C" __global__ void copy(const float *x, float *y, int n, int stride) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i * stride] = x[i];
}
"""
RACE = r"""
extern "C" __global__ void shift(float *x) {
    float next = x[threadIdx.x + 1];
    x[threadIdx.x] = next;
}
"""


@pytest.fixture(params=[False, True], ids=["fast", "checking"])
def emulator(request: pytest.FixtureRequest) -> Emulator:
    return Emulator(check=request.param)


@pytest.mark.parametrize("value", [3, 3.0, True])
def test_a_python_number_is_an_error_that_names_the_argument(emulator: Emulator, value: object) -> None:
    copy = emulator.module(COPY).function("copy")
    with pytest.raises(TypeError, match=r"copy: argument 2 is a Python .* declares int32"):
        copy((1,), (32,), (numbers(3), numbers(3), value, np.int32(1)))


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((numbers(3), numbers(3), np.int64(3), np.int32(1)), "argument 2 is int64"),
        ((numbers(3), numbers(3), np.float32(3), np.int32(1)), "argument 2 is float32"),
        (
            (numbers(3).astype(np.float64), numbers(3), np.int32(3), np.int32(1)),
            "argument 0 is an array of float64",
        ),
        ((np.float32(1), numbers(3), np.int32(3), np.int32(1)), "argument 0 is float32"),
        ((numbers(3), numbers(3), np.int32(3)), "3 arguments are given, the kernel declares 4"),
    ],
)
def test_an_argument_of_another_type_is_an_error(
    emulator: Emulator, args: tuple[object, ...], words: str
) -> None:
    with pytest.raises(TypeError, match=words):
        emulator.module(COPY).function("copy")((1,), (32,), args)


def test_a_view_is_written_in_place(emulator: Emulator) -> None:
    x, y = numbers(5), np.zeros((5, 3), np.float32)
    copy = emulator.module(COPY).function("copy")
    copy((1,), (32,), (x, y[:, 1], np.int32(5), np.int32(3)))
    copy((1,), (32,), (x, y[::-1, 2], np.int32(5), np.int32(-3)))
    np.testing.assert_array_equal(y, np.stack([np.zeros(5), x, x[::-1]], axis=1))


def test_the_bounds_of_a_view_are_those_of_its_own_memory() -> None:
    x, y = numbers(5), np.zeros(5, np.float32)
    copy = Emulator(check=True).module(COPY).function("copy")
    with pytest.raises(EmulatorError, match=r"argument 0 \(float32 \(4,\)\) at byte 16 of 16 at line 4"):
        copy((1,), (32,), (x[:4], y, np.int32(5), np.int32(1)))
    assert not y.any()  # a failed launch leaves the arrays as they were


def test_arrays_that_overlap_are_one_piece_of_memory(emulator: Emulator) -> None:
    x = np.arange(6, dtype=np.float32)
    emulator.module(COPY).function("copy")((1,), (2,), (x[:2], x[2:], np.int32(2), np.int32(1)))
    np.testing.assert_array_equal(x, [0, 1, 0, 1, 4, 5])


def test_a_race_names_both_threads_and_their_lines() -> None:
    with pytest.raises(EmulatorError) as caught:
        Emulator(check=True).module(RACE).function("shift")((1,), (32,), (numbers(33),))
    message = str(caught.value)
    assert caught.value.kind == "race"
    assert message.count("block (0,0,0) thread (") == 2
    assert "line 3" in message
    assert "line 4" in message
    assert "argument 0 (float32 (33,))" in message


def test_an_array_stays_uninitialised_until_somebody_writes() -> None:
    x, y = uninitialised(4), np.zeros(4, np.float32)
    copy = Emulator(check=True).module(COPY).function("copy")
    args = (x, y, np.int32(4), np.int32(1))
    assert np.isnan(x).all()
    with pytest.raises(EmulatorError, match="uninitialised"):
        copy((1,), (32,), args)
    x[:] = 1
    copy((1,), (32,), args)
    assert y.all()


@pytest.mark.parametrize(
    ("grid", "block", "shared"),
    [
        ((0,), (32,), 0),
        ((1, 65536), (32,), 0),
        ((1,), (1025,), 0),
        ((1,), (1, 1, 65), 0),
        ((1,), (32,), 50_000),
    ],
)
def test_a_launch_that_a_device_refuses_is_refused(
    grid: tuple[int, ...], block: tuple[int, ...], shared: int
) -> None:
    with pytest.raises(EmulatorError, match="launch"):
        Emulator().module(COPY).function("copy")(
            grid, block, (numbers(1), numbers(1), np.int32(1), np.int32(1)), shared
        )


def test_a_source_that_does_not_compile_gives_the_compilers_words() -> None:
    with pytest.raises(EmulatorError, match=r"kernel\.cu:2.*nothing"):
        Emulator().module("\n__global__ void k() { nothing(); }").function("k")


def test_an_unknown_option_is_an_error() -> None:
    with pytest.raises(ValueError, match="--sideways"):
        Emulator().module(COPY, ("-std=c++17", "--sideways")).function("copy")


def test_indices_of_three_dimensions(emulator: Emulator) -> None:
    source = r"""
    extern "C" __global__ void place(int *y) {
        int x = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y * blockDim.y + threadIdx.y;
        int plane = blockIdx.z * blockDim.z + threadIdx.z, width = gridDim.x * blockDim.x;
        int height = gridDim.y * blockDim.y;
        int i = (plane * height + row) * width + x;
        y[i] = i;
    }"""
    y = np.zeros(4 * 6 * 6, np.int32)
    emulator.module(source).function("place")((2, 3, 2), (3, 2, 2), (y,))
    np.testing.assert_array_equal(y, np.arange(y.size))


def test_the_schedule_is_drawn_from_the_seed(emulator: Emulator) -> None:
    source = r"""
    extern "C" __global__ void order(int *count, int *y) {
        y[blockIdx.x * blockDim.x + threadIdx.x] = atomicAdd(count, 1);
    }"""

    def order(seed: int) -> list[int]:
        count, y = np.zeros(1, np.int32), np.zeros(64, np.int32)
        Emulator(emulator.check, seed).module(source).function("order")((2,), (32,), (count, y))
        return y.tolist()

    assert order(0) == order(0) != order(1)
    assert sorted(order(1)) == list(range(64))


def test_the_lanes_of_mma_hold_what_the_ptx_manual_says(emulator: Emulator) -> None:
    """PTX ISA, mma.m16n8k8 with .tf32: the rows and columns of each register of a lane."""
    a, b = np.round(8 * numbers(16, 8)), np.round(8 * numbers(8, 8))
    lane = np.arange(32)
    group, within = lane // 4, lane % 4
    of_a = np.stack([a[group + 8 * (i % 2), within + 4 * (i // 2)] for i in range(4)], axis=1)
    of_b = np.stack([b[within + 4 * i, group] for i in range(2)], axis=1)
    d = uninitialised((32, 4))
    emulator.module(source_of("pipelined.cu")).function("mma_fragments")((1,), (32,), (of_a, of_b, d))
    product = a @ b
    for i in range(4):
        np.testing.assert_array_equal(d[:, i], product[group + 8 * (i // 2), 2 * within + i % 2])


def test_mma_ignores_the_bits_that_tf32_has_not(emulator: Emulator) -> None:
    a, b, d = np.ones((32, 4), np.float32), np.ones((32, 2), np.float32), uninitialised((32, 4))
    a += np.float32(2.0**-11)
    emulator.module(source_of("pipelined.cu")).function("mma_fragments")((1,), (32,), (a, b, d))
    np.testing.assert_array_equal(d, np.full((32, 4), 8, np.float32))


def test_another_clone_finds_what_one_has_compiled(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def built() -> list[Path]:
        return [building.runtime.__wrapped__(), building.kernels(COPY, ["copy"], [], emulator.check)]

    here = built()
    monkeypatch.setattr(building, "RUNTIME", shutil.copytree(building.RUNTIME, tmp_path / "runtime"))
    assert built() == here
