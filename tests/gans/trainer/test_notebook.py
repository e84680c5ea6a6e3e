"""What a notebook shows of a training: one output, updated in place, with the latest samples."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import gans
from gans.trainer import choice, notebook
from gans.trainer.display import LinesDisplay, LiveDisplay

TOY: dict[str, Any] = {"data": "ring", "batch_size": 16, "steps": 3}


class Output:
    """What ``IPython.display.display`` hands out: it keeps the pages that it was given."""

    def __init__(self, page: str) -> None:
        self.pages = [page]

    def update(self, page: str) -> None:
        self.pages.append(page)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> list[Output]:
    """As if this process were the kernel of a notebook: its outputs."""
    outputs: list[Output] = []

    def display(page: str, display_id: bool) -> Output:
        assert display_id
        outputs.append(Output(page))
        return outputs[-1]

    ipython, shown = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())  # type: ignore[attr-defined]
    ipython.version_info = (9, 0)  # type: ignore[attr-defined]  # which Matplotlib reads
    shown.HTML, shown.display = str, display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", shown)
    return outputs


def test_a_cell_has_one_output_that_ends_with_the_last_samples(
    kernel: list[Output], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notebook, "UPDATE_SECONDS", 0.0)
    gans.train("gan", **TOY, out=tmp_path / "run")
    [output] = kernel
    assert len(output.pages) == 5  # at the start, after each step, at the end
    assert 'value="0" max="3"' in output.pages[0]
    assert "gan on ring into" in output.pages[0]
    assert 'value="3" max="3"' in output.pages[-1]
    assert "loss D" in output.pages[-1]
    assert "<div>epoch 1</div><img " in output.pages[-1]
    assert capsys.readouterr().out == ""


def test_a_cell_updates_at_most_twice_in_a_second(
    kernel: list[Output], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notebook, "monotonic", lambda: 0.0)
    gans.train("gan", **TOY, out=tmp_path / "run")
    assert len(kernel[0].pages) == 2


def test_without_progress_nothing_is_shown(
    kernel: list[Output], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gans.train("gan", **TOY, out=tmp_path / "run", progress=False)
    assert kernel == []
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("of_a_kernel", "expected"), [(True, LinesDisplay), (False, LiveDisplay)])
def test_a_command_of_a_cell_prints_lines_although_it_has_a_terminal(
    of_a_kernel: bool, expected: type, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(choice.OF_A_KERNEL, raising=False)
    if of_a_kernel:
        monkeypatch.setenv(choice.OF_A_KERNEL, "1")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    config = gans.train("gan", **TOY, out=tmp_path / "run", progress=False).config
    assert type(choice.display_for(config, tmp_path, lambda: False)) is expected
