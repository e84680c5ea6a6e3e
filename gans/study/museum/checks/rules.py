"""Checks of the game's rules: the critic's bound, whose turn it is, and going on from a file."""

from __future__ import annotations

import numpy as np

from gans.study.museum.checks.outcome import Outcome
from gans.study.museum.game import Game, Play

__all__ = ["alternation", "bound", "resume"]


def bound(game: Game) -> Outcome | None:
    """When G's update begins, each weight of D lies within the bound."""
    if game.bound is None:
        return None
    play = Play(game).advance(4)
    play.update_d(play.batch())
    largest = float(np.abs(play.weights("D")).max())
    return Outcome(largest <= game.bound, f"D's largest weight is {largest:.4f}, its bound {game.bound}")


def alternation(game: Game) -> Outcome:
    """G has one update for k of D."""
    done = Play(game).advance(2 * game.k).updates
    return Outcome(
        done == {"D": 2 * game.k, "G": 2}, f"{done['D']} updates of D and {done['G']} of G, with k = {game.k}"
    )


def resume(game: Game) -> Outcome:
    """A play that goes on from what was saved is the play that was not interrupted, bit for bit."""
    play = Play(game).advance(game.k)
    again = play.resumed().advance(2 * game.k)
    play.advance(2 * game.k)
    apart = max(float(np.abs(play.weights(name) - again.weights(name)).max()) for name in "DG")
    return Outcome(apart == 0, f"the weights of a resumed play are off by {apart:.1e}")
