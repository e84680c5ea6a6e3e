"""Further claims of texts for learners."""

from __future__ import annotations
