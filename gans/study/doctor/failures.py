"""Failures planted in short runs, and healthy runs beside them: what the doctor is judged on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple, cast

import numpy as np

from gans.data import load
from gans.data.images import image_data
from gans.data.spec import spec_of
from gans.networks.mlp import point_discriminator
from gans.objectives import Objective, binary_cross_entropy, critic, critic_generator, score
from gans.streams import own_randomness
from gans.study.doctor.case import Case
from gans.study.doctor.diagnosis import Diagnosis, of_case
from gans.study.museum.bugs.penalty_of_sigmoid import penalty_wrong as penalty_of_sigmoid
from gans.study.museum.bugs.penalty_without_graph import penalty_wrong as penalty_without_graph
from gans.study.museum.bugs.sign_of_g import loss_g_wrong
from gans.study.museum.games import small_digits
from gans.systems import System, build, settings_for
from gans.systems.gan import GAN
from gans.systems.wasserstein import WGAN, WGANGP
from gans.trainer import Training
from minigrad import nn
from minigrad.ops import mean

__all__ = ["FURTHER", "HEALTHY", "PLANTED", "REPORT", "SEEN_ONCE", "TUNING", "Planted", "evaluate"]

TUNING, REPORT, FURTHER = (0, 10, 11, 12, 13), (21, 22, 23), (24, 25, 26)
"""The seeds on which thresholds and settings were chosen, those of the report, and its further ones."""


Objectives = dict[str, Callable[[Any], Objective]]


class Planted(NamedTuple):
    """A failure: the model, its options, the names of the doctor that are right, its steps and its data."""

    model: str | type[System]
    options: dict[str, Any]
    names: tuple[str, ...]
    steps: int = 300
    data: str = "ring"


class Dead(GAN):
    """G's loss is cut off from G: its gradient is 0."""

    objectives: ClassVar[Objectives] = {
        "non-saturating": lambda settings: Objective(binary_cross_entropy, lambda fake: mean(fake) * 0.0)
    }


class Unbounded(WGAN):
    """A critic whose weights nothing holds."""

    objectives: ClassVar[Objectives] = {
        "wasserstein": lambda settings: Objective(critic, critic_generator, readout=score),
    }


class WithoutGraph(WGANGP):
    """The penalty of the museum whose gradient is missing."""

    objectives: ClassVar[Objectives] = {
        "wasserstein-gp": lambda settings: Objective(
            critic, critic_generator, penalty=cast(Any, penalty_without_graph), readout=score
        )
    }


class OfSigmoid(WGANGP):
    """The penalty of the museum after a sigmoid."""

    objectives: ClassVar[Objectives] = {
        "wasserstein-gp": lambda settings: Objective(
            critic, critic_generator, penalty=cast(Any, penalty_of_sigmoid), readout=score
        )
    }


class WrongSign(WGANGP):
    """The museum's G that descends its score."""

    objectives: ClassVar[Objectives] = {
        "wasserstein-gp": lambda settings: Objective(
            critic,
            lambda fake: loss_g_wrong(fake, fake),
            penalty=WGANGP.objectives["wasserstein-gp"](settings).penalty,
            readout=score,
        )
    }


class Constant(GAN):
    """A G that is not given its noise."""

    @staticmethod
    def networks(settings: Any, spec: Any) -> dict[str, nn.Module]:
        made = GAN.networks(settings, spec)
        return {**made, "generator": nn.Sequential(_Zero(), made["generator"])}


class _Zero(nn.Module):
    def forward(self, z: Any) -> Any:
        return z * 0.0


class Linear(GAN):
    """Linear networks: D sees means alone, and G's runs around the data's (Mescheder et al. 2018, 2)."""

    @staticmethod
    def networks(settings: Any, spec: Any) -> dict[str, nn.Module]:
        size = spec.shape[0]
        return {"generator": nn.Linear(settings.latent, size), "discriminator": nn.Linear(size, 1)}


class Stale(GAN):
    """A G whose batch norm never updates its running statistics."""

    @staticmethod
    def networks(settings: Any, spec: Any) -> dict[str, nn.Module]:
        width, latent = settings.width, settings.latent
        G = nn.Sequential(
            nn.Linear(latent, width),
            nn.BatchNorm1d(width, momentum=0.0),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.BatchNorm1d(width, momentum=0.0),
            nn.ReLU(),
            nn.Linear(width, spec.shape[0]),
        )
        return {"generator": G, "discriminator": point_discriminator(spec.shape[0], width, 2)}


