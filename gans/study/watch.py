"""A function watched line by line: what each of its assignments made, and of which arrays.

The hand-written files have no code for it. While one of their functions runs, Python calls back before each
line, as it does for a debugger.
"""

from __future__ import annotations

import ast
import inspect
import io
import sys
import tokenize
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Made", "Watched", "watch"]

DERIVATIVES = ("g_", "f_")
"""Names of derivatives begin so: of the loss, and of the critic's score."""

OUTSIDE = -1
"""The place of an array that was an argument."""


@dataclass(frozen=True, eq=False)
class Statement:
    """An assignment in a file: where it stands, its code, and the formula in the comment beside it."""

    path: Path
    line: int
    code: str
    formula: str
    in_loop: bool
    names: tuple[str, ...]
    expression: ast.expr


@dataclass(frozen=True, eq=False)
class Made:
    """A statement that ran, and one array that it assigned to ``name``.

    ``stage`` is the number k of the loop around it. ``read`` are the places, in the order of running, of the
    statements that made the arrays in it.
    """

    statement: Statement
    function: str
    name: str
    value: NDArray[np.float64]
    stage: int | None
    read: tuple[int, ...]

    @property
    def is_derivative(self) -> bool:
        """Whether the name is that of a derivative."""
        return self.name.startswith(DERIVATIVES)


class Watched:
    """The lines that ran, in their order, and the result of the function."""

    def __init__(self, arguments: Any) -> None:
        self.lines: list[Made] = []
        self.result: Any = None
        self._places: dict[int, int] = {id(array): OUTSIDE for array in _arrays(arguments)}
        self._alive: list[Any] = [arguments]  # an id is that of one array while the array lives

    def maker(self, value: Any) -> int | None:
        """The place of the line that made ``value``; None if it is an argument, or not of a line."""
        place = self._places.get(id(value))
        return None if place == OUTSIDE else place

    def add(self, made: Made, value: Any) -> None:
        """Note a line and what it made, unless that had another name before."""
        if id(value) not in self._places:
            self._places[id(value)] = len(self.lines)
            self._alive.append(value)
            self.lines.append(made)

    def behind(self, value: Any) -> list[Made]:
        """The lines that led to ``value``, in their order, it included.

        Behind a derivative these are derivatives alone; what they read of the forward pass is left out.
        """
        last = self.maker(value)
        if last is None:
            return []
        derivatives = self.lines[last].is_derivative
        found, ahead = {last}, [last]
        while ahead:
            for place in self.lines[ahead.pop()].read:
                if place not in found and (self.lines[place].is_derivative or not derivatives):
                    found.add(place)
                    ahead.append(place)
        return [self.lines[place] for place in sorted(found)]


def watch(modules: Sequence[ModuleType], function: Callable[..., Any], *arguments: Any) -> Watched:
    """Call ``function(*arguments)`` and note what the lines of the functions in ``modules`` assign.

    A debugger or a measurement of coverage pauses meanwhile.
    """
    statements = {str(module.__file__): _statements(str(module.__file__)) for module in modules}
    watched = Watched(arguments)

    def on_call(frame: FrameType, _: str, __: Any) -> Any:
        code = frame.f_code
        if code.co_filename not in statements or code.co_name.startswith("<"):
            return None
        return _Frame(watched, statements[code.co_filename]).on_line

    before = sys.gettrace()
    sys.settrace(on_call)
    try:
        watched.result = function(*arguments)
    finally:
        sys.settrace(before)
    return watched


class _Frame:
    """One call of a watched function: its statement that runs, and the arrays that it reads."""

    def __init__(self, watched: Watched, statements: dict[int, Statement]) -> None:
        self._watched = watched
        self._statements = statements
        self._running: Statement | None = None
        self._read: tuple[int, ...] = ()

    def on_line(self, frame: FrameType, event: str, _: Any) -> Any:
        if event not in ("line", "return"):
            return self.on_line
        statement = self._statements.get(frame.f_lineno) if event == "line" else None
        if statement is None or statement is not self._running:
            self._finish(frame)
            self._running = statement
            if statement is not None:
                places = (self._watched.maker(array) for array in _read(statement.expression, frame))
                self._read = tuple(dict.fromkeys(place for place in places if place is not None))
        return self.on_line

    def _finish(self, frame: FrameType) -> None:
        """Note what the statement that ran until now has assigned."""
        if self._running is None:
            return
        for name in self._running.names:
            value = frame.f_locals.get(name)
            if isinstance(value, np.ndarray | np.floating):
                function = frame.f_code.co_name
                stage = frame.f_locals.get("k") if self._running.in_loop else None
                made = Made(self._running, function, name, np.asarray(value), stage, self._read)
                self._watched.add(made, value)


@cache
def _statements(path: str) -> dict[int, Statement]:
    """The assignments of a file, by each of their lines."""
    source = Path(path).read_text("utf-8")
    comments = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    tree = ast.parse(source)
    loops = [range(n.lineno, (n.end_lineno or 0) + 1) for n in ast.walk(tree) if isinstance(n, ast.For)]
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = tuple(_names(targets))
            code = inspect.cleandoc(ast.get_source_segment(source, node) or "")
            formula = comments.get(node.lineno, "").partition("  ")[0]  # a shape may stand behind it
            in_loop = any(node.lineno in loop for loop in loops)
            statement = Statement(Path(path), node.lineno, code, formula, in_loop, names, node.value)
            found.update(dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), statement))
    return found


def _names(targets: Sequence[ast.expr]) -> Iterator[str]:
    for target in targets:
        if isinstance(target, ast.Name):
            yield target.id
        elif isinstance(target, ast.Tuple):
            yield from _names(target.elts)


def _read(node: ast.AST, frame: FrameType) -> Iterator[Any]:
    """The arrays that an expression names: ``h``, or ``kept[k]`` for a list of arrays."""
    if isinstance(node, ast.ListComp | ast.GeneratorExp):
        return
    if isinstance(node, ast.Name):
        yield frame.f_locals.get(node.id)
    elif isinstance(node, ast.Subscript) and not isinstance(_value(node.value, frame), np.ndarray):
        yield _value(node, frame)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _read(child, frame)


def _value(node: ast.expr, frame: FrameType) -> Any:
    return eval(compile(ast.Expression(node), "<watched>", "eval"), frame.f_globals, dict(frame.f_locals))


def _arrays(values: Any) -> Iterator[Any]:
    if isinstance(values, np.ndarray):
        yield values
    elif isinstance(values, list | tuple):
        for value in values:
            yield from _arrays(value)
