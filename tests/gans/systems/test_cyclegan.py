"""CycleGAN: its losses, its schedule, pools of one set each, and the way there and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans.data.mnist5k import load_mnist5k
from gans.systems import Ask, Batch
from minigrad import Tensor
from tests.gans.systems.translators import data_for, few, rows, system_for, training_for

CycleGAN = Any


def small(**changes: Any) -> CycleGAN:
    return system_for("cyclegan", data_for("cyclegan"), **changes)


def images(seed: int) -> Tensor:
    return mg.tensor(np.random.default_rng(seed).uniform(-1, 1, (2, 1, 28, 28)).astype(np.float32))


def l1(x: Tensor, y: Tensor) -> float:
    return float(np.abs(x.numpy() - y.numpy()).mean())


def to(x: Tensor, target: float) -> float:
    return float(np.square(x.numpy() - target).mean())


def test_the_generators_loss_is_the_papers() -> None:
    system, a, b = small(cycle=7.0, identity=3.0), images(1), images(2)
    with mg.no_grad():
        fake_a, fake_b = system.b_to_a(b), system.a_to_b(a)
        adversarial = to(system.discriminator_a(fake_a), 1) + to(system.discriminator_b(fake_b), 1)
        cycle = l1(system.b_to_a(fake_b), a) + l1(system.a_to_b(fake_a), b)
        identity = l1(system.b_to_a(a), a) + l1(system.a_to_b(b), b)
    numbers, made = system.update_generators(a, b)
    assert numbers["adversarial"].item() == pytest.approx(adversarial, rel=1e-5)
    assert numbers["cycle"].item() == pytest.approx(cycle, rel=1e-5)
    assert numbers["identity"].item() == pytest.approx(identity, rel=1e-5)
    assert numbers["loss_g"].item() == pytest.approx(adversarial + 7 * cycle + 3 * identity, rel=1e-5)
    assert [m.tolist() for m in made] == [fake_a.tolist(), fake_b.tolist()]


def test_each_discriminator_s_loss_is_half_of_the_two_squares() -> None:
    system, a, b, fake_a, fake_b = small(), *map(images, range(4))
    with mg.no_grad():
        expected = {
            side: (to(judge(real), 1) + to(judge(fake), 0)) / 2
            for side, judge, real, fake in (
                ("loss_d_a", system.discriminator_a, a, fake_a),
                ("loss_d_b", system.discriminator_b, b, fake_b),
            )
        }
    numbers = system.update_discriminators(a, b, fake_a, fake_b)
    for name, value in expected.items():
        assert numbers[name].item() == pytest.approx(value, rel=1e-5)
    assert numbers["loss_d"].item() == pytest.approx(sum(expected.values()), rel=1e-5)


def weights(*networks: Any) -> list[bytes]:
    return [p.numpy().tobytes() for network in networks for p in network.parameters()]


def test_each_update_moves_its_own_networks_alone() -> None:
    system, a, b = small(), images(1), images(2)
    generators, judges = (system.a_to_b, system.b_to_a), (system.discriminator_a, system.discriminator_b)
    first_g, first_d = weights(*generators), weights(*judges)
    _, (fake_a, fake_b) = system.update_generators(a, b)
    assert weights(*judges) == first_d
    assert all(x != y for x, y in zip(weights(*generators), first_g, strict=True))
    moved = weights(*generators)
    system.update_discriminators(a, b, fake_a, fake_b)
    assert weights(*generators) == moved
    assert all(x != y for x, y in zip(weights(*judges), first_d, strict=True))


def test_the_rate_is_constant_and_then_falls() -> None:
    system = small(lr=1e-3, lr_steps=100)
    rates = {step: system.rates(step)["optimizer_g"] for step in (0, 50, 75, 90, 100, 1000)}
    assert rates == pytest.approx({0: 1e-3, 50: 1e-3, 75: 5e-4, 90: 2e-4, 100: 1e-5, 1000: 1e-5})
    assert system.rates(75)["optimizer_d"] == system.rates(75)["optimizer_g"]
    assert small(lr=1e-3, lr_steps=0).rates(10**6)["optimizer_d"] == 1e-3


class Steps:
    """A trainer whose generators make images of a known number: 1, 2, ... of a, and -1, -2, ... of b."""

    def __init__(self) -> None:
        self.host_rng = np.random.default_rng(0)
        self.count = 0.0
        self.judged: list[tuple[list[float], list[float]]] = []

    def batch(self) -> Batch:
        return Batch(rows(-100.0), source=rows(100.0))

    def update(self, update: Any, *arguments: Tensor) -> Any:
        if update.update.name == "generators":
            assert [x.numpy().max() for x in arguments] == [100.0, -100.0]
            self.count += 1
            return rows(self.count, shape=(1, 28, 28)), rows(-self.count, shape=(1, 28, 28))
        assert [x.numpy().max() for x in arguments[:2]] == [100.0, -100.0]
        self.judged.append(tuple(x.numpy()[:, 0, 0, 0].tolist() for x in arguments[2:]))
        return None


def domains_are_kept_apart(system: CycleGAN) -> bool:
    """Whether 40 steps give each discriminator fakes of its own set alone, some of them past ones."""
    steps: Any = Steps()
    for _ in range(40):
        system.step(steps)
    of_a, of_b = [x for a, _ in steps.judged for x in a], [x for _, b in steps.judged for x in b]
    assert any(x != step for step, x in enumerate(of_a, 1))
    return bool(min(of_a) > 0 > max(of_b))


def test_the_pools_never_mix_the_sets() -> None:
    assert domains_are_kept_apart(small(pool=5))


def test_the_pools_test_finds_a_pool_that_serves_both_sets() -> None:
    mixed = small(pool=5)
    mixed.pool_b = mixed.pool_a
    assert not domains_are_kept_apart(mixed)


def test_the_pools_are_in_the_checkpoint_and_a_new_run_has_empty_ones() -> None:
    training = training_for("cyclegan", pool=4)
    for _ in range(5):
        training.advance()
    state = training.system.state_dict()
    for name in ("pool_a", "pool_b"):
        assert state[name]["filled"] == 4
        assert len({image.tobytes() for image in state[name]["images"]}) > 1
    fresh = small(pool=4)
    assert fresh.pool_a.filled == 0
    assert not fresh.pool_a.images.numpy().any()
    fresh.load_state_dict(state)
    assert np.array_equal(fresh.pool_b.images.numpy(), state["pool_b"]["images"])


def test_a_picture_has_both_directions_with_the_answers_beside() -> None:
    data = data_for("cyclegan")
    system = system_for("cyclegan", data)
    a, b = data.test(slice(6))
    made = system.show(64, np.random.default_rng(0), Ask(sources=a, targets=b))
    assert made.targets is not None
    assert np.array_equal(made.sources, np.concatenate([a[:3], b[:3]]))
    assert np.array_equal(made.targets, np.concatenate([b[:3], a[:3]]))
    back = system.sample(3, np.random.default_rng(0), Ask(sources=b[:3], back=True)).samples
    assert np.array_equal(made.samples[3:], back)


def test_the_cycle_figures_are_those_of_there_and_back() -> None:
    data = data_for("cyclegan")
    system = system_for("cyclegan", data)

    class Copy(mg.nn.Module):
        def __init__(self, change: float) -> None:
            self.change = change

        def forward(self, x: Tensor) -> Tensor:
            return x + self.change

    system.a_to_b, system.b_to_a = Copy(0.5), Copy(-0.5)
    assert system.figures(data, np.random.default_rng(0)) == pytest.approx(
        {"cycle_a": 0, "cycle_b": 0}, abs=1e-6
    )
    system.b_to_a = Copy(-0.25)
    assert system.figures(data, np.random.default_rng(0)) == pytest.approx({"cycle_a": 0.25, "cycle_b": 0.25})


@pytest.mark.slow
def test_the_cycle_closes() -> None:
    """In 200 steps on digits and thick ones; without the cycle loss nothing closes it as far."""
    closed = {}
    for weight in (10.0, 0.0):
        data = data_for("cyclegan", images=load_mnist5k())
        changes: dict[str, Any] = {"batch_size": 4, "features": 8, "lr": 1e-3, "lr_steps": 200, "pool": 50}
        training = training_for("cyclegan", data, cycle=weight, identity=0.0, **changes)
        for _ in range(200):
            training.advance()
        with training.system.evaluating():
            closed[weight] = training.system.figures(
                data_for("cyclegan", images=few()), np.random.default_rng(0)
            )
    print(closed)
    for name in ("cycle_a", "cycle_b"):
        assert closed[10.0][name] < 0.15
        assert closed[10.0][name] < closed[0.0][name] / 2
