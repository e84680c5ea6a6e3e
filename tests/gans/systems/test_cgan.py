"""CGAN: its losses, that labels reach G and D, and that G makes samples of the chosen class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gans
import minigrad as mg
from gans.data.images import ImageData, image_data
from gans.data.spec import Spec
from gans.errors import UserError
from gans.systems import Ask, build, settings_for
from gans.systems.cgan import CGAN
from gans.trainer import Training
from minigrad.ops import sum
from tests.gans.commands import failure
from tests.gans.data.pictures import noise, write_pictures
from tests.gans.systems import contract

SMALL: dict[str, Any] = {"batch_size": 8, "features": 4, "latent": 4}


def small(**changes: Any) -> Training:
    return contract.trained("cgan", contract.halves(), **{**SMALL, "ema": 0.9, **changes})


def built(shape: tuple[int, ...] = (1, 8, 8), classes: int = 3, **changes: Any) -> CGAN:
    mg.manual_seed(0)
    system: CGAN = build(settings_for("cgan", "image", **{**SMALL, **changes}), Spec("image", shape, classes))
    return system


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def batch(shape: tuple[int, ...] = (1, 8, 8), classes: int = 3) -> tuple[mg.Tensor, mg.Tensor]:
    return (
        mg.Tensor(rng().uniform(-1, 1, (8, *shape)).astype(np.float32)),
        mg.Tensor(np.arange(8) % classes),
    )


def test_d_learns_from_the_labels_of_the_data_and_g_from_d_with_the_same_labels() -> None:
    """The losses of equation 2, with the logits of D on the same noise."""
    cgan, (real, labels) = built(), batch()
    with mg.no_grad():
        fake = cgan.generator(cgan.noise(8, 4, rng()), labels)
        on_real, on_fake = (cgan.discriminator(x, labels).numpy() for x in (real, fake))
        swapped = cgan.discriminator(real, mg.Tensor((np.arange(8) + 1) % 3)).numpy()
    softplus = np.logaddexp
    found = cgan.update_discriminator(real, labels, rng())["loss_d"].item()
    assert found == pytest.approx(np.mean(softplus(0, -on_real)) + np.mean(softplus(0, on_fake)), rel=1e-4)
    assert found != pytest.approx(np.mean(softplus(0, -swapped)) + np.mean(softplus(0, on_fake)), rel=1e-4)
    cgan = built()
    found = cgan.update_generator(labels, rng())["loss_g"].item()
    with mg.no_grad():
        again = built()
        on_fake = again.discriminator(again.generator(again.noise(8, 4, rng()), labels), labels).numpy()
    assert found == pytest.approx(np.mean(softplus(0, -on_fake)), rel=1e-4)


def test_another_label_is_another_image_and_another_judgement() -> None:
    cgan, (real, labels) = built(), batch()
    others = mg.Tensor((labels.numpy() + 1) % 3)
    z = cgan.noise(8, 4, rng())
    with cgan.evaluating():
        apart = np.abs(cgan.generator(z, labels).numpy() - cgan.generator(z, others).numpy())
        assert (apart.max(axis=(1, 2, 3)) > 0).all()
        assert (cgan.discriminator(real, labels).numpy() != cgan.discriminator(real, others).numpy()).all()


def test_gradients_reach_the_weights_of_the_labels_that_are_there() -> None:
    cgan, (_, labels) = built(classes=5), batch(classes=3)
    fake = cgan.generator(cgan.noise(8, 4, rng()), labels)
    logit = sum(cgan.discriminator(fake, labels))
    first, planes = cgan.generator.image[0].weight, cgan.discriminator.label.weight
    of_first, of_planes = mg.grad(logit, [first, planes])
    for slope in (of_first.numpy()[:, 4:].T, of_planes.numpy()):
        rows = np.abs(slope).sum(axis=1) > 0
        assert rows.tolist() == [True, True, True, False, False]


def share_that_obeys(data: ImageData) -> float:
    """The share of samples with the half bright that was asked for, after 150 steps on ``data``."""
    training = contract.trained("cgan", data, batch_size=16, features=8, latent=8, lr=1e-3)
    contract.advance(training, 150)
    made = training.system.sample(200, rng())
    right = made.samples[..., 4:].mean(axis=(1, 2, 3)) > made.samples[..., :4].mean(axis=(1, 2, 3))
    return float(np.mean(right == made.labels))


def test_it_obeys_its_label_and_does_not_where_labels_mean_nothing() -> None:
    data = contract.halves(400)
    assert share_that_obeys(data) >= 0.95
    shuffled = np.arange(400) // 2 % 2  # half of each class with each label
    assert 0.25 < share_that_obeys(image_data("shuffled", data.images, shuffled)) < 0.75


def test_samples_have_the_classes_that_are_asked_for_and_all_classes_otherwise() -> None:
    cgan = built(classes=4)
    asked = cgan.sample(5, rng(), Ask(classes=np.array([3, 0, 3, 1, 2])))
    assert asked.labels is not None
    assert asked.labels.tolist() == [3, 0, 3, 1, 2]
    free = cgan.sample(400, rng()).labels
    assert free is not None
    assert np.bincount(free, minlength=4).min() > 60


def test_a_picture_has_a_row_for_each_class() -> None:
    cgan = built(classes=4)
    with cgan.evaluating():
        made = cgan.show(64, rng(), Ask())
    assert made.columns is not None
    assert made.labels is not None
    assert (made.labels.reshape(4, made.columns) == np.arange(4)[:, None]).all()


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 9, 17), (1, 28, 28), (3, 64, 33)])
def test_it_takes_its_shape_from_the_images(shape: tuple[int, ...]) -> None:
    cgan = built(shape, features=2)
    numbers = cgan.update_discriminator(*batch(shape), rng())
    assert numbers.keys() == {"loss_d", "d_real", "d_fake", "grad_norm_d"}
    assert cgan.sample(2, rng()).samples.shape == (2, *shape)


def test_images_without_labels_are_refused() -> None:
    with pytest.raises(UserError, match="cgan learns from labels, and the data have no labels"):
        built(classes=0)
    with pytest.raises(UserError, match="labels of one class"):
        built(classes=1)


def test_a_folder_level_too_many_is_one_class_and_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for label in ("cat", "dog"):
        write_pictures(tmp_path / "download" / "animals" / label, noise(8))
    told = failure(capsys, "train", "cgan", "--data", tmp_path / "download", "--out", tmp_path / "run")
    assert "labels of one class" in told
    assert not (tmp_path / "run").exists()


def test_classes_from_python(tmp_path: Path) -> None:
    run = gans.train("cgan", contract.halves(), steps=2, out=tmp_path / "run", progress=False, **SMALL)
    samples = gans.sample(run, n=6, classes=1)
    assert samples.shape == (6, 1, 8, 8)
    assert samples.labels is not None
    assert samples.labels.tolist() == [1] * 6
    with pytest.raises(UserError, match="from 0 to 1"):
        gans.sample(run, classes=2)


@pytest.mark.slow
def test_digits_are_those_that_were_asked_for(tmp_path: Path) -> None:
    run = gans.train("cgan", seed=0, out=tmp_path / "run", progress=False)
    assert gans.evaluate(run)["label_accuracy"] >= 0.95
