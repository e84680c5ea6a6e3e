"""Semi-supervised GAN: D's two losses on logits, G's two losses, noise that replays draw anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gans
import minigrad as mg
from gans.data.partial import PartialData
from gans.data.spec import Spec
from gans.errors import UserError
from gans.systems import build, settings_for
from gans.systems.ssgan import SSGAN
from tests.gans.systems import contract

SMALL: dict[str, Any] = {"batch_size": 8, "features": 4, "latent": 4, "hidden": 16}
SILENT: dict[str, Any] = {"noise": 0.0, "dropout": 0.0, "views_weight": 0.0}


def built(**changes: Any) -> SSGAN:
    mg.manual_seed(0)
    system: SSGAN = build(
        settings_for("ssgan", "partial", **{**SMALL, **changes}), Spec("partial", (1, 8, 8), classes=3)
    )
    return system


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def images(seed: int) -> mg.Tensor:
    return mg.Tensor(rng(seed).uniform(-1, 1, (8, 1, 8, 8)).astype(np.float32))


LABELS = mg.Tensor(np.arange(8) % 3)


def softplus(x: Any) -> Any:
    return np.logaddexp(0, x)


def test_d_descends_both_losses() -> None:
    """Z / (Z + 1) is the sigmoid of log Z, in which the class "generated" has the logit 0."""
    system, real, labelled = built(**SILENT), images(1), images(2)
    with mg.no_grad():
        fake = system.generator(system.noise(8, 4, rng()))
        joined = system.discriminator(mg.ops.concatenate([labelled, real, fake]))[1]  # one batch norm
        logits, of_real, of_fake = np.split(joined.numpy().astype(np.float64), 3)
    ten = [np.exp(x) / (np.exp(x).sum(axis=1, keepdims=True) + 1) for x in (of_real, of_fake)]
    unsupervised = -np.log(ten[0].sum(axis=1)).mean() - np.log(1 - ten[1].sum(axis=1)).mean()
    right = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(8), LABELS.numpy()]
    found = {k: v.item() for k, v in system.update_discriminator(real, labelled, LABELS, rng()).items()}
    assert found["loss_d"] == pytest.approx(unsupervised, rel=1e-4)
    assert found["class_real"] == pytest.approx(right.mean(), rel=1e-4)
    assert found["d_real"] == pytest.approx(ten[0].sum(axis=1).mean(), rel=1e-4)
    assert found["d_fake"] == pytest.approx(ten[1].sum(axis=1).mean(), rel=1e-4)


def test_d_also_ascends_what_two_views_of_an_unlabelled_image_share() -> None:
    silent = {**SILENT, "unsupervised": 1e-30, "lr": 1e-2}
    pixels = mg.tensor(contract.halves(64).train(slice(None)))
    shared = {}
    for weight in (1e-30, 1.0):
        system, stream = built(**{**silent, "views_weight": weight}), rng()
        for _ in range(26):
            numbers = system.update_discriminator(pixels, images(2), LABELS, stream)
        shared[weight] = numbers["views"].item()
    assert shared[1e-30] < 0.3
    assert shared[1.0] > 0.5  # two kinds of images: log 2 = 0.69
    assert "views" not in built(**SILENT).update_discriminator(images(1), images(2), LABELS, rng())


@pytest.mark.parametrize("loss", ["feature-matching", "non-saturating"])
def test_the_losses_of_g(loss: str) -> None:
    system, real = built(**SILENT, generator_loss=loss), images(1)
    with mg.no_grad():
        fake = system.generator(system.noise(8, 4, rng()))
        features, logits = system.discriminator(mg.ops.concatenate([fake, real]))  # one batch norm
    of_fake, of_real = np.split(features.numpy(), 2)
    log_z = np.log(np.exp(logits.numpy()[:8].astype(np.float64)).sum(axis=1))
    expected = {
        "feature-matching": np.square(of_fake.mean(axis=0) - of_real.mean(axis=0)).sum(),
        "non-saturating": softplus(-log_z).mean(),
    }
    assert system.update_generator(real, rng())["loss_g"].item() == pytest.approx(expected[loss], rel=1e-3)


def test_each_update_moves_its_own_network_alone() -> None:
    system = built()

    def weights(network: Any) -> list[bytes]:
        return [p.numpy().tobytes() for p in network.parameters()]

    g = weights(system.generator)
    system.update_discriminator(images(1), images(2), LABELS, rng())
    assert weights(system.generator) == g
    d = weights(system.discriminator)
    system.update_generator(images(1), rng())
    assert weights(system.discriminator) == d
    assert weights(system.generator) != g


def few(count: int = 4) -> PartialData:
    return PartialData(contract.halves(96), count)


def test_without_weight_of_unlabelled_images_it_is_the_classifier_of_the_labelled_ones() -> None:
    """G does not move, and D moves as a classifier by itself does."""
    training = contract.trained("ssgan", few(), **SMALL, **SILENT, unsupervised=0.0)
    system: Any = training.system
    before = [p.numpy().copy() for p in system.generator.parameters()]
    numbers = contract.advance(training, 3)
    assert all(record.keys() == {"class_real", "grad_norm_d"} for record in numbers)
    after = [p.numpy() for p in system.generator.parameters()]
    assert all(np.array_equal(x, y) for x, y in zip(before, after, strict=True))
    alone = built(**SILENT)
    adam = mg.optim.Adam(alone.discriminator.parameters(), lr=alone.settings.lr, betas=(0.5, 0.999))
    loss = mg.ops.cross_entropy(alone.discriminator(images(2))[1], LABELS)
    adam.step(mg.grad(loss, adam.params))
    other = built(**SILENT)
    assert other.update_classifier(images(2), LABELS, rng())["class_real"].item() == loss.item()
    for one, two in zip(alone.discriminator.parameters(), other.discriminator.parameters(), strict=True):
        assert np.array_equal(one.numpy(), two.numpy())


def test_noise_and_dropout_are_drawn_anew_in_each_update_and_not_in_figures() -> None:
    training = contract.trained("ssgan", few(), **SMALL, lr=1e-30)
    numbers = contract.advance(training, 4)
    assert len({record["class_real"] for record in numbers}) == 4
    with training.system.evaluating():
        first, second = (training.system.discriminator(images(1))[1].numpy() for _ in range(2))
    assert np.array_equal(first, second)


def test_four_labels_are_enough_for_two_classes() -> None:
    data = few()
    training = contract.trained("ssgan", data, **SMALL, lr=3e-3, dropout=0.2)
    contract.advance(training, 60)
    with training.system.evaluating(average=False):
        assert training.system.figures(data, rng())["error"] <= 0.05


def test_it_needs_data_of_which_few_have_labels(tmp_path: Path) -> None:
    run = gans.train("ssgan", few(), steps=2, out=tmp_path / "run", progress=False, **SMALL)
    assert gans.sample(run, 3).shape == (3, 1, 8, 8)
    with pytest.raises(UserError, match="ssgan needs images of which few have labels, got images"):
        gans.train("ssgan", contract.halves(), steps=2, out=tmp_path / "other", progress=False)
