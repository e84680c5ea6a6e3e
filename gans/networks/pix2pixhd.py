"""pix2pixHD's networks: G from coarse to fine, D of three scales, an encoder (Wang et al. 2018, sections 3.2
to 3.4).

The paper has images of 1024 x 2048 pixels, first layers with kernels of 7 pixels, and instance norm, which
takes away a colour that all objects of an image share. Here images have tens of pixels: kernels have 3, and
all maps of a layer have one norm (group norm with one group), which keeps their relation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gans.networks import patch, residual
from gans.networks.dcgan import Size, halved
from gans.networks.resizing import grown, shrunk
from minigrad import Tensor, nn
from minigrad.ops import concatenate, matmul, maximum, reshape, sum, swapaxes

SCALES = 3
"""Discriminators, of the image at its whole, its half and its quarter size."""

LEAST_SIDE = 32
"""The least pixels of a side, of which the smallest discriminator sees a quarter."""

KERNEL = 3
"""Pixels of a kernel of the layers next to the image."""


def norm(maps: int) -> nn.Module:
    """The norm of the generator's layers: each sample by itself, all of its maps together."""
    return nn.GroupNorm(1, maps)


class CoarseToFine(nn.Module):
    """Maps (n, c, h, w) of ``size`` -> images, half as large from ``coarse`` alone, or whole.

    ``coarse`` is the global generator G1: down twice, residual blocks, up twice, at half of the size. The
    local enhancer is around it: ``enter`` brings the maps down to the half, where G1's last features are
    added, and ``leave`` has residual blocks and brings the sum up to the image (figure 3). It has half as
    many features as G1 has at that size. The layer of G1's own image, ``coarse_image``, is no part of the
    whole then.
    """

    def __init__(
        self, inputs: int, outputs: int, size: Size, features: int, blocks: int, enhancer_blocks: int
    ) -> None:
        half = halved(size)
        fine, quarter = features // 2, halved(half)
        self.half = half
        self.coarse = nn.Sequential(
            *residual.conv(inputs, features, KERNEL, norm),
            nn.ReLU(),
            *residual.down(features, half, norm),
            *residual.down(2 * features, quarter, norm),
            *[residual.Residual(4 * features, norm) for _ in range(blocks)],
            *residual.up(2 * features, quarter, norm),
            *residual.up(features, half, norm),
        )
        self.coarse_image = nn.Sequential(*residual.image(features, outputs, KERNEL))
        self.enter = nn.Sequential(
            *residual.conv(inputs, fine, KERNEL, norm), nn.ReLU(), *residual.down(fine, size, norm)
        )
        self.leave = nn.Sequential(
            *[residual.Residual(2 * fine, norm) for _ in range(enhancer_blocks)],
            *residual.up(fine, size, norm),
            *residual.image(fine, outputs, KERNEL),
        )

    def forward(self, maps: Tensor, fine: bool = True) -> Tensor:
        features = self.coarse(shrunk(maps, self.half))
        image: Tensor = self.leave(self.enter(maps) + features) if fine else self.coarse_image(features)
        return image

    def whole(self, maps: Tensor, fine: bool) -> Tensor:
        """Images of the size of maps (n, c, h, w): those of ``coarse`` alone have their pixels repeated."""
        image = self(maps, fine)
        return image if fine else grown(image, (maps.shape[2], maps.shape[3]))


class Patches(nn.Module):
    """A PatchGAN (n, c, h, w) -> the activations of its layers, of which the last are the logits."""

    def __init__(self, channels: int, size: Size, features: int) -> None:
        parts = patch.stages(channels, size, features, nn.InstanceNorm2d)
        self.stages = nn.ModuleList([nn.Sequential(*part) for part in parts])

    def forward(self, x: Tensor) -> list[Tensor]:  # type: ignore[override]
        found = []
        for stage in self.stages:
            x = stage(x)
            found.append(x)
        return found


class MultiScale(nn.Module):
    """Three discriminators of equal layers, each of an image half as large as the one before (section 3.2).

    ``scales`` has them, the one of the whole size first.
    """

    def __init__(self, channels: int, size: Size, features: int) -> None:
        self.sizes = [size]
        while len(self.sizes) < SCALES:
            h, w = self.sizes[-1]
            self.sizes.append(((h + 1) // 2, (w + 1) // 2))
        self.scales = nn.ModuleList([Patches(channels, size, features) for size in self.sizes])

    def beside(self, known: Tensor, image: Tensor) -> list[list[Tensor]]:
        """The activations for images beside ``known`` maps of the whole size, those of their size first."""
        size = (image.shape[2], image.shape[3])
        first = self.sizes.index(size)
        known = known if first == 0 else shrunk(known, size)
        return self.forward(concatenate([known, image], axis=1), first)

    def forward(self, x: Tensor, first: int = 0) -> list[list[Tensor]]:  # type: ignore[override]
        """The activations of each scale from ``first`` on, whose size x (n, c, h, w) has."""
        found: list[Any] = []
        for scale, size in zip(list(self.scales)[first:], self.sizes[first:], strict=True):
            x = x if x.shape[2:] == size else shrunk(x, size)
            found.append(scale(x))
        return found


def encoder(channels: int, size: Size, features: int, outputs: int) -> nn.Sequential:
    """E: images (n, channels, h, w) of ``size`` -> ``outputs`` maps in [-1, 1], down and up once.

    It has no norm, for which colours would be relative to those of other objects. Without one its weights
    must begin larger than those of other networks here: they are those of the layers themselves.

    >>> from minigrad import zeros
    >>> encoder(3, (56, 56), features=4, outputs=2)(zeros((5, 3, 56, 56))).shape
    (5, 2, 56, 56)
    """
    none: Callable[[int], nn.Module] = lambda maps: nn.Identity()  # noqa: E731
    return nn.Sequential(
        *residual.conv(channels, features, KERNEL, none),
        nn.ReLU(),
        *residual.down(features, size, none),
        *residual.up(features, size, none),
        *residual.image(features, outputs, KERNEL),
    )


def object_means(x: Tensor, masks: Tensor) -> Tensor:
    """The mean of x (n, f, h, w) over each object: (n, f, m).

    masks (n, m, h, w) are 1 at the pixels of an object and 0 elsewhere; one without pixels has the mean 0.

    >>> import minigrad as mg
    >>> x, masks = mg.tensor([[[[1.0, 3.0, 8.0]]]]), mg.tensor([[[[1.0, 1.0, 0.0]], [[0.0, 0.0, 1.0]]]])
    >>> object_means(x, masks).tolist()
    [[[2.0, 8.0]]]
    """
    (n, f), m = x.shape[:2], masks.shape[1]
    flat = reshape(masks, (n, m, -1))
    sums = matmul(reshape(x, (n, f, -1)), swapaxes(flat, 1, 2))  # (n, f, hw) @ (n, hw, m)
    return sums / reshape(maximum(sum(flat, axis=2), 1.0), (n, 1, m))


def painted(values: Tensor, masks: Tensor) -> Tensor:
    """Maps (n, f, h, w) with the values (n, f, m) of each object at its pixels in ``masks`` (n, m, h, w)."""
    n, m, h, w = masks.shape
    return reshape(matmul(values, reshape(masks, (n, m, -1))), (n, values.shape[1], h, w))
