"""The benchmarks on a device: a fake CuPy and the host's clock. Nothing that is measured means anything."""

from __future__ import annotations

import json
import time
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks import agreement, gpu, peers, sides, training, workloads
from benchmarks.__main__ import main
from benchmarks.jobs import KernelJob, open_job
from tests.gpu.conftest import emulator_at_hand
from tests.gpu.device.conftest import fake_cupy

__all__ = ["emulator_at_hand", "fake_cupy"]


class Mark:
    def __init__(self) -> None:
        self.at = time.perf_counter()

    def synchronize(self) -> None:
        pass


CLOCK = gpu.Clock(Mark, lambda a, b: b.at - a.at, lambda seconds: None)


@pytest.fixture
def device(fake_cupy: ModuleType, quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "clock_of", lambda side: CLOCK)
    monkeypatch.setattr(gpu, "CALLS", 1)
    monkeypatch.setattr(gpu, "description", lambda: {"name": "a fake", "driver": "0"})


@pytest.mark.usefixtures("device")
def test_kernels_on_the_device(tmp_path: Path) -> None:
    path = tmp_path / "kernels.json"
    only = ["conv 1->64", "LeakyReLU 1024", "batch norm + LeakyReLU", "linear MLP 256->1", "adam 64", "tanh"]
    arguments = ["kernels", "--device", "cuda", "--only", *only, "--turns", "1", "--batch", "2"]
    assert main([*arguments, "--json", str(path)]) == 0
    record = json.loads(path.read_text())
    assert (record["device"], record["tf32"], record["gpu"]["name"]) == ("cuda", False, "a fake")
    assert {row["family"] for row in record["rows"]} == {
        *("convolution", "norm", "product", "activation", "update")
    }
    assert all(set(row["seconds"]) == {"minigrad"} for row in record["rows"])


@pytest.mark.usefixtures("device")
def test_steps_on_the_device(tmp_path: Path) -> None:
    path = tmp_path / "steps.json"
    arguments = ["steps", "--device", "cuda", "--only", "toy", "wgan-gp", "--turns", "1", "--batch", "2"]
    assert main([*arguments, "--json", str(path)]) == 0
    assert [row["name"] for row in json.loads(path.read_text())["rows"]] == [
        "toy batch 2",
        "wgan-gp 28x28x1 batch 2",
    ]


def test_events_give_the_time_of_each_call() -> None:
    times = gpu.repeated(lambda: time.sleep(0.002), 0.03, CLOCK)
    assert len(times) % gpu.CALLS == 0
    assert min(times) >= 0.002
    assert sum(times) >= 0.03
    assert len(gpu.take_turn(lambda: None, 0.0, 0.0, CLOCK, held=False)) == gpu.CALLS


def test_a_held_device_begins_when_the_host_is_through() -> None:
    holds: list[float] = []
    clock, calls = CLOCK._replace(hold=holds.append), list[None]()

    def call() -> None:
        calls.append(time.sleep(0.001))

    times = gpu.take_turn(call, 0.0, 0.0, clock, held=True)
    assert len(times) == gpu.CALLS
    assert 0.001 <= min(times) == max(times) < 0.1
    assert len(holds) == 2
    assert min(holds) >= 2 * gpu.CALLS * 0.001
    assert len(calls) == 4 * gpu.CALLS
    assert KernelJob.held
    assert not sides.StepJob.held


def test_waiting_for_the_host_fills_a_turn_too() -> None:
    holds: list[float] = []
    clock = CLOCK._replace(hold=holds.append, seconds=lambda a, b: 1e-6)
    gpu.repeated(lambda: time.sleep(0.001), 0.5, clock, held=True)
    assert sum(holds) >= 0.4
    assert len(holds) <= 0.5 / holds[0] + 1


def test_ceilings_of_both_libraries_are_joined() -> None:
    ours, theirs = gpu.Ceilings(fma=60e3, copy=3e3), gpu.Ceilings(tf32=400e3)
    assert ours.or_higher(theirs) == gpu.Ceilings(60e3, 400e3, 3e3)
    assert "TF32 not measured" in ours.describe()
    assert "400000 GFLOP/s" in ours.or_higher(theirs).describe()


@pytest.mark.parametrize("name", ["toy", "wgan-gp"])
def test_a_replayed_step_agrees_with_the_eager_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The graph stood in for by the step itself on its fixed memory: inputs, first weights, random places."""
    torch = pytest.importorskip("torch")
    from benchmarks.peers import pytorch_graphs

    class Graph:
        def replay(self) -> None:
            side = sides[-1]
            for kept, new in zip(side.losses, side._run(), strict=True):
                kept.copy_(new)

    class Recorded(pytorch_graphs.GraphSide):
        def __init__(self, *arguments: Any) -> None:
            sides.append(self)
            super().__init__(*arguments)

    sides: list[Any] = []
    adam = torch.optim.Adam
    stream = SimpleNamespace(wait_stream=lambda other: None)
    monkeypatch.setattr(torch.optim, "Adam", lambda p, capturable=False, **rest: adam(p, **rest))
    for attribute, stand_in in {
        "Stream": lambda: stream,
        "current_stream": lambda: stream,
        "stream": lambda stream: nullcontext(),
        "CUDAGraph": Graph,
        "graph": lambda graph: nullcontext(),
    }.items():
        monkeypatch.setattr(torch.cuda, attribute, stand_in)
    monkeypatch.setattr(pytorch_graphs, "GraphSide", Recorded)
    eager, replayed = (open_job(side, workloads.step(name, 4)).outcome() for side in peers.PYTORCH)
    assert len(sides) == 1
    agreement.steps(name, "torch-graph", replayed, eager, slack=1e-3)
    assert set(replayed) == set(eager)


@pytest.mark.usefixtures("device")
def test_what_does_not_go_together_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kernels", "--tf32"]) == 2
    assert "add --device cuda" in capsys.readouterr().err
    assert main(["steps", "--device", "cuda", "--picture", "x.png"]) == 2
    assert "add --against torch" in capsys.readouterr().err


def test_without_a_device_one_line_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("numba")
    if main(["kernels", "--device", "cuda", "--only", "LeakyReLU 1024", "--turns", "1"]) == 0:
        pytest.skip("there is a GPU")
    assert capsys.readouterr().err.startswith("python -m benchmarks: --device cuda: the CUDA kernels need")


def test_every_side_starts_from_the_same_numbers_on_every_device(fake_cupy: ModuleType) -> None:
    here, there = (training.start(workloads.step("toy", 4), device) for device in ("cpu", "cuda"))
    for mine, other in zip(here.batches, there.batches, strict=True):
        for a, b in zip(mine, other, strict=True):
            np.testing.assert_array_equal(a, b)
    weights, others = (start.gan.generator.state_dict() for start in (here, there))
    for name, array in weights.items():
        np.testing.assert_array_equal(array, np.asarray(others[name]), err_msg=name)
