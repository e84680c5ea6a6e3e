"""What every system's training keeps: replays, resumes and failures, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gans.data import ImageData
from gans.data.images import image_data
from gans.systems import System
from gans.trainer import DivergedError, Training
from gans.updates import BoundUpdate, deferring
from tests.states import flat

Make = Callable[[bool], Training]
"""Makes the same training again, captured or not."""


def noisy_images(shape: tuple[int, int, int], n: int = 40) -> ImageData:
    """Images of random pixels, and as many to test with."""
    c, h, w = shape
    pixels = np.random.default_rng(0).integers(0, 256, (2 * n, h, w, c)).astype(np.uint8)
    labels = (np.arange(n) % 10).astype(np.int64)
    return image_data("noise", pixels[:n], labels, pixels[n:], labels)


def numbers_of(training: Training, steps: int) -> list[dict[str, Any]]:
    """The numbers of the next steps."""
    return [dict(record.numbers) for _ in range(steps) for record in training.advance()]


def assert_replays_change_nothing(make: Make, steps: int = 4) -> None:
    ends = []
    for capture in (False, True):
        training = make(capture)
        ends.append((numbers_of(training, steps), flat(training.state_dict())))
    assert ends[0] == ends[1]


def assert_resumes(make: Make, steps: int = 3) -> None:
    """``steps`` and ``steps`` more are twice as many, through the state and a fresh training."""
    whole, first, second = (make(True) for _ in range(3))
    expected = numbers_of(whole, 2 * steps)
    began = flat(first.state_dict())
    found = numbers_of(first, steps)
    assert flat(first.state_dict()) != began
    numbers_of(second, 1)  # what it recorded serves the state that it takes over
    second.load_state_dict(first.state_dict())
    assert found + numbers_of(second, steps) == expected
    assert flat(second.state_dict()) == flat(whole.state_dict())


def assert_a_failure_changes_nothing(training: Training, spoil: Callable[[System], None]) -> None:
    """The next step fails after ``spoil``, and leaves every part as it is."""
    training.advance()
    spoil(training.system)
    before = flat(training.state_dict())
    with pytest.raises(DivergedError):
        training.advance()
    after = flat(training.state_dict())
    assert {name for name in after if ".parts." in name and after[name] != before[name]} == set()


def assert_a_deferred_failure_changes_nothing(
    update: BoundUpdate, spoil: Callable[[System], None], *arguments: Any
) -> None:
    """After ``spoil``, an ``update`` whose numbers are read later, as on a GPU, changes no array.

    The optimizers count their steps on the host all the same; the executor restores the count.
    """
    update(*arguments)
    spoil(update.system)
    before = flat(update.system.state_dict())
    with deferring() as checked, np.errstate(all="ignore"):
        update(*arguments)
    assert not all(np.isfinite(t.data).all() for t in checked)
    after = flat(update.system.state_dict())
    assert {name for name in after if after[name] != before[name] and not name.endswith(".steps")} == set()
