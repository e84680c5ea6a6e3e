"""DANN: a reversed gradient, a strength that rises, and a classifier that moves to the other domain."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gans
import minigrad as mg
from gans.data import DomainData
from gans.data.spec import Spec
from gans.errors import UserError
from gans.systems import build, settings_for
from gans.systems.adapting import reversed_gradient
from gans.systems.dann import DANN
from minigrad.ops import cross_entropy
from tests.gans.systems import contract

SMALL: dict[str, Any] = {"batch_size": 8, "features": 4, "width": 8}
SHAPE = (1, 8, 8)


def built(**changes: Any) -> DANN:
    mg.manual_seed(0)
    spec = Spec("domains", SHAPE, classes=2, source=SHAPE)
    system: DANN = build(settings_for("dann", "domains", **{**SMALL, **changes}), spec)
    return system


def images(seed: int) -> mg.Tensor:
    return mg.Tensor(np.random.default_rng(seed).uniform(-1, 1, (8, *SHAPE)).astype(np.float32))


LABELS = mg.Tensor(np.arange(8) % 2)


def test_the_reversed_gradient_is_an_identity_whose_gradient_is_negative() -> None:
    x = mg.tensor(np.random.default_rng(0).normal(size=(4, 3)))
    y = reversed_gradient(x, mg.tensor(np.float64(0.3)))
    np.testing.assert_allclose(y.numpy(), x.numpy(), rtol=1e-12)
    (slope,) = mg.grad(mg.ops.sum(y * y), [x])
    np.testing.assert_allclose(slope.numpy(), -0.3 * 2 * x.numpy(), rtol=1e-12)


def test_the_strength_is_that_of_section_5() -> None:
    settings = built(adaptation=0.5, ramp_steps=100).settings
    expected = [0.5 * (2 / (1 + math.exp(-10 * p)) - 1) for p in (0, 0.1, 0.5, 1, 1)]
    assert [settings.strength(step) for step in (0, 10, 50, 100, 10**6)] == pytest.approx(expected)


def test_features_climb_the_domain_loss_that_the_head_descends() -> None:
    """The gradient of one update, from the two losses with their signs."""
    system, source, target = built(), images(1), images(2)
    f, g, d = system.extractor, system.classifier, system.domain_head
    class_loss = cross_entropy(g(f(source)), LABELS)
    on_source, on_target = d(f(source)), d(f(target))
    domain_loss = (mg.ops.mean(mg.ops.softplus(-on_source)) + mg.ops.mean(mg.ops.softplus(on_target))) / 2
    of_class = mg.grad(class_loss, [*f.parameters(), *g.parameters()])
    of_domain = mg.grad(domain_loss, [*f.parameters(), *d.parameters()])
    n = len(f.parameters())
    wanted = [c.numpy() - 0.7 * e.numpy() for c, e in zip(of_class[:n], of_domain[:n], strict=True)]
    wanted += [slope.numpy() for slope in (*of_class[n:], *of_domain[n:])]
    system.optimizer = mg.optim.SGD(system.optimizer.params, lr=1.0)  # type: ignore[assignment]
    before = [p.numpy().copy() for p in system.optimizer.params]
    numbers = system.update_all(source, LABELS, target, mg.tensor(np.float32(0.7)))
    moved = [old - p.numpy() for old, p in zip(before, system.optimizer.params, strict=True)]
    for step, slope in zip(moved, wanted, strict=True):
        np.testing.assert_allclose(step, slope, rtol=1e-2, atol=1e-5)
    assert numbers["domain_loss"].item() == pytest.approx(domain_loss.item(), rel=1e-4)
    assert numbers["class_real"].item() == pytest.approx(class_loss.item(), rel=1e-4)


def test_it_classifies_and_makes_no_samples(tmp_path: Path) -> None:
    data = DomainData("inverted", contract.halves(96))
    run = gans.train("dann", data, steps=30, out=tmp_path / "run", progress=False, **SMALL, lr=3e-3, ema=0)
    figures = gans.evaluate(run, data=data)
    assert figures.keys() == {"test_images", *DANN.figure_meanings}
    assert figures["source_accuracy"] >= 0.9
    with pytest.raises(UserError, match="DANN makes no samples"):
        gans.sample(run, 3)
    with pytest.raises(UserError, match="cannot be exported"):
        gans.export(run, tmp_path / "network.safetensors")


def test_small_images_and_sets_without_labels_are_refused() -> None:
    settings = settings_for("dann", "domains")
    with pytest.raises(UserError, match="sides of at least 8"):
        build(settings, Spec("domains", (1, 7, 8), classes=2, source=(1, 7, 8)))
    with pytest.raises(UserError, match="learns from labels"):
        build(settings, Spec("domains", SHAPE, classes=0, source=SHAPE))


@pytest.mark.slow
def test_it_beats_the_classifier_of_the_source_alone(tmp_path: Path) -> None:
    accuracies = []
    for adaptation in (1.0, 0.0):
        run = gans.train(
            "dann", seed=0, out=tmp_path / str(adaptation), progress=False, adaptation=adaptation
        )
        accuracies.append(gans.evaluate(run)["target_accuracy"])
    assert accuracies[0] >= accuracies[1] + 0.1
