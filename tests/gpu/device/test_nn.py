"""Modules, optimizers and checkpoints on a device: moved in place, updated there, saved from there."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, ops, optim
from minigrad.devices import to_device
from minigrad.random import Philox, process
from tests.gpu.device.conftest import Copies

OPTIMIZERS: list[Callable[[Any], optim.Optimizer]] = [
    lambda p: optim.SGD(p, lr=0.1),
    lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    lambda p: optim.RMSprop(p, lr=0.01),
    lambda p: optim.RMSprop(p, lr=0.01, centered=True, momentum=0.5),
    lambda p: optim.Adam(p, lr=0.01, weight_decay=0.01),
    lambda p: optim.Adam([{"params": p[:2], "amsgrad": True}, {"params": p[2:], "maximize": True}], lr=0.01),
    lambda p: optim.AdamW(p, lr=0.01, amsgrad=True),
    lambda p: optim.Adagrad(p, lr=0.01, lr_decay=0.1, initial_accumulator_value=0.1),
]


def network(seed: int = 0) -> nn.Sequential:
    mg.manual_seed(seed)
    return nn.Sequential(
        nn.Linear(3, 8, bias=False),  # batch norm leaves a bias a gradient of rounding errors alone
        nn.BatchNorm1d(8),
        nn.LeakyReLU(0.2),
        nn.Dropout(0.25),
        nn.LayerNorm(8),
        nn.Linear(8, 2),
        nn.Tanh(),
    )


def batch(device: str) -> tuple[mg.Tensor, mg.Tensor]:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((6, 3)), rng.standard_normal((6, 2))
    return tuple(mg.tensor(a, np.float32, device) for a in (x, y))  # type: ignore[return-value]


@pytest.fixture
def one_generator(monkeypatch: pytest.MonkeyPatch) -> None:
    """The CPU's numbers come from the Philox of the GPU too: Dropout's masks are the same on each."""

    def moved(device: str) -> Philox:
        philox = process._device
        philox._state = to_device(philox.state, device)
        return philox

    monkeypatch.setattr(process, "generator", moved)


def train(net: nn.Module, optimizer: optim.Optimizer, device: str, steps: int = 3) -> list[float]:
    """Losses of a few steps."""
    mg.manual_seed(5)
    x, y = batch(device)
    losses = []
    for _ in range(steps):
        loss = ops.mse_loss(net(x), y)
        optimizer.step(mg.grad(loss, net.parameters()))
        losses.append(loss)
    return [loss.item() for loss in losses]


def assert_near(state: dict[str, Any], other: dict[str, Any]) -> None:
    assert state.keys() == other.keys()
    for name, array in state.items():
        assert isinstance(array, np.ndarray)
        np.testing.assert_allclose(array, other[name], rtol=2e-5, atol=2e-6, err_msg=name)


def test_a_module_moves_in_place_both_ways(cupy: ModuleType) -> None:
    net = network()
    before = net.state_dict()
    parameters, buffers = net.parameters(), [name for name, _ in net.named_buffers()]
    x = batch("cpu")[0]
    stale = ops.sum(net(x))
    assert net.to("cuda") is net
    with pytest.raises(mg.StaleGraphError):
        mg.grad(stale, parameters)
    assert all(mine is before for mine, before in zip(net.parameters(), parameters, strict=True))
    assert {p.device for p in parameters} == {"cuda"}
    assert all(type(b) is cupy.ndarray for b in net.buffers())
    assert [name for name, _ in net.named_buffers()] == buffers
    net.to("cpu")
    assert {p.device for p in parameters} == {"cpu"}
    assert all(type(b) is np.ndarray for b in net.buffers())
    after = net.state_dict()
    tracked = {name for name in before if "running" in name or "tracked" in name}
    for name in before.keys() - tracked:
        np.testing.assert_array_equal(before[name], after[name])


@pytest.mark.usefixtures("one_generator")
@pytest.mark.parametrize("make", OPTIMIZERS)
def test_training_is_that_of_the_cpu_and_reads_nothing(
    make: Callable[[Any], optim.Optimizer], cupy: ModuleType, copies: Copies
) -> None:
    on_cpu, on_device = network(), network().to("cuda")
    expected = train(on_cpu, make(on_cpu.parameters()), "cpu")
    optimizer = make(on_device.parameters())
    assert optimizer._parts[0][1].gathered.buffer is not None
    copies.reset()
    losses = train(on_device, optimizer, "cuda")
    copies.check(reads=len(losses))  # read by the test, at the end
    assert optimizer._parts[0][1].gathered.buffer is not None
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    assert_near(on_device.state_dict(), on_cpu.state_dict())
    on_cpu.eval()
    on_device.eval()
    y = on_device(batch("cuda")[0])
    np.testing.assert_allclose(y.numpy(), on_cpu(batch("cpu")[0]).numpy(), rtol=1e-4, atol=1e-5)


def test_averages_follow_a_cumulative_momentum(cupy: ModuleType, copies: Copies) -> None:
    x = np.random.default_rng(0).standard_normal((4, 3, 2, 2)).astype(np.float32)
    norms = [nn.BatchNorm2d(3, momentum=None).to(device) for device in ("cpu", "cuda")]
    copies.reset()
    for factor in (1.0, 2.0, 3.0):
        for norm, device in zip(norms, ("cpu", "cuda"), strict=True):
            norm(mg.tensor(factor * x, np.float32, device))
    copies.check(reads=0)
    assert_near(norms[1].state_dict(), norms[0].state_dict())


def test_initial_values_are_those_of_the_cpu(cupy: ModuleType) -> None:
    fills = [nn.init.normal_, nn.init.xavier_uniform_, nn.init.kaiming_normal_, nn.init.ones_]
    for draw in (*fills, nn.init.orthogonal_, nn.init.trunc_normal_):
        made = []
        for device in ("cpu", "cuda"):
            mg.manual_seed(3)
            p = nn.Parameter(np.zeros((4, 3), np.float32))
            module = nn.Module()
            module.weight = p
            module.to(device)
            made.append(draw(p).numpy())
            assert p.device == device
        np.testing.assert_array_equal(*made)


def test_a_module_that_moves_under_its_optimizer_is_refused(cupy: ModuleType) -> None:
    net = network()
    optimizer = optim.Adam(net.parameters())
    state = optimizer.state_dict()
    net.to("cuda")
    before = net.state_dict()
    with pytest.raises(TypeError, match=r"became float32 on cuda after Adam\(\.\.\.\) was made .* on cpu"):
        train(net, optimizer, "cuda", steps=1)
    assert_near(
        {name: a for name, a in net.state_dict().items() if "weight" in name},
        {name: a for name, a in before.items() if "weight" in name},
    )
    again = optim.Adam(net.parameters())
    again.load_state_dict(state)
    train(net, again, "cuda", steps=1)
    with pytest.raises(TypeError, match=r"gradient 0 is float32 on cpu, its parameter is float32 on cuda"):
        again.step([mg.Tensor(p.numpy()) for p in net.parameters()])


@pytest.mark.usefixtures("one_generator")
@pytest.mark.parametrize(("source", "target"), [("cuda", "cpu"), ("cpu", "cuda"), ("cuda", "cuda")])
def test_a_checkpoint_goes_on_on_another_device(
    source: str, target: str, cupy: ModuleType, tmp_path: Path
) -> None:
    net = network().to(source)
    optimizer = optim.Adam(net.parameters(), lr=0.01)
    train(net, optimizer, source)
    path = tmp_path / "state.safetensors"
    mg.save(path, {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "x": batch(source)[0]})
    state = mg.load(path)
    np.testing.assert_array_equal(state["x"], batch("cpu")[0].numpy())
    other = network(seed=1).to(target)
    other.load_state_dict(state["net"])
    again = optim.Adam(other.parameters())
    again.load_state_dict(state["optimizer"])
    assert {p.device for p in other.parameters()} == {target}
    np.testing.assert_allclose(
        train(other, again, target, steps=2), train(net, optimizer, source, steps=2), rtol=1e-5
    )


def test_raw_arrays_of_the_device_are_saved_and_loaded(cupy: ModuleType, tmp_path: Path) -> None:
    net = network().to("cuda")
    state = {name: p.data for name, p in net.named_parameters()}
    mg.save(tmp_path / "raw.safetensors", state)
    other = network(seed=1)
    other.load_state_dict(state, strict=False)
    for name, p in other.named_parameters():
        np.testing.assert_array_equal(p.numpy(), mg.load(tmp_path / "raw.safetensors")[name])


def test_a_module_stays_where_it_is_if_the_device_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    net = network()
    with pytest.raises(ModuleNotFoundError, match="CuPy"):
        net.to("cuda")
    with pytest.raises(ModuleNotFoundError, match="CuPy"):
        nn.Tanh().to("cuda")
    assert {p.device for p in net.parameters()} == {"cpu"}
