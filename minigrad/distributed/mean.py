"""The mean of the ranks' gradients and numbers, in one exchange."""

from __future__ import annotations

from collections.abc import Sequence

from minigrad.devices import xp_of
from minigrad.distributed.communicator import Communicator, resolved
from minigrad.tensor import Tensor, describe
from minigrad.tracing import call
from minigrad.types import Array

__all__ = ["mean_over_ranks"]


def mean_over_ranks(tensors: Sequence[Tensor], communicator: Communicator | None = None) -> list[Tensor]:
    """The means over the ranks of each Tensor: gradients, losses, numbers to report. They have no graph.

    If the ranks have equal shares of a batch and a loss is the mean over its samples, the means of the ranks'
    losses and gradients are those of the whole batch. All Tensors of one dtype are packed into one buffer,
    which a single ``all_reduce`` adds up; the results are views of that buffer, which is theirs alone.
    ``communicator`` is that of the block ``using`` unless given; of a single rank, the Tensors themselves are
    returned. Raises TypeError unless all are float32 or float64.

    >>> import minigrad as mg
    >>> [mean] = mg.distributed.mean_over_ranks([mg.tensor([1.0, 3.0])])  # a single process
    >>> mean.tolist()
    [1.0, 3.0]
    """
    ranks = resolved(communicator)
    for t in tensors:
        if not t.is_float:
            raise TypeError(f"mean_over_ranks: expected float32 or float64 Tensors, got {describe(t)}")
    if ranks.size == 1:
        return list(tensors)
    arrays = [t._data for t in tensors]
    kinds = [(type(a), a.dtype) for a in arrays]
    means: dict[int, Tensor] = {}
    for kind in dict.fromkeys(kinds):
        places = [i for i, other in enumerate(kinds) if other == kind]
        packed = call(_mean_packed, ranks, *[arrays[i] for i in places])
        views = _views(packed, [arrays[i] for i in places])
        means.update(zip(places, map(Tensor, views), strict=True))
    return [means[i] for i in range(len(arrays))]


def _mean_packed(communicator: Communicator, *arrays: Array, out: Array | None = None) -> Array:
    """The arrays' elements one after the other, (size,), each the mean over the ranks."""
    size = sum(a.size for a in arrays)
    packed: Array = xp_of(arrays[0]).empty(size, arrays[0].dtype) if out is None else out
    for view, array in zip(_views(packed, arrays), arrays, strict=True):
        view[...] = array
    communicator.all_reduce(packed)
    packed /= communicator.size
    return packed


def _views(packed: Array, arrays: Sequence[Array]) -> list[Array]:
    """Where in ``packed`` the elements of each array lie, in its shape."""
    views, end = [], 0
    for a in arrays:
        views.append(packed[end : end + a.size].reshape(a.shape))
        end += a.size
    return views
