"""PyTorch as the oracle of what is composed of other ops, also at zeros and ties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import ops

torch: Any = pytest.importorskip("torch")

from tests.minigrad.ops.test_oracle import Pairing, compare, normal  # noqa: E402 - needs PyTorch, too

F = torch.nn.functional

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
    second = mg.grad(ops.sum(g * g), [x], unused="zeros")[0]
    np.testing.assert_array_equal(second.numpy(), np.zeros((2, 3)))


def test_std_of_equal_elements_has_a_derivative_of_zero() -> None:
    x = mg.tensor(np.full(3, 2.0))
    theirs = torch.full((3,), 2.0, dtype=torch.float64, requires_grad=True)
    (expected,) = torch.autograd.grad(torch.std(theirs, correction=0), theirs)
    (g,) = mg.grad(ops.std(x), [x], create_graph=True)
    np.testing.assert_array_equal(g.numpy(), expected.numpy())
    np.testing.assert_array_equal(mg.grad(ops.sum(g * g), [x])[0].numpy(), np.zeros(3))


# -- images ----------------------------------------------------------------------------------------

TIES = np.random.default_rng(0).integers(0, 3, (2, 2, 5, 6)) * 1.0
POOLS: list[dict[str, Any]] = [
    {"kernel_size": 2},
    {"kernel_size": (2, 3), "stride": (1, 2)},
    {"kernel_size": 3, "stride": 2, "padding": 1},
    {"kernel_size": (3, 2), "stride": 2, "padding": (1, 0), "ceil_mode": True},
    {"kernel_size": 2, "stride": 3, "ceil_mode": True},
    {"kernel_size": (7, 2), "stride": 4, "ceil_mode": True},
]


@pytest.mark.parametrize("settings", POOLS, ids=str)
def test_avg_pool2d(settings: dict[str, Any]) -> None:
    for more in ({}, {"count_include_pad": False}, {"divisor_override": 5}):
        both = {**settings, **more}
        compare(
            lambda x, both=both: ops.avg_pool2d(x, **both),
            lambda x, both=both: F.avg_pool2d(x, **both),
            [normal(2, 2, 5, 6)],
        )


@pytest.mark.parametrize("settings", [*POOLS, {"kernel_size": 2, "dilation": (2, 1)}], ids=str)
def test_max_pool2d_and_who_gets_the_gradient_of_a_tie(settings: dict[str, Any]) -> None:
    for x in (normal(2, 2, 5, 6), TIES):
        compare(lambda x: ops.max_pool2d(x, **settings), lambda x: F.max_pool2d(x, **settings), [x])


def test_max_pool2d_passes_not_a_number_on() -> None:
    x = np.array([[[[1.0, np.nan, 0.0, 2.0]]]])
    assert np.isnan(ops.max_pool2d(mg.tensor(x), (1, 2)).numpy()).tolist() == [[[[True, False]]]]


@pytest.mark.parametrize("size", [1, (2, 3), (None, 2), (5, 4), (7, 9)], ids=str)
def test_adaptive_pools(size: Any) -> None:
    for x in ([normal(2, 2, 5, 6)], [TIES]):
        compare(lambda x: ops.adaptive_avg_pool2d(x, size), lambda x: F.adaptive_avg_pool2d(x, size), x)
        compare(lambda x: ops.adaptive_max_pool2d(x, size), lambda x: F.adaptive_max_pool2d(x, size), x)


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular", "constant"])
def test_pad(mode: str) -> None:
    more = {"value": 1.5} if mode == "constant" else {}
    widths = ((0, 0), (0, 0), (2, 3), (1, 0))
    compare(
        lambda x: ops.pad(x, widths, mode, **more),
        lambda x: F.pad(x, (1, 0, 2, 3), mode, **more),
        [normal(2, 2, 4, 3)],
    )


RESIZED: list[dict[str, Any]] = [
    {"scale_factor": 2}, {"scale_factor": (3, 1)}, {"scale_factor": 0.5}, {"scale_factor": 1.5},
    {"scale_factor": 0.4}, {"scale_factor": 1.2}, {"scale_factor": (2.2, 1.1)},
    {"size": (8, 12)}, {"size": (2, 9)}, {"size": 1}, {"size": (4, 6)},
]  # fmt: skip


@pytest.mark.parametrize("settings", RESIZED, ids=str)
def test_interpolate(settings: dict[str, Any]) -> None:
    for mode in ({}, {"mode": "bilinear"}, {"mode": "bilinear", "align_corners": True}):
        both = {**settings, **mode}
        compare(
            lambda x, both=both: ops.interpolate(x, **both),
            lambda x, both=both: F.interpolate(x, **both),
            [normal(2, 2, 4, 6)],
        )


@pytest.mark.parametrize("settings", [{"scale_factor": 2}, {"size": 7}, {"scale_factor": 2.3}], ids=str)
def test_interpolate_signals(settings: dict[str, Any]) -> None:
    for mode in ({}, {"mode": "linear"}, {"mode": "linear", "align_corners": True}):
        both = {**settings, **mode}
        compare(
            lambda x, both=both: ops.interpolate(x, **both),
            lambda x, both=both: F.interpolate(x, **both),
            [normal(2, 2, 5)],
        )


# -- activations and tables ------------------------------------------------------------------------

AROUND_ZERO = np.array([[-30.0, -2.0, -1.0, -0.5], [0.25, 1.0, 2.0, 30.0]])
ACTIVATIONS: dict[str, tuple[Any, Any]] = {
    "elu": (lambda x: ops.elu(x, 0.7), lambda x: F.elu(x, 0.7)),
    "erf": (ops.erf, torch.erf),
    "gelu": (ops.gelu, F.gelu),
    "gelu by tanh": (lambda x: ops.gelu(x, "tanh"), lambda x: F.gelu(x, approximate="tanh")),
    "hardtanh": (ops.hardtanh, F.hardtanh),
    "log_sigmoid": (ops.log_sigmoid, F.logsigmoid),
    "selu": (ops.selu, F.selu),
    "silu": (ops.silu, F.silu),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: str) -> None:
    mine, theirs = ACTIVATIONS[name]
    compare(mine, theirs, [AROUND_ZERO])
    x, t = mg.tensor(np.zeros(1)), torch.zeros(1, dtype=torch.float64, requires_grad=True)
    (expected,) = torch.autograd.grad(theirs(t).sum(), t)
    np.testing.assert_allclose(mg.grad(ops.sum(mine(x)), [x])[0].numpy(), expected.numpy(), rtol=1e-12)


@pytest.mark.parametrize("weight", [np.array([0.25]), np.array([0.25, -0.5, 0.0])])
def test_prelu(weight: Any) -> None:
    compare(ops.prelu, F.prelu, [normal(2, 3, 2), weight])


def test_erf_to_the_last_places() -> None:
    x = np.concatenate([np.linspace(-7, 7, 2001), [1e-300, -1e-10, 0.0, 1e300, np.inf, -np.inf]])
    y = ops.erf(mg.tensor(x)).numpy()
    np.testing.assert_allclose(y, torch.erf(torch.from_numpy(x)).numpy(), rtol=1e-15)
    assert np.isnan(ops.erf(mg.tensor([np.nan])).numpy()).all()


@pytest.mark.parametrize("padding_idx", [None, 2, -1])
def test_embedding(padding_idx: int | None) -> None:
    index = np.array([[0, 2, 2], [3, 1, 2]])
    compare(
        lambda w: ops.embedding(index, w, padding_idx),
        lambda w: F.embedding(torch.from_numpy(index), w, padding_idx),
        [normal(4, 3)],
    )


def test_embedding_refuses_what_is_no_row() -> None:
    w = mg.tensor(normal(4, 3))
    with pytest.raises(ValueError, match=r"embedding: an index must lie in 0\.\.3, got -1\.\.4"):
        ops.embedding([4, -1], w)
    with pytest.raises(TypeError, match=r"embedding: an index is integers, got float32 \(1,\)"):
        ops.embedding([0.5], w)
