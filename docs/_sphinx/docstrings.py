"""A docstring of this project, plain text with double backquotes, as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator

_CODE = re.compile(r"(``.+?``)", re.DOTALL)
_ROW = re.compile(r"(\S+(?: \S+)*?) {2,}(\S.*)")
_TERM = re.compile(r"(\w+(?:, (?:\w+|\.\.\.))*): (\S.*)")
_SPECIAL = re.compile(r"([\\`*_\[\]<>{}#|$~^!])")


def markdown(text: str) -> str:
    """The docstring, dedented, as Markdown: examples, lists, rows of names and layouts stay what they are."""
    return "\n\n".join(_block(block) for block in _blocks(text.strip("\n").splitlines()))


def summary(text: str) -> str:
    """The first line or lines of the docstring, up to an empty one."""
    return escaped(" ".join(text.strip().partition("\n\n")[0].split()))


def escaped(text: str) -> str:
    """Markdown that shows ``text``, whose code stands between double backquotes."""
    parts = _CODE.split(text)
    return "".join(part if part.startswith("``") else _SPECIAL.sub(r"\\\1", part) for part in parts)


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """The lines between empty ones; an example keeps the empty lines of what it prints."""
    block: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            if block and line.startswith(">>>") and not block[0].startswith(">>>"):
                yield block
                block = []
            block.append(line)
        elif block:
            yield block
            block = []


def _block(lines: list[str]) -> str:
    if lines[0].startswith(">>>"):
        return _fenced("pycon", lines)
    if all(line.startswith(" ") for line in lines):
        return _fenced("text", _dedented(lines))
    rows = _rows(lines) or _terms(lines)
    if rows:
        return "\n".join(f"- ``{name.strip('`')}``: {escaped(words)}" for name, words in rows)
    return "\n".join(_line(line) for line in _joined(lines))


def _rows(lines: list[str]) -> list[tuple[str, str]]:
    """(name, words) of a block of names and words, two spaces or more between them; [] of another block."""
    rows: list[tuple[str, str]] = []
    for line in lines:
        row = _ROW.fullmatch(line)
        if row:
            rows.append((row[1], row[2]))
        elif rows and line.startswith(" "):
            rows[-1] = rows[-1][0], f"{rows[-1][1]} {line.strip()}"
        else:
            return []
    return rows if len(rows) > 1 else []


def _terms(lines: list[str]) -> list[tuple[str, str]]:
    """(name, words) of a block of at least three lines like ``name: words``, which may go on in the next."""
    terms: list[tuple[str, str]] = []
    for line in lines:
        term = _TERM.fullmatch(line)
        if term:
            terms.append((term[1], term[2]))
        elif terms:
            terms[-1] = terms[-1][0], f"{terms[-1][1]} {line.strip()}"
        else:
            return []
    return terms if len(terms) > 2 else []


def _joined(lines: list[str]) -> list[str]:
    """The lines of a paragraph, or the items of a list, each in one line: code may cross a line's end."""
    items: list[str] = []
    for line in lines:
        if items and not re.match(r"(- |\d+\. )", line):
            items[-1] = f"{items[-1]} {line.strip()}"
        else:
            items.append(line)
    return items


def _line(line: str) -> str:
    mark = re.match(r"- |\d+\. |", line)[0]
    text = escaped(line[len(mark) :])
    return mark + (text if mark or text[:1] not in "+-=" else "\\" + text)


def _dedented(lines: list[str]) -> list[str]:
    margin = min(len(line) - len(line.lstrip()) for line in lines)
    return [line[margin:] for line in lines]


def _fenced(language: str, lines: list[str]) -> str:
    return "\n".join([f"```{language}", *lines, "```"])
