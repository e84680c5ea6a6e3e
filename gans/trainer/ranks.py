"""Ranks: the processes that a launcher such as ``mpiexec`` has started to train one run together.

They start together, with the same settings, data and weights, or not at all; a failure of one ends all of
them, with one line that names it. The first rank locks, writes and shows; the others compute their shares.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from typing import Any, NoReturn, TypeVar

import numpy as np

from gans.errors import UserError
from gans.messages import one_line
from gans.trainer.config import RunConfig
from gans.trainer.loop import Training
from minigrad.distributed import Alone, Communicator, launched, world

__all__ = ["SharedError", "first_opens", "meet", "ranks_here", "shared", "together"]

LONGEST_LINE = 1_000
FAILED, INTERRUPTED, BROKEN = 2, 130, 1
ENDED = "it ended before the training began"

GRACE, LONGEST_GRACE = 0.2, 2.0
"""Seconds that a rank waits before it shows its failure, for each rank before it, and at most."""

OWN_TO_A_RANK = ("data_dir", "versions", "ranks")
"""Fields of a config in which ranks may differ."""

T = TypeVar("T")


class SharedError(UserError):
    """An error that all ranks raise; the first one shows it. ``rank`` is the one that raises this one."""

    def __init__(self, message: str, rank: int) -> None:
        super().__init__(message)
        self.rank = rank


class _Meeting:
    """The block in which the ranks train. Until they have ``met``, a failure of one waits for the others."""

    def __init__(self, ranks: Communicator) -> None:
        self.ranks = ranks
        self.met = False
        self.stderr = sys.stderr


_meeting: _Meeting | None = None


@cache
def _world(device: str) -> Communicator:
    try:
        return world(device)
    except (ModuleNotFoundError, RuntimeError) as error:
        raise UserError(str(error)) from error


def ranks_here(device: str = "cpu") -> Communicator:
    """The ranks of the block ``together`` that is running, for arrays on ``device``; ``Alone`` outside."""
    if _meeting is None:
        return Alone()
    return _meeting.ranks if device == "cpu" else _world(device)


@contextmanager
def together() -> Iterator[None]:
    """A block in which this process is one of the launcher's ranks; it ends on all of them, or on none.

    All but the first print nothing in it. An error before ``meet`` becomes a SharedError of every rank. Later
    ones end all processes at once, since the others wait for a sum that never comes. Within another such
    block, and without a launcher, it is a plain block.

    Raises UserError without mpi4py.
    """
    global _meeting
    if _meeting is not None or launched(os.environ) == 1:
        yield
        return
    _meeting = _Meeting(_world("cpu"))
    try:
        with ExitStack() as silent:
            if _meeting.ranks.rank:
                nowhere = silent.enter_context(open(os.devnull, "w", encoding="utf-8"))
                silent.enter_context(redirect_stdout(nowhere))
                silent.enter_context(redirect_stderr(nowhere))
            yield
            if not _meeting.met:
                _gather(ENDED)
    except SharedError:
        raise
    except BaseException as error:  # noqa: BLE001  whatever it is, the other ranks must not wait
        _end(_meeting, error)
    finally:
        _meeting = None


def meet(config: RunConfig, training: Training) -> None:
    """Wait until all ranks are ready to train ``config``, and compare it and the state of the training.

    Raises SharedError, on every rank, if one of them failed before or has anything else.
    """
    if _meeting is None or _meeting.met:
        return
    _meeting.met = True
    facts = {**_fields(config), "weights and random state": _digest(training.state_dict())}
    said = _gather(None, facts)
    for rank, other in enumerate(said):
        for name, value in said[0].items():
            if other.get(name) != value:
                raise _shared(
                    f"rank {rank} has another {name} than rank 0, {one_line(other.get(name), 60)} and not "
                    f"{one_line(value, 60)}; give every process the same command, data and version"
                )


@contextmanager
def first_opens(opens: Callable[[], AbstractContextManager[T]]) -> Iterator[T]:
    """A block within the context that the first rank opens with ``opens()``; each gets its value.

    Raises SharedError if it cannot be opened.
    """
    ranks = ranks_here()
    if ranks.size == 1:
        with opens() as value:
            yield value
        return
    with ExitStack() as stack:
        made, failure = None, None
        if ranks.rank == 0:
            try:
                made = stack.enter_context(opens())
            except (UserError, OSError) as error:
                failure = _text(error)
        made, failure = ranks.all_gather_object((made, failure))[0]
        if failure is not None:
            raise _shared(failure)
        yield made


def shared(message: str) -> UserError:
    """The error of a failure that every rank finds for itself, such as a NaN in an averaged gradient."""
    return UserError(message) if _meeting is None else _shared(message)


def _shared(message: str) -> SharedError:
    return SharedError(message, ranks_here().rank)


def _gather(failure: str | None, facts: Mapping[str, str] | None = None) -> list[Any]:
    """The facts of all ranks. Raises SharedError unless none has failed, or all have ENDED."""
    said = ranks_here().all_gather_object((failure, facts))
    failures = [text for text, _ in said]
    if set(failures) in ({None}, {ENDED}):
        return [theirs for _, theirs in said]
    if len(set(failures)) == 1:
        raise _shared(failures[0])
    worst = [rank for rank, text in enumerate(failures) if text not in (None, ENDED)]
    rank = worst[0] if worst else failures.index(ENDED)
    raise _shared(f"rank {rank}: {failures[rank]}")


def _end(meeting: _Meeting, error: BaseException) -> NoReturn:
    """Make the failure known to all ranks, or end them."""
    if isinstance(error, UserError | OSError | SystemExit) and not meeting.met:
        _gather(ENDED if isinstance(error, SystemExit) else _text(error))
        raise error
    time.sleep(min(GRACE * meeting.ranks.rank, LONGEST_GRACE))  # of several that fail alike, one shows it
    status = FAILED
    if isinstance(error, KeyboardInterrupt):
        status = INTERRUPTED
    elif not isinstance(error, UserError | OSError):
        status = BROKEN
        traceback.print_exception(error, file=meeting.stderr)
    line = one_line(f"gans: error: rank {meeting.ranks.rank}: {_text(error)}", LONGEST_LINE)
    print(line, file=meeting.stderr, flush=True)
    meeting.ranks.abort(status)


def _text(error: BaseException) -> str:
    if isinstance(error, OSError) and not isinstance(error, UserError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error)
    return "interrupted" if isinstance(error, KeyboardInterrupt) else str(error) or type(error).__name__


def _fields(config: RunConfig) -> dict[str, str]:
    """What ranks must have in common, by name, as text."""
    facts = {name: str(value) for name, value in vars(config).items() if name not in OWN_TO_A_RANK}
    del facts["settings"]
    facts |= {name: str(value) for name, value in vars(config.settings).items()}
    return facts | {f"version of {name}": config.versions[name] for name in ("minigrad", "numpy", "numba")}


def _digest(state: Any) -> str:
    """A digest of all arrays and numbers of a training's state."""
    found = hashlib.sha256()

    def add(value: Any) -> None:
        if isinstance(value, Mapping):
            for name in sorted(value):
                found.update(name.encode())
                add(value[name])
        elif isinstance(value, np.ndarray):
            found.update(value.tobytes())
        else:
            found.update(repr(value).encode())

    add(state)
    return found.hexdigest()[:16]
