"""The whole steps: which there are, the published networks, sampling on every side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import agreement, networks, workloads
from benchmarks.__main__ import main
from benchmarks.rivals import Local
from gans.errors import UserError


def test_every_step_with_a_figure_is_in_the_table() -> None:
    names = [step.name for step in workloads.all_steps()]
    assert len(set(names)) == len(names)
    assert {f"dcgan 28x28x1 batch {batch}" for batch in (4, 16, 64, 256, 512)} <= set(names)
    assert {"dcgan 32x32x3 batch 64", "dcgan 64x64x3 batch 16", "dcgan 64x64x3 batch 64"} <= set(names)
    assert {"wgan-gp 28x28x1 batch 64", "mlp 28x28x1 batch 64", "toy batch 256"} <= set(names)
    assert {f"sample {image} batch {n}" for image in ("28x28x1", "64x64x3") for n in (1, 64)} <= set(names)


def test_images_multiply_the_steps_that_have_some() -> None:
    steps = workloads.steps(["mlp", "toy"], [4, 8], [(1, 8, 8), (3, 9, 8)])
    assert [step.title for step in steps] == [
        "MLP GAN, D and G, 8x8x1, batch 4",
        "MLP GAN, D and G, 8x8x1, batch 8",
        "MLP GAN, D and G, 9x8x3, batch 4",
        "MLP GAN, D and G, 9x8x3, batch 8",
        "toy GAN, D and G, batch 4",
        "toy GAN, D and G, batch 8",
    ]


def test_the_published_dcgan_has_its_maps() -> None:
    """Radford et al. 2015 as PyTorch's example has it: 512, 256, 128 and 64 maps, and D the mirror."""
    system = workloads.step("dcgan", 1, (3, 64, 64)).system()
    up = [p.shape[:2] for p in system.generator.parameters() if p.ndim == 4]
    down = [p.shape[:2] for p in system.discriminator.parameters() if p.ndim == 4]
    assert up == [(512, 256), (256, 128), (128, 64), (64, 3)]
    assert down == [(64, 3), (128, 64), (256, 128), (512, 256)]
    assert system.generator[0].weight.shape == (512 * 4 * 4, 100)
    assert not networks.is_published((1, 28, 28))


@pytest.mark.parametrize("side", ["minigrad", "torch"])
def test_a_step_on_the_published_dcgan_agrees_with_plain_numpy(side: str) -> None:
    if side == "torch":
        pytest.importorskip("torch")
    step = workloads.step("dcgan", 2, (3, 8, 8))
    agreement.steps(step.name, side, Local(side).open(step), Local("numpy").open(step))


@pytest.mark.parametrize("side", ["minigrad", "torch"])
def test_images_agree_with_plain_numpy_s(side: str) -> None:
    if side == "torch":
        pytest.importorskip("torch")
    step = workloads.step("sample", 2, (3, 8, 8))
    expected = Local("numpy").open(step)
    assert expected["images"].shape == (2, 3, 8, 8)
    agreement.steps(step.name, side, Local(side).open(step), expected)
    with pytest.raises(agreement.Disagreement, match="images"):
        agreement.steps(step.name, side, {"images": expected["images"] * 1.01}, expected)


def test_an_image_that_does_not_fit_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["steps", "--only", "dcgan", "--image", "100x28x1"]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert "--image 100x28x1 for dcgan: images of 100 x 28 pixels" in message
    with pytest.raises(UserError, match="6 x 6 pixels"):
        workloads.steps(["wgan-gp"], None, [(1, 6, 6)])
    with pytest.raises(SystemExit):
        main(["steps", "--image", "28x28"])
    assert "'28x28' is not HEIGHTxWIDTHxCHANNELS" in capsys.readouterr().err
    for several in ("--all", "--large"):
        assert main(["steps", several, "--batch", "4"]) == 2
        assert f"{several}: it has batch sizes" in capsys.readouterr().err


@pytest.mark.usefixtures("quick")
def test_rows_name_batch_and_image(tmp_path: Path) -> None:
    path = tmp_path / "steps.json"
    typed = ["steps", "--only", "sample", "--batch", "1", "2", "--image", "8x8x3", "--turns", "1"]
    assert main([*typed, "--json", str(path)]) == 0
    rows = json.loads(path.read_text())["rows"]
    assert [(row["batch"], row["image"]) for row in rows] == [(1, "8x8x3"), (2, "8x8x3")]
