"""The graph that ops build: when it is stale, who builds it, how deep it may be, when its memory goes."""

from __future__ import annotations

import gc
import threading
import tracemalloc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, ops
from minigrad.dispatch import use_kernels
from minigrad.tracing import mode
from tests.minigrad.tensors import normal, numbers

# -- stale graphs ----------------------------------------------------------------------------------


def in_place(p: Tensor) -> None:
    p.data -= 0.1


def by_assignment(p: Tensor) -> None:
    p.data = p.data * 2


def told(p: Tensor) -> None:
    p.data[...] = 3.0
    p.changed()


def as_an_optimizer(p: Tensor) -> None:
    mg.optim.SGD([p], lr=0.1).step([mg.tensor(np.ones(p.shape))])


CHANGES = [in_place, by_assignment, told, as_an_optimizer]
USES: dict[str, Callable[[Tensor], Tensor]] = {
    "itself": lambda w: w,
    "w.T": lambda w: w.T,
    "reshape": lambda w: w.reshape(6),
    "slice": lambda w: w[1:],
    "detach": lambda w: w.detach(),
    "broadcast": lambda w: ops.broadcast_to(w, (4, 2, 3)),
    "view of a view": lambda w: w.T[1:].T.detach(),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("use", USES)
def test_a_graph_whose_parameter_changed_is_refused(use: str, change: Callable[[Tensor], None]) -> None:
    w, x = normal(2, 3), numbers(1.5)
    y = ops.sum(USES[use](w) * x)
    change(w)
    with pytest.raises(
        mg.StaleGraphError, match=r"was changed in place after the graph was built; compute the"
    ):
        mg.grad(y, [x])
    y = ops.sum(USES[use](w) * x)
    mg.grad(y, [x])


def test_a_change_before_use_or_off_the_path_is_no_error() -> None:
    w, x, other = normal(2, 3), numbers(1.5), numbers(1.0)
    w.data += 1
    y = ops.sum(w * x)
    z = y + ops.sum(ops.exp(other * 2))
    other.data += 1
    (g,) = mg.grad(z, [x])
    assert g.item() == w.data.sum()
    with pytest.raises(mg.StaleGraphError, match=r"mul: input 0, float64 \(1,\), was changed"):
        mg.grad(z, [other])


def test_a_change_of_a_result_is_refused() -> None:
    x = numbers(0.5, 1.0)
    y = ops.exp(x)
    y.data *= 2
    with pytest.raises(mg.StaleGraphError, match=r"exp: the output, float64 \(2,\), was changed"):
        mg.grad(y, [x], grad_output=np.ones(2))
    view = ops.exp(x)
    loss = ops.sum(view.reshape(2, 1))
    view.changed()
    with pytest.raises(mg.StaleGraphError):
        mg.grad(loss, [x])


def test_a_change_of_a_copy_leaves_the_original_alone() -> None:
    w, x = normal(2, 3), numbers(1.5)
    y = ops.sum(w * x)
    rows = w[[0, 1]]
    rows.data *= 2
    mg.grad(y, [x])
    z = ops.sum(rows * rows)
    w.data += 1
    (g,) = mg.grad(z, [rows])
    np.testing.assert_array_equal(g.numpy(), 2 * rows.numpy())


def test_a_change_between_two_derivatives_is_refused() -> None:
    x = numbers(2.0)
    (g,) = mg.grad(x * x * x, [x], create_graph=True)
    x.data += 1
    with pytest.raises(mg.StaleGraphError):
        mg.grad(g, [x])


def test_an_index_array_may_be_refilled_before_the_gradient() -> None:
    x = numbers(1.0, 2.0, 3.0)
    buffer, names = np.array([0, 1]), mg.tensor([0, 1])
    lists = [[0, 1], (buffer,), (names,)]
    y = ops.sum(x[buffer]) + ops.sum(x[names]) + ops.sum(x[tuple(lists[1])]) + ops.sum(x[lists[0]])
    buffer[:] = 2
    names.data[...] = 2
    lists[0][:] = [2, 2]  # type: ignore[index]
    (g,) = mg.grad(y, [x])
    assert g.numpy().tolist() == [4.0, 4.0, 0.0]


# -- building a graph ------------------------------------------------------------------------------


def test_no_grad_makes_leaves_and_nests() -> None:
    x = numbers(2.0)
    with mg.no_grad():
        with mg.no_grad():
            assert not mode().building_graph
        y = x * x
        assert not mode().building_graph
    assert mode().building_graph
    assert y.op is None
    with pytest.raises(KeyError), mg.no_grad():
        raise KeyError
    assert mode().building_graph


def test_no_grad_decorates() -> None:
    @mg.no_grad()
    def square(x: Tensor) -> Tensor:
        return x * x

    assert square(numbers(2.0)).op is None
    assert square(numbers(2.0)).op is None
    assert mode().building_graph


def test_gradients_are_leaves_without_create_graph() -> None:
    x = numbers(2.0)
    y = x * x * x
    (leaf,) = mg.grad(y, [x])
    assert leaf.op is None
    with mg.no_grad():
        (g,) = mg.grad(y, [x], create_graph=True)
        assert not mode().building_graph
    (gg,) = mg.grad(g, [x])
    assert gg.item() == 12.0


def test_threads_build_graphs_independently() -> None:
    seen: dict[str, Any] = {}
    inside, leave = threading.Event(), threading.Event()

    def quiet() -> None:
        with mg.no_grad():
            inside.set()
            leave.wait(10)
            seen["quiet"] = (numbers(2.0) * 3.0).op

    thread = threading.Thread(target=quiet)
    thread.start()
    inside.wait(10)
    x = numbers(2.0)
    seen["loud"] = mg.grad(x * 3.0, [x], unused="error")[0].item()
    leave.set()
    thread.join()
    assert seen == {"quiet": None, "loud": 3.0}


def test_gradients_in_parallel_threads_are_right() -> None:
    results: dict[int, float] = {}

    def work(k: int) -> None:
        x = mg.tensor(np.full(50, float(k)))
        y = x
        for _ in range(50):
            y = y * 1.0 + x
        results[k] = mg.grad(ops.sum(y), [x])[0].numpy().sum()

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert results == dict.fromkeys(range(4), 51.0 * 50)


# -- depth and memory ------------------------------------------------------------------------------


def test_a_chain_of_100_000_ops() -> None:
    x = mg.tensor(1.0, np.float64)
    y = x
    for _ in range(100_000):
        y = y * 1.00001
    (g,) = mg.grad(y, [x])
    np.testing.assert_allclose(g.item(), 1.00001**100_000)
    last = weakref.ref(y)
    del y
    assert last() is None


def test_a_deep_chain_to_second_order() -> None:
    x = mg.tensor(1.0, np.float64)
    y = x
    for _ in range(10_000):
        y = y * x
    (g,) = mg.grad(y, [x], create_graph=True)
    (gg,) = mg.grad(g, [x])
    assert (g.item(), gg.item()) == (10_001.0, 10_001.0 * 10_000.0)


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_step_is_freed_as_soon_as_its_loss_is_dropped(create_graph: bool) -> None:
    gc.disable()
    try:
        x, w = normal(8, 3, 8, 8), normal(4, 3, 3, 3)
        with use_kernels("reference"):
            hidden = ops.leaky_relu(ops.standardize(ops.conv2d(x, w), eps=1e-5), slope=0.2)
            loss = ops.mean(hidden * hidden)
            gradients = mg.grad(loss, [w], create_graph=create_graph)
        watched = [weakref.ref(t) for t in (hidden, loss, *gradients)]
        del hidden, loss, gradients
        assert [r() for r in watched] == [None] * 3
    finally:
        gc.enable()


def test_steps_do_not_accumulate_memory() -> None:
    x, w = normal(64, 64), normal(64, 64)

    def step() -> None:
        y = x
        for _ in range(10):
            y = ops.tanh(y @ w)
        loss = ops.mean(y)
        (g,) = mg.grad(loss, [w], create_graph=True)
        mg.grad(ops.sum(g * g), [w])

    gc.disable()
    tracemalloc.start()
    try:
        step()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(5):
            step()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
        gc.enable()
    assert grown < x.data.nbytes


def test_the_gradient_frees_what_it_has_passed() -> None:
    n, length = 100_000, 50
    x = mg.tensor(np.ones(n))
    y = x
    for _ in range(length):
        y = y * 1.5
    tracemalloc.start()
    try:
        mg.grad(ops.sum(y), [x])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 6 * x.data.nbytes
