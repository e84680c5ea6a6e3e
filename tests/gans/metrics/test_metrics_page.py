"""docs/metrics.md has each column of metrics.jsonl and each figure, no other, and says what the code does."""

from __future__ import annotations

import re

import numpy as np
import pytest

import minigrad as mg
from gans import data, systems
from gans.data import ImageData, MovingData, SequenceData, StackedData
from gans.data.images import image_data
from gans.metrics import (
    MEANINGS,
    evaluate_clips,
    evaluate_images,
    evaluate_points,
    evaluate_sequences,
    evaluate_stacked,
    evaluate_translations,
)
from gans.objectives import gradient_penalty
from gans.steps import discriminator_step
from gans.systems.gan import GAN
from gans.systems.two_player import TwoPlayer
from gans.trainer import Record
from tests.processes import ROOT

PAGE = (ROOT / "docs" / "metrics.md").read_text("utf-8")
OBJECTIVES = {
    name: make
    for system in systems.SYSTEMS.values()
    if issubclass(system, TwoPlayer)
    for name, make in system.objectives.items()
}
NAME = re.compile(r"`(\w[\w-]*)`")


def table(heading: str) -> list[list[str]]:
    """The cells of the first table after ``heading``, without its own."""
    after = PAGE.split(f"\n{heading}\n", 1)[1]
    lines = re.search(r"(?:^\|.*\n)+", after, re.MULTILINE)
    assert lines is not None
    _, _, *rows = lines[0].splitlines()
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def names(cells: list[str]) -> list[str]:
    return [name for cell in cells for name in NAME.findall(cell)]


def test_the_page_has_each_column_of_a_record() -> None:
    numbers = dict.fromkeys(("loss_d", "loss_g", "d_real", "d_fake", "grad_norm_d", "grad_norm_g"), 0.5)
    record = Record(step=1, epoch=1, numbers=numbers, seconds=0.1)
    assert names([row[0] for row in table("## Metrics")]) == list(record.line())


def test_each_gan_of_two_players_reports_these_columns() -> None:
    columns = set(names([row[0] for row in table("## Metrics")])) - {"step", "epoch", "seconds"}
    updates = TwoPlayer.update_discriminator, TwoPlayer.update_generator
    assert columns == {name for update in updates for name in update.reports} - {"wasserstein", "penalty"}


def test_the_page_has_each_objective() -> None:
    rows = table("### Losses by objective")
    assert names([row[0] for row in rows]) == list(OBJECTIVES)
    for objective, models, *_ in rows:
        having = [
            name
            for name, system in systems.SYSTEMS.items()
            if issubclass(system, TwoPlayer) and objective.strip("`") in system.objectives
        ]
        assert models.split(", ") == having


def test_the_page_has_each_figure_of_each_kind_of_data() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (90, 28, 28)).astype(np.uint8)
    labels = (np.arange(90) % 10).astype(np.uint8)
    noise = image_data("noise", pixels, labels, pixels, labels)
    toy = data.load("ring")
    assert not isinstance(toy, ImageData)
    oracle = SequenceData("tiny", vocabulary=9, length=5, count=9)
    clips = MovingData(noise).batch(slice(9))[1]
    for heading, figures in (
        ("### Images", evaluate_images(noise.train(), noise)),
        ("### Stacked digits", evaluate_stacked(StackedData(noise).train(slice(9)), StackedData(noise))),
        ("### Translations", evaluate_translations(noise.train(), noise.train())),
        ("### Clips", evaluate_clips(clips, clips, np.ones((9, 8, 32, 32), int))),
        ("### Points", evaluate_points(toy.sample(20, np.random.default_rng(0)), toy)),
        ("### Sequences", evaluate_sequences(oracle.train(), oracle)),
    ):
        rows = table(heading)
        assert sorted(names([cell for row in rows for cell in row[:2]])) == sorted(figures)
        for name, _, _, _, better, *_ in rows:
            assert better == MEANINGS[name.strip("`")].better, name


def test_a_critics_columns_give_its_estimate_and_its_penalty() -> None:
    """What the page says of ``loss_d`` of WGAN-GP; the penalty is drawn again from the same state."""
    mg.manual_seed(0)
    gan = systems.build(systems.settings_for("wgan-gp", "points", width=16), (2,))
    rng = np.random.default_rng(0)
    real = mg.Tensor(rng.standard_normal((32, 2)).astype(np.float32))
    z = gan.latent(32, rng)
    with mg.no_grad():
        fake = gan.generator(z)
    penalty = gradient_penalty(gan.settings.penalty)
    expected = float(penalty(gan.discriminator, real, fake, np.random.default_rng(1)))
    networks = gan.generator, gan.discriminator
    result = discriminator_step(*networks, gan.optimizer_d, gan.objective, real, z, np.random.default_rng(1))
    assert result.real is not None
    estimate = float(result.real) - float(result.fake)
    assert float(result.loss) + estimate == pytest.approx(expected, rel=1e-4)
    assert expected > 1e-3


@pytest.mark.parametrize(
    ("objective", "d", "g"), [("non-saturating", 1.386, 0.693), ("minimax", 1.386, -0.693)]
)
def test_the_losses_of_a_d_that_cannot_tell_are_the_pages(objective: str, d: float, g: float) -> None:
    assert f"{d} and {g} nats" in PAGE
    losses = GAN.objectives[objective](systems.settings_for("gan", "points"))
    zero = mg.zeros(4, 1)
    assert float(losses.discriminator(zero, zero)) == pytest.approx(d, abs=5e-4)
    assert float(losses.generator(zero)) == pytest.approx(g, abs=5e-4)
    assert float(mg.ops.mean(losses.readout(zero))) == 0.5
