"""The small files of a run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from minigrad.files import temporaries, write_atomically

__all__ = ["remove_temporaries", "write_json"]


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write ``document`` as indented JSON, all or nothing."""
    write_atomically(
        path, (json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
    )


def remove_temporaries(folder: Path) -> None:
    """Remove what a killed process left half-written in ``folder``; nobody may be writing into it."""
    for path in temporaries(folder):
        path.unlink(missing_ok=True)
