"""The kernels' files on disk: whatever happened to them, a run goes on with the right code."""

from __future__ import annotations

import importlib.util
import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numba
import pytest
from numba.core import caching as numbas

from minigrad.kernels.cpu.runtime import caching, compiling
from tests.processes import ROOT, python

DAMAGED, NOT_KEPT = "was damaged", "cannot be kept for the next run"

names = map("module_{}".format, itertools.count())


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file with a function, whose code is kept in the folder beside it; notices are said anew."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(caching, "_noted", set())
    path = tmp_path / "source.py"
    path.write_text("def function(x):\n    return x + 1\n")
    return path


def made(path: Path) -> Any:
    """The function as a later process finds it: nothing is known of it but what is on disk."""
    name = next(names)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return compiling.jit(module.function)


def hits(kernel: Any) -> int:
    return sum(kernel.stats.cache_hits.values())


def only(path: Path, ending: str) -> Path:
    (found,) = (path.parent / "cache").rglob(f"*{ending}")
    return found


def flipped(content: bytes) -> bytes:
    place = len(content) // 2
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@pytest.mark.parametrize("ending", [".nbi", ".nbc"])
@pytest.mark.parametrize(
    "damage",
    [lambda b: b"", lambda b: b[:3], lambda b: b[: len(b) // 2], lambda b: b[:-20], lambda b: b"\0" * len(b)],
    ids=["empty", "start", "half", "cut", "zeros"],
)
def test_a_damaged_file_is_replaced(
    source: Path, ending: str, damage: Callable[[bytes], bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    assert made(source)(1) == 2
    damaged = only(source, ending)
    damaged.write_bytes(damage(damaged.read_bytes()))
    assert made(source)(1) == 2
    (said,) = [line for line in capsys.readouterr().err.splitlines() if DAMAGED in line]
    assert said.startswith("minigrad: a file of compiled kernels in ")
    again = made(source)
    assert again(1) == 2
    assert hits(again) == 1
    assert capsys.readouterr().err == ""


def test_a_bit_that_flipped_in_the_code_is_noticed(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert made(source)(1) == 2
    code = only(source, ".nbc")
    code.write_bytes(flipped(code.read_bytes()))
    again = made(source)
    assert again(1) == 2
    assert hits(again) == 0
    assert "its checksum is another" in capsys.readouterr().err


def test_a_file_that_is_a_folder_or_gone(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert made(source)(1) == 2
    only(source, ".nbc").unlink()
    assert made(source)(1) == 2
    assert DAMAGED not in capsys.readouterr().err
    index = only(source, ".nbi")
    index.unlink()
    index.mkdir()
    assert made(source)(1) == 2
    said = capsys.readouterr().err
    assert DAMAGED in said
    assert "stays as it is" in said


def test_code_of_another_source_or_signature_is_not_run(tmp_path: Path) -> None:
    """As where a process ends between its two files."""
    older, files = (caching._Files(str(tmp_path), "function", stamp) for stamp in ("older", "stamp"))
    older.save("signature", "old code")
    (path,) = tmp_path.glob("*.nbc")
    old = path.read_bytes()
    assert files.load("signature") is None
    files.save("signature", "code")
    files.save("another", "other code")
    assert (files.load("signature"), files.load("another")) == ("code", "other code")
    content = path.read_bytes()
    (other,) = set(tmp_path.glob("*.nbc")) - {path}
    for wrong in (old, other.read_bytes()):
        path.write_bytes(wrong)
        with pytest.raises(caching.Damaged, match="its checksum is another"):
            files.load("signature")
    path.write_bytes(content)
    assert files.load("signature") == "code"


def test_two_processes_that_save_at_once_keep_their_code_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one begins after the first has read the index, and ends before the first writes it."""
    first, second = (caching._Files(str(tmp_path), "function", "stamp") for _ in range(2))
    write = first._save_index

    def write_later(overloads: dict[str, str]) -> None:
        second.save("another", "other code")
        write(overloads)

    monkeypatch.setattr(first, "_save_index", write_later)
    first.save("signature", "code")
    assert second.load("signature") == "code"
    assert second.load("another") is None  # to be compiled anew, as the index was overwritten
    second.save("another", "other code")
    assert (first.load("signature"), first.load("another")) == ("code", "other code")


def test_files_of_before_the_checksums_are_read(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert made(source)(1) == 2
    code = only(source, ".nbc")
    code.write_bytes(code.read_bytes()[: -caching.CHECK - len(caching.MARK)])
    again = made(source)
    assert again(1) == 2
    assert hits(again) == 1


def test_what_cannot_be_written_costs_one_note(
    source: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where the code of an older source is there, which no later run may take for this one's."""
    assert made(source)(1) == 2
    source.write_text("def function(x):\n    return x + 20\n")

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(numbas.IndexDataCacheFile, "_open_for_write", full)
        kernel = made(source)
        assert (kernel(1), kernel(1.5)) == (21, 21.5)
    said = [line for line in capsys.readouterr().err.splitlines() if NOT_KEPT in line]
    assert len(said) == 1
    assert "(No space left on device); NUMBA_CACHE_DIR chooses another folder" in said[0]
    kernel = made(source)
    assert (kernel(1), hits(kernel)) == (21, 0)
    kernel = made(source)
    assert (kernel(1), hits(kernel)) == (21, 1)


USE = (
    "import numpy as np; from minigrad.kernels import cpu\n"
    "print(cpu.leaky_relu(np.array([-2, 1], 'f'), 0.5).tolist())\n"
)
USED = "[-1.0, 1.0]\n"


def run(before: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return python(before + "\n" + USE, cwd=folder, **environment)


def test_a_process_that_may_write_no_large_file_goes_on(tmp_path: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))"
    result = run(limit, tmp_path, NUMBA_CACHE_DIR=str(tmp_path))
    assert (result.stdout, result.returncode) == (USED, 0)
    assert result.stderr.count("\n") == 2
    assert f"{NOT_KEPT} in {tmp_path}" in result.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_without_a_home_nothing_is_called_so(tmp_path: Path) -> None:
    homeless = (
        "import os; os.path.expanduser = lambda path: path\n"
        "from numba.core.caching import CacheImpl\n"
        "CacheImpl._locator_classes = [c for c in CacheImpl._locator_classes if 'InTree' not in c.__name__]"
    )
    result = run(homeless, tmp_path, NUMBA_CACHE_DIR="")
    assert (result.stdout, result.returncode) == (USED, 0)
    notice = (
        "compiling the CPU kernels (in each run: no folder for them can be written; NUMBA_CACHE_DIR chooses"
    )
    assert result.stderr == f"minigrad: {notice} one) ...\n"
    assert list(tmp_path.iterdir()) == []


def test_kernels_are_compiled_where_users_disabled_numba_s_compiler(tmp_path: Path) -> None:
    code = (
        "import numba, numpy as np; from minigrad.kernels import cpu\n"
        "assert cpu.mean_softplus(np.zeros(3, 'f'), 1.0) == np.float32(np.log(2))\n"
        "assert not hasattr(numba.njit(lambda x: x + 1), 'py_func')"
    )
    result = run(code, tmp_path, NUMBA_CACHE_DIR=str(tmp_path), NUMBA_DISABLE_JIT="1")
    assert (result.stdout, result.returncode) == (USED, 0), result.stderr


PLACES = """
import pwd, sys
from numba.core import caching
def unknown(user): raise KeyError(user)
pwd.getpwuid = unknown
user_wide = [each for each in caching.CompileResultCacheImpl._locator_classes if 'UserWide' in each.__name__]
assert len(user_wide) == 1
caching.CompileResultCacheImpl._locator_classes = user_wide  # as where the package cannot be written
from minigrad.kernels.cpu.runtime.compiling import jit
import kernel
print(bool(jit(kernel.f).stats.cache_path))
"""


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the variables of other systems")
@pytest.mark.parametrize(
    ("variables", "kept"),
    [
        ({}, False),
        ({"XDG_CACHE_HOME": "relative"}, False),
        ({"XDG_CACHE_HOME": ""}, False),
        ({"HOME": "relative"}, False),
        ({"HOME": "{folder}/home"}, True),
        ({"XDG_CACHE_HOME": "{folder}/cache"}, True),
    ],
)
def test_no_code_is_kept_in_a_folder_that_depends_on_the_current_one(
    variables: dict[str, str], kept: bool, tmp_path: Path
) -> None:
    (tmp_path / "kernel.py").write_text("def f(x):\n    return x\n")
    here = tmp_path / "here"
    here.mkdir()
    changes = {name: value.format(folder=tmp_path) for name, value in variables.items()}
    unset = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR"))
    path = os.pathsep.join((str(ROOT), str(tmp_path)))
    done = python(PLACES, cwd=here, seconds=60, **{**unset, "PYTHONPATH": path, **changes})
    assert done.returncode == 0, done.stderr
    assert list(here.iterdir()) == []
    assert done.stdout == f"{kept}\n"
