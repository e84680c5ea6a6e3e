"""A copy of a run's training that goes on from its checkpoint, watched layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.plotting.trained import Trained
from gans.streams import own_randomness
from gans.systems import System
from gans.trainer import Training, new_training
from gans.trainer.checkpoints import restore
from minigrad import Tensor, nn
from minigrad.optim import Optimizer

__all__ = ["Watched", "watch"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Watched:
    """What happened to each layer, by the names of network and layer, in ``steps`` (k,).

    ``gradients`` are the norms of the gradients in a layer's parameters, the mean over a step's updates;
    ``updates`` the norms of their changes in the whole step, and ``weights`` their norms before it.
    """

    steps: Floats
    gradients: dict[str, dict[str, Floats]]
    updates: dict[str, dict[str, Floats]]
    weights: dict[str, dict[str, Floats]]


def watch(trained: Trained, steps: int) -> Watched:
    """``steps`` steps of a copy of the run's training, from its checkpoint on, as ``resume`` takes them.

    Neither the run's folder nor its system changes, nor does minigrad's own generator.
    """
    with own_randomness(trained.config.seed):
        training = _copy(trained)
        layers = _layers(training.system)
        seen: list[dict[tuple[str, str], list[float]]] = []
        for optimizer in _optimizers(training.system):
            _listen(optimizer, layers, seen)
        gradients, updates, weights, at = [], [], [], []
        for _ in range(steps):
            before = {key: [p.numpy().copy() for p in params] for key, params in layers.items()}
            seen.append({})
            training.advance()
            last = seen[-1]
            gradients.append({key: float(np.mean(last.get(key, np.nan))) for key in layers})
            weights.append({key: _norm(arrays) for key, arrays in before.items()})
            updates.append({
                key: _norm([p.numpy() - old for p, old in zip(params, before[key], strict=True)])
                for key, params in layers.items()
            })  # fmt: skip
            at.append(training.step)
    return Watched(np.asarray(at, np.float64), _sorted(gradients), _sorted(updates), _sorted(weights))


def _copy(trained: Trained) -> Training:
    config = replace(trained.config, device=trained.system.device)
    training = new_training(config, trained.data, capture=False)
    restore(trained.checkpoint, training.system, training.load_state_dict, config.steps)
    return training


def _optimizers(system: System) -> list[Optimizer]:
    return [part for part in system.parts().values() if isinstance(part, Optimizer)]


def _layers(system: System) -> dict[tuple[str, str], list[Tensor]]:
    """The trained parameters of each layer, by network and name, from the input on."""
    trained = {id(p) for optimizer in _optimizers(system) for p in optimizer.params}
    found: dict[tuple[str, str], list[Tensor]] = {}
    for network, module in vars(system).items():
        if not isinstance(module, nn.Module):
            continue
        kinds = {name: type(layer).__name__ for name, layer in module.named_modules()}
        for name, parameter in module.named_parameters():
            if id(parameter) in trained:
                layer = name.rpartition(".")[0]
                words = f"{layer} {kinds.get(layer, '')}".strip()
                found.setdefault((network, words or network), []).append(parameter)
    return found


def _listen(
    optimizer: Optimizer,
    layers: dict[tuple[str, str], list[Tensor]],
    seen: list[dict[tuple[str, str], list[float]]],
) -> None:
    """From now on, note the norms of the gradients that the optimizer gets in the last of ``seen``."""
    step = optimizer.step
    place = {id(p): index for index, p in enumerate(optimizer.params)}
    own = {key: [place[id(p)] for p in params if id(p) in place] for key, params in layers.items()}

    def noted(grads: Sequence[Tensor] = (), *, where: Tensor | None = None) -> None:
        for key, indices in own.items():
            if indices:
                seen[-1].setdefault(key, []).append(_norm([grads[index].numpy() for index in indices]))
        step(grads, where=where)

    vars(optimizer)["step"] = noted


def _norm(arrays: Sequence[NDArray[Any]]) -> float:
    """The Euclidean norm of all numbers."""
    return float(np.sqrt(sum(float(np.square(a, dtype=np.float64).sum()) for a in arrays)))


def _sorted(records: Sequence[dict[tuple[str, str], float]]) -> dict[str, dict[str, Floats]]:
    found: dict[str, dict[str, Floats]] = {}
    for key in records[0]:
        network, layer = key
        found.setdefault(network, {})[layer] = np.array([record[key] for record in records], np.float64)
    return found
