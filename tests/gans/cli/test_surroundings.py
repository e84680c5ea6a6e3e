"""Processes without a home, in a deleted folder, or with variables that name what is not there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gans.data.mnist import cache_folder
from gans.errors import UserError
from gans.paths import user_path
from tests import processes
from tests.gans.commands import failure, gans, said

HOMELESS = "import pwd\ndef unknown(user): raise KeyError(user)\npwd.getpwuid = pwd.getpwnam = unknown\n"
"""As in a container whose user is a number: with HOME unset, nobody knows what ~ is."""

needs_pwd = pytest.mark.skipif(sys.platform == "win32", reason="users are numbers on POSIX alone")


def python(code: str, folder: Path, **changes: str | None) -> tuple[int, str, str]:
    """Exit status and outputs of a Python process in a folder, with variables changed or, by None, unset."""
    done = processes.python(code, cwd=folder, OPENBLAS_NUM_THREADS="1", **changes)
    return done.returncode, done.stdout, done.stderr


def mains(*commands: tuple[str, ...]) -> str:
    """Code that runs one command after the other; its output ends with their exit statuses."""
    return f"from gans.cli import main; print([main(arguments) for arguments in {commands!r}])"


PICTURE = """
from gans import plots
assert plots.training_curves([{'step': 1, 'loss_d': 1, 'loss_g': 1, 'd_real': .5, 'd_fake': .5,
                               'grad_norm_d': 1, 'grad_norm_g': 1}], 'title').startswith(b'\\x89PNG')
import os, matplotlib
print(os.environ.get('MPLBACKEND'), matplotlib.rcParams['backend'].lower() if chosen else '')
"""


@pytest.mark.parametrize(
    ("backend", "kept"),
    [("not-installed", False), ("module://nobody.has.this", True), ("qtagg", True)],
)
def test_pictures_need_no_backend_of_matplotlib(backend: str, kept: bool, tmp_path: Path) -> None:
    """What the variable names is kept for the user's own windows."""
    status, out, err = python(f"chosen = {kept}" + PICTURE, tmp_path, MPLBACKEND=backend)
    assert status == 0, err
    assert out.split() == ([backend, backend] if kept else [backend])


@needs_pwd
def test_without_a_home_nothing_is_called_after_it(tmp_path: Path) -> None:
    commands = (
        ("train", "gan", "--data", "ring", "--out", "~/run"),
        ("train", "gan", "--data", "~/digits"),
        ("train", "gan", "--data", "mnist", "--data-dir", "~/data"),
        ("sample", "~/run", "--out", "x.png"),
        ("train", "gan", "--data", "mnist"),
    )
    changes: dict[str, str | None] = dict.fromkeys(
        ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MINIGRAD_DATA")
    )
    changes["MPLCONFIGDIR"] = str(tmp_path / "matplotlib")
    here = tmp_path / "here"
    here.mkdir()
    status, out, err = python(HOMELESS + mains(*commands), here, **changes)
    assert (status, out) == (0, "[2, 2, 2, 2, 2]\n"), err
    *homeless, cache = said(err)
    assert len(homeless) == 4
    assert all("there is no home folder for ~ (HOME is not set)" in line for line in homeless)
    assert "no home folder to keep data in; name a folder with --data-dir or MINIGRAD_DATA" in cache
    assert list(here.iterdir()) == []


def test_a_home_that_the_shell_left_to_us_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert user_path("~/run") == tmp_path / "run"
    assert gans("train", "gan", "--data", "ring", "--batch-size", 4, "--steps", 1, "--out=~/run") == 0
    assert (tmp_path / "run" / "config.json").is_file()
    assert gans("sample", "~/run", "--n", 2, "--out", "~/points.npz") == 0
    assert (tmp_path / "points.npz").is_file()


def test_a_name_that_only_begins_like_a_home_stays(tmp_path: Path) -> None:
    assert user_path("~nobody-of-this-name/x") == Path("~nobody-of-this-name/x")
    assert user_path("./~/x") == Path.cwd() / "~" / "x"


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the variables of other systems")
def test_only_an_absolute_cache_folder_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for given in ("", "relative", "~/cache"):
        monkeypatch.setenv("XDG_CACHE_HOME", given)
        assert cache_folder() == tmp_path / ".cache" / "minigrad"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert cache_folder() == tmp_path / "cache" / "minigrad"
    monkeypatch.setenv("HOME", "relative")
    monkeypatch.delenv("XDG_CACHE_HOME")
    with pytest.raises(UserError, match="no home folder to keep data in"):
        cache_folder()


def test_a_cache_that_cannot_be_written_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    for name in ("XDG_CACHE_HOME", "HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "file"))
    monkeypatch.delenv("MINIGRAD_DATA", raising=False)
    line = failure(capsys, "train", "gan", "--data", "mnist")
    assert "cannot be written (Not a directory); name another folder with --data-dir" in line


@pytest.mark.skipif(sys.platform == "win32", reason="a current folder cannot be deleted there")
@pytest.mark.skipif(
    sys.version_info[:3] == (3, 13, 0), reason="Python 3.13.0 cannot import NumPy from a folder that is gone"
)
def test_a_current_folder_that_was_deleted_is_an_error(tmp_path: Path) -> None:
    """What starts from there is refused; what does not, works. Nor is a folder for temporary files needed."""
    start = "import os; os.mkdir('gone'); os.chdir('gone'); os.rmdir(os.getcwd())\n"
    toy = ("train", "gan", "--data", "ring", "--steps", "1", "--batch-size", "4")
    elsewhere = (*toy, "--out", str(tmp_path / "run"))
    commands = (toy, (*toy, "--out", "run"), (*toy, "--data-dir", "data"), elsewhere)
    missing = str(tmp_path / "missing")
    status, out, err = python(start + mains(*commands), tmp_path, TMPDIR=missing, TEMP=missing, TMP=missing)
    assert status == 0, err
    assert out.splitlines()[-1] == "[2, 2, 2, 0]"
    assert said(err) == ["gans: error: the current folder has been deleted; go to another one (cd)"] * 3
