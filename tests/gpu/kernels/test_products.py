"""Float32 products by a pipeline's tiles, in float32 and in TF32, against the reference."""

from __future__ import annotations

import threading
from functools import partial

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minigrad.kernels import reference
from minigrad.kernels.cuda.product import planning
from minigrad.kernels.geometry import Geometry
from minigrad.kernels.precision import allow_tf32, tf32_allowed
from tests.gpu.kernels.numpy_calls import cuda
from tests.gpu.kernels.strategies import SLOPES, assert_faces
from tests.minigrad.kernels.strategies import (
    LAYOUTS,
    Array,
    Convolution,
    assert_close,
    convolutions,
    laid_out,
)

pytestmark = pytest.mark.usefixtures("launched")

FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
CONVOLUTIONS = convolutions((np.float32,)).filter(
    lambda case: (
        0 < case.y.size * case.w[0].size < 300_000 and (case.geometry.groups > 1 or 1 not in case.w.shape[:2])
    )
)
ROWS = st.sampled_from([1, 5, 64, 65, 130])
DEPTHS = st.sampled_from([1, 3, 16, 17, 36, 70, 140])


def rounded(a: Array, arithmetic: str) -> Array:
    """What a product makes of its operands: TF32 keeps 10 bits after the point."""
    if arithmetic == "fp32":
        return a
    bits = np.ascontiguousarray(a).view(np.uint32) + np.uint32(0x1000)
    return (bits & np.uint32(0xFFFFE000)).view(np.float32)


@FEW
@given(ROWS, DEPTHS, ROWS, LAYOUTS, LAYOUTS, SLOPES, st.integers(0, 2**32 - 1))
def test_matrix_products_equal_reference(
    arithmetic: str, way: None, m: int, k: int, n: int, x_layout: str, w_layout: str, slope: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    x = laid_out(rng.normal(size=(m, k)).astype(np.float32), x_layout)
    w = laid_out(rng.normal(size=(n, k)).astype(np.float32), w_layout)
    b = laid_out(rng.normal(size=n).astype(np.float32), x_layout)
    operands = rounded(x, arithmetic), rounded(w, arithmetic)
    assert_close(cuda.matmul(x, w.T), reference.matmul(operands[0], operands[1].T), k + 1)
    assert_close(cuda.linear(x, w, b, slope), reference.linear(*operands, b, slope), k + 1)


@FEW
@given(st.sampled_from([(3, 3), (1, 2), (2, 1)]), ROWS, DEPTHS, ROWS, LAYOUTS, st.integers(0, 2**32 - 1))
def test_stacked_products_equal_reference(
    arithmetic: str, way: None, items: tuple[int, int], m: int, k: int, n: int, layout: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    x = laid_out(rng.normal(size=(items[0], m, k)).astype(np.float32), layout).swapaxes(1, 2)
    y = rng.normal(size=(items[1], m, n)).astype(np.float32)
    for a, b in ((x, y), (y.swapaxes(1, 2), x.swapaxes(1, 2))):
        operands = rounded(a, arithmetic), rounded(b, arithmetic)
        assert_close(cuda.stacked_matmul(a, b), reference.stacked_matmul(*operands), m + 1)


@FEW
@given(CONVOLUTIONS)
def test_faces_equal_reference(arithmetic: str, way: None, case: Convolution) -> None:
    assert_faces(case, partial(rounded, arithmetic=arithmetic))


@pytest.mark.parametrize(("kernel", "size", "stride", "groups"), [(2, 8, 2, 1), (1, 6, 1, 2)])
def test_large_tiles_with_edges_equal_reference(
    monkeypatch: pytest.MonkeyPatch, arithmetic: str, kernel: int, size: int, stride: int, groups: int
) -> None:
    """Rows and columns beyond a tile's 128, and results that no tile divides."""
    monkeypatch.setattr(planning, "BLOCKS", 1)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6, 70 * groups, size, size)).astype(np.float32)
    w = rng.normal(size=(132 * groups, 70, kernel, kernel)).astype(np.float32)
    geometry = Geometry((stride, stride), (0, 1), groups=groups)
    y = reference.conv2d(x, w, geometry)
    case = Convolution(x, w, (y / np.abs(y).max()).astype(np.float32), geometry)
    assert_faces(case, partial(rounded, arithmetic=arithmetic))


@settings(FEW, max_examples=4)  # with checks, each of many blocks takes its time, however small the arrays
@given(CONVOLUTIONS.filter(lambda case: case.y.size * case.w[0].size < 30_000))
def test_what_is_too_large_goes_by_the_kernels_for_every_size(
    monkeypatch: pytest.MonkeyPatch, case: Convolution
) -> None:
    monkeypatch.setattr(planning, "LARGEST", 0)
    assert_faces(case)


def test_tf32_rounds_its_operands_and_float32_and_float64_do_not() -> None:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(20, 300)).astype(np.float32), rng.normal(size=(300, 30)).astype(np.float32)
    before = cuda.matmul(x, w), cuda.matmul(x.astype(np.float64), w.astype(np.float64))
    with allow_tf32():
        fast = cuda.matmul(x, w)
        assert cuda.matmul(x.astype(np.float64), w.astype(np.float64)).tobytes() == before[1].tobytes()
    assert cuda.matmul(x, w).tobytes() == before[0].tobytes()
    error = np.abs(fast - before[1]) / (np.abs(x) @ np.abs(w))
    assert 1e-5 < error.max() < 1e-3


def test_tf32_is_off_at_first_and_a_thread_s_own() -> None:
    seen: list[bool] = []
    with allow_tf32():
        with allow_tf32(False):
            assert not tf32_allowed()
        thread = threading.Thread(target=lambda: seen.append(tf32_allowed()))
        thread.start()
        thread.join()
        assert tf32_allowed()
    assert not tf32_allowed()
    assert seen == [False]


@pytest.mark.parametrize(
    ("sizes", "side", "shares"),
    [
        ((128, 3136, 1024), 64, 2),  # DCGAN's second layer, 64 images: few tiles, so shares
        ((128, 12544, 1024, 4), 128, 1),  # its transposed layer by phases, 256 images
        ((128, 1024, 3136), 64, 8),  # a weight's gradient, 64 images
        ((64, 50176, 512, 4), 64, 1),
    ],
)
def test_few_tiles_are_small_and_shared_out(sizes: tuple[int, ...], side: int, shares: int) -> None:
    chosen = planning.plan("conv/pipelined.cu", *sizes)
    assert (chosen.source.constants["ROWS"], chosen.shares) == (side, shares)


@pytest.mark.parametrize("sizes", [(4096, 4096, 1 << 20), (64, 64, 1 << 26), (128, 50176, 20_000, 4)])
def test_no_share_of_a_sum_is_longer_than_float32_s_digits_last(sizes: tuple[int, ...]) -> None:
    chosen = planning.plan("conv/pipelined.cu", *sizes)
    assert sizes[2] / chosen.shares <= planning.DEEPEST


def test_a_long_sum_of_many_results_is_shared_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """All terms are near 0.1, whose sum one by one drifts away."""
    rng = np.random.default_rng(0)
    x, y = ((0.1 + rng.uniform(0, 1e-6, shape)).astype(np.float32) for shape in ((66, 1000), (1000, 66)))
    monkeypatch.setattr(planning, "BLOCKS", 1)
    for deepest, bound in ((100, 110), (10_000, 1000)):
        monkeypatch.setattr(planning, "DEEPEST", deepest)
        error = np.abs(cuda.matmul(x, y) / np.matmul(x, y, dtype=np.float64) - 1).max()
        assert error < bound * 2.0**-24
