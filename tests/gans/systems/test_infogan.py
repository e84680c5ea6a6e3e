"""InfoGAN: where the information's gradient goes, what Q's guesses cost, what the category means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gans
import minigrad as mg
from gans.data import load
from gans.data.images import image_data
from gans.data.spec import Spec
from gans.errors import UserError
from gans.metrics.matching import matched_share
from gans.systems import Ask, build, settings_for
from gans.systems.infogan import InfoGAN
from gans.trainer import Training
from tests.gans.systems import contract
from tests.states import flat

SMALL: dict[str, Any] = {
    "batch_size": 8,
    "features": 2,
    "hidden": 16,
    "latent": 4,
    "categories": 3,
    "warp_steps": 0,
    "views_weight": 0.0,
}


def small(**changes: Any) -> Training:
    return contract.trained("infogan", contract.halves(), **{**SMALL, "ema": 0.9, **changes})


def built(shape: tuple[int, ...] = (1, 8, 8), **changes: Any) -> InfoGAN:
    mg.manual_seed(0)
    system: InfoGAN = build(settings_for("infogan", "image", **{**SMALL, **changes}), Spec("image", shape))
    return system


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def real(shape: tuple[int, ...] = (1, 8, 8)) -> mg.Tensor:
    return mg.Tensor(rng().uniform(-1, 1, (8, *shape)).astype(np.float32))


def test_the_codes_are_drawn_from_minus_one_to_one_and_each_category_as_often() -> None:
    z, category, codes = built(categories=4, codes=3).draw(4000, rng())
    assert z.shape == (4000, 4)
    assert codes.shape == (4000, 3)
    assert -1 <= codes.numpy().min() < -0.99
    assert 0.99 < codes.numpy().max() < 1
    assert codes.numpy().var(axis=0) == pytest.approx([1 / 3] * 3, abs=0.02)  # 1 for N(0, 1)
    assert np.bincount(category.numpy(), minlength=4) / 4000 == pytest.approx([0.25] * 4, abs=0.03)


def test_q_gives_logits_and_each_of_its_losses_has_its_own_code() -> None:
    infogan = built()
    category, codes = mg.Tensor(np.array([2, 0])), mg.Tensor(np.array([[0.5, -1], [0, 1]], np.float32))
    right = np.concatenate([30 * np.eye(3, dtype=np.float32)[[2, 0]], codes.numpy()], axis=1)
    costs = [cost.item() for cost in infogan.missed(mg.Tensor(right), category, codes)]
    assert costs == pytest.approx([0, 0], abs=1e-6)  # at least log(1 + 2 / e) after a softmax
    wrong = right.copy()
    wrong[:, 3:] += [0.2, 0.4]
    costs = [cost.item() for cost in infogan.missed(mg.Tensor(wrong), category, codes)]
    assert costs == pytest.approx([0, (0.2**2 + 0.4**2) / 2], abs=1e-6)
    wrong = right.copy()
    wrong[:, :3] = 0
    costs = [cost.item() for cost in infogan.missed(mg.Tensor(wrong), category, codes)]
    assert costs == pytest.approx([np.log(3), 0], abs=1e-6)


def test_the_gradient_of_the_information_reaches_g_the_trunk_and_q_but_not_ds_head() -> None:
    infogan = built()
    z, category, codes = infogan.draw(8, rng())
    guess = infogan.guess(infogan.images(z, category, codes))
    loss = infogan.weighted(*infogan.missed(guess, category, codes))
    for network in (infogan.generator, infogan.trunk, infogan.recognition):
        weights = [p for p in network.parameters() if p.ndim > 1]
        assert all(np.abs(slope.numpy()).max() > 0 for slope in mg.grad(loss, weights))
    with pytest.raises(ValueError, match="does not depend on"):
        mg.grad(loss, list(infogan.head.parameters()))


@pytest.mark.parametrize("weight", ["category_weight", "code_weight"])
def test_each_update_descends_the_information_too(weight: str) -> None:
    """With the term, one step ends with other weights in G, the trunk and Q, and the same in D's head."""
    ends = []
    for value in (0.0, 1.0):
        training = small(**{"category_weight": 0.0, "code_weight": 0.0, weight: value})
        begin = flat(training.system.state_dict())
        contract.advance(training, 1)
        ends.append(flat(training.system.state_dict()))
    changed = {name.split(".")[1] for name in begin if ends[0][name] != ends[1][name]}
    assert {"generator", "trunk", "recognition"} < changed
    assert "head" not in changed
    weights = [name for name in begin if name.startswith(".recognition") and name.endswith("weight")]
    assert all(begin[name] == ends[0][name] != ends[1][name] for name in weights)


def test_maps_shrink_in_the_second_half_of_their_steps_while_codes_gain_weight() -> None:
    infogan = built(warp_from=4, warp_steps=12)
    assert [infogan.settings.warp_left(step) for step in (0, 4, 8, 9, 10, 12, 99)] == [
        1,
        1,
        1,
        0.75,
        0.5,
        0,
        0,
    ]
    category_loss, code_loss = mg.tensor(2.0), mg.tensor(4.0)
    shares = [(1.0, 2), (0.75, 3), (0.0, 6)]
    assert all(infogan.weighted(category_loss, code_loss, mg.tensor(s)).item() == e for s, e in shares)
    assert infogan.weighted(category_loss, code_loss).item() == 6


