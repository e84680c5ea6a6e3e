"""One seed of a claim's measurement."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gans.jobs import StoppedError
from gans.trainer import Record, Training, train

__all__ = ["Trial"]


class Trial:
    """One seed of a measurement, whose numbers are a function of ``seed`` alone.

    ``share`` below 1 cuts everything short, to see that it runs: such numbers mean nothing. ``stop`` is
    called now and then, and says whether to give up.
    """

    def __init__(self, seed: int, share: float = 1.0, stop: Callable[[], bool] = lambda: False) -> None:
        self.seed = seed
        self.share = share
        self.stop = stop
        self.rng = np.random.default_rng(seed)

    def cut(self, count: int, least: int = 2) -> int:
        """``count`` steps or points, or in a trial that is cut short its share of them, ``least`` or more.

        >>> Trial(0).cut(3_000), Trial(0, share=0.01).cut(3_000)
        (3000, 30)
        """
        return count if self.share == 1 else min(count, max(least, round(count * self.share)))

    def check(self) -> None:
        """Raise StoppedError if the trial has to stop."""
        if self.stop():
            raise StoppedError

    def train(
        self,
        training: Training,
        steps: int,
        watch: Callable[[Training, Record], Mapping[str, float]] | None = None,
        every: int = 1,
    ) -> dict[str, list[float]]:
        """Advance ``training`` by ``steps`` steps, which a short trial cuts.

        Every ``every`` steps ``watch`` gives numbers by name; returns each as a list, with ``step``.

        Raises StoppedError if the trial has to stop, DivergedError if a loss or a gradient is not finite.
        """
        trace: dict[str, list[float]] = {}
        last, pause = training.step + self.cut(steps), self.cut(every, 1)

        def look(training: Training, record: Record) -> None:
            if watch is not None and record.step % pause == 0:
                for name, value in {"step": record.step, **watch(training, record)}.items():
                    trace.setdefault(name, []).append(value)

        train(training, last, look, self.stop)
        self.check()
        return trace
