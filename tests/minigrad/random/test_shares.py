"""Draws of several ranks: each gets its rows of what one process would draw for all of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor
from minigrad.distributed import Communicator, in_parts, using
from minigrad.random import Generator, Philox, categorical, integers, normal, permutation, uniform

GENERATORS: dict[str, Callable[[], Generator]] = {
    "NumPy": lambda: np.random.default_rng(3),
    "Philox": lambda: Philox(3),
}

DRAWS: dict[str, Callable[[int, Generator], Tensor]] = {
    "uniform": lambda n, rng: uniform((n, 3), generator=rng),
    "normal": lambda n, rng: normal((n, 2, 2), dtype=np.float64, generator=rng),
    "integers": lambda n, rng: integers(0, 100, (n,), generator=rng),
    "integers of one size": lambda n, rng: integers(0, 100, n, generator=rng),
    "categorical": lambda n, rng: categorical(mg.zeros((n, 50)), generator=rng),
}

each_generator = pytest.mark.parametrize("generator", GENERATORS)


@pytest.mark.parametrize("ranks", [2, 3])
@pytest.mark.parametrize("draw", DRAWS)
@each_generator
def test_the_ranks_rows_are_the_draw_of_one_process(generator: str, draw: str, ranks: int) -> None:
    """And so are those of the next draw: every generator is where that of one process is."""
    rng = GENERATORS[generator]()
    whole = [DRAWS[draw](4 * ranks, rng).numpy() for _ in range(2)]
    shares = []
    for rank in range(ranks):
        own = GENERATORS[generator]()
        with using(Communicator(rank, ranks)):
            shares.append([DRAWS[draw](4, own).numpy() for _ in range(2)])
    for k in range(2):
        assert np.array_equal(np.concatenate([share[k] for share in shares]), whole[k])


@each_generator
def test_each_part_of_a_batch_has_the_ranks_rows(generator: str) -> None:
    whole = normal((12, 3), generator=GENERATORS[generator]()).numpy()
    for rank in range(2):
        with using(Communicator(rank, 2)), in_parts(3):
            own = normal((6, 3), generator=GENERATORS[generator]()).numpy()
        rows = [4 * part + 2 * rank + i for part in range(3) for i in range(2)]
        assert np.array_equal(own, whole[rows])


@each_generator
def test_a_number_and_an_order_are_the_same_on_every_rank(generator: str) -> None:
    for draw in (lambda rng: uniform((), generator=rng), lambda rng: permutation(9, generator=rng)):
        alone = draw(GENERATORS[generator]()).numpy()
        for rank in range(2):
            with using(Communicator(rank, 2)):
                assert np.array_equal(draw(GENERATORS[generator]()).numpy(), alone)


@each_generator
def test_replays_draw_the_ranks_rows(generator: str) -> None:
    rng, own = GENERATORS[generator](), GENERATORS[generator]()
    whole = [normal((4, 2), generator=rng).numpy() for _ in range(3)]
    step = mg.capture(lambda rng: normal((2, 2), generator=rng) * 1.0)
    with using(Communicator(1, 2)):
        drawn = [step(own).numpy().copy() for _ in range(3)]
    assert all(np.array_equal(rows, every[2:]) for rows, every in zip(drawn, whole, strict=True))


def test_rows_that_do_not_divide_into_parts_are_refused() -> None:
    with (
        using(Communicator(0, 2)),
        in_parts(3),
        pytest.raises(ValueError, match="do not divide among 2 ranks"),
    ):
        uniform((4,), generator=np.random.default_rng(0))
