"""Claims about GANs, a file for each; ``gans.study.board`` has what they share, and runs them."""

from __future__ import annotations
