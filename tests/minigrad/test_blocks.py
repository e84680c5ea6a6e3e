"""Blocks that change a setting: statements and decorators of functions, generators and coroutines."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import Any

import pytest

import minigrad as mg
from minigrad.dispatch import kernels_in_use, use_kernels
from minigrad.kernels.precision import allow_tf32, tf32_allowed
from minigrad.tracing import mode, using

CASES: dict[str, tuple[Callable[[], Any], Callable[[], object], object, object]] = {
    "no_grad": (mg.no_grad, lambda: mode().building_graph, True, False),
    "check_finite": (mg.check_finite, lambda: mode().checking, False, True),
    "using": (lambda: using(building_graph=False), lambda: mode()[0], True, False),
    "use_kernels": (lambda: use_kernels("reference"), kernels_in_use, "cpu", "reference"),
    "allow_tf32": (allow_tf32, tf32_allowed, False, True),
}


class Case:
    def __init__(self, name: str) -> None:
        self.block, self.get, self.outside, self.inside = CASES[name]


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return Case(request.param)


# -- with statements -------------------------------------------------------------------------------


def test_a_block_ends_with_its_code(case: Case) -> None:
    with case.block():
        assert case.get() == case.inside
    with pytest.raises(KeyError), case.block():
        raise KeyError
    assert case.get() == case.outside


def test_a_generators_block_does_not_hold_for_its_caller(case: Case) -> None:
    def generator() -> Iterator[object]:
        yield case.get()
        with case.block():
            yield case.get()
            yield case.get()
        yield case.get()

    seen = []
    for value in generator():
        seen.append(value)
        assert case.get() == case.outside
    assert seen == [case.outside, case.inside, case.inside, case.outside]


def test_a_generator_that_is_not_finished_leaves_nothing(case: Case) -> None:
    def generator() -> Iterator[None]:
        with case.block():
            yield

    for _ in range(2):
        started = generator()
        next(started)
        assert case.get() == case.outside
        with case.block():
            assert case.get() == case.inside
        del started
    assert case.get() == case.outside


def test_blocks_of_generator_and_caller_end_in_any_order(case: Case) -> None:
    def generator() -> Iterator[object]:
        with case.block():
            yield
        yield case.get()

    started = generator()
    next(started)
    with case.block():
        assert next(started) == case.inside  # the caller's block goes on, the generator's is left
        assert case.get() == case.inside
    assert case.get() == case.outside


def test_a_function_that_a_generator_calls_is_in_its_block(case: Case) -> None:
    def inner() -> Iterator[object]:
        yield case.get()

    def generator() -> Iterator[object]:
        with ExitStack() as stack:
            stack.enter_context(case.block())
            yield (lambda: case.get())()
            yield from inner()
            yield from [case.get() for _ in range(1)]

    for value in generator():
        assert value == case.inside
        assert case.get() == case.outside


def test_a_context_manager_made_of_a_generator_holds_for_its_block(case: Case) -> None:
    @contextmanager
    def own() -> Iterator[None]:
        with case.block():
            yield

    @contextmanager
    def nested() -> Iterator[None]:
        with own():
            yield

    def generator() -> Iterator[object]:
        with nested():
            yield case.get()
            yield case.get()

    with nested():
        assert case.get() == case.inside
    assert case.get() == case.outside
    for value in generator():
        assert value == case.inside
        assert case.get() == case.outside

    @nested()
    def decorated() -> object:
        return case.get()

    assert decorated() == case.inside


@pytest.fixture
def in_a_block() -> Iterator[None]:
    with mg.no_grad():
        yield


def test_a_fixtures_block_holds_for_its_test(in_a_block: None) -> None:
    assert not mode().building_graph
    assert (mg.tensor(1.0) * 2.0).op is None


def test_threads_see_their_own_blocks_alone(case: Case) -> None:
    seen: list[object] = []
    with case.block():
        thread = threading.Thread(target=lambda: seen.append(case.get()))
        thread.start()
        thread.join()
    assert seen == [case.outside]


# -- decorators ------------------------------------------------------------------------------------


def test_a_decorated_function(case: Case) -> None:
    @case.block()
    def function(x: int, *, y: int) -> tuple[object, int]:
        """Its words."""
        return (case.get(), x + y) if x == 0 else function(x - 1, y=y)

    assert function(3, y=4) == (case.inside, 4)
    assert (function.__name__, function.__doc__) == ("function", "Its words.")
    assert case.get() == case.outside


def test_a_decorated_generator(case: Case) -> None:
    closed: list[object] = []

    @case.block()
    def generator(n: int) -> Generator[object, str, str]:
        try:
            for _ in range(n):
                try:
                    assert (yield case.get()) != "wrong"
                except KeyError:
                    yield "caught", case.get()
            return "the end"
        finally:
            closed.append(case.get())

    def outer() -> Iterator[object]:
        assert (yield from generator(2)) == "the end"

    for value in outer():
        assert value == case.inside
        assert case.get() == case.outside
    started = generator(3)
    next(started)
    assert started.send("right") == case.inside
    assert started.throw(KeyError()) == ("caught", case.inside)
    started.close()
    assert closed == [case.inside, case.inside]
    assert case.get() == case.outside


def test_a_decorated_coroutine_and_its_neighbours(case: Case) -> None:
    @case.block()
    async def inside() -> list[object]:
        seen = [case.get()]
        await asyncio.sleep(0)
        seen.append(case.get())
        try:
            await asyncio.wait_for(asyncio.Event().wait(), 0.001)
        except asyncio.TimeoutError:
            seen.append(case.get())
        return seen

    async def outside() -> list[object]:
        seen = [case.get()]
        for _ in range(3):
            await asyncio.sleep(0)
            seen.append(case.get())
        return seen

    async def both() -> list[list[object]]:
        return await asyncio.gather(inside(), outside())

    first, second = asyncio.run(both())
    assert first == [case.inside] * 3
    assert second == [case.outside] * 4


def test_tasks_made_in_a_block_are_in_it(case: Case) -> None:
    async def task() -> object:
        await asyncio.sleep(0)
        return case.get()

    async def main() -> list[object]:
        with case.block():
            return await asyncio.gather(task(), task())

    assert asyncio.run(main()) == [case.inside] * 2


def test_asynchronous_generators(case: Case) -> None:
    async def by_statement() -> AsyncIterator[object]:
        with case.block():
            yield case.get()
            await asyncio.sleep(0)
            yield case.get()

    ends: list[object] = []

    @case.block()
    async def by_decorator() -> AsyncIterator[object]:
        try:
            yield case.get()
            await asyncio.sleep(0)
            yield case.get()
        finally:
            ends.append(case.get())

    @asynccontextmanager
    async def own() -> AsyncIterator[None]:
        with case.block():
            yield

    async def main() -> None:
        for generator in (by_statement, by_decorator):
            async for value in generator():
                assert value == case.inside
                assert case.get() == case.outside
        async with own():
            assert case.get() == case.inside
        assert case.get() == case.outside
        left = by_decorator()
        await anext(left)
        await left.aclose()

    asyncio.run(main())
    assert ends == [case.inside, case.inside]


def test_a_class_is_not_decorated() -> None:
    with pytest.raises(TypeError, match="a block decorates functions and methods, not <class"):
        mg.no_grad()(type("Net", (), {}))


def test_gradients_in_a_generators_block() -> None:
    w = mg.tensor(2.0)

    def generator() -> Iterator[mg.Tensor]:
        with mg.no_grad():
            yield w * 3.0
            yield w * 4.0

    losses = [y * w for y in generator()]
    assert [mg.grad(loss, [w])[0].item() for loss in losses] == [6.0, 8.0]
