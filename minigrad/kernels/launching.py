"""The call that a kernel comes down to, to be made again without the kernel's checks.

A kernel of checks, views and one compiled call makes that call with ``launch``. A replay notes the call once
with ``noting`` and then repeats it without the checks. What only the numbers decide, compiled code returns.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, cast

from minigrad.kernels import forking


class Launch(NamedTuple):
    """A compiled call, and what it was given but for the kernel's own."""

    call: Callable[[], object]
    given: tuple[Any, ...]


lock = threading.RLock()
"""Held while a kernel runs: the threads of a pool, and scratch memory, serve one kernel at a time."""
forking.held.append(lock)

_notes: list[Launch] | None = None


def launch(
    function: Callable[..., Any],
    *args: Any,
    own: tuple[Any, ...] | None = None,
    otherwise: Callable[[], object] | None = None,
) -> None:
    """``function(*args)``, or ``function(*args, own)``, which is all that the calling kernel does to arrays.

    ``own`` is what the kernel makes for itself: scratch memory, and tables that never change. If there is
    an ``otherwise``, the function returns whether it could compute with these numbers; where it could not,
    ``otherwise()`` computes from the same arrays.
    """
    every = args if own is None else (*args, own)
    with lock:
        made = function(*every)
        if otherwise is not None and not made:
            otherwise()
        if _notes is not None:
            call = partial(_compiled(function, every), *every)
            _notes.append(Launch(call if otherwise is None else partial(_made_or, call, otherwise), args))


def launch_once(
    function: Callable[..., Any],
    *args: Any,
    own: tuple[Any, ...],
    otherwise: Callable[[], object],
) -> None:
    """As ``launch``, but not to be noted: for large scratch memory, which a note would keep."""
    if not function(*args, own):
        otherwise()


def _made_or(call: Callable[[], object], otherwise: Callable[[], object]) -> None:
    if not call():
        otherwise()


def _compiled(function: Any, args: tuple[Any, ...]) -> Callable[..., Any]:
    """What Numba compiled for arguments of these types, which it would look up in each call."""
    if not hasattr(function, "overloads"):
        return cast(Callable[..., Any], function)
    compiled = function.overloads.get(tuple(map(function.typeof_pyval, args)))
    return cast(Callable[..., Any], compiled.entry_point if compiled else function)


@contextmanager
def noting() -> Iterator[list[Launch]]:
    """The launches within the block; other threads' kernels wait for its end."""
    global _notes
    with lock:
        before, _notes = _notes, []
        try:
            yield _notes
        finally:
            _notes = before
