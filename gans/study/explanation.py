"""What an explanation holds: the rows of both steps, and the lines behind each of them."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gans.errors import UserError
from gans.study.engine import Ops
from gans.study.twins import TWINS, Steps
from gans.study.watch import Made, Watched
from gans.systems import find
from minigrad import Tensor

__all__ = ["Explanation", "Line", "Row", "Section", "Step", "Walked", "Ways"]

Step = Literal["D", "G"]

Ways = list[tuple[str, NDArray[np.float64]]]
"""Arrays whose sum is a quantity, each with a title."""


@dataclass(frozen=True)
class Row:
    """A number, or the length of an array, by hand, by the engine and as measured.

    step         "D" or "G"
    name         "loss_d", "D.1.weight": a weight of D by its name in ``state_dict``; "P.1.weight": the part
                 of its gradient that WGAN-GP's penalty gives; "fake", "z": the gradient of G's loss there
    shape        that of the array
    by_hand      the length of the array that the hand-written step made (root of the sum of squares); of a
                 value that is one number, the number
    engine       the same of minigrad's
    measured     how fast the loss changes along the gradient, from two runs of the loss; None for a value
    difference   the largest difference of the arrays, as a share of their largest entry
    formula      the chain rule, from the hand-written line
    path, line   where that line stands
    """

    step: Step
    name: str
    shape: tuple[int, ...]
    by_hand: float
    engine: float
    measured: float | None
    difference: float
    formula: str
    path: Path
    line: int


@dataclass(frozen=True)
class Line:
    """A hand-written line that ran: its code, its result, and the op of minigrad that made the same numbers.

    ``op`` is "" where minigrad never made them: one of its ops does several lines at once. ``inputs`` are the
    shapes of what the op was given; ``saved`` says that it keeps the numbers for its derivative beside its
    result. ``text`` is the op's summary, ``place`` its file and line.
    """

    made: Made
    op: str = ""
    inputs: tuple[tuple[int, ...], ...] = ()
    saved: bool = False
    text: str = ""
    place: str = ""


@dataclass(frozen=True)
class Section:
    """Lines under a title."""

    title: str
    lines: Sequence[Line]


class Explanation:
    """Both steps of a model on one batch; ``explain`` makes it.

    ``rows`` are all quantities, in the order in which a step makes them. ``source`` is the hand-written file.
    """

    def __init__(self, model: str, data: str, n: int, seed: int, rows: Sequence[Row], walked: Walked) -> None:
        self.model = model
        self.title = find(model).title
        self.data = data
        self.n = n
        self.seed = seed
        self.rows = tuple(rows)
        self.source = Path(str(TWINS[model].__file__))
        self._walked = walked

    @property
    def largest(self) -> float:
        """The largest difference of all rows."""
        return max(row.difference for row in self.rows)

    def row(self, name: str) -> Row:
        """The row of this name. Raises UserError, which names all, if there is none."""
        for row in self.rows:
            if row.name == name:
                return row
        names = ", ".join(row.name for row in self.rows)
        raise UserError(f"{self.model} has no quantity {name!r}; it has {names}")

    def derivation(self, name: str) -> list[Section]:
        """The lines that lead from the loss to the gradient ``name``, or from the input to a value.

        A weight of D has a section for each term of its loss. Raises UserError as ``row`` does.
        """
        row = self.row(name)
        watched = self._walked.of(row.step)
        return [
            Section(title, [self._line(row.step, made) for made in watched.behind(array)])
            for title, array in self._walked.ways[name]
        ]

    def lines(self, step: Step) -> list[Section]:
        """All lines of a step, in the order in which they ran."""
        watched = self._walked.of(step)
        return [Section(f"{step}'s step", [self._line(step, made) for made in watched.lines])]

    def _line(self, step: Step, made: Made) -> Line:
        found = self._walked.ops[step].find(made.value)
        if found is None:
            return Line(made)
        result, saved = found
        op, inputs = result.op, tuple(x.shape for x in result.inputs)
        assert op is not None
        return Line(made, op.name, inputs, saved, _summary(op), _place(op))

    def __repr__(self) -> str:
        return (
            f"Explanation({self.title}, {self.n} images of {self.data}, seed {self.seed}: "
            f"{len(self.rows)} quantities, largest difference {self.largest:.1e})"
        )


class Walked:
    """What an explanation keeps of both sides: the lines by hand and the engine's graphs."""

    def __init__(self, steps: Steps) -> None:
        self.steps = steps
        self.ways: dict[str, Ways] = {}
        self.outputs: dict[Step, list[Tensor]] = {"D": [], "G": []}

    def of(self, step: Step) -> Watched:
        return self.steps.d if step == "D" else self.steps.g

    @cached_property
    def ops(self) -> dict[Step, Ops]:
        return {"D": Ops([*self.outputs["D"], *self.outputs["G"]]), "G": Ops(self.outputs["G"])}


def _summary(op: Any) -> str:
    """The first sentence of an op's text."""
    return " ".join((inspect.getdoc(op) or "").partition("\n\n")[0].split()).replace("``", "")


def _place(op: Any) -> str:
    """The file and the line of an op, such as minigrad/ops/linalg.py:20."""
    function = inspect.unwrap(op)
    parts = str(op.__module__).split(".")
    return f"{'/'.join(parts)}.py:{inspect.getsourcelines(function)[1]}"
