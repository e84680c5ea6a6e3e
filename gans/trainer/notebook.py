"""The display in a notebook's cell: a bar, the latest metrics, the latest samples."""

from __future__ import annotations

import sys
from html import escape
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import Any

from gans.evaluation import Evaluation
from gans.html import inline_png
from gans.trainer.config import RunConfig
from gans.trainer.display import Display, figures, measured
from gans.trainer.folder import RunFolder
from gans.trainer.loop import Record, Training

__all__ = ["NotebookDisplay", "in_notebook"]

UPDATE_SECONDS = 0.5
PICTURE_HEIGHT = 330


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None


class NotebookDisplay(Display):
    """One output that is updated in place, at most twice in a second."""

    def __init__(self, config: RunConfig, folder: Path) -> None:
        super().__init__(config, folder)
        self._heading = self._measured = ""
        self._shown = monotonic()
        self._output: Any = None

    def on_start(self, training: Training) -> None:
        super().on_start(training)
        self._heading = self.heading(training)
        self._show()

    def due(self, training: Training) -> bool:
        return training.at_epoch_end or monotonic() - self._shown > UPDATE_SECONDS

    def on_step(self, training: Training, record: Record) -> None:
        super().on_step(training, record)
        if record.step == training.step and monotonic() - self._shown > UPDATE_SECONDS:
            self._show()

    def measuring(self, stage: str) -> None:
        super().measuring(stage)
        self._show()

    def evaluated(self, record: Record, figures: Evaluation) -> None:
        super().evaluated(record, figures)
        self._measured = f"epoch {record.epoch} measured: {'  '.join(measured(figures))}"
        self._show()

    def __exit__(self, *exception: object) -> None:
        if self._output is not None:
            self._show()

    def _show(self) -> None:
        shown = import_module("IPython.display")  # which every kernel of a notebook has
        self._shown = monotonic()
        page = shown.HTML(self.html())
        if self._output is None:
            self._output = shown.display(page, display_id=True)
        else:
            self._output.update(page)

    def html(self) -> str:
        """The output as it is now."""
        done = self.record.step if self.record else 0
        epoch = self.record.epoch if self.record else 0
        line = [
            f"epoch {epoch}/{self.epochs}",
            f"{done:,}/{self.config.steps:,} steps",
            self.speed(),
            self.left(),
        ]
        parts = [
            f"<div>{escape(self._heading)}</div>",
            f'<progress style="width: 60%" value="{done}" max="{self.config.steps}"></progress> ',
            escape("  ".join(part for part in line if part)),
        ]
        if self.record is not None:
            cells = "".join(
                f"<td><b>{escape(value)}</b><br>{escape(name)}</td>"
                for name, value in figures(self.record).items()
            )
            parts.append(f"<table><tr>{cells}</tr></table>")
        parts += [f"<div>{escape(words)}</div>" for words in (self._measured, self.stage) if words]
        for path, words in list(RunFolder(self.folder).pictures().items())[-1:]:
            parts.append(f"<div>{escape(words)}</div>{inline_png(path.read_bytes(), PICTURE_HEIGHT)}")
        return "".join(parts)
