"""What a Tensor's operators and methods call: functions of layers above it, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.node import Operation

registry: dict[str, Operation] = {}
"""Every op by name; ``minigrad.op`` fills it."""

functions: dict[str, Callable[..., Any]] = {}
"""Every function of ``minigrad.ops`` by name, ops and what is composed of them; ``minigrad.ops`` fills it."""
