"""Numbers drawn on a device: those of the CPU's kernels, without a copy, within a CUDA graph too."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, ops, random
from minigrad.random import Philox, normal, uniform
from minigrad.random.discrete import _ranks
from tests.gpu.device.conftest import Copies

Draw = Callable[..., mg.Tensor]
DRAWS = pytest.mark.parametrize("draw", [uniform, normal])


@DRAWS
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_philox_draws_the_same_numbers_on_each_device(
    draw: Draw, dtype: type, cupy: ModuleType, copies: Copies
) -> None:
    on_cpu, on_device = Philox(3, stream=5), Philox(3, stream=5, device="cuda")
    copies.reset()
    drawn = [draw(shape, dtype=dtype, generator=on_device) for shape in ((3, 2), (), 0, 1000)]
    copies.check(reads=0, writes=0)
    for y in drawn:
        assert (type(y.data), y.device) == (cupy.ndarray, "cuda")
        expected = draw(y.shape, dtype=dtype, generator=on_cpu).numpy()
        if draw is uniform:
            np.testing.assert_array_equal(y.numpy(), expected)
        else:
            np.testing.assert_allclose(y.numpy(), expected, rtol=0, atol=40 * np.finfo(dtype).eps)
    assert on_device.get_state() == on_cpu.get_state()


@DRAWS
def test_a_generator_of_numpys_draws_the_same_numbers_on_each_device(draw: Draw, cupy: ModuleType) -> None:
    on_cpu = draw((3, 2), generator=np.random.default_rng(1))
    on_device = draw((3, 2), generator=np.random.default_rng(1), device="cuda")
    assert on_device.device == "cuda"
    np.testing.assert_array_equal(on_cpu.numpy(), on_device.numpy())


@DRAWS
def test_the_process_wide_generator_of_the_device(draw: Draw, cupy: ModuleType, copies: Copies) -> None:
    mg.manual_seed(4)
    rng = Philox(4, device="cuda")
    for _ in range(2):
        np.testing.assert_array_equal(
            draw((3, 2), device="cuda").numpy(), draw((3, 2), generator=rng).numpy()
        )
    state = random.get_state()
    assert state["device"] == rng.get_state()
    generator = random.generator("cuda")
    assert isinstance(generator, Philox)
    assert repr(generator) == "<Philox on cuda>"
    copies.reset()
    expected = draw(3, device="cuda")
    copies.check(reads=0, writes=0)
    mg.manual_seed(5)
    random.set_state(state)
    np.testing.assert_array_equal(draw(3, device="cuda").numpy(), expected.numpy())
    assert random.generator("cuda") is generator


def discrete(logits: mg.Tensor, rng: random.Generator) -> list[mg.Tensor]:
    """A draw of each kind that gives integers, and gumbel_softmax."""
    device = logits.device if isinstance(rng, Philox) else None
    order = random.permutation(100, generator=rng, device=device)
    return [
        random.integers(-5, 1000, (30, 7), generator=rng, device=device),
        random.categorical(logits, generator=rng),
        random.categorical(logits, axis=0, generator=rng),
        order,
        nn.functional.gumbel_softmax(logits, 0.5, generator=rng),
    ]


def test_integers_classes_and_orders_are_those_of_the_cpu(cupy: ModuleType) -> None:
    logits = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)
    for make in (lambda device: Philox(3, device=device), lambda device: np.random.default_rng(3)):
        *expected, soft = discrete(mg.tensor(logits), make("cpu"))
        *found, soft_too = discrete(mg.tensor(logits, device="cuda"), make("cuda"))
        for a, b in zip(found, expected, strict=True):
            assert a.dtype == b.dtype == np.int64
            np.testing.assert_array_equal(a.numpy(), b.numpy())
        np.testing.assert_allclose(soft_too.numpy(), soft.numpy(), rtol=1e-4, atol=1e-6)
        assert [t.device for t in found[1:3]] == ["cuda", "cuda"]


def test_orders_compared_in_parts_are_the_same(cupy: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = random.permutation(50, generator=Philox(1)).tolist()
    monkeypatch.setattr("minigrad.random.discrete.COMPARED", 150)
    assert random.permutation(50, generator=Philox(1, device="cuda")).tolist() == expected
    assert sorted(expected) == [*range(50)]
    numbers = np.random.default_rng(0).integers(0, 3, 50) / 3.0  # of equal ones the first comes first
    assert _ranks(cupy.asarray(numbers)).get().tolist() == _ranks(numbers).tolist()
    assert sorted(_ranks(numbers)) == [*range(50)]


def test_they_are_drawn_anew_within_the_graph_and_read_nothing(cupy: ModuleType, copies: Copies) -> None:
    draws = []
    for wrap in (lambda step: step, mg.capture):
        rng, step = Philox(1, device="cuda"), wrap(discrete)
        logits = mg.tensor(np.random.default_rng(0).normal(size=(5, 6)), device="cuda")
        draws.append([[t.numpy().tolist() for t in step(logits, rng)] for _ in range(5)])
    assert draws[0] == draws[1]
    assert len({str(each) for each in draws[0]}) == 5
    copies.reset()
    step(logits, rng)
    copies.check(reads=0, writes=0, launches=1)


def test_a_state_goes_on_on_the_other_device(cupy: ModuleType) -> None:
    for source, target in (("cpu", "cuda"), ("cuda", "cpu")):
        rng, other = Philox(1, device=source), Philox(0, device=target)
        uniform(7, generator=rng)
        other.set_state(rng.get_state())
        np.testing.assert_array_equal(uniform(5, generator=rng).numpy(), uniform(5, generator=other).numpy())


def test_another_device_than_its_own_is_refused(cupy: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"a Philox on cuda draws there, not on cpu; leave device= out"):
        normal(3, generator=Philox(0, device="cuda"), device="cpu")


def test_dropout_draws_on_the_device(cupy: ModuleType, copies: Copies) -> None:
    layer, x = nn.Dropout(0.25), mg.tensor(np.ones(4000, np.float32), device="cuda")
    mg.manual_seed(1)
    first = layer(x)
    copies.reset()
    second = layer(x)
    (gx,) = mg.grad(ops.sum(second), [x])
    copies.check(reads=0, writes=0)
    assert set(np.unique(first.numpy())) == {np.float32(0), np.float32(1 / 0.75)}
    assert abs(first.numpy().mean() - 1) < 4 * np.sqrt(1 / 3 / x.size)
    assert not np.array_equal(first.numpy(), second.numpy())
    np.testing.assert_array_equal(gx.numpy(), second.numpy())
    mg.manual_seed(1)
    np.testing.assert_array_equal(layer(x).numpy(), first.numpy())
    keep = uniform(x.shape, generator=Philox(1)).numpy() >= 0.25
    np.testing.assert_array_equal(first.numpy() > 0, keep)


def test_a_snapshot_waits_for_nothing(cupy: ModuleType, copies: Copies) -> None:
    rng = Philox(1, device="cuda")
    uniform(1, device="cuda")
    copies.reset()
    restore = random.snapshot(rng)
    first = [uniform(3, generator=rng), uniform(3, device="cuda")]
    restore()
    again = [uniform(3, generator=rng), uniform(3, device="cuda")]
    copies.check(reads=0, writes=0)
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_a_snapshot_from_before_the_device_was_used(cupy: ModuleType) -> None:
    restore = random.snapshot()
    first = uniform(3, device="cuda").numpy()
    restore()
    np.testing.assert_array_equal(uniform(3, device="cuda").numpy(), first)


class Noisy(nn.Module):
    """Adds noise from a generator of its own."""

    def __init__(self) -> None:
        self.generator = Philox(3, device="cuda")

    def forward(self, x: mg.Tensor) -> mg.Tensor:
        return x + normal(x.shape, generator=self.generator)


def test_replays_draw_anew_within_the_graph(cupy: ModuleType, copies: Copies) -> None:
    """From a Philox closed over, passed, in a module, and the process-wide one, by dropout."""
    ends, count = [], 7
    for wrap in (lambda step: step, mg.capture):
        outside, argument, noisy, dropout = (
            Philox(0, device="cuda"),
            Philox(1, device="cuda"),
            Noisy(),
            nn.Dropout(),
        )

        def step(
            x: mg.Tensor, rng: Philox, outside: Any = outside, noisy: Any = noisy, dropout: Any = dropout
        ) -> tuple[mg.Tensor, ...]:
            between = uniform((2, 1), dtype=np.float64, generator=outside)
            return dropout(noisy(x)), between, normal((), generator=rng), uniform(5, device="cuda")

        run, results = wrap(step), []
        mg.manual_seed(2)
        for i in range(count):
            x = mg.tensor(np.full((2, 3), i), np.float32, "cuda")
            copies.reset()
            results.append(run(x, argument))
            if i > 2 and wrap is mg.capture:
                copies.check(reads=0, writes=0, launches=1)
        ends.append(
            (
                [[t.numpy().tolist() for t in drawn] for drawn in results],
                [rng.get_state() for rng in (outside, argument, noisy.generator)],
                random.get_state(),
            )
        )
        assert len({str(drawn[1:]) for drawn in ends[-1][0]}) == count
    assert run.replays == count - 2
    assert ends[0] == ends[1]


def test_replays_take_up_a_state_that_was_set_or_restored(cupy: ModuleType) -> None:
    rng = Philox(0, device="cuda")
    step = mg.capture(lambda: [normal(3, generator=rng), uniform(3, device="cuda")])

    def drawn() -> list[Any]:
        return [[t.numpy().tolist() for t in step()] for _ in range(4)]

    drawn()
    states, restore = (rng.get_state(), random.get_state()), random.snapshot(rng)
    first = drawn()
    rng.set_state(states[0])
    random.set_state(states[1])
    assert drawn() == first
    restore()
    assert drawn() == first
    assert step.replays == 14


def test_a_step_on_the_device_may_draw_on_both(cupy: ModuleType, copies: Copies) -> None:
    ends = []
    for wrap in (lambda step: step, mg.capture):
        on_cpu, on_device, numpys = Philox(0), Philox(0, device="cuda"), np.random.default_rng(0)

        def step(rng: Any, on_cpu: Any = on_cpu, on_device: Any = on_device) -> list[mg.Tensor]:
            noise = uniform(3, generator=on_cpu).to("cuda") * normal(3, generator=rng, device="cuda")
            return [noise + uniform(3, generator=on_device), uniform(3, generator=on_cpu)]

        run = wrap(step)
        ends.append(
            (
                [[t.numpy().tolist() for t in run(numpys)] for _ in range(6)],
                on_cpu.get_state(),
                on_device.get_state(),
            )
        )
    assert run.replays == 4
    assert ends[0] == ends[1]
