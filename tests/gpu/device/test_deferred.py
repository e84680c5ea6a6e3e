"""Steps on a device with deferred metrics: read many at a time, they are those of steps read one by one."""

from __future__ import annotations

import math
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans import data, systems
from gans.objectives import Objective, critic, critic_generator, score
from gans.trainer import Callback, DivergedError, Record, Training, train
from gans.trainer.checkpoints import Checkpoints, load_checkpoint
from gans.trainer.executors import deferred
from minigrad import nn
from minigrad.optim import SGD
from tests.gans.assembled import Assembled
from tests.gpu.device.conftest import Copies
from tests.states import flat


def gan(device: str, rate: float, critic_steps: int) -> Assembled:
    """Small networks, G's with running statistics. At a high rate their weights grow by powers."""
    mg.manual_seed(0)
    G = nn.Sequential(nn.BatchNorm1d(2, affine=False), nn.ReLU(), nn.Linear(2, 2)).to(device)
    D = nn.Linear(2, 1).to(device)
    settings = systems.settings_for(
        "wgan", "points", batch_size=8, latent=2, critic_steps=critic_steps, lr=rate
    )
    objective = Objective(critic, critic_generator, readout=score)
    return Assembled(settings, (G, D), (SGD(G.parameters()), SGD(D.parameters())), objective, device)


def training(device: str, *, rate: float = 0.01, critic_steps: int = 2, capture: bool = True) -> Training:
    return Training(gan(device, rate, critic_steps), data.load("ring"), seed=3, capture=capture)


class Keep(Callback):
    """Keeps records, and the step of the training at each report."""

    def __init__(self, *every: int) -> None:
        self.every = every
        self.records: list[Record] = []
        self.reported_at: list[int] = []

    def due(self, training: Training) -> bool:
        return any(training.step % every == 0 for every in self.every)

    def on_step(self, training: Training, record: Record) -> None:
        self.records.append(record)
        self.reported_at.append(training.step)

    @property
    def numbers(self) -> list[dict[str, Any]]:
        return [{**record.line(), "seconds": 0.0} for record in self.records]


