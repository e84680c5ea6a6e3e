"""Classes at shares: each backend against the definition, cpu against the reference bit for bit."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.kernels import cpu, cuda, reference
from minigrad.kernels.cpu import sampling
from tests.minigrad.kernels.strategies import DTYPES, LAYOUTS, Array, laid_out

MODULES = pytest.mark.parametrize("kernels", [reference, cpu, cuda], ids=["reference", "cpu", "cuda"])
LAST = 1 - 2.0**-53
"""The largest share."""

SHAPES = st.one_of(
    st.tuples(st.integers(0, 9), st.integers(1, 9)),
    st.sampled_from([(0, 1), (3000, 50), (2, 70_000), (300, 1)]),
)


@st.composite
def rows(draw: st.DrawFn) -> tuple[Array, Array]:
    """Logits (n, classes), of which some are -infinity, and shares (n,)."""
    n, classes = draw(SHAPES)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = draw(st.sampled_from([0.0, 1.0, 300.0])) * rng.normal(size=(n, classes))
    x[rng.random((n, classes)) < draw(st.sampled_from([0.0, 0.3, 0.9]))] = -np.inf
    x[range(n), rng.integers(0, classes, n)] = 1.0
    u = rng.choice([0.0, 0.25, 0.5, LAST, *rng.random(20)], n)
    return laid_out(x.astype(draw(st.sampled_from(DTYPES))), draw(LAYOUTS)), laid_out(u, draw(LAYOUTS))


@settings(max_examples=150, deadline=None)
@given(rows(), st.booleans())
def test_cpu_equals_reference(drawn: tuple[Array, Array], given_memory: bool) -> None:
    x, u = drawn
    before, out = x.copy(), np.full(len(x), -1) if given_memory else None
    y = cpu.choose_classes(x, u, out=out)
    np.testing.assert_array_equal(y, reference.choose_classes(x, u))
    np.testing.assert_array_equal(x, before)
    assert (y.dtype, y.shape) == (np.int64, u.shape)
    assert out is None or y is out


@MODULES
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_class_is_the_first_whose_sum_exceeds_the_share(kernels: ModuleType, dtype: type) -> None:
    with np.errstate(divide="ignore"):
        x = np.log(np.array([[0, 2, 0, 1, 1, 0]], dtype)) - 700
    shares = {0.0: 1, 0.4999: 1, 0.5001: 3, 0.7499: 3, 0.7501: 4, LAST: 4}
    u = np.array([*shares])
    assert kernels.choose_classes(np.tile(x, (6, 1)), u).tolist() == [*shares.values()]
    equal = np.zeros((4, 4), dtype)  # a share that is a sum itself belongs to the class after it
    assert kernels.choose_classes(equal, np.arange(4) / 4).tolist() == [0, 1, 2, 3]


@MODULES
def test_rows_without_another_and_classes_without_another(kernels: ModuleType) -> None:
    assert kernels.choose_classes(np.zeros((0, 3)), np.zeros(0)).shape == (0,)
    assert kernels.choose_classes(np.full((2, 1), -5e3), np.array([0.0, LAST])).tolist() == [0, 0]


def test_rows_of_many_blocks_are_those_of_each_alone() -> None:
    rng = np.random.default_rng(0)
    x, u = rng.normal(size=(1001, 200)).astype(np.float32), rng.random(1001)
    assert len(x) > 3 * (sampling.BLOCK // 200)
    alone = [cpu.choose_classes(x[i : i + 1], u[i : i + 1])[0] for i in range(1001)]
    assert cpu.choose_classes(x, u).tolist() == alone


@MODULES
@pytest.mark.parametrize(
    ("x", "u", "error"),
    [
        (np.zeros((2, 3)), np.zeros(2, np.float32), TypeError),
        (np.zeros((2, 3)), np.zeros(3), ValueError),
        (np.zeros((2, 0)), np.zeros(2), ValueError),
        (np.zeros(3), np.zeros(3), ValueError),
    ],
)
def test_what_does_not_fit_is_refused(kernels: ModuleType, x: Any, u: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="choose_classes: expected"):
        kernels.choose_classes(x, u)
