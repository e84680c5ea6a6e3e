"""metrics.jsonl: a line for each step; and what other logs by steps have in common with it."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import msgspec

from gans.errors import UserError
from gans.files import append, decode, fitted, open_file, write
from gans.messages import one_line
from gans.trainer.callback import Callback
from gans.trainer.config import MOST_STEPS
from gans.trainer.loop import Record, Training

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["LinesFile", "MetricsLog", "Recovered", "read_metrics", "recover_metrics"]

LONGEST_LINE = 2**16
"""The most bytes of a line; ours have about 200, and other programs may add columns."""

MOST_BYTES = 2**36


class LinesFile:
    """A file to which lines of JSON are appended. Use it as a context: leaving it closes the file.

    Raises OSError if it cannot be written, or is no regular file.
    """

    def __init__(self, path: Path) -> None:
        self._file = append(path)

    def write(self, line: Mapping[str, Any]) -> None:
        self._file.write((json.dumps(line, allow_nan=False) + "\n").encode())
        self._file.flush()

    def sync(self) -> None:
        """Write all lines through to the disk, so that they survive a power cut."""
        os.fsync(self._file.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()


class MetricsLog(LinesFile, Callback):
    """Appends every step's record to a file."""

    def due(self, training: Training) -> bool:
        return False

    def on_step(self, training: Training, record: Record) -> None:
        self.write(record.line())


class Recovered(NamedTuple):
    """The findings of ``recover_metrics``.

    ``missing`` are the steps without a line, as (first, last); ``aside`` is the path of the original file if
    some of its lines cannot be read.
    """

    missing: list[tuple[int, int]]
    aside: Path | None


def recover_metrics(path: Path, step: int, most: int = MOST_BYTES) -> Recovered:
    """Prepare ``path`` for a run that resumes after ``step``: the lines up to it stay, byte for byte.

    Later lines are dropped, since their steps run again. If lines cannot be read or are out of order, the
    original file is kept under another name first, and ``path`` loses those lines.

    Raises UserError if it is no regular file, or longer than ``most`` bytes.
    """
    kept: list[tuple[int, bytes]] = []
    whole, last = True, 0
    for line, record in _lines(path, most):
        found = None if record is None else record["step"]
        whole = whole and found is not None and found > last
        last = found or last
        if found is not None and (kept[-1][0] if kept else 0) < found <= step:
            kept.append((found, line))
    aside = None
    if not whole:
        aside = _free_name(path)
        os.replace(path, aside)
        write(path, b"".join(line for _, line in kept))
    elif path.exists():
        with append(path) as file:
            file.truncate(sum(len(line) for _, line in kept))
    return Recovered(_gaps([number for number, _ in kept], step), aside)


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The records of ``path`` in the order of their steps; none if there is no file.

    Lines that cannot be read or are out of order are skipped. A column that a record lacks, and another one
    has, is None.

    Raises UserError if it is no regular file, or longer than any metrics.
    """
    records: list[dict[str, Any]] = []
    for _, record in _lines(path):
        if record is not None and (not records or record["step"] > records[-1]["step"]):
            records.append(record)
    columns = dict.fromkeys(name for record in records for name in record)
    return [{**columns, **record} for record in records]


def _lines(path: Path, most: int = MOST_BYTES) -> Iterator[tuple[bytes, dict[str, Any] | None]]:
    """Each line with its record, None if it cannot be read; a line that is too long comes in parts."""
    try:
        file = open_file(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UserError(f"{one_line(path)}: cannot be read: {error.strerror}") from error
    with file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            remedy = "put back a copy, or delete it"
            raise UserError(f"{one_line(path)}: {size:,} bytes, more than a run's metrics have; {remedy}")
        while line := file.readline(LONGEST_LINE):
            yield line, _record(line)


def _record(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        record = decode(line, dict[str, Any])
        fitted(record, _Line)
        fitted({name: value for name, value in record.items() if name.startswith(_NUMBERS)}, _Numbers)
    except ValueError:
        return None
    return record


_NUMBERS = ("loss", "d_", "grad_norm")
"""How the columns begin that every version fills with numbers; others may hold anything."""

_Numbers = dict[str, float | None]


class _Line(msgspec.Struct):
    """The columns that every line has, with their types."""

    step: Annotated[int, msgspec.Meta(ge=1, le=MOST_STEPS)]
    epoch: float | None = None
    seconds: float | None = None


def _free_name(path: Path) -> Path:
    number = 1
    while os.path.lexists(f"{path}.{number}"):
        number += 1
    return Path(f"{path}.{number}")


def _gaps(present: list[int], step: int) -> list[tuple[int, int]]:
    """The steps from 1 to ``step`` that are missing from ``present``, which is ascending.

    >>> _gaps([2, 3, 6], 7)
    [(1, 1), (4, 5), (7, 7)]
    """
    ends = [0, *present, step + 1]
    return [(before + 1, after - 1) for before, after in itertools.pairwise(ends) if after - before > 1]
