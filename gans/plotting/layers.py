"""Gradients and updates of each layer over training steps."""

from __future__ import annotations

import numpy as np

from gans import plots
from gans.errors import UserError
from gans.plotting.picture import Picture
from gans.plotting.trained import Trained
from gans.plotting.watching import Floats, Watched, watch

__all__ = ["gradients", "updates"]


def gradients(trained: Trained, *, steps: int = 30) -> Picture:
    """The norm of the gradient in each layer's parameters, over the next ``steps`` steps of the training.

    metrics.jsonl has one norm for a whole network; those of its layers need steps, and a copy of the training
    takes them from the checkpoint on, as ``resume`` would. The run does not change. In a step with several
    updates of a network the mean is drawn. ``numbers``: ``steps`` (k,), and an array (k,) for each layer, by
    names such as ``generator.0 Linear``.
    """
    watched = _watched(trained, steps)
    title = trained.title("gradients by layer")
    content = plots.layer_curves(
        _ints(watched), watched.gradients, title, "norm of the gradient", _words(steps)
    )
    return Picture("gradients", content, _numbers(watched, watched.gradients))


def updates(trained: Trained, *, steps: int = 30) -> Picture:
    """How far each layer's weights move in a step, as a share of their size.

        |w_after - w_before| / |w_before|

    The steps are those of ``gradients``: a copy of the training takes them. A change is that of the whole
    step, with all of its updates, and a bound of weights if there is one. ``numbers``: as in ``gradients``.
    """
    watched = _watched(trained, steps)
    shares = {
        network: {
            layer: np.divide(size, weight, out=np.full_like(size, np.nan), where=weight > 0)
            for (layer, size), weight in zip(layers.items(), watched.weights[network].values(), strict=True)
        }
        for network, layers in watched.updates.items()
    }
    title = trained.title("updates by layer")
    content = plots.layer_curves(_ints(watched), shares, title, "|update| / |weights|", _words(steps))
    return Picture("updates", content, _numbers(watched, shares))


def _watched(trained: Trained, steps: int) -> Watched:
    if steps < 1:
        raise UserError(f"`steps` must be at least 1, got {steps}")
    return watch(trained, steps)


def _ints(watched: Watched) -> list[int]:
    return [int(step) for step in watched.steps]


def _words(steps: int) -> str:
    return f"{steps:,} further steps of a copy of the training, from the checkpoint on; the run is as it was"


def _numbers(watched: Watched, values: dict[str, dict[str, Floats]]) -> dict[str, Floats]:
    named = {f"{network}.{layer}": a for network, layers in values.items() for layer, a in layers.items()}
    return {"steps": watched.steps, **named}
