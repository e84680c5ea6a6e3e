"""Dirac-GAN: fitted maps against the eigenvalues in closed form."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from gans.objectives import r1_penalty
from gans.reproductions.experiments.dirac import DIRAC, MINIMAX, alternating, measure, penalised
from gans.reproductions.trial import Trial


@pytest.mark.parametrize("name", [name for name, row in DIRAC.rows.items() if row.published])
def test_the_published_eigenvalues_are_met(name: str, tmp_path: Path) -> None:
    row = DIRAC.rows[name]
    figures = row.trial(Trial(tmp_path, 0))
    for part, published in row.published.items():
        assert figures[part] == pytest.approx(published.value, abs=1e-3)
    misfit, radius = figures["misfit"], figures["radius"]
    assert misfit is not None
    assert misfit < 1e-6
    assert radius is not None
    assert radius <= 1 + 1e-9


@pytest.mark.parametrize("weight", [0.1, 0.7, 1.6])
def test_r1_has_its_closed_form(weight: float, tmp_path: Path) -> None:
    figures = measure(penalised(r1_penalty(weight)), Trial(tmp_path, 0))
    root = weight**2 / 4 - 0.25
    expected = (-weight / 2 + math.sqrt(max(root, 0)), math.sqrt(max(-root, 0)))
    assert (figures["real"], figures["imaginary"]) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("spread", [0.3, 1.0])
def test_noise_has_its_closed_form(spread: float, tmp_path: Path) -> None:
    figures = measure(MINIMAX, Trial(tmp_path, 0), noise=spread)
    expected = (-(spread**2) / 4, math.sqrt(0.25 - spread**4 / 16))
    assert (figures["real"], figures["imaginary"]) == pytest.approx(expected, abs=1e-6)


def test_alternating_updates_orbit_on_the_circle(tmp_path: Path) -> None:
    """Simultaneous ones would have the radius sqrt(1 + h^2/4) = 1.005 at h = 0.2."""
    assert measure(MINIMAX, Trial(tmp_path, 0), update=alternating)["radius"] == pytest.approx(1, abs=1e-6)


def test_a_field_with_a_jump_has_no_eigenvalues(tmp_path: Path) -> None:
    figures = DIRAC.rows["wgan-gp"].trial(Trial(tmp_path, 0))
    assert figures["real"] is None
    misfit = figures["misfit"]
    assert misfit is not None
    assert misfit > 0.1
