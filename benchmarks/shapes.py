"""Layers in words, such as "conv 64->128 14x14 k4 s2 p1": what ``kernels --shape`` and ``sweep`` take."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmarks.cases import Case, drawn, product_faces
from gans.errors import UserError
from minigrad.kernels.geometry import Geometry

Pair = tuple[int, int]

GRAMMAR = (
    '"conv C->O HxW", "transposed C->O HxW" or "linear C->O", HxW its input; a convolution\'s kernel kN, '
    "stride sN, padding pN, dilation dN (k3x5 for height x width) and groups gN follow in any order, "
    "without them k3 s1 p0 d1 g1"
)

MOST = 2**16
"""The largest number in a layer's description."""

_LAYER = re.compile(r"(conv|transposed) (\d+)->(\d+) (\d+)x(\d+)((?: [kspdg]\d+(?:x\d+)?)*)")
_LINEAR = re.compile(r"linear (\d+)->(\d+)")


@dataclass(frozen=True)
class Linear:
    """x (n, c) @ w.T (c, o) -> (n, o)."""

    c: int
    o: int

    @property
    def name(self) -> str:
        return f"linear {self.c}->{self.o}"

    def cases(self, batch: int) -> Iterator[Case]:
        """The layer's forward, input gradient and weight gradient."""
        yield from product_faces(self.name, batch, self.c, self.o)


@dataclass(frozen=True)
class Convolution:
    """A convolution of images (c, *size) to o channels, or a transposed one."""

    transposed: bool
    c: int
    o: int
    size: Pair
    kernel: Pair = (3, 3)
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1

    @property
    def name(self) -> str:
        """The layer in words: "conv 64->128, 14x14, k4 s2 p1"; what is as without a word is left out."""
        kind = "transposed" if self.transposed else "conv"
        words = [f"k{_short(self.kernel)}"]
        for letter, pair, usual in (("s", self.stride, 1), ("p", self.padding, 0), ("d", self.dilation, 1)):
            words += [f"{letter}{_short(pair)}"] if pair != (usual, usual) else []
        words += [f"g{self.groups}"] if self.groups != 1 else []
        h, w = self.size
        return f"{kind} {self.c}->{self.o}, {h}x{w}, {' '.join(words)}"

    @property
    def output(self) -> Pair:
        """The size of the output's maps; below 1 if the kernel does not fit."""
        h, w = (
            (side - 1) * s - 2 * p + d * (k - 1) + 1
            if self.transposed
            else (side + 2 * p - d * (k - 1) - 1) // s + 1
            for side, k, s, p, d in zip(
                self.size, self.kernel, self.stride, self.padding, self.dilation, strict=True
            )
        )
        return h, w

    def cases(self, batch: int, calls: tuple[int, int, int] = (0, 0, 0)) -> Iterator[Case]:
        """Forward, input gradient and weight gradient; a step that counts makes ``calls`` of each.

        A transposed convolution is the input gradient of one from ``wide`` to ``narrow`` maps.
        """
        geometry = Geometry(self.stride, self.padding, self.dilation, self.groups)
        ends = (batch, self.c, *self.size), (batch, self.o, *self.output)
        wide, narrow = reversed(ends) if self.transposed else ends
        weight = (narrow[1], wide[1] // self.groups, *self.kernel)
        down = drawn(wide, weight, rest=(geometry,))
        up = drawn(narrow, weight, rest=(wide[2:], geometry))
        by_weight = drawn(wide, narrow, rest=(self.kernel, geometry))
        op = "conv_transpose2d" if self.transposed else "conv2d"
        faces = (
            ("forward", op, up if self.transposed else down),
            ("input gradient", f"{op}_input", down if self.transposed else up),
            ("weight gradient", f"{op}_weight", by_weight),
        )
        flops = 2 * int(np.prod(narrow)) * int(np.prod(weight[1:]))
        for (face, kernel, draw), count in zip(faces, calls, strict=True):
            name = f"{self.name}: {face}"
            yield Case("convolution", name, kernel, draw, flops, batch, listed=count > 0, calls=count)


Layer = Linear | Convolution


def parse(text: str) -> Layer:
    """The layer that ``text`` describes. Raises UserError if it describes none."""
    words = " ".join(text.replace(",", " ").split())
    if any(int(number) > MOST for number in re.findall(r"\d{1,20}", words)):
        raise UserError(f"--shape {text!r}: a number in it is more than {MOST:,}")
    if found := _LINEAR.fullmatch(words):
        c, o = map(int, found.groups())
        return Linear(_positive(text, c), _positive(text, o))
    found = _LAYER.fullmatch(words)
    if found is None:
        raise UserError(f"--shape {text!r} is no layer; write {GRAMMAR}")
    kind, c, o, h, w, rest = found.groups()
    layer: Any = Convolution(kind == "transposed", int(c), int(o), (int(h), int(w)))
    seen = [word[0] for word in rest.split()]
    if len(set(seen)) < len(seen):
        raise UserError(f"--shape {text!r}: {max(seen, key=seen.count)} stands there twice")
    for letter, numbers in ((word[0], word[1:]) for word in rest.split()):
        height, cross, width = numbers.partition("x")
        if letter == "g":
            if cross:
                raise UserError(f"--shape {text!r}: groups are one number, such as g2")
            layer = replace(layer, groups=int(height))
        else:
            layer = replace(layer, **{_FIELDS[letter]: (int(height), int(width or height))})
    for number in (
        layer.c,
        layer.o,
        *layer.size,
        *layer.kernel,
        *layer.stride,
        *layer.dilation,
        layer.groups,
    ):
        _positive(text, number)
    if layer.c % layer.groups or layer.o % layer.groups:
        raise UserError(
            f"--shape {text!r}: {layer.groups} groups do not divide {layer.c} and {layer.o} channels"
        )
    if min(layer.output) < 1:
        raise UserError(f"--shape {text!r}: the kernel does not fit into {h}x{w} pixels and their padding")
    return layer


_FIELDS = {"k": "kernel", "s": "stride", "p": "padding", "d": "dilation"}


def _positive(text: str, number: int) -> int:
    if number < 1:
        raise UserError(f"--shape {text!r}: only the padding may be 0")
    return number


def _short(pair: Pair) -> str:
    """``4`` for (4, 4), ``3x5`` for (3, 5)."""
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}x{pair[1]}"
