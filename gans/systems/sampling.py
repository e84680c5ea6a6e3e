"""Samples of networks in evaluation, a batch at a time, as replays of ``minigrad.capture``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakSet

import numpy as np
from numpy.typing import NDArray

from gans.networks.noise import DrawingFrom, drawing_from
from minigrad import CaptureError, Tensor, capture, nn, tensor
from minigrad.blocks import Block, Setting
from minigrad.devices import to_device
from minigrad.random import Generator, snapshot
from minigrad.types import Array

__all__ = ["AT_ONCE", "Replays", "in_batches"]

AT_ONCE = 256
"""Samples that a network makes at a time."""


class Replays:
    """Calls networks as captured steps: the first two calls are recorded, later ones replayed.

    A replay reads the weights where they are, so that it sees what a training or ``load_state_dict`` wrote
    there. Another mode, batch size or weight elsewhere is another recording. A network that no replay could
    repeat, such as one that reads a Tensor's numbers, runs op by op.
    """

    def __init__(self) -> None:
        self.captured = capture(_called)
        self._op_by_op: WeakSet[nn.Module] = WeakSet()
        self._drawn = _Drawn()

    def __call__(self, network: nn.Module, inputs: Sequence[Tensor]) -> Array:
        """``network(*inputs)`` as an array; it can be written to unless it may be another's."""
        rng = drawing_from()
        if network not in self._op_by_op:
            try:
                return self.captured(self._drawn, network, rng, *inputs).data
            except CaptureError:
                self._drawn.restore()
                self._op_by_op.add(network)
        return network(*inputs).numpy()

    def using(self, replayed: bool) -> Block[Replays | None]:
        """A block in which ``in_batches`` calls modules through these replays, or not."""
        return _replays.changed(lambda _: self if replayed else None)


class _Drawn:
    """What a recording drew, to be drawn again by ``restore`` if it fails."""

    restore: Callable[[], None] = staticmethod(lambda: None)


def _called(drawn: _Drawn, network: nn.Module, rng: Generator | None, *inputs: Tensor) -> Tensor:
    """``network(*inputs)``; a replay does not come here."""
    drawn.restore = snapshot(*[] if rng is None else [rng])
    with DrawingFrom(rng):
        return network(*inputs)


_replays: Setting[Replays | None] = Setting("replays", None)


def in_batches(network: Any, *inputs: Any, size: int = AT_ONCE, device: str = "cpu") -> NDArray[Any]:
    """``network(*inputs)`` as an array, ``size`` rows at a time.

    The inputs are Tensors, or arrays, such as images, which become float32 Tensors on ``device``. Within
    ``System.evaluating`` a module is recorded in two calls and replayed in later ones, with the same numbers.

    >>> in_batches(lambda x: x * 2.0, np.array([[1.0], [3.0]])).tolist()
    [[2.0], [6.0]]
    """
    tensors = [x if isinstance(x, Tensor) else tensor(x, np.float32, device) for x in inputs]
    n = len(tensors[0])
    parts = [
        _array(network, tensors if n <= size else [x[i : i + size] for x in tensors])
        for i in range(0, n, size)
    ]
    return parts[0] if len(parts) == 1 and parts[0].flags.writeable else np.concatenate(parts)


def _array(network: Any, inputs: Sequence[Tensor]) -> NDArray[Any]:
    replays = _replays.get()
    if replays is None or not isinstance(network, nn.Module):
        made: NDArray[Any] = network(*inputs).numpy()
        return made
    return to_device(replays(network, inputs), "cpu")
