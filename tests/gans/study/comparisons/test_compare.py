"""``gans.study.compare``: what it takes, what it leaves alone, what it returns and refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gans
import minigrad as mg
from gans.errors import UserError
from tests.gans.study.comparisons.cases import on_ring

OWN = """
from gans.systems.gan import GAN

class Mine(GAN):
    title = "mine"
"""


def test_it_is_reproducible_and_leaves_the_generator_alone() -> None:
    mg.manual_seed(7)
    before = mg.random.get_state()
    one, other, third = on_ring("gan", "stale"), on_ring("gan", "stale"), on_ring("gan", "stale", seed=1)
    assert mg.random.get_state() == before
    assert one.document() == other.document() != third.document()


def test_training_before_the_step_changes_the_weights() -> None:
    norms = [on_ring("gan", "detach", steps=steps).rows[0].relation.norm_a for steps in (0, 2)]
    assert norms[0] != norms[1]


def test_rows_have_the_names_of_the_state_dict_and_a_verdict() -> None:
    comparison = on_ring("gan", "detach")
    names = [f"{layer}.{what}" for layer in (0, 2, 4) for what in ("weight", "bias")]
    rows = [f"{network}.{name}" for network in ("discriminator", "generator") for name in names]
    assert [row.parameter for row in comparison.rows] == rows
    assert list(comparison.verdicts.values()) == ["identical bit for bit", "zero in A"]
    assert repr(comparison) == (
        "Comparison(gan, detach: D's step: identical bit for bit; D's loss, in G's weights: zero in A)"
    )


def test_a_verdict_names_what_stays_the_same() -> None:
    verdict = on_ring("wgan-gp", "create-graph").verdicts["D's step"]
    assert verdict.startswith("different, cosine ")
    assert "; the same, 4 of 8: discriminator.0.bias, " in verdict


def test_a_notebook_shows_code_verdicts_and_table() -> None:
    html = on_ring("gan", "mean")._repr_html_()
    assert "0.5 * s.objective.discriminator" in html
    assert "<li>D&#x27;s step: B is A times 0.5 exactly</li>" in html
    assert html.count("<tr>") == 1 + 12


def test_the_document_is_json_without_nan() -> None:
    document = on_ring("gan", "logarithm").document()
    text = json.dumps(document, allow_nan=False)
    assert json.loads(text)["losses"]["G's step"][1] is None
    assert {row["kind"] for row in document["rows"]} == {"not finite"}
    assert document["model"] == "gan"
    assert document["settings"] == {"width": 8}


def test_a_data_set_and_a_class_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(OWN, "utf-8")
    data = gans.data.load("ring")
    comparison = gans.study.compare(f"{file}:Mine", "detach", data=data, n=4)  # type: ignore[arg-type]
    assert comparison.origin["data"] == "ring"
    assert comparison.relations["D's step"].kind == "identical"


def test_noise_within_layers_is_the_same_on_both_sides() -> None:
    comparison = on_ring("gan", "detach", layer_noise=0.5, dropout=0.5)
    assert comparison.relations["D's step"].kind == "identical"


def test_float64_holds_what_float32_rounds() -> None:
    comparison = on_ring("gan", "dtype")
    assert {array.dtype for part in comparison.a.values() for array in part.arrays.values()} == {
        np.dtype(np.float64)
    }
    assert 0 < max(row.relation.difference for row in comparison.rows) < 1e-5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"change": "detatch"},
            "there is no `change` 'detatch'; did you mean 'detach'? (choose from detach, ",
        ),
        ({"model": "gna"}, "there is no model 'gna'; did you mean 'gan'?"),
        ({"model": "cgan"}, "cgan is no GAN of two players"),
        ({"model": "wgan", "change": "saturating"}, "and wgan has none; choose from gan, dcgan, "),
        (
            {"change": "create-graph"},
            "fits models with a penalty of D's slope, and gan has none; choose from ",
        ),
        ({"model": "wgan-gp", "change": "norm-axes"}, "at images at norm 1"),
        ({"n": 1}, "`n` must be at least 2, got 1"),
        ({"steps": -1}, "`steps` must be at least 0"),
        ({"seed": -1}, "`seed` must be at least 0"),
        ({"model": "pacgan", "n": 5}, "`n` 5 is no multiple of `pack` 2"),
        ({"data": "mnist5k", "n": 6_000}, "`n` is 6000, and mnist5k has only 5000 images"),
        ({"data": "edges:mnist5k"}, "gan needs images or points"),
        ({"widht": 3}, "gan has no setting 'widht'; did you mean 'width'?"),
        ({"data": "mnist5k", "width": 3}, "`width` is a setting of the networks for points"),
    ],
)
def test_what_does_not_fit_is_one_line(arguments: dict[str, Any], message: str) -> None:
    given = {"model": "gan", "change": "detach", "data": "ring", "n": 4, **arguments}
    with pytest.raises(UserError) as error:
        gans.study.compare(**given)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
