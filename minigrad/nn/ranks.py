"""Layers that compute with a whole batch, where each of several processes has a share of it."""

from __future__ import annotations

from typing import TypeVar

from minigrad.distributed.communicator import Communicator, resolved
from minigrad.nn.module import Module
from minigrad.nn.norm import BatchNorm1d, BatchNorm2d
from minigrad.nn.progressive import MinibatchStdDev

__all__ = ["synchronised"]

M = TypeVar("M", bound=Module)


def synchronised(module: M, communicator: Communicator | None = None) -> M:
    """``module``, whose layers from now on compute with the samples of all ranks as one batch.

    These layers are BatchNorm1d and BatchNorm2d in training, and MinibatchStdDev: with equal shares of a
    batch on every rank they return the rank's rows of what one process returns for the whole batch, and
    derivatives of any order are those of the sum of all ranks' losses. Running statistics are the same on all
    ranks, bit for bit. A forward call then waits for the other ranks, as ``grad`` through it does.

    ``communicator`` is that of the block ``distributed.using`` unless given; one of a single rank, such as
    ``distributed.Alone()``, undoes it.

    >>> import minigrad as mg
    >>> network = mg.nn.Sequential(mg.nn.Linear(4, 8), mg.nn.BatchNorm1d(8), mg.nn.ReLU())
    >>> mg.nn.synchronised(network) is network
    True
    """
    ranks = resolved(communicator)
    for layer in module.modules():
        if isinstance(layer, BatchNorm1d | BatchNorm2d | MinibatchStdDev):
            layer.communicator = ranks if ranks.size > 1 else None
    return module
