"""Each CPU kernel against the plain NumPy reference, at the shapes of the DCGAN and of the MLP GAN."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.record import surroundings
from benchmarks.timing import medians
from minigrad.kernels import cpu, reference

BATCH = 64


class Case(NamedTuple):
    """One call of a kernel. `steps` says how often one training step of the DCGAN makes it."""

    kernel: str
    place: str
    arguments: tuple[Any, ...]
    flops: int = 0
    steps: int = 0


class Layer(NamedTuple):
    """A convolution of the DCGAN, seen as conv2d of `size` x `size`; G's transposed ones run backwards."""

    place: str
    c: int
    o: int
    size: int
    kernel: int
    stride: int
    counts: tuple[int, int, int]  # calls of conv2d, conv_transpose2d and conv2d_weight in one step


# D's step: G forward, D forward on real and fake, D's gradients.
# G's step: G and D forward, gradients through both to G's weights.
LAYERS = (
    Layer("G 256 -> 128, 7 -> 14", 128, 256, 14, 4, 2, (1, 2, 1)),
    Layer("G 128 -> 64, 14 -> 28", 64, 128, 28, 4, 2, (1, 2, 1)),
    Layer("G 64 -> 1, 28", 64, 1, 28, 3, 1, (2, 1, 1)),
    Layer("D 1 -> 64, 28 -> 14", 1, 64, 28, 4, 2, (3, 1, 2)),
    Layer("D 64 -> 128, 14 -> 7", 64, 128, 14, 4, 2, (3, 3, 2)),
)


