"""Systems whose updates change from step to step, on the device: PGGAN's levels, and the phases of SeqGAN and
pix2pixHD, which clusters features between updates."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans.data import SceneData, SequenceData, scenes
from gans.data.images import image_data
from gans.data.spec import spec_of
from gans.systems import build, settings_for
from gans.trainer import Training, ask_of
from tests.states import flat

GROWING = {"latent": 3, "features": 2, "batch_size": 2, "fade_steps": 2, "hold_steps": 2, "ema": 0.5}
DRAWING = {
    "batch_size": 3,
    "width": 4,
    "features": 2,
    "rollouts": 2,
    "critic_steps": 1,
    "likelihood_steps": 2,
    "judging_steps": 2,
}
PAINTING = {
    "batch_size": 1,
    "features": 2,
    "blocks": 0,
    "enhancer_blocks": 0,
    "global_steps": 2,
    "enhancer_steps": 2,
    "clusters": 2,
    "cluster_steps": 5,
}


def noise() -> Any:
    """Twelve images of one class."""
    pixels = np.random.default_rng(0).integers(0, 256, (12, 8, 8)).astype(np.uint8)
    labels = np.zeros(12, np.uint8)
    return image_data("noise", pixels, labels, pixels, labels)


def training(model: str, *, capture: bool) -> Training:
    if model == "pggan":
        data: Any = noise()
        settings = settings_for("pggan", "image", **GROWING)
    elif model == "pix2pixhd":
        data = SceneData(noise())
        settings = settings_for("pix2pixhd", "pairs", **PAINTING)
    else:
        data = SequenceData("tiny", vocabulary=6, length=4, count=12, hidden=3)
        settings = settings_for("seqgan", "sequences", **DRAWING)
    mg.manual_seed(0)
    return Training(build(settings, spec_of(data), "cuda"), data, 0, capture=capture)


@pytest.fixture(autouse=True)
def small_scenes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scenes of the fewest pixels that pix2pixHD takes: the emulator computes each of them."""
    monkeypatch.setattr(scenes, "SIDE", 32)
    monkeypatch.setattr(scenes, "SMALLEST", 12)
    monkeypatch.setattr(scenes, "LARGEST", 20)


@pytest.mark.parametrize("model", ["pggan", "pix2pixhd", "seqgan"])
def test_captured_updates_and_a_resumed_run_are_the_whole_one(cupy: ModuleType, model: str) -> None:
    """Seven steps: with graphs, op by op, and from the state after three."""
    ends, third = [], {}
    for capture in (True, False):
        run = training(model, capture=capture)
        for step in range(7):
            if capture and step == 3:
                third = run.state_dict()
            run.advance()
        run.read()
        ends.append(flat(run.state_dict()))
    assert ends[0] == ends[1]
    second = training(model, capture=True)
    second.load_state_dict(third)
    for _ in range(4):
        second.advance()
    assert flat(second.state_dict()) == ends[0]
    ask = ask_of(second._algorithm.data, 2) if "sources" in second.system.asks else None
    made = second.system.sample(2, second.rng, ask).samples
    assert made.shape == (2, *second.system.spec.shape)