def test_maps_end_after_they_began() -> None:
    with pytest.raises(UserError, match="`warp_from` of infogan must be below `warp_steps`, got 9 and 5"):
        settings_for("infogan", "image", warp_from=9, warp_steps=5)


def test_d_and_q_see_warped_images_from_a_step_on() -> None:
    ends = []
    for steps in (0, 100):
        training = small(warp_from=1 if steps else 0, warp_steps=steps, code_weight=0.0)
        states = []
        for _ in range(2):
            contract.advance(training, 1)
            states.append(flat(training.system.state_dict()))
        ends.append(states)
    assert ends[0][0] == ends[1][0]
    assert any(ends[0][1][name] != ends[1][1][name] for name in ends[0][1] if name.startswith(".trunk"))


def test_from_a_step_on_d_and_q_also_ascend_what_two_views_of_a_real_image_share() -> None:
    ends, numbers = [], []
    for weight in (0.0, 1.0):
        training = small(views_weight=weight, warp_from=1, category_weight=0.0, code_weight=0.0)
        contract.advance(training, 1)
        before = flat(training.system.state_dict())
        numbers.append(contract.advance(training, 1)[-1])
        ends.append((before, flat(training.system.state_dict())))
    assert ends[0][0] == ends[1][0]  # the first step has no second view
    changed = {name.split(".")[1] for name in before if ends[0][1][name] != ends[1][1][name]}
    assert {"trunk", "recognition"} < changed
    assert "head" not in changed
    assert "views" not in numbers[0]
    assert 0 < numbers[1]["views"] < np.log(3)


def test_labels_of_the_data_change_nothing() -> None:
    data = contract.halves()
    runs = [small(), contract.trained("infogan", image_data("bare", data.images), **SMALL, ema=0.9)]
    assert contract.advance(runs[0], 3) == contract.advance(runs[1], 3)


def share_matched(category_weight: float) -> float:
    """How far one of two categories is the bright half of the sample, after 200 steps."""
    settings = {"batch_size": 16, "features": 4, "hidden": 64, "latent": 8, "categories": 2, "codes": 1}
    settings |= {"warp_from": 50, "warp_steps": 150}
    data = contract.halves(400)
    training = contract.trained("infogan", data, **settings, category_weight=category_weight)
    contract.advance(training, 200)
    category = np.arange(400) % 2
    x = training.system.sample(400, rng(), Ask(category)).samples
    right = x[..., 4:].mean(axis=(1, 2, 3)) > x[..., :4].mean(axis=(1, 2, 3))
    return matched_share(category, right.astype(np.int64), 2)


def test_the_category_becomes_the_class_without_any_label_and_without_information_it_does_not() -> None:
    assert share_matched(1.0) >= 0.9
    assert share_matched(0.0) < 0.8


def test_figures_say_what_q_reads_off_new_samples() -> None:
    infogan = built((1, 28, 28), features=2, categories=10)
    with infogan.evaluating():
        figures = infogan.figures(load("mnist5k"), rng())
    assert figures.keys() == {*infogan.figure_meanings, "measured", "real_category_accuracy"}
    assert 0.5 < figures["category_error"] < 0.95
    assert abs(figures["category_information"]) < 0.5
    assert figures["category_accuracy"] < 0.4
    other = built((1, 8, 8), codes=0)
    with other.evaluating():
        found = other.figures(contract.halves(), rng())
    assert found.keys() == {"measured", "category_information", "category_error"}


def test_a_picture_has_a_row_for_each_category_and_a_code_by_column() -> None:
    infogan = built(categories=3, codes=3)
    with infogan.evaluating():
        made = infogan.show(64, rng(), Ask())
    assert made.columns == 15
    rows = made.samples.reshape(3, 15, 64)
    for block in (rows[:, 5:10], rows[:, 10:]):
        steps = np.abs(np.diff(block, axis=1)).max(axis=2)
        assert (steps > 0).all()
    assert np.abs(rows[:, 7] - rows[:, 12]).max() == 0  # both codes are 0 in the middle column


def test_classes_asked_for_are_categories(tmp_path: Path) -> None:
    run = gans.train("infogan", contract.halves(), steps=2, out=tmp_path / "run", progress=False, **SMALL)
    samples = gans.sample(run, n=6, classes=[0, 2])
    assert samples.shape == (6, 1, 8, 8)
    assert samples.labels is None  # a category is no label
    with pytest.raises(UserError, match="from 0 to 2"):
        gans.sample(run, classes=3)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 9, 17), (1, 28, 28), (3, 64, 33)])
def test_it_takes_its_shape_from_the_images(shape: tuple[int, ...]) -> None:
    infogan = built(shape, features=2)
    infogan.update_discriminator(real(shape), rng())
    numbers = infogan.update_generator(rng())
    assert numbers.keys() == {"loss_g", "category_loss", "code_loss", "grad_norm_g"}
    assert infogan.sample(2, rng()).samples.shape == (2, *shape)


def test_a_batch_of_one_is_refused() -> None:
    with pytest.raises(UserError, match="batch_size"):
        settings_for("infogan", "image", batch_size=1)


@pytest.mark.slow
def test_the_category_and_the_codes_are_in_the_images(tmp_path: Path) -> None:
    run = gans.train("infogan", seed=0, out=tmp_path / "run", progress=False)
    figures = gans.evaluate(run)
    assert figures["category_information"] >= 2.0
    assert figures["category_accuracy"] >= 0.92
    assert figures["category_error"] <= 0.08
