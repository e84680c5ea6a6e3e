"""PyTorch as the oracle of what is composed of other ops, also at zeros and ties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import ops
from tests.test_oracle import Pairing, compare, normal

torch: Any = pytest.importorskip("torch")

ZEROS = np.array([[0.0, 2.0, 3.0], [0.0, 0.0, -1.0], [4.0, 5.0, 6.0]])
PAIRINGS: dict[str, Pairing] = {
    "chunk": (lambda x: ops.chunk(x, 3, 1)[1], lambda x: torch.chunk(x, 3, 1)[1], [normal(2, 7)]),
    "cumsum": (lambda x: ops.cumsum(x, axis=1), lambda x: torch.cumsum(x, 1), [normal(2, 4)]),
    "einsum with a diagonal": (
        lambda x, y: ops.einsum("iij,jk->ki", x, y), lambda x, y: torch.einsum("iij,jk->ki", x, y),
        [normal(3, 3, 2), normal(2, 4, seed=3)]),
    "einsum with an ellipsis": (
        lambda x, y: ops.einsum("...ij,j...->i...", x, y),
        lambda x, y: torch.einsum("...ij,j...->i...", x, y),
        [normal(2, 1, 3, 4), normal(4, 5, seed=3)]),
    "einsum without an arrow": (
        lambda x, y, z: ops.einsum("ba,cb,c", x, y, z), lambda x, y, z: torch.einsum("ba,cb,c", x, y, z),
        [normal(2, 3), normal(4, 2, seed=3), normal(4, seed=4)]),
    "einsum of one summed ellipsis": (
        lambda x: ops.einsum("...->", x), lambda x: torch.einsum("...->", x), [normal(2, 3)]),
    "einsum with sides of length 1": (
        lambda x, y: ops.einsum("ij,jk->ik", x, y), lambda x, y: torch.einsum("ij,jk->ik", x, y),
        [normal(2, 1), normal(3, 4, seed=3)]),
    "expm1": (ops.expm1, torch.expm1, [normal(3, 4)]),
    "flip": (lambda x: ops.flip(x, (0, 2)), lambda x: torch.flip(x, (0, 2)), [normal(2, 3, 4)]),
    "pixel_shuffle": (lambda x: ops.pixel_shuffle(x, 2), lambda x: torch.pixel_shuffle(x, 2),
                      [normal(2, 8, 2, 3)]),
    "pixel_unshuffle": (lambda x: ops.pixel_unshuffle(x, 2), lambda x: torch.pixel_unshuffle(x, 2),
                        [normal(2, 2, 4, 6)]),
    "prod with zeros": (lambda x: ops.prod(x, axis=1), lambda x: torch.prod(x, 1), [ZEROS]),
    "prod of all": (ops.prod, torch.prod, [ZEROS]),
    "remainder": (ops.remainder, torch.remainder, [normal(3, 4), normal(4, seed=3)]),
    "roll": (lambda x: ops.roll(x, (1, -2), (0, 1)),
             lambda x: torch.roll(x, (1, -2), (0, 1)), [normal(3, 4)]),
    "roll of all": (lambda x: ops.roll(x, 5), lambda x: torch.roll(x, 5), [normal(3, 4)]),
    "split": (lambda x: ops.split(x, 2, -1)[2], lambda x: torch.split(x, 2, -1)[2], [normal(3, 5)]),
    "split by lengths": (lambda x: ops.split(x, [1, 3], 1)[1], lambda x: torch.split(x, [1, 3], 1)[1],
                         [normal(3, 4)]),
    "std": (lambda x: ops.std(x, 1), lambda x: torch.std(x, 1, correction=0), [normal(3, 4)]),
    "std corrected": (lambda x: ops.std(x, correction=1), torch.std, [normal(3, 4)]),
    "tile": (lambda x: ops.tile(x, (2, 1, 3)), lambda x: torch.tile(x, (2, 1, 3)), [normal(3, 4)]),
    "repeat": (lambda x: ops.repeat(x, 3, 1), lambda x: torch.repeat_interleave(x, 3, 1), [normal(3, 4)]),
    "tril": (lambda x: ops.tril(x, k=1), lambda x: torch.tril(x, 1), [normal(2, 3, 4)]),
    "triu": (lambda x: ops.triu(x, k=-1), lambda x: torch.triu(x, -1), [normal(2, 3, 4)]),
    "vector_norm": (lambda x: ops.vector_norm(x, axis=1), lambda x: torch.linalg.vector_norm(x, dim=1),
                    [normal(3, 4)]),
    "vector_norm of order 1": (lambda x: ops.vector_norm(x, 1), lambda x: torch.linalg.vector_norm(x, 1),
                               [ZEROS]),
    "vector_norm of order 3": (lambda x: ops.vector_norm(x, 3, 0),
                               lambda x: torch.linalg.vector_norm(x, 3, 0), [normal(3, 4)]),
    "vector_norm of order inf": (lambda x: ops.vector_norm(x, np.inf, 1),
                                 lambda x: torch.linalg.vector_norm(x, float("inf"), 1), [normal(3, 4)]),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRINGS)
def test_equals_pytorch(name: str) -> None:
    compare(*PAIRINGS[name])


@pytest.mark.parametrize("order", [2, 3, 1, np.inf])
def test_vector_norm_has_a_derivative_of_zero_at_zero(order: float) -> None:
    x = mg.tensor(np.zeros((2, 3)))
    theirs = torch.zeros(2, 3, dtype=torch.float64, requires_grad=True)
    (expected,) = torch.autograd.grad(torch.linalg.vector_norm(theirs, order, 1).sum(), theirs)
    (g,) = mg.grad(ops.sum(ops.vector_norm(x, order, axis=1)), [x], create_graph=True)
    np.testing.assert_array_equal(g.numpy(), expected.numpy())
    np.testing.assert_array_equal(mg.grad(ops.sum(g * g), [x])[0].numpy(), np.zeros((2, 3)))


def test_std_of_equal_elements_has_a_derivative_of_zero() -> None:
    x = mg.tensor(np.full(3, 2.0))
    theirs = torch.full((3,), 2.0, dtype=torch.float64, requires_grad=True)
    (expected,) = torch.autograd.grad(torch.std(theirs, correction=0), theirs)
    (g,) = mg.grad(ops.std(x), [x], create_graph=True)
    np.testing.assert_array_equal(g.numpy(), expected.numpy())
    np.testing.assert_array_equal(mg.grad(ops.sum(g * g), [x])[0].numpy(), np.zeros(3))
