"""The directive ``api``: what the public names of a module are, from their docstrings.

    ```{api} minigrad.ops
    exp log
    ```

shows each name with its signature, docstring and example; a class with its public methods, or with those
that the option ``members`` names. Without names it shows the module's own text.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from importlib import import_module
from itertools import pairwise
from types import ModuleType
from typing import Any, ClassVar

from docstrings import markdown
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

LONGEST = 200
"""Characters of a constant that is shown as it is."""

_FENCES = {"method": "````", "class": "``````"}


class Api(SphinxDirective):
    """The entries of the names in the directive's content."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {"members": str.split}

    def run(self) -> list[nodes.Node]:
        module = import_module(self.arguments[0])
        names = " ".join(self.content).split()
        shown = self.options.get("members")
        entries = [entry(module, name, shown) for name in names]
        text = "\n\n".join(entries) if names else markdown(module.__doc__ or "")
        return self.parse_text_to_nodes(text)


def entry(module: ModuleType, name: str, shown: list[str] | None = None) -> str:
    """The Markdown of one public name; of a class's members, those that are ``shown``, or all."""
    value = getattr(module, name)
    full = f"{module.__name__}.{name}"
    if isinstance(value, type) and value.__module__ != "numpy":
        return described("class", full + arguments(value), class_text(value, shown))
    if callable(value) and not isinstance(value, type):
        return described("function", full + arguments(value), markdown(inspect.getdoc(value) or ""))
    return described("data", full, constant_text(module, name))


def described(kind: str, signature: str, text: str) -> str:
    fence = _FENCES.get(kind, "`````")
    return f"{fence}{{py:{kind}}} {signature}\n\n{text}\n{fence}"


def class_text(cls: type, shown: list[str] | None) -> str:
    """The class's docstring and its public methods that have one."""
    text = [markdown(inspect.getdoc(cls) or "")] if "__doc__" in vars(cls) else []
    chosen = [(name, value) for name, value in members(cls) if shown is None or name in shown]
    return "\n\n".join([*text, *(member_text(name, value) for name, value in chosen)])


def members(cls: type) -> Iterator[tuple[str, Any]]:
    """Public methods and properties with a docstring, of the class and of bases that are not public."""
    seen = set()
    for base in cls.__mro__:
        if base is not cls and not is_part_of(base, cls):
            continue
        for name, value in vars(base).items():
            if name.startswith("_") or name in seen or not getattr(value, "__doc__", None):
                continue
            seen.add(name)
            if isinstance(value, property | staticmethod | classmethod) or inspect.isfunction(value):
                yield name, value


def is_part_of(base: type, cls: type) -> bool:
    """Whether ``base`` is a piece of ``cls`` that has no entry of its own."""
    return base.__module__.startswith("minigrad.methods") and cls.__name__ == "Tensor"


def member_text(name: str, value: Any) -> str:
    text = markdown(inspect.getdoc(value) or "")
    if isinstance(value, property):
        return described("method", name, text).replace("{py:method}", "{py:property}", 1)
    function = value.__func__ if isinstance(value, staticmethod | classmethod) else value
    return described("method", name + arguments(function, bound=not isinstance(value, staticmethod)), text)


def arguments(value: Any, bound: bool = False) -> str:
    """``(x, *, axis=None)``: a signature without types, which the text names where they matter."""
    try:
        parameters = list(inspect.signature(value).parameters.values())
    except (TypeError, ValueError):
        return "()"
    shown = [p.replace(annotation=p.empty, default=_default(p)) for p in parameters[bound:]]
    return str(inspect.Signature(shown))


class _Shown:
    """A default value as a reader would write it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def _default(parameter: inspect.Parameter) -> Any:
    value = parameter.default
    if value is parameter.empty or isinstance(value, str | int | float | tuple | None):
        return value
    name = getattr(value, "__name__", None)
    return _Shown("..." if name is None or name == "<lambda>" else name)


def constant_text(module: ModuleType, name: str) -> str:
    """The text below an assignment in the source of the module that makes the value, or what it is."""
    value = getattr(module, name)
    for maker in list(sys.modules.values()):
        if getattr(maker, "__name__", "").startswith(module.__name__) and vars(maker).get(name) is value:
            text = _text_below(inspect.getsource(maker), name)
            if text:
                return markdown(text)
    if isinstance(value, type):
        return f"NumPy's ``{value.__name__}``."
    return f"``{value!r}``" if len(repr(value)) < LONGEST else ""


def _text_below(source: str, name: str) -> str:
    """The docstring of a module's variable."""
    statements = ast.parse(source).body
    for statement, after in pairwise(statements):
        targets = (
            statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        )
        if name in [getattr(target, "id", None) for target in targets]:
            below = getattr(after, "value", None)
            return below.value if isinstance(below, ast.Constant) and isinstance(below.value, str) else ""
    return ""


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("api", Api)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
