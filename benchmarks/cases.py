"""The kernels that are timed: at the shapes of the DCGAN, the MLP GAN and the toy GAN, in float32."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from minigrad.kernels import reference
from minigrad.kernels.geometry import Geometry

BATCH = 64
Array = np.ndarray[Any, np.dtype[np.float32]]
Arguments = tuple[Any, ...]


@dataclass(frozen=True)
class Case:
    """One call of a kernel, with the same arguments for every rival.

    ``kernel`` is its name in minigrad's kernel modules or in ``peers.engine.COMPOSED``; ``peer`` is the
    name of PyTorch's twin in ``peers.pytorch`` (one kernel of ours can stand for two of theirs). ``listed``
    marks the kernels whose geometric mean is reported, ``calls`` says how often a DCGAN step makes the call.
    """

    family: str
    name: str
    kernel: str
    draw: Callable[[np.random.Generator], Arguments] = field(repr=False)
    flops: int
    peer: str = ""
    listed: bool = False
    calls: int = 0

    @property
    def in_place(self) -> bool:
        """Whether the kernel changes its arguments instead of returning a result."""
        return self.kernel.endswith("_update")

    def arguments(self) -> Arguments:
        """The same numbers in every process."""
        return self.draw(np.random.default_rng(zlib.crc32(self.name.encode())))


def cases(batch: int = BATCH) -> list[Case]:
    """All cases, family by family."""
    return [*convolutions(batch), *norms(batch), *products(batch), *activations(batch), *updates()]


def find(name: str, batch: int = BATCH) -> Case:
    """The case of that name."""
    return next(case for case in cases(batch) if case.name == name)


@dataclass(frozen=True)
class Layer:
    """A convolution seen as conv2d from (c, size, size) to o channels; a transposed layer runs backwards.

    ``calls`` of forward, input gradient and weight gradient in one DCGAN step: G runs once and gets one
    gradient; D runs three times, gets weight gradients for real and fake, and an input gradient for G's step
    and, behind its first layer, for its own two.
    """

    name: str
    transposed: bool
    c: int
    o: int
    size: int
    kernel: int
    stride: int
    calls: tuple[int, int, int]


LAYERS = (
    Layer("conv 64->128, 14x14, k4 s2 p1", False, 64, 128, 14, 4, 2, (3, 3, 2)),
    Layer("transposed 256->128, 7x7, k4 s2 p1", True, 128, 256, 14, 4, 2, (1, 1, 1)),
    Layer("transposed 128->64, 14x14, k4 s2 p1", True, 64, 128, 28, 4, 2, (1, 1, 1)),
    Layer("conv 64->1, 28x28, k3 p1", False, 64, 1, 28, 3, 1, (1, 1, 1)),
    Layer("conv 1->64, 28x28, k4 s2 p1", False, 1, 64, 28, 4, 2, (3, 1, 2)),
)


def convolutions(batch: int) -> Iterator[Case]:
    """Each layer's forward, input gradient and weight gradient."""
    for layer in LAYERS:
        stride = (layer.stride, layer.stride)
        geometry = Geometry(stride, (1, 1))
        size, small = layer.size, layer.size // layer.stride
        wide = (batch, layer.c, size, size)
        narrow = (batch, layer.o, small, small)
        weight = (layer.o, layer.c, layer.kernel, layer.kernel)
        # each draws a narrow or a wide tensor, and its other operand
        down = partial(_drawn, wide, weight, rest=(geometry,))
        up = partial(_drawn, narrow, weight, rest=((size, size), geometry))
        by_weight = partial(_drawn, wide, narrow, rest=(weight[2:], geometry))
        if layer.transposed:
            faces = (
                ("forward", "conv_transpose2d", "conv_transpose2d", up),
                ("input gradient", "conv2d", "conv_transpose2d_input", down),
                ("weight gradient", "conv2d_weight", "conv_transpose2d_weight", by_weight),
            )
        else:
            faces = (
                ("forward", "conv2d", "conv2d", down),
                ("input gradient", "conv_transpose2d", "conv2d_input", up),
                ("weight gradient", "conv2d_weight", "conv2d_weight", by_weight),
            )
        flops = 2 * int(np.prod(narrow)) * layer.c * layer.kernel**2
        for (face, kernel, peer, draw), calls in zip(faces, layer.calls, strict=True):
            yield Case(
                "convolution", f"{layer.name}: {face}", kernel, draw, flops, peer, listed=True, calls=calls
            )


