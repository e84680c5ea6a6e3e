"""Blocks of pixels: cpu against reference, each the other's adjoint, and blocks by hand."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.kernels import cpu, reference
from minigrad.kernels.cpu import blocks
from tests.minigrad.kernels.strategies import DTYPES, LAYOUTS, Array, assert_close, laid_out

MODULES = pytest.mark.parametrize("kernels", [reference, cpu], ids=["reference", "cpu"])

BATCHES = st.sampled_from([(), (0,), (3,), (2, 3), (40, 30)])
SIDES = st.integers(0, 9)
BLOCK = st.sampled_from([(1, 1), (1, 2), (2, 1), (2, 2), (3, 2), (2, 5), (7, 3)])


@st.composite
def images(draw: st.DrawFn) -> tuple[Array, tuple[int, int]]:
    """The smaller of two images, and the block that a pixel of it stands for in the larger one."""
    shape = (*draw(BATCHES), draw(SIDES), draw(SIDES))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = rng.normal(size=shape).astype(draw(st.sampled_from(DTYPES)))
    return laid_out(x, draw(LAYOUTS)), draw(BLOCK)


@settings(max_examples=150, deadline=None)
@given(images(), st.sampled_from([1.0, 0.25, -3.0]), LAYOUTS)
def test_cpu_equals_reference_and_each_is_the_other_s_adjoint(
    drawn: tuple[Array, tuple[int, int]], scale: float, layout: str
) -> None:
    x, block = drawn
    filled = cpu.fill_blocks(x, *block, scale)
    assert filled.dtype == x.dtype
    np.testing.assert_array_equal(filled, reference.fill_blocks(x, *block, scale))
    large = np.random.default_rng(0).normal(size=filled.shape).astype(x.dtype)
    summed = cpu.sum_blocks(laid_out(large, layout), *block, scale)
    assert summed.dtype == x.dtype
    assert_close(summed, reference.sum_blocks(large, *block, scale), 10 * block[0] * block[1])
    products = [(a.astype(np.float64) * b).sum() for a, b in ((summed, x), (large, filled))]
    np.testing.assert_allclose(*products, rtol=1e-4, atol=1e-4 * large.size**0.5)


@MODULES
def test_by_hand(kernels: ModuleType) -> None:
    x = np.array([[1.0, 2.0, 3.0, np.nan], [5.0, 6.0, -np.inf, 8.0]])
    np.testing.assert_array_equal(kernels.sum_blocks(x, 2, 1, 0.5), [[3.0, 4.0, -np.inf, np.nan]])
    np.testing.assert_array_equal(kernels.sum_blocks(x, 1, 2, 1.0), [[3.0, np.nan], [11.0, -np.inf]])
    np.testing.assert_array_equal(kernels.fill_blocks(x[:1, :2], 2, 2, 2.0), [[2.0, 2.0, 4.0, 4.0]] * 2)


@MODULES
def test_results_go_into_a_given_array(kernels: ModuleType) -> None:
    x, out = np.ones((3, 4, 6)), np.full((3, 2, 2), np.nan)
    assert kernels.sum_blocks(x, 2, 3, 1.0, out=out) is out
    assert (out == 6).all()
    out = np.full((3, 8, 6), np.nan)
    assert kernels.fill_blocks(x, 2, 1, 3.0, out=out) is out
    assert (out == 3).all()


@MODULES
def test_sides_that_do_not_divide_are_refused(kernels: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"sum_blocks: expected .* whole blocks of 2 x 3; got \(4, 4\)"):
        kernels.sum_blocks(np.ones((4, 4)), 2, 3, 1.0)
    with pytest.raises(ValueError, match="fill_blocks"):
        kernels.fill_blocks(np.ones(4), 2, 3, 1.0)


@pytest.mark.parametrize("block", [(2, 2), (4, 1)])
def test_several_iterations_give_the_bits_of_one(
    block: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    large, small = rng.normal(size=(50, 8, 12)), rng.normal(size=(50, 4, 6))
    wanted = cpu.sum_blocks(large, *block, 0.5), cpu.fill_blocks(small, *block, 0.5)
    monkeypatch.setattr(blocks, "CHUNK", 200)
    np.testing.assert_array_equal(cpu.sum_blocks(large, *block, 0.5), wanted[0])
    np.testing.assert_array_equal(cpu.fill_blocks(small, *block, 0.5), wanted[1])
