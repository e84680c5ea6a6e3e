"""Checks what a training run and `gans sample` left behind; exit status 1 and one line if something is wrong.

python check_run.py RUN SAMPLES.npz SAMPLES.png N
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import minigrad as mg


class CheckError(Exception):
    """An output is missing or wrong."""


def expect(condition: object, message: str) -> None:
    if not condition:
        raise CheckError(message)


def found(run: Path, *patterns: str) -> list[Path]:
    """The files below `run` that match one of the patterns; CheckError if there are none."""
    paths = sorted(path for pattern in patterns for path in run.rglob(pattern) if path.is_file())
    expect(
        paths, f"{run} has no file like {' or '.join(patterns)}, only {sorted(p.name for p in run.iterdir())}"
    )
    return paths


def check_records(run: Path, steps: int) -> None:
    """config.json has the seed and the versions; metrics.jsonl has finite losses up to the last step."""
    config = json.loads((run / "config.json").read_text("utf-8"))
    text = json.dumps(config)
    expect(
        '"seed"' in text and "version" in text,
        f"config.json lacks the seed or the versions: {sorted(config)}",
    )
    lines = (run / "metrics.jsonl").read_text("utf-8").splitlines()
    records: list[dict[str, Any]] = [json.loads(line) for line in lines]
    losses = [record for record in records if "loss_d" in record and "loss_g" in record]
    expect(losses, f"metrics.jsonl has no losses in its {len(records)} records")
    for record in losses:
        numbers = {name: value for name, value in record.items() if isinstance(value, float)}
        bad = [name for name, value in numbers.items() if not math.isfinite(value)]
        expect(not bad, f"metrics.jsonl: {bad} not finite at step {record.get('step')}")
    expect(losses[-1]["step"] == steps, f"the last losses are of step {losses[-1]['step']}, not {steps}")


def check_checkpoints(run: Path) -> None:
    """Every checkpoint loads, and holds finite arrays."""

    def arrays(state: Any) -> list[np.ndarray[Any, Any]]:
        if isinstance(state, dict):
            return [array for value in state.values() for array in arrays(value)]
        if isinstance(state, list):
            return [array for value in state for array in arrays(value)]
        return [np.asarray(state)] if hasattr(state, "shape") else []

    for path in found(run, "*.safetensors"):
        held = arrays(mg.load(path))
        expect(held, f"{path} holds no arrays")
        expect(all(np.isfinite(array).all() for array in held), f"{path} holds NaN or infinity")


def check_pictures(run: Path) -> None:
    """Grids, plots and the animation open; the grids are not one flat colour."""
    for path in found(run, "*.png"):
        with Image.open(path) as image:
            darkest, brightest = image.convert("L").getextrema()
        expect(darkest != brightest, f"{path} is one flat colour")
    for path in found(run, "*.gif", "*.webp", "*.apng"):
        with Image.open(path) as image:
            image.verify()
    expect(len(found(run, "*.png")) >= 2, f"{run} has a sample grid or a plot, not both")


def check_samples(npz: Path, png: Path, count: int) -> None:
    """`images` is float32 (n, 1, 28, 28) in [-1, 1], and the picture of samples opens."""
    with np.load(npz, allow_pickle=False) as archive:
        images = archive["images"]
    expect(images.dtype == np.float32, f"{npz.name}: images are {images.dtype}, not float32")
    expect(images.shape == (count, 1, 28, 28), f"{npz.name}: images have shape {images.shape}")
    expect(np.isfinite(images).all() and abs(images).max() <= 1, f"{npz.name}: images leave [-1, 1]")
    expect(images.std() > 0, f"{npz.name}: all pixels are equal")
    with Image.open(png) as image:
        expect(image.width >= 28 and image.height >= 28, f"{png.name} is {image.size}")


def main() -> int:
    run, npz, png = (Path(argument) for argument in sys.argv[1:4])
    try:
        check_records(run, steps=30)
        check_checkpoints(run)
        check_pictures(run)
        check_samples(npz, png, int(sys.argv[4]))
    except (CheckError, OSError, ValueError, KeyError) as error:
        print(f"{Path(__file__).name}: {error}", file=sys.stderr)
        return 1
    print(f"{run}: config, metrics, checkpoints, pictures and samples are in order")
    return 0


if __name__ == "__main__":
    sys.exit(main())
