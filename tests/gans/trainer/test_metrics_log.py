"""metrics.jsonl: what a resumed run makes of lines that it did not write so."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from gans.errors import UserError
from gans.plots import training_curves
from gans.trainer import read_metrics
from gans.trainer.metrics_log import LONGEST_LINE, MetricsLog, recover_metrics

NAMES = ("loss_d", "loss_g", "d_real", "d_fake", "grad_norm_d", "grad_norm_g", "seconds")


def line(step: int, **more: object) -> str:
    return json.dumps({"step": step, "epoch": 1, **dict.fromkeys(NAMES, 0.5), **more}) + "\n"


WRONG = [
    "{}\n",
    "\0" * 30 + "\n",
    "nonsense\n",
    "[1]\n",
    line(2)[:20] + "\n",
    line(2, loss_d="low"),
    line(2, loss_d=[1.0]),
    line(2).replace("0.5", "NaN"),
    line(2).replace("0.5", "1e999"),
    line(2, more=1).replace('"more": 1', '"more": ' + "[" * 50_000 + "]" * 50_000),
    line(2).replace('"step": 2', '"step": ' + "9" * 400),
    line(2).replace('"step": 2', '"step": -2'),
    line(2).replace('"step": 2', '"step": 2.5'),
    line(2).replace('"step": 2', '"step": true'),
    line(1),
]
"""Lines that no step 2 after a step 1 can have."""


@pytest.mark.parametrize(
    ("content", "step", "kept", "missing"),
    [
        (line(1) + line(2) + line(3), 2, 2, []),
        (line(1) + line(2) + line(3), 0, 0, []),
        (line(1) + line(2), 5, 2, [(3, 5)]),
        (line(1) + line(5) + line(6), 5, 2, [(2, 4)]),
        ("", 3, 0, [(1, 3)]),
    ],
)
def test_the_lines_up_to_a_step_are_kept(
    tmp_path: Path, content: str, step: int, kept: int, missing: list[tuple[int, int]]
) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text(content, "utf-8")
    assert recover_metrics(path, step) == (missing, None)
    assert path.read_text("utf-8") == "".join(content.splitlines(keepends=True)[:kept])
    assert len(read_metrics(path)) == kept
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_damaged_line_costs_no_other(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "metrics.jsonl"
    content = line(1) + wrong + line(3) + line(4)
    path.write_text(content, "utf-8")
    assert [record["step"] for record in read_metrics(path)] == [1, 3, 4]
    assert recover_metrics(path, 3) == ([(2, 2)], tmp_path / "metrics.jsonl.1")
    assert path.read_text("utf-8") == line(1) + line(3)
    assert (tmp_path / "metrics.jsonl.1").read_text("utf-8") == content


def test_a_step_from_nowhere_costs_no_other_line(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text(line(1) + line(2**31) + line(2) + line(3), "utf-8")
    assert recover_metrics(path, 2) == ([], tmp_path / "metrics.jsonl.1")
    assert path.read_text("utf-8") == line(1) + line(2)


@pytest.mark.parametrize("torn", [line(2)[:20], line(2).rstrip("\n"), "x" * 3 * LONGEST_LINE])
def test_a_torn_end_is_kept_aside_under_a_free_name(tmp_path: Path, torn: str) -> None:
    path = tmp_path / "metrics.jsonl"
    (tmp_path / "metrics.jsonl.1").write_text("mine", "utf-8")
    path.write_text(line(1) + torn, "utf-8")
    assert recover_metrics(path, 2) == ([(2, 2)], tmp_path / "metrics.jsonl.2")
    assert path.read_text("utf-8") == line(1)
    assert (tmp_path / "metrics.jsonl.1").read_text("utf-8") == "mine"
    assert (tmp_path / "metrics.jsonl.2").read_text("utf-8") == line(1) + torn


def test_another_versions_columns_stay(tmp_path: Path) -> None:
    """More of them, and fewer."""
    path = tmp_path / "metrics.jsonl"
    content = line(1, fid=3.5, note={"a": [1]}) + '{"step": 2, "loss_d": 1}\n' + line(3, d_real=None)
    path.write_text(content, "utf-8")
    assert recover_metrics(path, 3) == ([], None)
    assert path.read_text("utf-8") == content
    first, second, third = records = read_metrics(path)
    assert (first["fid"], first["note"], first["loss_g"]) == (3.5, {"a": [1]}, 0.5)
    assert (second["loss_d"], second["loss_g"], third["d_real"]) == (1, None, None)
    assert training_curves(records, "with gaps").startswith(b"\x89PNG")


def test_there_may_be_no_metrics_yet(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    assert read_metrics(path) == []
    assert recover_metrics(path, 2) == ([(1, 2)], None)
    assert not path.exists()


def test_no_link_is_written_through_and_no_line_read_from_a_fifo(tmp_path: Path) -> None:
    path, target = tmp_path / "metrics.jsonl", tmp_path / "target"
    path.symlink_to(target)
    with pytest.raises(OSError, match="a symbolic link, not a regular file"):
        MetricsLog(path)
    assert not target.exists()
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(UserError, match=r"metrics\.jsonl: cannot be read: a FIFO"):
        read_metrics(path)


def test_a_sparse_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.touch()
    os.truncate(path, 2**40)
    for read in (read_metrics, lambda path: recover_metrics(path, 1)):
        with pytest.raises(UserError, match=r"1,099,511,627,776 bytes, more than a run's metrics have"):
            read(path)
