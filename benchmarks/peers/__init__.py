"""The sides of a comparison: minigrad, the same engine on plain NumPy kernels, and peers.

A peer is one file: of this folder with a row in ``PEERS``, or of yours (``--against ./mine.py``). It defines

    KERNELS             by name, functions of our kernel's arguments that return the call to time
    training            (step, device) -> an object with ``step(number)``, ``weights()`` and ``averages()``
    place, array        (array, device): NumPy's to the peer's; a result of a call to NumPy's
    set_threads         (number): before anything is computed
    within              a context manager within which its work is prepared and done

and leaves out what it does not need or offer: a kernel or step that is missing is left out of its row. The
names of kernels and their arguments are those of ``benchmarks/cases.py`` and ``benchmarks/shapes.py``; a call
returns when its result is computed, and the result is compared with that of plain NumPy before it is timed.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numba
import numpy as np

from benchmarks.agreement import KERNEL_ERROR
from gans.errors import UserError
from gans.systems.own import module_of


class NotOffered(Exception):
    """A side does not do this work; the message says why."""


class Peer(NamedTuple):
    """The module of a side, the package that it needs, its devices, and how far off its results may be.

    ``kernel_error`` is relative to a result's largest element, ``slack`` times the tolerance of a step.
    ``compilers`` are an environment variable and the programs that will do, of which it needs one.
    """

    module: str
    needs: str = ""
    devices: tuple[str, ...] = ("cpu",)
    kernel_error: float = KERNEL_ERROR
    slack: float = 1.0
    compilers: tuple[str, ...] = ()


OWN = {
    "minigrad": Peer("engine", devices=("cpu", "cuda")),
    "numpy": Peer("plain_numpy"),
}

PEERS = {
    "torch": Peer("pytorch", "torch", ("cpu", "cuda")),
    "torch-compile": Peer("pytorch_compiled", "torch", compilers=("CXX", "g++", "clang++")),
    "torch-bf16": Peer("pytorch_bf16", "torch", kernel_error=0.04, slack=10.0),
    "jax": Peer("on_jax", "jax"),
    "tinygrad": Peer("on_tinygrad", "tinygrad", compilers=("CC", "clang")),
}

GRAPHS = {"torch-graph": Peer("pytorch_graphs", "torch", ("cuda",))}
"""Added to PyTorch's on a GPU."""

PYTORCH = ("torch", "torch-graph")
"""The sides that time a GPU by PyTorch's events."""


def peer(side: str) -> Peer:
    """The row of a side; that of a file of the user's has the tolerances of float32."""
    return {**OWN, **PEERS, **GRAPHS}.get(side, Peer(side))


@cache
def load(side: str) -> SimpleNamespace:
    """What a side's file defines, and what stands for the rest. Raises UserError if it cannot be read."""
    defaults = {
        "KERNELS": {},
        "training": _no_steps,
        "place": lambda a, device: a,
        "array": np.array,
        "set_threads": lambda number: None,
        "within": nullcontext,
    }
    module = module_of(Path(side)) if side.endswith(".py") else _named(peer(side).module)
    return SimpleNamespace(**{**defaults, **{k: v for k, v in vars(module).items() if k in defaults}})


def _named(name: str) -> Any:
    return importlib.import_module(f"{__name__}.{name}")


def _no_steps(*_: Any) -> Any:
    raise NotOffered("it has kernels only")


def sides(against: list[str], device: str = "cpu", *, numpy: bool = True) -> list[str]:
    """minigrad, on the CPU plain NumPy too, then those of the option; UserError for one that is not there."""
    for side in against:
        check(side, device)
    plain = ["numpy"] if device == "cpu" and numpy else []
    graphs = list(GRAPHS) if device == "cuda" and "torch" in against else []
    return ["minigrad", *plain, *dict.fromkeys(against), *graphs]


def check(side: str, device: str = "cpu") -> None:
    """Raise UserError if a side is unknown, not installed, not for the device or does not run."""
    if side.endswith(".py"):
        if not Path(side).is_file():
            raise UserError(f"--against {side}: there is no such file")
        module_of(Path(side))
    elif side not in PEERS:
        known = ", ".join(PEERS)
        raise UserError(f"--against {side}: it is none of {known}, nor a file of yours that ends in .py")
    found = peer(side)
    if found.needs and importlib.util.find_spec(found.needs) is None:
        needs = found.needs
        raise UserError(f"--against {side}: {needs} is not installed; run `python -m pip install {needs}`")
    if device not in found.devices:
        raise UserError(f"--against {side}: it is compared on {' and '.join(found.devices)}, not on {device}")
    if found.compilers:
        variable, *programs = found.compilers
        if not any(map(shutil.which, [os.environ.get(variable, programs[0]), *programs])):
            raise UserError(
                f"--against {side}: it needs {programs[0]}; install it, or name yours in {variable}"
            )


def threads() -> int:
    """How many threads each side uses: Numba's number, which follows affinity and NUMBA_NUM_THREADS."""
    return int(numba.config.NUMBA_NUM_THREADS)
