"""The kernels that are timed by default: at the shapes of the DCGAN, the MLP GAN and the toy GAN."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from benchmarks import shapes
from benchmarks.cases import Arguments, Case, drawn, product_faces
from minigrad.kernels import reference

BATCH = 64

LAYERS = {
    "conv 64->128 14x14 k4 s2 p1": (3, 3, 2),
    "transposed 256->128 7x7 k4 s2 p1": (1, 1, 1),
    "transposed 128->64 14x14 k4 s2 p1": (1, 1, 1),
    "conv 64->1 28x28 k3 p1": (1, 1, 1),
    "conv 1->64 28x28 k4 s2 p1": (3, 1, 2),
}
"""The DCGAN's layers, with the calls of forward, input gradient and weight gradient in one step: G runs once
and gets one gradient; D runs three times, gets weight gradients for real and fake, and an input gradient for
G's step and, behind its first layer, for its own two."""


def cases(batch: int = BATCH) -> list[Case]:
    """All cases, family by family."""
    return [
        *convolutions(batch),
        *norms(batch),
        *products(batch),
        *activations(batch),
        *blocks(batch),
        *updates(),
    ]


def find(name: str, batch: int = BATCH) -> Case:
    """The case of that name."""
    return next(case for case in cases(batch) if case.name == name)


def convolutions(batch: int) -> Iterator[Case]:
    """Each layer's forward, input gradient and weight gradient."""
    for text, calls in LAYERS.items():
        layer = shapes.parse(text)
        assert isinstance(layer, shapes.Convolution)
        yield from layer.cases(batch, calls)


def norms(batch: int) -> Iterator[Case]:
    """Batch norm with LeakyReLU, as a network runs it, and its core alone."""
    shape = (batch, 128, 14, 14)
    size = int(np.prod(shape))
    name = "batch norm + LeakyReLU, 128x14x14"
    forward, gradient = partial(_affine, [shape]), partial(_affine, [shape, shape])
    yield Case("norm", f"{name}: forward", "batch_norm_leaky", forward, 9 * size, batch, listed=True)
    yield Case("norm", f"{name}: gradient", "batch_norm_leaky_grad", gradient, 11 * size, batch, listed=True)
    for place, shape in {
        "128x14x14": (batch, 128, 14, 14),
        "128x7x7": (batch, 128, 7, 7),
        "128": (batch, 128),
        "16, batch 16": (16, 16),
    }.items():
        size = int(np.prod(shape))
        forward, gradient = drawn(shape, rest=(1e-5,)), partial(_with_moments, shape)
        yield Case("norm", f"standardize {place}", "standardize", forward, 6 * size, shape[0])
        yield Case("norm", f"standardize {place}: gradient", "standardize_grad", gradient, 9 * size, shape[0])


def products(batch: int) -> Iterator[Case]:
    """The linear layers: x @ w.T, g @ w and x.T @ g, with x (batch, k), w (n, k) and g (batch, n)."""
    for name, rows, k, n in (
        ("MLP 100->256", batch, 100, 256),
        ("MLP 512->1024", batch, 512, 1024),
        ("MLP 1024->784", batch, 1024, 784),
        ("MLP 784->512", batch, 784, 512),
        ("MLP 256->1", batch, 256, 1),
        ("toy 2->128, batch 256", 4 * batch, 2, 128),
        ("toy 128->128, batch 256", 4 * batch, 128, 128),
        ("toy 512->512, batch 256", 4 * batch, 512, 512),
        ("DCGAN 100->12544", batch, 100, 12544),
        ("DCGAN 6272->1", batch, 6272, 1),
    ):
        yield from product_faces(f"linear {name}", rows, k, n)


def activations(batch: int) -> Iterator[Case]:
    """Elementwise functions."""
    for place, shape in {
        "128x14x14": (batch, 128, 14, 14),
        "1024": (batch, 1024),
        "128, batch 256": (4 * batch, 128),
    }.items():
        size = int(np.prod(shape))
        forward, gate = drawn(shape, rest=(0.2,)), drawn(shape, shape, rest=(0.2,))
        yield Case("activation", f"LeakyReLU {place}", "leaky_relu", forward, size, shape[0])
        yield Case("activation", f"LeakyReLU {place}: gradient", "leaky_gate", gate, size, shape[0])
    image = (batch, 1, 28, 28)
    yield Case("activation", "tanh 1x28x28", "tanh", drawn(image), batch * 28**2, batch)
    yield Case("activation", "where 1024", "where", partial(_choice, (batch, 1024)), batch * 1024, batch)


def blocks(batch: int) -> Iterator[Case]:
    """Means of 2 x 2 pixels, and each pixel four times, as residual networks shrink and enlarge maps."""
    small, large = (batch, 64, 14, 14), (batch, 64, 28, 28)
    size = int(np.prod(large))
    means, filled = drawn(large, rest=(2, 2, 0.25)), drawn(small, rest=(2, 2, 1.0))
    yield Case("blocks", "means of 2x2, 64x28x28", "sum_blocks", means, size, batch)
    yield Case("blocks", "twice the sides, 64x14x14", "fill_blocks", filled, size, batch)


def updates() -> Iterator[Case]:
    """One parameter's update by each optimizer; PyTorch's side is its optimizer's ``step``."""
    for place, size in {"256x128x4x4": 256 * 128 * 16, "128x128": 128 * 128, "64": 64}.items():
        for kernel, flops, averages, rest in (
            ("sgd_update", 4, 1, (1e-6, 0.9, 0.0, 0.0, False)),
            ("rmsprop_update", 9, 1, (None, None, 1e-6, 0.99, 1e-8, 0.0, 0.0)),
            ("adam_update", 13, 2, (10, 1e-6, 0.5, 0.999, 1e-8, 0.0)),
        ):
            draw = partial(_positive, size, 2 + averages, rest)
            yield Case("update", f"{kernel.removesuffix('_update')} {place}", kernel, draw, flops * size)


def _affine(shapes: list[tuple[int, ...]], rng: np.random.Generator) -> Arguments:
    """Tensors of the shapes, scale and shift, eps and slope."""
    channels = shapes[0][1:2]
    *tensors, scale, shift = drawn(*shapes, channels, channels)(rng)
    return (*tensors, 1 + 0.1 * scale, 0.1 * shift, 1e-5, 0.2)


def _choice(shape: tuple[int, ...], rng: np.random.Generator) -> Arguments:
    """A condition that nothing foretells, and two arrays."""
    x, y = drawn(shape, shape)(rng)
    return rng.random(shape) < 0.5, x, y


def _with_moments(shape: tuple[int, ...], rng: np.random.Generator) -> Arguments:
    g, x = drawn(shape, shape)(rng)
    _, mean, _, inv_std = reference.standardize(x, 1e-5)
    return g, x, mean, inv_std


def _positive(size: int, count: int, rest: Arguments, rng: np.random.Generator) -> Arguments:
    return (*(np.abs(rng.standard_normal(size, np.float32)) for _ in range(count)), *rest)
