"""What is particular to the variants of GAN: their settings in their losses, spectral norm, packs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import minigrad as mg
from gans import systems
from gans.data import load
from gans.data.spec import Spec, spec_of
from gans.errors import UserError
from gans.networks.packs import Pack
from gans.objectives import interpolate_gradient_norms
from gans.systems import SYSTEMS, build, settings_for
from gans.systems.two_player import TwoPlayer
from gans.trainer import Training
from minigrad import Tensor, nn
from tests.gans.commands import failure
from tests.gans.systems import contract
from tests.states import flat

SHAPES: dict[str, tuple[int, ...]] = {"image": (1, 8, 8), "points": (2,)}
SMALL: dict[str, Any] = {"batch_size": 6, "latent": 4, "width": 8, "depth": 1, "features": 4}
ROWS = ["wgan-div", "lsgan", "f-gan", "sngan", "dragan", "relativistic", "r1", "pacgan"]

each_row = pytest.mark.parametrize("model", ROWS)
each_kind = pytest.mark.parametrize("kind", ["image", "points"])


def built(model: str, kind: Any = "points", **changes: Any) -> TwoPlayer:
    mg.manual_seed(0)
    chosen = settings_for(model, kind, **{**SMALL, **changes})
    system: TwoPlayer = build(chosen, Spec.of(SHAPES[kind]))
    return system


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def samples(kind: str = "points", seed: int = 1) -> Tensor:
    return Tensor(rng(seed).uniform(-1, 1, (6, *SHAPES[kind])).astype(np.float32))


def logits(system: TwoPlayer, real: Tensor, seed: int = 0) -> tuple[NDArray[Any], NDArray[Any], Tensor]:
    """D's logits of real samples and of the fakes from the noise of ``seed``, and the fakes."""
    with mg.no_grad():
        fake = system.generator(system.latent(len(real), rng(seed)))
        return system.discriminator(real).numpy(), system.discriminator(fake).numpy(), fake


def update_g(system: TwoPlayer, kind: str = "points", seed: int = 0) -> float:
    real = [samples(kind, seed=3)] if system.objective.needs_real else []
    return float(system.update_generator(rng(seed), *real)["loss_g"].item())


def sigmoid(x: NDArray[Any]) -> NDArray[Any]:
    return 1 / (1 + np.exp(-x))


LOSSES: list[tuple[str, dict[str, Any], Callable[..., float], Callable[..., float]]] = [
    (
        "lsgan",
        {"target_fake": -0.5, "target_real": 2.0, "target_g": 0.25},
        lambda x, y: ((x - 2) ** 2).mean() / 2 + ((y + 0.5) ** 2).mean() / 2,
        lambda x, y: ((y - 0.25) ** 2).mean() / 2,
    ),
    (
        "sngan",
        {},
        lambda x, y: np.maximum(0, 1 - x).mean() + np.maximum(0, 1 + y).mean(),
        lambda x, y: -y.mean(),
    ),
    (
        "relativistic",
        {"objective": "relativistic"},
        lambda x, y: -np.log(sigmoid(x - y)).mean(),
        lambda x, y: -np.log(sigmoid(y - x)).mean(),
    ),
    (
        "relativistic",
        {},
        lambda x, y: -np.log(sigmoid(x - y.mean())).mean() - np.log(1 - sigmoid(y - x.mean())).mean(),
        lambda x, y: -np.log(sigmoid(y - x.mean())).mean() - np.log(1 - sigmoid(x - y.mean())).mean(),
    ),
    (
        "f-gan",
        {"divergence": "pearson", "objective": "minimax"},
        lambda x, y: (y**2 / 4 + y).mean() - x.mean(),
        lambda x, y: -(y**2 / 4 + y).mean(),
    ),
    (
        "f-gan",
        {"divergence": "kl", "objective": "non-saturating"},
        lambda x, y: np.exp(y - 1).mean() - x.mean(),
        lambda x, y: -y.mean(),
    ),
]


@pytest.mark.parametrize(("model", "changes", "loss_d", "loss_g"), LOSSES)
def test_settings_and_data_reach_the_losses(
    model: str, changes: dict[str, Any], loss_d: Callable[..., float], loss_g: Callable[..., float]
) -> None:
    system, real = built(model, **changes), samples()
    on_real, on_fake, _ = logits(system, real)
    system = built(model, **changes)  # spectral norm moved on with the logits
    found = system.update_discriminator(real, rng())["loss_d"].item()
    tolerance = 0.05 if model == "sngan" else 1e-5
    assert found == pytest.approx(loss_d(on_real, on_fake), rel=tolerance)
    on_real, on_fake, _ = logits(system, samples(seed=3))
    assert update_g(system) == pytest.approx(loss_g(on_real, on_fake), rel=tolerance)


