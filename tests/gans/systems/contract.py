"""What every system keeps: replays, a resumed training and a failed update change no number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import minigrad as mg
from gans.data.images import ImageData, image_data
from gans.data.spec import spec_of
from gans.systems import System, build, settings_for
from gans.trainer import DivergedError, Training
from tests.states import flat

STEPS = 3


def halves(n: int = 48, side: int = 8, colours: int = 1) -> ImageData:
    """Images of two classes: class 0 has its left half bright, class 1 its right half; with noise."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) % 2
    bright = np.arange(side) < side // 2
    pixels = np.where(labels[:, None] == 0, bright, ~bright)[:, None, :, None] * 200
    pixels = pixels + rng.integers(0, 55, (n, side, side, colours))
    return image_data("halves", pixels.astype(np.uint8), labels, pixels.astype(np.uint8), labels)


def trained(model: str, data: Any, *, seed: int = 2, capture: bool = True, **settings: Any) -> Training:
    """A training of a small ``model`` on ``data``, before its first step."""
    chosen = settings_for(model, data.kind, **settings)
    mg.manual_seed(1)
    return Training(build(chosen, spec_of(data)), data, seed=seed, capture=capture)


def advance(training: Training, steps: int) -> list[dict[str, Any]]:
    """Take ``steps`` steps: their numbers."""
    return [dict(record.numbers) for _ in range(steps) for record in training.advance()]


class Whole(NamedTuple):
    """A training of n + n steps by replays, with which other trainings are compared.

    ``first`` and ``later`` are the numbers of its two halves, ``middle`` is a file of the state between
    them, ``end`` and ``averages`` the last state and that of the averages of weights, and ``outside`` the
    arrays that changed without being in a part.
    """

    first: list[dict[str, Any]]
    later: list[dict[str, Any]]
    middle: Path
    end: dict[str, Any]
    averages: dict[str, Any]
    outside: list[str]


def whole_training(make: Callable[..., Training], middle: Path) -> Whole:
    """Train what ``make`` makes for n + n steps."""
    training = make()
    before = {place: array.tobytes() for place, array in outside(training.system)}
    first = advance(training, STEPS)
    mg.save(middle, training.state_dict())
    later = advance(training, STEPS)
    after = {place: array.tobytes() for place, array in outside(training.system)}
    changed = [place for place in after if after[place] != before.get(place, after[place])]
    return Whole(first, later, middle, flat(training.state_dict()), averages_of(training), changed)


def averages_of(training: Training) -> dict[str, Any]:
    return flat({name: average.state_dict() for name, average in training.system.averages.items()})


def assert_replays_change_nothing(make: Callable[..., Training], whole: Whole) -> None:
    plain = make(capture=False)
    assert advance(plain, 2 * STEPS) == [*whole.first, *whole.later]
    assert flat(plain.state_dict()) == whole.end


def assert_goes_on(make: Callable[..., Training], whole: Whole) -> None:
    """n + n steps are n, save, load into a fresh training, n; and its numbers are the same."""
    second = make()
    second.load_state_dict(mg.load(whole.middle))
    assert advance(second, STEPS) == whole.later
    assert flat(second.state_dict()) == whole.end
    assert averages_of(second) == whole.averages


def outside(system: System) -> Iterator[tuple[str, Any]]:
    """Each array of ``system`` that is in none of its parts."""
    seen = {id(part) for part in system.parts().values()} | {id(system.averages)}
    yield from arrays_of(vars(system), seen=seen)


def arrays_of(value: Any, place: str = "", seen: set[int] | None = None) -> Iterator[tuple[str, Any]]:
    """Each array that can be reached from ``value``, with the way to it."""
    seen = set() if seen is None else seen
    if id(value) in seen or isinstance(value, type | str | int | float):
        return
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        yield place, value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from arrays_of(one, f"{place}[{name!r}]", seen)
    elif isinstance(value, list | tuple):
        for i, one in enumerate(value):
            yield from arrays_of(one, f"{place}[{i}]", seen)
    elif isinstance(value, mg.Tensor):
        yield from arrays_of(value.data, f"{place}.data", seen)
    elif hasattr(value, "__dict__"):
        yield from arrays_of(vars(value), place, seen)


def assert_failure_changes_nothing(make: Callable[..., Training], monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch of NaN fails the first update, which leaves weights, optimizers and averages as they were."""
    training = make()
    advance(training, 1)
    batches = training.batches
    batch = batches.batch

    def broken(*arguments: Any) -> Any:
        return batch(*arguments)._replace(real=batch(*arguments).real * np.float32("nan"))

    before = learnt(training)
    monkeypatch.setattr(batches, "batch", broken)
    with pytest.raises(DivergedError):
        training.advance()
    assert learnt(training) == before


def learnt(training: Training) -> dict[str, Any]:
    """The states of all parts, but for the learning rates, which are those of the step that failed."""
    state = flat(training.system.state_dict())
    return {name: value for name, value in state.items() if not name.endswith(".lr")}
