"""The size of a cache line, and that of the processor's second cache, from which blocks get theirs."""

from __future__ import annotations

from pathlib import Path

__all__ = ["CACHE_LINE", "SECOND_CACHE"]

CACHE_LINE = 64  # bytes
USUAL = 1 << 20  # bytes: what most processors of servers and laptops have at least
_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def second_cache(described: Path = Path("/sys/devices/system/cpu/cpu0/cache")) -> int:
    """Bytes of a core's second cache, as Linux describes it; USUAL where nothing does, as on macOS."""
    try:
        for cache in sorted(described.glob("index*")):
            level, kind, size = ((cache / name).read_text().strip() for name in ("level", "type", "size"))
            if level == "2" and kind in ("Unified", "Data") and size[:-1].isdigit() and size[-1] in _UNITS:
                return int(size[:-1]) * _UNITS[size[-1]] or USUAL
    except OSError:
        pass
    return USUAL


SECOND_CACHE = second_cache()
