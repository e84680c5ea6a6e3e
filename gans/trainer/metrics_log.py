"""metrics.jsonl: a line for each step."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from gans.trainer.loop import Callback, Record, Training

__all__ = ["MetricsLog", "cut_metrics", "read_metrics"]

_NAMES = {field.name for field in fields(Record)}


class MetricsLog(Callback):
    """Appends every step's record to ``path``. Use it as a context: leaving it closes the file."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", newline="\n", buffering=1)

    def due(self, training: Training) -> bool:
        return False

    def on_step(self, training: Training, record: Record) -> None:
        self._file.write(json.dumps(asdict(record), allow_nan=False) + "\n")

    def sync(self) -> None:
        """Make all lines survive a power cut."""
        os.fsync(self._file.fileno())

    def __enter__(self) -> MetricsLog:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()


def cut_metrics(path: Path, step: int) -> int:
    """Drop all lines after that of ``step``, and all from a torn one on; the last step kept."""
    kept = last = 0
    for end, record in _lines(path):
        if record["step"] > step:
            break
        kept, last = end, record["step"]
    with path.open("ab") as file:
        file.truncate(kept)
    return last


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The records of ``path`` up to the first torn line; none if there is no file."""
    return [record for _, record in _lines(path)]


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each whole line's end, in bytes, and its record, as long as steps grow."""
    if not path.exists():
        return
    end = step = 0
    with path.open("rb") as file:
        for line in file:
            record = _record(line)
            if record is None or record["step"] <= step:
                return
            end, step = end + len(line), record["step"]
            yield end, record


def _record(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and record.keys() == _NAMES else None
