"""``gans export``."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from gans import api
from gans.cli.files import check_folder_of
from gans.messages import one_line


def run(arguments: Namespace) -> int:
    """Write a run's generator for PyTorch; the exit status."""
    out: Path = arguments.out or arguments.folder / "generator.safetensors"
    if arguments.out is not None:
        check_folder_of("--out", out)
    exported = api.load(arguments.folder, checkpoint=arguments.checkpoint)
    module = api.export(exported, out)
    print(f"{one_line(out)}: the generator of {exported.config.title} after step {exported.step:,}")
    print(f"{one_line(module)}: its layers for PyTorch, and load()")
    return 0
