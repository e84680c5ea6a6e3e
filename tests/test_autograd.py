"""grad: what it prunes, refuses and reports; depth, memory, versions, threads; and random graphs."""

from __future__ import annotations

import gc
import threading
import tracemalloc
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import Tensor, backend, ops
from minigrad.tensor import registry
from minigrad.tracing import mode


def numbers(*values: float) -> Tensor:
    return mg.tensor(np.array(values))


def normal(*shape: int, seed: int = 0) -> Tensor:
    return mg.tensor(np.random.default_rng(seed).standard_normal(shape))


class Spy:
    """A kernel module that counts the calls of each kernel."""

    def __init__(self, kernels: ModuleType) -> None:
        self.kernels = kernels
        self.calls: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        self.calls[name] += 1
        return getattr(self.kernels, name)


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Spy]:
    watched = Spy(backend._load("reference"))
    monkeypatch.setitem(backend._loaded, "reference", watched)
    with backend.use_kernels("reference"):
        yield watched


@pytest.fixture
def user_op() -> Iterator[Callable[..., mg.Op]]:
    """`mg.op` for a test's own ops, which leave the registry afterwards."""
    before = set(registry)
    yield mg.op
    for name in set(registry) - before:
        del registry[name]


# -- values ----------------------------------------------------------------------------------------


def test_diamond() -> None:
    x = numbers(2.0, 3.0)
    a = x * x
    y = ops.sum(a * a + a)
    (g,) = mg.grad(y, [x])
    np.testing.assert_allclose(g.numpy(), 4 * x.numpy() ** 3 + 2 * x.numpy())


def test_one_tensor_in_every_place_of_an_op() -> None:
    x = numbers(2.0, 3.0)
    y = ops.sum(ops.concatenate([x, x, x]) * ops.concatenate([x * x, x, x]))
    (g,) = mg.grad(y, [x])
    np.testing.assert_allclose(g.numpy(), 3 * x.numpy() ** 2 + 4 * x.numpy())


def test_ladder_of_diamonds_is_linear_in_its_length() -> None:
    x = mg.tensor(1.0, np.float64)
    y = x
    for _ in range(500):
        y = y * 0.5 + y * 0.5
    (g,) = mg.grad(y, [x])
    assert g.item() == 1.0


def test_intermediate_tensors() -> None:
    x = numbers(2.0, 3.0)
    a = x * x
    y = ops.sum(a * a)
    ga, gx = mg.grad(y, [a, x])
    np.testing.assert_allclose(ga.numpy(), 2 * a.numpy())
    np.testing.assert_allclose(gx.numpy(), 4 * x.numpy() ** 3)


def test_output_among_wrt() -> None:
    x = numbers(2.0)
    y = x * x
    gy, gx = mg.grad(y, [y, x])
    assert (gy.item(), gx.item()) == (1.0, 4.0)
    (g,) = mg.grad(x, [x], grad_output=[5.0])
    assert g.item() == 5.0


def test_wrt_may_be_one_tensor_or_name_one_twice() -> None:
    x = numbers(2.0)
    y = x * x
    assert [g.item() for g in mg.grad(y, x)] == [4.0]
    first, second = mg.grad(y, [x, x])
    assert first.item() == second.item() == 4.0
    assert mg.grad(y, []) == []


def test_grad_output() -> None:
    x = numbers(2.0, 3.0)
    y = x * x
    for incoming in ([1.0, 10.0], np.array([1, 10]), mg.tensor([1.0, 10.0])):
        (g,) = mg.grad(y, [x], grad_output=incoming)
        assert g.numpy().tolist() == [4.0, 60.0]
        assert g.dtype == np.float64


def test_the_gradient_is_differentiable_in_grad_output() -> None:
    x, v = numbers(2.0, 3.0), numbers(1.0, 1.0)
    (g,) = mg.grad(x * x, [x], grad_output=v, create_graph=True)
    (gv,) = mg.grad(ops.sum(g * g), [v])
    np.testing.assert_allclose(gv.numpy(), 8 * x.numpy() ** 2)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_outputs_of_one_element(shape: tuple[int, ...]) -> None:
    x = normal(3)
    (g,) = mg.grad(ops.reshape(ops.sum(x), shape), [x])
    assert g.numpy().tolist() == [1.0] * 3


