"""A replayed convolution looks at its numbers: where a way cannot take them, it goes another, as op by op."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import ops
from minigrad.kernels import launching

Shape = tuple[int, ...]


def _convolution(x: mg.Tensor, w: mg.Tensor) -> mg.Tensor:
    return ops.conv2d(x, w, stride=2, padding=1)


def _transposed(x: mg.Tensor, w: mg.Tensor) -> mg.Tensor:
    return ops.conv_transpose2d(x, w, stride=2, padding=1)


def _weight_gradient(x: mg.Tensor, w: mg.Tensor) -> mg.Tensor:
    y = _convolution(x, w)
    scale = mg.tensor(np.linspace(-1, 1, y.size).reshape(y.shape), np.float32)
    return mg.grad(ops.sum(y * scale), [w])[0]


STEPS = {
    "few to read": (_convolution, (3, 1, 28, 28), (64, 1, 4, 4)),
    "places": (_convolution, (2, 16, 8, 8), (14, 16, 4, 4)),
    "places, more weights than results": (_convolution, (1, 40, 6, 6), (32, 40, 4, 4)),
    "Winograd": (_convolution, (16, 128, 14, 14), (128, 128, 4, 4)),
    "Winograd, transposed": (_transposed, (16, 128, 14, 14), (128, 64, 4, 4)),
    "dot products": (_weight_gradient, (3, 1, 28, 28), (64, 1, 4, 4)),
    "Winograd's weight gradient": (_weight_gradient, (32, 64, 14, 14), (64, 64, 4, 4)),
}


@pytest.mark.parametrize("name", STEPS)
def test_numbers_that_a_way_cannot_take_give_what_an_op_gives(name: str) -> None:
    function, x_shape, w_shape = STEPS[name]
    rng = np.random.default_rng(0)
    x, w = (rng.normal(size=shape).astype(np.float32) for shape in (x_shape, w_shape))
    bad_weight, bad_image, bright = w.copy(), x.copy(), x.copy()
    bad_weight[1, 0, 0, 0] = np.inf
    bad_image[-1, 0, 2, 2] = np.nan
    bright[0] *= 1e36
    step = mg.capture(function)
    for given in [(x, w), (x + 1, w), (x - 1, w), (x, bad_weight), (bad_image, w), (bright, w), (x + 2, w)]:
        with np.errstate(all="ignore"):
            expected = function(*map(mg.tensor, given)).numpy()
            assert step(*map(mg.tensor, given)).numpy().tobytes() == expected.tobytes()
    assert any(_has_a_way_out(call) for call in _calls(step)), "no launch of the step has another way"


def _calls(step: Any) -> list[Any]:
    calls: list[Any] = step._recordings[0].program._calls
    return calls


def _has_a_way_out(call: Any) -> bool:
    return isinstance(call, partial) and call.func is launching._made_or
