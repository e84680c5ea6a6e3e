"""An exported generator makes the same images in PyTorch."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import minigrad as mg
from gans.errors import UserError
from gans.exporting import export_generator, layers_for_torch
from gans.systems import build, settings_for
from gans.systems.two_player import TwoPlayer
from minigrad import nn


def made(model: str, shape: tuple[int, ...]) -> TwoPlayer:
    """A GAN whose batch norms have seen some data."""
    mg.manual_seed(0)
    gan: TwoPlayer = build(settings_for(model, "image" if len(shape) == 3 else "points", latent=5), shape)
    gan.generator(mg.random.normal((8, 5)))
    return gan


def imported(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        ("dcgan", (1, 28, 28)),
        ("dcgan", (3, 9, 32)),
        ("gan", (1, 6, 5)),
        ("gan", (2,)),
        ("wgan-gp", (1, 28, 28)),
    ],
)
def test_pytorch_makes_the_same_samples(model: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    gan = made(model, shape)
    module = imported(export_generator(gan, f"{model} on mine", 7, shape, tmp_path / "generator.safetensors"))
    z = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    with torch.no_grad():
        theirs = module.load()(torch.tensor(z)).numpy()
    ours = gan.generate(mg.tensor(z))
    assert theirs.shape == ours.shape == (3, *shape)
    assert np.allclose(theirs, ours, atol=1e-5)
    assert module.LATENT == 5


def test_minigrad_reads_the_weights_too(tmp_path: Path) -> None:
    gan = made("dcgan", (1, 28, 28))
    export_generator(gan, 'a "title"\\ \udcff\x1b[31m\n', 7, (1, 28, 28), tmp_path / "g.safetensors")
    other = made("dcgan", (1, 28, 28))
    assert not other.generator.load_state_dict(mg.load(tmp_path / "g.safetensors")).missing
    compile((tmp_path / "g.py").read_text("utf-8"), "g.py", "exec")


@pytest.mark.parametrize(
    ("name", "message"), [("g.pt", "must end in .safetensors"), ("a-b.safetensors", "could not be imported")]
)
def test_names_that_cannot_serve_are_refused_before_anything_is_written(
    name: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=message):
        export_generator(made("gan", (2,)), "title", 7, (2,), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_layer_of_ones_own_is_refused() -> None:
    class Mine(nn.Linear):
        pass

    with pytest.raises(UserError, match="Mine is not a layer of PyTorch"):
        layers_for_torch(nn.Sequential(nn.Tanh(), nn.Sequential(Mine(1, 1))))
