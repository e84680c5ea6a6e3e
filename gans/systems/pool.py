"""A pool of past fakes, from which a discriminator learns too (Shrivastava et al. 2017, section 2.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.wholes import own_share, whole_batch
from minigrad import Tensor, no_grad, ops, zeros
from minigrad.devices import to_device

__all__ = ["Pool"]


class Pool:
    """At most ``size`` images that were made earlier; a part of the checkpoint.

    Called on new images, it gives as many back. While there is room, it keeps a new image and gives it back.
    From then on it does so with half of them; each other one takes a random place, and the image that was
    there is given back.

    The places come from a generator on the host. The images stay on their device, and nothing is read back.

    >>> pool = Pool(2, (1,))
    >>> rng = np.random.default_rng(0)
    >>> [pool(Tensor(np.float32([[i]])), rng).item() for i in range(6)]
    [0.0, 1.0, 2.0, 0.0, 3.0, 5.0]
    """

    def __init__(self, size: int, shape: Sequence[int], device: str = "cpu") -> None:
        self.size = size
        self.filled = 0
        self.images = zeros((size, *shape), device=device)

    def __call__(self, new: Tensor, rng: np.random.Generator) -> Tensor:
        """As many images as ``new`` (n, ...), a part of them from earlier calls."""
        if not self.size:
            return new
        every = whole_batch(new)  # each of several ranks has the same pool
        kept, given = self._chosen(len(every), rng)
        with no_grad():
            known = ops.concatenate([self.images, every])
            self.images = known[kept]
            return known[own_share(given)]

    def _chosen(self, n: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The images to keep and to give back, by their places among the pool's and the ``n`` new ones."""
        kept = np.arange(self.size)
        given = self.size + np.arange(n)
        for i, new in enumerate(given.copy()):
            if self.filled < self.size:
                kept[self.filled] = new
                self.filled += 1
            elif rng.random() < 0.5:
                place = rng.integers(self.size)
                given[i], kept[place] = kept[place], new
        return kept, given

    def state_dict(self) -> dict[str, Any]:
        """Copies of the images, and how many places have one."""
        return {"images": np.array(to_device(self.images.data, "cpu")), "filled": np.array(self.filled)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what ``state_dict`` returned. Raises ValueError, and changes nothing, if it is unfit."""
        images = np.asarray(state.get("images"))
        if state.keys() != {"images", "filled"} or images.shape != self.images.shape:
            raise ValueError(
                f"Pool.load_state_dict: expected `filled` and `images` of shape {self.images.shape}, got "
                f"{', '.join(state)} with images of shape {images.shape}"
            )
        self.images = Tensor(to_device(images.copy(), self.images.device))
        self.filled = int(state["filled"])
