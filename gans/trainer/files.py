"""Files that are whole or absent, whatever happens to the process that writes them."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

__all__ = ["remove_temporaries", "write_atomically", "write_json"]


def write_atomically(path: Path, content: bytes) -> None:
    """Write ``content`` into the file ``path``, all or nothing: a temporary file beside it, fsync, rename.

    :raises OSError: the file cannot be written; what was there before is unchanged
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write ``document`` as indented JSON, all or nothing."""
    write_atomically(
        path, (json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
    )


def remove_temporaries(folder: Path) -> None:
    """Remove what a killed process left half-written in ``folder``; nobody may be writing into it."""
    for path in folder.glob(".*.????????.tmp"):
        path.unlink(missing_ok=True)
