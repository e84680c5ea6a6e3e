"""Random Tensors: their distributions, where their numbers come from, and that a state gives them again."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn, random
from minigrad.dispatch import use_kernels
from minigrad.random import Philox, normal, uniform

Draw = Callable[..., mg.Tensor]
DRAWS = pytest.mark.parametrize("draw", [uniform, normal])


def numbers(draw: Draw, *args: Any, **options: Any) -> list[Any]:
    drawn: list[Any] = draw(*args, **options).numpy().tolist()
    return drawn


# -- Philox ----------------------------------------------------------------------------------------------


@given(
    shape=st.lists(st.integers(0, 5), max_size=3).map(tuple),
    dtype=st.sampled_from([np.float32, np.float64]),
    draw=st.sampled_from([uniform, normal]),
    kernels=st.sampled_from(["cpu", "reference"]),
)
def test_a_shape_takes_the_next_numbers_and_counts_them(
    shape: tuple[int, ...], dtype: type, draw: Draw, kernels: str
) -> None:
    rng, flat = Philox(3, stream=2), Philox(3, stream=2)
    with use_kernels(kernels):
        y = draw(shape, dtype=dtype, generator=rng)
        assert (y.shape, y.dtype, y.device) == (shape, dtype, "cpu")
        assert y.numpy().ravel().tolist() == numbers(draw, y.size, dtype=dtype, generator=flat)
    used = -(-y.size * np.dtype(dtype).itemsize // 16)
    counter = rng.get_state()["state"]["counter"]
    assert counter == flat.get_state()["state"]["counter"] == (2 << 64) + used


@DRAWS
def test_parts_of_whole_counters_are_the_numbers_of_one_draw(draw: Draw, kernels: str) -> None:
    rng = Philox(1)
    parts = [y for size in (4, 8, 20, 0, 12) for y in numbers(draw, size, generator=rng)]
    assert parts == numbers(draw, 44, generator=Philox(1))


def test_seeds_and_streams_are_unrelated() -> None:
    assert numbers(uniform, 5, generator=Philox(7)) == numbers(uniform, (5,), generator=Philox(7))
    n = 20_000
    others = [Philox(0), Philox(1), Philox(2**200), Philox(0, stream=1), Philox(0, stream=2**64 - 1)]
    correlations = np.corrcoef([normal(n, generator=rng).numpy() for rng in others]) - np.eye(len(others))
    assert np.abs(correlations).max() < 4 / math.sqrt(n)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_distributions(dtype: type) -> None:
    """Mean and variance within 4 deviations; Kolmogorov's statistic at most 1.95 / sqrt(n)."""
    rng, n = Philox(11), 40_000
    ranks = np.arange(1, n + 1) / n
    for draw, mean, variance, fourth, cdf in (
        (uniform, 1 / 2, 1 / 12, 1 / 80, lambda x: x),
        (normal, 0, 1, 3, np.vectorize(lambda x: (1 + math.erf(x / math.sqrt(2))) / 2)),
    ):
        y = np.sort(draw(n, dtype=dtype, generator=rng).numpy().astype(np.float64))
        assert abs(y.mean() - mean) < 4 * math.sqrt(variance / n)
        assert abs(y.var() - variance) < 4 * math.sqrt((fourth - variance**2) / n)
        assert np.abs(cdf(y) - ranks).max() < 1.95 / math.sqrt(n)


@given(seed=st.integers(0, 2**70), stream=st.integers(0, 2**64 - 1), drawn=st.integers(0, 50))
def test_a_state_survives_json_and_gives_the_same_numbers(seed: int, stream: int, drawn: int) -> None:
    rng = Philox(seed, stream=stream)
    uniform(drawn, generator=rng)
    state = json.loads(json.dumps(rng.get_state()))
    expected = numbers(uniform, 6, generator=rng)
    assert state != rng.get_state()
    other = Philox(0)
    other.set_state(state)
    assert numbers(uniform, 6, generator=other) == expected


