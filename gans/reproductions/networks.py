"""Networks of papers that several experiments share."""

from __future__ import annotations

from collections.abc import Sequence

from gans.networks.dcgan import initialised
from minigrad import Tensor, nn

__all__ = ["Scaled", "generator_1024", "trunk_1024"]

HIDDEN = 1024


class Scaled(nn.Module):
    """factor x + shift.

    >>> import minigrad as mg
    >>> Scaled(2.0, -1.0)(mg.tensor([0.0, 1.0])).tolist()  # pixels from 0 to 1, as the data have them
    [-1.0, 1.0]
    """

    def __init__(self, factor: float, shift: float) -> None:
        self.factor, self.shift = factor, shift

    def forward(self, x: Tensor) -> Tensor:
        return self.factor * x + self.shift

    def extra_repr(self) -> str:
        return f"factor={self.factor}, shift={self.shift}"


def generator_1024(inputs: int, shape: Sequence[int]) -> nn.Sequential:
    """InfoGAN's G (Chen et al. 2016, table 1), which Lucic et al. 2018 took for every GAN.

    (n, inputs) -> images (n, c, h, w) in [-1, 1]: 1,024 units, 128 maps of a quarter of the sides, 64 maps of
    half, and the image; batch norm and ReLU between them, a sigmoid at the end.
    """
    c, h, w = shape
    return initialised(
        nn.Sequential(
            nn.Linear(inputs, HIDDEN, bias=False), nn.BatchNorm1d(HIDDEN), nn.ReLU(),
            nn.Linear(HIDDEN, 128 * (h // 4) * (w // 4), bias=False),
            nn.BatchNorm1d(128 * (h // 4) * (w // 4)), nn.ReLU(), nn.Unflatten(1, (128, h // 4, w // 4)),
            nn.ConvTranspose2d(128, 64, 4, 2, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
            nn.ConvTranspose2d(64, c, 4, 2, padding=1), nn.Sigmoid(), Scaled(2.0, -1.0),
        )
    )  # fmt: skip


def trunk_1024(shape: Sequence[int], slope: float, norm: bool = True) -> nn.Sequential:
    """The D of the same papers up to its 1,024 features: images (n, c, h, w) -> (n, 1024).

    ``slope`` is that of LeakyReLU below 0; without ``norm`` there is no batch norm.
    """
    c, h, w = shape
    units = 128 * (h // 4) * (w // 4)
    layers: list[nn.Module] = [nn.Conv2d(c, 64, 4, 2, padding=1), nn.LeakyReLU(slope)]
    layers += [nn.Conv2d(64, 128, 4, 2, padding=1, bias=not norm), *([nn.BatchNorm2d(128)] if norm else [])]
    layers += [nn.LeakyReLU(slope), nn.Flatten(), nn.Linear(units, HIDDEN, bias=not norm)]
    layers += [*([nn.BatchNorm1d(HIDDEN)] if norm else []), nn.LeakyReLU(slope)]
    return initialised(nn.Sequential(*layers))
