"""Losses of the variants of GAN: each paper's formula in float64, gradients by finite differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import minigrad as mg
from gans import objectives
from gans.objectives import Objective
from minigrad import Tensor, nn
from minigrad.nn import functional_call

Floats = NDArray[np.float64]

REAL = np.array([[-1.5], [0.25], [2.0], [0.9]])
FAKE = np.array([[0.3], [-2.0], [1.75], [-0.4]])


def sigmoid(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-x))


def relative_d(x: Floats, y: Floats) -> float:
    return float(-np.log(sigmoid(x - y)).mean())


def average_d(x: Floats, y: Floats) -> float:
    return float(-np.log(sigmoid(x - y.mean())).mean() - np.log(1 - sigmoid(y - x.mean())).mean())


def least_squares(a: float, b: float, c: float) -> tuple[Callable[..., Any], Callable[..., Any]]:
    return (
        lambda x, y: ((x - b) ** 2).mean() / 2 + ((y - a) ** 2).mean() / 2,
        lambda x, y: ((y - c) ** 2).mean() / 2,
    )


def bound(g: Callable[[Floats], Floats], conjugate: Callable[[Floats], Floats]) -> tuple[Any, Any]:
    """The losses from a table's own columns: T = g(v) and f*(T)."""
    return (
        lambda x, y: conjugate(g(y)).mean() - g(x).mean(),
        lambda x, y: -conjugate(g(y)).mean(),
    )


TABLE: dict[str, tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]] = {
    "kl": (lambda v: v, lambda t: np.exp(t - 1)),
    "reverse-kl": (lambda v: -np.exp(-v), lambda t: -1 - np.log(-t)),
    "pearson": (lambda v: v, lambda t: t**2 / 4 + t),
    "squared-hellinger": (lambda v: 1 - np.exp(-v), lambda t: t / (1 - t)),
    "jensen-shannon": (lambda v: np.log(2) - np.log1p(np.exp(-v)), lambda t: -np.log(2 - np.exp(t))),
    "gan": (lambda v: -np.log1p(np.exp(-v)), lambda t: -np.log(1 - np.exp(t))),
}
"""Table 2 of the f-GAN paper."""

CASES: dict[str, tuple[Objective, tuple[Any, Any]]] = {
    "least-squares-0-1": (objectives.least_squares(), least_squares(0, 1, 1)),
    "least-squares-pearson": (objectives.least_squares(-1, 1, 0), least_squares(-1, 1, 0)),
    "hinge": (
        objectives.hinge(),
        (
            lambda x, y: -np.minimum(0, -1 + x).mean() - np.minimum(0, -1 - y).mean(),
            lambda x, y: -y.mean(),
        ),
    ),
    "relativistic": (objectives.relativistic(), (relative_d, lambda x, y: relative_d(y, x))),
    "relativistic-average": (
        objectives.relativistic_average(),
        (average_d, lambda x, y: average_d(y, x)),
    ),
    "wasserstein-div": (
        objectives.wasserstein_div(),
        (lambda x, y: y.mean() - x.mean(), lambda x, y: -y.mean()),
    ),
    **{name: (objectives.f_divergence(name), bound(*TABLE[name])) for name in TABLE},
}

each_case = pytest.mark.parametrize("case", CASES)


def losses_of(objective: Objective) -> tuple[Callable[..., Tensor], Callable[..., Tensor]]:
    """D's and G's loss of real and fake logits."""
    if objective.needs_real:
        return objective.discriminator, lambda real, fake: objective.generator(fake, real)
    return objective.discriminator, lambda real, fake: objective.generator(fake)


@each_case
def test_losses_are_the_papers(case: str) -> None:
    objective, expected = CASES[case]
    for ours, theirs in zip(losses_of(objective), expected, strict=True):
        assert ours(Tensor(REAL), Tensor(FAKE)).item() == pytest.approx(theirs(REAL, FAKE), rel=1e-12)


@each_case
def test_gradients_of_the_losses_by_finite_differences(case: str) -> None:
    objective, _ = CASES[case]
    of_d, of_g = losses_of(objective)
    assert mg.gradcheck(of_d, [REAL, FAKE], order=1)
    assert mg.gradcheck(lambda fake: of_g(Tensor(REAL), fake), [FAKE], order=1)


def test_the_trick_of_section_3_2_raises_t() -> None:
    for name, (g, _) in TABLE.items():
        losses = objectives.f_divergence(name, saturating=False)
        assert losses.generator(Tensor(FAKE)).item() == pytest.approx(-g(FAKE).mean(), rel=1e-12)


def test_another_divergence_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no 'total-variation'"):
        objectives.f_divergence("total-variation")


