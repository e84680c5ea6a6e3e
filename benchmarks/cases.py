"""A call of a kernel that is timed, in float32, and how its arguments are drawn."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

Arguments = tuple[Any, ...]


@dataclass(frozen=True)
class Case:
    """One call of a kernel, with the same arguments for every rival.

    ``kernel`` is its name in the ``KERNELS`` of a side. ``listed`` marks the kernels whose geometric mean is
    reported, ``calls`` says how often a DCGAN step makes the call. An update has no ``batch``.
    """

    family: str
    name: str
    kernel: str
    draw: Callable[[np.random.Generator], Arguments] = field(repr=False)
    flops: int
    batch: int = 0
    listed: bool = False
    calls: int = 0

    @property
    def in_place(self) -> bool:
        """Whether the kernel changes its arguments instead of returning a result."""
        return self.kernel.endswith("_update")

    def arguments(self) -> Arguments:
        """The same numbers in every process."""
        return self.draw(np.random.default_rng(zlib.crc32(self.name.encode())))


def drawn(*shapes: tuple[int, ...], rest: Arguments = ()) -> Callable[[np.random.Generator], Arguments]:
    """A function that draws arrays of the shapes, and ends with the rest."""
    return partial(_drawn, *shapes, rest=rest)


def product_faces(name: str, rows: int, k: int, n: int) -> Iterator[Case]:
    """A linear layer's forward, input gradient and weight gradient."""
    for face, draw in (
        ("forward", partial(_product, (rows, k), (n, k), False, True)),
        ("input gradient", partial(_product, (rows, n), (n, k), False, False)),
        ("weight gradient", partial(_product, (rows, k), (rows, n), True, False)),
    ):
        yield Case("product", f"{name}: {face}", "matmul", draw, 2 * rows * k * n, rows)


def _drawn(*shapes: Any, rest: Arguments) -> Any:
    *first, rng = shapes
    return (*(rng.standard_normal(shape, np.float32) for shape in first), *rest)


def _product(
    left: tuple[int, int], right: tuple[int, int], turn_left: bool, turn_right: bool, rng: np.random.Generator
) -> Arguments:
    x, y = _drawn(left, right, rng, rest=())
    return x.T if turn_left else x, y.T if turn_right else y
