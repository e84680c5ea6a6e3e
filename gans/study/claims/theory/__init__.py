"""Claims about what the optimum, the losses and their gradients are."""

from __future__ import annotations
