"""Dropout of elements and of whole channels."""

from __future__ import annotations

from minigrad import ops
from minigrad.nn.module import Module
from minigrad.random import uniform
from minigrad.tensor import Tensor

__all__ = ["Dropout", "Dropout2d", "dropped"]


class Dropout(Module):
    """In training, each element is 0 with probability ``p`` and else divided by ``1 - p``; in evaluation, the
    identity.

    ``inplace`` is PyTorch's and changes nothing.

    The mask is drawn from ``minigrad.random.generator(device)``, on the input's device. Raises ValueError for
    a ``p`` outside [0, 1]. Srivastava et al. (2014), section 10 (inverted dropout).

    >>> import minigrad as mg
    >>> layer = mg.nn.Dropout(p=0.75)
    >>> sorted(set(layer(mg.ones(1000)).tolist()))  # an element that is kept is divided by 0.25
    [0.0, 4.0]
    >>> layer.eval()(mg.ones(3)).tolist()
    [1.0, 1.0, 1.0]

    Each layer has a mode of its own: dropout can stay active in evaluation, as in pix2pix, whose samples have
    no other noise.

    >>> network = mg.nn.Sequential(mg.nn.BatchNorm1d(50), mg.nn.Dropout()).eval()
    >>> for module in network.modules():
    ...     if isinstance(module, mg.nn.Dropout | mg.nn.Dropout2d):
    ...         module = module.train()
    >>> mg.ops.any(network(mg.ones((9, 50))) == 0.0).item(), network[0].training
    (True, False)
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"Dropout: p must lie in [0, 1], got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, x: Tensor) -> Tensor:
        return dropped(x, self.p, x.shape) if self.training and self.p else x

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout2d(Module):
    """In training, each channel of each image (n, c, h, w) is 0 with probability ``p`` and else divided by
    ``1 - p``; in evaluation, the identity.

    The mask is drawn as Dropout's. ``inplace`` is PyTorch's and changes nothing. Raises ValueError for a
    ``p`` outside [0, 1] and an input of another shape. Tompson et al. (2015), section 3.2.

    >>> import minigrad as mg
    >>> y = mg.nn.Dropout2d(p=0.5)(mg.ones((1, 100, 4, 4)))
    >>> sorted(set(mg.ops.mean(y, axis=(2, 3)).numpy()[0].tolist()))  # a channel is kept or dropped whole
    [0.0, 2.0]
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"Dropout2d: p must lie in [0, 1], got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, x: Tensor) -> Tensor:
        if x.ndim != 4:
            raise ValueError(f"{self!r}: expected an input (n, c, h, w), got {x.shape}")
        return dropped(x, self.p, (*x.shape[:2], 1, 1)) if self.training and self.p else x

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


def dropped(x: Tensor, p: float, shape: tuple[int, ...]) -> Tensor:
    """x / (1 - p), and 0 with probability p, decided for each element of ``shape`` on x's device."""
    kept = uniform(shape, device=x.device) >= p
    return ops.where(kept, x, 0.0) * (1.0 if p == 1 else 1 / (1 - p))
