"""What the tests of emulated kernels draw: smaller arrays than the others', still of several blocks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from minigrad.kernels import reference
from tests.gpu.kernels.numpy_calls import cuda
from tests.minigrad.kernels import strategies
from tests.minigrad.kernels.strategies import SHAPES, Array, Convolution, assert_close

SOME = settings(max_examples=20, deadline=None)
SLOPES = st.sampled_from([0.0, 0.2, 1.0])
SEVERAL_BLOCKS = st.sampled_from([(700, 3), (3, 40, 7, 1), (1, 1, 70, 70), (2100, 4), (2, 300)])


def arrays(count: int) -> st.SearchStrategy[list[Array]]:
    """``count`` arrays of one shape and dtype, some of several blocks."""
    return strategies.arrays(count, st.one_of(SHAPES, SHAPES, SEVERAL_BLOCKS))


def filled_like(expected: tuple[Array, ...]) -> tuple[Array, ...]:
    """Memory for results, full of NaN."""
    return tuple(np.full_like(a, np.nan, order="C") for a in expected)


def assert_faces(case: Convolution, rounded: Callable[[Array], Array] = np.asarray) -> None:
    """The faces of the convolution equal the reference of rounded operands, in memory that is given."""
    x, w, y, b = rounded(case.x), rounded(case.w), rounded(case.y), case.w[:, 0, 0, 0]
    image, kernel = (case.x.shape[2], case.x.shape[3]), (case.w.shape[2], case.w.shape[3])
    calls = {
        "conv2d": ((case.x, case.w), (x, w), w[0].size),
        "conv2d_bias_leaky_relu": ((case.x, case.w, b), (x, w, b), w[0].size + 1),
        "conv_transpose2d": ((case.y, case.w, image), (y, w, image), w[:, 0].size),
        "conv2d_weight": ((case.x, case.y, kernel), (x, y, kernel), max(1, y[:, 0].size)),
    }
    for name, (given, arguments, terms) in calls.items():
        end = (case.geometry, 0.2) if name == "conv2d_bias_leaky_relu" else (case.geometry,)
        expected = getattr(reference, name)(*arguments, *end)
        (out,) = filled_like((expected,))
        assert getattr(cuda, name)(*given, *end, out=out) is out
        assert_close(out, expected, terms)
