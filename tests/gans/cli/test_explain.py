"""``gans explain``: what it prints, and how it fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.gans.commands import failure, gans

SMALL = ("--n", 2, "--latent", 3, "--seed", 1)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")


def printed(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    capsys.readouterr()
    assert gans("explain", *arguments) == 0
    return capsys.readouterr().out


def test_both_sides_stand_in_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    shown = printed(capsys, "gan", *SMALL)
    assert "GAN by hand and by minigrad, in float64: 2 images of mnist5k, seed 1" in shown
    for word in (
        "D's step",
        "G's step",
        "by hand",
        "minigrad",
        "measured",
        "dL/dw1 = (dL/da1)' z",
        "gan.py:",
    ):
        assert word in shown
    [row] = [line for line in shown.splitlines() if line.startswith("│ G.0.weight")]
    hand, engine, measured = row.split("│")[3:6]
    assert float(hand) == float(engine) == pytest.approx(float(measured), rel=1e-3)
    assert "P.*" not in shown
    assert shown.splitlines()[-2].startswith("The largest difference is ")


def test_a_narrow_terminal_keeps_names_numbers_and_rules(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = printed(capsys, "gan", *SMALL)
    assert max(map(len, shown.split("\n\n")[0].splitlines()[1:20])) <= 80
    [row] = [line for line in shown.splitlines() if line.startswith("│ G.0.weight")]
    assert "…" not in shown
    assert "dL/dw1" in row


def test_steps_lie_before(capsys: pytest.CaptureFixture[str]) -> None:
    assert "seed 1, after 2 steps" in printed(capsys, "gan", *SMALL, "--steps", 2)


def test_the_penalty_has_its_rows(capsys: pytest.CaptureFixture[str]) -> None:
    shown = printed(capsys, "wgan-gp", *SMALL, "--features", 2, "--penalty", 3)
    assert "P.0.weight" in shown
    assert "P.* is what the penalty adds" in shown


def test_a_parameter_has_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    shown = printed(capsys, "gan", *SMALL, "--parameter", "D.5.weight")
    for word in (
        "D.5.weight, from the real images",
        "g_w3 = g_s.T @ h2",
        "dL/dw3 = (dL/ds)' h2",
        "backward_d",
    ):
        assert word in shown
    assert "minigrad/ops/linalg.py:" in shown
    assert shown.splitlines()[-1].startswith("D.5.weight 1x256: its length by hand ")
    assert "g_w2" not in shown


def test_a_step_has_all_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    shown = printed(capsys, "gan", *SMALL, "--step", "G")
    assert "G's step: 2 images of mnist5k, seed 1" in shown
    assert shown.index("x = np.tanh(a4)") < shown.index("loss = ") < shown.index("g_z = g_a1 @ w1")


def test_the_numbers_are_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    shown = json.loads(printed(capsys, "gan", *SMALL, "--json", "-"))
    assert (shown["model"], shown["n"], shown["seed"], shown["data"]) == ("gan", 2, 1, "mnist5k")
    row = next(row for row in shown["rows"] if row["name"] == "G.0.weight")
    assert (row["shape"], row["path"], row["step"]) == ([256, 3], "gan.py", "G")
    assert row["by_hand"] == pytest.approx(row["engine"], rel=1e-12)
    assert "written to" in printed(capsys, "gan", *SMALL, "--json", tmp_path / "step.json")
    assert json.loads((tmp_path / "step.json").read_text("utf-8")) == shown


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("lsgan",), "'lsgan' has no steps written by hand; choose from gan, dcgan, wgan-gp"),
        (("gan", "--features", 3), "gan has no setting --features"),
        (("gan", "--n", 1000), "--n must be from 1 to 256, got 1,000"),
        (("gan", "--data", "ring"), "networks for images"),
        (("gan", *SMALL, "--parameter", "G.1"), "gan has no quantity 'G.1'; it has G(z), "),
        (("gan", "--json", "-", "--step", "D"), "leave out --parameter and --step"),
        (("gan", "--json", "nowhere/step.json"), "--json nowhere/step.json: "),
        (("gan", "--step", "E"), "--step: invalid choice: 'E'"),
        (("gan", "--step", "D", "--parameter", "z"), "not allowed with argument"),
    ],
)
def test_mistakes_are_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[object, ...], told: str
) -> None:
    assert told in failure(capsys, "explain", *arguments)
