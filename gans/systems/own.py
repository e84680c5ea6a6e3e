"""Systems and networks in files of the user's own: ``FILE.py:NAME``."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from gans.errors import UserError
from gans.messages import one_line
from gans.paths import user_path

__all__ = ["absolute", "is_own", "load_function", "load_object", "load_own", "module_of"]

_FORM = "FILE.py:NAME"

_modules: dict[tuple[str, int, int], ModuleType] = {}
"""Files that have run, by path, time and size: a class is the same object whenever its file is unchanged."""


def is_own(text: str) -> bool:
    """Whether ``text`` names something in a file, and not a system of the package.

    >>> is_own("./my_gan.py:MyGAN"), is_own("dcgan")
    (True, False)
    """
    return ".py:" in text or text.endswith(".py") or "/" in text or os.sep in text


def absolute(text: str) -> str:
    """``text`` with its file as an absolute path, as config.json keeps it; other names as they are."""
    if not is_own(text) or ".py:" not in text:
        return text
    file, name = text.rsplit(":", 1)
    return f"{user_path(file).resolve()}:{name}"


def load_own(text: str, base: type) -> Any:
    """The subclass of ``base`` that ``text`` names.

    Raises UserError if the file is missing or fails, or has no such class.
    """
    found = _load(text)
    if not (isinstance(found, type) and issubclass(found, base)):
        raise UserError(f"{one_line(text)}: not a subclass of gans.systems.{base.__name__}")
    return found


def load_object(text: str, kind: type) -> Any:
    """The object of class ``kind`` that ``text`` names. Raises UserError as ``load_own``."""
    found = _load(text)
    if not isinstance(found, kind):
        raise UserError(f"{one_line(text)}: not a {kind.__module__.rpartition('.')[0]}.{kind.__name__}")
    return found


def load_function(text: str) -> Any:
    """The function that ``text`` names. Raises UserError as ``load_own``."""
    found = _load(text)
    if not callable(found):
        raise UserError(f"{one_line(text)}: not a function")
    return found


def _load(text: str) -> Any:
    file, _, name = text.rpartition(":")
    if not file.endswith(".py") or not name.isidentifier():
        raise UserError(f"{one_line(text)}: expected {_FORM}, a Python file and a name in it")
    path = user_path(file)
    module = module_of(path)
    if not hasattr(module, name):
        names = [
            key for key, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__
        ]
        raise UserError(
            f"{one_line(path)} has no {name!r} (it has {', '.join(names) or 'nothing of its own'})"
        )
    return getattr(module, name)


def module_of(path: Path) -> ModuleType:
    """The module that a file of the user's is; UserError, which names the line, if it does not run."""
    try:
        found = path.resolve(strict=True)
        status = found.stat()
    except OSError as error:
        raise UserError(f"{one_line(path)}: cannot be read: {error.strerror}") from None
    key = (str(found), status.st_mtime_ns, status.st_size)
    if key not in _modules:
        name = f"_own_{hashlib.sha256(str(key).encode()).hexdigest()[:16]}"
        spec = importlib.util.spec_from_file_location(name, found)
        if spec is None or spec.loader is None:
            raise UserError(f"{one_line(path)}: not a Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module  # dataclasses look their module up
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            del sys.modules[name]
            where = _line_in(error, str(found))
            said = f"{type(error).__name__}: {one_line(error, 160)}"
            raise UserError(f"{one_line(path)}{where}: {said}; the file must run by itself") from error
        _modules[key] = module
    return _modules[key]


def _line_in(error: BaseException, file: str) -> str:
    if isinstance(error, SyntaxError):
        return f", line {error.lineno}"
    lines = []
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    return f", line {lines[-1]}" if lines else ""
