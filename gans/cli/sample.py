"""``gans sample``."""

from __future__ import annotations

import io
from argparse import Namespace
from pathlib import Path

import numpy as np

from gans import api
from gans.cli.files import check_folder_of
from gans.errors import UserError
from gans.files import write
from gans.messages import one_line


def run(arguments: Namespace) -> int:
    """Write samples into a file; the exit status."""
    out: Path = arguments.out
    if out.suffix.lower() not in (".npz", ".png"):
        raise UserError(f"--out {out}: the name must end in .npz (an array) or .png (a picture)")
    check_folder_of("--out", out)
    sampled = api.load(arguments.folder, arguments.device or "cpu")
    samples = api.sample(sampled, arguments.n, arguments.seed)
    write(out, _npz(samples) if out.suffix.lower() == ".npz" else samples.png())
    print(f"{one_line(out)}: {arguments.n:,} samples of {sampled.config.title} after step {sampled.step:,}")
    return 0


def _npz(samples: api.Samples) -> bytes:
    file = io.BytesIO()
    name = "images" if samples.ndim == 4 else "points"
    np.savez(file, allow_pickle=False, **{name: np.asarray(samples)})
    return file.getvalue()