@pytest.mark.parametrize("rows", [1, 4, 128])
def test_every_step_is_reported_as_if_each_were_read_at_once(
    rows: int, cupy: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deferred, "STEPS", rows)
    ends = []
    for capture in (True, False):
        run, keep = training("cuda", capture=capture), Keep()
        train(run, 10, [keep])
        ends.append((keep.numbers, flat(run.state_dict())))
        if capture:
            assert keep.reported_at == [min(-(-step // rows) * rows, 10) for step in range(1, 11)]
            assert all(record.seconds > 0 for record in keep.records)
    assert ends[0] == ends[1]
    assert [numbers["step"] for numbers in ends[0][0]] == list(range(1, 11))


def test_steps_are_read_back_rarely(cupy: ModuleType, copies: Copies) -> None:
    run = training("cuda")
    assert all(run.advance() == [] for _ in range(4))
    copies.reset()
    for _ in range(deferred.STEPS - 5):
        assert run.advance() == []
    # for each of D's two updates real points, and what the host sends each update
    copies.check(reads=0, sent=0, launches=3 * (deferred.STEPS - 5), writes=5 * (deferred.STEPS - 5))
    assert len(run.advance()) == deferred.STEPS
    copies.check(reads=2)  # the rows of D's updates, and those of G's
    run.advance()
    copies.check(reads=2)
    assert [record.step for record in run.read()] == [deferred.STEPS + 1]
    copies.check(reads=4)
    assert run.read() == []
    copies.check(reads=4)


def test_who_is_due_is_reported_at_once(cupy: ModuleType) -> None:
    run, one, other = training("cuda"), Keep(3), Keep(7)
    train(run, 16, [one, other])
    assert one.numbers == other.numbers
    assert one.reported_at == other.reported_at == [3, 3, 3, 6, 6, 6, 7, 9, 9, 12, 12, 12, 14, 14, 15, 16]

    class Unsaid(Keep):
        due = Callback.due

    run, unsaid = training("cuda"), Unsaid()
    train(run, 4, [Keep(), unsaid])
    assert unsaid.reported_at == [1, 2, 3, 4]


def test_a_stop_reports_the_deferred_metrics(cupy: ModuleType) -> None:
    run, keep, asked = training("cuda"), Keep(), []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 6

    train(run, 100, [keep], stop)
    assert [record.step for record in keep.records] == list(range(1, 7))
    assert run.step == 6


def test_a_state_is_that_of_steps_which_were_read(cupy: ModuleType) -> None:
    ends = []
    for capture in (True, False):
        run = training("cuda", capture=capture)
        for _ in range(5):
            run.advance()
        state = run.state_dict()
        reported = run.read()
        run.advance()
        run.load_state_dict(state)  # drops the step that has not been read
        records = [record for _ in range(4) for record in run.advance()] + run.read()
        ends.append((flat(state), flat(run.state_dict()), [{**vars(r), "seconds": 0} for r in records]))
        assert [record.step for record in reported] == ([1, 2, 3, 4, 5] if capture else [])
    assert ends[0] == ends[1]


def test_an_interrupted_step_is_written_over(cupy: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    run = training("cuda")
    run.advance()
    with monkeypatch.context() as patch:
        executor: Any = run._executor
        [generator] = [one for one in executor.updates.values() if one.name == "generator"]
        patch.setattr(generator, "run", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run.advance()
    for _ in range(3):
        run.advance()
    assert [record.step for record in run.read()] == [1, 2, 3, 4]


DIVERGING = [(10.0, 1, 7, "generator"), (100.0, 2, 5, "discriminator")]


@pytest.mark.parametrize("rows", [1, 3, 128])
@pytest.mark.parametrize(("rate", "critic_steps", "step", "network"), DIVERGING)
def test_a_training_that_diverges_ends_as_on_the_cpu(
    rate: float,
    critic_steps: int,
    step: int,
    network: str,
    rows: int,
    cupy: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Message, step, records, what the training holds then, and the checkpoint that was saved before."""
    monkeypatch.setattr(deferred, "STEPS", rows)
    start = training("cuda", rate=rate, critic_steps=critic_steps).state_dict()
    ends = []
    for device, capture in (("cuda", True), ("cuda", False), ("cpu", True)):
        run = training(device, rate=rate, critic_steps=critic_steps, capture=capture)
        run.load_state_dict(start)
        keep, path = Keep(), tmp_path / f"{device}-{capture}"
        checkpoints = Checkpoints(path, 2, [])
        with pytest.raises(DivergedError, match=f"^step {step} .{network} update.: linear made") as error:
            train(run, 40, [keep, checkpoints])
        assert (error.value.step, run.step, checkpoints.saved_step) == (step, step - 1, (step - 1) // 2 * 2)
        assert len(keep.records) == step - 1
        message = str(error.value).replace(" on cuda", "")
        ends.append((message, keep.numbers, load_checkpoint(path, 1 << 20), run.state_dict()))
    (message, records, *states), same, (same_message, same_records, *same_states) = ends
    assert flat(ends[0]) == flat(same)
    assert message == same_message
    for mine, its in zip(records, same_records, strict=True):
        assert mine == pytest.approx(its, rel=1e-3)
    for mine, its in zip(map(flat_numbers, states), map(flat_numbers, same_states), strict=True):
        assert mine.keys() == its.keys()
        for name, value in mine.items():
            np.testing.assert_allclose(value, its[name], rtol=1e-3, err_msg=name)


def flat_numbers(state: Any, name: str = "") -> dict[str, Any]:
    """The numbers of a nested state by dotted names."""
    if isinstance(state, dict | list | tuple):
        items = state.items() if isinstance(state, dict) else enumerate(state)
        return {k: v for key, value in items for k, v in flat_numbers(value, f"{name}.{key}").items()}
    return {} if isinstance(state, str) else {name: np.asarray(state, np.float64)}


def test_a_failure_that_does_not_come_again_is_reported_with_its_numbers(
    cupy: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For example after a change of weights by hand."""
    run = training("cuda")
    for _ in range(3):
        run.advance()
    run.system.discriminator.parameters()[0].data[...] = math.inf
    with pytest.raises(DivergedError, match=r"^step 4 \(discriminator update\): loss_d is nan, ") as e:
        train(run, 9)
    assert [record.step for record in e.value.unreported] == [1, 2, 3]


def test_the_old_names_say_the_new_ones() -> None:
    with pytest.raises(AttributeError, match="unreported"):
        training("cpu").unread  # noqa: B018
    with pytest.raises(AttributeError, match="unreported"):
        DivergedError(1, "generator", "a NaN", 0.1).untold  # noqa: B018