F: dict[str, tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]] = {
    "kl": (lambda u: u * np.log(u), lambda u: 1 + np.log(u)),
    "reverse-kl": (lambda u: -np.log(u), np.log),
    "pearson": (lambda u: (u - 1) ** 2, lambda u: 2 * (u - 1)),
    "squared-hellinger": (lambda u: (np.sqrt(u) - 1) ** 2, lambda u: np.log(u) / 2),
    "jensen-shannon": (lambda u: u * np.log(u) - (u + 1) * np.log((u + 1) / 2), np.log),
    "gan": (lambda u: u * np.log(u) - (u + 1) * np.log(u + 1), np.log),
}
"""f, and the logit at which T is f'(u)."""


def gaussian(x: Floats, mean: float, std: float) -> Floats:
    return np.exp(-(((x - mean) / std) ** 2) / 2) / (std * np.sqrt(2 * np.pi))


@pytest.mark.parametrize("name", F)
def test_the_bound_at_the_best_t_is_the_divergence_and_elsewhere_less(name: str) -> None:
    """By numerical integration, of two Gaussians on a line."""
    x = np.linspace(-8, 8, 401)
    p, q = gaussian(x, 0.4, 0.9), gaussian(x, -0.3, 1.1)
    f, logit = F[name]
    losses = objectives.f_divergence(name)

    def bound_at(v: Floats) -> float:
        """E_P T - E_Q f*(T), from the losses of one logit at a time."""
        t, conjugate = (
            -np.array([loss(Tensor(one.reshape(1, 1))).item() for one in v])
            for loss in (objectives.f_divergence(name, saturating=False).generator, losses.generator)
        )
        return integral(p * t - q * conjugate, x)

    best = bound_at(logit(p / q))
    assert best == pytest.approx(integral(q * f(p / q), x), rel=1e-8)
    for other in (logit(p / q) + 0.2, logit(p / q) * 0.8):
        assert bound_at(other) < best - 1e-4


def integral(y: Floats, x: Floats) -> float:
    return float((y[1:] + y[:-1]).sum() * (x[1] - x[0]) / 2)


def test_two_of_the_divergences_are_gans_own_losses() -> None:
    minimax, strong = objectives.minimax(), objectives.non_saturating_gan()
    for saturating, known in ((True, minimax), (False, strong)):
        losses = objectives.f_divergence("gan", saturating=saturating)
        for ours, theirs in zip(losses_of(losses), losses_of(known), strict=True):
            assert ours(Tensor(REAL), Tensor(FAKE)).item() == pytest.approx(
                theirs(Tensor(REAL), Tensor(FAKE)).item()
            )


def test_the_gradient_of_least_squares_is_alive_where_cross_entropy_saturates() -> None:
    """For a fake that D takes for real by far, as is any on the right side of the border."""
    far = Tensor(np.array([[12.0]]))
    (squares,) = mg.grad(objectives.least_squares().generator(far), [far])
    (entropy,) = mg.grad(objectives.non_saturating(far), [far])
    assert squares.item() == 11
    assert abs(entropy.item()) < 1e-5


def test_the_hinge_learns_nothing_from_samples_beyond_the_margin() -> None:
    real, fake = Tensor(np.array([[1.5], [0.5]])), Tensor(np.array([[-1.5], [-0.5]]))
    gradients = mg.grad(objectives.hinge().discriminator(real, fake), [real, fake])
    assert [g.data.ravel().tolist() for g in gradients] == [[0, -0.5], [0, 0.5]]


def test_relativistic_losses_see_differences_alone() -> None:
    for losses in (objectives.relativistic(), objectives.relativistic_average()):
        for loss in losses_of(losses):
            shifted = loss(Tensor(REAL + 7), Tensor(FAKE + 7)).item()
            assert shifted == pytest.approx(loss(Tensor(REAL), Tensor(FAKE)).item())
        apart = losses.discriminator(Tensor(REAL + 50), Tensor(FAKE)).item()
        assert apart == pytest.approx(0, abs=1e-9)  # a wrong sign of the average would cost 50


W = np.array([[1.0], [-2.0], [2.0]])
"""Weights of a linear D, whose gradient is of length 3 everywhere."""


def linear(x: Tensor) -> Tensor:
    return mg.ops.reshape(x, (len(x), -1)) @ W


PENALTIES: dict[str, tuple[Any, float]] = {
    "dragan": (objectives.dragan_penalty(weight=5.0), 5 * (3 - 1) ** 2),
    "r1": (objectives.r1_penalty(gamma=10.0), 10 / 2 * 9),
    "r2": (objectives.r2_penalty(gamma=4.0), 4 / 2 * 9),
    "wasserstein-div": (objectives.wasserstein_div(k=2.0, p=6.0).penalty, 2 * 3**6),
}

