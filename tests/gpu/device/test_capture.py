"""capture on a device: one CUDA graph gives what the step gives, bit for bit, and waits for nothing."""

from __future__ import annotations

import operator
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans.steps import StepResult, discriminator_step, generator_step
from minigrad import nn, ops, optim
from minigrad.devices import to_device, xp_of
from minigrad.random import Philox
from minigrad.tracing import call
from tests.gpu.device.conftest import Copies
from tests.gpu.device.test_steps import SIZE, outcome, small_dcgan

Step = Callable[..., Any]


def drawn(seed: int, *shape: int) -> mg.Tensor:
    return mg.tensor(np.random.default_rng(seed).standard_normal(shape), np.float32, "cuda")


def network(*layers: nn.Module) -> nn.Sequential:
    mg.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), *layers, nn.Linear(8, 1)).to("cuda")


def same(one: Any, other: Any) -> None:
    """Equal to the last bit."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for name in one:
            same(one[name], other[name])
    elif isinstance(one, list | tuple):
        for a, b in zip(one, other, strict=True):
            same(a, b)
    else:
        np.testing.assert_array_equal(one, other)


def numbers(results: list[mg.Tensor]) -> list[Any]:
    return [np.array(result.numpy()) for result in results]


@pytest.mark.parametrize("philox", [False, True], ids=["drawn by NumPy", "drawn by Philox"])
@pytest.mark.parametrize("critic", [False, True], ids=["dcgan", "wgan-gp"])
def test_updates_of_gans(critic: bool, philox: bool, cupy: ModuleType, copies: Copies) -> None:
    ends, count = [], 5
    for wrap in (lambda step: step, mg.capture):
        gan, pixels = small_dcgan("cuda", critic=critic), np.random.default_rng(0)
        rng = Philox(0, device="cuda") if philox else np.random.default_rng(1)
        d_step, g_step = wrap(discriminator_step), wrap(generator_step)
        networks, results = (gan.generator, gan.discriminator), list[StepResult]()
        for step in range(count):
            gan.optimizer_d.lr = 2e-3 / (1 + step)
            copies.reset()
            real = mg.tensor(pixels.uniform(-1, 1, (3, 1, SIZE, SIZE)), np.float32, "cuda")
            z = gan.latent(3, rng)
            results.append(d_step(*networks, gan.optimizer_d, gan.objective, real, z, rng))
            results.append(g_step(*networks, gan.optimizer_g, gan.objective, gan.latent(3, rng)))
            if wrap is mg.capture and step > 2:
                # images, and for each update what the host has computed for it; noise, if the host draws it
                copies.check(reads=0, launches=2, writes=3 if philox else 5)
        drawn_next = mg.random.uniform(3, generator=rng).numpy()
        ends.append((*outcome(gan, results), gan.optimizer_d.state_dict(), drawn_next))
    assert (d_step.replays, g_step.replays) == (count - 2, count - 2)
    same(*ends)


OPTIMIZERS: dict[str, Callable[[list[mg.Tensor]], optim.Optimizer]] = {
    "sgd": lambda p: optim.SGD(p, lr=0.1),
    "momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.5, weight_decay=0.1),
    "rmsprop": lambda p: optim.RMSprop(p, lr=0.01, momentum=0.5, centered=True),
    "adam": lambda p: optim.Adam(p, lr=0.01, weight_decay=0.1),
    "groups": lambda p: optim.AdamW([{"params": p[:1]}, {"params": p[1:], "lr": 0.1, "amsgrad": True}]),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training(name: str, cupy: ModuleType) -> None:
    ends = []
    for wrap in (lambda step: step, mg.capture):
        net = network(nn.BatchNorm1d(8), nn.LeakyReLU(0.1), nn.Dropout(0.3))
        optimizer = OPTIMIZERS[name](net.parameters())
        schedule = optim.CosineAnnealingLR(optimizer, 10)

        def step(
            x: mg.Tensor, net: Any = net, optimizer: Any = optimizer, schedule: Any = schedule
        ) -> mg.Tensor:
            loss = ops.mean(ops.square(net(x)))
            optimizer.step(mg.grad(loss, net.parameters()))
            schedule.step()
            return loss

        run = wrap(step)
        mg.manual_seed(3)
        losses = [run(drawn(i, 4 + i % 2, 3)) for i in range(10)]
        net.eval()
        losses += [run(drawn(i, 4, 3)) for i in range(4)]
        ends.append((numbers(losses), net.state_dict(), optimizer.state_dict()))
    assert run.replays == 2 * 3 + 2
    same(*ends)


def test_what_the_host_draws_and_counts(cupy: ModuleType) -> None:
    """Draws from two generators, in their order, and a schedule between two updates."""
    ends = []
    for wrap in (lambda step: step, mg.capture):
        w = mg.tensor([1.0, 2.0], device="cuda")
        optimizer, rng = optim.Adam([w]), np.random.default_rng(1)
        schedule = optim.LinearLR(optimizer, 1.0, 0.1, 8)

        def step(
            rng: np.random.Generator, w: Any = w, optimizer: Any = optimizer, schedule: Any = schedule
        ) -> tuple[mg.Tensor, mg.Tensor]:
            noise = mg.random.normal((2,), generator=rng, device="cuda")
            optimizer.step([noise])
            schedule.step()
            optimizer.step([mg.random.uniform((2,), device="cuda") + noise])
            return w * 1.0, noise

        run = wrap(step)
        mg.manual_seed(5)
        results = [run(rng) for _ in range(6)]
        ends.append(
            (list(map(numbers, results)), rng.random(), mg.random.generator().random(), optimizer.steps)
        )
        assert w.version == optimizer.steps == 2 * len(results)
    assert run.replays == 4
    same(*ends)


def test_results_stay_what_they_were(cupy: ModuleType) -> None:
    x, w = drawn(0, 3), drawn(1, 3)
    step = mg.capture(lambda t: (t * x, ops.sum(t), w, t))
    seen = [(i, step(drawn(i, 3))) for i in range(6)]
    assert step.replays == 4
    for i, results in seen:
        t = drawn(i, 3)
        same(numbers(results), numbers([t * x, ops.sum(t), w, t]))
        assert results[2].data is not w.data


def test_a_view_that_no_line_has_taken(cupy: ModuleType) -> None:
    def step(x: mg.Tensor) -> mg.Tensor:
        y = ops.tanh(x)
        part = y._data[1:, ::2]
        z = ops.exp(x * 2)  # would take the memory of y
        return mg.Tensor(call(operator.mul, part, 3.0)) + ops.sum(z)

    run = mg.capture(step)
    for i in range(5):
        same(run(drawn(i, 3, 4)).numpy(), step(drawn(i, 3, 4)).numpy())
    assert run.replays == 3


def test_programs_do_not_disturb_each_other(cupy: ModuleType) -> None:
    def step(x: mg.Tensor, w: mg.Tensor) -> mg.Tensor:
        return ops.sum(ops.tanh(x @ w) * 2)

    run = mg.capture(step)
    for i in range(12):
        n = 1 + i % 3
        x, w = drawn(i, 3, n), drawn(i, n, 4)
        others = drawn(i, 50, 50)  # takes what memory is free
        same(*map(float, (run(x, w), step(x, w))))
        del others
    assert run.replays == 6


def test_a_state_that_is_loaded_is_used(cupy: ModuleType) -> None:
    """The averages are in other memory then."""
    ends = []
    for wrap in (lambda step: step, mg.capture):
        net = network()
        optimizer = optim.Adam(net.parameters(), lr=0.1)

        def step(x: mg.Tensor, net: Any = net, optimizer: Any = optimizer) -> None:
            optimizer.step(mg.grad(ops.mean(ops.square(net(x))), net.parameters()))

        run = wrap(step)
        states = []
        for i in range(4):
            run(drawn(i, 4, 3))
            states.append((net.state_dict(), optimizer.state_dict()))
        net.load_state_dict(states[0][0])
        optimizer.load_state_dict(states[0][1])
        for i in range(1, 5):
            run(drawn(i, 4, 3))
        ends.append((net.state_dict(), optimizer.state_dict()["averages"], optimizer.steps))
    assert run.replays == 2 + 2
    same(*ends)


def test_averages_of_weights_and_momenta_that_follow_a_schedule(cupy: ModuleType) -> None:
    ends = []
    for wrap in (lambda step: step, mg.capture):
        net = network(nn.BatchNorm1d(8), nn.ReLU())
        optimizer = optim.Adam(net.parameters())
        followers = optim.EMA(net), optim.OneCycleLR(optimizer, max_lr=0.1, total_steps=12)

        def step(
            x: mg.Tensor, net: Any = net, optimizer: Any = optimizer, followers: Any = followers
        ) -> None:
            optimizer.step(mg.grad(ops.mean(ops.square(net(x))), net.parameters()))
            followers[1].step()
            followers[0].update()

        run = wrap(step)
        for i in range(10):
            followers[0].decay = 1 - 0.5 / (i + 1)
            run(drawn(i, 4, 3))
        ends.append((net.state_dict(), followers[0].state_dict(), optimizer.betas))
    assert run.replays == 8
    same(*ends)
    assert ends[0][2][0] > 0.86


def test_a_switch_of_the_optimizer_is_another_recording(cupy: ModuleType) -> None:
    ends = []
    for wrap in (lambda step: step, mg.capture):
        w = mg.tensor([1.0, 2.0], device="cuda")
        optimizer = optim.SGD([w], lr=0.1, momentum=0.9)
        run = wrap(lambda x, w=w, optimizer=optimizer: optimizer.step(mg.grad(ops.sum(w * x), [w])))
        for i in range(8):
            optimizer.nesterov = i >= 4
            run(drawn(i, 2))
        ends.append(w.numpy())
    assert run.replays == 2 + 2
    same(*ends)


def test_arrays_of_the_host_go_there_in_every_replay(cupy: ModuleType, copies: Copies) -> None:
    rows, labels = np.array([0, 2]), mg.Tensor(np.array([1, 0, 2]))

    def step(x: mg.Tensor) -> tuple[mg.Tensor, mg.Tensor]:
        return x[rows], ops.cross_entropy(x, labels.to("cuda"))

    run = mg.capture(step)
    for i in range(6):
        if i > 2:
            rows[...] = i % 3, 1
            labels.data[...] = labels.data[::-1].copy()
        x = drawn(i, 3, 3)
        expected = numbers(step(x))
        copies.reset()
        results = run(x)
        if i > 2:
            copies.check(reads=0, writes=1, launches=1)
        same(numbers(results), expected)
    assert run.replays == 4


def test_a_concatenation_of_many(cupy: ModuleType) -> None:
    run = mg.capture(lambda x: ops.concatenate([x * i for i in range(70)], axis=1))
    for i in range(5):
        x = drawn(i, 2, 1)
        same(run(x).numpy(), x.numpy() * np.arange(70, dtype=np.float32))
    assert run.replays == 3


@pytest.mark.parametrize("shapes", [((2, 3, 4), (2, 4, 5)), ((2, 1, 3, 4), (3, 4, 5)), ((3, 4), (2, 4, 1))])
def test_stacked_products_and_their_gradients(
    shapes: tuple[tuple[int, ...], tuple[int, ...]], cupy: ModuleType
) -> None:
    def step(x: mg.Tensor, y: mg.Tensor) -> list[mg.Tensor]:
        z = x @ y
        return [z, *mg.grad(ops.sum(ops.square(z @ ops.swapaxes(y, -1, -2))), [x, y])]

    run = mg.capture(step)
    for i in range(5):
        x, y = drawn(i, *shapes[0]), drawn(i + 9, *shapes[1])
        same(numbers(run(x, y)), numbers(step(x, y)))
        np.testing.assert_allclose(run(x, y)[0].numpy(), x.numpy() @ y.numpy(), rtol=1e-5, atol=1e-5)
    assert run.replays == 8


def test_a_modification(cupy: ModuleType) -> None:
    w, bound = mg.tensor([-3.0, 0.5, 3.0], device="cuda"), mg.tensor([4.0], device="cuda")

    @mg.capture
    def step(bound: mg.Tensor) -> None:
        mg.modify(w, lambda w, bound: w.clip(-bound, bound, out=w), bound)

    version = w.version
    for i in range(5):
        step((bound - float(i) / 2).detach())
    assert w.numpy().tolist() == [-2.0, 0.5, 2.0]
    assert w.version == version + 5
    assert step.replays == 3


# -- what is found wrong ---------------------------------------------------------------------------------


def test_an_update_that_is_not_finite_changes_nothing_and_is_reported_later(
    cupy: ModuleType, copies: Copies
) -> None:
    net = network()
    optimizer = optim.Adam(net.parameters(), lr=0.1)

    @mg.capture
    def step(x: mg.Tensor) -> mg.Tensor:
        loss = ops.mean(ops.square(net(x)))
        gradients = mg.grad(loss, net.parameters())
        finite = mg.require_finite("the loss is {}", loss)
        optimizer.step(gradients, where=finite)
        return loss

    for i in range(4):
        step(drawn(i, 4, 3))
    step.check()
    before = flat_state(net, optimizer)
    copies.reset()
    assert np.isnan(float(step((drawn(0, 4, 3) * float("nan")).detach())))
    copies.check(reads=1)  # by this test
    same(flat_state(net, optimizer), before)
    step(drawn(1, 4, 3))
    with pytest.raises(mg.NonFiniteError, match="the loss is nan"):
        step(drawn(2, 4, 3))
    step(drawn(3, 4, 3))
    step.check()
    step((drawn(0, 4, 3) * float("inf")).detach())
    with pytest.raises(mg.NonFiniteError, match="the loss is nan"):
        step.check()
    step.check()


def flat_state(net: nn.Module, optimizer: optim.Optimizer) -> Any:
    return net.state_dict(), optimizer.state_dict()["averages"]


def test_check_finite_is_reported_later_and_names_the_op(cupy: ModuleType, copies: Copies) -> None:
    def step(x: mg.Tensor, w: mg.Tensor) -> list[mg.Tensor]:
        with mg.check_finite():
            return mg.grad(ops.sum(ops.log(ops.square(x)) * w), [x])

    checked, w = mg.capture(step), drawn(9, 4)
    for i in range(4):
        same(numbers(checked(drawn(i, 4), w)), numbers(step(drawn(i, 4), w)))
    checked.check()
    copies.reset()
    checked((drawn(0, 4) * 0.0).detach(), w)
    copies.check(reads=0)
    with pytest.raises(mg.NonFiniteError, match=r"^log made .* float32 \(4,\) on cuda \(finite\)$"):
        checked.check()
    checked(drawn(0, 4), (w * float("inf")).detach())
    with pytest.raises(mg.NonFiniteError, match=r"^mul made .* \(finite\), .* on cuda \(not finite\)$"):
        checked.check()
    checked(drawn(0, 4), w)
    checked.check()


def test_labels_out_of_range_are_reported_later(cupy: ModuleType) -> None:
    step = mg.capture(lambda x, labels: ops.cross_entropy(x, labels))
    good, bad = (mg.tensor(np.array(labels), device="cuda") for labels in ([0, 1, 2], [0, 1, 3]))
    for i in range(4):
        step(drawn(i, 3, 3), good)
    step(drawn(0, 3, 3), bad)
    with pytest.raises(ValueError, match=r"labels must lie in 0\.\.2, got 0\.\.3"):
        step.check()


def modifying(function: Callable[[Any, Any], None]) -> Step:
    w = drawn(0, 1)
    return lambda x: mg.modify(w, function, x)


REFUSED: dict[str, tuple[Callable[[], Step], str]] = {
    "a copy to the CPU": (
        lambda: lambda x: x + x.to("cpu").to("cuda"),
        "to_device .*takes numbers from the GPU to the CPU",
    ),
    "a number read": (
        lambda: modifying(lambda w, x: w.fill(float(x.sum()))),
        "<lambda> .*cannot be part of a CUDA graph: a copy to the host",
    ),
    "a mask": (
        lambda: lambda x: x[x > -100],
        "getitem .*cannot be part of a CUDA graph: an index of bools",
    ),
    "cuBLAS": (
        lambda: modifying(lambda w, x: w.fill(xp_of(x).matmul(x, x))),
        "<lambda> .*cannot be part of a CUDA graph: cuBLAS",
    ),
    "an array of the host": (
        lambda: modifying(lambda w, x: w.fill(to_device(np.ones(()), "cuda"))),
        "<lambda> .*cannot be part of a CUDA graph: numbers would move",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_a_graph_cannot_do(what: str, fake_cupy: ModuleType) -> None:
    make, message = REFUSED[what]
    run = mg.capture(make())
    run(drawn(0, 8))
    with pytest.raises(mg.CaptureError, match=message):  # noqa: PT012
        run(drawn(1, 8))
        run(drawn(2, 8))
    assert fake_cupy.cuda.get_current_stream() is fake_cupy.cuda.Stream.null
    assert not fake_cupy.streams.still_capturing
    same(numbers([drawn(0, 8) + 1]), [drawn(0, 8).numpy() + 1])  # nothing is being recorded


def test_a_kernel_that_was_not_compiled_is_refused_as_a_line(
    fake_cupy: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot happen but by a function that does something else while it is recorded."""
    calls: list[int] = []

    def function(w: Any) -> None:
        calls.append(1)
        if len(calls) == 4:
            raise RuntimeError("not compiled")

    w = drawn(0, 2)
    run = mg.capture(lambda: mg.modify(w, function))
    for _ in range(2):
        run()
    with pytest.raises(mg.CaptureError, match=r"\(line 0\) of a captured step .*: not compiled"):
        run()
    assert len(calls) == 4