@each_row
@each_kind
def test_each_update_moves_its_own_network_alone(model: str, kind: str) -> None:
    system = built(model, kind)

    def weights(network: nn.Module) -> list[bytes]:
        return [p.data.tobytes() for p in network.parameters()]

    g, d = weights(system.generator), weights(system.discriminator)
    system.update_discriminator(samples(kind), rng())
    assert weights(system.generator) == g
    assert weights(system.discriminator) != d
    d = weights(system.discriminator)
    assert np.isfinite(update_g(system, kind))
    assert weights(system.discriminator) == d
    assert all(x != y for x, y in zip(weights(system.generator), g, strict=True))


def entropy(x: NDArray[Any], y: NDArray[Any]) -> float:
    return float(np.logaddexp(0, -x).mean() + np.logaddexp(0, y).mean())


def slopes(system: TwoPlayer, x: Tensor) -> NDArray[Any]:
    """The squared norm of D's gradient at each sample."""
    x = Tensor(x.data.copy())
    (slope,) = mg.grad(mg.ops.sum(system.discriminator(x)), [x])
    return np.square(slope.data.reshape(len(x), -1)).sum(axis=1)


@each_kind
def test_r1_and_r2_are_added_to_the_cross_entropy(kind: str) -> None:
    system, real = built("r1", kind, r1=3.0, r2=0.5), samples(kind)
    on_real, on_fake, fake = logits(system, real)
    expected = 1.5 * slopes(system, real).mean() + 0.25 * slopes(system, fake).mean()
    found = system.update_discriminator(real, rng())
    assert found["penalty"].item() == pytest.approx(expected, rel=1e-4)
    assert found["loss_d"].item() == pytest.approx(entropy(on_real, on_fake) + expected, rel=1e-4)
    assert "wasserstein" not in found
    without = built("r1", kind, r1=0.0, r2=0.0)
    assert without.objective.penalty is None
    assert without.update_discriminator(real, rng())["loss_d"].item() == pytest.approx(
        entropy(on_real, on_fake), rel=1e-5
    )


def test_dragan_looks_around_the_data() -> None:
    system, real = built("dragan", penalty=4.0, spread=0.0), samples()
    expected = 4 * np.mean((np.sqrt(slopes(system, real)) - 1) ** 2)
    found = system.update_discriminator(real, rng())
    assert found["penalty"].item() == pytest.approx(expected, rel=1e-4)
    wide = built("dragan", penalty=4.0, spread=5.0).update_discriminator(real, rng())
    assert abs(wide["penalty"].item() - expected) > 1e-3


def test_wgan_div_reports_the_distance_and_the_power_of_the_gradient() -> None:
    system, real = built("wgan-div", penalty=3.0, power=4.0), samples()
    on_real, on_fake, fake = logits(system, real)
    after_noise = rng()
    system.latent(len(real), after_noise)
    norms = interpolate_gradient_norms(system.discriminator, real, fake, after_noise).data
    found = system.update_discriminator(real, rng())
    assert found["penalty"].item() == pytest.approx(3 * np.mean(norms**4), rel=1e-4)
    assert found["wasserstein"].item() == pytest.approx(on_real.mean() - on_fake.mean(), rel=1e-4)


def test_minus_the_loss_of_f_gans_d_is_a_bound_of_its_divergence() -> None:
    system, real = built("f-gan", divergence="squared-hellinger"), samples()
    on_real, on_fake, _ = logits(system, real)
    bound = (1 - np.exp(-on_real)).mean() - (np.exp(on_fake) - 1).mean()
    found = system.update_discriminator(real, rng())
    assert -found["loss_d"].item() == pytest.approx(bound, rel=1e-4)
    assert found["d_real"].item() == pytest.approx(on_real.mean(), rel=1e-4)


def test_a_relativistic_generator_gets_real_samples_of_its_own() -> None:
    ring = load("ring")
    training = contract.trained(
        "relativistic", ring, **{k: SMALL[k] for k in ("batch_size", "latent", "width")}
    )
    assert training.system.batches_per_step == 2
    seen: list[tuple[str, Tensor]] = []

    def run(update: Any, *arguments: Any) -> None:
        seen.extend((update.update.name, x) for x in arguments if isinstance(x, Tensor))

    training._algorithm.run(run)
    assert [name for name, _ in seen] == ["discriminator", "generator"]
    assert not np.array_equal(seen[0][1].data, seen[1][1].data)


def normed_layers(system: TwoPlayer) -> list[Any]:
    return [m for m in system.discriminator.modules() if isinstance(m, nn.Linear | nn.Conv2d)]


def largest(layer: Any) -> float:
    """The largest singular value of the weight that the layer's last call had."""
    weight, u, v = (
        layer.state_dict()[name].astype(np.float64) for name in ("weight_orig", "weight_u", "weight_v")
    )
    matrix = weight.reshape(len(weight), -1)
    return float(np.linalg.norm(matrix, 2) / (u @ matrix @ v))


