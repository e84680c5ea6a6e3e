"""Peers: each agrees with plain NumPy, one's own file is one, what is missing is one line."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
from pathlib import Path

import pytest

from benchmarks import agreement, peers, shapes, workloads
from benchmarks.__main__ import main
from benchmarks.peers import NotOffered
from benchmarks.rivals import Local, rivals
from tests.processes import ROOT

LAYERS = ("conv 4->6 6x5 k3 s2 p1", "transposed 4->2 3x3 k4 s2 p1", "linear 5->3")

FURTHER = ("torch-compile", "torch-bf16", "jax", "tinygrad")


def needed(side: str) -> None:
    """Skip the test where the peer's package or compiler is missing."""
    pytest.importorskip(peers.peer(side).needs)
    compiler = {"tinygrad": os.environ.get("CC", "clang"), "torch-compile": os.environ.get("CXX", "g++")}
    if side in compiler and shutil.which(compiler[side]) is None:
        pytest.skip(f"{compiler[side]} is not installed")


@pytest.mark.parametrize("side", ["torch-bf16", "jax", "tinygrad"])
@pytest.mark.parametrize("text", LAYERS)
def test_a_peer_s_layer_agrees_with_plain_numpy(text: str, side: str) -> None:
    needed(side)
    for case in shapes.parse(text).cases(batch=2):
        expected, allowed = Local("numpy").open(case), peers.peer(side).kernel_error
        agreement.kernels(case.name, side, Local(side).open(case), expected, allowed)


@pytest.mark.parametrize("side", ["torch-bf16", "jax", "tinygrad"])
@pytest.mark.parametrize("name", ["dcgan", "wgan-gp", "sample"])
def test_a_peer_s_step_agrees_with_plain_numpy(name: str, side: str) -> None:
    needed(side)
    if (name, side) == ("dcgan", "torch-bf16"):  # batch norm over few places is noise in 8 bits
        name = "mlp"
    step = workloads.step(name, 8, (1, 8, 8))
    agreement.steps(step.name, side, *outcomes(side, step), peers.peer(side).slack)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["toy", "sample"])
def test_compiled_pytorch_agrees_with_plain_numpy(name: str) -> None:
    needed("torch-compile")
    step = workloads.step(name, 2)
    with rivals(["torch-compile"]) as (side,):  # warnings, which are errors here, stop the compiler
        agreement.steps(step.name, "torch-compile", side.open(step), Local("numpy").open(step))


def outcomes(side: str, step: workloads.Step) -> tuple[dict[str, object], dict[str, object]]:
    """The side's outcome and the expected one."""
    return Local(side).open(step), Local("numpy").open(step)


def test_compiled_pytorch_offers_no_second_derivatives() -> None:
    pytest.importorskip("torch")
    with pytest.raises(NotOffered, match="second derivatives"):
        Local("torch-compile").open(workloads.step("wgan-gp", 2))


@pytest.mark.parametrize("side", FURTHER)
def test_a_peer_that_is_missing_is_one_line(
    side: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main(["kernels", "--against", side]) == 2
    message = capsys.readouterr().err
    needs = peers.peer(side).needs
    assert message.count("\n") == 1
    assert f"{needs} is not installed; run `python -m pip install {needs}`" in message


def test_a_missing_compiler_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    for side in ("torch-compile", "tinygrad"):
        assert main(["steps", "--against", side]) == 2
        message = capsys.readouterr().err
        assert message.count("\n") == 1
        assert f"--against {side}: it needs" in message


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("factor", "status"), [("slope", 0), ("0.0", 1)])
def test_the_file_of_the_documentation_is_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], factor: str, status: int
) -> None:
    text = (ROOT / "docs" / "performance.md").read_text("utf-8")
    [code] = re.findall(r"^```python\n(# mine\.py.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert code.count("\n") <= 10
    mine = tmp_path / "mine.py"
    mine.write_text(code.replace("(x, slope, out", f"(x, {factor}, out"))
    typed = ["kernels", "--only", "LeakyReLU 1024", "--batch", "2", "--turns", "1", "--against", str(mine)]
    assert main(typed) == status
    shown = capsys.readouterr()
    assert "it has no leaky_gate" in shown.out
    assert ("Disagreement" in shown.err) == bool(status)


def test_a_file_that_does_not_run_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text("import numpy\nKERNELS = numpy.nothing\n")
    assert main(["kernels", "--only", "LeakyReLU 1024", "--against", str(mine)]) == 2
    shown = capsys.readouterr().err
    assert "mine.py, line 2: AttributeError" in shown
    assert shown.count("\n") == 1


def test_a_file_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for typed, complaint in (("no.py", "there is no such file"), ("caffe", "it is none of torch,")):
        assert main(["steps", "--against", typed]) == 2
        assert complaint in capsys.readouterr().err
