"""Neighbours, saliency and surface: the nearest, and gradients that agree with finite differences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans.plotting import Trained, draw
from gans.systems import Made
from minigrad import Tensor, nn
from tests.gans.plotting.runs import doubled, rate, trained


def in_doubles(trained: Trained) -> Any:
    """The system, whose networks compute in float64 from now on."""
    system: Any = trained.system
    for part in vars(system).values():
        if isinstance(part, nn.Module):
            part.double()
    return system


def test_neighbours_are_the_nearest_by_a_plain_loop(tmp_path: Path) -> None:
    run = trained("dcgan", "image", tmp_path)
    numbers = draw(run, "neighbours", {"n": 3, "nearest": 4}).numbers
    training = doubled(run.data.train())
    for sample, indices, distances in zip(
        *(numbers[k] for k in ("samples", "indices", "distances")), strict=True
    ):
        every = [float(np.sqrt(np.sum((doubled(sample) - image) ** 2))) for image in training]
        nearest = sorted(range(len(every)), key=every.__getitem__)[:4]
        assert list(indices) == nearest
        np.testing.assert_allclose(distances, [every[k] for k in nearest], rtol=1e-12)


def test_blocks_of_training_images_change_no_neighbour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained("dcgan", "image", tmp_path)
    whole = draw(run, "neighbours", {"n": 3}).numbers
    monkeypatch.setattr("gans.plotting.neighbours.BLOCK", 7)
    parts = draw(run, "neighbours", {"n": 3}).numbers
    assert np.array_equal(whole["indices"], parts["indices"])
    assert np.array_equal(whole["distances"], parts["distances"])


def test_a_copy_has_the_distance_zero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained("dcgan", "image", tmp_path)
    monkeypatch.setattr(Trained, "samples", lambda self, n, seed: Made(run.data.train(slice(5, 5 + n))))
    numbers = draw(run, "neighbours", {"n": 2, "nearest": 1}).numbers
    assert numbers["indices"].tolist() == [[5], [6]]
    assert numbers["distances"].tolist() == [[0.0], [0.0]]


@pytest.mark.parametrize("name", ["dcgan", "wgan-gp", "cgan", "acgan", "began"])
def test_saliency_is_the_slope_of_ds_logit(tmp_path: Path, name: str) -> None:
    run = trained(name, "image", tmp_path)
    numbers = draw(run, "saliency", {"n": 2}).numbers
    made = run.samples(2, 0)
    np.testing.assert_array_equal(
        numbers["images"], np.concatenate([run.data.train(slice(0, 2)), made.samples])
    )
    labels = None
    if made.labels is not None:
        labels = Tensor(np.concatenate([run.data.train_labels(slice(0, 2)), made.labels]).astype(np.int64))
    system = in_doubles(run)

    def logit(x: Any) -> float:
        with system.evaluating():
            return float(system.logits(Tensor(x), labels).numpy().reshape(4)[index])

    rng = np.random.default_rng(0)
    x = doubled(numbers["images"])
    for index in range(4):
        assert numbers["logits"][index] == pytest.approx(logit(x), rel=1e-3, abs=1e-5)
        direction = np.zeros_like(x)
        direction[index] = rng.standard_normal(x.shape[1:])
        slope = float(np.sum(numbers["gradients"][index] * direction[index]))
        assert slope == pytest.approx(rate(logit, x, direction), rel=2e-3, abs=1e-5)


CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "non-saturating": ("gan", {}),
    "minimax": ("gan", {"objective": "minimax"}),
    "wgan-gp": ("wgan-gp", {}),
    "relativistic, which needs real points": ("relativistic", {}),
    "pacgan, whose D judges pairs": ("pacgan", {}),
    "actor-critic": ("actor-critic", {}),
}


@pytest.mark.parametrize("case", CASES)
def test_an_arrow_is_minus_the_slope_of_the_loss_at_its_point(tmp_path: Path, case: str) -> None:
    name, settings = CASES[case]
    run = trained(name, "points", tmp_path, **settings)
    numbers = draw(run, "surface", {"n": 6, "seed": 3}).numbers
    points, arrows = doubled(numbers["points"]), numbers["arrows"]
    np.testing.assert_array_equal(numbers["points"], run.samples(6, 3, average=False).samples)
    real = doubled(run.data.sample(6, run.rng(3)))
    system = in_doubles(run)

    def loss(x: Any) -> float:
        with system.evaluating(average=False):
            return float(system.loss_of_samples(Tensor(x), Tensor(real)).item())

    assert numbers["loss"] == pytest.approx(loss(points), rel=1e-4, abs=1e-6)
    for point in range(6):
        for axis in range(2):
            direction = np.zeros_like(points)
            direction[point, axis] = 1.0
            expected = -6 * rate(loss, points, direction)
            assert arrows[point, axis] == pytest.approx(expected, rel=2e-3, abs=1e-4)


@pytest.mark.parametrize("case", [*CASES, "unrolled"])
def test_arrows_are_what_the_training_pulls_back_into_g(
    tmp_path: Path, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gradient in G's weights of the update that training runs is that of -arrows/n at the samples."""
    name, settings = CASES.get(case, (case, {}))
    run = trained(name, "points", tmp_path, batch_size=8, **settings)
    system: Any = run.system
    G = system.actor if case == "actor-critic" else system.generator
    numbers = draw(run, "surface", {"n": 8, "seed": 3}).numbers
    trained_by: list[Any] = []
    monkeypatch.setattr(system.optimizer_g, "step", lambda grads, where=None: trained_by.extend(grads))
    real = run.tensor(run.data.sample(8, run.rng(3)))
    if case == "actor-critic":
        system.update_actor(run.rng(3))
    elif case == "unrolled":
        system.update_generator(real, system.corrections(), run.rng(3))
    else:
        system.update_generator(run.rng(3), real)
    x = G(system.latent(8, run.rng(3)))
    pulled = mg.grad(x, G.parameters(), grad_output=run.tensor(-numbers["arrows"] / 8))
    assert len(pulled) == len(trained_by) > 0
    for ours, theirs in zip(pulled, trained_by, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=2e-3, atol=1e-6)


def test_another_loss_has_other_arrows_for_the_same_d(tmp_path: Path) -> None:
    """-dL/dx is (1 - D) times the logit's slope for the non-saturating loss, D times it for minimax."""
    run = trained("gan", "points", tmp_path)
    system: Any = run.system
    usual = draw(run, "surface", {"n": 5}).numbers
    system.objective = type(system).objectives["minimax"](system.settings)
    other = draw(run, "surface", {"n": 5}).numbers
    d = system.judge(usual["points"])[:, None]
    np.testing.assert_allclose(other["arrows"] * (1 - d), usual["arrows"] * d, rtol=1e-3, atol=1e-6)


def test_an_average_of_weights_is_no_part_of_the_surface(tmp_path: Path) -> None:
    run = trained("gan", "points", tmp_path, steps=3, ema=0.9)
    points = draw(run, "surface", {"n": 4}).numbers["points"]
    assert not np.array_equal(points, run.samples(4, 0).samples)
