"""Settings that hold within blocks of code: ``with`` statements, and functions decorated with them.

A block ends with its code. A block in a generator holds while the generator runs, not in the code that takes
its values. A thread sees its own blocks alone; an asynchronous task sees those of the code that made it, too.
"""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Callable, Generator
from contextvars import ContextVar
from functools import wraps
from typing import Any, Generic, NamedTuple, TypeVar, cast

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

_CONTEXTS = frozenset(("contextlib", "_pytest.fixtures"))
"""Modules that make a ``with`` statement or a fixture of a generator: they suspend it within its blocks."""
_SUSPENDED = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR


class Layer(NamedTuple):
    """An entered block: it ``changes`` the value while ``frame``, if it is in a generator, is running."""

    changes: Callable[[Any], Any]
    frame: types.FrameType | None


class Layers:
    """Entered blocks, the outermost first. One is in a generator, so that the value depends on the time."""

    __slots__ = ("layers",)

    def __init__(self, layers: tuple[Layer, ...]) -> None:
        self.layers = layers

    def value(self, default: Any) -> Any:
        """What holds now. A suspended generator has no caller."""
        value = default
        for changes, frame in self.layers:
            if frame is None or frame.f_back is not None:
                value = changes(value)
        return value


class Setting(Generic[T]):
    """A value that blocks change."""

    def __init__(self, name: str, default: T) -> None:
        self.default = default
        self._layers: ContextVar[tuple[Layer, ...]] = ContextVar(f"{name}'s blocks", default=())
        self._value: ContextVar[Any] = ContextVar(name, default=default)

    def get(self) -> T:
        """The value that holds here."""
        value = self._value.get()
        if type(value) is Layers:
            value = value.value(self.default)
        return value  # type: ignore[no-any-return]

    def changed(self, changes: Callable[[T], T]) -> Block[T]:
        """A block in which the value is ``changes`` of the value outside."""
        return Block(self, changes)

    def enter(self, layer: Layer) -> None:
        value = self._value.get()
        if layer.frame is None and type(value) is not Layers:
            self._layers.set((*self._layers.get(), layer))
            self._value.set(layer.changes(value))
        else:
            self._set((*self._layers.get(), layer))

    def leave(self, layer: Layer) -> None:
        """End a block, which need not be the last one that was entered."""
        self._set(tuple([other for other in self._layers.get() if other is not layer]))

    def reset(self) -> None:
        """Leave all blocks, for tests."""
        self._set(())

    def _set(self, layers: tuple[Layer, ...]) -> None:
        self._layers.set(layers)
        held = Layers(layers)
        self._value.set(held if any(layer.frame for layer in layers) else held.value(self.default))


class Block(Generic[T]):
    """A setting changed: a context manager, and a decorator of functions, generators and coroutines."""

    def __init__(self, setting: Setting[T], changes: Callable[[T], T]) -> None:
        self._setting = setting
        self._changes = changes
        self._entered: list[Layer] = []

    def __enter__(self) -> None:
        layer = Layer(self._changes, _suspending_frame())
        self._entered.append(layer)
        self._setting.enter(layer)

    def __exit__(self, *error: object) -> None:
        self._setting.leave(self._entered.pop())

    def __call__(self, function: F) -> F:
        """``function`` with its code inside the block, in every call."""
        if isinstance(function, type) or not callable(function):
            raise TypeError(f"a block decorates functions and methods, not {function!r}")
        return _decorated(function, self._run)

    def _run(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        layer = Layer(self._changes, None)
        self._setting.enter(layer)
        try:
            return function(*args, **kwargs)
        finally:
            self._setting.leave(layer)


def _suspending_frame() -> types.FrameType | None:
    """The generator that can be suspended within the ``with`` statement that is being entered, if any.

    The generator of a context manager (``contextlib``) is suspended on purpose: then the generator that uses
    the manager counts.
    """
    frame: types.FrameType | None = sys._getframe(2)
    while frame is not None:
        while frame is not None and _is_context(frame):
            frame = frame.f_back
        if frame is None or not frame.f_code.co_flags & _SUSPENDED:
            return None
        if frame.f_back is None or not _is_context(frame.f_back):
            return frame
        frame = frame.f_back
    return None


def _is_context(frame: types.FrameType) -> bool:
    return frame.f_globals.get("__name__") in _CONTEXTS


def _decorated(function: F, run: Callable[..., Any]) -> F:
    wrapper: Any
    if inspect.isasyncgenfunction(function):

        @wraps(function)
        async def wrapper(*args: Any, **kwargs: Any) -> Any:
            generator = function(*args, **kwargs)
            step = generator.asend(None)
            while True:
                try:
                    value = await _awaited(step, run)
                except StopAsyncIteration:
                    return
                try:
                    step = generator.asend((yield value))
                except GeneratorExit:
                    await _awaited(generator.aclose(), run)
                    raise
                except BaseException as error:  # noqa: BLE001  the generator raises it again, or has an answer
                    step = generator.athrow(error)

    elif inspect.iscoroutinefunction(function):

        @wraps(function)
        async def wrapper(*args: Any, **kwargs: Any) -> Any:
            return await _awaited(function(*args, **kwargs), run)

    elif inspect.isgeneratorfunction(function):

        @wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return (yield from _driven(function(*args, **kwargs), run))

    else:

        @wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return run(function, *args, **kwargs)

    return cast(F, wrapper)


def _driven(generator: Any, run: Callable[..., Any]) -> Generator[Any, Any, Any]:
    """``yield from generator``, which runs in the block alone."""
    step, given = generator.send, cast(tuple[Any, ...], (None,))
    while True:
        try:
            value = run(step, *given)
        except StopIteration as end:
            return end.value
        try:
            step, given = generator.send, ((yield value),)
        except GeneratorExit:
            run(generator.close)
            raise
        except BaseException as error:  # noqa: BLE001  the generator raises it again, or has an answer
            step, given = generator.throw, (error,)


_awaited = types.coroutine(_driven)
