"""``gans explain``."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.table import Table
from rich.text import Text

from gans.cli.files import check_folder_of
from gans.cli.stages import stages
from gans.cli.tables import show, width
from gans.errors import UserError
from gans.files import write_json
from gans.messages import one_line
from gans.study import Explanation, Line, Row, Section, explain
from gans.study.sizes import SIZES

STANDARD_OUTPUT = Path("-")

STEPS = {
    "D": "D's step: its loss, and its gradient from D's last layer to the first",
    "G": "G's step: through D to the fake images, and on through G to z",
}

NOTES = """\
A gradient's number is its length, the root of its sum of squares. "measured" is how fast the loss changes
when the weights move along the gradient by hand, from two runs of the loss: its length, if it is right.
D's step takes G(z) as a constant, so it has no gradient of G. In G's step all that reaches G passes the row
"fake": the derivative of the loss in each pixel of G(z), which D's weights make."""

WIDE = 110
"""Columns from which shapes and places have room."""

PENALTY = """\
P.* is what the penalty adds to D's gradient: the derivative of a backward pass. No bias gets any of it."""


def run(arguments: Namespace) -> int:
    """Show a step by hand beside minigrad's; the exit status."""
    if arguments.json is not None and (arguments.parameter is not None or arguments.step is not None):
        raise UserError("--json has the numbers of the table; leave out --parameter and --step")
    if arguments.json not in (None, STANDARD_OUTPUT):
        check_folder_of("--json", arguments.json)
    sizes = {name: getattr(arguments, name) for name in SIZES if getattr(arguments, name) is not None}
    with stages("both steps, by hand and by minigrad"):
        explanation = explain(
            arguments.model,
            arguments.data,
            data_dir=arguments.data_dir,
            n=arguments.n,
            seed=arguments.seed,
            steps=arguments.steps,
            **sizes,
        )
    if arguments.json == STANDARD_OUTPUT:
        print(json.dumps(explanation.document(), indent=2, allow_nan=False))
    elif arguments.parameter is not None:
        _show_lines(explanation, arguments.parameter, explanation.derivation(arguments.parameter))
        _show_row(explanation.row(arguments.parameter))
    elif arguments.step is not None:
        _show_lines(explanation, "", explanation.lines(arguments.step))
    else:
        _show_rows(explanation)
    if arguments.json not in (None, STANDARD_OUTPUT):
        write_json(arguments.json, explanation.document())
        print(f"written to {one_line(arguments.json)}")
    return 0


def _show_rows(explanation: Explanation) -> None:
    print(f"{explanation.title} by hand and by minigrad, in float64: {explanation.batch}")
    show(*(_rows_of(title, [r for r in explanation.rows if r.step == step]) for step, title in STEPS.items()))
    print(NOTES)
    if any(row.name.startswith("P.") for row in explanation.rows):
        print(PENALTY)
    print(f"The largest difference is {explanation.largest:.1e}. By hand: {one_line(explanation.source)}")
    print("--parameter NAME shows the lines that lead to a quantity, --step D or G all lines of a step.")


def _rows_of(title: str, rows: Sequence[Row]) -> Table:
    """The rows of a step; a narrow terminal has no room for shapes and places."""
    wide = width() >= WIDE
    table = Table(title=Text(title), title_justify="left")
    for name in ("quantity", *(["shape"] if wide else [])):
        table.add_column(name, no_wrap=True)
    for name in ("by hand", "minigrad", "measured", "differ"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("the chain rule by hand", min_width=20)
    if wide:
        table.add_column("line", no_wrap=True, style="dim")
    for row in rows:
        numbers = [f"{x:.4g}" for x in (row.by_hand, row.engine)]
        measured = "" if row.measured is None else f"{row.measured:.4g}"
        differ = f"{row.difference:.0e}" if row.difference else "0"
        cells = [row.name, *([_shape(row.shape)] if wide else []), *numbers, measured, differ, row.formula]
        table.add_row(*map(Text, [*cells, *([f"{row.path.name}:{row.line}"] if wide else [])]))
    return table


def _show_lines(explanation: Explanation, name: str, sections: Sequence[Section]) -> None:
    for section in sections:
        title = f"{name}, {section.title}: {explanation.batch}".removeprefix(", ")
        table = Table(title=Text(title), title_justify="left", show_lines=True)
        table.add_column("by hand", ratio=5)
        table.add_column("its numbers", ratio=3)
        table.add_column("minigrad", ratio=4)
        for line in section.lines:
            table.add_row(_code(line), _numbers(line), _origin(line))
        show(table)


def _show_row(row: Row) -> None:
    what = "the number" if row.measured is None else "its length"
    numbers = f"{what} by hand {row.by_hand:.10g}, by minigrad {row.engine:.10g}"
    measured = "" if row.measured is None else f", measured {row.measured:.6g}"
    print(f"{row.name} {_shape(row.shape)}: {numbers}{measured}; largest difference {row.difference:.1e}")


def _code(line: Line) -> Text:
    statement, stage = line.made.statement, line.made.stage
    where = f"{statement.path.name}:{statement.line} {line.made.function}"
    text = Text(statement.code)
    text.append(f"\n{statement.formula}" if statement.formula else "", "italic")
    return text.append(f"\n{where}" + ("" if stage is None else f", k = {stage}"), "dim")


def _numbers(line: Line) -> Text:
    x = line.made.value
    entries = ", ".join(f"{entry:.4g}" for entry in x.ravel()[:4])
    more = ", ..." if x.size > 4 else ""
    length = "" if x.size == 1 else f"\nlength {np.linalg.norm(x):.5g}"
    return Text(f"{line.made.name} {_shape(x.shape)}{length}\n{entries}{more}")


def _origin(line: Line) -> Text:
    origin = line.engine
    if origin is None:
        return Text("within another op", "dim")
    return Text(str(origin)).append(f"\n{origin.formula}", "italic").append(f"\n{origin.place}", "dim")


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "number"
