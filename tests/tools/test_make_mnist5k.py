"""The script that cuts the shipped digits from MNIST."""

from __future__ import annotations

import hashlib
import importlib.resources
from pathlib import Path

import numpy as np
import pytest

from tests.gans.data.small_mnist import ARRAYS, fill, replace_mnist
from tools import make_mnist5k


@pytest.fixture(autouse=True)
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_mnist(monkeypatch, mirrors=(), cache=tmp_path / "cache")


def test_the_choice_of_mnist5k_is_fixed_and_balanced() -> None:
    labels = np.arange(100) % 4
    chosen = make_mnist5k.choose(labels, "train", 5)
    assert np.bincount(labels[chosen]).tolist() == [5] * 4
    assert chosen.tolist() == sorted(chosen.tolist())
    assert chosen[:5].tolist() == [0, 2, 17, 18, 19]
    assert chosen.tolist() != make_mnist5k.choose(labels, "test", 5).tolist()
    with pytest.raises(ValueError, match="class 0 has 25 examples, 26 are wanted"):
        make_mnist5k.choose(labels, "train", 26)


def test_the_tool_cuts_a_set_that_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(make_mnist5k, "TRAIN_PER_CLASS", 1)
    monkeypatch.setattr(make_mnist5k, "TEST_PER_CLASS", 1)
    outs = [tmp_path / "a.npz", tmp_path / "b.npz"]
    for out in outs:
        assert make_mnist5k.main([str(fill(tmp_path / f"from-{out.stem}")), str(out)]) == 0
    assert outs[0].read_bytes() == outs[1].read_bytes()
    assert hashlib.sha256(outs[0].read_bytes()).hexdigest() in capsys.readouterr().out
    with np.load(outs[0], allow_pickle=False) as stored:
        np.testing.assert_array_equal(stored["train_images"], ARRAYS[0][stored["train_indices"]])
        assert sorted(stored["train_labels"].tolist()) == list(range(10))
        np.testing.assert_array_equal(stored["test_images"], ARRAYS[2])


def test_the_tool_tells_bad_input_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data").write_text("")
    assert make_mnist5k.main([str(tmp_path / "data"), str(tmp_path / "out.npz")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out.npz").exists()


def test_the_default_file_is_the_shipped_one() -> None:
    shipped = importlib.resources.files("gans.data").joinpath("mnist5k.npz")
    assert str(make_mnist5k.SHIPPED) == str(shipped)
    assert make_mnist5k.SHIPPED.is_file()
