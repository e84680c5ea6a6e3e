"""PGGAN: what grows, what does not yet, and the fade between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gans
import minigrad as mg
from gans.data.images import image_data
from gans.data.spec import Spec, spec_of
from gans.errors import UserError
from gans.networks.growing import at_level
from gans.networks.resizing import grown, shrunk
from gans.objectives import interpolate_gradient_norms
from gans.systems import build, settings_for
from gans.systems.pggan import PGGAN
from gans.trainer import DivergedError, Training
from gans.updates import deferring
from tests.states import flat

SMALL = {"latent": 3, "features": 2, "batch_size": 4, "fade_steps": 2, "hold_steps": 2, "ema": 0.5}


def images(n: int = 24, shape: tuple[int, int] = (8, 12)) -> Any:
    pixels = np.random.default_rng(0).integers(0, 256, (n, *shape)).astype(np.uint8)
    labels = (np.arange(n) % 10).astype(np.uint8)
    return image_data("noise", pixels, labels, pixels, labels)


def training(data: Any, *, capture: bool = True, **changes: Any) -> Training:
    mg.manual_seed(0)
    system = build(settings_for("pggan", "image", **{**SMALL, **changes}), spec_of(data))
    return Training(system, data, 0, capture=capture)


def system_of(size: int = 28, **changes: Any) -> PGGAN:
    mg.manual_seed(0)
    found: PGGAN = build(settings_for("pggan", "image", **{**SMALL, **changes}), (1, size, size))
    return found


def advanced(run: Training, steps: int) -> Training:
    for _ in range(steps):
        run.advance()
    return run


def same(first: Any, second: Any) -> bool:
    return flat(first) == flat(second)


def states(system: PGGAN, level: int) -> list[Any]:
    """All that training may change in a level: weights, their average, optimizers."""
    networks = [system.generator, system.discriminator, system.averages["generator"].module]
    weights = [part[level].state_dict() for network in networks for part in (network.blocks, network.images)]
    own = [part.state_dict() for name, part in system.parts().items() if name.endswith(f"_{level}")]
    assert len(own) == 4
    return [*weights, *own]


def test_level_and_fade_are_functions_of_the_step() -> None:
    system = system_of(fade_steps=3, hold_steps=2)
    expected = [(0, 1.0)] * 2
    for level in (1, 2):
        expected += [(level, 1 / 3), (level, 2 / 3), (level, 1.0), (level, 1.0), (level, 1.0)]
    assert [system.growth(step) for step in range(12)] == expected
    assert system.growth(10**9) == (2, 1.0)


@pytest.mark.parametrize("level", [1, 2])
def test_the_fade_moves_from_the_old_image_to_the_new(level: int) -> None:
    system = system_of()
    z = system.noise(4, 3, np.random.default_rng(0))
    with mg.no_grad():
        old = grown(system.generator(z, level - 1), system.sizes[level]).numpy()
        new = system.generator(z, level).numpy()
        x = mg.Tensor(new)
        scores = system.discriminator(shrunk(x, system.sizes[level - 1]), level - 1).numpy()
        for share in (0.0, 0.25, 1.0):
            alpha = mg.tensor(share)
            image = system.generator(z, level, alpha).numpy()
            np.testing.assert_allclose(image, old + share * (new - old), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(
            system.discriminator(x, level, mg.tensor(0.0)).numpy(), scores, rtol=1e-4, atol=1e-5
        )
        np.testing.assert_allclose(
            system.discriminator(x, level, mg.tensor(1.0)).numpy(),
            system.discriminator(x, level).numpy(),
            rtol=1e-4,
            atol=1e-5,
        )
    assert np.abs(new - old).max() > 1e-3
    assert np.abs(scores - system.discriminator(x, level).numpy()).max() > 1e-4


def test_real_images_fade_as_generated_ones() -> None:
    system = system_of()
    real = mg.Tensor(np.random.default_rng(0).standard_normal((2, 1, 28, 28)).astype(np.float32))
    small = shrunk(real, (14, 14))
    low = grown(shrunk(small, (7, 7)), (14, 14)).numpy()
    assert np.array_equal(at_level(real, system.sizes, 1, None).numpy(), small.numpy())
    assert np.array_equal(at_level(real, system.sizes, 2, None).numpy(), real.numpy())
    half = at_level(real, system.sizes, 1, mg.tensor(0.5)).numpy()
    np.testing.assert_allclose(half, (low + small.numpy()) / 2, atol=1e-6)


def test_the_log_shows_the_fade() -> None:
    run = training(images())
    assert [run.advance()[0].level for _ in range(6)] == [0, 0, 0.5, 1, 1, 1]


def test_a_level_that_is_not_reached_never_changes() -> None:
    run = training(images())
    system: Any = run.system
    first = states(system, 0), states(system, 1)
    advanced(run, 2)
    assert not same(states(system, 0), first[0])
    assert same(states(system, 1), first[1])
    counts = {name: part.steps for name, part in system.parts().items() if name.endswith("_1")}
    assert list(counts.values()) == [0] * 4
    advanced(run, 1)
    assert not same(states(system, 1), first[1])
    assert all(part.steps == 1 for name, part in system.parts().items() if name.endswith("_1"))


def test_what_an_image_no_longer_passes_takes_no_further_step() -> None:
    run = advanced(training(images()), 4)
    system: Any = run.system
    before = system.generator.images[0].state_dict(), system.optimizer_g_image_0.steps
    advanced(run, 1)
    assert same((system.generator.images[0].state_dict(), system.optimizer_g_image_0.steps), before)


def test_the_losses_are_the_papers() -> None:
    """Those of WGAN-GP and drift mean D(x)^2; G's has the sign that raises D's score of its images."""
    real = mg.Tensor(np.random.default_rng(0).standard_normal((4, 1, 28, 28)).astype(np.float32))
    system = system_of(drift=0.5, penalty=3.0)
    with mg.no_grad():
        small = at_level(real, system.sizes, 1, None)
        fake = system.generator(system.noise(4, 3, np.random.default_rng(7)), 1)
        on_real, on_fake = (system.discriminator(x, 1).numpy() for x in (small, fake))
    found = system.update_discriminator(real, 1, False, mg.tensor(1.0), np.random.default_rng(7))
    estimate = on_real.mean() - on_fake.mean()
    assert found["wasserstein"].item() == pytest.approx(estimate, rel=1e-4)
    loss = -estimate + found["penalty"].item() + 0.5 * np.square(on_real).mean()
    assert found["loss_d"].item() == pytest.approx(loss, rel=1e-4)
    with mg.no_grad():
        score = system.discriminator(fake, 1).numpy().mean()
    loss_g = system.update_generator(1, False, mg.tensor(1.0), np.random.default_rng(7))["loss_g"]
    assert loss_g.item() == pytest.approx(-score, rel=1e-4)


def test_the_shares_of_the_penalty_are_not_those_of_the_fade(monkeypatch: pytest.MonkeyPatch) -> None:
    """One share for each image, drawn anew; D sees the fade's alpha all the while."""
    system = system_of(batch_size=6)
    seen: list[tuple[NDArray[Any], float]] = []
    forward = type(system.discriminator).forward

    def noting(self: Any, x: mg.Tensor, level: int, fade: Any = None) -> mg.Tensor:
        seen.append((x.numpy(), fade.item()))
        return forward(self, x, level, fade)

    monkeypatch.setattr(type(system.discriminator), "forward", noting)
    real = mg.Tensor(np.random.default_rng(1).standard_normal((6, 1, 28, 28)).astype(np.float32))
    system.update_discriminator(real, 1, True, mg.tensor(0.25), np.random.default_rng(2))
    assert [alpha for _, alpha in seen] == [0.25] * 3
    on_real, on_fake, between = (x for x, _ in seen)
    share = ((between - on_fake) / (on_real - on_fake)).reshape(6, -1)
    spread = np.median(np.abs(share - np.median(share, axis=1, keepdims=True)))
    assert spread < 1e-3
    assert np.ptp(np.median(share, axis=1)) > 0.1
    assert np.abs(np.median(share, axis=1) - 0.25).min() > 1e-3