PLANTED: dict[str, Planted] = {
    "d far too fast": Planted("gan", {"lr_ratio": 3000.0, "lr": 1e-6}, ("d-saturated",)),
    "g cut off": Planted(Dead, {}, ("dead-gradient",)),
    "minimax against a sure d": Planted(
        "gan", {"objective": "minimax", "lr_ratio": 1000.0, "lr": 1e-5}, ("dead-gradient", "d-saturated")
    ),
    "g far too fast": Planted(
        "gan", {"generator_steps": 10, "lr": 5e-3, "lr_ratio": 0.02}, ("blind-d", "collapse", "runaway")
    ),
    "noise never given": Planted(Constant, {}, ("collapse",)),
    "critic without bound": Planted(Unbounded, {"lr": 3e-3}, ("exploding-critic",), 100),
    "penalty without graph": Planted(WithoutGraph, {}, ("norm-off-1",), 60),
    "penalty of a sigmoid": Planted(OfSigmoid, {}, ("norm-off-1",), 60),
    "wrong sign": Planted(WrongSign, {}, ("runaway",), 60),
    "batch norm never updated": Planted(Stale, {}, ("batch-norm-statistics",)),
    "d does not learn": Planted("gan", {"lr_ratio": 1e-6}, ("blind-d",)),
    "momentum against a linear d": Planted(
        Linear, {"latent": 2, "lr": 0.1, "lr_ratio": 3.0, "beta1": 0.9}, ("rotation",), 1000, "gaussian"
    ),
    "labels in another order": Planted("cgan", {}, ("labels-ignored",), 500, "digits, shuffled"),
}
"""Runs on batches of 64. A G that is far too fast blinds D, which is then why it collapses or runs away."""

HEALTHY = {
    **dict.fromkeys(("gan", "lsgan", "f-gan", "relativistic", "pacgan", "vae"), 600),
    **dict.fromkeys(("sngan", "dragan", "r1", "wgan"), 300),
    **dict.fromkeys(("wgan-gp", "wgan-div"), 60),
    "cgan": 500,
}
"""The steps of healthy systems with their own settings; a step of a critic has several updates. With batches
of 64 a relativistic GAN collapses on one seed in nine, and stays so."""

SEEN_ONCE = ("momentum against a linear d", "labels in another order", "cgan")
"""The runs that alone show whether rotation and labels-ignored are right; further seeds are theirs."""


def digits(seed: int | None) -> Any:
    """Small digits with their labels; with a seed, each with another's."""
    labels: Any = cast(Any, load("mnist5k")).labels[::10]
    if seed is not None:
        labels = np.random.default_rng(seed).integers(0, 10, 500)
    return image_data("small-digits", small_digits()[:, 0], labels, small_digits()[:50, 0], labels[:50])


def evaluate(seeds: tuple[int, ...], names: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Train and diagnose every planted and healthy run with each seed, or those with the names."""
    rows = []
    for seed in seeds:
        for name in names or (*PLANTED, *HEALTHY):
            planted = PLANTED.get(name)
            case = failed(planted, seed) if planted else healthy(name, seed)
            rows.append(row(name, seed, of_case(case), planted.names if planted else ()))
    return rows


def failed(planted: Planted, seed: int, steps: int | None = None) -> Case:
    """A run of a planted failure, of fewer steps if they are given."""
    data: Any = digits(seed) if planted.data == "digits, shuffled" else load(planted.data)
    options = {"batch_size": 32 if data.kind == "image" else 64, **planted.options}
    return trained(planted.model, data, seed, steps or planted.steps, options)


def healthy(name: str, seed: int) -> Case:
    """A run of a healthy system."""
    data: Any = digits(None) if name == "cgan" else load("ring")
    options = {"batch_size": 32} if data.kind == "image" else {}  # 500 digits are few
    return trained(name, data, seed, HEALTHY[name], options)


def trained(
    model: str | type[System], data: Any, seed: int, steps: int, options: dict[str, Any] | None = None
) -> Case:
    """A run of so many steps, as its folder would have it."""
    name = model if isinstance(model, str) else model.name
    settings = settings_for(name, data.kind, **(options or {}))
    with own_randomness(seed):
        system = build(settings, spec_of(data)) if isinstance(model, str) else model(settings, spec_of(data))
        training = Training(system, data, seed)
        history = [record.line() for _ in range(steps) for record in training.advance()]
    return Case(f"{name} on {data.name}", system, steps, history, data)


def row(name: str, seed: int, found: Diagnosis, names: tuple[str, ...]) -> dict[str, Any]:
    """A line of the evaluation; without names the run is healthy, and nothing is the right finding."""
    right = bool(set(found.names) & set(names)) if names else not found.names
    values = {rule: value for rule, value in found.values.items() if value is not None}
    return {"name": name, "seed": seed, "steps": found.step, "expected": list(names), "right": right} | {
        "found": found.names,
        "values": values,
    }
