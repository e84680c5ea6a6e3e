"""Gradient bugs that others published, each planted in a small game beside the right code.

game, games     a game of G against D as functions, of which a bug replaces one; the right games
bug, bugs/      what a bug is, and a file for each: the right code and the wrong
checks/         what can catch a bug: each looks at any game
exhibit, page   both variants played and checked; docs/museum.md

    exhibit("dead-generator").caught_by
"""

from __future__ import annotations

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.checks import CHECKS
from gans.study.museum.exhibit import Exhibit, exhibit
from gans.study.museum.game import Game, Play
from gans.study.museum.registry import find, names

__all__ = ["CHECKS", "Bug", "Exhibit", "Game", "Play", "Symptom", "exhibit", "find", "names"]
