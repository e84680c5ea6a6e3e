"""Callback: the hooks of a training, called step by step; and ``train``, the loop that calls them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gans.trainer.agreement import any_of
from gans.trainer.loop import DivergedError, Record, Training

__all__ = ["Callback", "Followers", "callbacks_of", "train"]


class Callback:
    """The hooks that ``train`` calls; override those that you need."""

    def on_start(self, training: Training) -> None:
        """Before the first step of this process."""

    def on_step(self, training: Training, record: Record) -> None:
        """After each step; ``training.at_epoch_end`` is true if it closed an epoch."""

    def due(self, training: Training) -> bool:
        """Whether ``on_step`` must be called right after this step of ``training``, as on the CPU.

        Return False if you only need the record, not the training as it was at that step. If every callback
        does, a GPU runs ahead, and ``on_step`` is called later, with ``record.step`` below ``training.step``.
        """
        return True

    def on_end(self, training: Training) -> None:
        """After the last step, also if it was the last because of ``stop``; not after an exception."""


class _Each(Callback):
    """A plain function as a callback."""

    def __init__(self, function: Callable[[Training, Record], object]) -> None:
        self._function = function

    def on_step(self, training: Training, record: Record) -> None:
        self._function(training, record)


Follower = Callback | Callable[[Training, Record], object]
Followers = Follower | Iterable[Follower]


def callbacks_of(followers: Followers) -> tuple[Callback, ...]:
    """Callbacks, and functions of (training, record) that are called after each step: one, or several."""
    if isinstance(followers, Callback):
        return (followers,)
    if callable(followers):
        return (_Each(followers),)
    each = tuple(followers)
    for follower in each:
        if not isinstance(follower, Callback) and not callable(follower):
            raise TypeError(
                f"a callback is a Callback or a function of (training, record), got {type(follower).__name__}"
            )
    return tuple(one if isinstance(one, Callback) else _Each(one) for one in each)


def train(
    training: Training,
    steps: int,
    callbacks: Followers = (),
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Advance ``training`` until ``steps`` steps are done in all, or ``stop()`` is true after a step.

    ``callbacks`` are one or several, ``Callback`` objects or functions of (training, record). Where several
    ranks train, ``stop`` returns the same on each, and callbacks may be those of one alone.

    Raises DivergedError if a step made a NaN or an infinity.
    """
    following = callbacks_of(callbacks)
    with training.ranks.at_home():
        for callback in following:
            callback.on_start(training)
    while training.step < steps and not stop():
        _report(following, training, training.advance)
        if training.unreported:
            due = any(callback.due(training) for callback in following)
            if any_of(training.ranks, due):
                _report(following, training, training.read)
    _report(following, training, training.read)
    with training.ranks.at_home():
        for callback in following:
            callback.on_end(training)


def _report(callbacks: Iterable[Callback], training: Training, source: Callable[[], list[Record]]) -> None:
    """Report the records of ``source()`` to the callbacks; after a failure, those of the steps before it."""
    failure = None
    try:
        records = source()
    except DivergedError as error:
        failure, records = error, error.unreported
    with training.ranks.at_home():
        for record in records:
            for callback in callbacks:
                callback.on_step(training, record)
    if failure is not None:
        raise failure
