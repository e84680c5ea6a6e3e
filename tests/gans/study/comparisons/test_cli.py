"""``gans compare``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gans.study.comparisons import CHANGES
from tests.gans.commands import failure, gans

OWN = """
from gans.systems.gan import GAN

class Mine(GAN):
    title = "mine"
"""

SMALL = ("--data", "ring", "--n", 4, "--width", 8)


def test_the_list_has_every_change_and_its_models(capsys: pytest.CaptureFixture[str]) -> None:
    assert gans("compare") == 0
    listed = capsys.readouterr().out
    for name in CHANGES:
        assert name in listed
    assert gans("compare", "lsgan") == 0
    of_one = capsys.readouterr().out
    assert "sigmoid" in of_one
    assert "create-graph" not in of_one


def test_the_list_of_a_class_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.py"
    file.write_text(OWN, "utf-8")
    assert gans("compare", f"{file}:Mine") == 0
    listed = capsys.readouterr().out
    assert "sigmoid" in listed
    assert "create-graph" not in listed


def test_a_comparison_shows_code_table_and_verdicts(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert gans("compare", "gan", "--change", "mean", *SMALL) == 0
    shown = capsys.readouterr().out
    assert "gan on ring, 4 samples: D's two losses" in shown
    assert "+     loss = 0.5 * s.objective" in shown
    assert "│ discriminator.0.weight │" in shown
    assert "D's step (loss 1.4" in shown
    assert ": B is A times 0.5 exactly\n" in shown
    assert shown.endswith("asked as: Sum or mean of D's two losses?\n")


def test_json_goes_to_a_file_or_to_standard_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "out.json"
    assert gans("compare", "gan", "--change", "detach", *SMALL, "--steps", 2, "--json", file) == 0
    assert "written to" in capsys.readouterr().out
    written = json.loads(file.read_text("utf-8"))
    assert gans("compare", "gan", "--change", "detach", *SMALL, "--steps", 2, "--json", "-") == 0
    assert json.loads(capsys.readouterr().out) == written
    assert written["verdicts"]["D's step"] == "identical bit for bit"
    assert (written["n"], written["steps"], written["settings"]) == (4, 2, {"width": 8})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("gan", "--change", "detatch"), "there is no --change 'detatch'; did you mean 'detach'?"),
        (("wgan", "--change", "label"), "the --change label fits models with the cross-entropy"),
        (("vae",), "vae is no GAN of two players"),
        (("--change", "mean"), "which model? --change mean fits gan, "),
        (("gan", "--json", "x.json"), "--json has no comparison to write; give a --change"),
        (("gan", "--change", "mean", "--n", "1"), "--n must be at least 2"),
        (("gan", "--change", "mean", "--penalty", "1"), "gan has no setting --penalty"),
        (("gan", "--change", "mean", "--json", "no/such/x.json"), "no/such"),
    ],
)
def test_mistakes_are_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert message in failure(capsys, "compare", *arguments)


def test_help_has_the_settings_of_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        gans("compare", "wgan-gp", "--help")
    assert "--penalty WEIGHT" in capsys.readouterr().out
