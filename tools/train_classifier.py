"""Make the classifier's weights: python -m tools.train_classifier --data mnist --data-dir DIR

Learning rates compete on 5,000 images cut from the training set; the best one trains on the whole training
set; the test set is looked at once, at the end. The figures go into a JSON file beside the weights.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import minigrad as mg
from gans.data import ImageData, load
from gans.errors import UserError
from gans.metrics.classifier import SHAPE, WEIGHTS, Classifier, DigitNet

VALIDATION = 5_000
SHIFT = 2
"""Training digits are moved by up to this many pixels in each direction."""


def shifted(images: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Each image (n, h, w) moved by -2..2 pixels down and across; what comes in is background."""
    n, h, w = images.shape
    padded = np.pad(images, ((0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (1, h, w))[:, :, :, 0]
    down, across = rng.integers(0, 2 * SHIFT + 1, (2, n))
    moved: NDArray[np.uint8] = windows[np.arange(n), down, across]
    return moved


def scaled(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Bytes (n, h, w) -> float32 (n, 1, h, w) in [-1, 1]."""
    return (images.astype(np.float32) / np.float32(127.5) - np.float32(1))[:, None]


def train(
    images: NDArray[np.uint8],
    labels: NDArray[np.integer],
    *,
    epochs: int,
    lr: float,
    batch_size: int,
    seed: int,
    verbose: bool = True,
) -> Classifier:
    """Train a network with Adam, the learning rate falling to zero along a cosine, on shifted images.

    images (n, 28, 28) uint8, labels (n,). Equal arguments give equal weights on one machine.
    """
    mg.random.manual_seed(seed)
    net = DigitNet()
    parameters = net.parameters()
    optimizer = mg.optim.Adam(parameters, lr=lr)
    steps = epochs * (len(images) // batch_size)
    schedule = mg.optim.CosineAnnealingLR(optimizer, steps)
    for epoch in range(epochs):
        started, losses = time.perf_counter(), []
        rng = np.random.default_rng([seed, epoch])
        order = rng.permutation(len(images))
        for start in range(0, len(order) - batch_size + 1, batch_size):
            batch = order[start : start + batch_size]
            x = mg.Tensor(scaled(shifted(images[batch], rng)))
            loss = mg.ops.cross_entropy(net(x), labels[batch])
            optimizer.step(mg.grad(loss, parameters))
            schedule.step()
            losses.append(loss.item())
        if verbose:
            seconds = time.perf_counter() - started
            print(f"epoch {epoch + 1}/{epochs}  loss {np.mean(losses):.4f}  {seconds:.1f} s", flush=True)
    return Classifier(net)


def choose(data: ImageData, args: argparse.Namespace) -> list[dict[str, float]]:
    """Validation accuracy of each learning rate, trained without the validation images; best first."""
    order = np.random.default_rng(args.seed).permutation(len(data.images))
    held_out, kept = order[:VALIDATION], order[VALIDATION:]
    results = []
    for lr in args.lr:
        print(f"learning rate {lr}, {len(kept)} training images", flush=True)
        classifier = train(
            data.images[kept],
            data.labels[kept],
            epochs=args.epochs,
            lr=lr,
            batch_size=args.batch_size,
            seed=args.seed,
        )
        accuracy = classifier.accuracy(scaled(data.images[held_out]), data.labels[held_out])
        print(f"learning rate {lr}: validation accuracy {accuracy:.4f}", flush=True)
        results.append({"lr": lr, "validation_accuracy": accuracy})
    return sorted(results, key=lambda result: -result["validation_accuracy"])


def record(data: ImageData, args: argparse.Namespace, candidates: list[dict[str, float]]) -> dict[str, Any]:
    """Train with the best learning rate, write the weights, test them, return what is to be remembered."""
    best = candidates[0]["lr"]
    print(f"learning rate {best}, all {len(data.images)} training images", flush=True)
    classifier = train(
        data.images, data.labels, epochs=args.epochs, lr=best, batch_size=args.batch_size, seed=args.seed
    )
    mg.save(args.out, classifier.net.state_dict())
    wrong = int(np.sum(classifier.predict(scaled(data.test_images)) != data.test_labels))
    return {
        "command": f"python -m tools.train_classifier --data {args.data} --data-dir DIR"
        f" --epochs {args.epochs} --batch-size {args.batch_size} --seed {args.seed}"
        f" --lr {' '.join(str(lr) for lr in args.lr)}",
        "data": data.name,
        "training_images": len(data.images),
        "validation_images": VALIDATION,
        "candidates": candidates,
        "lr": best,
        "epochs": args.epochs,
        "batch_size": args.batch_size,
        "seed": args.seed,
        "test_images": len(data.test_images),
        "test_errors": wrong,
        "test_accuracy": round(1 - wrong / len(data.test_images), 6),
        "parameters": sum(parameter.data.size for parameter in classifier.net.parameters()),
        "weights_sha256": hashlib.sha256(args.out.read_bytes()).hexdigest(),
        "minigrad": mg.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def make_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = argparse.ArgumentParser(prog="python -m tools.train_classifier", description=__doc__)
    parser.add_argument("--data", default="mnist", help="data set, as in `gans train` (default: mnist)")
    parser.add_argument("--data-dir", type=Path, help="folder with the data's files")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--lr", type=float, nargs="+", default=[1e-3, 3e-3], help="candidates")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="weights file (default: the shipped one)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    args = make_parser().parse_args(arguments)
    try:
        data = load(args.data, data_dir=args.data_dir)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    if (
        not isinstance(data, ImageData)
        or data.missing
        or data.shape != SHAPE
        or len(data.images) <= VALIDATION
    ):
        print(
            f"{args.data}: needs more than {VALIDATION} training images of 28 x 28, test images, labels",
            file=sys.stderr,
        )
        return 2
    started = time.perf_counter()
    result = record(data, args, choose(data, args))
    result["seconds"] = round(time.perf_counter() - started, 1)
    args.out.with_suffix(".json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(
        f"test accuracy {result['test_accuracy']:.4f} ({result['test_errors']} errors), weights in {args.out}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
