"""Layers that ports of PyTorch's files need, on a device: one CUDA graph, nothing read, the CPU's numbers."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import nn, ops, optim
from tests.gpu.device.conftest import Copies
from tests.gpu.device.test_nn import assert_near
from tests.minigrad.nn.every_layer import Everything


def step(net: nn.Module, optimizer: optim.Optimizer, index: mg.Tensor) -> mg.Tensor:
    loss = ops.mean(ops.square(net(index)))
    optimizer.step(mg.grad(loss, net.parameters()))
    return loss


def trained(device: str, dropout: float, train: Any, count: int) -> tuple[list[float], dict[str, Any]]:
    mg.manual_seed(0)
    net = Everything(dropout).to(device)
    optimizer = optim.SGD(net.parameters(), lr=0.01)
    rng = np.random.default_rng(0)
    losses = [train(net, optimizer, mg.tensor(rng.integers(0, 5, 3), device=device)) for _ in range(count)]
    return [loss.item() for loss in losses], net.state_dict()


def test_training_is_that_of_the_cpu(cupy: ModuleType) -> None:
    losses, state = trained("cuda", 0.0, step, 2)
    expected, on_cpu = trained("cpu", 0.0, step, 2)
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    assert_near(state, on_cpu)


def test_a_captured_step_is_the_step_itself_bit_for_bit_and_reads_nothing(
    cupy: ModuleType, copies: Copies
) -> None:
    losses, state = trained("cuda", 0.25, step, 4)
    captured = mg.capture(step)
    again, other = trained("cuda", 0.25, captured, 4)
    assert (again, captured.replays) == (losses, 2)
    for name, array in state.items():
        np.testing.assert_array_equal(other[name], array)
    copies.reset()
    mg.manual_seed(0)
    net = Everything().to("cuda")
    optimizer = optim.SGD(net.parameters(), lr=0.01)
    for _ in range(4):
        index = mg.tensor(np.array([1, 4, 0]), device="cuda")
        copies.reset()
        captured(net, optimizer, index)
    copies.check(reads=0, launches=1)
