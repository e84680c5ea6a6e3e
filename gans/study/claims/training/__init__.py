"""Claims about what helps or harms a training."""

from __future__ import annotations
