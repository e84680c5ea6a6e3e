"""Ops of several ranks on one: a rank at home, whose batch is as if every rank had its rows."""

from __future__ import annotations

from functools import partial
from typing import Any

from minigrad import ops
from minigrad.distributed import Alone, Communicator

ALONE = Alone()
THREE = Communicator(1, 3)
THREE._home = True


def at_home(name: str) -> Any:
    """The op of that name, whose rank is one of three."""
    return partial(getattr(ops, name), communicator=THREE)


def alone(name: str) -> Any:
    """The op of that name, with a single rank."""
    return partial(getattr(ops, name), communicator=ALONE)
