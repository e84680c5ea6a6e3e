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
    sampled = api.load(arguments.folder, arguments.device or "cpu", checkpoint=arguments.checkpoint)
    samples = api.sample(
        sampled,
        arguments.n,
        arguments.seed,
        classes=arguments.classes,
        sources=arguments.sources,
        back=arguments.back,
        truncation=arguments.truncation,
        styles=arguments.styles,
        average=arguments.average,
    )
    write(out, _npz(samples) if out.suffix.lower() == ".npz" else samples.png())
    weights = f", {words}" if (words := sampled.weights(arguments.average)) else ""
    title = f"{sampled.config.title} after step {sampled.step:,}{weights}"
    print(f"{one_line(out)}: {len(samples):,} samples of {title}")
    return 0


def _npz(samples: api.Samples) -> bytes:
    file = io.BytesIO()
    of_rows = "tokens" if samples.dtype.kind == "i" else "points"
    name = {4: "images", 5: "clips"}.get(samples.ndim, of_rows)
    beside = {"labels": samples.labels, "sources": samples.sources}
    arrays = {name: np.asarray(samples), **{key: array for key, array in beside.items() if array is not None}}
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()
