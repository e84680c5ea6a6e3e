"""capture: a replay gives what the step gives, bit for bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn, ops, optim
from minigrad.captures.captured import Captured
from minigrad.captures.program import Program
from minigrad.dispatch import use_kernels
from minigrad.kernels.launching import launch
from minigrad.registry import registry
from tests.minigrad.captures.steps import (
    Step,
    arrays_of,
    network,
    numbers,
    same_with_and_without,
    training_step,
)
from tests.states import flat

# -- lines made one -----------------------------------------------------------------------------------


def names_of(step: Captured[Any, Any]) -> list[str]:
    """The functions of the program's lines."""
    program = step._recordings[0].program
    assert program is not None
    return [line.function.__name__ for line in program.lines]


def gated_lines(step: Captured[Any, Any]) -> int:
    """How many lines of the program are the product with a gate."""
    return names_of(step).count("matmul_gate")


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


@pytest.mark.parametrize("batch", [9, 64, 300])
def test_a_second_gradient_of_weights_is_added_where_it_is_made(batch: int) -> None:
    def make() -> tuple[Step, Callable[[], Any]]:
        mg.manual_seed(0)
        net = nn.Sequential(nn.Linear(12, 40), nn.LeakyReLU(0.2), nn.Linear(40, 30))
        update = optim.SGD(net.parameters(), lr=0.1)

        def step(x: mg.Tensor, y: mg.Tensor) -> mg.Tensor:
            loss = ops.mean(ops.square(net(x))) + ops.mean(net(y))
            update.step(mg.grad(loss, list(net.parameters())))
            return loss

        return step, net.state_dict

    batches = [(numbers(i, batch, 12), numbers(9 + i, batch, 12)) for i in range(4)]
    step = same_with_and_without(make, batches)
    assert names_of(step).count("matmul_add") == 2


def test_a_product_added_to_itself_keeps_its_line() -> None:
    def step(x: mg.Tensor) -> mg.Tensor:
        y = ops.matmul(x, x)
        return ops.add(y, y)

    captured_step = same_with_and_without(lambda: (step, list), [(numbers(i, 20, 20),) for i in range(4)])
    assert names_of(captured_step) == ["matmul", "add"]


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
        gradients = mg.grad(penalty, net.parameters(), unused="zeros")
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

    squared_norm.vjp(x=lambda g, y, x: g * mg.Tensor(y.saved[0]) + 0.0 * mg.Tensor(y.saved[1]))

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
