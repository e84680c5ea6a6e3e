"""A step opened: the training's own numbers, with the traces of its updates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gans
from gans.errors import UserError
from gans.study import open_step
from gans.study.opened import open_updates
from gans.systems.system import precision
from minigrad.inspect import differences_of, draw
from tests.gans.systems.test_every_system import each_case, small

SMALL: dict[str, Any] = {"batch_size": 8}

pytestmark = pytest.mark.usefixtures("fingerprints")


def test_the_opened_step_is_the_training_s_own(tmp_path: Path) -> None:
    run = gans.train("gan", "ring", out=tmp_path / "run", steps=4, progress=False, **SMALL)
    opened = open_step("gan", "ring", step=4, **SMALL)
    numbers = {name: value for update in opened.updates for name, value in update.numbers.items()}
    last = run.history[-1]
    assert numbers == {name: last[name] for name in numbers}
    assert {"loss_d", "loss_g"} <= numbers.keys()


def test_a_run_is_opened_after_its_checkpoint_and_stays_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    gans.train("gan", "ring", out=folder, steps=3, progress=False, **SMALL)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    opened = open_step(folder)
    assert (opened.number, opened.model, opened.source) == (4, "gan", "the run run")
    anew = open_step("gan", "ring", step=4, **SMALL)
    assert [update.numbers for update in opened.updates] == [update.numbers for update in anew.updates]
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_traces_name_networks_and_arguments() -> None:
    d, g = open_step("gan", "ring", **SMALL).updates
    assert [d.name, g.name] == ["discriminator", "generator"]
    assert d.trace.value("real").shape == (8, 2)
    assert d.trace.gradient("discriminator.0.weight", 0) is not None
    assert g.trace.gradient("generator.0.weight", 0) is not None
    assert g.trace.gradient("discriminator.0.weight", 0) is None
    assert g.trace.gradient("discriminator.0.weight", 1) is not None  # the extra walk's


def test_double_computes_in_float64() -> None:
    single, double = (open_step("gan", "ring", double=double, **SMALL) for double in (False, True))
    for a, b in zip(single.updates, double.updates, strict=True):
        assert {value.dtype for value in b.trace.parameters} == {"float64"}
        assert {value.dtype for value in a.trace.parameters} == {"float32"}
        for name, number in a.numbers.items():
            assert b.numbers[name] == pytest.approx(number, rel=1e-3)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("gann",), {}, "there is no model 'gann'"),
        (("gan", "ring"), {"step": 0}, "`step` must be from 1 to 100,000, got 0"),
        (("gan", "ring"), {"step": 100_001}, "`step` must be from 1 to 100,000, got 100,001"),
        (("gan", "ring"), {"penalty": 3}, "gan has no setting `penalty`"),
    ],
)
def test_mistakes_are_one_line(arguments: tuple[str, ...], options: Any, message: str) -> None:
    with pytest.raises(UserError, match=message.replace("(", r"\(")) as caught:
        open_step(*arguments, **options)
    assert "\n" not in str(caught.value)


def test_a_run_refuses_what_only_a_model_takes(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    gans.train("gan", "ring", out=folder, steps=2, progress=False, **SMALL)
    with pytest.raises(UserError, match="`data` is for a model; the run"):
        open_step(folder, "ring")
    with pytest.raises(UserError, match="`batch_size` is for a model"):
        open_step(folder, **SMALL)
    with pytest.raises(UserError, match="the training stands after step 2"):
        open_step(folder, step=2)


@each_case
def test_every_gradient_of_every_system_is_its_finite_difference(name: str, kind: str) -> None:
    """In float64, of the first step; the gradients that the step did not ask for included."""
    with precision(np.float64):
        training = small(name, kind)()
    updates = open_updates(training)
    assert any(not walk.extra for update in updates for walk in update.trace.walks)
    for update in updates:
        trace = update.trace
        assert draw(trace).svg.count("<rect") > 2
        for walk in trace.walks:
            for found in differences_of(trace, walk, most=10):
                assert found.error < 1e-6, (update.name, trace.values[found.value], found)
