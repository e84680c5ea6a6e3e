"""Each change on each model that it fits, and what its numbers must be by other means."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans.steps import discriminator_step, generator_step
from gans.study.comparisons import ANY, CHANGES, Change, Comparison, Part, Variant, compare, models_of
from gans.study.comparisons.comparing import compared_models
from gans.study.comparisons.scene import Findings, Scene
from gans.systems import SYSTEMS, build, settings_for
from gans.systems.two_player import TwoPlayer
from minigrad import grad, nn, tensor
from minigrad.ops import sum
from minigrad.optim import SGD
from tests.gans.study.comparisons.cases import N, on_ring

ON_POINTS = [(name, model) for name, change in CHANGES.items() for model in models_of(change)]


@pytest.mark.parametrize(("name", "model"), ON_POINTS)
def test_a_change_and_no_change(name: str, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one variant on both sides all numbers are the same bit for bit: both get one scene."""
    images = model == "dcgan" or name == "norm-axes"
    options: dict[str, Any] = {"features": 2} if images else {"data": "ring", "width": 8}
    changed = compare(model, name, n=N, **options)
    assert changed.rows
    monkeypatch.setitem(CHANGES, name, replace(CHANGES[name], b=CHANGES[name].a))
    same = compare(model, name, n=N, **options)
    assert {row.relation.kind for row in same.rows} <= {"identical", "both zero"}
    assert [row.relation.norm_a for row in same.rows] == [row.relation.norm_a for row in changed.rows]


def test_the_models_are_those_of_two_players() -> None:
    assert compared_models() == [n for n, system in SYSTEMS.items() if issubclass(system, TwoPlayer)]
    assert len(compared_models()) > 10
    for change in CHANGES.values():
        assert models_of(change), change.name


def test_a_change_shows_the_lines_that_differ() -> None:
    lines = CHANGES["detach"].difference
    assert "-     fake = s.G(s.z).detach()" in lines
    assert "+     fake = s.G(s.z)" in lines
    assert "      loss = s.loss_d(fake)" in lines


def scene(model: str) -> Scene:
    """A scene on points, or on images of 8 x 8 pixels for a model that takes no points; in float64."""
    mg.manual_seed(3)
    on_points = "points" in SYSTEMS[model].presets
    made = settings_for(model, "points", width=8) if on_points else settings_for(model, "image", features=2)
    shape = (2,) if on_points else (1, 8, 8)
    system = build(made, shape)
    rng = np.random.default_rng(5)
    real, z = (tensor(rng.normal(size=(N, *of))) for of in (shape, (made.latent,)))
    G, D = (network.astype(np.float64) for network in (system.generator, system.discriminator))
    return Scene(G, D, system.objective, real, z, rng, made)


@pytest.mark.parametrize("model", ["wgan-gp", "wgan-div", "dragan", "r1"])
def test_a_penalty_in_two_parts_is_the_models(model: str) -> None:
    s = scene(model)
    fake = s.G(s.z).detach()
    whole = s.copy().penalty(fake)
    x = s.points(fake)
    (slope,) = grad(sum(s.D(x)), [x], create_graph=True)
    assert s.cost(slope).item() == pytest.approx(whole.item(), rel=1e-12)


def of(comparison: Comparison, side: str, step: str) -> np.ndarray:
    findings: Findings = getattr(comparison, side)
    return np.concatenate([array.ravel() for array in findings[step].arrays.values()])


def test_slopes_at_logits_are_those_of_the_formulas() -> None:
    comparison = on_ring("gan", "saturating", steps=3)
    slope_a, slope_b = (of(comparison, side, "slope at each logit") for side in "ab")
    d = -slope_a
    assert slope_b == pytest.approx(d - 1)
    assert comparison.losses()["G's step"][0] == pytest.approx(np.log(1 - d).mean())
    assert comparison.losses()["G's step"][1] == pytest.approx(-np.log(d).mean())


def test_smoothed_labels_move_the_slope_by_the_label() -> None:
    comparison = on_ring("gan", "smooth-fakes")
    a, b = (of(comparison, side, "slope at each logit") for side in "ab")
    assert a - b == pytest.approx(np.full(N, 0.1))


