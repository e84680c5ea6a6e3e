"""Checks of the gradients that updates descend, and of the weights that they change."""

from __future__ import annotations

import copy

import numpy as np

import minigrad as mg
from gans.study.museum.checks.outcome import Outcome
from gans.study.museum.game import Game, Play, Update
from minigrad.inspect import reach_of

__all__ = ["finite_differences", "own_weights", "reach"]

STEP = 1e-8
"""How far each weight is moved, times a normal number: so little that no unit changes sides."""
TOLERANCE = 1e-5


def finite_differences(game: Game) -> Outcome:
    """Each update's gradient, along a random direction, is the change of its loss in both directions."""
    errors = {}
    for who in ("D", "G"):
        play = Play(game).advance(2)
        batch = play.batch()
        optimizer = play.adam_d if who == "D" else play.adam_g
        gradients_of = game.gradients_d if who == "D" else game.gradients_g
        start = copy.deepcopy(play.rng)

        def update(play: Play = play, start: np.random.Generator = start) -> Update:
            play.rng = copy.deepcopy(start)  # the same random points in a penalty
            return gradients_of(play, batch)  # noqa: B023

        rng = np.random.default_rng(0)
        direction = [rng.standard_normal(p.shape) for p in optimizer.params]
        gradients = [g.numpy() for g in update().gradients]
        given = sum(float(np.sum(g * v)) for g, v in zip(gradients, direction, strict=True))
        typical = sum(float(np.sum(g * g)) for g in gradients) ** 0.5
        losses = []
        for size in (STEP, -2 * STEP):
            play.move(optimizer.params, direction, size)
            losses.append(update().loss.item())
        measured = (losses[0] - losses[1]) / (2 * STEP)
        errors[who] = abs(given - measured) / max(typical, abs(measured), 1e-12)
    worst = max(errors, key=lambda who: float(np.nan_to_num(errors[who], nan=np.inf)))
    return Outcome(
        bool(errors[worst] < TOLERANCE),
        f"{worst}'s gradient and the change of its loss differ by {errors[worst]:.1e}",
    )


def reach(game: Game) -> Outcome:
    """A gradient reaches each weight that an update trains."""
    missed = []
    for who in ("D", "G"):
        play = Play(game)
        batch = play.batch()
        names = {"generator": play.G, "discriminator": play.D}
        gradients_of = game.gradients_d if who == "D" else game.gradients_g
        trace = mg.trace(lambda: gradients_of(play, batch), names=names)  # noqa: B023
        reached = {
            trace.values[value].name
            for walk in trace.walks
            for value, how in reach_of(trace, walk).items()
            if how == "gets a gradient"
        }
        network, prefix = (play.D, "discriminator") if who == "D" else (play.G, "generator")
        own = [f"{prefix}.{name}" for name, _ in network.named_parameters()]
        missed += [name for name in own if name not in reached]
    if missed:
        return Outcome(False, f"no gradient reaches {missed[0]}, nor {len(missed) - 1} others")
    return Outcome(True, "a gradient reaches each weight")


def own_weights(game: Game) -> Outcome:
    """An update changes the weights of its own network, and no others."""
    play = Play(game)
    for own, other, update in (("D", "G", play.update_d), ("G", "D", play.update_g)):
        before = {name: play.weights(name).copy() for name in "DG"}
        update(play.batch())
        moved = {name: float(np.abs(play.weights(name) - before[name]).max()) for name in "DG"}
        if moved[other] or not moved[own]:
            return Outcome(
                False, f"{own}'s update moves {own} by {moved[own]:.1e} and {other} by {moved[other]:.1e}"
            )
    return Outcome(True, "each update moves its own network alone")
