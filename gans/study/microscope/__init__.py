"""The microscope: a page that shows one training step, with every gradient of it.

pictures    arrays as small pictures
gather      what the page shows, as values of JSON
page        the page, of page.html, page.css and page.js
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gans.errors import UserError
from gans.files import write
from gans.study.microscope.gather import gathered
from gans.study.microscope.page import page_of
from gans.study.opened import OpenedStep, open_step
from minigrad.inspect import Difference, differences_of

__all__ = ["Microscope", "microscope"]

MOST_ERROR = 1e-6
"""The largest relative difference between a gradient and its finite difference that counts as agreement."""


@dataclass(frozen=True)
class Microscope:
    """A page about one step. ``html`` is the page, ``step`` the step with its traces.

    ``differences`` has, for each update, the gradients against finite differences; empty unless verified.
    """

    step: OpenedStep
    differences: tuple[tuple[Difference, ...], ...]
    html: str

    @property
    def checked(self) -> int:
        """The number of gradients that were compared with finite differences."""
        return sum(map(len, self.differences))

    @property
    def worst(self) -> float:
        """The largest relative error among them; 0 without any."""
        return max((d.error for found in self.differences for d in found), default=0.0)

    @property
    def agrees(self) -> bool:
        """Whether every gradient that was compared is within 1e-6 of its finite difference."""
        return self.worst <= MOST_ERROR

    def save(self, path: str | Path) -> None:
        """Write the page into a file. Raises UserError unless its name ends in .html."""
        if Path(path).suffix != ".html":
            raise UserError(f"{path}: the page's name must end in .html")
        write(Path(path), self.html.encode())

    def _repr_html_(self) -> str:
        content = self.html.replace("&", "&amp;").replace('"', "&quot;")
        return f'<iframe srcdoc="{content}" width="100%" height="700" style="border:1px solid #999"></iframe>'


def microscope(
    what: str | Path,
    data: str | None = None,
    *,
    step: int | None = None,
    verify: bool = False,
    unfold: int = 2,
    progress: Callable[[str], object] = lambda text: None,
    **options: Any,
) -> Microscope:
    """The page of one training step of a run or a model: D's update beside G's, with every gradient.

    what, data, step    as for ``gans.study.open_step``, as are further ``options``: ``seed``, ``data_dir``
                        and the model's settings
    verify              compute in float64, and compare each gradient with finite differences, in two
                        directions each: along its largest entry and along a random one
    unfold              how far modules are unfolded: 1 shows whole networks, 2 their layers

    Raises UserError as ``open_step`` does.

    >>> page = microscope("gan", "ring", verify=True, batch_size=8)
    >>> page.agrees, page.checked > 80, "Update 2" in page.html or "generator" in page.html
    (True, True, True)
    """
    opened = open_step(what, data, step=step, double=verify, progress=progress, **options)
    found: list[tuple[Difference, ...]] = []
    for update in opened.updates if verify else ():
        progress(f"checking the gradients of the {update.name} update")
        found.append(tuple(d for walk in update.trace.walks for d in differences_of(update.trace, walk)))
    progress("making the page")
    updates = [
        gathered(update, unfold, found[i] if verify else ()) for i, update in enumerate(opened.updates)
    ]
    samples = max((v.shape[0] for u in opened.updates for v in u.trace.values if len(v.shape) > 1), default=1)
    worst = (sum(map(len, found)), max((d.error for f in found for d in f), default=0.0)) if verify else None
    title = f"{opened.title}, step {opened.number:,}"
    source = f"{opened.source}{', in float64' if verify else ''}"
    return Microscope(opened, tuple(found), page_of(title, source, updates, samples, worst))
