"""Toy distributions with known modes, each with the parameters of the experiment it comes from."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

__all__ = [
    "TOYS",
    "ToyData",
    "gaussian",
    "grid",
    "grid_gulrajani",
    "mixture",
    "mixture_madgan",
    "ring",
    "ring_gulrajani",
    "swiss_roll",
]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class ToyData:
    """A distribution on R^d: an equal mixture of k round Gaussians, or a curve with noise (modes is None).

    shape: (d,). modes: (k, d) float64 or None. std: the modes' standard deviation, the largest if they
    differ, or the noise around the curve. stds: (k,), one per mode, or None. reference: where the parameters
    come from.
    """

    kind: ClassVar[Literal["points"]] = "points"

    name: str
    shape: tuple[int]
    modes: Floats | None
    std: float
    stds: Floats | None
    reference: str
    curve: Callable[[int, np.random.Generator], Floats] | None = None

    def sample(self, n: int, rng: np.random.Generator) -> Floats32:
        """n independent points, float32 (n, d)."""
        if self.curve is not None:
            points = self.curve(n, rng)
            points = points + self.std * rng.standard_normal(points.shape)
        else:
            modes, stds = self._mixture("sample")
            which = rng.integers(len(modes), size=n)
            points = modes[which] + stds[which, None] * rng.standard_normal((n, *self.shape))
        return points.astype(np.float32)

    def log_density(self, points: npt.ArrayLike) -> Floats:
        """Exact log p(x) = log (1/k) sum_i N(x; mode_i, std_i^2 I) at points (n, d); float64 (n,), in nats.

        Raises ValueError if the set has no closed-form density (swiss roll), or points are not (n, d).
        """
        modes, stds = self._mixture("log_density")
        x = np.asarray(points, dtype=np.float64)
        if x.ndim != 2 or x.shape[1:] != self.shape:
            raise ValueError(
                f"log_density of {self.name}: points of shape (n, {self.shape[0]}) needed, got {x.shape}"
            )
        squares = ((x[:, None, :] - modes[None, :, :]) ** 2).sum(axis=2)  # (n, k)
        exponents = -squares / (2 * stds**2) - self.shape[0] * np.log(stds * math.sqrt(2 * math.pi))
        peak = exponents.max(axis=1)
        log_density: Floats = peak + np.log(np.exp(exponents - peak[:, None]).mean(axis=1))
        return log_density

    def _mixture(self, wanted: str) -> tuple[Floats, Floats]:
        if self.modes is None or self.stds is None:
            raise ValueError(f"{wanted}: {self.name} is not a mixture of Gaussians and has no closed form")
        return self.modes, self.stds


def _gaussians(name: str, modes: npt.ArrayLike, std: float | list[float], reference: str) -> ToyData:
    centres = np.asarray(modes, dtype=np.float64)
    stds = np.broadcast_to(np.asarray(std, dtype=np.float64), len(centres)).copy()
    centres.flags.writeable = stds.flags.writeable = False
    return ToyData(name, (centres.shape[1],), centres, float(stds.max()), stds, reference)


def gaussian(mean: float = 4.0, std: float = 0.5) -> ToyData:
    """One Gaussian on the line, N(4, 0.5^2).

    Goodfellow et al. 2014 draw such a figure (figure 1) without numbers; these are those of Glover's
    introduction to GANs with code (2016), which most 1-D demonstrations repeat.
    """
    return _gaussians(
        "gaussian", [[mean]], std, "Glover 2016, An introduction to generative adversarial networks"
    )


def mixture(means: tuple[float, ...] = (-2.0, 2.0), std: float = 0.5) -> ToyData:
    """Two equal Gaussians on the line, N(-2, 0.5^2) and N(2, 0.5^2).

    This project's own choice: the figures that contrast KL with reverse KL on two modes (Goodfellow 2016,
    NIPS tutorial, figure 14) give no numbers. ``mixture_madgan`` has published ones.
    """
    return _gaussians(
        "mixture", [[mean] for mean in means], std, "this project; after Goodfellow 2016, figure 14"
    )


def mixture_madgan() -> ToyData:
    """Five equal Gaussians on the line: means 10, 20, 60, 80, 110 and standard deviations 3, 3, 2, 2, 1.

    Ghosh et al. 2018 (MAD-GAN), section on the 1-D mixture; the numbers have not been compared with the
    paper.
    """
    means = [[10.0], [20.0], [60.0], [80.0], [110.0]]
    return _gaussians("mixture-madgan", means, [3.0, 3.0, 2.0, 2.0, 1.0], "Ghosh et al. 2018, MAD-GAN")


def _circle(count: int, radius: float) -> Floats:
    angles = 2 * np.pi * np.arange(count) / count
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _lattice(spacing: float) -> Floats:
    axis = spacing * np.arange(-2, 3)
    return np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(25, 2)


def ring(count: int = 8, radius: float = 1.0, std: float = 0.01) -> ToyData:
    """Eight Gaussians at (cos 2 pi k/8, sin 2 pi k/8), standard deviation 0.01 (Lin et al. 2018, PacGAN)."""
    return _gaussians("ring", _circle(count, radius), std, "Lin et al. 2018, PacGAN, 2D-ring")


def grid(std: float = 0.05) -> ToyData:
    """Twenty-five Gaussians on {-4, -2, 0, 2, 4}^2, standard deviation 0.05 (Lin et al. 2018, PacGAN)."""
    return _gaussians("grid", _lattice(2.0), std, "Lin et al. 2018, PacGAN, 2D-grid")


def ring_gulrajani() -> ToyData:
    """Eight Gaussians on a circle of radius 2/1.414, standard deviation 0.02/1.414.

    Gulrajani et al. 2017 (WGAN-GP), the parameters of the authors' published toy code.
    """
    scale = 1.414
    return _gaussians(
        "ring-gulrajani", _circle(8, 2 / scale), 0.02 / scale, "Gulrajani et al. 2017, 8 Gaussians"
    )


def grid_gulrajani() -> ToyData:
    """Twenty-five Gaussians on {-4, -2, 0, 2, 4}^2 / 2.828, standard deviation 0.05/2.828.

    Gulrajani et al. 2017 (WGAN-GP), the parameters of the authors' published toy code.
    """
    scale = 2.828
    return _gaussians(
        "grid-gulrajani", _lattice(2 / scale), 0.05 / scale, "Gulrajani et al. 2017, 25 Gaussians"
    )


def swiss_roll(noise: float = 0.25, scale: float = 7.5) -> ToyData:
    """The spiral t (cos t, sin t), t uniform on [1.5 pi, 4.5 pi], plus Gaussian noise 0.25, divided by 7.5.

    Gulrajani et al. 2017 (WGAN-GP), the parameters of the authors' published toy code; ``std`` is 0.25/7.5.
    """

    def curve(n: int, rng: np.random.Generator) -> Floats:
        t = 1.5 * np.pi * (1 + 2 * rng.random(n))
        return np.stack([t * np.cos(t), t * np.sin(t)], axis=1) / scale

    return ToyData("swiss-roll", (2,), None, noise / scale, None, "Gulrajani et al. 2017, swiss roll", curve)


TOYS: dict[str, Callable[[], ToyData]] = {
    "gaussian": gaussian,
    "mixture": mixture,
    "mixture-madgan": mixture_madgan,
    "ring": ring,
    "ring-gulrajani": ring_gulrajani,
    "grid": grid,
    "grid-gulrajani": grid_gulrajani,
    "swiss-roll": swiss_roll,
}
"""Every toy set with its published parameters, by the name that ``load`` takes."""
