"""VEEGAN's protocol: modes of the ring and the grid, for a GAN and an unrolled one (Srivastava et al. 2017).

The authors' page says: 2,500 samples, five trials, five steps ahead. Its definitions are PacGAN's. It gives
no sizes of networks; here they are those of the Unrolled GAN's notebook, which the page calls the reference.
VEEGAN itself is not part of this project.
"""

from __future__ import annotations

from functools import partial

from gans.reproductions.experiment import Experiment, Figure, Published, Row
from gans.reproductions.experiments.unrolled_ring import SETTINGS, STEPS, train
from gans.reproductions.toys import coverage
from gans.reproductions.trial import Trial

__all__ = ["VEEGAN"]

AHEAD = 5


def run(data: str, unroll: int, trial: Trial) -> dict[str, float | None]:
    """Train with ``unroll`` steps ahead, and count the modes of 2,500 samples."""
    training, toy = train(unroll, data, trial)
    return coverage(training.system, toy)


def row(label: str, data: str, unroll: int, modes: float, high_quality: float, minutes: float) -> Row:
    """A row of the table with its published means."""
    return Row(
        label,
        partial(run, data, unroll),
        {"modes": Published(modes), "high_quality": Published(high_quality)},
        {"data": data, "unroll": unroll},
        steps=STEPS,
        minutes=minutes,
    )


VEEGAN = Experiment(
    title="VEEGAN's protocol: the ring and the grid",
    paper="Srivastava et al. 2017, table 1",
    protocol=(
        "Of 2,500 samples those within 3 standard deviations of the nearest mode are of high quality, and a "
        "mode counts with one of them. The ring has 8 modes, the grid 25. The authors name no sizes of "
        "networks: those of the Unrolled GAN's notebook stand here. PacGAN's table has six times as many "
        "modes for a GAN on the same ring: compare rows, not papers."
    ),
    source="table 1 of the authors' page, means of five trials without a spread.",
    trials=5,
    settings=SETTINGS,
    figures={
        "modes": Figure("modes", 1),
        "high_quality": Figure("high quality, %", 1),
        "reverse_kl": Figure("reverse KL", 3),
    },
    rows={
        "ring-gan": row("ring, GAN", "ring", 0, 1.0, 99.3, 7),
        "ring-unrolled": row("ring, Unrolled GAN, 5 steps", "ring", AHEAD, 7.6, 35.6, 25),
        "grid-gan": row("grid, GAN", "grid", 0, 3.3, 0.5, 7),
        "grid-unrolled": row("grid, Unrolled GAN, 5 steps", "grid", AHEAD, 23.6, 16.0, 25),
    },
)
