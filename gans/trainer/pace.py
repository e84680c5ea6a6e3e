"""How fast a run goes, and how long it will take."""

from __future__ import annotations

from collections import deque
from time import monotonic

__all__ = ["Pace", "duration"]

WINDOW_SECONDS = 30.0
MARK_SECONDS = 0.2


class Pace:
    """Steps per second of wall-clock time over the last half minute.

    It is defined from the second step on, since the first one may include compilation.
    """

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()

    def mark(self, step: int) -> None:
        """Mark ``step`` as done."""
        now = monotonic()
        if len(self._marks) > 1 and now - self._marks[-2][0] < MARK_SECONDS:
            self._marks.pop()
        self._marks.append((now, step))
        while len(self._marks) > 2 and now - self._marks[0][0] > WINDOW_SECONDS:
            self._marks.popleft()

    @property
    def steps_per_second(self) -> float | None:
        if len(self._marks) < 2:
            return None
        (began, first), (now, last) = self._marks[0], self._marks[-1]
        return (last - first) / max(now - began, 1e-9)


def duration(seconds: float) -> str:
    """Seconds in words: ``42s``, ``3m05s``, ``2h07m``.

    >>> duration(185.2)
    '3m05s'
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes}m{rest:02}s" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02}m"
