"""``compare``: builds a model as training does, draws a batch, and computes both variants of a change."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from gans.data import Dataset, data_name
from gans.data import load as load_dataset
from gans.data.spec import Spec, spec_of
from gans.errors import UserError
from gans.networks.noise import DrawingFrom
from gans.streams import own_randomness, random_stream
from gans.study.beginning import train
from gans.study.comparisons.change import Change
from gans.study.comparisons.changes import CHANGES
from gans.study.comparisons.comparison import Comparison
from gans.study.comparisons.scene import Findings, Scene
from gans.systems import SYSTEMS, build, check_used, find, settings_for
from gans.systems.two_player import TwoPlayer
from gans.trainer.batches import Batches
from minigrad import tensor

__all__ = ["change_called", "changes_of", "check_model", "compare", "compared_models", "models_of"]

SAMPLES = 16
"""The samples of a batch unless given."""

StrPath = str | os.PathLike[str]

TINY = {"image": Spec("image", (1, 8, 8)), "points": Spec("points", (2,))}
"""Data on which a system is built to see which changes it fits."""


def compare(
    model: str,
    change: str | Change,
    *,
    data: Dataset | StrPath | None = None,
    data_dir: StrPath | None = None,
    seed: int = 0,
    n: int = SAMPLES,
    steps: int = 0,
    **settings: Any,
) -> Comparison:
    """One step of ``model`` computed twice with one thing changed, and the difference in every gradient.

    model      a GAN of two players: a name, such as "dcgan", or a class of yours, "FILE.py:CLASS"
    change     a name of ``CHANGES``, such as "detach", or a ``Change`` of yours
    data       a name or folder that ``gans.data.load`` takes, or a data set; the model's own unless given
    data_dir   where the data lie
    seed       decides weights, batch and noise
    n          samples in the batch, real ones and fakes; at least 2
    steps      training steps before the step that is compared
    settings   hyper-parameters of the model, as ``gans.train`` takes them; they decide its networks, its
               losses and the training before

    Both variants get the same networks, batch, noise and random state, in float64. The step has the model's
    own losses, without instance noise and changed labels.

    >>> comparison = compare("gan", "mean", data="ring", n=8, steps=3)
    >>> comparison.verdicts["D's step"]
    'B is A times 0.5 exactly'
    >>> comparison.rows[0].parameter, round(comparison.rows[0].relation.cosine, 9)
    ('discriminator.0.weight', 1.0)

    Raises UserError for an unknown name, a value out of range, a model that does not fit the change or the
    data, and a training before that diverged.
    """
    chosen = change if isinstance(change, Change) else change_called(change)
    check_model(model)
    _check_numbers(n, steps, seed)
    own = find(model).data if data is None else data
    dataset = load_dataset(own, data_dir) if isinstance(own, str | os.PathLike) else own
    made = settings_for(model, dataset.kind, **settings)
    check_used(model, dataset.kind, settings, made)
    with own_randomness(seed):
        system = build(made, spec_of(dataset))
        _check_fit(chosen, model, system)
        _check_size(n, system, dataset)
        train(system, dataset, seed, steps)
        scene = _scene(system, dataset, n, seed, steps)
    a, b = (_found(variant.run, scene) for variant in (chosen.a, chosen.b))
    name = data_name(os.fspath(own)) if isinstance(own, str | os.PathLike) else own.name
    origin = {"model": model, "data": name, "seed": seed, "n": n, "steps": steps, "settings": settings}
    return Comparison(chosen, origin, a, b)


def change_called(name: str) -> Change:
    """The change of this name. Raises UserError if there is none."""
    if name not in CHANGES:
        near = difflib.get_close_matches(name, CHANGES, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UserError(f"there is no `change` {name!r}{hint} (choose from {', '.join(CHANGES)})")
    return CHANGES[name]


def models_of(change: Change) -> list[str]:
    """The models of the project that the change fits, on images or on points."""
    return [name for name in compared_models() if any(map(change.fit.test, _tiny(name)))]


def changes_of(model: str) -> list[Change]:
    """The changes that fit a model, of the project or of yours, on images or on points."""
    return [change for change in CHANGES.values() if any(map(change.fit.test, _tiny(model)))]


def compared_models() -> list[str]:
    """The GANs of two players among the project's models."""
    return [name for name, system in SYSTEMS.items() if issubclass(system, TwoPlayer)]


@cache
def _tiny(model: str) -> list[TwoPlayer]:
    """The model for small data of each of its kinds."""
    with own_randomness(0):
        return [build(settings_for(model, kind), TINY[kind]) for kind in find(model).presets]


def check_model(model: str) -> None:
    """Raise UserError if ``model`` is no GAN of two players."""
    if not issubclass(find(model), TwoPlayer):
        raise UserError(
            f"{model} is no GAN of two players, a G of noise against a D of samples; choose from "
            f"{', '.join(compared_models())}"
        )


def _check_numbers(n: int, steps: int, seed: int) -> None:
    for name, value, least in (("n", n, 2), ("steps", steps, 0), ("seed", seed, 0)):
        if value < least:
            raise UserError(f"`{name}` must be at least {least}, got {value}")


def _check_size(n: int, system: Any, data: Any) -> None:
    if data.kind == "image" and n > len(data):
        raise UserError(f"`n` is {n}, and {data.name} has only {len(data)} images")
    pack = getattr(system.settings, "pack", 1)
    if n % pack:
        raise UserError(f"`n` {n} is no multiple of `pack` {pack}: D judges packs of {pack} samples")


def _check_fit(change: Change, model: str, system: Any) -> None:
    if not change.fit.test(system):
        raise UserError(
            f"the `change` {change.name} fits models with {change.fit.words}, and {model} has none; choose "
            f"from {', '.join(models_of(change))}"
        )


def _scene(system: Any, data: Dataset, n: int, seed: int, steps: int) -> Scene:
    """The step after ``steps`` steps, on a batch and noise that the seed decides."""
    rng = random_stream(seed, "samples")
    real = tensor(Batches(data, n, 1, seed).batch(steps, 0, rng).real, np.float64)
    z = system.latent(n, rng).astype(np.float64)
    G, D = (network.astype(np.float64) for network in (system.generator, system.discriminator))
    return Scene(G, D, system.objective, real, z, rng, system.settings)


def _found(run: Callable[[Scene], Findings], scene: Scene) -> Findings:
    own = scene.copy()
    with DrawingFrom(own.rng), np.errstate(all="ignore"):
        return run(own)
