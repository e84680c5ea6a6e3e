"""What a comparison found: a row for each gradient, and a verdict for each step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any

import numpy as np

from gans.study.comparisons.change import Change
from gans.study.comparisons.relation import Relation, relation, shown
from gans.study.comparisons.scene import Findings

__all__ = ["COLUMNS", "Comparison", "Row"]

COLUMNS = ("step", "gradient", "norm in A", "norm in B", "difference", "cosine", "verdict")
"""The head of the table."""


@dataclass(frozen=True)
class Row:
    """One gradient, or another array, in both variants. ``parameter`` is its name in ``state_dict``."""

    step: str
    parameter: str
    relation: Relation

    def cells(self) -> tuple[str, ...]:
        """The row of the table, below ``COLUMNS``."""
        r = self.relation
        numbers = (r.norm_a, r.norm_b, r.difference)
        return (self.step, self.parameter, *(f"{x:.4g}" for x in numbers), shown(r.cosine), r.words)


@dataclass(frozen=True)
class Comparison:
    """One step in two variants.

    ``a`` and ``b`` are what they computed: for each step, such as "D's step", a loss and arrays by name.
    ``origin`` says of which model, data, seed, number of samples and of training steps before.
    """

    change: Change
    origin: dict[str, Any]
    a: Findings
    b: Findings

    @cached_property
    def rows(self) -> list[Row]:
        """A row for each gradient, in the order of the steps."""
        return [
            Row(step, name, relation(array, self.b[step].arrays[name]))
            for step, part in self.a.items()
            for name, array in part.arrays.items()
        ]

    @cached_property
    def relations(self) -> dict[str, Relation]:
        """How the gradients of each step are related, all as one vector."""
        found = {}
        for step, part in self.a.items():
            other = self.b[step].arrays
            pairs = [(array.ravel(), other[name].ravel()) for name, array in part.arrays.items()]
            a, b = (np.concatenate(arrays) for arrays in zip(*pairs, strict=True))
            found[step] = relation(a, b)
        return found

    @cached_property
    def verdicts(self) -> dict[str, str]:
        """The relation of each step in words, and which of its gradients stay as they are."""
        return {step: self._verdict(step) for step in self.a}

    def _verdict(self, step: str) -> str:
        whole = self.relations[step]
        rows = self.of(step)
        same = [row.parameter for row in rows if row.relation.is_same]
        if whole.is_same or whole.kind == "factor" or not same or len(rows) == 1:
            return str(whole)
        where = {"zero in A": "zero in both", "zero in B": "zero in both"}.get(whole.kind, "the same")
        return f"{whole}; {where}, {len(same)} of {len(rows)}: {', '.join(same)}"

    def of(self, step: str) -> list[Row]:
        """The rows of one step."""
        return [row for row in self.rows if row.step == step]

    def losses(self) -> dict[str, tuple[float, float]]:
        """The loss of each step in A and in B, where there is one."""
        pairs = {step: (part.loss, self.b[step].loss) for step, part in self.a.items()}
        return {step: (a, b) for step, (a, b) in pairs.items() if a is not None and b is not None}

    def document(self) -> dict[str, Any]:
        """All of it as JSON values; None stands for a number that is not finite."""
        return {
            "change": self.change.name,
            "a": self.change.a.words,
            "b": self.change.b.words,
            **self.origin,
            "losses": {step: [_finite(x) for x in pair] for step, pair in self.losses().items()},
            "verdicts": self.verdicts,
            "rows": [
                {
                    "step": row.step,
                    "parameter": row.parameter,
                    "norm_a": _finite(row.relation.norm_a),
                    "norm_b": _finite(row.relation.norm_b),
                    "difference": _finite(row.relation.difference),
                    "cosine": _finite(row.relation.cosine),
                    "factor": row.relation.factor,
                    "kind": row.relation.kind,
                }
                for row in self.rows
            ],
        }

    def __repr__(self) -> str:
        said = "; ".join(f"{step}: {verdict}" for step, verdict in self.verdicts.items())
        return f"Comparison({self.origin['model']}, {self.change.name}: {said})"

    def _repr_html_(self) -> str:
        change = self.change
        words = "".join(
            f"<p>{name}: {escape(variant.words)}</p>" for name, variant in (("A", change.a), ("B", change.b))
        )
        said = "".join(f"<li>{escape(step)}: {escape(v)}</li>" for step, v in self.verdicts.items())
        code = escape("\n".join(change.difference))
        head = f"<p>{escape(self.origin['model'])}: {escape(change.what)}</p>{words}"
        return f"{head}<pre>{code}</pre><ul>{said}</ul>{_html_table(self.rows)}"


def _html_table(rows: Sequence[Row]) -> str:
    head = "".join(f"<th>{name}</th>" for name in COLUMNS)
    body = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row.cells()) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
