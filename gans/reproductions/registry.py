"""Experiments by name, or in files of the user's own."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from gans.errors import UserError
from gans.reproductions.experiment import Experiment
from gans.reproductions.experiments import (
    dcgan_neighbour,
    dirac,
    few_labels,
    infogan_digits,
    lucic,
    pacgan,
    parzen,
    seqgan_oracle,
    stacked_modes,
    unrolled_ring,
    veegan,
    wgan_curve,
    wgan_gp_toys,
)
from gans.systems.own import is_own, load_object

__all__ = ["EXPERIMENTS", "find", "find_rows", "short_name"]

EXPERIMENTS: dict[str, Experiment] = {
    "dirac": dirac.DIRAC,
    "wgan-curve": wgan_curve.WGAN_CURVE,
    "unrolled-ring": unrolled_ring.UNROLLED_RING,
    "veegan": veegan.VEEGAN,
    "infogan-digits": infogan_digits.INFOGAN_DIGITS,
    "pacgan": pacgan.PACGAN,
    "stacked-modes": stacked_modes.STACKED_MODES,
    "parzen": parzen.PARZEN,
    "wgan-gp-toys": wgan_gp_toys.WGAN_GP_TOYS,
    "few-labels": few_labels.FEW_LABELS,
    "lucic": lucic.LUCIC,
    "dcgan-neighbour": dcgan_neighbour.DCGAN_NEIGHBOUR,
    "seqgan-oracle": seqgan_oracle.SEQGAN_ORACLE,
}
"""The experiments of the package, by name, about the cheapest first."""


def find(name: str) -> Experiment:
    """The experiment of this name, or the one in a file of yours: ``FILE.py:NAME``.

    Raises UserError if there is none, or the file cannot be run.
    """
    if is_own(name):
        found: Experiment = load_object(name, Experiment)
        return found
    if name not in EXPERIMENTS:
        raise UserError(
            f"there is no experiment {name!r}{_near(name, EXPERIMENTS)} "
            f"(choose from {', '.join(EXPERIMENTS)}, or give FILE.py:NAME)"
        )
    return EXPERIMENTS[name]


def find_rows(name: str, experiment: Experiment, rows: Sequence[str]) -> list[str]:
    """The rows named, all of them if none are. Raises UserError for one that the experiment lacks."""
    for row in rows:
        if row not in experiment.rows:
            near = _near(row, experiment.rows)
            raise UserError(f"{name} has no row {row!r}{near} (it has {', '.join(experiment.rows)})")
    return [row for row in experiment.rows if not rows or row in rows]


def short_name(name: str) -> str:
    """The name of an experiment's files.

    >>> short_name("pacgan"), short_name("my/own.py:MY_RING")
    ('pacgan', 'my-ring')
    """
    return name.rsplit(":", 1)[1].lower().replace("_", "-") if is_own(name) else name


def _near(name: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(name.lower(), names, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
