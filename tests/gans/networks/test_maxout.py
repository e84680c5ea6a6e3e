"""Maxout against its definition."""

from __future__ import annotations

import numpy as np

import minigrad as mg
from gans.networks.maxout import Maxout
from minigrad.ops import sum


def test_a_unit_is_the_largest_of_its_linear_functions() -> None:
    rng = np.random.default_rng(0)
    layer = Maxout(3, 4, pieces=5)
    x = rng.standard_normal((7, 3)).astype(np.float32)
    weight, bias = layer.linear.weight.numpy(), layer.linear.bias
    assert bias is not None
    pieces = (x @ weight.T + bias.numpy()).reshape(7, 5, 4)
    np.testing.assert_allclose(layer(mg.tensor(x)).numpy(), pieces.max(axis=1), rtol=1e-5)


def test_the_gradient_reaches_the_largest_piece_alone() -> None:
    layer = Maxout(2, 1, pieces=3)
    x = mg.tensor([[1.0, -2.0]])
    largest = int(np.argmax(layer.linear(x).numpy()))
    (slope,) = mg.grad(sum(layer(x)), [layer.linear.weight])
    expected = np.zeros((3, 2))
    expected[largest] = [1.0, -2.0]
    np.testing.assert_array_equal(slope.numpy(), expected)
