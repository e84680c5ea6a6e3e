"""The experiments on toys, cut short: what their networks start with, and the figures that they give."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from gans.reproductions import EXPERIMENTS
from gans.reproductions.experiments.wgan_gp_toys import AsPublished
from gans.reproductions.toys import start
from gans.reproductions.trial import Trial
from gans.systems import settings_for
from minigrad import nn
from tests.states import flat


@pytest.mark.parametrize(
    ("name", "row", "missing"),
    [
        ("wgan-gp-toys", "grid", set()),
        ("wgan-gp-toys", "swiss-roll", {"modes", "high_quality", "reverse_kl"}),
        ("pacgan", "grid-gan", set()),
        ("pacgan", "ring-pacgan4", set()),
        ("unrolled-ring", "ahead-0", set()),
        ("unrolled-ring", "ahead-5", set()),
        ("veegan", "grid-gan", set()),
    ],
)
def test_a_short_trial_gives_the_figures_of_the_table(
    name: str, row: str, missing: set[str], tmp_path: Path
) -> None:
    experiment = EXPERIMENTS[name]
    figures = experiment.rows[row].trial(Trial(tmp_path, 0, steps=2))
    assert figures.keys() == experiment.figures.keys() - missing


def test_wgan_gp_starts_with_the_weights_of_the_authors() -> None:
    training, _ = start(settings_for("wgan-gp", "points", width=512, depth=3), "ring", 0, AsPublished)
    layers = [
        layer for layer in training.system.parts()["discriminator"].modules() if isinstance(layer, nn.Linear)
    ]
    assert [layer.weight.shape for layer in layers] == [(512, 2), (512, 512), (512, 512), (1, 512)]
    for layer in layers[:-1]:
        assert np.abs(layer.weight.numpy()).max() == pytest.approx(
            math.sqrt(6 / layer.weight.shape[1]), rel=0.01
        )
    assert np.abs(layers[-1].weight.numpy()).max() == pytest.approx(math.sqrt(6 / 513), rel=0.01)
    assert all(not layer.bias.numpy().any() for layer in layers if layer.bias is not None)


def test_the_unrolled_rows_look_ahead_as_far_as_they_say(tmp_path: Path) -> None:
    """One step ahead and none differ from the first update of G on."""
    rows = EXPERIMENTS["unrolled-ring"].rows
    found = []
    for name in ("ahead-0", "ahead-0", "ahead-1"):
        made = Trial(tmp_path / f"{name}-{len(found)}", 0, steps=1)
        made.folder.mkdir()
        rows[name].trial(made)
        state = mg.load(made.folder / "training.safetensors")
        found.append(flat(state["training"]["parts"]["generator"]))
    assert found[0] == found[1] != found[2]
    assert [row.settings["unroll"] for row in rows.values()] == [0, 1, 5, 10]


def test_veegan_counts_after_the_trainings_of_the_unrolled_notebook(tmp_path: Path) -> None:
    """On the same ring its rows are those of that experiment."""
    for mine, theirs in (("ring-gan", "ahead-0"), ("ring-unrolled", "ahead-5")):
        found = []
        for name, row in (("veegan", mine), ("unrolled-ring", theirs)):
            made = Trial(tmp_path / row, 0, steps=2)
            made.folder.mkdir()
            found.append(EXPERIMENTS[name].rows[row].trial(made))
        assert found[0].items() <= found[1].items()
    grids = [row for name, row in EXPERIMENTS["veegan"].rows.items() if name.startswith("grid")]
    assert [row.settings["data"] for row in grids] == ["grid", "grid"]
