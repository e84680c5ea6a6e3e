"""The moving average of a module's weights."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, ops, optim


def network() -> nn.Sequential:
    mg.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))


def train(net: nn.Sequential, average: Any, steps: range, wrap: Any = lambda step: step) -> None:
    optimizer = optim.SGD(net.parameters(), lr=0.1)

    def step(x: mg.Tensor) -> None:
        optimizer.step(mg.grad(ops.mean(ops.square(net(x) - 1.0)), net.parameters()))
        average.update()

    run = wrap(step)
    for i in steps:
        average.decay = min(0.9, 1 - 1 / (i + 1))  # a plain mean at first
        run(mg.Tensor(np.random.default_rng(i).normal(size=(6, 3)).astype(np.float32)))


def arrays(module: nn.Module) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in module.state_dict().items()}


def test_averages_are_the_formula_s_and_torch_s(kernels: str) -> None:
    net = network()
    before = net.state_dict()
    average = optim.EMA(net, decay=0.75)
    assert arrays(average.module) == arrays(net)
    theirs = pytest.importorskip("torch").optim.swa_utils.get_ema_multi_avg_fn(0.75)
    torch = pytest.importorskip("torch")
    expected = [torch.from_numpy(np.array(before[name])) for name, _ in net.named_parameters()]
    for i in range(10):
        for p in net.parameters():
            p.data[...] = np.random.default_rng(i).normal(size=p.shape)
            p.changed()
        theirs(expected, [torch.from_numpy(np.array(p.data)) for p in net.parameters()], i)
        average.update()
    for p, e in zip(average.module.parameters(), expected, strict=True):
        np.testing.assert_allclose(p.data, e.numpy(), rtol=1e-5, atol=1e-6)


def test_replays_average_and_copy_buffers_as_the_step_does(kernels: str) -> None:
    ends = []
    for wrap in (lambda step: step, mg.capture):
        net = network()
        average = optim.EMA(net)
        train(net, average, range(12), wrap)
        ends.append((arrays(net), arrays(average.module)))
    assert ends[0] == ends[1]
    own, averaged = ends[0]
    assert own["1.running_mean"] == averaged["1.running_mean"]
    assert own["1.num_batches_tracked"] == averaged["1.num_batches_tracked"]
    assert own["0.weight"] != averaged["0.weight"]


def test_replays_see_weights_and_buffers_that_lie_elsewhere() -> None:
    net = network()
    average = optim.EMA(net, decay=0.0)
    update = mg.capture(lambda: average.update())
    for i in range(6):
        if i > 3:
            net[0].weight.data = np.full((4, 3), float(i), np.float32)
            net[1].running_mean = np.full(4, float(i), np.float32)
        update()
        np.testing.assert_allclose(average.module[0].weight.data, net[0].weight.data, rtol=1e-6)
        np.testing.assert_array_equal(average.module[1].running_mean, net[1].running_mean)


def test_the_copy_is_apart_and_in_evaluation_mode() -> None:
    net = network()
    average = optim.EMA(net)
    assert net.training
    assert not any(module.training for module in average.module.modules())
    train(net, average, range(1))
    kept = arrays(net)
    train(average.module, optim.EMA(average.module), range(2))
    assert arrays(net) == kept


def test_a_resumed_average_is_bit_identical(tmp_path: Path) -> None:
    net = network()
    average = optim.EMA(net)
    train(net, average, range(4))
    mg.save(tmp_path / "s", {"net": net.state_dict(), "average": average.state_dict()})
    saved = mg.load(tmp_path / "s")
    other = network()
    resumed = optim.EMA(other)
    other.load_state_dict(saved["net"])
    resumed.load_state_dict(saved["average"])
    assert resumed.decay == average.decay
    train(net, average, range(4, 7))
    train(other, resumed, range(4, 7))
    assert arrays(resumed.module) == arrays(average.module)
    average.copy_to(net)
    assert arrays(net) == arrays(average.module)
    copied = copy.deepcopy(average)
    train(net, average, range(2))
    assert arrays(copied.module) != arrays(average.module)


def test_where_false_keeps_the_averages() -> None:
    net = network()
    average = optim.EMA(net, decay=0.5)
    net[0].weight.data[...] = 7
    kept = average.module[0].weight.data.copy()
    average.update(where=mg.tensor(False))
    np.testing.assert_array_equal(average.module[0].weight.data, kept)


def test_mistakes_are_named() -> None:
    net = network()
    with pytest.raises(TypeError, match="EMA: expected a module, got a list"):
        optim.EMA(net.parameters())  # type: ignore[type-var]
    with pytest.raises(ValueError, match="EMA: ReLU has no parameters to average"):
        optim.EMA(nn.ReLU())
    with pytest.raises(ValueError, match=r"EMA: decay must lie in \[0, 1\), got 1\.0"):
        optim.EMA(net, decay=1.0)
    average = optim.EMA(net)
    with pytest.raises(ValueError, match="expected a state of EMA, got the keys"):
        average.load_state_dict(net.state_dict())
    with pytest.raises(mg.CaptureError, match=r"EMA\.decay was set inside a captured step"):
        mg.capture(lambda: setattr(average, "decay", 0.5))()
    net.double()
    with pytest.raises(TypeError, match="EMA: parameter 0 became float64 on cpu, its average is float32"):
        average.update()
