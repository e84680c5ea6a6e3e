"""Results kept on disk by a hash of all that decides them, so that unchanged kernels are compiled once."""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def folder() -> Path:
    """$CUDA_GATE_CACHE, or a folder in the user's cache."""
    user = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    chosen = os.environ.get("CUDA_GATE_CACHE") or Path(user) / "minigrad-cuda-gate"
    return Path(chosen)


def kept(key: Sequence[Any], make: Callable[[], Any]) -> Any:
    """``make()``, which is JSON, or what it was for an equal key."""
    name = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32]
    path = folder() / name
    if path.exists():
        return json.loads(zlib.decompress(path.read_bytes()))
    value = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    own = path.with_suffix(f".{os.getpid()}")  # in one go: another process may look for it
    own.write_bytes(zlib.compress(json.dumps(value).encode()))
    own.replace(path)
    return value
