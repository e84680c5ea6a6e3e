"""``gans.study.explain``: what it compares, and how it answers mistakes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import gans
from gans.data.images import image_data
from gans.errors import UserError
from gans.study import Explanation, explain
from gans.systems import SYSTEMS
from gans.systems.registry import settings_of
from minigrad import random


@pytest.fixture(scope="module")
def explanation() -> Explanation:
    return explain("wgan-gp", n=2, features=2, latent=3)


def test_the_rows_have_every_weight_of_both_networks(explanation: Explanation) -> None:
    names = [row.name for row in explanation.rows]
    assert len(set(names)) == len(names)
    settings = gans.systems.settings_for("wgan-gp", "image", features=2, latent=3)
    system = gans.systems.build(settings, (1, 28, 28))
    for letter, network in (
        ("D", system.discriminator),
        ("P", system.discriminator),
        ("G", system.generator),
    ):
        weights = {f"{letter}.{name}": p.shape for name, p in network.named_parameters()}
        assert weights.items() <= {row.name: row.shape for row in explanation.rows}.items()
    assert {"G(z)", "s_real", "s_fake", "norm", "penalty", "loss_d", "loss_g", "fake", "z"} <= set(names)
    assert explanation.row("fake").shape == (2, 1, 28, 28)


def test_each_row_names_the_line_that_made_it(explanation: Explanation) -> None:
    for row in explanation.rows:
        code = row.path.read_text("utf-8").splitlines()[row.line - 1]
        assert row.formula
        assert row.formula in code


def test_g_is_reached_through_the_critic(explanation: Explanation) -> None:
    """From the loss through D's backward pass to the images, and through G's to its first layer."""
    [section] = explanation.derivation("G.0.weight")
    functions = list(dict.fromkeys(line.made.function for line in section.lines))
    assert functions == ["step_g", "backward_d", "backward_g", "batch_norm_back"]
    assert section.lines[-1].made.statement.code == "g_w = g_rows.T @ z"
    at_fake = explanation.row("fake")
    assert any(
        line.made.value.shape == at_fake.shape
        and np.linalg.norm(line.made.value) == pytest.approx(at_fake.by_hand)
        for line in section.lines
    )


def test_a_weight_of_d_has_a_section_for_each_term_of_the_loss(explanation: Explanation) -> None:
    sections = explanation.derivation("D.2.weight")
    assert [section.title for section in sections] == [
        "from the real images",
        "from the fakes",
        "from the penalty",
    ]
    total = sum(section.lines[-1].made.value for section in sections)
    assert np.linalg.norm(total) == pytest.approx(explanation.row("D.2.weight").engine, rel=1e-12)
    codes = [line.made.statement.code for line in sections[2].lines]
    assert codes[0].startswith("f_h = (np.ones")  # the critic's slope, whose derivative follows
    assert codes.index("g_f_h = g_f_norm * f_x / f_norm") < codes.index("g_f_a = conv(g_f_h, w, strides[k])")


def test_lines_stand_beside_the_rules_and_ops_with_the_same_numbers(explanation: Explanation) -> None:
    [section] = explanation.lines("G")
    beside = {}
    for line in section.lines:
        beside.setdefault((line.made.statement.code, line.made.stage), line.engine)
    rule = beside["g_h = (g_s @ v).reshape(h.shape)", None]
    assert rule is not None
    assert str(rule) == "rule of linear for x, D.5"
    assert (rule.formula, rule.place.partition(":")[0]) == ("g @ w", "minigrad/ops/linalg.py")
    forward = beside["a = conv_transpose(h, w, strides[-1 - k])", 1]
    assert forward is not None
    assert (forward.op, forward.argument, forward.layer) == ("conv_transpose2d", "", "G.7")
    assert "adjoint of conv2d" in forward.formula
    assert beside["xhat = (a - mean) * inv_std", None] is None  # the engine's batch norm is one op


def test_the_backward_of_the_backward_stands_beside_rules_of_rules(explanation: Explanation) -> None:
    [section] = explanation.derivation("P.2.weight")
    beside = {(line.made.statement.code, line.made.stage): line.engine for line in section.lines}
    pass_of_x = beside["f_h = conv_transpose(f_a, convolutions[k][0], strides[k])", 1]
    assert str(pass_of_x) == "rule of conv2d_bias_leaky_relu for x, D.2-3"
    again = beside["g_w = conv_weight(g_f_h, f_a, strides[k], w.shape[2:])", 1]
    assert str(again) == "rule of conv_transpose2d for w, D.2-3"


def test_a_value_has_the_lines_from_the_input(explanation: Explanation) -> None:
    [section] = explanation.derivation("loss_g")
    assert section.lines[0].made.statement.code.startswith("a = (z @ w.T)")
    assert section.lines[-1].made.statement.code == "loss = -s_fake.mean()"
    assert float(section.lines[-1].made.value) == explanation.row("loss_g").by_hand


def test_it_is_a_function_of_the_seed() -> None:
    state = random.get_state()
    one, same, other = (explain("gan", n=2, seed=seed, latent=2).rows for seed in (3, 3, 4))
    assert one == same
    assert one[0].by_hand != other[0].by_hand
    assert random.get_state() == state


def test_the_readers_images_and_sizes_count(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 12, 10, 3)).astype(np.uint8)
    np.savez(tmp_path / "mine.npz", images=pixels)
    found = explain("dcgan", tmp_path / "mine.npz", n=5, features=3, base=3, latent=2)
    assert found.largest < 1e-10
    assert found.row("G(z)").shape == (5, 3, 12, 10)
    assert found.row("G.0.weight").shape[1] == 2
    given = explain("dcgan", image_data("mine", pixels), n=5, features=3, base=3, latent=2)
    assert (given.batch.data, given.batch.n, given.title) == ("mine", 5, "DCGAN")
    assert "5 images of mine, seed 0: " in repr(given)


def test_training_steps_may_lie_before() -> None:
    first, later = (explain("wgan-gp", n=2, steps=steps, features=2, latent=2) for steps in (0, 2))
    assert later.largest < 1e-10
    assert first.row("G.0.weight").engine != later.row("G.0.weight").engine
    assert "2 images of mnist5k, seed 0, after 2 steps" in repr(later)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"model": "lsgan"}, "'lsgan' has no steps written by hand; choose from gan, dcgan, wgan-gp"),
        ({"model": "GAN?"}, "choose from gan, dcgan, wgan-gp"),
        ({"model": "gan", "data": "ring"}, "networks for images, got points"),
        ({"model": "gan", "n": 0}, "`n` must be from 1 to 256, got 0"),
        ({"model": "gan", "n": 1_000}, "`n` must be from 1 to 256, got 1,000"),
        ({"model": "gan", "steps": -1}, "`steps` must be at least 0, got -1"),
        ({"model": "gan", "features": 8}, "gan has no setting `features`"),
        ({"model": "dcgan", "base": 9}, "`base` must be at most 7"),
        ({"model": "dcgan", "data": "nothing.npz"}, "unknown data set 'nothing.npz'"),
    ],
)
def test_mistakes_are_one_line(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(UserError) as error:
        explain(**arguments)  # type: ignore[arg-type]
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_weights_have_the_names_of_training_too(explanation: Explanation) -> None:
    assert explanation.row("generator.0.weight") is explanation.row("G.0.weight")
    assert explanation.row("discriminator.2.bias") is explanation.row("D.2.bias")
    assert explanation.derivation("discriminator.2.bias")[0].lines


def test_an_unknown_quantity_is_answered_with_those_there_are(explanation: Explanation) -> None:
    with pytest.raises(UserError, match=r"no quantity 'G.1'; it has G\(z\), .*, z$"):
        explanation.derivation("G.1")


def test_the_settings_of_the_step_are_not_offered() -> None:
    """A trick would change the engine's side alone."""
    with pytest.raises(UserError, match="`layer_noise` is not a size"):
        explain("gan", layer_noise=0.1)  # type: ignore[call-arg]
    assert {"layer_noise", "dropout"} <= settings_of(SYSTEMS["gan"]).keys()
