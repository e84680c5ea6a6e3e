"""An interrupted run that goes on is the uninterrupted run, bit for bit, whatever interrupted it."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans import trainer
from gans.trainer import batches, run
from tests.gans.commands import (
    assert_same_run,
    finish,
    gans,
    idx_folder,
    line_count,
    records,
    said,
    start,
    wait_for,
)

TOY = ("train", "gan", "--data", "ring", "--batch-size", 16, "--seed", 5)


@pytest.fixture
def short_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Toys with epochs of 8 steps."""
    monkeypatch.setattr(batches, "TOY_EPOCH_STEPS", 8)


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """30 training images of 28 x 28 pixels."""
    pixels = np.random.default_rng(0).integers(0, 256, (30, 28, 28)).astype(np.uint8)
    return idx_folder(tmp_path / "digits", pixels)


@pytest.fixture
def killed_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets training end without a word after a step, as if the process were gone."""

    def kill(step: int) -> None:
        advance = trainer.Training.advance

        def dying(training: trainer.Training) -> trainer.Record:
            if training.step == step:
                raise ConnectionAbortedError("killed")
            return advance(training)

        monkeypatch.setattr(trainer.Training, "advance", dying)

    return kill


@pytest.mark.usefixtures("short_epochs", "fingerprints")
@pytest.mark.parametrize("step", [0, 8, 11])
def test_a_toy_run_killed_anywhere(
    tmp_path: Path, killed_after: Callable[[int], None], monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert gans(*TOY, "--epochs", 2, "--checkpoint-every", 5, "--out", whole) == 0
    with monkeypatch.context():
        killed_after(step)
        assert gans(*TOY, "--epochs", 2, "--checkpoint-every", 5, "--out", broken) == 2
        monkeypatch.undo()
    monkeypatch.setattr(batches, "TOY_EPOCH_STEPS", 8)
    mg.manual_seed(12345)
    assert len(records(broken)) == step
    assert gans("train", "--resume", broken) == 0
    assert_same_run(broken, whole)
    assert (broken / "losses.png").exists()
    assert (broken / "samples.gif").read_bytes() == (whole / "samples.gif").read_bytes()


@pytest.mark.usefixtures("fingerprints")
@pytest.mark.parametrize("model", ["dcgan", "wgan-gp"])
def test_an_image_run_killed_in_the_middle_of_an_epoch(
    tmp_path: Path,
    digits: Path,
    killed_after: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
    model: str,
) -> None:
    settings = ("--data", digits, "--batch-size", 5, "--critic-steps", 2, "--latent", 4, "--steps", 4)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert gans("train", model, *settings, "--checkpoint-every", 2, "--out", whole) == 0
    killed_after(3)
    assert gans("train", model, *settings, "--checkpoint-every", 2, "--out", broken) == 2
    monkeypatch.undo()
    mg.manual_seed(12345)
    assert gans("train", "--resume", broken) == 0
    assert [record["epoch"] for record in records(whole)] == [1, 1, 1, 2]
    assert_same_run(broken, whole)


@pytest.mark.usefixtures("short_epochs", "fingerprints")
def test_checkpoints_are_written_every_few_steps_and_at_each_epochs_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, steps = mg.save, []

    def listed(path: Path, state: dict[str, Any]) -> None:
        assert line_count(path.parent) == state["step"]
        assert (path.parent / "samples" / f"epoch-{state['step'] // 8:04}.png").exists()
        steps.append(state["step"])
        save(path, state)

    monkeypatch.setattr(mg, "save", listed)
    assert gans(*TOY, "--steps", 18, "--checkpoint-every", 5, "--out", tmp_path) == 0
    assert steps == [0, 5, 8, 10, 15, 16, 18]


@pytest.mark.usefixtures("short_epochs", "fingerprints")
def test_a_run_may_grow_in_parts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert gans(*TOY, "--epochs", 2, "--out", whole) == 0
    assert gans(*TOY, "--steps", 3, "--out", parts) == 0
    assert gans("train", "--resume", parts, "--steps", 11) == 0
    assert gans("train", "--resume", parts, "--epochs", 2) == 0
    assert_same_run(parts, whole)
    capsys.readouterr()
    assert gans("train", "--resume", parts) == 0
    assert "finished already after 16 steps" in capsys.readouterr().out
    assert_same_run(parts, whole)
    assert json.loads((parts / "config.json").read_text("utf-8"))["epochs"] == 2


@pytest.mark.usefixtures("fingerprints")
def test_metrics_of_a_version_with_other_columns_outlive_a_resume(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gans(*TOY, "--steps", 4, "--out", tmp_path) == 0
    path = tmp_path / "metrics.jsonl"
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for line in lines:
        del line["grad_norm_g"]
        line["penalty"] = 0.5
    old = "".join(json.dumps(line) + "\n" for line in lines)
    path.write_text(old, "utf-8")
    assert gans("train", "--resume", tmp_path, "--steps", 6) == 0
    assert path.read_text("utf-8").startswith(old)
    assert [record["step"] for record in trainer.read_metrics(path)] == [1, 2, 3, 4, 5, 6]
    assert not said(capsys.readouterr().err)


@pytest.mark.usefixtures("short_epochs", "fingerprints")
def test_a_run_cannot_shrink(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gans(*TOY, "--steps", 9, "--out", tmp_path) == 0
    assert gans("train", "--resume", tmp_path, "--epochs", 1) == 2
    assert (
        "done 9 steps already, more than the 8 of its new length; give more --steps or --epochs"
        in capsys.readouterr().err
    )


@pytest.mark.usefixtures("fingerprints")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["wgan"], "the model: wgan (the run has gan)"),
        (["--lr", "0.5"], "--lr 0.5 (the run has 0.001)"),
        (["--batch-size", "17"], "--batch-size 17 (the run has 16)"),
        (["--objective", "minimax"], "--objective minimax (the run has non-saturating)"),
        (["--critic-steps", "2"], "--critic-steps 2 (the run has 1)"),
        (["--latent", "3"], "--latent 3 (the run has 2)"),
        (["--seed", "6"], "--seed 6 (the run has 5)"),
        (["--data", "grid"], "--data grid (the run has ring)"),
        (["--lr", "0.5", "--seed", "5", "--latent", "9"], "--lr 0.5 (the run has 0.001), --latent 9"),
    ],
)
def test_changed_hyperparameters_are_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert gans(*TOY, "--steps", 1, "--out", tmp_path) == 0
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    capsys.readouterr()
    assert gans("train", *arguments, "--resume", tmp_path, "--steps", 2) == 2
    [line] = said(capsys.readouterr().err)
    assert told in line
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("fingerprints")
def test_hyperparameters_may_be_repeated(tmp_path: Path) -> None:
    assert gans(*TOY, "--steps", 1, "--out", tmp_path) == 0
    assert gans(*TOY, "--lr", "1e-3", "--resume", tmp_path, "--steps", 2) == 0
    assert len(records(tmp_path)) == 2


@pytest.mark.usefixtures("fingerprints")
def test_other_images_in_the_same_place_are_refused(
    tmp_path: Path, digits: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert gans("train", "gan", "--data", digits, "--batch-size", 4, "--steps", 1, "--out", run) == 0
    digits.rename(tmp_path / "old")
    idx_folder(digits, np.zeros((30, 28, 28), np.uint8))
    assert gans("train", "--resume", run, "--steps", 2) == 2
    assert "has other images than those that this run was trained on" in capsys.readouterr().err


@pytest.mark.usefixtures("fingerprints")
def test_a_run_without_a_checkpoint_begins_anew(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert gans(*TOY, "--steps", 3, "--out", whole) == 0
    assert gans(*TOY, "--steps", 3, "--out", broken) == 0
    (broken / "checkpoint.safetensors").unlink()
    assert gans("train", "--resume", broken) == 0
    assert_same_run(broken, whole)


@pytest.mark.usefixtures("fingerprints")
def test_missing_metrics_and_other_versions_are_noted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gans(*TOY, "--steps", 3, "--out", tmp_path) == 0
    (tmp_path / "metrics.jsonl").write_text("torn", "utf-8")
    config = json.loads((tmp_path / "config.json").read_text("utf-8"))
    config["versions"]["numpy"] = "1.0"
    (tmp_path / "config.json").write_text(json.dumps(config), "utf-8")
    assert gans("train", "--resume", tmp_path, "--steps", 4) == 0
    err = capsys.readouterr().err
    assert "numpy 1.0 -> " in err
    assert "lacks the steps 1 to 3" in err
    assert [record["step"] for record in records(tmp_path)] == [4]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_after_the_step_and_says_how_to_go_on(tmp_path: Path, number: signal.Signals) -> None:
    run = tmp_path / "a run"
    process = start(tmp_path, *TOY, "--steps", 100_000, "--checkpoint-every", 100_000, "--out", "a run")
    wait_for(lambda: line_count(run) > 5, process)
    process.send_signal(number)
    status, _, err = finish(process)
    done = line_count(run)
    assert status == 128 + number
    [line] = said(err)
    assert f"stopped after step {done:,} of 100,000" in line
    assert line.endswith("python -m gans train --resume 'a run'")
    assert mg.load(run / "checkpoint.safetensors")["step"] == done
    assert gans("train", "--resume", run, "--steps", done + 2) == 0
    assert gans(*TOY, "--steps", done + 2, "--out", tmp_path / "whole") == 0
    assert_same_run(run, tmp_path / "whole")


def test_a_reader_that_goes_away_ends_the_run_in_order(tmp_path: Path) -> None:
    process = start(tmp_path, *TOY, "--steps", 100_000, "--out", "run")
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    status, _, err = finish(process)
    [line] = said(err)
    assert status == 128 + run.BROKEN_PIPE
    assert line.endswith("go on with: python -m gans train --resume run")
    assert mg.load(tmp_path / "run" / "checkpoint.safetensors")["step"] == line_count(tmp_path / "run")


def kill_at_random_moments(folder: Path, kills: int, every: int) -> None:
    """Train with ``kills`` kill -9 in between; check each time what is left, and at the end the whole run."""
    rng = np.random.default_rng()
    run = folder / "run"
    arguments: tuple[object, ...] = (*TOY, "--steps", 10**6, "--checkpoint-every", every, "--out", "run")
    for kill in range(kills):
        before = line_count(run)
        process = start(folder, *arguments)
        if kill == 0:
            wait_for((run / "config.json").exists, process)
        elif kill % 3:
            wait_for(lambda: line_count(run) != before, process)  # noqa: B023
        else:
            time.sleep(rng.uniform(0, 1))  # while it starts
        time.sleep(rng.uniform(0, 0.4))
        assert process.poll() is None
        process.kill()
        finish(process)
        reached = line_count(run)
        path = run / "checkpoint.safetensors"
        saved = mg.load(path)["step"] if path.exists() else 0
        assert reached - every <= saved <= reached, f"at step {reached}, saved at {saved}"
        arguments = ("train", "--resume", "run")
    end = ("--steps", line_count(run) + 5)
    assert gans("train", "--resume", run, *end) == 0
    assert gans(*TOY, *end, "--out", folder / "whole") == 0
    assert_same_run(run, folder / "whole")
    assert not list(run.rglob("*.tmp"))


def test_kill_9_loses_no_more_than_the_steps_since_the_checkpoint(tmp_path: Path) -> None:
    kill_at_random_moments(tmp_path, kills=3, every=7)


@pytest.mark.slow
def test_thirty_times_kill_9(tmp_path: Path) -> None:
    kill_at_random_moments(tmp_path, kills=30, every=7)