def test_the_penaltys_norm_is_over_the_whole_image() -> None:
    """(|a| - 1)^2 for D(x) = a . x, whatever the shape; over one axis it is another number."""
    a = np.random.default_rng(0).standard_normal((2, 3, 4)).astype(np.float32)
    x = mg.Tensor(np.random.default_rng(1).standard_normal((5, 2, 3, 4)).astype(np.float32))
    norms = interpolate_gradient_norms(
        lambda image: mg.ops.sum(image * mg.tensor(a), axis=(1, 2, 3)), x, x + 1.0, np.random.default_rng(2)
    )
    np.testing.assert_allclose(norms.numpy(), np.full(5, np.linalg.norm(a)), rtol=1e-5)
    assert abs(np.linalg.norm(a) - np.linalg.norm(a, axis=0).mean()) > 0.5


@pytest.mark.parametrize("stop", [1, 3, 5])
@pytest.mark.parametrize("capture", [True, False])
def test_a_resumed_training_is_the_uninterrupted_one(stop: int, capture: bool) -> None:
    """Also in the middle of a fade: after 3 of 2 + 4 steps alpha is 1/4 of the way."""
    changes = {"fade_steps": 4, "capture": capture}
    whole = advanced(training(images(), **changes), 8)
    broken = advanced(training(images(), **changes), stop)
    resumed = training(images(), **changes)
    mg.manual_seed(99)
    resumed.load_state_dict(broken.state_dict())
    assert same(advanced(resumed, 8 - stop).state_dict(), whole.state_dict())
    assert not same(broken.state_dict(), whole.state_dict())


