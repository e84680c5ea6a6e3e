"""The displays of a run: live on a terminal, plain lines in a file or a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from time import monotonic

from rich.console import Console, Group
from rich.file_proxy import FileProxy
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from gans.data.spec import Kind
from gans.evaluation import Evaluation
from gans.messages import one_line
from gans.terminal import forget, is_gone
from gans.trainer.callback import Callback
from gans.trainer.config import RunConfig
from gans.trainer.loop import Record, Training
from gans.trainer.pace import Pace, duration
from minigrad import nn

__all__ = ["Display", "LinesDisplay", "LiveDisplay", "figures", "measured"]

LABELS = {
    "generator": "G",
    "discriminator": "D",
    "loss_d": "loss D",
    "loss_g": "loss G",
    "d_real": "D(real)",
    "d_fake": "D(fake)",
    "grad_norm_d": "|grad D|",
    "grad_norm_g": "|grad G|",
}
"""The usual names of networks and numbers; those of numbers in the order in which they are shown."""

UNITS: dict[Kind, str] = {
    "image": "images",
    "points": "points",
    "pairs": "pairs",
    "domains": "images",
    "clips": "clips",
    "partial": "images",
    "sequences": "sequences",
}

MOST_FIGURES = 8
"""The most numbers that fit a line."""

LINE_SECONDS = 5.0
REFRESHES = 5
"""How often a second a live display is redrawn."""


class Display(Callback, AbstractContextManager["Display"]):
    """The common part of the displays. ``closed`` is true once their output has no reader."""

    def __init__(self, config: RunConfig, folder: Path) -> None:
        self.config = config
        self.folder = folder
        self.closed = False
        self.record: Record | None = None
        self.stage = ""
        self.pace = Pace()
        self.steps_per_epoch = self._samples_per_step = 1

    def on_start(self, training: Training) -> None:
        self.steps_per_epoch = training.steps_per_epoch
        self._samples_per_step = self.config.settings.batch_size * training.system.batches_per_step

    def on_step(self, training: Training, record: Record) -> None:
        self.record = record
        if record.step == training.step:  # the last of the records that are reported together
            self.pace.mark(record.step)

    def measuring(self, stage: str) -> None:
        """An evaluation begins ``stage``."""
        self.stage = stage

    def evaluated(self, record: Record, figures: Evaluation) -> None:
        """The samples after ``record`` have been measured."""
        self.stage = ""
        self.pace = Pace()

    def __exit__(self, *exception: object) -> None:
        """Restore the screen."""

    @contextmanager
    def reader(self) -> Iterator[None]:
        """A block that prints; if its reader is gone, nothing is printed from there on."""
        try:
            yield
        except OSError as error:
            if not is_gone(error):
                raise
            self.closed = True
            forget(sys.stdout)

    def heading(self, training: Training) -> str:
        """The model, the folder and the step that training continues from."""
        networks = {
            LABELS.get(name, name): sum(p.size for p in part.parameters())
            for name, part in training.system.parts().items()
            if isinstance(part, nn.Module)
        }
        weights = " and ".join(f"{name} {size:,}" for name, size in networks.items())
        went = f", resuming after step {training.step:,}" if training.step else ""
        folder = one_line(self.folder)
        return (
            f"{self.config.title} into {folder}: {self.config.steps:,} steps, seed {self.config.seed}, "
            f"{weights} weights{went}"
        )

    @property
    def epochs(self) -> int:
        return -(-self.config.steps // self.steps_per_epoch)

    def speed(self) -> str:
        """Real samples per second."""
        steps = self.pace.steps_per_second
        kind = UNITS[self.config.spec.kind]
        return f"{steps * self._samples_per_step:,.0f} {kind}/s" if steps else ""

    def left(self) -> str:
        """Time left."""
        steps = self.pace.steps_per_second
        done = self.record.step if self.record else 0
        return f"{duration((self.config.steps - done) / steps)} left" if steps else ""


class SilentDisplay(Display):
    """Shows nothing."""

    def due(self, training: Training) -> bool:
        return False


class LinesDisplay(Display):
    """A line every few seconds and at each epoch's end, on standard output."""

    def __init__(self, config: RunConfig, folder: Path) -> None:
        super().__init__(config, folder)
        self._printed = monotonic()

    def on_start(self, training: Training) -> None:
        super().on_start(training)
        self._print(self.heading(training))

    def due(self, training: Training) -> bool:
        late = monotonic() - self._printed > LINE_SECONDS
        return late or training.at_epoch_end or training.step == self.config.steps

    def on_step(self, training: Training, record: Record) -> None:
        super().on_step(training, record)
        if record.step == training.step and self.due(training):
            self._print(
                f"epoch {record.epoch}/{self.epochs}",
                f"step {record.step}/{self.config.steps}",
                *(f"{name} {value}" for name, value in figures(record).items()),
                self.speed(),
                self.left(),
            )

    def evaluated(self, record: Record, figures: Evaluation) -> None:
        super().evaluated(record, figures)
        self._print(f"epoch {record.epoch}/{self.epochs}", "measured", *measured(figures))

    def _print(self, *parts: str) -> None:
        self._printed = monotonic()
        with self.reader():
            print("  ".join(part for part in parts if part), flush=True)