def normal(rng: np.random.Generator, *shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return rng.standard_normal(shape, np.float32)


def convolutions(rng: np.random.Generator) -> Iterator[Case]:
    """The three kernels at each layer."""
    for place, c, o, size, kernel, stride, counts in LAYERS:
        small = size // stride
        x, w, y = (
            normal(rng, *shape)
            for shape in ((BATCH, c, size, size), (o, c, kernel, kernel), (BATCH, o, small, small))
        )
        geometry = ((stride, stride), (1, 1), (1, 1), 1)
        flops = 2 * y.size * w[0].size
        yield Case("conv2d", place, (x, w, *geometry), flops, counts[0])
        yield Case("conv_transpose2d", place, (y, w, (size, size), *geometry), flops, counts[1])
        yield Case("conv2d_weight", place, (x, y, (kernel, kernel), *geometry), flops, counts[2])


def products(rng: np.random.Generator) -> Iterator[Case]:
    """The linear layers' products: outputs (batch, k) @ (k, n), and the gradient of the weights."""
    for place, batch, k, n in (
        ("G 100 -> 12544", BATCH, 100, 12544),
        ("D 6272 -> 1", BATCH, 6272, 1),
        ("MLP 1024 -> 784", BATCH, 1024, 784),
        ("toy 512 -> 512", 256, 512, 512),
        ("toy 128 -> 128", 256, 128, 128),
    ):
        x, w, g = normal(rng, batch, k), normal(rng, n, k), normal(rng, batch, n)
        yield Case("matmul", place, (x, w.T), 2 * batch * k * n)
        yield Case("matmul", f"{place}, weights", (x.T, g), 2 * batch * k * n)


def others(rng: np.random.Generator) -> Iterator[Case]:
    """Batch norm, activations and updates, large and small."""
    shapes = {
        "G 128 x 14 x 14": (BATCH, 128, 14, 14),
        "D 128 x 7 x 7": (BATCH, 128, 7, 7),
        "MLP 128": (BATCH, 128),
        "MLP 16": (16, 16),
    }
    for place, shape in shapes.items():
        x, g = normal(rng, *shape), normal(rng, *shape)
        _, mean, _, inv_std = reference.standardize(x, 1e-5)
        yield Case("standardize", place, (x, 1e-5))
        yield Case("standardize_grad", place, (g, x, mean, inv_std))
        yield Case("leaky_relu", place, (x, 0.2))
        yield Case("leaky_gate", place, (g, x, 0.2))
    for place, size in (
        ("G 256 x 128 x 4 x 4", 256 * 128 * 16),
        ("MLP 128 x 128", 128 * 128),
        ("bias 64", 64),
    ):
        p, g, a, b = (np.abs(normal(rng, size)) for _ in range(4))
        yield Case("sgd_update", place, (p, g, a, 1e-6, 0.9, 0.0, 0.0, False))
        yield Case("rmsprop_update", place, (p, g, a, None, None, 1e-6, 0.99, 1e-8, 0.0, 0.0))
        yield Case("adam_update", place, (p, g, a, b, 10, 1e-6, 0.5, 0.999, 1e-8, 0.0))


def outcome(module: Any, case: Case) -> list[Any]:
    """What a call gives: its result, or the arrays that it updated."""
    if not case.kernel.endswith("update"):
        result = getattr(module, case.kernel)(*case.arguments)
        return list(result) if isinstance(result, tuple) else [result]
    arguments = [a.copy() if isinstance(a, np.ndarray) else a for a in case.arguments]
    getattr(module, case.kernel)(*arguments)
    return [a for a in arguments if isinstance(a, np.ndarray)]


def compare(case: Case) -> None:
    """Raise AssertionError if the two modules disagree."""
    for actual, expected in zip(outcome(cpu, case), outcome(reference, case), strict=True):
        scale = float(np.abs(expected).max())
        np.testing.assert_allclose(
            actual, expected, atol=1e-4 * scale, err_msg=f"{case.kernel} at {case.place}"
        )


def measure(console: Console) -> dict[str, Any]:
    """Measure everything and print a table as it grows; returns the rows and the sums over one DCGAN step."""
    rng = np.random.default_rng(0)
    table = Table("kernel", "place", title=f"CPU kernels against plain NumPy, batch {BATCH}, float32")
    for heading in ("NumPy ms", "cpu ms", "ratio", "cpu GFLOP/s"):
        table.add_column(heading, justify="right")
    rows = []
    total = {"reference_ms": 0.0, "cpu_ms": 0.0, "gflop": 0.0}
    for case in (*convolutions(rng), *products(rng), *others(rng)):
        compare(case)
        numpy_time, cpu_time = medians(
            [lambda m=module, c=case: getattr(m, c.kernel)(*c.arguments) for module in (reference, cpu)]
        )
        speed = f"{case.flops / cpu_time / 1e9:.0f}" if case.flops else ""
        table.add_row(
            case.kernel,
            case.place,
            f"{numpy_time * 1e3:.3f}",
            f"{cpu_time * 1e3:.3f}",
            f"{numpy_time / cpu_time:.2f}",
            speed,
        )
        rows.append(
            {
                "kernel": case.kernel,
                "place": case.place,
                "reference_ms": numpy_time * 1e3,
                "cpu_ms": cpu_time * 1e3,
                "flops": case.flops,
                "calls_per_step": case.steps,
            }
        )
        total["reference_ms"] += case.steps * numpy_time * 1e3
        total["cpu_ms"] += case.steps * cpu_time * 1e3
        total["gflop"] += case.steps * case.flops / 1e9
    console.print(table)
    rate = total["gflop"] / total["cpu_ms"] * 1e3
    console.print(
        f"The convolutions of one DCGAN step ({total['gflop']:.1f} GFLOP): "
        f"NumPy {total['reference_ms']:.0f} ms, cpu {total['cpu_ms']:.0f} ms, {rate:.0f} GFLOP/s"
    )
    return {"rows": rows, "dcgan_step": total}


def add_parser(commands: Any) -> None:
    """The ``kernels`` command."""
    parser = commands.add_parser("kernels", help=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure, print, and write the JSON if asked to."""
    figures = {"command": "python -m benchmarks kernels", **surroundings(), **measure(Console())}
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0