PHILOX_STATE = Philox(3).get_state()
WRONG: list[Any] = [
    {},
    None,
    [1, 2],
    np.random.PCG64(0).state,
    {**PHILOX_STATE, "bit_generator": "Philox"},
    {**PHILOX_STATE, "state": {"key": 1}},
    {**PHILOX_STATE, "state": {"key": -1, "counter": 0}},
    {**PHILOX_STATE, "state": {"key": 0, "counter": 2**128}},
    {**PHILOX_STATE, "state": {"key": 0.5, "counter": 0}},
]


@pytest.mark.parametrize("state", WRONG)
def test_a_wrong_state_of_philox_changes_nothing(state: Any) -> None:
    rng = Philox(1)
    before = rng.get_state()
    with pytest.raises(ValueError, match=r"not a state of Philox\.get_state\(\)"):
        rng.set_state(state)
    assert rng.get_state() == before


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"seed": -1}, ValueError, "the seed must be an integer >= 0, got -1"),
        ({"seed": 0.5}, TypeError, "float"),
        ({"seed": 0, "stream": -1}, ValueError, "the stream must be an integer from 0 to"),
        ({"seed": 0, "stream": 2**64}, ValueError, "the stream must be an integer from 0 to"),
        ({"seed": 0, "device": "tpu"}, ValueError, "there is no device 'tpu'"),
    ],
)
def test_what_makes_no_philox(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Philox(**arguments)


@DRAWS
def test_a_philox_draws_on_its_own_device_floats_alone(draw: Draw) -> None:
    rng = Philox(0)
    with pytest.raises(ValueError, match=r"a Philox on cpu draws there, not on cuda.*Philox\(seed, device="):
        draw(3, generator=rng, device="cuda")
    with pytest.raises(TypeError, match="expected float32 or float64; got int64"):
        draw(3, generator=rng, dtype=np.int64)
    assert rng.get_state() == Philox(0).get_state()
    assert numbers(draw, np.int64(3), generator=rng, device="cpu") == numbers(draw, 3, generator=Philox(0))


def test_text() -> None:
    assert repr(Philox(0)) == "<Philox on cpu>"


# -- the process-wide generators ---------------------------------------------------------------------------


def test_numbers_of_the_cpu_are_numpys() -> None:
    rng = np.random.Generator(np.random.PCG64(3))
    mg.manual_seed(3)
    assert numbers(uniform, (2, 3)) == rng.random((2, 3), np.float32).tolist()
    assert numbers(normal, 4, dtype=np.float64) == rng.standard_normal(4).tolist()
    y = nn.Dropout(0.25)(mg.tensor(np.ones((3, 5))))
    assert y.numpy().tolist() == np.where(rng.random((3, 5), np.float32) >= 0.25, 1 / 0.75, 0).tolist()
    again = np.random.Generator(np.random.PCG64(3))
    assert numbers(uniform, (2, 3), generator=again) == numbers(
        uniform, (2, 3), generator=np.random.Generator(np.random.PCG64(3))
    )


def test_a_state_holds_the_generator_of_a_gpu_too() -> None:
    mg.manual_seed(5)
    state = random.get_state()
    assert state["device"] == Philox(5).get_state()
    mg.manual_seed(6)
    random.set_state(json.loads(json.dumps(state)))
    assert random.get_state() == state


def test_a_state_from_before_there_was_one_leaves_it() -> None:
    mg.manual_seed(5)
    host = {name: value for name, value in random.get_state().items() if name != "device"}
    mg.manual_seed(6)
    random.set_state(host)
    assert random.get_state() == {**host, "device": Philox(6).get_state()}


@pytest.mark.parametrize("device", WRONG)
def test_a_wrong_state_of_one_changes_neither(device: Any) -> None:
    before = random.get_state()
    mg.manual_seed(9)
    wrong = {**random.get_state(), "device": device}
    random.set_state(before)
    with pytest.raises(ValueError, match=r"not a state of minigrad\.random\.get_state\(\)"):
        random.set_state(wrong)
    assert random.get_state() == before


def test_a_snapshot_takes_generators_back() -> None:
    rng, philox = np.random.default_rng(1), Philox(1)
    restore = random.snapshot(rng, philox)

    def drawn() -> list[Any]:
        return [numbers(normal, 3, generator=generator) for generator in (rng, philox, None)]

    first = drawn()
    assert drawn() != first
    restore()
    assert drawn() == first


def test_a_negative_seed_changes_neither_generator() -> None:
    before = random.get_state()
    with pytest.raises(ValueError, match="the seed must be an integer >= 0, got -3"):
        mg.manual_seed(-3)
    assert random.get_state() == before


def test_an_unknown_device() -> None:
    for draw in (uniform, normal, lambda shape, device: random.generator(device)):
        with pytest.raises(ValueError, match="there is no device 'tpu'"):
            draw(3, device="tpu")


# -- in captured steps ---------------------------------------------------------------------------------------


class Noisy(nn.Module):
    """Adds noise from a generator of its own."""

    def __init__(self, generator: random.Generator) -> None:
        self.generator = generator

    def forward(self, x: mg.Tensor) -> mg.Tensor:
        return x + normal(x.shape, dtype=x.dtype, generator=self.generator)


def with_and_without(run: Callable[[Callable[[Any], Any]], Any]) -> None:
    """What ``run`` returns is the same, whether its steps are captured or not."""
    ends = []
    for wrap in (lambda step: step, mg.capture):
        mg.manual_seed(2)
        ends.append(run(wrap))
    assert ends[0] == ends[1]


def test_replays_draw_anew_from_a_philox(kernels: str) -> None:
    def run(wrap: Callable[[Any], Any]) -> Any:
        outside, arguments, noisy = Philox(0), [Philox(1), Philox(2)], Noisy(Philox(3))

        def step(x: mg.Tensor, rng: random.Generator, pair: tuple[Philox, ...]) -> tuple[mg.Tensor, ...]:
            between = uniform((2, 1), generator=outside, dtype=np.float64)
            return noisy(x) * between, normal((), generator=rng), uniform(5, generator=pair[0])

        step, results = wrap(step), []
        for i in range(8):
            x = mg.Tensor(np.full((2, 3), float(i)))
            drawn = step(x, arguments[i % 3 == 2], (noisy.generator,))
            results.append([t.numpy().tolist() for t in drawn])
            if i == 4:
                noisy.generator = Philox(4)
        if wrap is mg.capture:
            assert step.replays == 2
        return results, [rng.get_state() for rng in (outside, *arguments, noisy.generator)]

    with_and_without(run)


def test_replays_take_up_a_state_that_was_set_or_restored(kernels: str) -> None:
    rng = Philox(0)
    step = mg.capture(lambda: normal(3, generator=rng))

    def drawn() -> list[Any]:
        return [step().numpy().tolist() for _ in range(4)]

    drawn()
    state, restore = rng.get_state(), random.snapshot(rng)
    first = drawn()
    rng.set_state(state)
    assert drawn() == first
    restore()
    assert drawn() == first
    assert step.replays == 14


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (lambda rng: Philox(0), "a Philox was made"),
        (lambda rng: rng.get_state(), "the state of a Philox was read"),
        (lambda rng: rng.set_state(PHILOX_STATE), "the state of a Philox was set"),
        (lambda rng: mg.manual_seed(0), r"manual_seed\(\) was called"),
        (lambda rng: random.get_state(), "state of a Philox was read"),
        (lambda rng: random.set_state({}), "the random state was set"),
    ],
)
def test_what_a_replay_would_not_repeat(step: Callable[[Philox], object], message: str) -> None:
    with pytest.raises(mg.CaptureError, match=message):
        mg.capture(step)(Philox(1))
