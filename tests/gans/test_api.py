"""The door of gans in Python: runs are trained, resumed, loaded, sampled and measured without a shell."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import gans
import minigrad as mg
from gans.data.images import image_data
from gans.errors import UserError
from gans.metrics import evaluate_points
from gans.trainer import batches
from tests.gans.commands import gans as command
from tests.processes import ROOT, python

RING: dict[str, Any] = {"data": "ring", "batch_size": 16, "progress": False}


def digits(count: int = 12, size: int = 28) -> gans.data.ImageData:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (count, size, size)).astype(np.uint8)
    labels = (np.arange(count) % 10).astype(np.uint8)
    return image_data("mine", pixels, labels, pixels, labels)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> gans.Run:
    """A GAN after 7 steps on the ring, in epochs of 4."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "TOY_EPOCH_STEPS", 4)
        return gans.train("gan", **RING, steps=7, seed=3, width=8, out=tmp_path_factory.mktemp("api") / "run")


def test_a_training_gives_its_run(run: gans.Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert repr(run) == "Run(gan on ring, step 7 of 7)"
    assert [record["step"] for record in run.history] == list(range(1, 8))
    assert run.config.settings.width == 8
    assert (run.path / "losses.png").is_file()
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("fingerprints")
def test_it_is_the_run_that_the_command_line_makes(run: gans.Run, tmp_path: Path) -> None:
    assert (
        command(
            "train",
            "gan",
            "--data",
            "ring",
            "--batch-size",
            16,
            "--steps",
            7,
            "--seed",
            3,
            "--out",
            tmp_path / "r",
        )
        == 0
    )
    again = gans.train("gan", **RING, steps=7, seed=3, out=tmp_path / "p")
    first, second = (mg.load(tmp_path / name / "checkpoint.safetensors") for name in "rp")
    assert first.keys() == second.keys()
    assert np.array_equal(
        again.system.generator.parameters()[0].numpy(),
        gans.load(str(tmp_path / "r")).system.generator.parameters()[0].numpy(),
    )
    config = [json.loads((tmp_path / name / "config.json").read_bytes()) for name in "rp"]
    assert config[0] == config[1]


@pytest.mark.usefixtures("fingerprints")
def test_a_run_goes_on_and_takes_strings_as_paths(run: gans.Run, tmp_path: Path) -> None:
    short = gans.train("gan", **RING, steps=3, seed=3, out=str(tmp_path / "run"))
    longer = gans.resume(short, steps=7, progress=False)
    whole = gans.train("gan", **RING, steps=7, seed=3, out=tmp_path / "whole")
    assert longer.step == 7
    assert np.array_equal(gans.sample(str(tmp_path / "run"), 5), whole.sample(5))


def test_samples_are_arrays_that_draw_themselves(run: gans.Run, tmp_path: Path) -> None:
    samples = gans.sample(run, n=9, seed=1)
    assert samples.shape == (9, 2)
    assert samples.dtype == np.float32
    assert np.array_equal(samples, run.sample(9, 1))
    assert not np.array_equal(samples, run.sample(9, 2))
    assert Image.open(io.BytesIO(samples.png())).format == "PNG"
    assert samples[:3]._repr_png_() is not None
    assert samples[0]._repr_png_() is None
    with pytest.raises(ValueError, match="has no picture"):
        np.zeros((2, 2), np.float32).view(gans.Samples).png()
    samples.save(tmp_path / "points.png")
    assert (tmp_path / "points.png").read_bytes() == samples.png()
    with pytest.raises(UserError, match=r"must end in \.png"):
        samples.save(tmp_path / "points.jpg")
    with pytest.raises(UserError, match="`n` must be at least 1"):
        run.sample(0)


def test_points_of_a_data_set_without_a_name_have_no_picture_and_show_their_numbers(tmp_path: Path) -> None:
    mine = replace(gans.data.TOYS["ring"](), name="mine")
    run = gans.train("gan", mine, steps=1, batch_size=16, out=tmp_path / "run", progress=False)
    assert run.sample(5)._repr_png_() is None


def test_figures_are_a_dict_that_shows_a_table(run: gans.Run) -> None:
    figures = gans.evaluate(run, n=40)
    assert figures["samples"] == 40
    assert figures == run.evaluate(40)
    rows = {row[0]: row[1:] for row in figures.rows()}
    assert rows["wasserstein"][1] == f"{figures['wasserstein_floor']:.4g}"
    assert rows["wasserstein"][2] == "lower"
    assert "wasserstein floor" not in rows
    assert "<td>wasserstein</td>" in figures._repr_html_()
    with pytest.raises(UserError, match=r"cannot be measured: .*at least 6"):
        gans.evaluate(run, n=3)


def test_figures_are_those_of_the_samples_themselves(run: gans.Run) -> None:
    """Nothing rounds, limits or redraws samples on their way to the figures."""
    ring = gans.data.load("ring")
    figures = evaluate_points(np.asarray(run.sample(200, seed=4)), ring, seed=4)
    assert run.evaluate(200, seed=4) == figures


def test_a_run_shows_its_last_samples_and_its_losses(run: gans.Run) -> None:
    assert run._repr_html_().count("<img ") == 2


def test_data_of_ones_own_are_trained_on_gone_on_with_and_measured_against(tmp_path: Path) -> None:
    mine = digits(80)
    run = gans.train("gan", mine, steps=1, batch_size=4, out=tmp_path / "run", progress=False)
    assert run.config.title == "gan on mine"
    assert gans.resume(run, steps=2, data=mine, progress=False).step == 2
    with pytest.raises(UserError, match="has other images than those that this run was trained on"):
        gans.resume(run, steps=3, data=digits(70), progress=False)
    with pytest.raises(UserError, match="unknown data set 'mine'"):
        run.evaluate(70)
    assert run.evaluate(70, data=mine)["samples"] == 70
    assert run.sample(4).shape == (4, 1, 28, 28)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": "dcgn"}, "did you mean 'dcgan'"),
        ({"data": "rings"}, "did you mean 'ring'"),
        ({"beta": 1}, "gan has no setting 'beta'; did you mean 'beta2'"),
        ({"clip": 0.1}, "gan has no setting `clip`; wgan, dualgan have it"),
        (
            {"model": "wgan", "beta1": 0.1},
            "`beta1` is a setting of Adam, and the `optimizer` of wgan is rmsprop",
        ),
        ({"data": "mnist5k", "width": 9}, "`width` is a setting of the networks for points"),
        ({"optimizer": "lbfgs"}, "there is no `optimizer` 'lbfgs'"),
        ({"frobnicate": 1}, r"gan has no setting 'frobnicate' \(it has .*batch_size"),
        ({"epochs": 1}, "the length is given twice, `epochs` 1 and `steps` 1"),
        ({"batch_size": 0}, "`batch_size` must be at least 1"),
        ({"batch_size": "many"}, "`batch_size` must be an integer, got 'many'"),
        ({"lr": "fast"}, "`lr` must be a number, got 'fast'"),
        ({"lr": 10**400}, "`lr` must be a number, got 1000"),
        ({"seed": 1.5}, r"Expected `int`, got `float` - at `\$\.seed`"),
        ({"steps": 0}, r"no run can have such a value: Expected `int` >= 1 - at `\$\.steps`"),
        ({"checkpoint_every": 0}, r"Expected `int` >= 1 - at `\$\.checkpoint_every`"),
        ({"seed": 2**64}, "`seed` must be an integer from 0 to 9,223,372,036,854,775,807"),
        ({"device": "tpu"}, "tpu"),
    ],
)
def test_mistakes_are_one_line_before_anything_is_made(
    arguments: dict[str, Any], message: str, tmp_path: Path
) -> None:
    given = {"model": "gan", "steps": 1, "out": tmp_path / "run", **RING, **arguments}
    with pytest.raises(UserError, match=message) as raised:
        gans.train(**given)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "run").exists()


