"""The script that makes the shipped classifier."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from gans.data import ImageData, load
from gans.metrics import Classifier, load_classifier
from gans.metrics.classifier import WEIGHTS
from tools import train_classifier


@pytest.fixture(scope="module")
def digits() -> ImageData:
    data = load("mnist5k")
    assert isinstance(data, ImageData)
    return data


def test_shifts_move_images_and_bring_in_background() -> None:
    images = np.zeros((200, 28, 28), dtype=np.uint8)
    images[:, 10, 12] = 255
    images[:, 0, 0] = 7
    moved = train_classifier.shifted(images, np.random.default_rng(0))
    assert moved.shape == images.shape
    rows, columns = np.nonzero(moved == 255)[1:]
    assert len(rows) == 200
    assert set(rows - 10) == set(columns - 12) == {-2, -1, 0, 1, 2}
    assert (moved == 0).sum() >= moved.size - 400


def test_training_learns(digits: ImageData) -> None:
    classifier = train_classifier.train(
        digits.images[::5], digits.labels[::5], epochs=2, lr=3e-3, batch_size=50, seed=0, verbose=False
    )
    rows = np.arange(0, 1000, 2)
    assert classifier.accuracy(digits.test(rows), digits.test_labels[rows]) > 0.5


def test_training_repeats_bit_for_bit(digits: ImageData) -> None:
    images, labels = digits.images[::50], digits.labels[::50]
    first, again, other = (
        train_classifier.train(
            images, labels, epochs=2, lr=1e-3, batch_size=20, seed=seed, verbose=False
        ).net.state_dict()
        for seed in (0, 0, 1)
    )
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["conv1.weight"], other["conv1.weight"])


def test_script_writes_weights_and_their_record(
    digits: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[int] = []
    learn = train_classifier.train

    def watched(images: np.ndarray, labels: np.ndarray, **settings: object) -> Classifier:
        seen.append(len(images))
        return learn(images, labels, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(train_classifier, "VALIDATION", 300)
    monkeypatch.setattr(train_classifier, "train", watched)
    monkeypatch.setattr(train_classifier, "load", lambda name, data_dir: cut)
    rows = slice(0, None, 10)
    cut = ImageData(
        "cut", digits.images[rows], digits.labels[rows], digits.test_images[rows], digits.test_labels[rows]
    )
    out = tmp_path / "w.safetensors"
    assert train_classifier.main(["--epochs", "1", "--lr", "0.001", "0.003", "--out", str(out)]) == 0
    assert seen == [200, 200, 500]  # each candidate without the validation images, then the best on all
    record = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))
    assert record["lr"] == record["candidates"][0]["lr"]
    best, second = (candidate["validation_accuracy"] for candidate in record["candidates"])
    assert best >= second
    reloaded = load_classifier(out)
    errors = np.sum(reloaded.predict(train_classifier.scaled(cut.test_images)) != cut.test_labels)
    assert record["test_errors"] == errors
    assert "test accuracy" in capsys.readouterr().out


def test_script_refuses_data_that_do_not_fit(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert train_classifier.main(["--data", "ring", "--out", str(tmp_path / "w.safetensors")]) == 2
    assert "28 x 28" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_shipped_record_names_a_command_that_runs_with_its_settings() -> None:
    record = json.loads(WEIGHTS.with_suffix(".json").read_text(encoding="utf-8"))
    python, dash_m, module, *arguments = record["command"].split()
    assert (python, dash_m) == ("python", "-m")
    assert module == train_classifier.__name__
    assert importlib.util.find_spec(module)
    assert record["command_then"].split()[3:] == arguments
    args = train_classifier.make_parser().parse_args(arguments)
    for name in ("data", "epochs", "batch_size", "seed"):
        assert getattr(args, name) == record[name], name
    assert sorted(args.lr) == sorted(candidate["lr"] for candidate in record["candidates"])
    assert args.out == WEIGHTS
