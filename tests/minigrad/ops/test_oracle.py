"""PyTorch as the oracle: values, gradients and second derivatives in float64."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import minigrad as mg
from minigrad import ops
from minigrad.dispatch import use_kernels
from tests.minigrad.ops.cases import HOST_KERNELS

torch: Any = pytest.importorskip("torch")
F = torch.nn.functional

Array = NDArray[Any]
Pairing = tuple[Callable[..., Any], Callable[..., Any], list[Array]]


def normal(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape)


def compare(mine: Callable[..., Any], theirs: Callable[..., Any], arrays: list[Array]) -> None:
    """Values, gradients by each array, and the gradients of a weighted sum of those gradients."""
    t = [torch.from_numpy(a.copy()).requires_grad_() for a in arrays]
    x = [mg.tensor(a) for a in arrays]
    y_torch, y = theirs(*t), mine(*x)
    incoming = np.asarray(normal(*y.shape, seed=1))
    v_torch, v = torch.from_numpy(incoming.copy()).requires_grad_(), mg.tensor(incoming)
    g_torch = torch.autograd.grad(
        y_torch, t, v_torch, create_graph=True, allow_unused=True, materialize_grads=True
    )
    g = mg.grad(y, x, grad_output=v, create_graph=True, unused="zeros")
    mixers = [np.asarray(normal(*a.shape, seed=2)) for a in arrays]
    total_torch = sum((a * torch.from_numpy(m)).sum() for a, m in zip(g_torch, mixers, strict=True))
    total = ops.sum(g[0] * mixers[0])
    for a, m in zip(g[1:], mixers[1:], strict=True):
        total = total + ops.sum(a * m)
    second_torch = torch.autograd.grad(total_torch, [v_torch, *t], allow_unused=True, materialize_grads=True)
    second = mg.grad(total, [v, *x], unused="zeros")
    for ours, other in zip([y, *g, *second], [y_torch, *g_torch, *second_torch], strict=True):
        expected = other.numpy(force=True)
        assert ours.shape == expected.shape
        scale = max(1.0, float(np.abs(expected).max(initial=0)))
        np.testing.assert_allclose(ours.numpy(), expected, rtol=1e-8, atol=1e-10 * scale)


# -- convolutions ----------------------------------------------------------------------------------

SETTINGS: list[dict[str, Any]] = [
    {"stride": s, "padding": p, "dilation": d, "groups": g}
    for s, p, d, g in itertools.product([1, 2, (2, 3)], [0, (1, 2)], [1, (1, 2)], [1, 2])
]


@pytest.mark.parametrize("kernels", HOST_KERNELS)
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_conv2d(settings: dict[str, Any], kernels: str) -> None:
    arrays = [normal(2, 4, 8, 9), normal(6, 4 // settings["groups"], 3, 2, seed=3)]
    with use_kernels(kernels):
        compare(lambda x, w: ops.conv2d(x, w, **settings), lambda x, w: F.conv2d(x, w, **settings), arrays)


@pytest.mark.parametrize("kernels", HOST_KERNELS)
@pytest.mark.parametrize("output_padding", [0, (0, 1)])
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_conv_transpose2d(settings: dict[str, Any], output_padding: Any, kernels: str) -> None:
    if (
        output_padding and settings["stride"] == settings["dilation"] == 1
    ):  # it must stay below one of the two
        settings = {**settings, "dilation": 2}
    settings = {**settings, "output_padding": output_padding}
    arrays = [normal(2, 4, 4, 5), normal(4, 6 // settings["groups"], 3, 2, seed=3)]
    with use_kernels(kernels):
        compare(
            lambda x, w: ops.conv_transpose2d(x, w, **settings),
            lambda x, w: F.conv_transpose2d(x, w, **settings),
            arrays,
        )


# -- batch norm ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernels", HOST_KERNELS)
@pytest.mark.parametrize("shape", [(5, 3), (4, 3, 6), (3, 2, 4, 5)])
def test_batch_norm(shape: tuple[int, ...], kernels: str) -> None:
    c = shape[1]
    per_channel = (1, c) + (1,) * (len(shape) - 2)

    def mine(x: mg.Tensor, w: mg.Tensor, b: mg.Tensor) -> mg.Tensor:
        return ops.standardize(x, eps=1e-3) * w.reshape(per_channel) + b.reshape(per_channel)

    def theirs(x: Any, w: Any, b: Any) -> Any:
        return F.batch_norm(x, None, None, w, b, training=True, eps=1e-3)

    with use_kernels(kernels):
        compare(mine, theirs, [normal(*shape) * 2 + 1, normal(c, seed=3), normal(c, seed=4)])


# -- the rest --------------------------------------------------------------------------------------

POSITIVE = np.abs(normal(3, 4)) + 0.5
PAIRINGS: dict[str, Pairing] = {
    "softmax": (lambda x: ops.softmax(x, axis=1), lambda x: torch.softmax(x, 1), [normal(3, 4)]),
    "log_softmax": (lambda x: ops.log_softmax(x, 0), lambda x: torch.log_softmax(x, 0), [normal(3, 4)]),
    "logsumexp": (lambda x: ops.logsumexp(x, 1), lambda x: torch.logsumexp(x, 1), [normal(3, 4)]),
    "matmul": (ops.matmul, torch.matmul, [normal(3, 4), normal(4, 5)]),
    "matmul batched": (ops.matmul, torch.matmul, [normal(2, 1, 3, 4), normal(5, 4, 2)]),
    "matmul vector left": (ops.matmul, torch.matmul, [normal(4), normal(2, 4, 3)]),
    "matmul vector right": (ops.matmul, torch.matmul, [normal(2, 3, 4), normal(4)]),
    "matmul vectors": (ops.matmul, torch.matmul, [normal(4), normal(4, seed=3)]),
    "max": (lambda x: ops.max(x, 1), lambda x: torch.amax(x, 1), [normal(3, 4)]),
    "max with ties": (lambda x: ops.max(x, 0), lambda x: torch.amax(x, 0), [np.ones((3, 4))]),
    "max of all": (ops.max, torch.amax, [normal(3, 4)]),
    "min": (lambda x: ops.min(x, (0, 2)), lambda x: torch.amin(x, (0, 2)), [normal(3, 4, 2)]),
    "maximum": (ops.maximum, torch.maximum, [normal(3, 4), normal(3, 1, seed=3)]),
    "maximum at ties": (ops.maximum, torch.maximum, [np.ones((3, 4)), np.ones(4)]),
    "minimum": (ops.minimum, torch.minimum, [normal(3, 4), normal(4, seed=3)]),
    "pad": (lambda x: ops.pad(x, ((1, 0), (2, 3))), lambda x: F.pad(x, (2, 3, 1, 0)), [normal(3, 4)]),
    "power": (ops.power, torch.pow, [POSITIVE, normal(4)]),
    "power of a number": (lambda x: x**3, lambda x: x**3, [normal(3, 4)]),
    "power 0.5": (lambda x: x**0.5, lambda x: x**0.5, [POSITIVE]),
    "power -2": (lambda x: x**-2, lambda x: x**-2, [normal(3, 4)]),
    "number to a power": (lambda x: 2.0**x, lambda x: 2.0**x, [normal(3, 4)]),
    "div": (ops.div, torch.div, [normal(3, 4), normal(4, seed=3)]),
    "abs": (ops.abs, torch.abs, [normal(3, 4)]),
    "sqrt": (ops.sqrt, torch.sqrt, [POSITIVE]),
    "tanh": (ops.tanh, torch.tanh, [normal(3, 4)]),
    "sigmoid": (ops.sigmoid, torch.sigmoid, [normal(3, 4)]),
    "softplus": (ops.softplus, F.softplus, [normal(3, 4)]),
    "leaky_relu": (lambda x: ops.leaky_relu(x, 0.2), lambda x: F.leaky_relu(x, 0.2), [normal(3, 4)]),
    "relu": (ops.relu, torch.relu, [normal(3, 4)]),
    "mean": (lambda x: ops.mean(x, (0, 2)), lambda x: x.mean((0, 2)), [normal(3, 4, 2)]),
    "var": (lambda x: ops.var(x, 1), lambda x: x.var(1, correction=0), [normal(3, 4)]),
    "getitem": (lambda x: x[[0, 0, 2], 1:], lambda x: x[[0, 0, 2], 1:], [normal(3, 4)]),
    "concatenate": (lambda x, y: ops.concatenate([x, y, x], 1), lambda x, y: torch.cat([x, y, x], 1),
                    [normal(3, 2), normal(3, 4)]),
    "stack": (lambda x, y: ops.stack([x, y], 1), lambda x, y: torch.stack([x, y], 1), [normal(3), normal(3)]),
    "transpose": (lambda x: ops.transpose(x, (2, 0, 1)), lambda x: x.permute(2, 0, 1), [normal(2, 3, 4)]),
    "where": (
 lambda x, y: ops.where(x > y, x * x, y), lambda x, y: torch.where(x > y, x * x, y),
              [normal(3, 4), normal(4, seed=3)]),
    "norm_per_sample": (ops.norm_per_sample, lambda x: (x.square().sum(1) + 1e-12).sqrt(), [normal(3, 4)]),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRINGS)
def test_equals_pytorch(name: str) -> None:
    compare(*PAIRINGS[name])


def test_gradient_penalty_of_a_critic() -> None:
    """WGAN-GP's penalty, differentiated by the critic's weights: the whole of double backprop at once."""

    def mine(x: mg.Tensor, w: mg.Tensor, v: mg.Tensor) -> mg.Tensor:
        score = ops.flatten(ops.leaky_relu(ops.conv2d(x, w, stride=2, padding=1), 0.2)) @ v
        (g,) = mg.grad(ops.sum(score), [x], create_graph=True)
        return ops.mean((ops.norm_per_sample(g) - 1.0) ** 2)

    def theirs(x: Any, w: Any, v: Any) -> Any:
        score = F.leaky_relu(F.conv2d(x, w, stride=2, padding=1), 0.2).flatten(1) @ v
        (g,) = torch.autograd.grad(score.sum(), x, create_graph=True)
        return (((g.square().sum((1, 2, 3)) + 1e-12).sqrt() - 1) ** 2).mean()

    arrays = [normal(3, 2, 8, 8), normal(4, 2, 4, 4, seed=3), normal(64, 1, seed=4)]
    t = [torch.from_numpy(a.copy()).requires_grad_() for a in arrays]
    x = [mg.tensor(a) for a in arrays]
    for ours, other in zip(
        mg.grad(mine(*x), x, unused="zeros"),
        torch.autograd.grad(theirs(*t), t, materialize_grads=True),
        strict=True,
    ):
        np.testing.assert_allclose(ours.numpy(), other.numpy(), rtol=1e-8, atol=1e-10)
