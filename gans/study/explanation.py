"""What an explanation holds: the rows of both steps, and the lines behind each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gans.errors import UserError
from gans.messages import one_line
from gans.study.beside import Beside, Origin
from gans.study.engine import Engine
from gans.study.twins import TWINS, Steps
from gans.study.watch import Made, Watched
from gans.systems import find

__all__ = ["Batch", "Explanation", "Line", "Row", "Section", "Step", "Walked", "Ways"]

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
    measured     how fast the loss changes along the gradient by hand, from two runs of the loss: its length,
                 if it is right; None for a value
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
    """A hand-written line that ran, and what made the same numbers in minigrad.

    ``engine`` is None where minigrad never made them: one of its ops does several lines at once.
    """

    made: Made
    engine: Origin | None


@dataclass(frozen=True)
class Section:
    """Lines under a title."""

    title: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Batch:
    """On what both sides computed: ``n`` images of ``data``, drawn with ``seed``, after ``steps`` steps."""

    data: str
    n: int
    seed: int
    steps: int = 0

    def __str__(self) -> str:
        images = "1 image" if self.n == 1 else f"{self.n:,} images"
        trained = f", after {self.steps:,} steps" if self.steps else ""
        return f"{images} of {one_line(self.data, 60)}, seed {self.seed}{trained}"


class Explanation:
    """Both steps of a model on one ``batch``; ``explain`` makes it.

    ``rows`` are all quantities, in the order in which a step makes them. ``source`` is the hand-written file.
    """

    def __init__(self, model: str, batch: Batch, rows: Sequence[Row], walked: Walked) -> None:
        self.model = model
        self.title = find(model).title
        self.batch = batch
        self.rows = tuple(rows)
        self.source = Path(str(TWINS[model].__file__))
        self._walked = walked

    @property
    def largest(self) -> float:
        """The largest difference of all rows."""
        return max(row.difference for row in self.rows)

    def row(self, name: str) -> Row:
        """The row of this name; ``generator`` and ``discriminator`` may stand for G and D.

        Raises UserError, which names all rows, if there is none.
        """
        short = name.replace("generator.", "G.").replace("discriminator.", "D.")
        for row in self.rows:
            if row.name == short:
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
            for title, array in self._walked.ways[row.name]
        ]

    def lines(self, step: Step) -> list[Section]:
        """All lines of a step, in the order in which they ran."""
        watched = self._walked.of(step)
        return [Section(f"{step}'s step", [self._line(step, made) for made in watched.lines])]

    def _line(self, step: Step, made: Made) -> Line:
        return Line(made, self._walked.beside(step).find(made.value, made.is_derivative))

    def document(self) -> dict[str, Any]:
        """The rows as JSON values, with the model and its batch."""
        rows = [{**asdict(row), "path": row.path.name} for row in self.rows]
        return {"model": self.model, **asdict(self.batch), "largest": self.largest, "rows": rows}

    def __repr__(self) -> str:
        return (
            f"Explanation({self.title}, {self.batch}: {len(self.rows)} quantities, "
            f"largest difference {self.largest:.1e})"
        )


class Walked:
    """What an explanation keeps of both sides: the lines by hand, and the engine."""

    def __init__(self, steps: Steps, engine: Engine) -> None:
        self.steps = steps
        self.engine = engine
        self.ways: dict[str, Ways] = {}
        self._beside: dict[Step, Beside] = {}

    def of(self, step: Step) -> Watched:
        """The lines by hand of a step."""
        return self.steps.d if step == "D" else self.steps.g

    def beside(self, step: Step) -> Beside:
        """What minigrad does in a step."""
        if step not in self._beside:
            self._beside[step] = self.engine.beside(step)
        return self._beside[step]