def test_a_run_that_is_not_there_is_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no run there"):
        gans.load(tmp_path)


def test_gans_has_its_modules_without_importing_them_first() -> None:
    code = (
        "import sys, gans; assert 'numba' not in sys.modules and 'gans.api' not in sys.modules; "
        "assert {'train', 'load', 'data', 'systems'} <= set(dir(gans)); "
        "print(gans.data.load('ring').modes.shape)"
    )
    done = python(code, cwd=ROOT)
    assert done.stdout == "(8, 2)\n", done.stderr
    with pytest.raises(AttributeError, match=r"no attribute 'trian'; it has .*train"):
        gans.trian  # type: ignore[attr-defined]  # noqa: B018


def test_a_generator_is_exported_for_pytorch(run: gans.Run, tmp_path: Path) -> None:
    module = gans.export(run, str(tmp_path / "ring.safetensors"))
    assert "gan on ring after step 7" in module.read_text("utf-8")
    assert mg.load(tmp_path / "ring.safetensors").keys() == run.system.generator.state_dict().keys()


def test_samples_of_a_truncated_z_are_measured_without_the_model_s_own_figures(tmp_path: Path) -> None:
    run = gans.train("vae", **RING, steps=3, out=tmp_path / "run")
    whole, cut = run.evaluate(200), run.evaluate(200, truncation=0.1)
    assert "elbo" in whole
    assert set(cut) == set(whole) - {"measured", *run.system.figure_meanings}
    assert cut["wasserstein"] != whole["wasserstein"]
    written = tmp_path / "cut.json"
    assert command("evaluate", run.path, "--n", 200, "--truncation", 0.1, "--json", written) == 0
    document = json.loads(written.read_text("utf-8"))
    assert (document["truncation"], document["wasserstein"]) == (0.1, cut["wasserstein"])
