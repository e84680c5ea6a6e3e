"""The critic's estimate against W1: what is measured, and a short training."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gans.metrics import rank_correlation
from gans.reproductions.experiments.wgan_curve import distances, trial
from gans.reproductions.toys import start
from gans.reproductions.trial import Trial
from gans.systems import settings_for


def test_a_short_trial(tmp_path: Path) -> None:
    made = Trial(tmp_path, 0, steps=60)
    figures = trial(made)
    assert made.trace["step"] == [20, 40, 60]
    assert figures["correlation"] == rank_correlation(made.trace["w1"], made.trace["estimate"]) == 1
    assert figures["w1"] == made.trace["w1"][-1] < made.trace["w1"][0]


def test_w1_of_an_untrained_generator_is_the_distance_of_the_means() -> None:
    """Its points lie far below the data, so that W1 is the difference of the means."""
    training, toy = start(settings_for("wgan", "points"), "gaussian", 0)
    found = distances(training, toy)["w1"]
    samples = training.system.sample(10_000, np.random.default_rng(5)).samples
    assert samples.max() < 4 - 4 * 0.5
    assert abs(found - (4 - samples.mean())) < 0.02
