"""The command line: ``gans`` and ``python -m gans``."""

from __future__ import annotations

from gans.cli.main import main

__all__ = ["main"]