def test_captured_updates_are_the_updates() -> None:
    with_capture, without = (advanced(training(images(), capture=c), 9) for c in (True, False))
    assert same(with_capture.state_dict(), without.state_dict())


def test_a_batch_of_one_stays_finite() -> None:
    run = training(images(8), batch_size=1)
    for _ in range(6):
        (record,) = run.advance()
        assert all(np.isfinite(value) for value in record.numbers.values())


def test_a_failing_update_changes_nothing() -> None:
    run = advanced(training(images()), 3)
    before = run.system.state_dict()
    run.system.generator.images[1].bias.data[:] = np.nan
    run.system.generator.images[1].bias.changed()
    with pytest.raises(DivergedError, match=r"step 4 .discriminator update"):
        run.advance()
    after = run.system.state_dict()
    for state in (before, after):
        del state["generator"]["images.1.bias"]
    assert same(before, after)


def test_samples_are_the_averages_and_have_the_whole_size() -> None:
    run = training(images())
    system: Any = run.system
    weight, average = (
        g.images[0].weight_orig for g in (system.generator, system.averages["generator"].module)
    )
    first = weight.numpy().copy()
    advanced(run, 1)
    np.testing.assert_allclose(average.numpy(), 0.5 * first + 0.5 * weight.numpy(), rtol=1e-5)
    averaged = system.sample(3, np.random.default_rng(0)).samples
    present = system.sample(3, np.random.default_rng(0), average=False).samples
    assert averaged.shape == (3, 1, 8, 12)
    assert not np.array_equal(averaged, present)
    assert np.array_equal(averaged[..., ::2, :], averaged[..., 1::2, :])  # pixels of level 0, repeated
    late = advanced(run, 4).system.sample(3, np.random.default_rng(0)).samples
    assert not np.array_equal(late[..., ::2, :], late[..., 1::2, :])


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 9, 32), (1, 28, 28), (3, 64, 64)])
def test_the_levels_take_their_sizes_from_the_images(shape: tuple[int, int, int]) -> None:
    system = build(settings_for("pggan", "image", **SMALL), shape)
    assert system.sizes[-1] == shape[1:]
    rng = np.random.default_rng(0)
    real = mg.Tensor(rng.standard_normal((2, *shape)).astype(np.float32))
    for level in range(len(system.sizes)):
        fading = level > 0
        system.update_discriminator(real, level, fading, mg.tensor(0.5 if fading else 1.0), rng)
        numbers = system.update_generator(level, fading, mg.tensor(0.5 if fading else 1.0), rng)
        assert np.isfinite(numbers["loss_g"].item())
    assert system.sample(2, rng).samples.shape == (2, *shape)


@pytest.mark.parametrize("shape", [(1, 7, 28), (1, 28, 65)])
def test_other_sizes_are_refused_with_those_that_fit(shape: tuple[int, int, int]) -> None:
    with pytest.raises(UserError, match="pggan needs sides of 8 to 64 pixels"):
        build(settings_for("pggan", "image"), Spec("image", shape))


def test_the_distance_of_patches_stands_beside_that_of_real_images() -> None:
    data = images(30, (28, 28))
    system = system_of()
    figures = system.figures(data, np.random.default_rng(0))
    assert system.figure_meanings.keys() <= figures.keys() == {"measured", "swd", "swd_floor"}
    assert figures["swd"] > figures["swd_floor"]


def test_an_update_that_fails_on_a_gpu_changes_nothing() -> None:
    """Numbers that are read later cannot stop an update, which still changes no array."""
    system = system_of()
    real = mg.Tensor(np.random.default_rng(1).standard_normal((4, 1, 28, 28)).astype(np.float32))
    rng, one = np.random.default_rng(0), mg.tensor(1.0)
    weight = system.generator.images[0].weight_orig
    kept = weight.data[0, 0, 0, 0].copy()
    for value, moves in ((np.nan, False), (kept, True)):
        weight.data[0, 0, 0, 0] = value
        weight.changed()
        before = flat(system.state_dict())
        with deferring(), np.errstate(all="ignore"):
            system.update_discriminator(real, 0, False, one, rng)
            system.update_generator(0, False, one, rng)
        after = flat(system.state_dict())
        changed = {name for name in after if after[name] != before[name] and not name.endswith(".steps")}
        assert bool(changed) == moves
    assert system.progress.steps.item() == 1


def test_a_run_is_trained_resumed_sampled_and_measured(tmp_path: Path) -> None:
    data, out = images(80, (28, 28)), tmp_path / "run"
    gans.train("pggan", data=data, out=out, steps=3, progress=False, **SMALL)
    run = gans.resume(out, data=data, steps=5, progress=False)
    assert [record["level"] for record in run.history] == [0, 0, 0.5, 1, 1]
    assert (out / "losses.png").exists()
    assert run.sample(3).shape == (3, 1, 28, 28)
    assert {"fd", "swd", "swd_floor"} <= gans.evaluate(out, data=data, n=80).keys()