def test_a_second_sigmoid_multiplies_slopes_by_its_derivative() -> None:
    comparison = on_ring("gan", "sigmoid", steps=3)
    a, b = (of(comparison, side, "slope of G's loss at each logit") for side in "ab")
    d = 1 + a  # the slope is -(1 - D)
    assert b == pytest.approx((1 / (1 + np.exp(-d)) - 1) * d * (1 - d))


def test_what_was_not_zeroed_is_gs_gradient() -> None:
    zeroed, frozen = on_ring("gan", "zero-grad"), on_ring("gan", "freeze")
    left = of(zeroed, "b", "D's step") - of(zeroed, "a", "D's step")
    assert left == pytest.approx(of(frozen, "a", "G's loss, in D's weights"))


def test_half_the_sum_is_half_the_gradient_unless_there_is_a_penalty() -> None:
    plain, penalised = on_ring("gan", "mean"), on_ring("wgan-gp", "mean", penalty=0.1)
    assert np.array_equal(of(plain, "b", "D's step"), 0.5 * of(plain, "a", "D's step"))
    alone = on_ring("wgan-gp", "penalty", penalty=0.1)
    half = 0.5 * of(alone, "b", "D's step") + of(alone, "a", "the penalty alone")
    assert of(penalised, "b", "D's step") == pytest.approx(half)


def test_without_a_graph_only_the_penaltys_gradient_is_missing() -> None:
    comparison, alone = on_ring("wgan-gp", "create-graph"), on_ring("wgan-gp", "penalty")
    assert not of(comparison, "b", "the penalty alone").any()
    assert np.array_equal(of(comparison, "b", "D's step"), of(alone, "b", "D's step"))
    assert np.array_equal(of(comparison, "a", "D's step"), of(alone, "a", "D's step"))


@pytest.mark.parametrize("model", ["wgan-gp", "wgan-div", "dragan", "r1"])
def test_the_penalty_reaches_no_bias(model: str) -> None:
    for row in on_ring(model, "penalty").of("the penalty alone"):
        assert (row.relation.norm_a == 0) == row.parameter.endswith("bias"), row


def test_a_stale_graph_is_an_error_in_minigrad() -> None:
    s = scene("gan")
    loss = s.loss_g(s.G(s.z))
    s.update_d(s.G(s.z).detach())
    with pytest.raises(mg.StaleGraphError):
        grad(loss, s.G.parameters())


def test_the_gradient_that_is_cut_is_an_error_in_minigrad() -> None:
    s = scene("gan")
    with pytest.raises(ValueError, match="does not depend on"):
        grad(s.loss_g(s.G(s.z).detach()), s.G.parameters())


def test_a_d_that_is_updated_lowers_its_loss() -> None:
    s = scene("gan")
    fake = s.G(s.z).detach()
    before = s.loss_d(fake).item()
    s.update_d(fake)
    assert s.loss_d(fake).item() < before


def test_weights_of_wgan_stay_clipped() -> None:
    s = scene("wgan")
    s.update_d(s.G(s.z).detach())
    assert max(abs(p.numpy()).max() for p in s.D.parameters()) <= s.settings.clip


def test_the_first_step_of_adam_is_the_sign_of_the_gradient() -> None:
    comparison = on_ring("gan", "mean")
    gradient, step = of(comparison, "a", "D's step"), of(comparison, "a", "D's first step of Adam")
    large = abs(gradient) > 1e-3
    assert large.any()
    assert step[large] == pytest.approx(-np.sign(gradient[large]), abs=1e-4)


def test_a_flipped_critic_is_the_same_critic() -> None:
    comparison = on_ring("wgan", "signs")
    assert comparison.relations["G's step"].kind == "identical"
    signs = {row.parameter: row.relation.factor for row in comparison.of("D's step")}
    assert [name for name, factor in signs.items() if factor == -1] == ["discriminator.4.weight"]


@pytest.mark.parametrize("model", compared_models())
def test_variant_a_is_the_step_that_training_takes(model: str) -> None:
    """With SGD at rate 1, the step of ``gans.steps`` moves weights by minus the gradient."""
    s = scene(model)
    moved, own = s.copy(), replace(s.objective, constraint=None)
    before = flat_of(moved.D)
    discriminator_step(moved.G, moved.D, SGD(moved.D.parameters(), lr=1.0), own, s.real, s.z, moved.rng)
    found = CHANGES["detach"].a.run(s.copy())["D's step"]
    assert before - flat_of(moved.D) == pytest.approx(flat(found), rel=1e-9, abs=1e-12)

    moved = s.copy()
    before = flat_of(moved.G)
    generator_step(moved.G, moved.D, SGD(moved.G.parameters(), lr=1.0), own, s.z, s.real)
    found = CHANGES["detach-in-g"].a.run(s.copy())["G's step"]
    assert before - flat_of(moved.G) == pytest.approx(flat(found), rel=1e-9, abs=1e-12)


