"""Training tricks of two-player GANs: labels, noise, turns, joint batches, optimizers, dropout at test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans.errors import UserError
from gans.exporting import layers_for_torch
from gans.networks.noise import Dropout, GaussianNoise
from gans.objectives import least_squares, non_saturating_gan
from gans.steps import generator_step, judged
from gans.systems import SYSTEMS, Batch, build, check_used, settings_for
from gans.systems.tricks import instance_noise, shown, taught
from gans.systems.two_player import TwoPlayer
from gans.systems.two_player_settings import ClassifierSettings, TwoPlayerSettings
from minigrad import Tensor, nn, optim
from tests.gans.systems.contract import advance
from tests.gans.systems.test_every_system import small


def toy(model: str = "gan", **changes: Any) -> TwoPlayer:
    mg.manual_seed(0)
    gan: TwoPlayer = build(settings_for(model, "points", batch_size=8, width=8, **changes), (2,))
    return gan


# -- labels --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("a", "b"), [(1.0, 0.0), (0.9, 0.0), (0.8, 0.3)])
def test_the_best_tabular_d_of_smoothed_labels(a: float, b: float) -> None:
    """(a p + b q) / (p + q) in each cell of a table: the loss is convex in the logits and flat there."""
    p, q = np.array([5, 3, 2, 0]), np.array([1, 3, 4, 2])
    cells = np.eye(4)
    real, fake = (mg.tensor(np.repeat(cells, counts, axis=0)) for counts in (p, q))
    settings = ClassifierSettings(smooth_real=1 - a, smooth_fake=b)
    objective = taught(non_saturating_gan(), settings, np.random.default_rng(0))
    best = np.clip((a * p + b * q) / (p + q), 1e-12, 1 - 1e-12)
    table = mg.tensor(np.log(best / (1 - best))[:, None])
    (slope,) = mg.grad(objective.discriminator(real @ table, fake @ table), [table])
    assert table.dtype == np.float64
    assert np.abs(slope.numpy()).max() < 1e-11


@pytest.mark.parametrize(("a", "b"), [(1.0, 0.0), (0.9, 0.0), (0.8, 0.3)])
def test_the_best_score_of_squares_around_smoothed_labels(a: float, b: float) -> None:
    """The same share of the way from the score for fakes, -1, to that for real samples, 3."""
    real, fake = mg.zeros((3, 1), dtype=np.float64), mg.zeros((1, 1), dtype=np.float64)
    settings = ClassifierSettings(smooth_real=1 - a, smooth_fake=b)
    objective = taught(least_squares(-1.0, 3.0), settings, np.random.default_rng(0))
    score = mg.tensor(-1 + 4 * (a + b) / 2)
    loss = objective.discriminator(real + score, fake + score)
    (slope,) = mg.grad(loss, [score])
    assert abs(slope.item()) < 1e-6
    changed = least_squares(-1.0, 3.0).discriminator(real + score, fake + score)
    assert (loss.item() == changed.item()) == (a == 1)


def test_a_share_of_the_labels_is_flipped() -> None:
    """At a logit of 0 the slope of the mean loss is 1/2 minus the mean label."""
    settings = ClassifierSettings(smooth_real=0.1, smooth_fake=0.2, flip_labels=0.25)
    objective = taught(non_saturating_gan(), settings, np.random.default_rng(0))
    real, fake = (mg.zeros((40_000, 1)) for _ in range(2))
    slopes = [
        mg.ops.sum(slope).item() for slope in mg.grad(objective.discriminator(real, fake), [real, fake])
    ]
    assert [0.5 - slope for slope in slopes] == pytest.approx(
        [0.75 * 0.9 + 0.25 * 0.2, 0.75 * 0.2 + 0.25 * 0.9], abs=0.01
    )


def test_labels_that_are_no_others_leave_the_objective_as_it_is() -> None:
    objective = non_saturating_gan()
    for settings in (ClassifierSettings(), TwoPlayerSettings()):
        assert taught(objective, settings, np.random.default_rng(0)) is objective


def test_each_d_that_learns_labels_has_a_loss_on_labels() -> None:
    learners = 0
    for system in SYSTEMS.values():
        for preset in system.presets.values():
            if isinstance(preset, ClassifierSettings):
                assert issubclass(system, TwoPlayer)
                assert all(make(preset).against is not None for make in system.objectives.values())
                learners += 1
    assert learners >= 3


# -- the order of updates ------------------------------------------------------------------------------


class Noted:
    """A trainer that notes the updates with their arguments; ``losses`` is what a comparison returns."""

    def __init__(self, step: int = 0, losses: tuple[float, float] = (0.0, 0.0)) -> None:
        self.step, self.losses = step, losses
        self.rng = np.random.default_rng(0)
        self.batches = 0
        self.ran: list[tuple[str, Any]] = []

    def batch(self) -> Batch:
        self.batches += 1
        return Batch(mg.tensor([[float(self.batches), 0.0]]))

    def update(self, update: Any, *arguments: Any) -> Any:
        self.ran.append((update.update.name, arguments))
        return tuple(map(mg.tensor, self.losses))

    @property
    def order(self) -> list[str]:
        return [name for name, _ in self.ran]


def ran(gan: TwoPlayer, **trainer: Any) -> Noted:
    noted = Noted(**trainer)
    gan.step(noted)  # type: ignore[arg-type]
    return noted


def test_both_networks_have_their_number_of_updates() -> None:
    noted = ran(toy(critic_steps=3, generator_steps=2))
    assert noted.order == ["discriminator"] * 3 + ["generator"] * 2
    assert [arguments[0].numpy()[0, 0] for _, arguments in noted.ran[:3]] == [1, 2, 3]


@pytest.mark.parametrize(
    ("losses", "network"),
    [((2.0, 1.0), "discriminator"), ((1.0, 2.0), "generator"), ((1.0, 1.0), "discriminator")],
)
def test_the_network_with_the_larger_loss_has_the_turn(losses: tuple[float, float], network: str) -> None:
    noted = ran(toy(turns="larger-loss", critic_steps=2), losses=losses)
    assert noted.order == ["comparison"] + [network] * (2 if network == "discriminator" else 1)


def test_a_turn_changes_one_network_and_the_losses_are_those_before_it() -> None:
    training = small("gan", "points", turns="larger-loss", batch_size=64, lr=0.05)()
    turns = []
    for _ in range(30):
        before = [weights(network) for network in networks_of(training)]
        (record,) = training.advance()
        changed = [weights(n) != b for n, b in zip(networks_of(training), before, strict=True)]
        numbers = record.numbers
        turns.append("generator" if changed[0] else "discriminator")
        assert changed == [turns[-1] == "generator", turns[-1] == "discriminator"]
        assert ("grad_norm_g" in numbers, "grad_norm_d" in numbers) == tuple(changed)
        assert {"loss_d", "loss_g"} <= numbers.keys()
    assert set(turns) == {"generator", "discriminator"}


def networks_of(training: Any) -> list[nn.Module]:
    return [training.system.generator, training.system.discriminator]


def weights(network: nn.Module) -> list[bytes]:
    return [p.numpy().tobytes() for p in network.parameters()]


@pytest.mark.parametrize(
    "trick",
    [
        {"smooth_real": 0.1},
        {"smooth_fake": 0.1},
        {"flip_labels": 0.2},
        {"instance_noise": 0.5},
        {"layer_noise": 0.5},
        {"dropout": 0.5},
        {"joint_batches": True},
        {"optimizer_d": "sgd"},
        {"prior": "uniform"},
        {"generator_steps": 2},
        {"turns": "larger-loss"},
    ],
    ids=lambda trick: next(iter(trick)),
)
def test_each_trick_changes_a_training(trick: dict[str, Any]) -> None:
    plain, other = small("dcgan", "image")(), small("dcgan", "image", **trick)()
    assert advance(plain, 3) != advance(other, 3)


@pytest.mark.parametrize("trick", ["noise", "joint"])
@pytest.mark.parametrize("update", ["discriminator", "generator", "comparison"])
def test_each_update_sees_noise_and_joint_batches(update: str, trick: str) -> None:
    real = mg.tensor(np.random.default_rng(1).uniform(-1, 1, (4, 1, 8, 8)).astype(np.float32))
    losses = []
    for on in (False, True):
        gan = small("dcgan", "image", base=2, joint_batches=on and trick == "joint")().system
        assert isinstance(gan, TwoPlayer)
        noise = mg.tensor(np.float32(2.0)) if on and trick == "noise" else None
        rng = np.random.default_rng(0)
        if update == "discriminator":
            losses.append(gan.update_discriminator(real, rng, noise)["loss_d"].item())
        elif update == "generator":
            losses.append(gan.update_generator(rng, real, noise)["loss_g"].item())
        else:
            losses.append(gan.compare(real, rng, noise)[0]["loss_d"].item())
    assert losses[0] != losses[1]


# -- noise ---------------------------------------------------------------------------------------------


def test_instance_noise_falls_in_a_straight_line_and_then_costs_nothing() -> None:
    gan = toy(instance_noise=0.8, instance_noise_steps=4)
    for step, std in ((0, 0.8), (1, 0.6), (3, 0.2)):
        for name, arguments in ran(gan, step=step).ran:
            assert arguments[-1].item() == pytest.approx(std), name
    assert all(len(arguments) < 3 for _, arguments in ran(gan, step=4).ran)
    assert instance_noise(TwoPlayerSettings(instance_noise=0.5), 10**9) == 0.5


def test_instance_noise_is_on_all_that_d_sees() -> None:
    gan, rng = toy(instance_noise=0.5), np.random.default_rng(0)
    real, z = mg.zeros((4_000, 2)), mg.zeros((4_000, 2))
    G, seen = shown(gan.generator, real, mg.tensor(np.float32(0.5)), rng)
    assert seen.numpy().std() == pytest.approx(0.5, rel=0.05)
    fakes = G(z).numpy()
    assert fakes.std(axis=0) == pytest.approx([0.5, 0.5], rel=0.05)
    assert fakes.mean(axis=0) == pytest.approx(gan.generator(z[:1]).numpy()[0], abs=0.05)


def test_noise_lies_before_each_layer_of_d_but_the_first_in_training_alone() -> None:
    gan = toy(layer_noise=0.3)
    assert [type(layer).__name__ for layer in gan.discriminator.children()] == [
        "Linear", "ReLU", "GaussianNoise", "Linear", "ReLU", "GaussianNoise", "Linear",
    ]  # fmt: skip
    assert not any(isinstance(layer, GaussianNoise) for layer in gan.generator.modules())
    x = mg.ones((3, 2))
    first, second = (gan.discriminator(x).numpy() for _ in range(2))
    assert (first != second).all()
    assert np.array_equal(gan.judge(x.numpy()), gan.judge(x.numpy()))


def test_dropout_at_test_is_a_noise_of_samples_that_the_seed_decides() -> None:
    z = mg.ones((4, 2))
    for lasting in (False, True):
        gan = toy(dropout=0.5, test_dropout=lasting)
        assert sum(isinstance(layer, Dropout) for layer in gan.generator.modules()) == 2
        first, second = gan.generate(z), gan.generate(z)
        assert np.array_equal(first, second) != lasting
        assert np.array_equal(first[0], first[1]) != lasting
        once, again = (gan.sample(4, np.random.default_rng(3)).samples for _ in range(2))
        assert np.array_equal(once, again)


def test_what_pytorch_gets_of_a_generator_with_dropout() -> None:
    gan = toy(dropout=0.25)
    exported = gan.exported()
    assert exported is not None
    assert "nn.Dropout(p=0.25" in layers_for_torch(exported)
    assert exported.state_dict().keys() == gan.generator.state_dict().keys()
    assert toy(dropout=0.25, test_dropout=True).exported() is None


# -- one batch or two ----------------------------------------------------------------------------------


def test_batch_norm_sees_real_and_generated_samples_in_one_batch_or_in_two() -> None:
    D = nn.BatchNorm1d(1, eps=0.0, affine=False)
    real, fake = mg.tensor([[0.0], [2.0]]), mg.tensor([[10.0], [12.0]])
    apart = [logits.numpy().ravel() for logits in judged(D, real, fake)]
    assert np.allclose(apart, [[-1, 1], [-1, 1]])
    joint = [logits.numpy().ravel() for logits in judged(D, real, fake, joint=True)]
    assert np.allclose(joint, np.array([[-6, -4], [4, 6]]) / np.sqrt(26))  # of mean 6 and variance 26


def test_g_has_a_real_batch_for_joint_batches() -> None:
    gan = toy(joint_batches=True, generator_steps=2)
    noted = ran(gan)
    assert noted.order == ["discriminator", "generator", "generator"]
    assert [arguments[1].numpy()[0, 0] for _, arguments in noted.ran[1:]] == [2, 3]
    assert noted.batches == gan.batches_per_step == 3
    gan = toy()
    with pytest.raises(ValueError, match="joint=True needs a batch `real`"):
        generator_step(
            gan.generator, gan.discriminator, gan.optimizer_g, gan.objective, mg.zeros((4, 2)), joint=True
        )


# -- optimizers and z ----------------------------------------------------------------------------------


def test_each_network_can_have_another_optimizer() -> None:
    gan = toy(optimizer_d="sgd", momentum=0.5)
    assert isinstance(gan.optimizer_g, optim.Adam)
    assert isinstance(gan.optimizer_d, optim.SGD)
    assert gan.optimizer_d.param_groups[0]["momentum"] == 0.5
    wgan = toy("wgan", optimizer_d="adam", beta1=0.25)
    assert isinstance(wgan.optimizer_g, optim.RMSprop)
    assert isinstance(wgan.optimizer_d, optim.Adam)
    assert wgan.optimizer_d.betas == (0.25, 0.999)


def test_z_is_drawn_from_the_prior() -> None:
    z = toy(prior="uniform").latent(2_000, np.random.default_rng(0)).numpy()
    assert np.abs(z).max() <= 1
    assert z.std() == pytest.approx(3**-0.5, rel=0.05)
    assert toy().latent(2_000, np.random.default_rng(0)).numpy().std() == pytest.approx(1, rel=0.05)


# -- refusals ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "changes", "message"),
    [
        ("wgan", {"smooth_real": 0.1}, r"wgan has no setting `smooth_real`; gan, dcgan.* have it"),
        ("wgan-gp", {"turns": "larger-loss"}, r"wgan-gp has no setting `turns`; gan, dcgan.* have it"),
        ("gan", {"smooth_real": 0.5}, "`smooth_real` must be a number of at least 0 and below 0.5"),
        ("gan", {"flip_labels": 0.5}, "`flip_labels` must be a number of at least 0 and below 0.5"),
        ("gan", {"turns": "larger-loss", "objective": "minimax"}, "would never train G"),
        ("gan", {"test_dropout": True}, "`test_dropout` has no effect without `dropout`, which is 0"),
        ("gan", {"instance_noise_steps": 5}, "no effect without `instance_noise`, which is 0"),
    ],
)
def test_tricks_without_a_meaning_are_refused(model: str, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        settings_for(model, "points", **changes)


@pytest.mark.parametrize(
    ("model", "name", "changes", "message"),
    [
        ("wgan", "beta1", {}, "`beta1` is a setting of Adam, and the `optimizer` of wgan is rmsprop"),
        ("gan", "momentum", {}, "`momentum` is a setting of SGD, and the `optimizer` of gan is adam"),
    ],
)
def test_settings_of_another_optimizer_are_refused(
    model: str, name: str, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        check_used(model, "points", [name], settings_for(model, "points", **changes))
    for_d = settings_for(model, "points", optimizer_d={"beta1": "adam", "momentum": "sgd"}[name])
    check_used(model, "points", [name], for_d)


def test_noisy_layers_need_a_sequential_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        SYSTEMS["gan"], "networks", staticmethod(lambda settings, spec: {"discriminator": Whole()})
    )
    with pytest.raises(UserError, match="`layer_noise` needs networks that are a Sequential, got a Whole"):
        toy(layer_noise=0.1)


class Whole(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x
