"""Runs on data that are made from images: they train, resume on the same data alone, and are measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import gans
from gans.data import Dataset, MovingData, PartialData, SceneData, StackedData, StyleData
from gans.data.images import ImageData, image_data
from gans.data.layouts import label_colours
from gans.data.mnist5k import load_mnist5k
from gans.errors import UserError
from tests.gans.commands import assert_same_run

SMALL = {"batch_size": 8, "progress": False, "capture": False}


def digits(n: int, classes: int = 10) -> ImageData:
    """The first ``n`` digits below ``classes`` of the cut, and as many test digits."""
    whole = load_mnist5k()
    rows, tests = (np.flatnonzero(labels < classes)[:n] for labels in (whole.labels, whole.test_labels))
    return image_data(
        "few", whole.images[rows], whole.labels[rows], whole.test_images[tests], whole.test_labels[tests]
    )


def trained(model: str, data: Dataset, out: Path, **options: Any) -> gans.Run:
    return gans.train(model, data, out=out, steps=2, **SMALL, **options)  # type: ignore[arg-type]


def test_stacks_train_an_image_model_and_their_modes_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained("gan", StackedData(digits(80)), tmp_path / "run", latent=8)
    assert run.config.spec.shape == (3, 28, 28)
    assert run.config.spec.classes == 1_000
    figures = run.evaluate(n=200, data=StackedData(digits(80)))
    assert figures["modes"] == 1_000
    monkeypatch.setattr("gans.evaluation.STACKED", 90)
    assert run.evaluate(data=StackedData(digits(80)))["samples"] == 90
    assert 0 < figures["modes_covered"] < figures["real_modes_covered"]
    rows = {name: real for name, _, real, *_ in figures.rows()}
    assert rows["modes covered"] == f"{figures['real_modes_covered']}"
    assert rows["reverse kl"] == f"{figures['real_reverse_kl']:.4g}"
    longer = gans.resume(run.path, data=StackedData(digits(80)), steps=3, progress=False)
    assert longer.step == 3
    with pytest.raises(UserError, match="other images"):
        gans.resume(run.path, data=StackedData(digits(81)), steps=4, progress=False)


def test_styles_train_a_model_with_labels(tmp_path: Path) -> None:
    run = trained("cgan", StyleData(digits(80)), tmp_path / "run", features=4)
    assert (run.config.spec.shape, run.config.spec.classes) == ((3, 28, 28), 5)
    assert run.sample(3, classes=4).shape == (3, 3, 28, 28)
    figures = run.evaluate(n=70, data=StyleData(digits(80)))
    assert figures["features"] == "thumbnails"
    assert figures["nn_labels"] == "given"
    with pytest.raises(UserError, match="`classes` must lie from 0 to 4"):
        run.sample(3, classes=5)


def test_few_labels_train_a_system_of_ones_own(tmp_path: Path) -> None:
    data = PartialData(digits(80), 10)
    model = f"{Path(__file__).with_name('own_systems.py')}:Few"
    run = trained(model, data, tmp_path / "run")
    assert (run.config.spec.kind, run.config.spec.classes) == ("partial", 10)
    trained(model, data, tmp_path / "whole")
    for path in (run.path, tmp_path / "whole"):
        gans.resume(path, data=data, steps=12, progress=False)  # through an epoch of the few, and one of all
    whole = gans.train(model, data, out=tmp_path / "at once", steps=12, **SMALL)  # type: ignore[arg-type]
    assert_same_run(whole.path, run.path)
    assert_same_run(whole.path, tmp_path / "whole")
    figures = run.evaluate(n=70, data=data)
    assert figures["features"] == "classifier"
    with pytest.raises(UserError, match="other images"):
        gans.resume(run.path, data=PartialData(digits(80), 20), progress=False)
    with pytest.raises(UserError, match="gan needs images or points, got images of which few have labels"):
        trained("gan", data, tmp_path / "refused")


def test_scenes_train_a_model_of_pairs_and_are_drawn_in_colours(tmp_path: Path) -> None:
    data = SceneData(digits(70))
    run = trained("pix2pix", data, tmp_path / "run", features=4)
    assert (run.config.spec.shape, run.config.spec.source) == ((3, 56, 56), (13, 56, 56))
    with Image.open(run.path / "samples" / "epoch-0001.png") as picture:
        source = np.asarray(picture)[2:58, 2:58]
    a, _ = data.test(slice(3))
    np.testing.assert_array_equal(source, np.rint((label_colours(a)[0].transpose(1, 2, 0) + 1) * 127.5))
    figures = run.evaluate(data=data)
    assert figures["samples"] == 70
    assert figures["l1"] is figures["label_agreement"] is None
    assert figures["sharpness"] > 0
    assert run.sample(3, sources=a).shape == (3, 3, 56, 56)
    with pytest.raises(UserError, match="the run translates images of \\(13, 56, 56\\)"):
        run.sample(3, sources=a[:, :11])


def test_clips_train_a_system_of_ones_own_and_are_drawn_frame_by_frame(tmp_path: Path) -> None:
    data = MovingData(digits(70))
    model = f"{Path(__file__).with_name('own_systems.py')}:Painter"
    run = trained(model, data, tmp_path / "run")
    assert (run.config.spec.kind, run.config.spec.shape) == ("clips", (8, 3, 32, 32))
    assert run.config.spec.source == (8, 13, 32, 32)
    with Image.open(run.path / "samples" / "epoch-0001.png") as picture:
        assert picture.mode == "RGB"
        width, height = picture.size
        assert height == pytest.approx(15 / 8 * width, rel=0.02)  # 8 frames beside, 5 clips of 3 rows below
    samples = run.sample(3, sources=data.test(slice(3))[0])
    assert samples.shape == (3, 8, 3, 32, 32)
    assert samples.png().startswith(b"\x89PNG")
    assert samples[0].png().startswith(b"\x89PNG")
    figures = run.evaluate(data=data)
    assert figures["samples"] == 70
    assert 0 <= figures["flicker"] < figures["real_flicker"]  # it paints all digits of a class alike
    assert gans.resume(run.path, data=data, steps=4, progress=False).step == 4


def test_clips_are_refused_by_models_of_images(tmp_path: Path) -> None:
    with pytest.raises(
        UserError,
        match="gan needs images or points, got clips of frames; for clips of frames choose from vid2vid",
    ):
        gans.train("gan", data="moving:mnist5k", out=tmp_path / "run")
