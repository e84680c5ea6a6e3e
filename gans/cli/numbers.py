"""Numbers on the command line: each function is the ``type`` of an argument."""

from __future__ import annotations

import argparse
import math

from gans.messages import one_line

__all__ = [
    "at_least_0",
    "fraction",
    "jobs",
    "length",
    "natural",
    "positive",
    "positive_real",
    "samples",
    "share",
    "size",
    "steps_or_0",
]


def samples(text: str) -> int:
    """A number of samples."""
    return _integer(text, 1, 10**7)


def positive(text: str) -> int:
    """An integer of at least 1; ``gans.systems`` has the ranges of settings."""
    return _integer(text, 1, 10**9)


def length(text: str) -> int:
    """A number of steps or epochs."""
    return _integer(text, 1, 10**12)


def natural(text: str) -> int:
    """An integer of at least 0 that other programs can read in JSON, such as a seed."""
    return _integer(text, 0, 2**63 - 1)


def steps_or_0(text: str) -> int:
    """A number of steps or epochs, or 0."""
    return _integer(text, 0, 10**12)


def positive_real(text: str) -> float:
    """A finite number above 0."""
    value = _real(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{_shown(text)} is not a number above 0")
    return value


def at_least_0(text: str) -> float:
    """A finite number of at least 0."""
    value = _real(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{_shown(text)} is not a number of at least 0")
    return value


def fraction(text: str) -> float:
    """A number of at least 0 and below 1."""
    value = _real(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"{_shown(text)} is not a number of at least 0 and below 1")
    return value


def jobs(text: str) -> int:
    """A number of processes."""
    return _integer(text, 1, 1_000)


def share(text: str) -> float:
    """A number above 0 and up to 1."""
    value = _real(text)
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{_shown(text)} is not a number above 0 and at most 1")
    return value


def size(text: str) -> tuple[int, int]:
    """Height and width of an image, from a side or from WIDTHxHEIGHT."""
    width, cross, height = text.lower().partition("x")
    return _integer(height if cross else width, 8, 64), _integer(width, 8, 64)


def _real(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _integer(text: str, least: int, most: int) -> int:
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if value < least:
        raise argparse.ArgumentTypeError(f"{_shown(text)} is not an integer of at least {least}")
    if value > most:
        raise argparse.ArgumentTypeError(f"{_shown(text)} is more than {most:,}")
    return value


def _shown(text: str) -> str:
    return one_line(repr(text), 40)
