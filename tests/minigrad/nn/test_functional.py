"""nn.functional: PyTorch's names, arguments and values, to second order."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, nn
from minigrad.nn import functional as F

RNG = np.random.default_rng(0)


def draw(*shape: int) -> np.ndarray[Any, Any]:
    return RNG.standard_normal(shape)


X, IMAGES = draw(4, 6), draw(2, 4, 6, 6)
SCALE, SHIFT = draw(4), draw(4)
CASES: dict[str, tuple[Callable[[Any, Any], Any], list[Any]]] = {
    "relu": (lambda F, x: F.relu(x, inplace=False), [X]),
    "leaky_relu": (lambda F, x: F.leaky_relu(x, 0.2), [X]),
    "leaky_relu by default": (lambda F, x: F.leaky_relu(x), [X]),
    "elu": (lambda F, x: F.elu(x, 0.5), [X]),
    "selu": (lambda F, x: F.selu(x), [X]),
    "silu": (lambda F, x: F.silu(x), [X]),
    "gelu": (lambda F, x: F.gelu(x), [X]),
    "hardtanh": (lambda F, x: F.hardtanh(x, -0.5, 0.7), [X]),
    "prelu": (lambda F, x, w: F.prelu(x, w), [IMAGES, SCALE]),
    "softplus": (lambda F, x: F.softplus(x, beta=2.0), [X]),
    "logsigmoid": (lambda F, x: F.logsigmoid(x), [X]),
    "sigmoid": (lambda F, x: F.sigmoid(x), [X]),
    "tanh": (lambda F, x: F.tanh(x), [X]),
    "softmax": (lambda F, x: F.softmax(x, dim=0), [X]),
    "log_softmax": (lambda F, x: F.log_softmax(x, dim=1), [X]),
    "linear": (lambda F, x, w, b: F.linear(x, w, b), [X, draw(3, 6), draw(3)]),
    "linear without bias": (lambda F, x, w: F.linear(x, w), [X, draw(3, 6)]),
    "linear of more axes": (lambda F, x, w, b: F.linear(x, w, b), [IMAGES, draw(3, 6), draw(3)]),
    "conv2d": (lambda F, x, w, b: F.conv2d(x, w, b, 2, 1, groups=2), [IMAGES, draw(6, 2, 3, 3), draw(6)]),
    "conv2d without bias": (lambda F, x, w: F.conv2d(x, w, padding=1), [IMAGES, draw(3, 4, 3, 3)]),
    "conv_transpose2d": (
        lambda F, x, w, b: F.conv_transpose2d(x, w, b, 2, 1, 1), [IMAGES, draw(4, 3, 3, 3), draw(3)]
    ),
    "pad": (lambda F, x: F.pad(x, (1, 2, 0, 1)), [IMAGES]),
    "pad by a value": (lambda F, x: F.pad(x, (1, 0), value=3.0), [X]),
    "pad by reflection": (lambda F, x: F.pad(x, (1, 2, 2, 1), mode="reflect"), [IMAGES]),
    "normalize": (lambda F, x: F.normalize(x), [X]),
    "normalize by 3": (lambda F, x: F.normalize(x, p=3.0, dim=0), [X]),
    "cosine_similarity": (lambda F, x, y: F.cosine_similarity(x, y), [X, draw(4, 6)]),
    "layer_norm": (lambda F, x, w, b: F.layer_norm(x, (6,), w, b), [IMAGES, draw(6), draw(6)]),
    "layer_norm alone": (lambda F, x: F.layer_norm(x, (6, 6), eps=1e-3), [IMAGES]),
    "group_norm": (lambda F, x, w, b: F.group_norm(x, 2, w, b), [IMAGES, SCALE, SHIFT]),
    "instance_norm": (lambda F, x, w, b: F.instance_norm(x, weight=w, bias=b), [IMAGES, SCALE, SHIFT]),
    "max_pool2d": (lambda F, x: F.max_pool2d(x, 2), [IMAGES]),
    "avg_pool2d": (lambda F, x: F.avg_pool2d(x, 3, 2, 1), [IMAGES]),
    "adaptive_avg_pool2d": (lambda F, x: F.adaptive_avg_pool2d(x, 3), [IMAGES]),
    "interpolate": (lambda F, x: F.interpolate(x, scale_factor=2), [IMAGES]),
    "pixel_shuffle": (lambda F, x: F.pixel_shuffle(x, 2), [IMAGES]),
    "pixel_unshuffle": (lambda F, x: F.pixel_unshuffle(x, 2), [IMAGES]),
    "dropout in evaluation": (lambda F, x: F.dropout(x, 0.5, training=False), [X]),
}  # fmt: skip


def derivatives(
    y: Any, xs: list[Any], gradients: Callable[..., Any], wrap: Callable[[Any], Any]
) -> list[Any]:
    """y, the gradients of its weighed sum, and that of a weighed sum of the first of them by its input."""
    first = gradients((y * wrap(weights(np.cos, y))).sum(), xs)
    return [y, *first, *gradients((first[0] * wrap(weights(np.sin, first[0]))).sum(), xs[:1])]


def weights(wave: Callable[[Any], Any], y: Any) -> Any:
    return np.asarray(wave(1.0 + np.arange(math.prod(y.shape)).reshape(tuple(y.shape))))


@pytest.mark.parametrize("name", CASES)
def test_functions_equal_pytorchs_to_second_order(name: str) -> None:
    torch = pytest.importorskip("torch")
    function, arrays = CASES[name]

    def their_gradients(y: Any, xs: list[Any]) -> list[Any]:
        if not y.requires_grad:
            return [torch.zeros_like(x) for x in xs]
        found = torch.autograd.grad(y, xs, create_graph=True, allow_unused=True)
        return [torch.zeros_like(x) if g is None else g for x, g in zip(xs, found, strict=True)]

    def our_gradients(y: Tensor, xs: list[Tensor]) -> list[Tensor]:
        return mg.grad(y, xs, create_graph=True, unused="zeros")

    xs = [mg.tensor(a) for a in arrays]
    there = [torch.tensor(a, requires_grad=True) for a in arrays]
    mine = derivatives(function(F, *xs), xs, our_gradients, mg.tensor)
    theirs = derivatives(function(torch.nn.functional, *there), there, their_gradients, torch.from_numpy)
    for a, b in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(a.numpy(), b.detach().numpy(force=True), rtol=1e-8, atol=1e-9)


def test_every_function_is_here_or_elsewhere_in_the_tests() -> None:
    here = {name.split()[0] for name in CASES}
    elsewhere = {
        "adaptive_max_pool2d",
        "embedding",
        "functional_call",
        "one_hot",
        "dropout",
        "gumbel_softmax",
    }
    losses = {name for name in F.__all__ if name.endswith(("_loss", "_div", "entropy", "_logits"))}
    assert set(F.__all__) == here | elsewhere | losses


def test_losses_have_pytorchs_arguments_in_its_order() -> None:
    torch = pytest.importorskip("torch")
    for name in F.__all__:
        if name.endswith(("_loss", "_div", "entropy", "_logits")):
            theirs = list(inspect.signature(getattr(torch.nn.functional, name)).parameters)[2:]
            mine = list(inspect.signature(getattr(F, name)).parameters)[2:]
            assert mine == [p for p in theirs if p in mine]
            assert {p for p in theirs if p not in mine} <= {"size_average", "reduce", "weight"}


def test_one_hot() -> None:
    torch = pytest.importorskip("torch")
    for labels in ([[0, 2], [1, 1]], [3]):
        expected = torch.nn.functional.one_hot(torch.tensor(labels))
        assert F.one_hot(labels).tolist() == expected.tolist()
        assert F.one_hot(mg.tensor(labels), 5).shape == (*np.shape(labels), 5)
    assert F.one_hot(mg.tensor([1], "uint8"), 2).dtype == np.int64
    step = mg.capture(lambda labels: F.one_hot(labels, 3))
    for label in (0, 1, 2, 1):
        assert step(mg.tensor([label])).tolist() == np.eye(3)[[label]].tolist()
    with pytest.raises(ValueError, match=r"labels must lie in 0\.\.1, got 2\.\.2"):
        F.one_hot([2], 2)
    with pytest.raises(TypeError, match="labels are integers, got float32"):
        F.one_hot([1.0])


def test_dropout_draws_as_the_layer_does() -> None:
    x = mg.ones(4, 5)
    mg.manual_seed(3)
    mine = F.dropout(x, 0.3)
    mg.manual_seed(3)
    assert mine.tolist() == nn.Dropout(0.3)(x).tolist()
    assert F.dropout(x, 0.0) is x
    with pytest.raises(ValueError, match=r"p must lie in \[0, 1\], got 2"):
        F.dropout(x, 2)


def test_shapes_that_do_not_fit_are_refused() -> None:
    x = mg.ones(2, 3, 4)
    for f, message in [
        (lambda: F.group_norm(x, 2), r"2 groups do not divide the channels of \(2, 3, 4\)"),
        (lambda: F.layer_norm(x, (3,)), r"whose last axes are \(3,\), got \(2, 3, 4\)"),
        (lambda: F.pad(x, (1,)), r"a pair \(before, after\) for each axis from the last, got \(1,\)"),
    ]:
        with pytest.raises(ValueError, match=message):
            f()
