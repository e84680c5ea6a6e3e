"""StarGAN: its losses, a domain that G is given and D names, translations into every domain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gans
import minigrad as mg
from gans.data.images import image_data
from gans.data.mnist5k import load_mnist5k
from gans.data.spec import Spec
from gans.data.styles import StyleData
from gans.errors import UserError
from gans.systems import Ask, build, settings_for
from gans.systems.stargan import StarGAN
from gans.trainer.pictures import ask_of
from minigrad.ops import cross_entropy
from tests.gans.systems import contract

SMALL: dict[str, Any] = {"batch_size": 4, "features": 4, "blocks": 1, "critic_steps": 1, "identity": 0.0}


def built(shape: tuple[int, ...] = (1, 8, 8), classes: int = 3, **changes: Any) -> StarGAN:
    mg.manual_seed(0)
    system: StarGAN = build(
        settings_for("stargan", "image", **{**SMALL, **changes}), Spec("image", shape, classes)
    )
    return system


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def batch(n: int = 4) -> tuple[mg.Tensor, mg.Tensor]:
    return mg.Tensor(rng(1).uniform(-1, 1, (n, 1, 8, 8)).astype(np.float32)), mg.Tensor(np.arange(n) % 3)


def missed(logits: mg.Tensor, labels: mg.Tensor) -> float:
    return float(cross_entropy(logits, labels).item())


def test_the_discriminator_s_loss_is_equations_2_and_8() -> None:
    system, (real, domains) = built(), batch()
    with mg.no_grad():
        fake = system.generator(real, system.drawn(4, rng()))
        on_real, on_fake = system.score(real).numpy().mean(), system.score(fake).numpy().mean()
        class_real = missed(system.class_head(system.trunk(real)), domains)
    noise = rng()
    system.drawn(4, noise)
    penalty = system.gradient_penalty(system.score, real, fake, noise).item()
    found = {k: v.item() for k, v in system.update_discriminator(real, domains, rng()).items()}
    assert found["class_real"] == pytest.approx(class_real, rel=1e-4)
    assert found["penalty"] == pytest.approx(penalty, rel=1e-4)
    assert found["wasserstein"] == pytest.approx(on_real - on_fake, rel=1e-3, abs=1e-6)
    assert found["loss_d"] == pytest.approx(on_fake - on_real + penalty, rel=1e-4)


def test_the_generator_s_loss_is_equation_6() -> None:
    system, (real, domains) = built(cycle=7.0, class_weight=3.0), batch()
    asked = system.drawn(4, rng())
    assert asked.tolist() != domains.tolist()
    with mg.no_grad():
        fake = system.generator(real, asked)
        adversarial = -system.score(fake).numpy().mean()
        class_loss = missed(system.class_head(system.trunk(fake)), asked)
        cycle = np.abs(system.generator(fake, domains).numpy() - real.numpy()).mean()
    found = {k: v.item() for k, v in system.update_generator(real, domains, rng()).items()}
    assert found["adversarial"] == pytest.approx(adversarial, rel=1e-3, abs=1e-6)
    assert found["class_loss"] == pytest.approx(class_loss, rel=1e-4)
    assert found["cycle"] == pytest.approx(cycle, rel=1e-4)
    assert found["loss_g"] == pytest.approx(adversarial + 3 * class_loss + 7 * cycle, rel=1e-4)


def test_an_image_of_the_domain_asked_for_should_stay_as_it_is() -> None:
    system, (real, domains) = built(identity=20.0), batch()
    with mg.no_grad():
        changed = np.abs(system.generator(real, domains).numpy() - real.numpy()).mean()
    found = {k: v.item() for k, v in system.update_generator(real, domains, rng()).items()}
    without = {k: v.item() for k, v in built().update_generator(real, domains, rng()).items()}
    assert found["identity"] == pytest.approx(changed, rel=1e-4)
    assert found["loss_g"] == pytest.approx(without["loss_g"] + 20 * changed, rel=1e-4)
    assert "identity" not in without


def test_the_domain_is_an_input_of_g_and_not_of_d() -> None:
    system, (real, domains) = built(), batch()
    others = mg.Tensor((domains.numpy() + 1) % 3)
    with system.evaluating():
        apart = np.abs(system.generator(real, domains).numpy() - system.generator(real, others).numpy())
    assert (apart.max(axis=(1, 2, 3)) > 0).all()
    first, second = (built().update_discriminator(real, given, rng()) for given in (domains, others))
    assert first["loss_d"].item() == second["loss_d"].item()
    assert first["class_real"].item() != second["class_real"].item()


def test_each_update_moves_its_own_networks_alone() -> None:
    system, (real, domains) = built(), batch()
    judges = (system.trunk, system.head, system.class_head)

    def weights(*networks: Any) -> list[bytes]:
        return [p.numpy().tobytes() for network in networks for p in network.parameters()]

    g, d = weights(system.generator), weights(*judges)
    system.update_discriminator(real, domains, rng())
    assert weights(system.generator) == g
    moved = weights(*judges)
    assert [x != y for x, y in zip(moved, d, strict=True)].count(False) <= 1  # a critic's last offset
    system.update_generator(real, domains, rng())
    assert weights(*judges) == moved
    assert weights(system.generator) != g


def test_its_classifier_agrees_with_the_domain_that_was_asked_for() -> None:
    """Left and right halves of an image are bright: a translation swaps them."""
    data = contract.halves(200)
    settings = {**SMALL, "batch_size": 8, "features": 8, "lr": 1e-3, "cycle": 1.0}
    training = contract.trained("stargan", data, **settings)
    contract.advance(training, 60)
    with training.system.evaluating():
        figures = training.system.figures(data, rng())
    assert figures["head_accuracy"] >= 0.95
    assert figures["domain_agreement"] >= 0.9
    sources = data.test(slice(40))
    made = training.system.sample(40, rng(), Ask(classes=np.ones(40, np.int64), sources=sources))
    bright = made.samples[..., 4:].mean(axis=(1, 2, 3)) > made.samples[..., :4].mean(axis=(1, 2, 3))
    assert bright.mean() >= 0.9


def test_a_picture_has_each_image_and_its_translations_in_a_row() -> None:
    system, data = built(classes=2), contract.halves()
    with system.evaluating():
        made = system.show(64, rng(), ask_of(data, 16))
    assert made.columns == 3
    rows = made.samples.reshape(8, 3, 1, 8, 8)
    assert np.array_equal(rows[:, 0], data.test(slice(8)))
    assert not np.array_equal(rows[:, 1], rows[:, 2])


def test_sources_go_on_from_the_first_where_more_are_needed() -> None:
    data = contract.halves(6)
    ask = ask_of(data, 8)
    assert ask.sources is not None
    assert np.array_equal(ask.sources, data.test(np.array([0, 1, 2, 3, 4, 5, 0, 1])))


def test_it_trains_samples_and_is_measured_by_gans(tmp_path: Path) -> None:
    digits = load_mnist5k()
    data = StyleData(image_data("some", digits.images[:100], None, digits.images[100:200], None))
    run = gans.train("stargan", data, out=tmp_path / "run", steps=2, progress=False, **SMALL)
    sources = data.test(slice(5))
    made = gans.sample(run, 5, sources=sources, classes=2)
    assert made.shape == sources.shape
    assert np.array_equal(made.sources, sources)
    assert made.labels is not None
    assert made.labels.tolist() == [2] * 5
    figures = gans.evaluate(run, 100, data=data)
    assert {"domain_agreement", "domain_l1", "cycle", "fd"} <= figures.keys()
    with pytest.raises(UserError, match="`sources` have the shape"):
        gans.sample(run, 5, sources=np.zeros((5, 1, 28, 28), np.float32))


@pytest.mark.parametrize("shape", [(3, 9, 17), (1, 28, 28), (3, 40, 20)])
def test_it_takes_its_shape_from_the_images(shape: tuple[int, ...]) -> None:
    system = built(shape)
    x = mg.Tensor(rng().uniform(-1, 1, (4, *shape)).astype(np.float32))
    assert np.isfinite(system.update_generator(x, batch()[1], rng())["loss_g"].item())
    assert system.into(x.numpy(), batch()[1]).shape == (4, *shape)
