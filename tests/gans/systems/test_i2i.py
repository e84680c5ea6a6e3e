"""I2I Adapt: its losses, where their gradients go, textures from noise, and what the classifier gains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gans
import minigrad as mg
from gans.data import DomainData
from gans.data.spec import Spec
from gans.errors import UserError
from gans.systems import Ask, build, settings_for
from gans.systems.i2i import I2I
from minigrad import Tensor
from minigrad.ops import cross_entropy
from tests.gans.systems import contract

SMALL: dict[str, Any] = {"batch_size": 8, "features": 4, "width": 8, "latent": 3}
SHAPE = (3, 8, 8)
LABELS = Tensor(np.arange(8) % 2)


def built(**changes: Any) -> I2I:
    mg.manual_seed(0)
    spec = Spec("domains", SHAPE, classes=2, source=SHAPE)
    system: I2I = build(settings_for("i2i", "domains", **{**SMALL, **changes}), spec)
    return system


def images(seed: int) -> Tensor:
    return Tensor(np.random.default_rng(seed).uniform(-1, 1, (8, *SHAPE)).astype(np.float32))


def l1(x: Tensor, y: Tensor) -> float:
    return float(np.abs(x.numpy() - y.numpy()).mean())


def to(x: Tensor, target: float) -> float:
    return float(np.square(x.numpy() - target).mean())


def updated(system: I2I, strength: float = 0.5) -> tuple[dict[str, Tensor], tuple[Tensor, Tensor]]:
    """What one update returns, with noise of seed 5."""
    weight = mg.tensor(np.float32(strength))
    found: tuple[dict[str, Tensor], tuple[Tensor, Tensor]] = system.update_all(
        images(1), LABELS, images(2), weight, np.random.default_rng(5)
    )
    return found


def test_the_losses_are_the_papers() -> None:
    """Each number from the networks, a domain at a time; batch norm sees what it sees in the update."""
    settings = {"class_weight": 2.0, "identity": 3.0, "cycle": 5.0, "adversarial": 7.0}
    system, x, y = built(**settings), images(1), images(2)
    with mg.no_grad():
        zx, zy = system.encoder(x), system.encoder(y)
        noise = mg.tensor(np.random.default_rng(5).standard_normal((8, 3), dtype=np.float32))
        textures = mg.ops.concatenate([noise, system.texture(y)])
        made = system.to_target(mg.ops.concatenate([zx, zy]), textures)
        fake_y, rebuilt_y = made[:8], made[8:]
        again = system.encoder(fake_y)
        made = system.to_source(mg.ops.concatenate([zx, zy, again]))
        rebuilt_x, fake_x, x_again = made[:8], made[8:16], made[16:]
        expected = {
            "class_real": cross_entropy(system.classifier(zx), LABELS).item(),
            "class_loss": cross_entropy(system.classifier(again), LABELS).item(),
            "identity": l1(rebuilt_x, x) + l1(rebuilt_y, y),
            "cycle": l1(x_again, x),
            "adversarial": to(system.discriminator_source(fake_x), 1)
            + to(system.discriminator_target(fake_y), 1),
        }
    numbers, made_in_it = updated(built(**settings))  # spectral norm changes at each call
    found = {name: numbers[name].item() for name in expected}
    assert found == pytest.approx(expected, rel=1e-4)
    weights = {"class_real": 1, "class_loss": 2, "identity": 3, "cycle": 5, "adversarial": 7}
    total = sum(weight * expected[name] for name, weight in weights.items())
    assert numbers["loss_g"].item() == pytest.approx(total, rel=1e-4)
    for image, other in zip(made_in_it, (fake_x, fake_y), strict=True):
        np.testing.assert_allclose(image.numpy(), other.numpy(), rtol=1e-3, atol=1e-5)


def test_textures_of_a_batch_are_spread_as_their_noise_is() -> None:
    brightness = np.linspace(-100, 100, 8, dtype=np.float32).reshape(-1, 1, 1, 1)
    textures = built().texture(mg.tensor(np.broadcast_to(brightness, (8, *SHAPE)).copy())).numpy()
    np.testing.assert_allclose(textures.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(textures.var(axis=0), 1, rtol=0.05)


def test_codes_of_the_target_alone_climb_the_domain_loss() -> None:
    """The gradient of an update whose other losses have no weight, but for the classes of the source."""
    system, x, y = built(class_weight=0, identity=0, cycle=0, adversarial=0), images(1), images(2)
    f, h, d = system.encoder, system.classifier, system.domain_head
    of_class = mg.grad(cross_entropy(h(f(x)), LABELS), f.parameters())
    on_source, on_target = d(f(x).detach()), d(f(y))
    loss = (mg.ops.mean(mg.ops.softplus(-on_source)) + mg.ops.mean(mg.ops.softplus(on_target))) / 2
    of_domain = mg.grad(loss, [*f.parameters(), *d.parameters()])
    n = len(f.parameters())
    wanted = [c.numpy() - 0.7 * e.numpy() for c, e in zip(of_class, of_domain[:n], strict=True)]
    wanted += [slope.numpy() for slope in of_domain[n:]]
    parameters = [*f.parameters(), *d.parameters()]
    system.optimizer_g = mg.optim.SGD(system.optimizer_g.params, lr=1.0)  # type: ignore[assignment]
    before = [p.numpy().copy() for p in parameters]
    numbers, _ = updated(system, strength=0.7)
    moved = [old - p.numpy() for old, p in zip(before, parameters, strict=True)]
    for step, slope in zip(moved, wanted, strict=True):
        np.testing.assert_allclose(step, slope, rtol=1e-2, atol=1e-5)
    assert numbers["domain_loss"].item() == pytest.approx(loss.item(), rel=1e-4)


def test_each_discriminator_s_loss_is_half_of_the_two_squares() -> None:
    system, x, y, fake_x, fake_y = built(), *map(images, range(4))
    with mg.no_grad():
        expected = {
            name: (to(judge(real), 1) + to(judge(fake), 0)) / 2
            for name, judge, real, fake in (
                ("loss_d_a", system.discriminator_source, x, fake_x),
                ("loss_d_b", system.discriminator_target, y, fake_y),
            )
        }
    numbers = system.update_discriminators(x, y, (fake_x, fake_y))
    assert {name: numbers[name].item() for name in expected} == pytest.approx(expected, rel=1e-4)
    assert numbers["loss_d"].item() == pytest.approx(sum(expected.values()), rel=1e-4)


def weights(*networks: Any) -> list[bytes]:
    return [p.numpy().tobytes() for network in networks for p in network.parameters()]


def test_each_update_moves_its_own_networks_alone() -> None:
    system = built()
    judges = system.discriminator_source, system.discriminator_target
    others = [getattr(system, name) for name in (*system.averaged, "domain_head")]
    first, first_judges = weights(*others), weights(*judges)
    _, fakes = updated(system)
    moved = weights(*others)
    assert weights(*judges) == first_judges
    assert all(old != new for old, new in zip(first, moved, strict=True))
    system.update_discriminators(images(1), images(2), fakes)
    assert weights(*others) == moved
    assert all(old != new for old, new in zip(first_judges, weights(*judges), strict=True))


def test_noise_decides_the_texture_of_a_translation_and_nothing_of_the_way_back() -> None:
    system, x = built(), images(1).numpy()

    def translated(seed: int, back: bool = False) -> Any:
        return system.sample(8, np.random.default_rng(seed), Ask(sources=x, back=back)).samples

    assert np.array_equal(translated(0), translated(0))
    assert np.abs(translated(0) - translated(1)).mean() > 1e-4
    assert np.array_equal(translated(0, back=True), translated(1, back=True))


def test_it_classifies_both_domains_and_translates(tmp_path: Path) -> None:
    data = DomainData("inverted", contract.halves(96))
    run = gans.train("i2i", data, steps=60, out=tmp_path / "run", progress=False, **SMALL, lr=3e-3, ema=0)
    figures = gans.evaluate(run, data=data)
    assert I2I.figure_meanings.keys() < figures.keys()
    assert figures["source_accuracy"] >= 0.9
    with pytest.raises(UserError, match="cannot be exported"):
        gans.export(run, tmp_path / "network.safetensors")


def test_small_images_and_sets_without_labels_are_refused() -> None:
    settings = settings_for("i2i", "domains")
    with pytest.raises(UserError, match="sides of at least 8"):
        build(settings, Spec("domains", (1, 7, 8), classes=2, source=(1, 7, 8)))
    with pytest.raises(UserError, match="learns from labels"):
        build(settings, Spec("domains", SHAPE, classes=0, source=SHAPE))


@pytest.mark.slow
def test_translated_images_raise_the_accuracy_on_the_target(tmp_path: Path) -> None:
    """Against the same encoder and classifier, which learn from the source alone."""
    nothing: dict[str, float] = {
        "adaptation": 0,
        "class_weight": 0,
        "identity": 0,
        "cycle": 0,
        "adversarial": 0,
    }
    accuracies = []
    for changes in ({}, nothing):
        out = tmp_path / str(len(changes))
        run = gans.train("i2i", seed=0, steps=900, out=out, progress=False, **changes)  # type: ignore[arg-type]
        accuracies.append(gans.evaluate(run)["target_accuracy"])
    assert accuracies[0] >= accuracies[1] + 0.05
