"""Data-parallel training: several processes that train one network, each on its share of every batch."""

from minigrad.distributed.communicator import Alone, Communicator, current, using
from minigrad.distributed.mean import mean_over_ranks
from minigrad.distributed.mpi import MPI, launched, world
from minigrad.distributed.nccl import NCCL
from minigrad.distributed.shares import in_parts

__all__ = [
    "MPI",
    "NCCL",
    "Alone",
    "Communicator",
    "current",
    "in_parts",
    "launched",
    "mean_over_ranks",
    "using",
    "world",
]
