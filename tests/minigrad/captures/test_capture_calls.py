"""capture: what a call gives and leaves behind: results, arguments, graphs, memory."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import ops, optim
from minigrad.captures.captured import Captured
from minigrad.captures.memory import ALIGNMENT
from minigrad.captures.plan import Lifetime, offsets_of
from minigrad.kernels import launching
from tests.minigrad.captures.steps import network, numbers, training_step
from tests.states import flat


def test_results_are_fresh_and_arguments_stay() -> None:
    step = mg.capture(lambda x: (x, x * 2.0))
    x = numbers(0, 3)
    before = x.numpy().tolist()
    results = [step(x) for _ in range(4)]
    for same, twice in results:
        same.data[:] = 0
        twice.data[:] = 0
    assert x.numpy().tolist() == before
    assert step(x)[1].numpy().tolist() == (2 * x).numpy().tolist()


def test_results_stay_as_they_are_when_later_calls_are_served() -> None:
    step = mg.capture(lambda x: (x * 2.0, {"sum": ops.sum(x)}))
    results = [step(mg.tensor([float(i), 1.0])) for i in range(5)]
    assert [doubled.numpy().tolist() for doubled, _ in results] == [[2.0 * i, 2.0] for i in range(5)]
    assert [float(named["sum"]) for _, named in results] == [i + 1.0 for i in range(5)]


def test_an_argument_in_a_parameter_s_memory_is_not_taken_for_it() -> None:
    w = numbers(0, 3)
    step = mg.capture(lambda x: x * w)
    for _ in range(3):
        assert step(w.detach()).numpy().tolist() == ops.square(w).numpy().tolist()
    x = numbers(1, 3)
    assert step(x).numpy().tolist() == (x * w).numpy().tolist()
    assert step.replays == 2


@pytest.mark.parametrize("calls", [1, 3])
def test_no_gradient_flows_out_of_a_step(calls: int) -> None:
    w = numbers(0, 3)
    step = mg.capture(lambda x: ops.sum(w * x))
    for _ in range(calls):
        y = step(numbers(1, 3))
    with pytest.raises(mg.CaptureError, match="ask for the gradient inside the step"):
        mg.grad(y * 2.0, [w])


def test_graphs_built_before_a_replay_are_stale_after_it() -> None:
    net = network()
    step = mg.capture(training_step(net, optim.SGD(net.parameters())))
    step(numbers(0, 4, 3))
    step(numbers(0, 4, 3))
    loss = ops.mean(ops.square(net(numbers(0, 4, 3))))
    step(numbers(0, 4, 3))
    assert step.replays == 1
    with pytest.raises(mg.StaleGraphError):
        mg.grad(loss, net.parameters())


def test_a_failed_check_in_a_replay_changes_nothing() -> None:
    net = network()
    optimizer = optim.Adam(net.parameters())

    @mg.capture
    def step(x: mg.Tensor) -> mg.Tensor:
        loss = ops.mean(ops.square(net(x)))
        mg.require_finite("the loss is {}", loss)
        optimizer.step(mg.grad(loss, net.parameters()))
        return loss

    for i in range(4):
        step(numbers(i, 4, 3))
    before = flat([net.state_dict(), optimizer.state_dict()])
    with pytest.raises(mg.NonFiniteError, match="the loss is nan"):
        step(mg.tensor(np.full((4, 3), np.nan, np.float32)))
    assert flat([net.state_dict(), optimizer.state_dict()]) == before
    step(numbers(0, 4, 3))
    assert step.replays == 3


def test_check_finite_runs_the_step_itself() -> None:
    step = mg.capture(lambda x: ops.log(x))
    for _ in range(3):
        step(mg.Tensor(np.ones(3, np.float32)))
    with (
        np.errstate(all="ignore"),
        mg.check_finite(),
        pytest.raises(mg.NonFiniteError, match="log made a NaN"),
    ):
        step(mg.Tensor(-np.ones(3, np.float32)))


def test_a_captured_step_within_another_is_part_of_it() -> None:
    inner = mg.capture(lambda x: x * 3.0)
    outer = mg.capture(lambda x: inner(x) + 1.0)
    assert [float(outer(mg.tensor(float(i)))) for i in range(5)] == [1, 4, 7, 10, 13]
    assert (inner.replays, outer.replays) == (0, 3)


def test_methods_can_be_captured() -> None:
    class Model:
        def __init__(self, scale: float) -> None:
            self.w = mg.tensor(scale)

        @mg.capture
        def step(self, x: mg.Tensor) -> mg.Tensor:
            """Scale."""
            return x * self.w

    models = [Model(2.0), Model(5.0)]
    results = [float(models[i % 2].step(mg.tensor(float(i)))) for i in range(8)]
    assert results == [0, 5, 4, 15, 8, 25, 12, 35]
    assert Model.step.__doc__ == "Scale."
    assert Model.step.replays == 4


def test_threads_do_not_disturb_each_other() -> None:
    nets = [network() for _ in range(2)]
    steps = [mg.capture(lambda x, net=net, i=i: net(x) * float(i + 1)) for i, net in enumerate(nets)]
    wrong: list[int] = []

    def work(i: int) -> None:
        for n in range(60):
            x = numbers(n, 5, 3)
            if steps[i](x).numpy().tolist() != (nets[i](x) * float(i + 1)).numpy().tolist():
                wrong.append(n)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert all(step.replays == 58 for step in steps)


def test_a_captured_step_that_a_replay_calls_runs_as_it_is() -> None:
    """Its program would write into the memory in which the other one's numbers are."""
    inner = mg.capture(lambda x: ops.exp(x * 5.0) + 7.0)
    for _ in range(3):
        inner(numbers(0, 3))
    w = mg.tensor([0.0, 0.0, 0.0])

    def fill(w: np.ndarray, x: np.ndarray) -> None:
        w[...] = inner(mg.tensor(x)).numpy()

    def step(x: mg.Tensor) -> mg.Tensor:
        doubled = x * 2.0
        mg.modify(w, fill, x)
        return doubled + w

    mine = mg.capture(step)
    for i in range(5):
        x = numbers(i, 3)
        assert mine(x).numpy().tolist() == step(x).numpy().tolist()
    assert mine.replays == 3


