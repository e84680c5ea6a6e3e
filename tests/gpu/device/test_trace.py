"""trace on a device: the same graph, gradients and stops as on the CPU, and no number changed."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, ops
from minigrad.inspect import Trace, reach_of, stops_of


def stepped(device: str, *, traced: bool) -> tuple[Trace | None, list[np.ndarray]]:
    """A step of G through D, and G's weights after it."""
    mg.manual_seed(0)
    G = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2)).to(device)
    D = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1)).to(device)
    optimizer = mg.optim.SGD(G.parameters(), lr=0.1)
    z = mg.tensor(np.random.default_rng(1).standard_normal((16, 3)), np.float32, device)

    def step() -> None:
        loss = ops.mean(ops.softplus(-D(G(z))))
        optimizer.step(mg.grad(loss, G.parameters()))

    trace = mg.trace(step, names={"G": G, "D": D, "z": z}, arrays=True) if traced else step()
    return trace, [np.array(p.numpy()) for p in G.parameters()]


def test_a_step_on_a_device_is_traced_as_on_the_cpu(cupy: ModuleType) -> None:
    (here, weights), (there, moved) = stepped("cpu", traced=True), stepped("cuda", traced=True)
    assert here is not None
    assert there is not None
    assert [call.op for call in there.calls] == [call.op for call in here.calls]
    assert {kernel.name.partition(".")[0] for call in there.calls for kernel in call.kernels} == {"cuda"}
    for a, b in zip(here.values, there.values, strict=True):
        assert (a.name, a.kind, a.shape, a.maker) == (b.name, b.kind, b.shape, b.maker)
        assert b.statistics.norm == pytest.approx(a.statistics.norm, rel=1e-3, abs=1e-5)
        assert isinstance(b.array, np.ndarray)
    assert reach_of(there, there.walks[0]) == reach_of(here, here.walks[0])
    assert stops_of(there, there.walks[0]) == stops_of(here, here.walks[0])
    for a, b in zip(weights, moved, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-3, atol=1e-5)
    assert mg.draw(there).svg.count("<rect") == mg.draw(here).svg.count("<rect")


def test_looking_changes_no_bit_on_a_device(cupy: ModuleType) -> None:
    _, seen = stepped("cuda", traced=True)
    _, unseen = stepped("cuda", traced=False)
    for a, b in zip(seen, unseen, strict=True):
        np.testing.assert_array_equal(a, b)
