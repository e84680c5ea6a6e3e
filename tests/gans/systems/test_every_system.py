"""What every system keeps, on small data of each kind that it takes; to be in SYSTEMS is to be tested."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import minigrad as mg
from gans.data import DomainData, PairData, load
from gans.data.sequences import SequenceData
from gans.systems import SYSTEMS
from gans.systems.settings import options_of
from gans.trainer import Training
from tests.gans.systems import contract
from tests.processes import ROOT
from tests.states import flat

REDUCED = {
    "batch_size": 4,
    "ema": 0.9,
    "latent": 4,
    "width": 8,
    "depth": 1,
    "features": 4,
    "blocks": 1,
    "pool": 6,
    "critic_steps": 2,
    "rollouts": 2,
    "lr_half_life": 2,
    "fade_steps": 2,
    "hold_steps": 1,
    "likelihood_steps": 2,
    "judging_steps": 1,
}
"""Settings of those names, which make any system small and bring its phases within a few steps."""

CASES = [(name, kind) for name, system in SYSTEMS.items() for kind in system.presets]

each_case = pytest.mark.parametrize(("name", "kind"), CASES)


def data_of(kind: str) -> Any:
    if kind == "points":
        return load("ring")
    if kind == "sequences":
        return SequenceData("few", vocabulary=9, length=5, count=60)
    images = contract.halves(96)
    if kind == "pairs":
        return PairData("edges", images)
    return DomainData("inverted", images) if kind == "domains" else images


def small(name: str, kind: Any, **changes: Any) -> Callable[..., Training]:
    """A function that makes the training before its first step."""
    options = options_of(type(SYSTEMS[name].presets[kind]))
    settings = {option: value for option, value in REDUCED.items() if option in options}
    return partial(contract.trained, name, data_of(kind), **settings, **changes)


@each_case
def test_replays_change_no_number(name: str, kind: str) -> None:
    contract.assert_replays_change_nothing(small(name, kind))


@each_case
def test_a_training_goes_on_from_its_state(name: str, kind: str, tmp_path: Path) -> None:
    contract.assert_goes_on(small(name, kind), tmp_path / "state.safetensors")


@each_case
def test_no_array_changes_outside_the_parts(name: str, kind: str) -> None:
    contract.assert_parts_have_all(small(name, kind))


@pytest.fixture(scope="module")
def gone_on(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with each case's state after some steps, and after more of them in another process."""
    folder = tmp_path_factory.mktemp("states")
    for name, kind in CASES:
        training = small(name, kind)()
        contract.advance(training, contract.STEPS)
        mg.save(folder / f"{name}-{kind}.safetensors", training.state_dict())
    code = f"from tests.gans.systems.test_every_system import go_on; go_on({str(folder)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=300)
    return folder


def go_on(folder: str) -> None:
    """Take each case's state from ``folder``, and leave that of some steps later there."""
    for name, kind in CASES:
        training = small(name, kind)()
        path = Path(folder) / f"{name}-{kind}.safetensors"
        training.load_state_dict(mg.load(path))
        contract.advance(training, contract.STEPS)
        mg.save(path.with_suffix(".later.safetensors"), training.state_dict())


@each_case
def test_a_fresh_process_goes_on_bit_for_bit(name: str, kind: str, gone_on: Path) -> None:
    whole = small(name, kind)()
    contract.advance(whole, 2 * contract.STEPS)
    later = mg.load(gone_on / f"{name}-{kind}.later.safetensors")
    assert flat(later) == flat(whole.state_dict())


@pytest.mark.parametrize(("name", "kind"), [case for case in CASES if case[1] == "image"])
def test_a_failed_update_changes_nothing(name: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    contract.assert_failure_changes_nothing(small(name, kind), monkeypatch)
