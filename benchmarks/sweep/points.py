"""The points of a sweep: a layer or a step with one of its sizes changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmarks import peers, shapes, workloads
from benchmarks.cases import Case
from benchmarks.workloads import Step

AXES = ("batch", "size", "channels", "threads")

BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
SIDES = (8, 16, 32, 64, 128)
FEATURES = (8, 16, 32, 64, 128)
TIMES = (0.0625, 0.125, 0.25, 0.5, 1, 2, 4)
"""Of a layer's own sizes and channels; those that give no whole number are left out."""

LARGEST = 256
"""The most pixels of a layer's side."""


@dataclass(frozen=True)
class Point:
    """Tasks at one value of one axis; ``value`` is the batch, a side, the channels or the threads."""

    axis: str
    value: int
    threads: int
    tasks: tuple[Case | Step, ...]


def of_layer(layer: shapes.Layer, axes: Sequence[str], batch: int) -> Iterator[Point]:
    """The layer's forward and both gradients: other batches, sizes, channels (both numbers), threads."""
    threads = peers.threads()
    for axis in axes:
        if axis == "batch":
            for n in BATCHES:
                yield Point(axis, n, threads, tuple(layer.cases(n)))
        elif axis == "threads":
            for n in numbers_of_threads():
                yield Point(axis, n, n, tuple(layer.cases(batch)))
        else:
            for scaled, value in _scaled(layer, axis):
                yield Point(axis, value, threads, tuple(scaled.cases(batch)))


def _scaled(layer: shapes.Layer, axis: str) -> Iterator[tuple[shapes.Layer, int]]:
    """The layer with its size or channels multiplied by each of TIMES, and the new height or channels."""
    for times in TIMES:
        if axis == "channels":
            c, o = layer.c * times, layer.o * times
            groups = getattr(layer, "groups", 1)
            if c >= 1 and o >= 1 and c % groups == o % groups == 0:
                yield replace(layer, c=int(c), o=int(o)), int(c)
        elif isinstance(layer, shapes.Convolution):
            h, w = (side * times for side in layer.size)
            made = replace(layer, size=(int(h), int(w)))
            if h % 1 == w % 1 == 0 and min(made.output) >= 1 and max(h, w) <= LARGEST:
                yield made, int(h)


def of_step(name: str, axes: Sequence[str], batch: int) -> Iterator[Point]:
    """A training step at other batches, sides of an image, feature maps and threads."""
    own, threads = workloads.step(name), peers.threads()
    base = replace(own, batch=batch)
    features = workloads.features_of(name)
    for axis in axes:
        if axis == "batch":
            for n in BATCHES:
                yield Point(axis, n, threads, (replace(base, batch=n),))
        elif axis == "threads":
            for n in numbers_of_threads():
                yield Point(axis, n, n, (base,))
        elif axis == "size" and len(own.shape) == 3:
            for side in SIDES:
                step = replace(base, shape=(3, side, side))
                if side <= 64 or step.is_published():
                    yield Point(axis, side, threads, (step,))
        elif axis == "channels" and features:
            for n in FEATURES:
                yield Point(axis, n, threads, (replace(base, features=n),))


def numbers_of_threads() -> list[int]:
    """1, 2, 4, ... and all."""
    most = peers.threads()
    return sorted({*(2**k for k in range(most.bit_length()) if 2**k <= most), most})


def key(axis: str, value: int, name: str) -> str:
    """What a row of the record is known by."""
    return f"{axis} {value}: {name}"


def floor_of(task: Any, expected: Any) -> tuple[int, int]:
    """The operations of a task, and the bytes that have to move at least.

    Of a step: all operations that it makes op by op, and Adam's passes over all weights (7 x 4 bytes each).
    """
    from benchmarks.jobs import compulsory_bytes

    if isinstance(task, Case):
        return task.flops, compulsory_bytes(task, expected)
    from benchmarks.bill import itemised
    from benchmarks.training import Side, start

    side = Side(start(task), captured=False)
    side.step(0)
    entries = itemised(side, 1)
    adam = sum(entry.bytes for entry in entries if entry.op.startswith("Adam"))
    return sum(entry.flops for entry in entries), adam