class LiveDisplay(Display):
    """A bar and the latest metrics, redrawn in place; a line stays for each epoch."""

    def __init__(
        self, config: RunConfig, folder: Path, console: Console, stopping: Callable[[], bool]
    ) -> None:
        super().__init__(config, folder)
        self._stopping = stopping
        self._live = Live(get_renderable=self._render, console=console, refresh_per_second=REFRESHES)
        self._reported = monotonic()

    def __enter__(self) -> LiveDisplay:
        with self.reader():
            self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        with self.reader():
            self._live.stop()

    def on_start(self, training: Training) -> None:
        super().on_start(training)
        with self.reader():
            self._live.console.print(self.heading(training), highlight=False, markup=False)

    def due(self, training: Training) -> bool:
        return training.at_epoch_end or monotonic() - self._reported > 1 / REFRESHES

    def on_step(self, training: Training, record: Record) -> None:
        super().on_step(training, record)
        self._reported = monotonic()
        if record.step == training.step and training.at_epoch_end:
            shown = "  ".join(f"{name} [bold]{value}[/bold]" for name, value in figures(record).items())
            with self.reader():
                self._live.console.print(f"[dim]epoch[/dim] {record.epoch:>3}  {shown}", highlight=False)

    def evaluated(self, record: Record, figures: Evaluation) -> None:
        super().evaluated(record, figures)
        with self.reader():
            words = f"[dim]measured[/dim]   {escape('  '.join(measured(figures)))}"
            self._live.console.print(words, highlight=False)

    def _render(self) -> Group:
        done = self.record.step if self.record else 0
        epoch = self.record.epoch if self.record else 0
        bar = Table.grid(padding=(0, 2), expand=True)
        bar.add_column(no_wrap=True)
        bar.add_column(ratio=1)
        for _ in range(3):
            bar.add_column(no_wrap=True, justify="right")
        bar.add_row(
            f"epoch {epoch}/{self.epochs}",
            ProgressBar(total=self.config.steps, completed=done),
            f"{done:,}/{self.config.steps:,} steps",
            self.speed(),
            self.left(),
        )
        parts: list[Table | Text] = [bar]
        if self.record is not None:
            parts.append(self._figures(self.record))
        if self.stage:
            parts.append(Text(self.stage, style="dim"))
        if self._stopping():
            parts.append(Text("stopping after this step; Ctrl-C again to stop at once", style="yellow"))
        return Group(*parts)

    def _figures(self, record: Record) -> Table:
        table = Table.grid(padding=(0, 1), expand=True)
        for _ in figures(record):
            table.add_column(justify="center", ratio=1, no_wrap=True)
        table.add_row(*(Text(name, style="dim") for name in figures(record)))
        table.add_row(*(Text(value, style="bold") for value in figures(record).values()))
        return table


def figures(record: Record) -> dict[str, str]:
    """The numbers of a record under their usual names."""
    known = [name for name in LABELS if name in record.numbers]
    names = [*known, *(name for name in record.numbers if name not in LABELS)]
    return {
        LABELS.get(name, name.replace("_", " ")): f"{value:.3g}" if abs(value) < 1e5 else f"{value:.1e}"
        for name in names[:MOST_FIGURES]
        if (value := record.numbers[name]) is not None
    }


def measured(figures: Evaluation) -> list[str]:
    """The first figures of an evaluation that say which one is better, each with that of real data."""
    shown = [row for row in figures.rows() if row[3] and row[1] != "-"]
    return [
        f"{name} {value}{f' (real {real})' if real else ''}" for name, value, real, *_ in shown[:MOST_FIGURES]
    ]


def _print_plainly() -> None:
    """Make a forked child print without the live display, whose locks a thread of the parent may hold."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, FileProxy):
            setattr(sys, name, stream.rich_proxied_file)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_print_plainly)
