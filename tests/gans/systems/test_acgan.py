"""ACGAN: its two losses, whom they teach, a class head on logits, and samples of the chosen class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gans
import minigrad as mg
from gans.data.spec import Spec
from gans.systems import Ask, build, settings_for
from gans.systems.acgan import ACGAN
from minigrad.ops import cross_entropy
from tests.gans.systems import contract

SMALL: dict[str, Any] = {"batch_size": 8, "features": 4, "latent": 4}


def built(classes: int = 3, **changes: Any) -> ACGAN:
    mg.manual_seed(0)
    system: ACGAN = build(
        settings_for("acgan", "image", **{**SMALL, **changes}), Spec("image", (1, 8, 8), classes)
    )
    return system


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def batch(classes: int = 3) -> tuple[mg.Tensor, mg.Tensor]:
    return (
        mg.Tensor(rng().uniform(-1, 1, (8, 1, 8, 8)).astype(np.float32)),
        mg.Tensor(np.arange(8) % classes),
    )


def log_softmax(logits: Any) -> Any:
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


def test_the_losses_are_those_of_equations_2_and_3() -> None:
    acgan, (real, labels) = built(), batch()
    with mg.no_grad():
        features = [acgan.trunk(x) for x in (real, acgan.generator(acgan.noise(8, 4, rng()), labels))]
        on_real, on_fake = (acgan.head(x).numpy() for x in features)
        of_real, of_fake = (
            -log_softmax(acgan.class_head(x).numpy())[np.arange(8), labels.numpy()].mean() for x in features
        )
    found = {name: number.item() for name, number in acgan.update_discriminator(real, labels, rng()).items()}
    source = np.logaddexp(0, -on_real).mean() + np.logaddexp(0, on_fake).mean()
    assert found["loss_d"] == pytest.approx(source, rel=1e-4)
    assert (found["class_real"], found["class_fake"]) == pytest.approx((of_real, of_fake), rel=1e-4)
    acgan = built()
    found = {name: number.item() for name, number in acgan.update_generator(labels, rng()).items()}
    assert found["loss_g"] == pytest.approx(np.logaddexp(0, -on_fake).mean(), rel=1e-4)
    assert found["class_loss"] == pytest.approx(of_fake, rel=1e-4)


def test_the_class_loss_teaches_the_generator_and_the_trunk_but_not_the_other_head() -> None:
    acgan, (_, labels) = built(), batch()
    features = acgan.trunk(acgan.generator(acgan.noise(8, 4, rng()), labels))
    loss = cross_entropy(acgan.class_head(features), labels)
    for network in (acgan.generator, acgan.trunk, acgan.class_head):
        slopes = mg.grad(loss, network.parameters())
        assert max(float(np.abs(slope.numpy()).max()) for slope in slopes) > 0
    with pytest.raises(ValueError, match="does not depend"):
        mg.grad(loss, acgan.head.parameters())


def test_the_class_head_gives_logits() -> None:
    """A softmax before the cross entropy would keep the loss of a sure head above log(1 + 2 / e)."""
    acgan, (real, labels) = built(), batch()
    with mg.no_grad():
        logits = acgan.class_head(acgan.trunk(real)).numpy()
        sure = mg.Tensor(1e3 * np.eye(3, dtype=np.float32)[labels.numpy()])
        assert cross_entropy(sure, labels).item() == 0
    assert not np.allclose(logits.sum(axis=1), 1)
    assert logits.min() < 0


def test_the_discriminator_is_not_given_the_label() -> None:
    """Other labels change the class loss, and not what D makes of the same images."""
    (real, labels), others = batch(), mg.Tensor((np.arange(8) + 1) % 3)
    first, second = (built().update_discriminator(real, given, rng()) for given in (labels, others))
    assert first["d_real"].item() == second["d_real"].item()
    assert first["class_real"].item() != second["class_real"].item()


def test_it_obeys_its_label_and_its_head_is_a_classifier() -> None:
    data = contract.halves(400)
    training = contract.trained("acgan", data, batch_size=16, features=8, latent=8, lr=1e-3, lr_half_life=0)
    contract.advance(training, 150)
    made = training.system.sample(200, rng())
    right = made.samples[..., 4:].mean(axis=(1, 2, 3)) > made.samples[..., :4].mean(axis=(1, 2, 3))
    assert np.mean(right == made.labels) >= 0.95
    with training.system.evaluating():
        assert training.system.figures(data, rng())["head_accuracy"] >= 0.95


def test_samples_have_the_classes_that_are_asked_for_and_all_classes_otherwise() -> None:
    acgan = built(classes=4)
    asked = acgan.sample(5, rng(), Ask(classes=np.array([3, 0, 3, 1, 2])))
    assert asked.labels is not None
    assert asked.labels.tolist() == [3, 0, 3, 1, 2]
    free = acgan.sample(400, rng()).labels
    assert free is not None
    assert np.bincount(free, minlength=4).min() > 60


@pytest.mark.slow
def test_digits_are_those_that_were_asked_for(tmp_path: Path) -> None:
    run = gans.train("acgan", seed=0, out=tmp_path / "run", progress=False)
    figures = gans.evaluate(run)
    assert figures["label_accuracy"] >= 0.95
    assert figures["head_accuracy"] >= 0.95


def after_an_update_of_d(fakes: int, **changes: Any) -> Any:
    """The class head's weights after an update of D on one batch, with fakes of the noise ``fakes``."""
    acgan, (real, labels) = built(**changes), batch()
    acgan.trunk.eval()  # no batch norm over fakes
    acgan.update_discriminator(real, labels, rng(fakes))
    return acgan.class_head.weight.numpy()


def test_the_class_head_learns_from_fakes_with_their_weight_alone() -> None:
    assert np.array_equal(after_an_update_of_d(0), after_an_update_of_d(1))
    weighted = [after_an_update_of_d(fakes, fake_class_weight=1.0) for fakes in (0, 1)]
    assert not np.array_equal(*weighted)
