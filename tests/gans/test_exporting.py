"""An exported generator makes the same images in PyTorch."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans.errors import UserError
from gans.exporting import export_generator, layers_for_torch
from gans.systems import build, settings_for
from minigrad import nn


def made(model: str, shape: tuple[int, ...]) -> Any:
    """A system whose batch norms have seen some data."""
    mg.manual_seed(0)
    system = build(settings_for(model, "image" if len(shape) == 3 else "points", latent=5), shape)
    system.exported()(mg.random.normal((8, 5)))
    return system


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
        ("began", (1, 28, 28)),
        ("vae", (3, 9, 32)),
        ("vae", (2,)),
    ],
)
def test_pytorch_makes_the_same_samples(model: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    gan = made(model, shape)
    module = imported(export_generator(gan, f"{model} on mine", 7, shape, tmp_path / "generator.safetensors"))
    z = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    with torch.no_grad():
        theirs = module.load()(torch.tensor(z)).numpy()
    with gan.evaluating():
        ours = gan.exported()(mg.tensor(z)).numpy()
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


@pytest.mark.parametrize(
    ("model", "prior", "draw"),
    [
        ("gan", "from N(0, I)", "torch.randn(4, LATENT)"),
        ("began", "uniform in [-1, 1]", "2 * torch.rand(4, LATENT) - 1"),
    ],
)
def test_the_file_draws_the_noise_of_training(model: str, prior: str, draw: str, tmp_path: Path) -> None:
    path = export_generator(made(model, (1, 8, 8)), "title", 7, (1, 8, 8), tmp_path / "g.safetensors")
    text = path.read_text("utf-8")
    assert f"z (n, 5) {prior} -> images" in text
    assert f"print(load()({draw}).shape)" in text


def test_averaged_weights_are_exported(tmp_path: Path) -> None:
    vae = build(settings_for("vae", "points", ema=0.5), (2,))
    for p in vae.decoder.parameters():
        p.data[...] = 3
    for average, expected in ((False, True), (True, False)):
        export_generator(vae, "title", 7, (2,), tmp_path / "g.safetensors", average=average)
        stored = mg.load(tmp_path / "g.safetensors").values()
        assert all((weight == 3).all() for weight in stored) == expected


def test_a_layer_of_ones_own_is_refused() -> None:
    class Mine(nn.Linear):
        pass

    with pytest.raises(UserError, match="Mine is not a layer of PyTorch"):
        layers_for_torch(nn.Sequential(nn.Tanh(), nn.Sequential(Mine(1, 1))))
