"""Gradients and updates by layer are those of the training, which stays as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans import updates as updates_module
from gans.errors import UserError
from gans.plotting import Trained, draw
from gans.trainer import Training
from tests.gans.plotting.runs import trained
from tests.gans.systems.test_every_system import small
from tests.states import flat


def resumed(run: Trained, name: str, kind: str, **changes: Any) -> Training:
    """The training of the run from its checkpoint on."""
    training = small(name, kind, capture=False, **changes)()
    training.load_state_dict(mg.load(run.checkpoint))
    return training


def norm(arrays: list[Any]) -> float:
    return float(np.sqrt(sum(float(np.sum(np.asarray(a, np.float64) ** 2)) for a in arrays)))


def layers_of(network: Any) -> dict[str, list[str]]:
    """The names of the parameters of each layer."""
    found: dict[str, list[str]] = {}
    for name, _ in network.named_parameters():
        found.setdefault(name.rpartition(".")[0], []).append(name)
    return found


def test_the_norms_are_those_of_grad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained("gan", "points", tmp_path, critic_steps=1)
    numbers = draw(run, "gradients", {"steps": 2}).numbers
    taken: list[list[mg.Tensor]] = []

    def noted(loss: mg.Tensor, wrt: Any, **options: Any) -> list[mg.Tensor]:
        taken.append(mg.grad(loss, wrt, **options))
        return taken[-1]

    monkeypatch.setattr(updates_module, "grad", noted)
    training = resumed(run, "gan", "points", critic_steps=1)
    system: Any = training.system
    for _ in range(2):
        training.advance()
    assert numbers["steps"].tolist() == [2, 3]
    assert len(taken) == 4
    for network, first in (("discriminator", 0), ("generator", 1)):
        names = [name for name, _ in getattr(system, network).named_parameters()]
        for layer, own in layers_of(getattr(system, network)).items():
            expected = [
                norm([g.numpy() for name, g in zip(names, taken[call], strict=True) if name in own])
                for call in (first, first + 2)
            ]
            np.testing.assert_allclose(numbers[f"{network}.{layer} Linear"], expected, rtol=1e-6)


def test_several_updates_in_a_step_are_averaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained("wgan-gp", "points", tmp_path)  # two updates of D in a step
    numbers = draw(run, "gradients", {"steps": 1}).numbers
    norms: list[float] = []
    training = resumed(run, "wgan-gp", "points")
    optimizer: Any = training.system.optimizer_d  # type: ignore[attr-defined]
    step = optimizer.step

    def noted(grads: Any, where: Any = None) -> None:
        norms.append(norm([g.numpy() for g in grads[:2]]))
        step(grads, where=where)

    monkeypatch.setattr(optimizer, "step", noted)
    training.advance()
    assert len(norms) == 2
    np.testing.assert_allclose(numbers["discriminator.0 Linear"], np.mean(norms), rtol=1e-6)


@pytest.mark.parametrize("name", ["gan", "wgan"])
def test_an_update_is_the_change_of_the_whole_step(tmp_path: Path, name: str) -> None:
    run = trained(name, "points", tmp_path)
    numbers = draw(run, "updates", {"steps": 2}).numbers
    training = resumed(run, name, "points")
    system: Any = training.system
    for step in range(2):
        before = {key: value.copy() for key, value in system.discriminator.state_dict().items()}
        training.advance()
        after = system.discriminator.state_dict()
        for layer, own in layers_of(system.discriminator).items():
            share = norm([after[key] - before[key] for key in own]) / norm([before[key] for key in own])
            assert numbers[f"discriminator.{layer} Linear"][step] == pytest.approx(share, rel=1e-5)


@pytest.mark.parametrize("kind", ["gradients", "updates"])
def test_neither_the_run_nor_the_generator_of_minigrad_changes(tmp_path: Path, kind: str) -> None:
    run = trained("dcgan", "image", tmp_path)
    mg.manual_seed(7)
    before = flat(run.system.state_dict()), run.checkpoint.read_bytes(), mg.random.get_state()
    draw(run, kind, {"steps": 2})
    assert (flat(run.system.state_dict()), run.checkpoint.read_bytes(), mg.random.get_state()) == before
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.safetensors"]


def test_no_steps_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="`steps` must be from 1"):
        draw(trained("gan", "points", tmp_path), "updates", {"steps": 0})
