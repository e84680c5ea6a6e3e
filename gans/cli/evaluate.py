"""``gans evaluate``."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from rich.table import Table
from rich.text import Text

from gans.cli.files import check_folder_of
from gans.cli.tables import show
from gans.data import ImageData
from gans.errors import UserError
from gans.files import write_json
from gans.messages import one_line
from gans.metrics import evaluate_images, evaluate_points
from gans.trainer import RunFolder, load_data, load_gan, random_stream

DEFAULT_IMAGES = 10_000
DEFAULT_POINTS = 2_500


def run(arguments: Namespace) -> int:
    """Measure samples of a run, write the figures as JSON and show them; the exit status."""
    target = arguments.json or RunFolder(arguments.folder).evaluation
    if arguments.folder.is_dir() or arguments.json is not None:
        check_folder_of("--json", target)
    config, gan, step = load_gan(arguments.folder, arguments.device or "cpu")
    data = load_data(config, arguments.data_dir)
    count = arguments.n or (DEFAULT_IMAGES if isinstance(data, ImageData) else DEFAULT_POINTS)
    samples = gan.generate(gan.latent(count, random_stream(arguments.seed, "samples")))
    try:
        if isinstance(data, ImageData):
            figures = evaluate_images(samples, data, seed=arguments.seed)
        else:
            figures = evaluate_points(samples, data, seed=arguments.seed)
    except ValueError as error:
        raise UserError(
            f"{count} samples of {config.title} cannot be measured: {error}; --n sets their number"
        ) from error
    write_json(
        target,
        {
            "model": config.settings.model,
            "data": config.data,
            "step": step,
            "seed": arguments.seed,
            **figures,
        },
    )
    show(_table(figures, f"{config.title}, step {step:,}"))
    print(f"written to {one_line(target)}")
    return 0


def _table(figures: dict[str, Any], title: str) -> Table:
    """A row for each figure; what real data score in the samples' place stands beside it."""
    table = Table(title=Text(title))
    table.add_column("figure")
    table.add_column("samples", justify="right")
    table.add_column("real data", justify="right")
    pairs = [(name, reference) for name in figures for reference in (f"{name}_floor", f"real_{name}")]
    real = {name: reference for name, reference in pairs if reference in figures}
    for name, value in figures.items():
        if name not in real.values():
            beside = _text(figures[real[name]]) if name in real else ""
            table.add_row(name.replace("_", " "), _text(value), beside)
    return table


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return " ".join(_text(item) for item in value)
    return f"{value:,}" if isinstance(value, int) else str(value)