def test_third_order() -> None:
    x = numbers(0.3, 0.7)
    y = ops.sum(ops.sin(x) * ops.exp(x))
    derivatives: list[Callable[[Any], Any]] = [
        lambda v: np.exp(v) * (np.sin(v) + np.cos(v)),
        lambda v: 2 * np.exp(v) * np.cos(v),
        lambda v: 2 * np.exp(v) * (np.cos(v) - np.sin(v)),
    ]
    for derivative in derivatives:
        (g,) = mg.grad(y, [x], create_graph=True)
        np.testing.assert_allclose(g.numpy(), derivative(x.numpy()))
        y = ops.sum(g)


def test_each_gradient_has_its_tensors_shape_and_dtype() -> None:
    a, b, c = mg.tensor([[1.0], [2.0]]), normal(3), mg.tensor(2.0)
    y = ops.sum(a * b * c)
    assert y.dtype == np.float64
    for t, g in zip((a, b, c), mg.grad(y, [a, b, c]), strict=True):
        assert (g.shape, g.dtype) == (t.shape, t.dtype)


# -- each gradient is an array of its own ----------------------------------------------------------


@pytest.mark.parametrize("create_graph", [False, True])
def test_writing_into_one_gradient_changes_no_other(create_graph: bool) -> None:
    a, b, v = numbers(1.0, 2.0), numbers(3.0, 4.0), numbers(5.0, 6.0)
    y = a + b + a.T
    gradients = mg.grad(y, [a, b, b, y], grad_output=v, create_graph=create_graph)
    for g in gradients:
        g.data *= 0.5
    assert [g.numpy().tolist() for g in gradients] == [[5.0, 6.0], [2.5, 3.0], [2.5, 3.0], [2.5, 3.0]]
    assert v.numpy().tolist() == [5.0, 6.0]


def test_gradients_can_be_written() -> None:
    x = normal(3, 4)
    for y in (ops.sum(x), ops.mean(x, axis=0).sum(), ops.sum(x.T[1:])):
        (g,) = mg.grad(y, [x])
        before = g.numpy().copy()
        g.data *= 2
        np.testing.assert_array_equal(g.numpy(), 2 * before)


# -- pruning ---------------------------------------------------------------------------------------


