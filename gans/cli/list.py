"""``gans list``."""

from __future__ import annotations

from argparse import Namespace

from rich.table import Table

from gans.cli.tables import show
from gans.data.toys import TOYS
from gans.systems import SYSTEMS, Settings

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
    for name in ("model", "paper", "objectives", "on images", "on toys"):
        table.add_column(name)
    for system in SYSTEMS.values():
        table.add_row(
            f"[bold]{system.name}[/bold]",
            f"{system.paper}\n[dim]{system.summary}[/dim]",
            "\n".join(system.objectives),
            _settings(system.image),
            _settings(system.points) if system.points else "-",
        )
    return table


def _settings(settings: Settings) -> str:
    optimizer = (
        "RMSprop" if settings.optimizer == "rmsprop" else f"Adam ({settings.beta1:g}, {settings.beta2:g})"
    )
    rates = f"lr {settings.lr:g}"
    if settings.lr_ratio != 1:
        rates += f" (D: times {settings.lr_ratio:g})"
    if settings.lr_half_life:
        rates += f"\nhalved every {settings.lr_half_life:,} steps"
    steps = f"{settings.critic_steps} critic step" + ("s" if settings.critic_steps > 1 else "")
    return f"{optimizer}, {rates}\nbatch {settings.batch_size}, {steps}\nlatent {settings.latent}"


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
    table.add_row("PATH", f"your images, 8 to 64 pixels a side: {OWN}")
    return table
