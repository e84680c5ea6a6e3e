"""The machine that made a figure: its processor and its cores."""

from __future__ import annotations

import os
import platform
from pathlib import Path

__all__ = ["cores", "processor"]


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor() -> str:
    """The processor's name and its vector instructions."""
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor() or platform.machine()
    lines = dict(line.split(":", 1) for line in info.read_text("utf-8").splitlines() if ":" in line)
    fields = {key.strip(): value.strip() for key, value in lines.items()}
    vectors = [v for v in ("avx512f", "avx2") if v in fields.get("flags", "").split()]
    family = f"family {fields['cpu family']}" if "cpu family" in fields else platform.machine()
    return ", ".join([fields.get("model name", "unknown"), family, *vectors[:1]])
