"""Bias curves: figures at growing numbers of samples, and the Frechet distance of infinitely many."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import gans
from gans import bias
from gans.data import ImageData, StackedData
from gans.data.images import image_data
from gans.errors import UserError
from gans.evaluation import measure
from gans.metrics import frechet_distance, frechet_infinity
from gans.systems import Made, System
from tests.gans.commands import failure
from tests.gans.commands import gans as command
from tests.gans.systems import contract


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> gans.Run:
    out = tmp_path_factory.mktemp("bias") / "run"
    return gans.train("gan", "ring", steps=3, batch_size=16, out=out, progress=False)


class Resampled(System):
    """Its samples are training images, drawn anew."""

    images: ImageData

    def make(self, n: int, rng: Any, ask: Any) -> Made:
        return Made(self.images.train(rng.integers(0, len(self.images), n)))


def resampled(images: ImageData) -> System:
    system = contract.trained("dcgan", images, features=2).system
    system.__class__ = type("Resampled", (Resampled, type(system)), {"images": images})
    return system


def test_a_curve_has_the_mean_and_the_spread_of_evaluations(run: gans.Run) -> None:
    curve = gans.bias_curve(run, n=300, seed=7, draws=3)
    assert list(curve.sizes) == [75, 150, 300]
    ring = gans.data.load("ring")
    for place, size in enumerate(curve.sizes):
        draws = [measure(run.system, "", ring, size, seed) for seed in (7, 8, 9)]
        for name, real in (("wasserstein", "wasserstein_floor"), ("recall", "real_recall")):
            for spread, of in ((curve.samples[name], name), (curve.real[name], real)):
                values = [draw[of] for draw in draws]
                assert spread.mean[place] == pytest.approx(np.mean(values))
                assert spread.std[place] == pytest.approx(np.std(values, ddof=1), abs=1e-12)
    assert "modes" not in curve.samples
    assert curve.infinity == {}
    assert Image.open(io.BytesIO(curve.png())).format == "PNG"


def test_the_bias_of_a_frechet_distance_is_extrapolated_away() -> None:
    """Real images, drawn anew, in place of samples: the distance grows as their number falls."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (600, 8, 8)).astype(np.uint8)
    images = image_data("noise", pixels, None, pixels[:300])
    curve = bias.measure_bias(resampled(images), "noise", images, 300, 2, 0)
    assert list(curve.sizes) == [75, 150, 300]
    falling = curve.samples["fd"].mean
    assert falling[0] > 1.5 * falling[1] > 2 * falling[2]
    points = [(n, m) for n, m in zip(curve.sizes, falling, strict=True)]
    assert curve.infinity["fd"] == pytest.approx(frechet_infinity(*zip(*points, strict=True)))
    assert curve.infinity.keys() == {"fd", "fd_floor"}
    assert abs(curve.infinity["fd"]) < falling[2] / 2
    assert not {"classifier_accuracy", "nn_error"} & curve.samples.keys()


def test_the_distance_of_infinitely_many_is_that_of_the_distributions() -> None:
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(0)
    reference = rng.standard_normal((50_000, 16))
    sizes = np.repeat([100, 200, 400, 800], 10)
    distances = [frechet_distance(rng.standard_normal((n, 16)) + 0.5, reference) for n in sizes]
    found = frechet_infinity(sizes, distances)
    line = stats.linregress(1 / sizes, distances)
    assert found == pytest.approx(line.intercept, rel=1e-9)
    assert found == pytest.approx(16 * 0.25, abs=0.15)
    assert np.mean(distances[:10]) > 4.3
    for n, d in (([5.0], [1.0]), ([5.0, 5.0], [1.0, 2.0]), ([5.0, 6.0], [1.0])):
        with pytest.raises(ValueError, match=r"must differ|at least 2"):
            frechet_infinity(n, d)


def test_sizes_end_where_real_images_or_features_do(run: gans.Run) -> None:
    pixels = np.zeros((300, 8, 8), np.uint8)
    images = image_data("few", pixels, None, pixels[:200])
    assert bias._most(images, None) == 200
    assert bias._most(images, 150) == 150
    assert bias._most(StackedData(images), None) == 26_000
    assert bias._most(gans.data.load("ring"), None) == 2_500
    assert bias._sizes(2_500) == [156, 312, 625, 1250, 2500]
    assert bias._sizes(130) == [65, 130]
    with pytest.raises(UserError, match="a bias curve needs 130 samples and test images or more, got 129"):
        bias._sizes(129)
    with pytest.raises(UserError, match="`draws` must be at least 2, got 1"):
        gans.bias_curve(run, draws=1)


def test_the_command_writes_a_picture_and_the_numbers(
    run: gans.Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert command("evaluate", run.path, "--bias-curve", "--n", 150, "--draws", 2) == 0
    assert "real wasserstein" in capsys.readouterr().out
    document = json.loads((run.path / "bias.json").read_text("utf-8"))
    assert document["sizes"] == [75, 150]
    assert (document["model"], document["step"], document["draws"]) == ("gan", 3, 2)
    assert len(document["real"]["wasserstein"]["std"]) == 2
    assert (run.path / "bias.png").read_bytes()[:4] == b"\x89PNG"
    assert not (run.path / "evaluation.json").exists()
    other = tmp_path / "mine.json"
    assert command("evaluate", run.path, "--bias-curve", "--n", 150, "--draws", 2, "--json", other) == 0
    assert other.with_suffix(".png").exists()
    assert "--draws is of --bias-curve" in failure(capsys, "evaluate", run.path, "--draws", 3)
    told = failure(capsys, "evaluate", run.path, "--bias-curve", "--truncation", 1)
    assert told.endswith("--bias-curve is of samples of all z; leave --truncation out")
    told = failure(capsys, "evaluate", run.path, "--bias-curve", "--n", 20)
    assert told.endswith("got 20; give more as --n")
