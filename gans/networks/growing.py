"""PGGAN's networks, which make and judge images of every level (Karras et al. 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from gans.networks.dcgan import Size
from gans.networks.resizing import grown, shrunk
from minigrad import Tensor, nn
from minigrad.nn.utils import equalized_lr
from minigrad.ops import clip


def mixed(old: Tensor, new: Tensor, alpha: Tensor) -> Tensor:
    """The fade: ``old`` where alpha is 0, ``new`` where it is 1."""
    return old + alpha * (new - old)


def at_level(images: Tensor, sizes: Sequence[Size], level: int, fade: Tensor | None = None) -> Tensor:
    """Whole images (n, c, h, w) in the size of ``level``, and in a fade the mixture that G's are."""
    for size in sizes[level:-1][::-1]:
        images = shrunk(images, size)
    if fade is None:
        return images
    return mixed(grown(shrunk(images, sizes[level - 1]), sizes[level]), images, fade)


def conv(before: int, after: int, kernel_size: int = 3, gain: float = 2**0.5) -> nn.Module:
    """A convolution that keeps the sides, with an equalised learning rate."""
    return equalized_lr(nn.Conv2d(before, after, kernel_size, padding=kernel_size // 2), gain=gain)


class GrowingGenerator(nn.Module):
    """z (n, latent) -> images (n, c, h, w) of a level."""

    def __init__(self, latent: int, sizes: Sequence[Size], maps: Sequence[int], colours: int) -> None:
        self.sizes = list(sizes)
        (h, w), first = sizes[0], maps[0]
        start = equalized_lr(nn.Linear(latent, first * h * w), gain=2**0.5 / 4)
        head = [nn.PixelNorm(), start, nn.Unflatten(1, (first, h, w)), nn.LeakyReLU(0.2), nn.PixelNorm()]
        blocks = [nn.Sequential(*head, *self.layers(first, first))]
        for before, after in pairwise(maps):
            blocks.append(nn.Sequential(*self.layers(before, after), *self.layers(after, after)))
        self.blocks = nn.ModuleList(blocks)
        self.images = nn.ModuleList([conv(m, colours, 1, gain=1) for m in maps])

    @staticmethod
    def layers(before: int, after: int) -> list[nn.Module]:
        """A convolution of G with what follows it."""
        return [conv(before, after), nn.LeakyReLU(0.2), nn.PixelNorm()]

    def forward(self, z: Tensor, level: int, fade: Tensor | None = None) -> Tensor:
        x = below = self.blocks[0](z)
        for block, size in zip(list(self.blocks)[1 : level + 1], self.sizes[1:], strict=False):
            below, x = x, block(grown(x, size))
        image = self.images[level](x)
        if fade is None:
            return image
        return mixed(grown(self.images[level - 1](below), self.sizes[level]), image, fade)

    def whole(self, z: Tensor, level: int, fade: Tensor | None = None) -> Tensor:
        """Images of a level in the size of the last one, with repeated pixels, within [-1, 1]."""
        x = self(z, level, fade)
        for size in self.sizes[level + 1 :]:
            x = grown(x, size)
        return clip(x, -1, 1)


class GrowingDiscriminator(nn.Module):
    """Images (n, c, h, w) of a level -> scores (n, 1)."""

    def __init__(self, sizes: Sequence[Size], maps: Sequence[int], colours: int) -> None:
        self.sizes = list(sizes)
        (h, w), first = sizes[0], maps[0]
        tail = [nn.MinibatchStdDev(), conv(first + 1, first), nn.LeakyReLU(0.2), nn.Flatten()]
        tail += [equalized_lr(nn.Linear(first * h * w, first)), nn.LeakyReLU(0.2)]
        tail += [equalized_lr(nn.Linear(first, 1), gain=1)]
        blocks = [nn.Sequential(*tail)]
        for before, after in pairwise(maps):
            layers = [conv(after, after), nn.LeakyReLU(0.2), conv(after, before), nn.LeakyReLU(0.2)]
            blocks.append(nn.Sequential(*layers))
        self.blocks = nn.ModuleList(blocks)
        self.images = nn.ModuleList([nn.Sequential(conv(colours, m, 1), nn.LeakyReLU(0.2)) for m in maps])

    def forward(self, images: Tensor, level: int, fade: Tensor | None = None) -> Tensor:
        x = self.images[level](images)
        for k in range(level, 0, -1):
            x = shrunk(self.blocks[k](x), self.sizes[k - 1])
            if k == level and fade is not None:
                x = mixed(self.images[k - 1](shrunk(images, self.sizes[k - 1])), x, fade)
        return self.blocks[0](x)
