"""What every system keeps, on small data of each kind that it takes; to be in SYSTEMS is to be tested."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans.data import DomainData, MovingData, PairData, PartialData, SceneData, load
from gans.data.sequences import SequenceData
from gans.systems import SYSTEMS, Ask, System
from gans.systems.settings import options_of
from gans.trainer import Training, ask_of
from minigrad import nn
from tests.gans.systems import contract
from tests.processes import ROOT
from tests.states import flat

REDUCED = {
    "batch_size": 4,
    "ema": 0.9,
    "latent": 4,
    "width": 8,
    "depth": 1,
    "features": 4,
    "blocks": 1,
    "pool": 6,
    "critic_steps": 2,
    "rollouts": 2,
    "lr_half_life": 2,
    "lr_steps": 4,
    "fade_steps": 2,
    "hold_steps": 1,
    "hidden": 8,
    "warp_from": 2,
    "warp_steps": 4,
    "likelihood_steps": 2,
    "judging_steps": 1,
    "global_steps": 2,
    "enhancer_steps": 2,
    "clusters": 3,
    "cluster_steps": 2,
}
"""Settings of those names, which make any system small and bring its phases within a few steps."""

CASES = [(name, kind) for name, system in SYSTEMS.items() for kind in system.presets]

TRICKS: dict[str, dict[str, Any]] = {
    "gan, taught otherwise": {"smooth_real": 0.1, "smooth_fake": 0.2, "flip_labels": 0.25},
    "dcgan, taught jointly": {"smooth_real": 0.1, "joint_batches": True, "generator_steps": 2, "base": 2},
    "dcgan, noisy": {"instance_noise": 0.5, "instance_noise_steps": 5, "layer_noise": 0.1, "dropout": 0.5},
    "dcgan, by its losses": {"turns": "larger-loss", "dropout": 0.5, "test_dropout": True},
    "wgan, noisy": {"instance_noise": 0.5, "optimizer_d": "sgd", "momentum": 0.5, "prior": "uniform"},
    "lsgan, taught otherwise": {"smooth_fake": 0.2, "flip_labels": 0.25, "turns": "larger-loss"},
    "sngan, noisy": {"instance_noise": 0.5, "layer_noise": 0.1, "optimizer_d": "rmsprop"},
    "relativistic, by its losses": {"turns": "larger-loss", "instance_noise": 0.1, "joint_batches": True},
    "wgan-gp, noisy": {"instance_noise": 0.5, "layer_noise": 0.1, "joint_batches": True},
}
"""Systems of two players with tricks, by the system's name and what is changed."""

CASES += [(name, kind) for name in TRICKS for kind in SYSTEMS[name.partition(",")[0]].presets]

SCORES = {
    "actor-critic", "began", "biggan", "cyclegan", "dualgan", "f-gan", "i2i", "lsgan", "pggan", "pix2pixhd",
    "relativistic", "sngan", "stargan", "vae", "vid2vid", "wgan", "wgan-div", "wgan-gp",
}  # fmt: skip
"""The systems with an output of D that is no probability, or without a D."""

each_case = pytest.mark.parametrize(("name", "kind"), CASES)


def data_of(name: str, kind: str) -> Any:
    """Small data of ``kind``, or scenes for a system that needs the numbers of objects in its maps."""
    if kind == "points":
        return load("ring")
    if kind == "sequences":
        return SequenceData("few", vocabulary=9, length=5, count=60)
    images = contract.halves(96)
    if kind == "pairs":
        scenes = system_of(name).data.startswith("scenes:")
        return SceneData(images) if scenes else PairData("edges", images)
    if kind == "clips":
        return MovingData(images)
    if kind == "partial":
        return PartialData(images, 10)
    return DomainData("inverted", images) if kind == "domains" else images


def system_of(name: str) -> type[System]:
    return SYSTEMS[name.partition(",")[0]]


def options_of_case(name: str, kind: Any) -> dict[str, Any]:
    return options_of(type(system_of(name).presets[kind]))


def small(name: str, kind: Any, **changes: Any) -> Callable[..., Training]:
    """A function that makes the training before its first step."""
    settings = {option: value for option, value in REDUCED.items() if option in options_of_case(name, kind)}
    settings |= TRICKS.get(name, {}) | changes
    return partial(contract.trained, system_of(name).name, data_of(name, kind), **settings)


Wholes = Callable[[str, str], contract.Whole]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Wholes:
    """A function that gives a case's whole training, made once."""
    folder = tmp_path_factory.mktemp("states")

    @cache
    def trained(name: str, kind: str) -> contract.Whole:
        return contract.whole_training(small(name, kind), folder / f"{name}-{kind}.safetensors")

    return trained


@each_case
def test_replays_change_no_number(name: str, kind: str, whole: Wholes) -> None:
    contract.assert_replays_change_nothing(small(name, kind), whole(name, kind))


@each_case
def test_a_training_goes_on_from_its_state(name: str, kind: str, whole: Wholes) -> None:
    contract.assert_goes_on(small(name, kind), whole(name, kind))


@each_case
def test_no_array_changes_outside_the_parts(name: str, kind: str, whole: Wholes) -> None:
    assert whole(name, kind).outside == []