each_penalty = pytest.mark.parametrize("name", PENALTIES)


def samples(seed: int, shape: tuple[int, ...] = (5, 3)) -> Tensor:
    return Tensor(np.random.default_rng(seed).standard_normal(shape))


@each_penalty
@pytest.mark.parametrize("shape", [(5, 3), (5, 3, 1, 1), (5, 1, 3, 1)])
def test_penalties_of_a_linear_d_in_closed_form(name: str, shape: tuple[int, ...]) -> None:
    penalty, expected = PENALTIES[name]
    rng = np.random.default_rng(0)
    assert penalty(linear, samples(1, shape), samples(2, shape), rng).item() == pytest.approx(expected)


def half_square(x: Tensor) -> Tensor:
    """|x|^2 / 2, whose gradient is x."""
    return mg.ops.sum(x * x, axis=1) * 0.5


def test_where_each_penalty_looks() -> None:
    real, fake = samples(1), samples(2)

    def of(penalty: Any) -> float:
        return float(penalty(half_square, real, fake, np.random.default_rng(3)).item())

    squares = [np.square(x.data).sum(axis=1).mean() for x in (real, fake)]
    assert of(objectives.r1_penalty(1.0)) == pytest.approx(squares[0] / 2)
    assert of(objectives.r2_penalty(1.0)) == pytest.approx(squares[1] / 2)
    delta = np.random.default_rng(3).standard_normal((5, 3)) * (0.25 * real.data.std())
    norms = np.linalg.norm(real.data + delta, axis=1)
    assert of(objectives.dragan_penalty(1.0, spread=0.25)) == pytest.approx(np.mean((norms - 1) ** 2))
    norms = objectives.interpolate_gradient_norms(half_square, real, fake, np.random.default_rng(3)).data
    assert of(objectives.wasserstein_div(3.0, 4.0).penalty) == pytest.approx(3 * np.mean(norms**4))


@each_penalty
def test_penalties_have_a_gradient_of_their_own(name: str) -> None:
    """In the weights of D: the second derivatives of its output, by finite differences."""
    mg.manual_seed(0)
    D = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 1)).double()
    names = [name for name, _ in D.named_parameters()]
    penalty, _ = PENALTIES[name]

    def of(*weights: Tensor) -> Any:
        def with_weights(x: Tensor) -> Any:
            return functional_call(D, dict(zip(names, weights, strict=True)), x)

        return penalty(with_weights, samples(1), samples(2), np.random.default_rng(3))

    assert mg.gradcheck(of, [p.data for p in D.parameters()], order=1)


@each_penalty
def test_penalties_of_a_flat_d_are_finite_with_their_gradients(name: str) -> None:
    flat = Tensor(np.zeros((3, 1)))
    penalty, _ = PENALTIES[name]
    value = penalty(lambda x: x @ flat, samples(1), samples(2), np.random.default_rng(0))
    assert value.item() == pytest.approx(5 if name == "dragan" else 0, abs=1e-4)
    assert np.isfinite(mg.grad(value, [flat])[0].data).all()


def test_shared_information_is_that_of_the_symmetric_joint_table() -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 6, 3))
    p, q = (np.exp(x) / np.exp(x).sum(axis=1, keepdims=True) for x in (a, b))
    table = np.mean([(np.outer(u, v) + np.outer(v, u)) / 2 for u, v in zip(p, q, strict=True)], axis=0)
    marginal = table.sum(axis=1)
    expected = sum(
        table[i, j] * np.log(table[i, j] / (marginal[i] * marginal[j])) for i in range(3) for j in range(3)
    )
    given = mg.tensor(a, np.float64), mg.tensor(b, np.float64)
    assert objectives.shared_information(*given).item() == pytest.approx(expected, abs=1e-5)
    mg.gradcheck(objectives.shared_information, [a, b])


def test_shared_information_is_largest_for_sure_guesses_that_agree_and_are_balanced() -> None:
    sure = 40 * np.eye(4)
    cases = {"agree": sure, "renamed": sure[[1, 0, 3, 2]], "unsure": 0 * sure, "one": sure[[0, 0, 0, 0]]}
    found = {
        name: objectives.shared_information(mg.tensor(sure if name != "one" else x), mg.tensor(x)).item()
        for name, x in cases.items()
    }
    assert found["agree"] == pytest.approx(np.log(4), abs=1e-4)
    assert found["renamed"] == pytest.approx(np.log(4), abs=1e-4)
    assert found["unsure"] == pytest.approx(0, abs=1e-4)
    assert found["one"] == pytest.approx(0, abs=1e-4)