@each_kind
def test_spectral_norm_is_1_after_training_and_stays_in_evaluation_mode(kind: str) -> None:
    data: Any = load("ring") if kind == "points" else contract.halves()
    names = ("batch_size", "latent", "width", "depth") if kind == "points" else ("batch_size", "latent")
    changes = {name: SMALL[name] for name in names} | ({"features": 8} if kind == "image" else {"width": 32})
    training = contract.trained("sngan", data, **changes)
    contract.advance(training, 60)
    system: Any = training.system
    layers = normed_layers(system)
    assert len(layers) >= 2
    assert [largest(layer) for layer in layers] == pytest.approx([1] * len(layers), abs=0.05)
    before, x = flat(system.state_dict()), samples(kind).data
    with system.evaluating():
        first = system.discriminator(Tensor(x)).numpy()
        again = system.discriminator(Tensor(x)).numpy()
    assert np.array_equal(first, again)
    assert flat(system.state_dict()) == before
    assert not any(isinstance(m, nn.BatchNorm2d) for m in system.discriminator.modules())


@each_kind
@pytest.mark.parametrize("pack", [2, 3])
def test_the_discriminator_gets_packs(kind: str, pack: int) -> None:
    """Of neighbours: joined along the channels of images, along the features of points."""
    system, real = built("pacgan", kind, pack=pack), samples(kind)
    layers = list(system.discriminator)
    assert isinstance(layers[0], Pack)
    joined = layers[0](real).numpy()
    c, *rest = SHAPES[kind]
    assert joined.shape == (6 // pack, pack * c, *rest)
    for i, sample in enumerate(real.numpy()):
        place = i % pack * c
        assert np.array_equal(joined[i // pack, place : place + c], sample)
    assert system.discriminator(real).shape == (6 // pack, 1)
    apart = Tensor(real.data[[0, 3, 1, 4, 2, 5]])  # other packs of the same samples
    assert not np.allclose(system.discriminator(apart).numpy(), system.discriminator(real).numpy())
    assert system.judge(real.data) is None


@pytest.mark.parametrize(("kind", "same"), [("image", "dcgan"), ("points", "gan")])
def test_packs_of_one_are_the_gan_bit_for_bit(kind: Any, same: str) -> None:
    ends = []
    data: Any = load("ring") if kind == "points" else contract.halves()
    for model, changes in (("pacgan", {"pack": 1}), (same, {})):
        mg.manual_seed(0)
        settings = settings_for(model, kind, batch_size=6, **changes)
        training = Training(build(settings, spec_of(data)), data, 0)
        contract.advance(training, 3)
        ends.append(flat(training.state_dict()))
    assert ends[0] == ends[1]


def test_a_batch_that_is_no_number_of_packs_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UserError, match="`batch_size` 64 is no multiple of `pack` 3: D judges packs of 3"):
        build(settings_for("pacgan", "image", pack=3), (1, 28, 28))
    told = failure(capsys, "train", "pacgan", "--data", "ring", "--pack", 3, "--out", tmp_path / "run")
    assert "--batch-size 256 is no multiple of --pack 3" in told
    assert not (tmp_path / "run").exists()
    with pytest.raises(ValueError, match="5 samples are no packs of 2"):
        Pack(2)(Tensor(np.zeros((5, 2), np.float32)))


@each_row
def test_a_training_of_each_kind_has_a_length(model: str) -> None:
    assert set(SYSTEMS[model].epochs) == set(SYSTEMS[model].presets) == {"image", "points"}


@pytest.mark.parametrize("pack", [1, 2, 3])
def test_packs_of_a_joint_batch_are_of_one_kind(pack: int) -> None:
    """Without batch norm in D, one batch of both kinds costs what two batches cost."""
    found = [
        built("pacgan", pack=pack, joint_batches=joint).update_discriminator(samples(), rng())
        for joint in (True, False)
    ]
    for name in ("loss_d", "d_real", "d_fake"):
        assert found[0][name].item() == pytest.approx(found[1][name].item(), rel=1e-5)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Gan", r"is called gans\.systems\.two_player\.TwoPlayer"),
        ("variants", "is now wasserstein, other_losses"),
        ("nothing", "no attribute 'nothing'"),
    ],
)
def test_a_name_of_before_says_what_it_is_now(name: str, says: str) -> None:
    with pytest.raises(AttributeError, match=says):
        getattr(systems, name)


@pytest.mark.parametrize("training", [True, False])
def test_networks_are_in_the_mode_they_had_after_they_were_evaluated(training: bool) -> None:
    """Whatever the block does to it."""
    system: Any = build(settings_for("gan", "points"), (2,))
    system.generator.train(training)
    with system.evaluating():
        assert not any(m.training for m in system.generator.modules())
        system.generator.train(not training)
    assert all(m.training == training for m in system.generator.modules())
    assert all(m.training for m in system.discriminator.modules())
