"""Callback: what follows a training from outside, step by step; and ``train``, the loop that calls them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gans.trainer.loop import DivergedError, Record, Training

__all__ = ["Callback", "Followers", "callbacks_of", "train"]


class Callback:
    """What ``train`` tells: override what you need."""

    def on_start(self, training: Training) -> None:
        """Before the first step of this process."""

    def on_step(self, training: Training, record: Record) -> None:
        """After each step; ``training.at_epoch_end`` tells whether it closed an epoch."""

    def due(self, training: Training) -> bool:
        """Whether ``on_step`` must come right after this step of ``training``, as it always does on the CPU.

        If no callback must have it then, as none that looks at records alone, a GPU goes on to later steps
        before it is told of this one: ``record.step`` is less than ``training.step`` in such calls.
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

    ``callbacks`` are one or several, ``Callback`` objects or functions of (training, record).

    Raises DivergedError if a step made a NaN or an infinity.
    """
    following = callbacks_of(callbacks)
    for callback in following:
        callback.on_start(training)
    while training.step < steps and not stop():
        _tell(following, training, training.advance)
        if training.unread and any(callback.due(training) for callback in following):
            _tell(following, training, training.read)
    _tell(following, training, training.read)
    for callback in following:
        callback.on_end(training)


def _tell(callbacks: Iterable[Callback], training: Training, source: Callable[[], list[Record]]) -> None:
    """Tell the callbacks of the steps that ``source()`` gives, or of those before the one that failed."""
    failure = None
    try:
        records = source()
    except DivergedError as error:
        failure, records = error, error.untold
    for record in records:
        for callback in callbacks:
            callback.on_step(training, record)
    if failure is not None:
        raise failure
