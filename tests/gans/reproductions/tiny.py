"""An experiment in a file of one's own, whose trials take no time."""

from __future__ import annotations

import os
import time
from functools import partial

import minigrad as mg
from gans.data import load
from gans.reproductions import Experiment, Figure, Published, Row
from gans.reproductions.trial import Trial
from gans.systems import build, settings_for
from gans.trainer import DivergedError, Training

SAVED, PAUSE = 5, 0.5
"""Steps between saves; seconds that each step after the first save takes more in a slow trial, so that a test
can stop it in the middle, however busy the machine is."""

SLOW = os.environ.get("TINY_SLOW")
"""The seed of the slow trials."""


def weights(seed: int, training: Training) -> dict[str, float]:
    if training.step > SAVED and str(seed) == SLOW:
        time.sleep(PAUSE)
    return {"weight": float(training.system.generator[0].weight.data.sum())}


def run(width: int, trial: Trial) -> dict[str, float | None]:
    mg.manual_seed(trial.seed)
    toy = load("ring")
    system = build(settings_for("gan", "points", batch_size=4, width=width), toy.shape)
    training = Training(system, toy, trial.seed)
    trial.train(training, measure=partial(weights, trial.seed), every=1, save_every=SAVED)
    return {"weight": trial.trace["weight"][-1], "nothing": None}


def diverge(trial: Trial) -> dict[str, float]:
    raise DivergedError(3, "discriminator", "the loss is nan")


TINY = Experiment(
    title="Tiny",
    paper="Nobody 2026",
    protocol="The sum of G's first weights.",
    source="none",
    trials=2,
    settings={"batch": 4},
    figures={"weight": Figure("weight", 3), "nothing": Figure("nothing")},
    rows={
        "narrow": Row("Narrow", partial(run, 3), {"weight": Published(1.5, 0.25)}, {"width": 3}, steps=20),
        "wide": Row("Wide", partial(run, 5), {}, {"width": 5}, steps=20),
    },
)

FAILING = Experiment(
    title="Failing",
    paper="Nobody 2026",
    protocol="It diverges.",
    source="none",
    figures={"weight": Figure("weight")},
    rows={"only": Row("Only", diverge)},
)
