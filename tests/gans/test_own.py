"""A system in a file of the user's own: the one that README prints, by command and in Python."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import gans
from tests.gans.commands import assert_same_run, failure
from tests.gans.commands import gans as command
from tests.project.test_docs import my_gan


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with my_gan.py, which is the current one."""
    text = my_gan()
    assert len(text.splitlines()) <= 60
    (tmp_path / "my_gan.py").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("data", ["ring", "mnist5k"])
def test_an_own_system_gets_everything(data: str, own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train = ("train", "./my_gan.py:MyGAN", "--data", data, "--lr", "3e-4", "--ema", "0.9", "--batch-size", 8)
    assert command(*train, "--steps", 6, "--out", "whole") == 0
    assert command(*train, "--steps", 3, "--out", "parts") == 0
    assert command("train", "--resume", "parts", "--steps", 6) == 0
    assert_same_run(own / "whole", own / "parts")
    assert command(*train, "--steps", 6, "--no-capture", "--out", "plain") == 0
    assert_same_run(own / "whole", own / "plain")
    assert list(gans.load("whole").history[0])[2:-1] == ["loss_d", "grad_norm_d", "loss_g", "grad_norm_g"]
    assert command("sample", "whole", "--n", 5, "--out", "a.npz") == 0
    assert command("sample", "whole", "--n", 5, "--out", "b.npz", "--no-average") == 0
    assert "last weights" in capsys.readouterr().out
    with np.load("a.npz") as averaged, np.load("b.npz") as last:
        assert not np.array_equal(
            *(file["points" if data == "ring" else "images"] for file in (averaged, last))
        )
    assert command("evaluate", "whole", "--n", 100) == 0
    assert all((own / "whole" / name).is_file() for name in ("losses.png", "samples.gif", "evaluation.json"))


def test_its_settings_are_flags_and_config(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command("train", "./my_gan.py:MyGAN", "--help")
    shown = capsys.readouterr().out
    assert "--latent N" in shown
    assert "length of the noise vector z (default 8 on points, 64 on image)" in " ".join(shown.split())
    assert "--critic-steps" not in shown
    refused = failure(capsys, "train", "./my_gan.py:MyGAN", "--data", "ring", "--clip", "1")
    assert "has no setting --clip; wgan, dualgan have it" in refused


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("./nowhere.py:MyGAN", "nowhere.py: cannot be read: No such file or directory"),
        ("./my_gan.py:YourGAN", "my_gan.py has no 'YourGAN' (it has MySettings, MyGAN)"),
        ("./my_gan.py:MySettings", "not a subclass of gans.systems.System"),
        ("./my_gan.py", "expected FILE.py:NAME"),
        ("./wrong.py:MyGAN", "wrong.py, line 2: ZeroDivisionError: division by zero"),
        ("./torn.py:MyGAN", "torn.py, line 1: SyntaxError"),
    ],
)
def test_files_that_cannot_serve(
    model: str, message: str, own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own / "wrong.py").write_text("x = 0\ny = 1 / x\n", "utf-8")
    (own / "torn.py").write_text("def (\n", "utf-8")
    assert message in failure(capsys, "train", model, "--data", "ring")
    assert sorted(own.glob("*.*")) == [own / name for name in ("my_gan.py", "torn.py", "wrong.py")]
    assert not (own / "runs").exists()


def test_own_networks_for_a_system_of_the_project(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (own / "nets.py").write_text(
        "from minigrad import nn\n"
        "def small(settings, spec):\n"
        "    return {'generator': nn.Linear(settings.latent, 2), 'discriminator': nn.Linear(2, 1)}\n"
        "def half(settings, spec):\n"
        "    return {'generator': nn.Linear(settings.latent, 2)}\n",
        "utf-8",
    )
    train = ("train", "gan", "--data", "ring", "--steps", 2, "--batch-size", 4, "--out", "run")
    assert command(*train, "--networks", "nets.py:small") == 0
    assert gans.load("run").system.generator.state_dict().keys() == {"weight", "bias"}
    line = failure(capsys, *train[:-1], "other", "--networks", "nets.py:half")
    assert "expected a dict of the networks generator, discriminator" in line
