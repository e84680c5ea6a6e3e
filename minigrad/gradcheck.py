"""gradcheck: derivatives against central differences, to second order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.arrays import as_array, is_array
from minigrad.autograd import grad
from minigrad.devices import device_of, to_device
from minigrad.ops.reduce import sum
from minigrad.tensor import Tensor, describe
from minigrad.types import Array

Function = Callable[..., Tensor]


class GradcheckError(AssertionError):
    """A derivative differs from its finite difference; the message gives order, input and both numbers.

    >>> import minigrad as mg
    >>> mg.gradcheck(lambda x: x * x.detach(), [[1.0, 2.0]])  # a factor without its gradient
    Traceback (most recent call last):
    minigrad.gradcheck.GradcheckError: ...
    """


def gradcheck(
    f: Function,
    inputs: Sequence[Any],
    *,
    order: int = 2,
    step: float = 1e-5,
    rtol: float = 1e-5,
    atol: float = 1e-7,
    directions: int = 2,
    seed: int = 0,
) -> bool:
    """Check the derivatives of ``f(*inputs)`` up to ``order``; True if they hold, GradcheckError if not.

    ``f`` takes and returns a Tensor and must give the same output each time. ``inputs`` are arrays or
    Tensors, on one device; float ones are taken in float64 and differentiated, others are passed as they are.
    For random directions v and a random incoming gradient g, the derivative of <g, f(x)> along v is compared
    with (<g, f(x + h v)> - <g, f(x - h v)>) / 2h. The next order checks the gradient itself as a function of
    x and of g. Keep inputs off kinks: no element may change sides within ``step``.

    >>> import minigrad as mg
    >>> mg.gradcheck(lambda x, y: x * mg.ops.exp(y), [[1.0, 2.0], [0.5, -0.5]])
    True
    """
    if order < 1:
        raise ValueError(f"gradcheck: order must be at least 1, got {order}")
    rng = np.random.default_rng(seed)
    points, function = _differentiable(f, inputs)
    if not points:
        raise ValueError("gradcheck: no float input to differentiate; give at least one")
    _check_repeatable(function, points)
    for level in range(1, order + 1):
        for _ in range(directions):
            _check_once(function, points, level, step, rtol, atol, rng)
        if level < order:
            function, points = _gradient_function(function, points, rng)
    return True


def _differentiable(f: Function, inputs: Sequence[Any]) -> tuple[list[Array], Function]:
    """The float inputs in float64, and f as a function of them alone."""
    arrays = [x.data if isinstance(x, Tensor) else x if is_array(x) else np.asarray(x) for x in inputs]
    places = [i for i, a in enumerate(arrays) if a.dtype.kind == "f"]

    def of_floats(*floats: Tensor) -> Tensor:
        given = dict(zip(places, floats, strict=True))
        return f(*[given[i] if i in given else Tensor(a) for i, a in enumerate(arrays)])

    return [_with_strides(arrays[i]) for i in places], of_floats


def _check_repeatable(f: Function, points: list[Array]) -> None:
    """Refuse an f that returns no Tensor, or another one in each call, as dropout does."""
    first, second = (f(*[Tensor(p) for p in points]) for _ in range(2))
    if not isinstance(first, Tensor):
        raise TypeError(f"gradcheck: f must return a Tensor, it returned {type(first).__name__}")
    if first.shape != second.shape or not np.array_equal(first.numpy(), second.numpy(), equal_nan=True):
        raise ValueError("gradcheck: f gave two outputs for the same inputs; take the randomness out of it")


def _with_strides(array: Array) -> Array:
    """A float64 copy in the same memory order."""
    return array.astype(np.float64, order="K", copy=True)


def _check_once(
    f: Function,
    points: list[Array],
    level: int,
    step: float,
    rtol: float,
    atol: float,
    rng: np.random.Generator,
) -> None:
    leaves = [Tensor(p) for p in points]
    y = f(*leaves)
    if y.dtype != np.float64:
        raise GradcheckError(
            f"order {level}: f made {describe(y)} of float64 inputs; it must compute in its input's dtype"
        )
    g = _random(rng, y.shape, y.data)
    for index, gradient in enumerate(grad(y, leaves, grad_output=g, unused="zeros")):
        v = _random(rng, points[index].shape, points[index])
        along = float((gradient.data * v).sum())
        difference = (_inner(f, points, index, step * v, g) - _inner(f, points, index, -step * v, g)) / (
            2 * step
        )
        scale = max(1.0, float(abs(gradient.data * v).sum()))
        if not abs(along - difference) <= atol * scale + rtol * abs(difference):
            raise GradcheckError(
                f"order {level}, input {index} {describe(points[index])}: the derivative is {along:.9g}, "
                f"the finite difference {difference:.9g}{_kink(f, points, index, step * v, g)}"
            )


def _kink(f: Function, points: list[Array], index: int, move: Array, g: Array) -> str:
    """A hint if the slopes on the two sides differ at two distances, as they do at a kink."""
    middle = _inner(f, points, index, 0 * move, g)
    shares = (1, -1, 1 / 8, -1 / 8)
    slopes = [(_inner(f, points, index, share * move, g) - middle) / share for share in shares]
    if max(slopes) - min(slopes) < 0.1 * max(map(abs, slopes)):
        return ""
    return "; the slopes on its two sides differ: it may lie on a kink or a jump, move it by more than step"


def _inner(f: Function, points: list[Array], index: int, move: Array, g: Array) -> float:
    moved = [Tensor(as_array(p + move) if i == index else p) for i, p in enumerate(points)]
    return float((f(*moved).data * g).sum())


def _gradient_function(
    f: Function, points: list[Array], rng: np.random.Generator
) -> tuple[Function, list[Array]]:
    """The gradients of f, mixed into one number per output by random weights, as a function of g and x."""
    y = f(*[Tensor(p) for p in points])
    mixers = [_random(rng, p.shape, p) for p in points]

    def gradient_of(g: Tensor, *x: Tensor) -> Tensor:
        aliases = [t + 0.0 for t in x]
        gradients = grad(f(*aliases), aliases, grad_output=g, create_graph=True, unused="zeros")
        total = sum(gradients[0] * mixers[0])
        for gradient, mixer in zip(gradients[1:], mixers[1:], strict=True):
            total = total + sum(gradient * mixer)
        return total

    return gradient_of, [_random(rng, y.shape, y.data), *points]


def _random(rng: np.random.Generator, shape: tuple[int, ...], like: Array) -> Array:
    """Numbers of the shape, from N(0, 1), where ``like`` is."""
    return to_device(np.asarray(rng.standard_normal(shape)), device_of(like))
