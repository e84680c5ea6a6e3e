"""The losses by hand, and the gradient penalty against every mistake that others made with it."""

from __future__ import annotations

import numpy as np
import pytest

import gans
import minigrad as mg
from gans import objectives
from gans.objectives import Objective, clip_weights, gradient_penalty, interpolate_gradient_norms
from minigrad import Tensor, nn
from minigrad.nn import functional_call

LOGITS = np.array([[-3.0], [0.5], [2.0]])
REAL, FAKE = Tensor(LOGITS), Tensor(LOGITS[::-1] * 0.7)


def probability(logits: Tensor) -> np.ndarray:
    return 1 / (1 + np.exp(-logits.data))


def test_binary_cross_entropy_is_minus_the_bernoulli_log_likelihood() -> None:
    by_hand = -np.log(probability(REAL)).mean() - np.log(1 - probability(FAKE)).mean()
    assert objectives.binary_cross_entropy(REAL, FAKE).item() == pytest.approx(by_hand)


def test_generator_losses_by_hand() -> None:
    assert objectives.saturating(FAKE).item() == pytest.approx(np.log(1 - probability(FAKE)).mean())
    assert objectives.non_saturating(FAKE).item() == pytest.approx(-np.log(probability(FAKE)).mean())
    assert objectives.critic_generator(FAKE).item() == pytest.approx(-FAKE.data.mean())
    assert objectives.critic(REAL, FAKE).item() == pytest.approx(FAKE.data.mean() - REAL.data.mean())


def test_early_gradients_of_the_two_generators_differ_as_the_paper_says() -> None:
    logit = Tensor(np.array([[-8.0]]))
    p = probability(logit)
    (saturating,) = mg.grad(objectives.saturating(logit), [logit])
    (strong,) = mg.grad(objectives.non_saturating(logit), [logit])
    np.testing.assert_allclose(saturating.data, -p)
    np.testing.assert_allclose(strong.data, -(1 - p))


@pytest.mark.parametrize("size", [1e4, 1e30])
@pytest.mark.parametrize("objective", [objectives.non_saturating_gan(), objectives.minimax()])
def test_losses_and_gradients_stay_finite_for_any_logit(objective: Objective, size: float) -> None:
    for sign in (-1, 1):
        real, fake = Tensor(np.float32([[sign * size]])), Tensor(np.float32([[-sign * size]]))
        loss_d, loss_g = objective.discriminator(real, fake), objective.generator(fake)
        gradients = [*mg.grad(loss_d, [real, fake]), *mg.grad(loss_g, [fake])]
        assert all(np.isfinite(t.data).all() for t in (loss_d, loss_g, *gradients))


def critic_net() -> nn.Module:
    mg.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(12, 8), nn.Tanh(), nn.Linear(8, 1)).double()


def images(n: int, seed: int) -> Tensor:
    return Tensor(np.random.default_rng(seed).standard_normal((n, 3, 2, 2)))


def test_penalty_is_taken_over_whole_samples_of_any_shape() -> None:
    """A linear critic has the slope of its weights everywhere, wherever the interpolates lie."""
    w = np.arange(1.0, 13.0).reshape(12, 1)

    class Linear(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return mg.ops.flatten(x) @ w

    rng = np.random.default_rng(0)
    norms = interpolate_gradient_norms(Linear(), images(5, 1), images(5, 2), rng)
    np.testing.assert_allclose(norms.data, np.full(5, np.linalg.norm(w)))
    penalty = gradient_penalty(10.0)(Linear(), images(5, 1), images(5, 2), rng)
    assert penalty.item() == pytest.approx(10 * (np.linalg.norm(w) - 1) ** 2)


def test_interpolates_lie_between_real_and_fake_each_with_a_weight_of_its_own() -> None:
    seen = []

    class Spy(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            seen.append(x.data)
            return mg.ops.flatten(x) @ np.ones((12, 1))

    real, fake = images(50, 1), images(50, 2)
    interpolate_gradient_norms(Spy(), real, fake, np.random.default_rng(0))
    weights = (seen[0] - fake.data) / (real.data - fake.data)
    t = weights.reshape(50, -1).mean(1)
    np.testing.assert_allclose(weights, np.broadcast_to(t[:, None, None, None], weights.shape), atol=1e-6)
    assert t.min() >= 0
    assert t.max() <= 1
    assert t.std() > 0.2


def test_penalty_is_the_mean_of_squares_not_the_square_of_the_mean() -> None:
    """D(x) = |x|^2 / 2 has the gradient x: each norm is that of the point between real and fake."""
    norms = interpolate_gradient_norms(half_square, images(6, 1), images(6, 2), np.random.default_rng(4)).data
    between = images(6, 2).data + np.random.default_rng(4).random((6, 1, 1, 1)) * (
        images(6, 1).data - images(6, 2).data
    )
    np.testing.assert_allclose(norms, np.linalg.norm(between.reshape(6, -1), axis=1))
    penalty = gradient_penalty(3.0)(half_square, images(6, 1), images(6, 2), np.random.default_rng(4))
    assert penalty.item() == pytest.approx(3 * np.mean((norms - 1) ** 2))
    assert abs(penalty.item() - 3 * (np.mean(norms) - 1) ** 2) > 0.1


def half_square(x: Tensor) -> Tensor:
    return mg.ops.sum(x * x, axis=(1, 2, 3)) * 0.5


def test_penalty_has_a_gradient_of_its_own_with_respect_to_the_critics_weights() -> None:
    D = critic_net()
    names = [name for name, _ in D.named_parameters()]

    def penalty_of(*weights: Tensor) -> Tensor:
        class WithWeights(nn.Module):
            def forward(self, x: Tensor) -> Tensor:
                return functional_call(D, dict(zip(names, weights, strict=True)), x)

        rng = np.random.default_rng(3)
        return gradient_penalty(10.0)(WithWeights(), images(4, 1), images(4, 2), rng)

    assert mg.gradcheck(penalty_of, [p.data for p in D.parameters()], order=1)
    gradients = mg.grad(penalty_of(*D.parameters()), D.parameters(), unused="zeros")
    assert max(float(np.abs(g.data).max()) for g in gradients) > 0


def test_penalty_of_a_flat_critic_is_finite_and_so_is_its_gradient() -> None:
    D = critic_net()
    for p in D.parameters():
        p.data[...] = 0
        p.changed()
    penalty = gradient_penalty(10.0)(D, images(4, 1), images(4, 2), np.random.default_rng(0))
    assert penalty.item() == pytest.approx(10, abs=1e-4)
    assert all(np.isfinite(g.data).all() for g in mg.grad(penalty, D.parameters(), unused="zeros"))


def test_wasserstein_objectives_read_out_scores_not_probabilities() -> None:
    for objective in (objectives.wasserstein(0.01), objectives.wasserstein_gp(10.0)):
        assert objective.readout(REAL) is REAL
    np.testing.assert_allclose(objectives.non_saturating_gan().readout(REAL).data, probability(REAL))


def test_clipping_bounds_every_weight_and_tells_the_graphs() -> None:
    D = critic_net()
    versions = [p.version for p in D.parameters()]
    clip_weights(0.01)(D)
    assert max(float(np.abs(p.data).max()) for p in D.parameters()) <= 0.01
    assert all(p.version > before for p, before in zip(D.parameters(), versions, strict=True))


def test_the_old_names_say_the_new_ones() -> None:
    with pytest.raises(AttributeError, match="non_saturating_gan"):
        objectives.gan  # noqa: B018
    with pytest.raises(AttributeError, match=r"gans\.networks"):
        gans.models  # noqa: B018
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        objectives.nothing  # noqa: B018