@pytest.fixture(scope="module")
def gone_on(whole: Wholes) -> None:
    """Beside each case's state after some steps, that after more of them in another process."""
    [folder] = {whole(name, kind).middle.parent for name, kind in CASES}
    code = f"from tests.gans.systems.test_every_system import go_on; go_on({str(folder)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=300)


def go_on(folder: str) -> None:
    """Take each case's state from ``folder``, and leave that of some steps later there."""
    for name, kind in CASES:
        training = small(name, kind)()
        path = Path(folder) / f"{name}-{kind}.safetensors"
        training.load_state_dict(mg.load(path))
        contract.advance(training, contract.STEPS)
        mg.save(path.with_suffix(".later.safetensors"), training.state_dict())


@each_case
def test_a_fresh_process_goes_on_bit_for_bit(name: str, kind: str, whole: Wholes, gone_on: None) -> None:
    later = whole(name, kind).middle.with_suffix(".later.safetensors")
    assert flat(mg.load(later)) == whole(name, kind).end


@pytest.mark.parametrize(("name", "kind"), [case for case in CASES if case[1] == "image"])
def test_a_failed_update_changes_nothing(name: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    contract.assert_failure_changes_nothing(small(name, kind), monkeypatch)


def sample(training: Training, name: str, kind: str, seed: int = 5) -> Any:
    """Six samples, of test images where the system translates."""
    ask = ask_of(data_of(name, kind), 6) if "sources" in training.system.asks else None
    return training.system.sample(6, np.random.default_rng(seed), ask).samples


def modules_of(system: System) -> list[nn.Module]:
    networks = [part for part in vars(system).values() if isinstance(part, nn.Module)]
    return [module for network in networks for module in network.modules()]


@pytest.mark.parametrize(("name", "kind"), [case for case in CASES if system_of(case[0]).generates])
def test_samples_are_made_in_evaluation_mode_and_change_nothing(
    name: str, kind: str, monkeypatch: pytest.MonkeyPatch, whole: Wholes
) -> None:
    """Neither weights nor running statistics, neither modes nor what training does next."""
    training = small(name, kind)()
    training.load_state_dict(mg.load(whole(name, kind).middle))
    numbers = contract.advance(training, contract.STEPS - 1)
    make, modes = type(training.system).make, []

    def noting(system: System, *arguments: Any) -> Any:
        modes.extend(module.training for module in modules_of(system))
        return make(system, *arguments)

    monkeypatch.setattr(type(training.system), "make", noting)
    before = flat(training.state_dict())
    first = sample(training, name, kind)
    assert modes
    assert not any(modes)
    assert np.array_equal(sample(training, name, kind), first)
    assert flat(training.state_dict()) == before
    assert all(module.training for module in modules_of(training.system))
    assert numbers + contract.advance(training, 1) == whole(name, kind).later
    assert flat(training.state_dict()) == whole(name, kind).end


@pytest.mark.parametrize(
    ("name", "kind"), [case for case in CASES if "truncation" in system_of(case[0]).asks]
)
def test_a_truncated_z_makes_samples_alike(name: str, kind: str) -> None:
    """Of one class, where there are classes; another bound is another path through the same G."""
    system = small(name, kind)().system

    def spread(bound: float | None) -> float:
        classes = np.zeros(50, np.int64) if "classes" in system.asks else None
        made = system.sample(50, np.random.default_rng(5), Ask(classes=classes, truncation=bound))
        return float(made.samples.std(axis=0).mean())

    assert spread(0.1) < 0.7 * spread(None)


@pytest.mark.parametrize(("name", "kind"), [case for case in CASES if "latent" in options_of_case(*case)])
def test_samples_have_the_noise_of_training(name: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same length, and the same distribution: both come from ``noise``."""
    sizes = []
    noise = System.noise

    def noting(system: System, n: int, size: int, rng: Any, bound: float | None = None) -> Any:
        sizes.append(size)
        return noise(system, n, size, rng, bound)

    monkeypatch.setattr(System, "noise", noting)
    training = small(name, kind)()
    if name != "vae":  # in training its codes are those of images
        contract.advance(training, 1)
        assert set(sizes) == {REDUCED["latent"]}
    sizes.clear()
    sample(training, name, kind)
    assert sizes == [REDUCED["latent"]]


Systems = Callable[[str, str], System]


@pytest.fixture(scope="module")
def untrained() -> Systems:
    """A function that gives a case's system before its first step, made once."""
    return cache(lambda name, kind: small(name, kind)().system)


@each_case
def test_its_curves_show_probabilities_only_where_d_gives_them(
    name: str, kind: str, untrained: Systems
) -> None:
    system = untrained(name, kind)
    assert system.judges_by_probability == (system.settings.model not in SCORES)


@each_case
def test_batch_norm_has_its_usual_constants_and_no_gradient_penalty_beside_it(
    name: str, kind: str, untrained: Systems
) -> None:
    """eps is 1e-5 and the momentum 0.1; a penalty of single gradients needs outputs of single samples."""
    system = untrained(name, kind)
    norms = [m for m in modules_of(system) if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
    assert {(norm.eps, norm.momentum) for norm in norms} <= {(1e-5, 0.1)}
    if hasattr(system.settings, "penalty"):
        own = set(modules_of(system)) - set(system.generator.modules())  # type: ignore[attr-defined]
        assert not own.intersection(norms)
