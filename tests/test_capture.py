"""capture: a replay gives what the step gives, bit for bit, or CaptureError says why it cannot."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn, ops, optim
from minigrad.backend import allow_tf32, use_kernels
from minigrad.capturing import captured, memory
from minigrad.capturing.captured import Captured
from minigrad.capturing.program import Program
from minigrad.kernels.launching import launch
from minigrad.tensor import registry
from tests.gans.running import flat

Step = Callable[..., Any]


def numbers(seed: int, *shape: int) -> mg.Tensor:
    return mg.Tensor(np.random.default_rng(seed).standard_normal(shape).astype(np.float32))


def network(*layers: nn.Module) -> nn.Sequential:
    mg.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), *layers, nn.Linear(8, 1))


def training_step(net: nn.Module, optimizer: optim.Optimizer) -> Step:
    def step(x: mg.Tensor) -> mg.Tensor:
        loss = ops.mean(ops.square(net(x)))
        optimizer.step(mg.grad(loss, net.parameters()))
        return loss

    return step


def same_with_and_without(
    make: Callable[[], tuple[Step, Callable[[], Any]]], calls: list[tuple[Any, ...]]
) -> Any:
    """Make a step and run it, plainly and captured: results and state are equal. The captured step."""
    ends = []
    for wrap in (lambda step: step, mg.capture):
        mg.manual_seed(7)
        step, state = make()
        step = wrap(step)
        results = [flat(arrays_of(step(*arguments))) for arguments in calls]
        ends.append((results, flat(state()), mg.random.get_state()))
    assert ends[0] == ends[1]
    return step


def arrays_of(result: Any) -> Any:
    if isinstance(result, mg.Tensor):
        return np.array(result.numpy())
    if isinstance(result, dict):
        return {name: arrays_of(value) for name, value in result.items()}
    return [arrays_of(value) for value in result] if isinstance(result, list | tuple) else result


# -- lines made one -----------------------------------------------------------------------------------


def gated_lines(step: Captured[Any, Any]) -> int:
    """How many lines of the program are the product with a gate."""
    program = step._recordings[0].program
    assert program is not None
    return sum(line.function.__name__ == "matmul_gate" for line in program.lines)


@pytest.mark.parametrize("width", [1, 3, 40])
@pytest.mark.parametrize("batch", [5, 64, 70])
def test_a_gradient_s_product_and_gate_are_one_line(width: int, batch: int) -> None:
    def make() -> tuple[Step, Callable[[], Any]]:
        mg.manual_seed(0)
        layers = nn.Linear(3, 48), nn.LeakyReLU(0.2), nn.Linear(48, width), nn.ReLU(), nn.Linear(width, 2)
        net = nn.Sequential(*layers)
        return training_step(net, optim.SGD(net.parameters(), lr=0.1)), net.state_dict

    step = same_with_and_without(make, [(numbers(i, batch, 3),) for i in range(4)])
    assert gated_lines(step) == 2


def test_a_product_that_something_else_needs_keeps_its_line() -> None:
    w, b = numbers(0, 6, 6), numbers(1, 6)

    def step(x: mg.Tensor) -> tuple[mg.Tensor, ...]:
        h = ops.linear(x, w, b, slope=0.2)
        return tuple(mg.grad(ops.sum(ops.linear(h, w, b, slope=0.2)), [h, w, b]))

    captured_step = same_with_and_without(lambda: (step, list), [(numbers(i, 80, 6),) for i in range(4)])
    assert gated_lines(captured_step) == 0


def negate(array: Any) -> None:
    np.negative(array, out=array)


def test_a_change_in_place_between_two_lines_keeps_them_apart() -> None:
    def make() -> tuple[Step, Callable[[], Any]]:
        w, b = numbers(0, 6, 6), numbers(1, 6)

        def step(x: mg.Tensor) -> mg.Tensor:
            y = ops.mul(x, b)
            product = ops.matmul(x, w)
            mg.modify(w, negate)
            return ops.bias_leaky_relu_grad(product, y, slope=0.2)

        return step, lambda: w.numpy()

    assert gated_lines(same_with_and_without(make, [(numbers(i, 80, 6),) for i in range(4)])) == 0


# -- the same numbers ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda p: optim.SGD(p, lr=0.1),
        lambda p: optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.5),
        lambda p: optim.RMSprop(p, lr=0.01, momentum=0.5, centered=True),
        lambda p: optim.Adam(p, lr=0.01, weight_decay=0.1),
    ],
)
@pytest.mark.parametrize(
    "layers",
    [(nn.ReLU(),), (nn.BatchNorm1d(8), nn.LeakyReLU(0.2)), (nn.BatchNorm1d(8, momentum=None), nn.Tanh())],
)
def test_training_is_the_same_bit_for_bit(
    make: Callable[[list[nn.Parameter]], optim.Optimizer], layers: tuple[nn.Module, ...]
) -> None:
    def prepared() -> tuple[Step, Callable[[], Any]]:
        net = network(*[type(layer)(**settings_of(layer)) for layer in layers])
        optimizer = make(net.parameters())
        return training_step(net, optimizer), lambda: [net.state_dict(), optimizer.state_dict()]

    step = same_with_and_without(prepared, [(numbers(i, 5, 3),) for i in range(6)])
    assert step.replays == 4


def settings_of(layer: nn.Module) -> dict[str, Any]:
    names = ("num_features", "momentum", "negative_slope")
    return {name: value for name, value in vars(layer).items() if name in names}


@given(st.lists(st.sampled_from([2, 3, 4]), min_size=4, max_size=12))
def test_every_shape_has_a_recording_of_its_own(sizes: list[int]) -> None:
    def prepared() -> tuple[Step, Callable[[], Any]]:
        net = network(nn.BatchNorm1d(8))
        return training_step(net, optim.Adam(net.parameters())), net.state_dict

    step = same_with_and_without(prepared, [(numbers(i, size, 3),) for i, size in enumerate(sizes)])
    assert step.replays == sum(max(0, sizes.count(size) - 2) for size in set(sizes))


def test_old_recordings_give_way_to_new_ones() -> None:
    step = mg.capture(lambda x: ops.square(x))
    for size in range(1, 3 * captured.KEPT):
        for _ in range(3):
            step(numbers(0, size))
    assert len(step._recordings) == captured.KEPT
    assert step.replays == 3 * captured.KEPT - 1


def test_dropout_draws_anew_in_every_replay() -> None:
    def prepared() -> tuple[Step, Callable[[], Any]]:
        net = network(nn.Dropout(0.4))
        return training_step(net, optim.SGD(net.parameters())), net.state_dict

    same_with_and_without(prepared, [(numbers(0, 6, 3),)] * 6)


def test_generators_among_the_arguments_go_on_as_without() -> None:
    def step(x: mg.Tensor, rng: np.random.Generator) -> mg.Tensor:
        noise = mg.random.normal(x.shape, generator=rng) * mg.random.uniform((2, 1), generator=rng)
        return x + noise + mg.random.uniform(x.shape[1:])

    ends = []
    for run in (step, mg.capture(step)):
        mg.manual_seed(3)
        rngs = [np.random.default_rng(seed) for seed in (0, 1)]
        results = [run(numbers(i, 2, 3), rngs[i % 3 == 2]).numpy().tolist() for i in range(9)]
        ends.append((results, [rng.random() for rng in rngs], mg.random.get_state()))
    assert ends[0] == ends[1]


def test_learning_rates_and_schedules_are_followed() -> None:
    def prepared() -> tuple[Step, Callable[[], Any]]:
        net = network()
        optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.5)
        schedule = optim.StepLR(optimizer, 2, gamma=0.5)
        update = training_step(net, optimizer)

        def step(x: mg.Tensor) -> Any:
            loss = update(x)
            schedule.step()
            return loss

        return step, lambda: [net.state_dict(), optimizer.state_dict(), schedule.state_dict()]

    same_with_and_without(prepared, [(numbers(i, 4, 3),) for i in range(7)])


def test_settings_of_the_optimizer_are_read_in_every_call() -> None:
    ends = []
    for wrap in (lambda step: step, mg.capture):
        net = network()
        optimizer = optim.Adam(net.parameters(), lr=0.1)
        step = wrap(training_step(net, optimizer))
        for i in range(8):
            optimizer.lr = 0.1 / (i + 1)
            optimizer.betas = (0.5 + i / 100, 0.9)
            step(numbers(i, 4, 3))
        ends.append(flat(net.state_dict()))
    assert ends[0] == ends[1]


def test_loaded_states_are_taken_up() -> None:
    net = network(nn.BatchNorm1d(8), nn.ReLU())
    optimizer = optim.Adam(net.parameters())
    step = mg.capture(training_step(net, optimizer))
    for i in range(4):
        step(numbers(i, 4, 3))
    saved = net.state_dict(), optimizer.state_dict()
    after = [float(step(numbers(i, 4, 3))) for i in range(4)]
    net.load_state_dict(saved[0])
    optimizer.load_state_dict(saved[1])
    replays = step.replays
    assert [float(step(numbers(i, 4, 3))) for i in range(4)] == after
    assert step.replays == replays + 4


def changed_modes(net: nn.Sequential, i: int) -> None:
    net.train(i % 4 < 2)


def changed_slope(net: nn.Sequential, i: int) -> None:
    net[2].negative_slope = 0.1 * (i // 3)  # type: ignore[assignment]


def changed_array(net: nn.Sequential, i: int) -> None:
    if i == 4:
        net[0].weight.data = net[0].weight.data * 2  # type: ignore[union-attr,operator]


def changed_parameter(net: nn.Sequential, i: int) -> None:
    if i == 4:
        net[0].bias = nn.Parameter(np.ones(8, np.float32))  # type: ignore[assignment]


def changed_dtype(net: nn.Sequential, i: int) -> None:
    if i == 4:
        net.double()


@pytest.mark.parametrize(
    "change", [changed_modes, changed_slope, changed_array, changed_parameter, changed_dtype]
)
def test_changed_modules_are_recorded_anew(change: Callable[[nn.Sequential, int], None]) -> None:
    ends = []
    for wrap in (lambda step: step, mg.capture):
        net = network(nn.BatchNorm1d(8), nn.LeakyReLU(0.2))
        step = wrap(lambda x, net=net: net(x))
        results = []
        for i in range(9):
            change(net, i)
            results.append(step(numbers(i, 4, 3)).numpy().tolist())
        ends.append((results, flat(net.state_dict())))
    assert ends[0] == ends[1]


def test_running_statistics_are_read_in_evaluation() -> None:
    net = network(nn.BatchNorm1d(8)).eval()
    step = mg.capture(net)
    x = numbers(0, 4, 3)
    for _ in range(3):
        step(x)
    net.train()(numbers(1, 4, 3))
    net.eval()
    assert step(x).numpy().tolist() == net(x).numpy().tolist()
    assert step.replays == 2


def test_double_backprop_and_every_kind_of_result() -> None:
    net = network(nn.Tanh())

    def step(x: mg.Tensor, *, scale: float) -> Any:
        y = net(x)
        (slope,) = mg.grad(ops.sum(y), [x], create_graph=True)
        penalty = ops.mean(ops.square(ops.norm_per_sample(slope) - 1.0)) * scale
        gradients = mg.grad(penalty, net.parameters())
        return {"penalty": penalty, "parts": (y, [None, "text", 3]), "gradients": gradients}

    mine = mg.capture(step)
    for i in range(5):
        x = numbers(i, 4, 3)
        assert flat(arrays_of(mine(x, scale=2.0))) == flat(arrays_of(step(x, scale=2.0)))
    assert mine.replays == 3


def test_rules_that_use_numbers() -> None:
    def step(x: mg.Tensor, y: mg.Tensor, labels: mg.Tensor) -> Any:
        parts = [
            ops.sum(ops.maximum(x, y) + ops.minimum(x, y * 2) + abs(x)),
            ops.sum(ops.max(x * y, axis=0) + ops.min(x, axis=1, keepdims=True)),
            ops.sum(x**2 + ops.exp(y) ** x + ops.where(x > y, x, y)),
            ops.cross_entropy(x, labels),
            ops.sum(ops.logsumexp(x, axis=1)),
            ops.sum(x[labels] * y[:, ::-1]) + ops.sum(ops.concatenate([x, y.T], axis=0)[1:]),
        ]
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return [total, *mg.grad(total, [x, y])]

    mine = mg.capture(step)
    for i in range(5):
        labels = mg.Tensor(np.random.default_rng(i).integers(0, 3, 3))
        arguments = numbers(i, 3, 3), numbers(i + 9, 3, 3), labels
        assert flat(arrays_of(mine(*arguments))) == flat(arrays_of(step(*arguments)))
    assert mine.replays == 3
    with pytest.raises(ValueError, match=r"labels must lie in 0\.\.2"):
        mine(numbers(0, 3, 3), numbers(1, 3, 3), mg.Tensor(np.array([0, 1, 3])))


@pytest.mark.parametrize("kernels", ["cpu", "reference"])
def test_convolutions(kernels: str) -> None:
    def prepared() -> tuple[Step, Callable[[], Any]]:
        net = nn.Sequential(
            nn.Conv2d(1, 4, 3, stride=2, padding=1),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.ConvTranspose2d(4, 2, 4, stride=2, padding=1),
            nn.Sigmoid(),
        )
        return training_step(net, optim.Adam(net.parameters())), net.state_dict

    with use_kernels(kernels):
        step = same_with_and_without(prepared, [(numbers(i, 2, 1, 6, 6),) for i in range(5)])
    assert step.replays == 3


def test_another_arithmetic_is_another_recording() -> None:
    step = mg.capture(lambda x, y: ops.matmul(x, y))
    for i in range(5):
        for on in (False, True):
            with allow_tf32(on):
                step(numbers(i, 3, 4), numbers(i, 4, 5))
    assert step.replays == 6


def test_another_memory_layout_is_another_recording() -> None:
    step = mg.capture(lambda x, y: ops.matmul(x, y))
    for i in range(6):
        x, y = numbers(i, 3, 4), numbers(i, 3, 5)
        for x_, y_ in ((mg.Tensor(x.data.T), y), (mg.Tensor(x.data.T.copy()), mg.Tensor(y.data[:, ::-1]))):
            assert step(x_, y_).numpy().tolist() == ops.matmul(x_, y_).numpy().tolist()
    assert step.replays == 8


def test_arguments_that_are_one_tensor() -> None:
    def step(x: mg.Tensor, y: mg.Tensor) -> list[mg.Tensor]:
        return mg.grad(ops.sum(x * y), [x, y])

    mine = mg.capture(step)
    for i in range(4):
        x, y = numbers(i, 3), numbers(i + 9, 3)
        assert flat(arrays_of(mine(x, x))) == flat(arrays_of(step(x, x)))
        assert flat(arrays_of(mine(x, y))) == flat(arrays_of(step(x, y)))
    assert mine.replays == 4


@pytest.fixture
def own_op() -> Iterator[Callable[..., mg.Op]]:
    before = set(registry)
    yield mg.op
    for name in set(registry) - before:
        del registry[name]


def test_ops_of_users_need_nothing_of_their_own(own_op: Callable[..., Any]) -> None:
    @own_op
    def squared_norm(x: Any) -> Any:
        return (x * x).sum(), (x + x, x)

    squared_norm.vjp(x=lambda g, y, x: g * mg.Tensor(y.residual[0]) + 0.0 * mg.Tensor(y.residual[1]))

    @own_op(view=True)
    def head(x: Any) -> Any:
        return x[:2]

    def step(x: mg.Tensor) -> Any:
        y = squared_norm(head(x) * 2.0)
        return y, head(x)

    mine = mg.capture(step)
    for i in range(4):
        assert flat(arrays_of(mine(numbers(i, 3)))) == flat(arrays_of(step(numbers(i, 3))))
    inner = mg.capture(lambda x: mg.grad(squared_norm(x), [x]))
    for i in range(4):
        assert inner(numbers(i, 3))[0].numpy().tolist() == (2 * numbers(i, 3)).numpy().tolist()
    assert mine.replays == inner.replays == 2


# -- what a call gives and leaves ------------------------------------------------------------------


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
        step(numbers(0, 4, 3) * np.nan)
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
    lifetimes = [memory.Lifetime(size, first, first + more) for size, first, more in buffers]
    offsets, total = memory.plan(lifetimes)
    for i, a in enumerate(lifetimes):
        assert offsets[i] % memory.ALIGNMENT == 0
        assert offsets[i] + a.size <= total
        for j, b in enumerate(lifetimes[:i]):
            if a.first <= b.last and b.first <= a.last:
                assert offsets[i] + a.size <= offsets[j] or offsets[j] + b.size <= offsets[i]


# -- what cannot be captured -----------------------------------------------------------------------

W = numbers(0, 3)
NET = nn.Linear(3, 1)
OUTSIDE = W * 2.0
OPTIMIZER = optim.SGD([mg.tensor([1.0])])


def asks(x: mg.Tensor) -> Any:
    return x if x[0] > 0 else -x


def changes_a_constant(x: mg.Tensor) -> mg.Tensor:
    total = mg.tensor([0.0, 0.0, 0.0])
    mg.modify(total, lambda total, x: np.add(total, x, out=total), x)
    return total


REFUSED: list[tuple[Step, str]] = [
    (lambda x: float(ops.sum(x)), "read as a number"),
    (lambda x: ops.sum(x).item(), "read as a number"),
    (asks, "read as a number"),
    (lambda x: np.asarray(x), "read as an array"),
    (lambda x: x.numpy(), "read as an array"),
    (lambda x: np.from_dlpack(x), "exported by DLPack"),
    (lambda x: mg.Tensor(x.data * 2), r"\.data was used"),
    (lambda x: setattr(W, "data", W._data), r"\.data was assigned"),
    (lambda x: setattr(NET, "count", 1), "Linear.count was assigned"),
    (lambda x: setattr(OPTIMIZER, "lr", 0.5), "the learning rate was set"),
    (lambda x: mg.modify(x, lambda x: x.fill(0)), "changed its argument"),
    (lambda x: mg.grad(ops.sum(OUTSIDE * x), [W]), "that mul had made outside"),
    (lambda x: np.ones(3), "returned a ndarray"),
    (lambda x: np.float32(1), "returned a float32"),
]


@pytest.mark.parametrize(("step", "message"), REFUSED)
def test_what_a_replay_would_freeze_is_refused(step: Step, message: str) -> None:
    before = flat(arrays_of([W, list(NET.parameters())]))
    with pytest.raises(mg.CaptureError, match=message):
        mg.capture(step)(numbers(1, 3))
    assert flat(arrays_of([W, list(NET.parameters())])) == before


def test_a_change_of_what_the_step_made_of_numbers_is_refused() -> None:
    step = mg.capture(changes_a_constant)
    step(numbers(1, 3))
    with pytest.raises(mg.CaptureError, match="that it had made of numbers"):
        step(mg.tensor([0.0, 0.0, 0.0]))


def test_arrays_and_graphs_are_refused_as_arguments() -> None:
    step = mg.capture(lambda x: x * 2.0)
    with pytest.raises(mg.CaptureError, match=r"argument 0 .* is an array"):
        step(np.ones(3))
    with pytest.raises(mg.CaptureError, match=r"computed by mul.*pass it with \.detach\(\)"):
        step(W * 2.0)
    step((W * 2.0).detach())


def differing() -> list[tuple[str, Callable[[int], Step], str]]:
    rng = np.random.default_rng(0)
    return [
        ("a number", lambda i: lambda x: x * float(i), r"mul was given other numbers.*\(0\.0 and 1\.0\)"),
        ("a parameter", lambda i: lambda x: ops.leaky_relu(x, slope=0.1 * i), "leaky_relu.*slope=0.0"),
        (
            "a draw",
            lambda i: lambda x: x + rng.standard_normal(3).astype("f4"),
            "add was given other numbers",
        ),
        ("an op", lambda i: lambda x: x * 2.0 if i else x + 2.0, "add.* in one call was mul"),
        ("more", lambda i: lambda x: x * 2.0 + 1.0 if i else x * 2.0, "add ran in one call alone"),
        ("a result", lambda i: lambda x: (x, i), "returned something else"),
    ]


@pytest.mark.parametrize(
    ("step_of", "message"), [case[1:] for case in differing()], ids=[c[0] for c in differing()]
)
def test_a_second_call_that_does_something_else_is_refused(
    step_of: Callable[[int], Step], message: str
) -> None:
    counter = iter(range(9))
    step = mg.capture(lambda x: step_of(next(counter))(x))
    step(numbers(0, 3))
    with pytest.raises(mg.CaptureError, match=message):
        step(numbers(0, 3))


def test_shapes_that_depend_on_numbers_are_refused_in_the_replay() -> None:
    step = mg.capture(lambda x: ops.sum(x[x > 0]))
    for _ in range(2):
        step(mg.tensor([1.0, -1.0, 2.0]))
    with pytest.raises(mg.CaptureError, match=r"made shape \(1,\).*depends on numbers"):
        step(mg.tensor([1.0, -1.0, -2.0]))


def test_modify_is_replayed() -> None:
    w = mg.tensor([-3.0, 0.5, 3.0])

    @mg.capture
    def step(x: mg.Tensor) -> None:
        mg.modify(w, lambda w, x, bound: np.clip(w + x, -bound, bound, out=w), x, 2.0)

    for _ in range(4):
        step(mg.tensor([1.0, 1.0, 0.0]))
    assert w.numpy().tolist() == [1.0, 2.0, 2.0]
    assert (step.replays, w.version) == (2, 4)


@pytest.mark.parametrize("turned", [False, True], ids=["where it lies", "copied by the kernel"])
def test_replays_of_kernels_without_their_checks_see_new_numbers(turned: bool) -> None:
    """From the second replay on, only what kernels launch is called, unless it works on a copy."""

    def make() -> tuple[Step, Callable[[], Any]]:
        net = nn.Sequential(nn.Linear(40, 48), nn.LeakyReLU(0.2), nn.Linear(48, 1))
        optimizer = optim.SGD(net.parameters(), lr=0.1)

        def step(x: mg.Tensor) -> tuple[mg.Tensor, mg.Tensor]:
            x = x[:, ::2] if turned else x[:, :40]
            loss = ops.mean_softplus(net(x), sign=-1)
            optimizer.step(mg.grad(loss, net.parameters()))
            return loss, net(x)

        return step, lambda: [p.numpy() for p in net.parameters()]

    step = same_with_and_without(make, [(numbers(i, 150, 80),) for i in range(6)])
    assert step.replays == 4


def test_a_kernel_that_does_more_than_it_launches_is_replayed_whole() -> None:
    """Its launch, made again, does not give the same numbers."""
    x, y = numbers(0, 3).numpy(), np.empty(3, np.float32)

    def twice() -> None:
        launch(np.add, x, x, y)

    def thrice() -> None:
        launch(np.add, x, x, y)
        np.add(y, x, out=y)

    replayed, kept = Program._noted(twice, [x], [y]), Program._noted(thrice, [x], [y])
    assert replayed is not twice
    assert kept is thrice
    np.testing.assert_array_equal(y, x + x + x)
