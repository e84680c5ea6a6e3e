"""The relation of two arrays, of whatever numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gans.study.comparisons import relation

A = np.array([[1.0, -2.0], [0.5, 3.0]])


@pytest.mark.parametrize(
    ("a", "b", "kind", "words"),
    [
        (A, A, "identical", "identical bit for bit"),
        (0 * A, 0 * A, "both zero", "zero in both"),
        (0 * A, A, "zero in A", "zero in A"),
        (A, 0 * A, "zero in B", "zero in B"),
        (A, 2 * A, "factor", "B is A times 2 exactly"),
        (A, -A, "factor", "B is A times -1 exactly"),
        (A, np.where(A > 2, A * (0.3 + 3e-14), A * 0.3), "factor", "B is A times 0.3 up to rounding, 7e-14"),
        (A, A * (1 + 1e-14), "rounding", "equal up to rounding, 1e-14"),
        (A, A + 3e-8, "close", "equal within 1e-08"),
        (A, A.astype(np.float32) * np.float32(1 + 1e-6), "rounding", "equal up to rounding, 1e-06"),
        (A, A + 1, "different", "different, cosine 0.920"),
        (A, A + 0.001, "different", "different, cosine 0.999999875"),
        (A, np.where(A > 2, np.nan, A), "not finite", "not finite"),
        (A, np.where(A > 2, np.inf, A), "not finite", "not finite"),
    ],
)
def test_kinds(a: np.ndarray, b: np.ndarray, kind: str, words: str) -> None:
    found = relation(a, b)
    assert (found.kind, str(found)) == (kind, words)


def test_one_element_apart_is_seen() -> None:
    b = A.copy()
    b[0, 0] = np.nextafter(b[0, 0], 2)
    assert relation(A, b).kind == "rounding"
    b[0, 0] = 1.01
    assert relation(A, b).kind == "different"
    assert relation(A, b).difference == pytest.approx(0.01 / 3)


def test_arrays_of_two_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        relation(A, A[0])


NUMBERS = arrays(np.float64, 5, elements=st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-6))


@given(NUMBERS, NUMBERS)
def test_the_relation_is_symmetric_and_the_same_only_of_equal_arrays(a: np.ndarray, b: np.ndarray) -> None:
    one, other = relation(a, b), relation(b, a)
    assert one.is_same == other.is_same
    assert (one.kind in ("identical", "both zero")) == np.array_equal(a, b)
    assert (one.norm_a, one.norm_b) == (other.norm_b, other.norm_a)
    assert np.isnan(one.cosine) or abs(one.cosine) <= 1


@given(NUMBERS.filter(lambda a: a.any()), st.sampled_from([-4.0, -1.0, 0.25, 0.5, 2.0, 8.0]))
def test_a_factor_is_found(a: np.ndarray, factor: float) -> None:
    found = relation(a, a * factor)
    assert (found.kind, found.factor, found.difference) == ("factor", factor, 0)
