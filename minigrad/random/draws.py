"""Random Tensors."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from minigrad.devices import to_device
from minigrad.dispatch import kernels_of
from minigrad.distributed import current
from minigrad.distributed.shares import own_rows, parts
from minigrad.hints import explain_keywords
from minigrad.random import process
from minigrad.random.philox import Generator, Philox
from minigrad.tensor import Tensor
from minigrad.tracing import call, watch
from minigrad.types import Array

Shape = int | tuple[int, ...]

P = ParamSpec("P")
R = TypeVar("R")


def _of_one_shape(draw: Callable[P, R]) -> Callable[P, R]:
    """Decorator: an error for ``uniform(2, 3)``; in NumPy and PyTorch further numbers are means or bounds."""

    @explain_keywords
    @wraps(draw)
    def draw_shape(*args: P.args, **kwargs: P.kwargs) -> R:
        if len(args) > 1:
            raise TypeError(
                f"{draw.__name__}() takes one shape: write {draw.__name__}({args!r}); for another mean or "
                "range, shift and scale what it returns"
            )
        return draw(*args, **kwargs)

    return draw_shape


@_of_one_shape
def uniform(
    shape: Shape,
    *,
    dtype: DTypeLike = np.float32,
    generator: Generator | None = None,
    device: str | None = None,
) -> Tensor:
    """Numbers from the uniform distribution on [0, 1), of one ``shape``.

    They come from ``generator``, or from the process-wide one of ``device``. ``dtype`` is float32 or float64.
    A ``Philox`` draws on its own device; a ``numpy.random.Generator`` draws on the CPU, and the numbers are
    moved to ``device`` ("cpu" unless given), the same on each. Inside a step of ``minigrad.capture`` each
    replay draws anew. Within ``minigrad.distributed.using`` a rank gets its rows of what one process would
    draw for all ranks.

    Raises TypeError for another dtype, ValueError if ``device`` is not where the Philox draws.

    >>> import minigrad as mg
    >>> mg.random.uniform((2, 2), generator=mg.random.Philox(7)).numpy().round(3)
    array([[0.86 , 0.125],
           [0.243, 0.188]], dtype=float32)
    """
    return _draw(_uniform, "philox_uniform", shape, dtype, generator, device)


@_of_one_shape
def normal(
    shape: Shape,
    *,
    dtype: DTypeLike = np.float32,
    generator: Generator | None = None,
    device: str | None = None,
) -> Tensor:
    """Numbers from N(0, 1), as ``uniform``.

    >>> import minigrad as mg
    >>> x = 5.0 + 2.0 * mg.random.normal((10000,), generator=mg.random.Philox(7))
    >>> f"{mg.ops.mean(x):.1f}, {mg.ops.std(x):.1f}"
    '5.0, 2.0'
    """
    return _draw(_normal, "philox_normal", shape, dtype, generator, device)


def _draw(
    function: Callable[..., Array],
    kernel: str,
    shape: Shape,
    dtype: DTypeLike,
    generator: Generator | None,
    device: str | None,
) -> Tensor:
    if generator is None:
        generator = process.generator(device or "cpu")
    if isinstance(generator, Philox):
        check_device(generator, device)
        draw = getattr(kernels_of(generator.state), kernel)
        return Tensor(
            share_of(shape, lambda whole: call(draw, generator.state, _sizes(whole), np.dtype(dtype)))
        )
    array = share_of(shape, lambda whole: call(function, generator, whole, dtype))
    return Tensor(array if device is None or device == "cpu" else call(to_device, array, device))


def share_of(shape: Shape, draw: Callable[[Shape], Array]) -> Array:
    """``draw(shape)``; on one of several ranks, its rows of what a single process would draw for all of them.

    The rows are the first axis. A number without axes is the same on every rank.
    """
    watch(current)  # a captured step draws for the ranks that it had when it was recorded
    ranks, sizes = current(), _sizes(shape)
    if ranks.size == 1 or not sizes:
        return draw(shape)
    whole = draw((sizes[0] * ranks.size, *sizes[1:]))
    own: Array = call(own_rows, whole, ranks.rank, ranks.size, parts())
    return own


def check_device(generator: Philox, device: str | None) -> None:
    if device is not None and device != generator.device:
        raise ValueError(
            f"a Philox on {generator.device} draws there, not on {device}; leave device= out, or make a "
            f"generator there: Philox(seed, device={device!r})"
        )


def _sizes(shape: Shape) -> tuple[int, ...]:
    return tuple(shape) if isinstance(shape, tuple | list) else (operator.index(shape),)


def _uniform(generator: np.random.Generator, shape: Shape, dtype: Any, *, out: Array | None = None) -> Array:
    return np.asarray(generator.random(shape, dtype, out=out))


def _normal(generator: np.random.Generator, shape: Shape, dtype: Any, *, out: Array | None = None) -> Array:
    return np.asarray(generator.standard_normal(shape, dtype, out=out))
