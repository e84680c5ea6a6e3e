"""Networks in evaluation are replayed, and a replay sees all that decides what they make."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans import systems
from gans.data.spec import Spec
from gans.networks.noise import DrawingFrom, Dropout
from gans.systems import in_batches
from gans.systems.sampling import Replays
from gans.updates import descend
from minigrad import Tensor, nn, no_grad
from minigrad.optim import Adam


def network() -> nn.Sequential:
    mg.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2)).eval()


def noise(n: int, seed: int = 0) -> Tensor:
    return mg.random.normal((n, 3), generator=np.random.default_rng(seed))


def eager(model: nn.Module, z: Tensor) -> bytes:
    with no_grad():
        return model(z).numpy().tobytes()


@pytest.fixture
def replays() -> Replays:
    return Replays()


def replayed(replays: Replays, model: nn.Module, z: Tensor) -> bytes:
    with no_grad(), replays.using(True):
        return in_batches(model, z).tobytes()


def recorded(replays: Replays) -> nn.Module:
    model = network()
    for seed in range(3):
        assert replayed(replays, model, noise(5, seed)) == eager(model, noise(5, seed))
    assert replays.captured.replays == 1
    return model


def test_a_third_call_is_a_replay_with_the_same_bits(replays: Replays) -> None:
    model = recorded(replays)
    z = noise(5, seed=9)
    assert replayed(replays, model, z) == eager(model, z)
    assert replays.captured.replays == 2


def test_a_replay_sees_weights_and_statistics_that_training_changed_in_place(replays: Replays) -> None:
    model, z = recorded(replays), noise(5)
    optimizer, seen = Adam(model.parameters(), lr=0.1), set()
    for _ in range(5):
        model.train()
        descend(mg.ops.mean(mg.ops.square(model(noise(8, 3)))), optimizer)
        model.eval()
        made = replayed(replays, model, z)
        assert made == eager(model, z)
        seen.add(made)
    assert len(seen) == 5
    assert replays.captured.replays == 4  # the first step moves the weights together, to be recorded anew


def test_a_replay_sees_a_loaded_state(replays: Replays) -> None:
    model, z = recorded(replays), noise(5)
    state = {name: value + 1 for name, value in model.state_dict().items()}
    model.load_state_dict(state)
    assert replayed(replays, model, z) == eager(model, z)


def test_weights_elsewhere_are_recorded_anew(replays: Replays) -> None:
    model, z = recorded(replays), noise(5)
    model[0].weight = nn.Parameter(2 * model[0].weight.numpy())  # type: ignore[index]
    assert replayed(replays, model, z) == eager(model, z)


def test_batches_of_each_size_have_a_recording_and_the_last_may_be_smaller(replays: Replays) -> None:
    model = network()
    for seed, n in enumerate([1, 4, 1, 4, 1, 4, 6, 2, 1]):
        assert replayed(replays, model, noise(n, seed)) == eager(model, noise(n, seed))
    z = noise(10)
    with no_grad(), replays.using(True):
        made = in_batches(model, z, size=4)
    assert made.tobytes() == b"".join(eager(model, z[i : i + 4]) for i in (0, 4, 8))


def test_training_mode_is_another_recording(replays: Replays) -> None:
    model, z = recorded(replays), noise(5)
    model.train()
    twin = network().train()
    assert replayed(replays, model, z) == eager(twin, z)
    model.eval()
    twin.eval()
    assert replayed(replays, model, z) == eager(twin, z)  # with the statistics that the batch has moved


def test_each_call_draws_from_its_own_generator(replays: Replays) -> None:
    model, z = nn.Sequential(nn.Linear(3, 4), Dropout(0.5, lasting=True)).eval(), noise(5)
    for seed in range(5):
        with DrawingFrom(np.random.default_rng(seed)):
            made = replayed(replays, model, z)
        with DrawingFrom(np.random.default_rng(seed)):
            assert made == eager(model, z)
    assert replays.captured.replays == 3
    mg.manual_seed(1)
    made = replayed(replays, model, z)
    mg.manual_seed(1)
    assert made == eager(model, z)


class Reading(nn.Module):
    """Draws, and then looks at a number, as no captured step may."""

    def forward(self, x: Tensor) -> Tensor:
        x = x + mg.random.normal(x.shape)
        return x if float(mg.ops.mean(x)) > 0 else -x


def test_what_cannot_be_captured_runs_op_by_op_and_draws_once(replays: Replays) -> None:
    model, z = Reading().eval(), noise(5)
    for seed in range(4):
        mg.manual_seed(seed)
        made = replayed(replays, model, z)
        mg.manual_seed(seed)
        assert made == eager(model, z)
    assert replays.captured.replays == 0


def test_samples_can_be_written_and_are_no_ones_else(replays: Replays) -> None:
    z = noise(5)
    for model in (network(), nn.Sequential(), lambda x: x):
        for _ in range(4):
            with no_grad(), replays.using(True):
                made = in_batches(model, z)
            made[...] = 7
        assert not (z.numpy() == 7).any()


def system(**options: Any) -> Any:
    mg.manual_seed(0)
    settings = systems.settings_for("gan", "points", latent=3, width=8, depth=1, **options)
    return systems.build(settings, Spec("points", (2,)))


def test_a_system_samples_by_replays_while_it_trains() -> None:
    gan = system(ema=0.5)
    real = mg.random.normal((8, 2), generator=np.random.default_rng(1))
    for seed in range(6):
        made = {
            average: gan.sample(6, np.random.default_rng(seed), average=average).samples
            for average in (True, False)
        }
        z = gan.latent(6, np.random.default_rng(seed))
        for average, samples in made.items():
            model = gan.averages["generator"].module if average else gan.generator
            model.eval()
            assert samples.tobytes() == eager(model, z)
            model.train(not average)
        assert gan.generator.training
        gan.update_discriminator(real, np.random.default_rng(seed))
        gan.update_generator(np.random.default_rng(seed))
        gan.averages["generator"].update()
    assert gan._replays.captured.replays == 8


def test_evaluating_keeps_the_modes_of_all_parts() -> None:
    gan = system()
    gan.generator.train()
    gan.discriminator.eval()
    next(iter(gan.generator.children())).eval()
    before = [part.training for part in (*gan.generator.modules(), *gan.discriminator.modules())]
    with gan.evaluating():
        assert not any(part.training for part in (*gan.generator.modules(), *gan.discriminator.modules()))
    assert [part.training for part in (*gan.generator.modules(), *gan.discriminator.modules())] == before
