"""CUDA files behind the files that they include: NVRTC gets one text, and looks into no folder."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

ANY_INCLUDE = re.compile(r"\s*#\s*include\b")
INCLUDE = re.compile(r'#include "(.+)"')


def with_included(name: str, folder: Path) -> dict[str, str]:
    """The texts of a file and of all files that it includes, by name: each once, behind what it includes.

    A file's name is its path from ``folder``. An ``#include`` has the path from its own file, as in C++, and
    stands above all code. It becomes an empty line, so that the numbers of lines stay.

    Raises ValueError, with the file and the line, if an included file does not exist or includes itself
    through others, and for an include below code or in another form than ``#include "file"``.
    """
    found: dict[str, str] = {}
    _add(name, folder, (), found)
    return found


def _add(name: str, folder: Path, above: tuple[str, ...], found: dict[str, str]) -> None:
    """Add a file's text to ``found``, behind those that it includes; the files ``above`` include it."""
    if name in above:
        raise ValueError(
            f"a CUDA file includes itself: {' -> '.join((*above, name))}; remove one of the includes"
        )
    if name in found:
        return
    lines, code_above = (folder / name).read_text("utf-8").split("\n"), False
    for number, line in enumerate(lines):
        if ANY_INCLUDE.match(line):
            place = f"{name}, line {number + 1}"
            include = INCLUDE.fullmatch(line)
            if include is None or code_above:
                raise ValueError(f'{place}: expected #include "file" above all code; got {line!r}')
            included = posixpath.normpath(posixpath.join(posixpath.dirname(name), include[1]))
            if not (folder / included).is_file():
                raise ValueError(f"{place}: {line} is the file {included}, which does not exist in {folder}")
            _add(included, folder, (*above, name), found)
            lines[number] = ""
        elif line and not line.startswith("//"):
            code_above = True
    found[name] = "\n".join(lines)