def norms(batch: int) -> Iterator[Case]:
    """Batch norm with LeakyReLU, as a network runs it, and its core alone."""
    shape = (batch, 128, 14, 14)
    size = int(np.prod(shape))
    name = "batch norm + LeakyReLU, 128x14x14"
    forward, gradient = partial(_affine, [shape]), partial(_affine, [shape, shape])
    yield Case("norm", f"{name}: forward", "batch_norm_leaky", forward, 9 * size, listed=True)
    yield Case("norm", f"{name}: gradient", "batch_norm_leaky_grad", gradient, 11 * size, listed=True)
    for place, shape in {
        "128x14x14": (batch, 128, 14, 14),
        "128x7x7": (batch, 128, 7, 7),
        "128": (batch, 128),
        "16, batch 16": (16, 16),
    }.items():
        size = int(np.prod(shape))
        drawn = partial(_drawn, shape, rest=(1e-5,))
        yield Case("norm", f"standardize {place}", "standardize", drawn, 6 * size)
        moments = partial(_with_moments, shape)
        yield Case("norm", f"standardize {place}: gradient", "standardize_grad", moments, 9 * size)


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
        flops = 2 * rows * k * n
        for face, draw in (
            ("forward", partial(_product, (rows, k), (n, k), False, True)),
            ("input gradient", partial(_product, (rows, n), (n, k), False, False)),
            ("weight gradient", partial(_product, (rows, k), (rows, n), True, False)),
        ):
            yield Case("product", f"linear {name}: {face}", "matmul", draw, flops)


def activations(batch: int) -> Iterator[Case]:
    """Elementwise functions."""
    for place, shape in {
        "128x14x14": (batch, 128, 14, 14),
        "1024": (batch, 1024),
        "128, batch 256": (4 * batch, 128),
    }.items():
        size = int(np.prod(shape))
        forward, gate = partial(_drawn, shape, rest=(0.2,)), partial(_drawn, shape, shape, rest=(0.2,))
        yield Case("activation", f"LeakyReLU {place}", "leaky_relu", forward, size)
        yield Case("activation", f"LeakyReLU {place}: gradient", "leaky_gate", gate, size)
    yield Case(
        "activation", "tanh 1x28x28", "tanh", partial(_drawn, (batch, 1, 28, 28), rest=()), batch * 28**2
    )


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


def _drawn(*shapes: Any, rest: Arguments) -> Any:
    *first, rng = shapes
    return (*(rng.standard_normal(shape, np.float32) for shape in first), *rest)


def _affine(shapes: list[tuple[int, ...]], rng: np.random.Generator) -> Arguments:
    """Tensors of the shapes, scale and shift, eps and slope."""
    channels = shapes[0][1:2]
    *tensors, scale, shift = _drawn(*shapes, channels, channels, rng, rest=())
    return (*tensors, 1 + 0.1 * scale, 0.1 * shift, 1e-5, 0.2)


def _with_moments(shape: tuple[int, ...], rng: np.random.Generator) -> Arguments:
    g, x = _drawn(shape, shape, rng, rest=())
    _, mean, _, inv_std = reference.standardize(x, 1e-5)
    return g, x, mean, inv_std


def _product(
    left: tuple[int, int], right: tuple[int, int], turn_left: bool, turn_right: bool, rng: np.random.Generator
) -> Arguments:
    x, y = _drawn(left, right, rng, rest=())
    return x.T if turn_left else x, y.T if turn_right else y


def _positive(size: int, count: int, rest: Arguments, rng: np.random.Generator) -> Arguments:
    return (*(np.abs(rng.standard_normal(size, np.float32)) for _ in range(count)), *rest)
