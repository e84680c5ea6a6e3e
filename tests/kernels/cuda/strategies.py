"""What the tests of emulated kernels draw: smaller arrays than the others', still of several blocks."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from tests.kernels.strategies import DTYPES, LAYOUTS, SHAPES, Array, laid_out

SOME = settings(max_examples=20, deadline=None)
SLOPES = st.sampled_from([0.0, 0.2, 1.0])
SEVERAL_BLOCKS = st.sampled_from([(700, 3), (3, 40, 7, 1), (1, 1, 70, 70), (2100, 4), (2, 300)])


@st.composite
def arrays(draw: st.DrawFn, count: int) -> list[Array]:
    """`count` arrays of one shape and dtype, each in its own layout, zeros of both signs among them."""
    shape = draw(st.one_of(SHAPES, SHAPES, SEVERAL_BLOCKS))
    dtype, rng = draw(st.sampled_from(DTYPES)), np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = [rng.normal(size=shape) * rng.integers(-1, 2, size=shape) for _ in range(count)]
    return [laid_out(a.astype(dtype), draw(LAYOUTS)) for a in values]


def filled_like(expected: tuple[Array, ...]) -> tuple[Array, ...]:
    """Memory for results, full of NaN."""
    return tuple(np.full_like(a, np.nan, order="C") for a in expected)
