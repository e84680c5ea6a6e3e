"""Parameters of one dtype end to end in one buffer, so that an update is one pass over it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from minigrad.arrays import address_of, as_array, fits_in_place
from minigrad.devices import xp_of
from minigrad.dispatch import kernels_of
from minigrad.tensor import Tensor
from minigrad.tracing import call
from minigrad.types import Array

__all__ = ["Flat", "Gathered", "gradient_norm"]


def gradient_norm(gradients: Sequence[Tensor]) -> Tensor:
    """The Euclidean norm of all gradients together, a float64: NaN or infinite if one of their elements is.

    No gradient flows through it.

    >>> import minigrad as mg
    >>> gradients = [mg.tensor([3.0]), mg.tensor([[4.0, 0.0]])]
    >>> mg.optim.gradient_norm(gradients).item()
    5.0
    """
    return Tensor(call(_norm, *[g._data for g in gradients]))


def _norm(*arrays: Array) -> Array:
    if not arrays:
        return np.zeros(())
    return as_array(xp_of(arrays[0]).sqrt(kernels_of(arrays[0]).sum_squares(arrays)))


class Flat:
    """Arrays of the given shapes end to end in ``buffer``, an array of one axis."""

    def __init__(self, buffer: Array, shapes: Sequence[tuple[int, ...]]) -> None:
        self.buffer = buffer
        self.shapes = tuple(shapes)

    @classmethod
    def zeros(cls, like: Sequence[Tensor]) -> Flat:
        """Zeros of the shapes and the dtype of ``like``."""
        data = like[0].data
        return cls(xp_of(data).zeros(sum(t.size for t in like), data.dtype), [t.shape for t in like])

    def views(self) -> list[Array]:
        """Each array as a view of the buffer."""
        ends = list(accumulate(map(math.prod, self.shapes)))
        places = zip([0, *ends], ends, self.shapes, strict=False)
        return [self.buffer[start:end].reshape(shape) for start, end, shape in places]


class Gathered:
    """Parameters of one dtype, moved into one buffer if nothing else may refer to their memory.

    A parameter stays where it is if its array is a view of other memory, or is not C-contiguous and
    writeable; unless all lie end to end already, since another optimizer gathered them.
    ``buffer`` is None if one had to stay, and while one has an array other than its place in the buffer.
    """

    def __init__(self, params: Sequence[Tensor]) -> None:
        self.params = params
        self._buffer = _end_to_end(params)
        if self._buffer is None and all(p.data.base is None and fits_in_place(p.data) for p in params):
            flat = Flat.zeros(params)
            for p, place in zip(params, flat.views(), strict=True):
                place[...] = p.data
                p.move_to(place)
            self._buffer = flat.buffer
        self._arrays = [p.data for p in params]

    @property
    def buffer(self) -> Array | None:
        if self._buffer is None:
            return None
        memory = self._buffer if self._buffer.base is None else self._buffer.base
        for p, array in zip(self.params, self._arrays, strict=True):
            if p._data is not array or array.base is not memory:  # a deep copy has the same array elsewhere
                return None
        return self._buffer


def _end_to_end(params: Sequence[Tensor]) -> Array | None:
    """The part of a buffer in which the parameters' arrays lie one behind the other, or None."""
    memory = params[0].data.base
    if memory is None or memory.ndim != 1 or not fits_in_place(memory) or memory.dtype != params[0].dtype:
        return None
    origin, itemsize = address_of(memory), memory.itemsize
    start = end = address_of(params[0].data)
    for p in params:
        if p.data.base is not memory or not fits_in_place(p.data) or address_of(p.data) != end:
            return None
        end += p.data.nbytes
    part: Array = memory[(start - origin) // itemsize : (end - origin) // itemsize]
    return part
