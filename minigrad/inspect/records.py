"""What a trace holds: values, calls of ops, calls of modules, and walks of ``minigrad.grad``.

Records name each other by their index in the lists of the Trace, so that they can be printed and stored.
"""

from __future__ import annotations

import linecache
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from minigrad.inspect.statistics import Statistics
from minigrad.types import Array

__all__ = ["Call", "Kernel", "Note", "Place", "Pull", "Update", "Value", "Visit", "Walk"]


class Place(NamedTuple):
    """A line of code: its file, number, module and function."""

    file: str
    line: int
    module: str
    function: str

    @property
    def text(self) -> str:
        """The line itself, stripped; "" where the file is not there."""
        return linecache.getline(self.file, self.line).strip()

    def __str__(self) -> str:
        return f"{self.module}:{self.line}"


class Kernel(NamedTuple):
    """A call of a hand-written kernel, ``cpu.conv2d``, and the seconds that it took."""

    name: str
    seconds: float


class Update(NamedTuple):
    """How the traced step changed a Tensor: norms of the change and of the Tensor before it."""

    change: float
    before: float

    @property
    def ratio(self) -> float:
        """The size of the change against the Tensor's own."""
        return self.change / self.before if self.before else float("inf") if self.change else 0.0


@dataclass
class Value:
    """A Tensor that the step made or used.

    ``kind`` is "parameter", "leaf" (made by no op: data, constants, seeds of gradients) or "result".
    ``maker`` is the Call that made it; ``cut_from`` is the Value on whose array this leaf lies, where
    ``detach`` or a new Tensor cut it off. ``array`` is a copy if the trace keeps arrays, else None.
    ``earlier`` is the Value that the same Tensor was before the step changed it in place.
    """

    index: int
    shape: tuple[int, ...]
    dtype: str
    kind: str
    statistics: Statistics
    name: str = ""
    maker: int | None = None
    cut_from: int | None = None
    earlier: int | None = None
    array: Array | None = None
    update: Update | None = None

    def __str__(self) -> str:
        return f"{self.name or self.kind} {self.shape}"


@dataclass
class Visit:
    """One call of a module, or of neighbours that run as one function; ``parent`` is the Visit around it."""

    index: int
    kinds: tuple[str, ...]
    parent: int | None
    path: str = ""
    settings: str = ""


@dataclass
class Call:
    """A call of an op: ``values[output] = op(*inputs, **params)``.

    ``order`` is 0 in the forward pass, n for what rules compute when the n-th derivative is taken. ``pull``
    is the Pull whose rules made the call, ``graph`` says whether the call can be differentiated, ``visit`` is
    the innermost module.
    """

    index: int
    op: str
    formula: str
    inputs: tuple[int, ...]
    params: Mapping[str, Any]
    output: int
    place: Place
    visit: int | None
    order: int
    pull: int | None
    walk: int | None
    graph: bool
    seconds: float
    kernels: tuple[Kernel, ...]


@dataclass
class Pull:
    """The rules of one call: from the gradient ``g`` of its output to those of its inputs.

    ``sent`` has a Value for each position of an input that got a gradient; ``zero`` are the positions that
    lead to a wanted Tensor, but whose rule says that the derivative is zero. ``rules`` are formulas.
    """

    index: int
    walk: int
    call: int
    order: int
    g: int
    sent: dict[int, int] = field(default_factory=dict)
    zero: tuple[int, ...] = ()
    rules: dict[int, str] = field(default_factory=dict)


@dataclass
class Walk:
    """One call of ``minigrad.grad``, from ``output`` to the Values of ``wrt``.

    ``gradients`` has the Value of the gradient for each Value that it reached; ``graph`` says whether the
    gradients can be differentiated again (``create_graph``). An ``extra`` walk is the trace's own, to the
    leaves that the step's walk passed by.
    """

    index: int
    output: int
    wrt: tuple[int, ...]
    place: Place
    graph: bool
    extra: bool = False
    pulls: list[int] = field(default_factory=list)
    gradients: dict[int, int] = field(default_factory=dict)


class Note(NamedTuple):
    """A call that is no op, such as an optimizer's update. ``after`` is the number of Calls before it."""

    name: str
    after: int
    place: Place
    seconds: float
