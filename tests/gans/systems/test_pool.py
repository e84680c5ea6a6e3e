"""The pool of past fakes: which it keeps, which it gives back, and that it stays within its run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gans.systems.pool import Pool
from tests.gans.systems.translators import rows


def values(images: Any) -> list[float]:
    """The number that each image was made of."""
    array = images.numpy() if hasattr(images, "numpy") else np.asarray(images)
    assert (array == array[:, :1, :1, :1]).all()
    return [float(x) for x in array[:, 0, 0, 0]]


def one_by_one(
    size: int, batches: list[list[float]], rng: np.random.Generator
) -> tuple[list[float], list[float]]:
    """The pool as a list: what it gives back in all, and what it holds in the end."""
    held: list[float] = []
    given = []
    for batch in batches:
        for new in batch:
            if len(held) < size:
                held.append(new)
                given.append(new)
            elif rng.random() < 0.5:
                place = rng.integers(size)
                given.append(held[place])
                held[place] = new
            else:
                given.append(new)
    return given, held


@pytest.mark.parametrize(("size", "n"), [(1, 1), (3, 2), (5, 8), (50, 7)])
def test_the_pool_is_a_list_of_images(size: int, n: int) -> None:
    """A batch is as good as its images one by one, also where a batch is larger than the pool."""
    batches = [[float(step * n + i + 1) for i in range(n)] for step in range(30)]
    pool, rng = Pool(size, (1, 2, 2)), np.random.default_rng(4)
    given = [value for batch in batches for value in values(pool(rows(*batch), rng))]
    expected, held = one_by_one(size, batches, np.random.default_rng(4))
    assert given == expected
    assert values(pool.images) == held
    assert given != [value for batch in batches for value in batch]  # some are from earlier calls


def test_half_of_a_full_pool_s_answers_are_past_images() -> None:
    pool, rng = Pool(50, (1, 2, 2)), np.random.default_rng(0)
    pool(rows(*[0.0] * 50), rng)
    past = [value < step for step in range(1, 400) for value in values(pool(rows(*[float(step)] * 4), rng))]
    assert np.mean(past) == pytest.approx(0.5, abs=0.05)


def test_a_pool_of_size_0_keeps_nothing() -> None:
    pool, new = Pool(0, (1, 2, 2)), rows(1.0, 2.0)
    assert pool(new, np.random.default_rng(0)) is new
    assert pool.state_dict()["images"].shape == (0, 1, 2, 2)


def test_a_restored_pool_goes_on_as_the_saved_one_and_forgets_its_own() -> None:
    saved, rng = Pool(3, (1, 2, 2)), np.random.default_rng(1)
    for step in range(4):
        saved(rows(float(step)), rng)
    other = Pool(3, (1, 2, 2))
    other(rows(-7.0, -8.0, -9.0), np.random.default_rng(2))
    other.load_state_dict(saved.state_dict())
    assert other.filled == saved.filled == 3
    state = rng.bit_generator.state
    given = values(saved(rows(10.0, 11.0, 12.0, 13.0), rng))
    rng.bit_generator.state = state
    assert values(other(rows(10.0, 11.0, 12.0, 13.0), rng)) == given
    assert values(other.images) == values(saved.images)
    assert min(values(other.images)) >= 0


def test_a_state_is_a_copy() -> None:
    pool, rng = Pool(2, (1, 2, 2)), np.random.default_rng(0)
    pool(rows(1.0, 2.0), rng)
    state = pool.state_dict()
    for step in range(10):
        pool(rows(float(step)), rng)
    assert values(state["images"]) == [1.0, 2.0]


@pytest.mark.parametrize(
    "unfit",
    [{}, {"images": np.zeros((2, 1, 2, 2), np.float32)}, {"images": np.zeros((9, 1, 2, 2)), "filled": 1}],
)
def test_an_unfit_state_is_refused_and_changes_nothing(unfit: dict[str, Any]) -> None:
    pool = Pool(2, (1, 2, 2))
    pool(rows(5.0), np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"Pool.load_state_dict: expected"):
        pool.load_state_dict(unfit)
    assert values(pool.images) == [5.0, 0.0]
    assert pool.filled == 1