def test_a_replay_waits_for_that_of_another_thread() -> None:
    replaying, go_on, done = threading.Event(), threading.Event(), threading.Event()
    w = mg.tensor(0.0)

    def wait(w: np.ndarray) -> None:
        if slow.replays:
            replaying.set()
            assert go_on.wait(30)

    def slow_step(x: mg.Tensor) -> mg.Tensor:
        doubled = x * 2.0
        mg.modify(w, wait)
        return doubled + 1.0

    slow, quick = mg.capture(slow_step), mg.capture(lambda x: x * 3.0)
    for _ in range(3):
        slow(mg.tensor(1.0))
        quick(mg.tensor(1.0))
    results: list[float] = []
    first = threading.Thread(target=lambda: results.append(float(slow(mg.tensor(5.0)))))
    second = threading.Thread(target=lambda: (results.append(float(quick(mg.tensor(5.0)))), done.set()))
    first.start()
    assert replaying.wait(30)
    second.start()
    early = done.wait(0.2)
    go_on.set()
    first.join()
    second.join()
    assert not early
    assert results == [11, 15]


def test_no_other_thread_launches_a_kernel_while_a_replay_does() -> None:
    """A replay calls what kernels launch, in the thread pool and scratch memory that they share."""
    w, free = mg.tensor(0.0), list[bool]()

    def look() -> None:
        free.append(launching.lock.acquire(blocking=False))
        if free[-1]:
            launching.lock.release()

    def look_from_elsewhere(w: np.ndarray) -> None:
        other = threading.Thread(target=look)
        other.start()
        other.join()

    step = mg.capture(lambda: mg.modify(w, look_from_elsewhere))
    for _ in range(3):
        step()
    free.clear()
    step()
    assert step.replays == 2
    assert free == [False]


def test_programs_share_memory_and_free_it() -> None:
    def program_of(step: Captured[Any, Any]) -> Any:
        return step._recordings[0].program

    gc.collect()  # programs of other tests share the memory while they are there
    small, large = mg.capture(lambda x: x * 2.0 + 1.0), mg.capture(lambda x: x * 3.0 + 1.0)
    for _ in range(3):
        small(numbers(0, 4))
        large(numbers(0, 4_000))
    for _ in range(2):
        assert small(numbers(0, 4)).numpy().tolist() == (numbers(0, 4) * 2.0 + 1.0).numpy().tolist()
    assert program_of(small)._memory is program_of(large)._memory
    gone = weakref.ref(program_of(large)._memory)
    del small, large
    assert gone() is None


def test_a_chain_needs_the_memory_of_two_links() -> None:
    @mg.capture
    def step(x: mg.Tensor) -> mg.Tensor:
        with mg.no_grad():
            for _ in range(20):
                x = x * 1.5
        return x

    for _ in range(3):
        step(numbers(0, 1_000))
    program = step._recordings[0].program
    assert program is not None
    assert program.size <= 2 * 4_032


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 8), st.integers(0, 4)), max_size=12))
def test_buffers_that_live_at_once_do_not_overlap(buffers: list[tuple[int, int, int]]) -> None:
    lifetimes = [Lifetime(size, first, first + more) for size, first, more in buffers]
    offsets, total = offsets_of(lifetimes)
    for i, a in enumerate(lifetimes):
        assert offsets[i] % ALIGNMENT == 0
        assert offsets[i] + a.size <= total
        for j, b in enumerate(lifetimes[:i]):
            if a.first <= b.last and b.first <= a.last:
                assert offsets[i] + a.size <= offsets[j] or offsets[j] + b.size <= offsets[i]
