"""Ranks on GPUs: NCCL's exchanges on the fake, where a test says what the others send; and on two GPUs."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans.data import load
from gans.data.spec import spec_of
from gans.systems import build, settings_for
from gans.trainer import DivergedError, Training, train
from minigrad import nn, ops
from minigrad.distributed import NCCL, Communicator, mean_over_ranks
from minigrad.distributed.nccl import Seen, place_of
from tests.gans.systems.contract import halves
from tests.gpu.device.conftest import Copies
from tests.gpu.fake_cupy import cuda, nccl
from tests.minigrad.distributed import checks
from tests.ranks import needs_mpi, on_ranks
from tests.states import flat

SIZE = 3


class Host(Communicator):
    """A rank of three, whose others are as it is; with a note of what went through the host."""

    def __init__(self, rank: int = 0, size: int = SIZE) -> None:
        super().__init__(rank, size)
        self.seen: list[str] = []

    def all_gather_object(self, value: Any) -> list[Any]:
        self.seen.append("object")
        return [tuple(range(128)) if value is None else value] * self.size

    def _all_reduce(self, array: Any) -> None:
        self.seen.append("sum")
        array *= self.size

    def _all_gather(self, array: Any) -> Any:
        self.seen.append("rows")
        return np.stack([array] * self.size)


@pytest.fixture
def host(fake_cupy: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Host:
    monkeypatch.setattr(cuda.runtime, "devices", SIZE)
    return Host()


@pytest.fixture
def ranks(host: Host, monkeypatch: pytest.MonkeyPatch) -> NCCL:
    """The first of three; rank r sends r + 1 times what the first does."""
    monkeypatch.setattr(nccl.NcclCommunicator, "sent", staticmethod(lambda rank, own: own * (rank + 1)))
    found = NCCL(host)
    host.seen.clear()
    return found


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_sums_and_rows_are_exchanged_on_the_device(
    ranks: NCCL, host: Host, copies: Copies, shape: tuple[int, ...], dtype: str
) -> None:
    a = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype) + 1
    x = mg.tensor(a, device="cuda")
    copies.reset()
    total, every = ops.all_reduce(x, communicator=ranks), ranks.all_gather(x.data)
    copies.check(reads=0, writes=0)
    np.testing.assert_array_equal(total.numpy(), 6 * a)
    np.testing.assert_array_equal(mg.Tensor(every).numpy(), np.stack([a, 2 * a, 3 * a]))
    assert host.seen == []


def test_rows_of_a_view_with_gaps(ranks: NCCL) -> None:
    a = np.arange(12.0).reshape(3, 4)
    every = ranks.all_gather(mg.tensor(a, device="cuda").data.T[::2])
    np.testing.assert_array_equal(mg.Tensor(every).numpy()[2], 3 * a.T[::2])


def test_what_the_host_has_goes_through_the_host(ranks: NCCL, host: Host) -> None:
    a = np.ones(2)
    ranks.all_reduce(a)
    assert a.tolist() == [3, 3]
    assert ranks.all_gather(a).shape == (3, 2)
    assert ranks.all_gather_object("x") == ["x"] * 3
    assert host.seen == ["sum", "rows", "object"]


def test_a_type_that_nccl_has_not(ranks: NCCL) -> None:
    with pytest.raises(TypeError, match="expected floats, int32 or int64, got bool"):
        ranks.all_gather(mg.tensor([True], device="cuda").data)


def trained(ranks: Communicator, capture: bool = False, times: int = 1) -> list[Any]:
    """Weights, statistics and losses of a synchronised network, whose convolution computes the moments.

    Its batches are ``times`` copies of the same rows.
    """
    mg.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 3, 2, bias=False), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 1)
    ).to("cuda")
    nn.synchronised(net, ranks)
    optimizer = mg.optim.SGD(net.parameters(), lr=0.1)

    def step(x: mg.Tensor) -> mg.Tensor:
        loss, *gradients = mean_over_ranks(checks.gradients_of(net, x), ranks)
        optimizer.step(gradients)
        return loss

    run = mg.capture(step) if capture else step
    images = [np.random.default_rng(i).normal(size=(4, 1, 3, 3)).astype(np.float32) for i in range(5)]
    losses = [run(mg.tensor(np.concatenate([a] * times), device="cuda")) for a in images]
    if capture:
        assert run.replays == 3
    return [*net.state_dict().values(), *(loss.numpy() for loss in losses)]


def test_a_cuda_graph_has_the_exchanges(host: Host, copies: Copies) -> None:
    """The others send what this rank does: as one process with three times its rows, but for rounding."""
    ranks = NCCL(host)
    together, captured = trained(ranks), trained(ranks, capture=True)
    for one, other in zip(together, captured, strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(together, trained(mg.distributed.Alone(), times=SIZE), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_deferred_steps_of_a_rank_are_those_of_steps_one_by_one(host: Host, copies: Copies) -> None:
    """With batch norm; all exchanges pass NCCL within the graph, and metrics are read at the end."""
    ends = []
    for capture in (True, False):
        mg.manual_seed(1)
        images = halves(48)
        settings = settings_for("dcgan", "image", batch_size=12, features=2, latent=4, ema=0.9)
        system, ranks = build(settings, spec_of(images), "cuda"), NCCL(host)
        for network in (system.generator, system.discriminator):
            nn.synchronised(network, ranks)
        training = Training(system, images, seed=2, capture=capture, ranks=ranks)
        host.seen.clear()
        records = [*(record for _ in range(5) for record in training.advance()), *training.read()]
        assert host.seen == []
        ends.append(([record.numbers for record in records], flat(training.state_dict())))
    assert ends[0] == ends[1]
    assert len(ends[0][0]) == 5


def test_a_failing_step_is_found_on_the_device(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ranks repeat the step at home, and say what each of them found."""
    mg.manual_seed(1)
    points = load("ring")
    system = build(settings_for("gan", "points", batch_size=6, width=4), spec_of(points), "cuda")
    training = Training(system, points, seed=2, ranks=NCCL(host))
    batch = training.batches.batch

    def spoilt(step: int, k: int, rng: Any) -> Any:
        arrays = batch(step, k, rng)
        return arrays._replace(real=arrays.real * np.float32("nan")) if step == 3 else arrays

    monkeypatch.setattr(training.batches, "batch", spoilt)
    with pytest.raises(DivergedError, match=r"step 4 \(discriminator update\): rank 0: .* made a NaN"):
        train(training, 6)
    assert training.step == 3


