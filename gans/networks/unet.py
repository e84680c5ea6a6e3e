"""U-Net: an encoder and a decoder with connections past the bottleneck (Ronneberger et al. 2015).

Edges of the output stand where those of the input do, and the connections carry them there. Its dropout is
drawn from a generator that is an argument, in evaluation as well: it is the only noise of a translation.
"""

from __future__ import annotations

from gans.networks.dcgan import Size, halving, sizes_of
from gans.networks.noise import DrawingFrom, Dropout
from minigrad import Tensor, nn
from minigrad.ops import concatenate
from minigrad.random import Generator

BOTTLENECK = 2
"""The most pixels of a side that is not halved any more."""


class UNet(nn.Module):
    """a (n, inputs, h, w) and noise -> (n, outputs, h, w) (Isola et al. 2017, section 3.2 and appendix 6.1).

    Each stage halves the image, an odd side to the larger half: 28, 14, 7, 4, 2. The first two stages back
    have dropout.
    """

    def __init__(self, inputs: int, outputs: int, size: Size, features: int, dropout: float) -> None:
        convs = [halving(size, BOTTLENECK) for size in sizes_of((outputs, *size), BOTTLENECK)[:-1]]
        maps = [min(features * 2**stage, 8 * features) for stage in range(len(convs))]
        self.down, self.up, self.noise = nn.ModuleList(), nn.ModuleList(), Dropout(dropout, lasting=True)
        for stage, (before, after) in enumerate(zip([inputs, *maps], maps, strict=False)):
            conv = nn.Conv2d(before, after, *convs[stage], padding=1, bias=stage == 0)
            norm = [nn.BatchNorm2d(after)] if stage else []
            self.down.append(nn.Sequential(conv, *norm, nn.LeakyReLU(0.2)))
        for stage in reversed(range(1, len(convs))):
            joined = maps[stage] if stage == len(convs) - 1 else 2 * maps[stage]
            back = nn.ConvTranspose2d(joined, maps[stage - 1], *convs[stage], padding=1, bias=False)
            self.up.append(nn.Sequential(back, nn.BatchNorm2d(maps[stage - 1])))
        self.last = nn.Sequential(nn.ConvTranspose2d(2 * maps[0], outputs, *convs[0], padding=1), nn.Tanh())

    def forward(self, a: Tensor, rng: Generator) -> Tensor:
        passed = [a]
        for down in self.down:
            passed.append(down(passed[-1]))
        x = passed.pop()
        with DrawingFrom(rng):
            for stage, up in enumerate(self.up):
                x = up(x)
                x = nn.functional.relu(self.noise(x) if stage < 2 else x)
                x = concatenate([x, passed.pop()], axis=1)
        return self.last(x)
