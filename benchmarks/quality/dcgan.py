"""DCGAN: the README's main command, and the full MNIST beside PyTorch.

``digits`` runs ``gans train dcgan`` and ``gans evaluate`` as a user does. ``dcgan`` trains networks of the
published width, ours and PyTorch's, from the same initial weights on the same batches.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import minigrad as mg
from benchmarks.workloads import PUBLISHED
from gans import systems
from gans.data import ImageData, batches, epoch_order, load
from gans.metrics import effective_classes, frechet_between, frechet_floor, load_classifier
from gans.metrics.frechet import fit_gaussian
from gans.steps import discriminator_step, generator_step
from gans.systems import Settings

SAMPLES = 10_000
Images = np.ndarray[Any, np.dtype[np.float32]]
Epochs = Iterator[Callable[[Images], Images]]
"""After each epoch: a function from z (n, latent) to images (n, 1, 28, 28)."""


FIGURES = (
    "step", "samples", "compared", "fd", "fd_floor", "effective_classes", "precision", "recall", "density",
    "coverage", "nn_error", "real_nn_error", "memorised_share",
)  # fmt: skip


def digits(seeds: Sequence[int], steps: int | None = None) -> Iterator[dict[str, Any]]:
    """The README's main command with each seed: its seconds, and the figures of ``gans evaluate``."""
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            run = str(Path(folder) / "run")
            length = [] if steps is None else ["--steps", str(steps)]
            started = time.perf_counter()
            _gans("train", "dcgan", "--seed", str(seed), "--out", run, *length)
            seconds = round(time.perf_counter() - started, 1)
            figures = json.loads(_gans("evaluate", run, "--json", "-"))
        yield {"seed": seed, "seconds": seconds} | {name: figures[name] for name in FIGURES}


def _gans(*arguments: str) -> str:
    """What a ``gans`` command prints; its messages go to the terminal."""
    return subprocess.run(
        [sys.executable, "-m", "gans", *arguments], check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def dcgan(
    seeds: Sequence[int], sides: Sequence[str], epochs: int = 3, data_dir: str | None = None
) -> Iterator[dict[str, Any]]:
    """Frechet distance to the test set and effective number of classes after each epoch."""
    data = load("mnist", data_dir)
    assert isinstance(data, ImageData)
    judge = load_classifier()
    real = judge.features(data.test())
    target = fit_gaussian(real)
    floor = frechet_floor(real, judge.features(data.train()), samples=SAMPLES)
    settings = systems.settings_for("dcgan", "image", **PUBLISHED)
    z = np.random.default_rng(12345).standard_normal((SAMPLES, settings.latent), dtype=np.float32)
    for seed in seeds:
        for side in sides:
            for epoch, generate in enumerate(SIDES[side](data, settings, seed, epochs), start=1):
                images = generate(z)
                yield {
                    "side": side,
                    "seed": seed,
                    "epoch": epoch,
                    "frechet_distance": frechet_between(fit_gaussian(judge.features(images)), target),
                    "frechet_floor": floor,
                    "effective_classes": effective_classes(judge.predict(images), 10),
                }


def ours(data: ImageData, settings: Settings, seed: int, epochs: int) -> Epochs:
    """This engine's run, an epoch at a time."""
    mg.manual_seed(seed)
    rng = np.random.default_rng(seed)
    gan = systems.build(settings, data.shape)
    G, D = gan.generator, gan.discriminator
    n = settings.batch_size
    for epoch in range(1, epochs + 1):
        for batch in batches(epoch_order(len(data.images), seed, epoch), n):
            real = mg.Tensor(data.train(batch))
            discriminator_step(G, D, gan.optimizer_d, gan.objective, real, gan.latent(n, rng), rng)
            generator_step(G, D, gan.optimizer_g, gan.objective, gan.latent(n, rng))
        yield lambda z: gan.generate(mg.Tensor(z))


def pytorch(data: ImageData, settings: Settings, seed: int, epochs: int) -> Epochs:
    """PyTorch's run from the same initial weights on the same batches and the same z."""
    import torch
    from torch.nn.functional import softplus

    from benchmarks.peers.pytorch_networks import twin

    mg.manual_seed(seed)
    rng = np.random.default_rng(seed)
    start = systems.build(settings, data.shape)
    G, D = twin(start.generator), twin(start.discriminator)
    betas = (settings.beta1, settings.beta2)
    optimizer_g = torch.optim.Adam(G.parameters(), lr=settings.lr, betas=betas)
    optimizer_d = torch.optim.Adam(D.parameters(), lr=settings.lr, betas=betas)
    n = settings.batch_size

    def generate(z: Images) -> Images:
        G.eval()
        with torch.no_grad():
            images: Images = torch.cat([G(torch.from_numpy(part)) for part in np.array_split(z, 40)]).numpy()
        G.train()
        return images

    for epoch in range(1, epochs + 1):
        for batch in batches(epoch_order(len(data.images), seed, epoch), n):
            real = torch.from_numpy(data.train(batch))
            with torch.no_grad():
                fake = G(torch.from_numpy(start.latent(n, rng).data))
            optimizer_d.zero_grad()
            (softplus(-D(real)).mean() + softplus(D(fake)).mean()).backward()
            optimizer_d.step()
            optimizer_g.zero_grad()
            softplus(-D(G(torch.from_numpy(start.latent(n, rng).data)))).mean().backward()
            optimizer_g.step()
        yield generate


SIDES: dict[str, Callable[[ImageData, Settings, int, int], Epochs]] = {"minigrad": ours, "torch": pytorch}