def test_another_rank_s_numbers_reach_a_convolution_s_moments(ranks: NCCL) -> None:
    """The whole batch is this rank's rows, and those times two and three."""
    layers = nn.Sequential(nn.Conv2d(1, 3, 2, bias=False), nn.BatchNorm2d(3)).to("cuda")
    x = np.random.default_rng(0).normal(size=(4, 1, 3, 3)).astype(np.float32)
    nn.synchronised(layers, ranks)
    y = layers(mg.tensor(x, device="cuda"))
    # the fake's others multiply what is sent, counts too: channels of 1, 2 and 3 parts with such moments
    before = layers[0](mg.tensor(x, device="cuda")).numpy().astype(np.float64)
    count, mean = before.size // 3, before.mean(axis=(0, 2, 3))
    squares = before.var(axis=(0, 2, 3)) * count
    weights, means = np.arange(1, 4)[:, None], np.arange(1, 4)[:, None] * mean
    whole = (weights * means).sum(0) / 6
    var = (weights * squares + weights * count * (means - whole) ** 2).sum(0) / (6 * count)
    expected = (before - whole.reshape(-1, 1, 1)) / np.sqrt(var.reshape(-1, 1, 1) + 1e-5)
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-4, atol=1e-5)


def test_a_graph_at_home_has_no_exchanges(ranks: NCCL, monkeypatch: pytest.MonkeyPatch) -> None:
    total = mg.capture(lambda x: ops.all_reduce(x, communicator=ranks))
    x = mg.tensor([1.0, 2.0], device="cuda")
    assert [total(x).tolist() for _ in range(4)] == [[6, 12]] * 4
    with ranks.at_home(), monkeypatch.context() as patch:
        patch.setattr(nccl.NcclCommunicator, "allReduce", None)
        patch.setattr(nccl.NcclCommunicator, "sent", None)
        assert [total(x).tolist() for _ in range(4)] == [[3, 6]] * 4
        assert ranks.all_gather_object(1) == [1, 1, 1]
    assert total(x).tolist() == [6, 12]


def test_each_rank_has_a_gpu_of_its_own() -> None:
    two = [Seen("a", 2), Seen("b", 2), Seen("a", 2)]
    assert [place_of(rank, two) for rank in range(3)] == [0, 0, 1]
    shown = [Seen("a", 1, "2"), Seen("a", 1, "3")]
    assert [place_of(rank, shown) for rank in range(2)] == [0, 0]
    for rank in range(2):
        with pytest.raises(
            RuntimeError, match="a has 2 ranks and 1 GPUs, and each rank needs one of its own"
        ):
            place_of(rank, [Seen("a", 1), Seen("a", 1)])
        with pytest.raises(RuntimeError, match="rank 1 on b: no CuPy"):
            place_of(rank, [Seen("a", 1), Seen("b", 0, lacks="no CuPy")])


def test_a_rank_takes_its_gpu(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda.Device, "used", None)
    NCCL(Host(rank=2))
    assert cuda.Device.used == 2
    monkeypatch.setattr(nccl, "available", False)
    with pytest.raises(RuntimeError, match=r"rank 0 on .*: CuPy finds no NCCL; pip install nvidia-nccl"):
        NCCL(host)


@pytest.mark.gpu
@pytest.mark.mpi
@needs_mpi
def test_two_gpus_compute_what_one_process_does() -> None:
    cupy = pytest.importorskip("cupy")
    if cupy.cuda.runtime.getDeviceCount() < 2:
        pytest.skip("there is one GPU, and two ranks need two")
    result = on_ranks(2, Path(checks.__file__), "cuda", seconds=120)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    for name in ("all_reduce", "all_gather"):
        assert max(max(rank.values()) for rank in found[name]) < 1e-12
    assert max(rank["gradients"] for rank in found["module"]) < 1e-10
    assert len({rank["digest"] for rank in found["module"]}) == 1
    assert len({digest for rank in found["steps"] for digest in rank.values()}) == 1
    assert all(rank["op by op"] and rank["captured"] for rank in found["means"])
    assert all(rank["undone"] for rank in found["anew"])