def flat(part: Part) -> np.ndarray:
    return np.concatenate([array.ravel() for array in part.arrays.values()])


def flat_of(network: nn.Module) -> np.ndarray:
    return np.concatenate([p.numpy().ravel() for p in network.parameters()])


def test_a_change_that_was_typed_at_a_prompt_has_no_code() -> None:
    names: dict[str, Any] = {}
    exec("def run(s):\n    return {'D': s.gradients(s.loss_d(s.G(s.z).detach()), s.D)}", names)
    own = Change("own", "nothing", Variant("a", names["run"]), Variant("b", names["run"]), ANY)
    comparison = compare("gan", own, data="ring", n=4, width=8)
    assert comparison.verdicts == {"D": "identical bit for bit"}
    assert own.difference == []
    assert "<pre></pre>" in comparison._repr_html_()


def test_a_sigmoid_before_squares_replaces_the_distance_from_the_target() -> None:
    comparison = on_ring("lsgan", "sigmoid", steps=3)
    a, b = (of(comparison, side, "slope of G's loss at each logit") for side in "ab")
    logit = a + 1  # the slope is the distance from the target 1
    d = 1 / (1 + np.exp(-logit))
    assert b == pytest.approx((d - 1) * d * (1 - d))


def test_a_smooth_activation_gives_the_penalty_a_gradient_in_biases() -> None:
    s = scene("wgan-gp")
    s.D = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1)).astype(np.float64)
    found = CHANGES["penalty"].a.run(s)["the penalty alone"].arrays
    assert found["discriminator.0.bias"].any()
    assert not found["discriminator.2.bias"].any()


def test_adam_after_a_turn_moves_by_its_averages() -> None:
    comparison = on_ring("gan", "momentum")
    step_a, step_b = (of(comparison, side, "D's second step after the turn") for side in "ab")
    direction = -np.sign(of(on_ring("gan", "detach"), "a", "D's step"))

    def average(beta1: float) -> float:
        m = 0.0
        for sign in [1.0] * 10 + [-1.0] * 2:
            m = beta1 * m + (1 - beta1) * sign
        return m / (1 - beta1**12)

    large = abs(of(on_ring("gan", "detach"), "a", "D's step")) > 1e-3  # beside Adam's eps
    assert step_a[large] == pytest.approx(average(0.9) * direction[large], rel=1e-4)
    assert step_b[large] == pytest.approx(average(0.5) * direction[large], rel=1e-4)


def test_a_kernel_of_5_gives_a_pixel_4_6_or_9_terms() -> None:
    comparison = on_ring("gan", "kernel")
    for layer in comparison.b:
        terms = (of(comparison, "b", layer) + 1) * 25 / 4
        assert set(np.round(terms, 9)) == {4.0, 6.0, 9.0}


def test_a_collapsed_g_repeats_the_fake_that_d_judges_like_the_average() -> None:
    s = scene("gan")
    fake = s.G(s.z)
    logits = s.D(fake).numpy()[:, 0]
    chosen = logits[np.argmin(abs(logits - logits.mean()))]
    losses = CHANGES["collapse"].b.run(s.copy())["losses"].arrays
    assert losses["of G"] == pytest.approx(np.log1p(np.exp(-chosen)))


def test_new_noise_is_new_after_the_same_update_of_d() -> None:
    s = scene("gan")
    own, rng = s.copy(), s.copy().rng
    own.update_d(own.G(s.z).detach())
    other = tensor(rng.standard_normal(s.z.shape))
    for variant, z in (("a", s.z), ("b", other)):
        found = getattr(CHANGES["new-z"], variant).run(s.copy())["G's step"]
        expected = own.gradients(own.loss_g(own.G(z)), own.G)
        assert found.loss == pytest.approx(expected.loss)
        assert list(found.arrays) == list(expected.arrays)
        for name, array in found.arrays.items():
            assert array == pytest.approx(expected.arrays[name], rel=1e-9, abs=1e-12)
