"""``gans sample``."""

from __future__ import annotations

import io
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np

from gans.cli.files import check_folder_of
from gans.data import ToyData
from gans.errors import UserError
from gans.files import write
from gans.messages import one_line
from gans.trainer import load_data, load_gan, random_stream, sample_picture


def run(arguments: Namespace) -> int:
    """Write samples into a file; the exit status."""
    out: Path = arguments.out
    if out.suffix.lower() not in (".npz", ".png"):
        raise UserError(f"--out {out}: the name must end in .npz (an array) or .png (a picture)")
    check_folder_of("--out", out)
    config, gan, step = load_gan(arguments.folder, arguments.device or "cpu")
    samples = gan.generate(gan.latent(arguments.n, random_stream(arguments.seed, "samples")))
    if out.suffix.lower() == ".npz":
        content = _npz("images" if samples.ndim == 4 else "points", samples)
    else:
        data = load_data(config) if samples.ndim == 2 else None
        title = f"{config.title}, step {step:,}"
        toy = data if isinstance(data, ToyData) else None
        content = sample_picture(gan, samples, toy, title, config.seed)
    write(out, content)
    print(f"{one_line(out)}: {arguments.n:,} samples of {config.title} after step {step:,}")
    return 0


def _npz(name: str, samples: np.ndarray[Any, np.dtype[np.float32]]) -> bytes:
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **{name: samples})
    return file.getvalue()
