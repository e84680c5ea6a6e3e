"""``gans list``."""

from __future__ import annotations

from argparse import Namespace

from rich.table import Table

from gans.cli.tables import show
from gans.data import PREFIXES
from gans.data.sequences import ORACLES
from gans.data.spec import KIND_WORDS, Kind
from gans.data.toys import TOYS
from gans.systems import SYSTEMS, Settings, System
from gans.systems.settings import options_of

OWN = (
    "a folder of PNG or JPEG pictures (class folders give labels), an .npz file, or a folder in MNIST's "
    "format (IDX), such as Fashion-MNIST"
)


def run(_: Namespace) -> int:
    """Show the models and data sets; the exit status."""
    show(_models(), _data())
    return 0


def _models() -> Table:
    table = Table(title="models", show_lines=True)
    for name in ("model", "paper", "data", "settings"):
        table.add_column(name)
    for system in SYSTEMS.values():
        table.add_row(
            f"[bold]{system.name}[/bold]",
            f"{system.paper}\n[dim]{system.summary}[/dim]",
            "\n".join(_needs(system, kind) for kind in system.presets),
            "\n".join(
                f"[dim]{kind}:[/dim] {_settings(preset, kind)}" for kind, preset in system.presets.items()
            ),
        )
    return table


def _needs(system: type[System], kind: Kind) -> str:
    return f"labelled {KIND_WORDS[kind]}" if system.labelled else KIND_WORDS[kind]


def _settings(preset: Settings, kind: Kind) -> str:
    """The settings that have an effect and are not off."""
    shown = []
    for name, option in options_of(type(preset)).items():
        value = getattr(preset, name)
        if option.is_used(preset, kind) and value not in ("", 0):
            number = f"{value:g}" if isinstance(value, float) else " or ".join(option.choices or [str(value)])
            shown.append(f"{name.replace('_', '-')} {number}")
    return ", ".join(shown)


def _data() -> Table:
    table = Table(title="data sets")
    table.add_column("--data", style="bold")
    table.add_column("what it is")
    table.add_row("mnist5k", "5,000 training and 1,000 test digits of MNIST, in the package (default)")
    table.add_row(
        "mnist", "60,000 training and 10,000 test digits, from --data-dir, the cache, or downloaded"
    )
    for name, toy in TOYS.items():
        made = toy()
        kind = f"{len(made.modes)} Gaussians" if made.modes is not None else "a curve with noise"
        space = "on the line" if made.shape == (1,) else "in the plane"
        table.add_row(name, f"{kind} {space} ({made.reference})".replace("1 Gaussians", "a Gaussian"))
    for name, maker in PREFIXES.items():
        table.add_row(f"{name}:IMAGES", maker.summary)
    for name, oracle in ORACLES.items():
        made_by = oracle()
        table.add_row(
            name,
            f"{len(made_by):,} sequences of {made_by.length} out of {made_by.vocabulary:,} tokens, "
            "drawn by a fixed random LSTM (Yu et al. 2017, SeqGAN)",
        )
    table.add_row("PATH", f"your images, 8 to 64 pixels a side: {OWN}")
    return table