def networks() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Noise, the generator's weight and the discriminator's two."""
    return normal(2, 3, 2, 2), normal(3, 1, 2, 2, seed=1), normal(4, 1, 2, 2, seed=2), normal(16, 1, seed=3)


def generator(z: Tensor, w: Tensor) -> Tensor:
    return ops.tanh(ops.conv_transpose2d(z, w, stride=2))


def discriminator(x: Tensor, w: Tensor, v: Tensor) -> Tensor:
    hidden = ops.leaky_relu(ops.standardize(ops.conv2d(x, w, stride=2), eps=1e-5), slope=0.2)
    return ops.flatten(hidden) @ v


def test_the_generators_gradient_runs_no_kernel_of_the_discriminators_weights(spy: Spy) -> None:
    z, wg, wd, v = networks()
    before = wd.numpy().copy()
    loss = ops.mean(ops.softplus(-discriminator(generator(z, wg), wd, v)))
    assert spy.calls == {"conv_transpose2d": 1, "conv2d": 1, "standardize": 1, "leaky_relu": 1, "matmul": 1}
    spy.calls.clear()
    mg.grad(loss, [wg])
    # D's inputs cost one matmul and one conv_transpose2d; conv2d_weight runs for G alone
    assert spy.calls == {
        "matmul": 1,
        "leaky_gate": 1,
        "standardize_grad": 1,
        "conv_transpose2d": 1,
        "conv2d_weight": 1,
    }
    np.testing.assert_array_equal(wd.numpy(), before)


def test_the_discriminators_gradient_stops_at_its_weights(spy: Spy) -> None:
    z, wg, wd, v = networks()
    with mg.no_grad():
        fake = generator(z, wg)
    loss = ops.mean(ops.softplus(discriminator(fake, wd, v)))
    spy.calls.clear()
    mg.grad(loss, [wd, v])
    assert spy.calls == {"matmul": 2, "leaky_gate": 1, "standardize_grad": 1, "conv2d_weight": 1}


def test_a_gradient_with_respect_to_an_activation_goes_no_further(spy: Spy) -> None:
    x, wd = normal(2, 1, 4, 4), normal(4, 1, 2, 2, seed=2)
    hidden = ops.conv2d(x, wd, stride=2)
    y = ops.sum(ops.leaky_relu(hidden, slope=0.2))
    spy.calls.clear()
    mg.grad(y, [hidden])
    assert spy.calls == {"leaky_gate": 1}


# -- what does not depend, what cannot be differentiated -------------------------------------------


def test_unused_tensors() -> None:
    x, other = numbers(2.0), mg.tensor([[1.0, 2.0]])
    y = x * x
    gx, g = mg.grad(y, [x, other])
    assert gx.item() == 4.0
    assert g.dtype == np.float32
    assert g.numpy().tolist() == [[0.0, 0.0]]
    with pytest.raises(ValueError, match=r"of mul\) does not depend on wrt\[1\], float32 \(1, 2\)"):
        mg.grad(y, [x, other], unused="error")
    with pytest.raises(ValueError, match='unused is "zeros" or "error"'):
        mg.grad(y, [x], unused="none")  # type: ignore[arg-type]


def test_what_was_not_recorded_does_not_depend() -> None:
    x = numbers(2.0)
    with mg.no_grad():
        a = x * x
    for y in (a * 1.0, x.detach() * 3.0, (x * x).astype(np.int64) * 1.5, (x > 1) * 2.5):
        with pytest.raises(ValueError, match="does not depend"):
            mg.grad(y, [x], unused="error")


def test_integers_have_no_gradient() -> None:
    x, i = numbers(2.0), mg.tensor([3])
    with pytest.raises(TypeError, match=r"wrt\[1\] is int64 \(1,\); gradients need floats"):
        mg.grad(x * i, [x, i])
    with pytest.raises(TypeError, match="output is int64"):
        mg.grad(i * 2, [x])
    (g,) = mg.grad(x * i, [x])
    assert g.item() == 3.0


def test_arguments_that_are_no_tensors() -> None:
    x = numbers(2.0)
    with pytest.raises(TypeError, match="output must be a Tensor, got float"):
        mg.grad(2.0, [x])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"wrt\[0\] must be a Tensor, got ndarray"):
        mg.grad(x * x, [np.ones(1)])  # type: ignore[list-item]


def test_outputs_of_many_elements_need_a_gradient() -> None:
    x = normal(2, 3)
    with pytest.raises(
        ValueError, match=r"output has shape \(2, 3\); reduce it to one element or give grad_output"
    ):
        mg.grad(x * x, [x])
    with pytest.raises(ValueError, match=r"grad_output has shape \(3,\), output has shape \(2, 3\)"):
        mg.grad(x * x, [x], grad_output=np.ones(3))


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


# -- recording -------------------------------------------------------------------------------------


def test_no_grad_makes_leaves_and_nests() -> None:
    x = numbers(2.0)
    with mg.no_grad():
        with mg.no_grad():
            assert not mode().recording
        y = x * x
        assert not mode().recording
    assert mode().recording
    assert y.op is None
    with pytest.raises(KeyError), mg.no_grad():
        raise KeyError
    assert mode().recording


def test_no_grad_decorates() -> None:
    @mg.no_grad()
    def square(x: Tensor) -> Tensor:
        return x * x

    assert square(numbers(2.0)).op is None
    assert square(numbers(2.0)).op is None
    assert mode().recording


def test_gradients_are_leaves_unless_a_graph_is_asked_for() -> None:
    x = numbers(2.0)
    y = x * x * x
    (leaf,) = mg.grad(y, [x])
    assert leaf.op is None
    with mg.no_grad():
        (g,) = mg.grad(y, [x], create_graph=True)
        assert not mode().recording
    (gg,) = mg.grad(g, [x])
    assert gg.item() == 12.0


def test_threads_record_independently() -> None:
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
        with backend.use_kernels("reference"):
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


# -- users' ops ------------------------------------------------------------------------------------


def test_rules_must_name_the_arguments(user_op: Callable[..., mg.Op]) -> None:
    @user_op
    def twice(x: Any) -> Any:
        return 2 * x

    with pytest.raises(ValueError, match=r"twice.vjp: rules for \('y',\), but the arguments are \('x',\)"):
        twice.vjp(y=lambda g, y, x: g)
    x = numbers(1.0)
    with pytest.raises(TypeError, match=r"twice has no derivative; declare its rules with twice.vjp"):
        mg.grad(twice(x), [x])
    twice.vjp(x=lambda g, y, x: g * 2.0)
    assert mg.grad(twice(x), [x])[0].item() == 2.0
    with pytest.raises(ValueError, match="an op called 'twice' exists already"):
        mg.op(twice.forward)


@pytest.mark.parametrize("wrong", [lambda g, y, x: g.data * 2.0, lambda g, y, x: None, lambda g, y, x: 2.0])
def test_a_rule_that_returns_no_tensor_is_refused(user_op: Callable[..., mg.Op], wrong: Any) -> None:
    @user_op
    def twice(x: Any) -> Any:
        return 2 * x

    twice.vjp(x=wrong)
    x = numbers(1.0)
    with pytest.raises(TypeError, match=r"twice: the rule of input 0 returned .*; return a Tensor"):
        mg.grad(twice(x), [x])


def test_a_rule_of_the_wrong_shape_is_refused(user_op: Callable[..., mg.Op]) -> None:
    @user_op
    def twice(x: Any) -> Any:
        return 2 * x

    twice.vjp(x=lambda g, y, x: ops.sum(g))
    x = numbers(1.0, 2.0)
    with pytest.raises(ValueError, match=r"\(2,\) does not broadcast to \(\)"):
        mg.grad(ops.sum(twice(x)), [x])


# -- not a number ----------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_check_finite_names_the_op() -> None:
    x = numbers(0.0, 1.0)
    with (
        mg.check_finite(),
        pytest.raises(mg.NonFiniteError, match=r"log made a NaN or infinity from float64 \(2,\) \(finite"),
    ):
        ops.log(x)
    y = ops.sum(ops.sqrt(x))
    with mg.check_finite(), pytest.raises(FloatingPointError, match="div made a NaN or infinity"):
        mg.grad(y, [x])
    ops.log(x)


# -- random graphs ---------------------------------------------------------------------------------

UNARY: list[Callable[[Tensor], Tensor]] = [
    ops.tanh,
    ops.sin,
    ops.sigmoid,
    ops.softplus,
    lambda t: ops.exp(t * 0.3),
    lambda t: t.T,
    lambda t: t[::-1],
    lambda t: t[[0, 0, 1]][:2],
    lambda t: ops.softmax(t, axis=1),
    lambda t: t - ops.mean(t, axis=0),
    lambda t: t.reshape(-1).reshape(2, 2),
    lambda t: ops.sqrt(t * t + 1.0),
]
BINARY: list[Callable[[Tensor, Tensor], Tensor]] = [
    ops.add,
    ops.sub,
    ops.mul,
    ops.matmul,
    lambda a, b: a / (b * b + 1.0),
    lambda a, b: a * ops.sum(b, axis=0, keepdims=True),
    lambda a, b: ops.concatenate([a, b], 1) @ ops.concatenate([b, a], 0),
    lambda a, b: ops.where(np.array([[True, False], [False, True]]), a, b),
]
STEPS = st.lists(
    st.tuples(st.integers(0, len(UNARY) + len(BINARY) - 1), st.integers(0, 30), st.integers(0, 30)),
    max_size=12,
)


@given(steps=STEPS, seed=st.integers(0, 1000))
def test_random_graphs_against_finite_differences(steps: list[tuple[int, int, int]], seed: int) -> None:
    """Each step applies an op to tensors made so far; 2 x 2 throughout, so that any two fit."""

    def f(a: Tensor, b: Tensor) -> Tensor:
        made = [a, b]
        for which, i, j in steps:
            left, right = made[i % len(made)], made[j % len(made)]
            made.append(UNARY[which](left) if which < len(UNARY) else BINARY[which - len(UNARY)](left, right))
        return ops.tanh(sum((t * 0.1 for t in made[1:]), made[0] * 0.1))

    rng = np.random.default_rng(seed)
    inputs = [rng.standard_normal((2, 2)) for _ in range(2)]
    mg.gradcheck(f, inputs, directions=1, rtol=1e-4, atol=1e-6)
