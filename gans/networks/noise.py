"""Layers of noise, and their places in a network."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from gans.errors import UserError
from minigrad import Tensor, nn
from minigrad.ops import where
from minigrad.random import Generator, generator, normal, uniform

_generator: ContextVar[Generator | None] = ContextVar("generator", default=None)


class DrawingFrom:
    """A block in which the layers draw from ``rng``; outside of one they draw from minigrad's generator."""

    def __init__(self, rng: Generator | None) -> None:
        self._rng = rng

    def __enter__(self) -> None:
        self._token = _generator.set(self._rng)

    def __exit__(self, *exception: object) -> None:
        _generator.reset(self._token)


def drawing_from() -> Generator | None:
    """The generator of the innermost ``DrawingFrom``, None outside of one."""
    return _generator.get()


class GaussianNoise(nn.Module):
    """x + noise from N(0, std^2) in training; x in evaluation.

    Noise in D's layers hides small differences of real and generated samples (Salimans et al. 2016).

    >>> from minigrad import ones
    >>> GaussianNoise(0.5).eval()(ones(2)).tolist()
    [1.0, 1.0]
    """

    def __init__(self, std: float) -> None:
        self.std = std

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        rng = _generator.get() or generator(x.device)
        return x + self.std * normal(x.shape, dtype=x.dtype, generator=rng, device=x.device)

    def extra_repr(self) -> str:
        return f"std={self.std}"


class Dropout(nn.Module):
    """Each element is 0 with probability ``p`` and else divided by ``1 - p``, in training.

    If it is ``lasting`` it drops elements in evaluation, too: a noise of G's samples beside z (Isola et al.
    2017, section 3.2).

    >>> import numpy as np
    >>> from minigrad import ones
    >>> with DrawingFrom(np.random.default_rng(0)):
    ...     Dropout(0.5, lasting=True).eval()(ones(4)).tolist()
    [2.0, 2.0, 2.0, 0.0]
    """

    def __init__(self, p: float, *, lasting: bool = False) -> None:
        self.p = p
        self.lasting = lasting

    def forward(self, x: Tensor) -> Tensor:
        if not (self.training or self.lasting):
            return x
        rng = _generator.get() or generator(x.device)
        kept = uniform(x.shape, generator=rng, device=x.device) >= self.p
        return where(kept, x, 0.0) * (1 / (1 - self.p))

    def extra_repr(self) -> str:
        return f"p={self.p}, lasting={self.lasting}"


def between(network: nn.Module, layer: Callable[[], nn.Module], setting: str) -> nn.Sequential:
    """``network`` with a new ``layer`` before each of its layers but the first that has a matrix of weights.

    >>> from minigrad.nn import Linear, ReLU, Sequential
    >>> [type(part).__name__ for part in between(Sequential(Linear(2, 3), ReLU(), Linear(3, 1)), ReLU, "x")]
    ['Linear', 'ReLU', 'ReLU', 'Linear']

    Raises UserError, which names the ``setting``, if the network is no Sequential.
    """
    if not isinstance(network, nn.Sequential):
        raise UserError(f"`{setting}` needs networks that are a Sequential, got a {type(network).__name__}")
    parts: list[nn.Module] = []
    found = False
    for part in network:
        weighs = any(p.ndim > 1 for p in part.parameters())
        parts += [layer(), part] if weighs and found else [part]
        found = found or weighs
    return nn.Sequential(*parts)
