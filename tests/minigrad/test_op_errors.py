"""Error messages of ops name the op, what it was given and the fix."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import minigrad as mg
from minigrad import ops

Array = NDArray[Any]


A, B = mg.tensor(np.ones((2, 3), np.float32)), mg.tensor(np.ones((4, 5), np.float32))
IMAGE, KERNEL = mg.tensor(np.ones((1, 3, 8, 8))), mg.tensor(np.ones((4, 2, 3, 3)))
SHAPES = r"float32 \(2, 3\), float32 \(4, 5\)"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: A + B, ValueError, rf"add\({SHAPES}\): .*broadcast"),
        (lambda: A @ B, ValueError, rf"matmul\({SHAPES}\): .*"),
        (lambda: ops.concatenate([A, B]), ValueError, rf"join\({SHAPES}, axis=0\)"),
        (lambda: A.reshape(4), ValueError, r"reshape\(float32 \(2, 3\), shape=4\): cannot reshape"),
        (lambda: A.transpose(0, 0), ValueError, r"transpose\(float32 \(2, 3\), axes=\(0, 0\)\)"),
        (lambda: ops.sum(A, axis=2), ValueError, r"sum\(float32 \(2, 3\), axis=2, .*axis 2 is out of bounds"),
        (
            lambda: ops.mean(A, axis=2),
            ValueError,
            r"mean\(float32 \(2, 3\), axis=2, .*axis 2 is out of bounds",
        ),
        (
            lambda: ops.broadcast_to(A, (4, 5)),
            ValueError,
            r"broadcast_to\(float32 \(2, 3\), shape=\(4, 5\)\)",
        ),
        (lambda: ops.sum_to(A, (4,)), ValueError, r"sum_to\(float32 \(2, 3\), shape=\(4,\)\)"),
        (lambda: ops.expand_dims(A, 3), ValueError, "axis 3 is out of bounds"),
        (lambda: ops.squeeze(A, 2), ValueError, "axis 2 is out of bounds"),
        (lambda: ops.squeeze(A, 0), ValueError, r"squeeze: axis 0 of shape \(2, 3\) has length 2, not 1"),
        (
            lambda: ops.where(A, A, A),
            TypeError,
            r"where\(.*condition must be bool, got float32; compare first",
        ),
        (lambda: ops.leaky_relu(A), TypeError, r"leaky_relu\(float32 \(2, 3\)\): .*missing.*'slope'"),
        (lambda: ops.exp(A, 3), TypeError, r"exp\(x.*too many arguments"),
        (lambda: ops.sum(A, 0, axis=0), TypeError, r"sum\(.*axis is given twice"),
        (lambda: ops.sum(A, dim=0), TypeError, r"sum\(float32 \(2, 3\), .*dim=0\): .*'dim'"),
        (
            lambda: ops.conv2d(IMAGE, KERNEL),
            ValueError,
            r"conv2d\(float64 \(1, 3, 8, 8\), .*x has 3 channels",
        ),
        (lambda: ops.conv2d(A, B), ValueError, r"conv2d\(.*x must be \(n, c, h, w\) and w \(o, c/groups"),
        (
            lambda: ops.conv2d(IMAGE, mg.tensor(np.ones((1, 3, 9, 1)))),
            ValueError,
            "a kernel of 9 with dilation 1 is larger than the padded input of 8",
        ),
        (
            lambda: ops.conv2d(IMAGE, KERNEL, stride=0),
            ValueError,
            "stride must be an int of at least 1 or a pair",
        ),
        (
            lambda: ops.conv2d(IMAGE, KERNEL, padding=(1, 2, 3)),
            ValueError,
            "padding must be an int of at least 0",
        ),
        (lambda: ops.conv2d(IMAGE, KERNEL, groups=3), ValueError, "x has 3 channels"),
        (
            lambda: ops.conv_transpose2d(IMAGE, mg.tensor(np.ones((3, 1, 2, 2))), output_padding=1),
            ValueError,
            "output_padding .* must be smaller than stride",
        ),
        (
            lambda: ops.conv_transpose2d(IMAGE, mg.tensor(np.ones((3, 1, 1, 1))), padding=4),
            ValueError,
            "the output would be 0 x 0; use less padding",
        ),
        (
            lambda: ops.conv2d_weight(IMAGE, IMAGE, kernel=3),
            ValueError,
            "g of length 8 is too long for x of length 8, kernel 3",
        ),
        (
            lambda: ops.standardize(mg.tensor([1.0]), eps=1e-5),
            ValueError,
            r"standardize\(.*x must be \(n, c, ...\)",
        ),
        (
            lambda: ops.standardize(mg.tensor(np.ones((0, 3))), eps=1e-5),
            ValueError,
            "of no elements is undefined; give at least one sample",
        ),
        (lambda: ops.leaky_gate(A, B, slope=0.0), ValueError, rf"leaky_gate\({SHAPES}, .*the same shape"),
        (lambda: ops.cross_entropy(A, [0, 3]), ValueError, r"labels must lie in 0..2, got 0..3"),
        (lambda: ops.cross_entropy(A, [0.0, 1.0]), ValueError, r"need 2 integer labels, got float64 \(2,\)"),
        (lambda: A.astype(np.float16), TypeError, "holds float32, float64"),
    ],
)
def test_error_messages(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()
