"""BigGAN's networks, for images of 8 to 64 pixels a side (Brock et al. 2019, appendix B).

Residual blocks double and halve the sides. The class and the noise enter every block of G, as the gains and
offsets of its batch norm. D scores an image, and adds how well its features fit the class: a projection. All
weights are divided by their largest singular value.
"""

from __future__ import annotations

from itertools import pairwise

from gans.networks.attention import SelfAttention
from gans.networks.dcgan import Size, sizes_of
from gans.networks.resizing import grown, shrunk
from minigrad import Tensor, nn
from minigrad.nn.functional import relu
from minigrad.nn.utils import spectral_norm
from minigrad.ops import concatenate, reshape, sum, tanh

ATTENTION = 16
"""The most pixels a side of the maps that self-attention takes."""


class ConditionalNorm(nn.Module):
    """Batch norm whose gain and offset are linear in a condition (n, size) (de Vries et al. 2017)."""

    def __init__(self, maps: int, size: int) -> None:
        self.norm = nn.BatchNorm2d(maps, affine=False)
        self.gain = spectral_norm(nn.Linear(size, maps, bias=False))
        self.offset = spectral_norm(nn.Linear(size, maps, bias=False))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        shape = (*x.shape[:2], 1, 1)
        gain, offset = (reshape(layer(condition), shape) for layer in (self.gain, self.offset))
        return self.norm(x) * (1.0 + gain) + offset


def conv(before: int, after: int, kernel_size: int = 3) -> nn.Module:
    """A convolution that keeps the sides, of spectral norm 1."""
    return spectral_norm(nn.Conv2d(before, after, kernel_size, padding=kernel_size // 2))


class UpBlock(nn.Module):
    """Maps -> maps of a larger ``size``: twice norm, ReLU and convolution, and a way past them."""

    def __init__(self, before: int, after: int, condition: int, size: Size) -> None:
        self.size = size
        self.norms = nn.ModuleList([ConditionalNorm(maps, condition) for maps in (before, after)])
        self.convs = nn.ModuleList([conv(before, after), conv(after, after)])
        self.past = conv(before, after, 1)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        first, second = self.norms
        h = self.convs[0](grown(relu(first(x, condition)), self.size))
        h = self.convs[1](relu(second(h, condition)))
        return h + grown(self.past(x), self.size)


class DownBlock(nn.Module):
    """Maps -> maps of ``size``, smaller or the same; ``first`` takes images, which no ReLU may cut."""

    def __init__(self, before: int, after: int, size: Size, first: bool = False) -> None:
        self.size, self.first = size, first
        self.convs = nn.ModuleList([conv(before, after), conv(after, after)])
        self.past = conv(before, after, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.convs[0](x if self.first else relu(x))
        h = self.convs[1](relu(h))
        return shrunk(h, self.size) + shrunk(self.past(x), self.size)


class BigGenerator(nn.Module):
    """z (n, latent) and labels (n,) -> images (n, *shape) in [-1, 1]."""

    def __init__(self, latent: int, classes: int, shape: tuple[int, ...], features: int) -> None:
        sizes = list(reversed(sizes_of(shape)))
        maps = [features * 2**stage for stage in reversed(range(len(sizes)))]
        condition, (h, w) = 2 * latent, sizes[0]
        self.label = nn.Embedding(classes, latent)
        self.start = nn.Sequential(
            spectral_norm(nn.Linear(condition, maps[0] * h * w)), nn.Unflatten(1, (maps[0], h, w))
        )
        self.blocks = nn.ModuleList(
            [
                UpBlock(before, after, condition, size)
                for (before, after), size in zip(pairwise(maps), sizes[1:], strict=True)
            ]
        )
        self.attended = _attended(sizes[1:])
        self.attention = SelfAttention(maps[self.attended + 1])
        self.last = nn.Sequential(nn.BatchNorm2d(features), nn.ReLU(), conv(features, shape[0]))

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        condition = concatenate([z, self.label(labels)], axis=1)
        x = self.start(condition)
        for i, block in enumerate(self.blocks):
            x = block(x, condition)
            x = self.attention(x) if i == self.attended else x
        return tanh(self.last(x))


class BigDiscriminator(nn.Module):
    """Images (n, *shape) and labels (n,) -> scores (n, 1): linear in the features, plus their projection on
    the class (Miyato and Koyama 2018, equation 3).
    """

    def __init__(self, classes: int, shape: tuple[int, ...], features: int) -> None:
        sizes = sizes_of(shape)
        sizes = [*sizes[1:], sizes[-1]]  # the last block keeps the size
        maps = [shape[0], *[features * 2**stage for stage in range(len(sizes))]]
        self.blocks = nn.ModuleList(
            [
                DownBlock(before, after, size, first=i == 0)
                for i, ((before, after), size) in enumerate(zip(pairwise(maps), sizes, strict=True))
            ]
        )
        self.attended = _attended(sizes)
        self.attention = SelfAttention(maps[self.attended + 1])
        self.score = spectral_norm(nn.Linear(maps[-1], 1))
        self.label = spectral_norm(nn.Embedding(classes, maps[-1]))

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        for i, block in enumerate(self.blocks):
            x = block(x)
            x = self.attention(x) if i == self.attended else x
        features = sum(relu(x), axis=(2, 3))
        return self.score(features) + sum(self.label(labels) * features, axis=1, keepdims=True)


def _attended(sizes: list[Size]) -> int:
    """The index of the largest of ``sizes`` that self-attention takes."""
    fitting = [i for i, size in enumerate(sizes) if max(size) <= ATTENTION]
    return max(fitting, key=lambda i: sizes[i]) if fitting else 0
