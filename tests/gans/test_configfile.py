"""Options from a file: TOML, or a run's config.json; what is given beside it wins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import gans
from gans.errors import UserError
from tests.gans.commands import failure
from tests.gans.commands import gans as command
from tests.gans.systems import contract

pytestmark = pytest.mark.usefixtures("fingerprints")

TOML = """\
model = "gan"
data = "ring"
steps = 3
seed = 7

[settings]
lr = 1e-4
batch_size = 16
width = 8
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(TOML, "utf-8")
    return path


def test_a_file_sets_options_and_flags_win(file: Path, tmp_path: Path) -> None:
    assert command("train", "--config", file, "--out", tmp_path / "run", "--lr", "0.5", "--epochs", 1) == 0
    config = gans.load(tmp_path / "run").config
    settings = config.settings
    assert (config.model, config.data, config.seed, config.epochs) == ("gan", "ring", 7, 1)
    assert (settings.lr, settings.batch_size, settings.width) == (0.5, 16, 8)  # type: ignore[attr-defined]


def test_the_config_of_a_run_is_a_config(file: Path, tmp_path: Path) -> None:
    first = gans.train(config=file, out=tmp_path / "first", progress=False)
    again = gans.train(config=tmp_path / "first" / "config.json", out=tmp_path / "again", progress=False)
    assert again.config.settings == first.config.settings
    assert [r["loss_d"] for r in again.history] == [r["loss_d"] for r in first.history]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("model = ", "not a config"),
        ('model = "gan"\nlearning_rate = 1.0\ndata = "ring"', "gan has no setting 'learning_rate'"),
        ('model = "gan"\nclip = 1.0\ndata = "ring"', "gan has no setting --clip; wgan, dualgan have it"),
        ('model = "gan"\nlr = "fast"\ndata = "ring"', "--lr must be a number, got 'fast'"),
        ('model = "gan"\nlr = 1.0\n[settings]\nlr = 2.0', "lr stands twice"),
        ('model = "gan"\n[settings]\nlr = [1.0]', "--lr must be a number, got [1.0]"),
        ('data = "ring"', "which MODEL?"),
    ],
)
def test_a_file_that_makes_no_sense(
    content: str, message: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(content, "utf-8")
    assert message in failure(capsys, "train", "--config", file)


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.toml: cannot be read: No such file"):
        gans.train(config=tmp_path / "nowhere.toml")


@pytest.mark.parametrize(("model", "changes"), [("dcgan", {}), ("wgan", {"features": 4}), ("vae", {})])
def test_settings_without_effect_come_back_from_a_run(
    model: str, changes: dict[str, Any], tmp_path: Path
) -> None:
    """A run's config has every setting; those that its data or other settings leave idle are no error."""
    data = contract.halves(96)
    gans.train(model, data, steps=1, batch_size=4, out=tmp_path / "first", progress=False, **changes)
    again = gans.train(
        config=tmp_path / "first" / "config.json", data=data, out=tmp_path / "again", progress=False
    )
    assert again.config.settings == gans.load(tmp_path / "first").config.settings
