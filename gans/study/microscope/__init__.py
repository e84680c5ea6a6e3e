"""The microscope: a page that shows one training step, with every gradient of it.

pictures    arrays as small pictures
gather      what the page shows, as values of JSON
page        the page, of page.html, page.css and page.js
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gans.errors import UserError
from gans.files import write
from gans.study.microscope.by_hand import ByHand, by_hand_of
from gans.study.microscope.gather import gathered
from gans.study.microscope.page import page_of
from gans.study.opened import OpenedStep, open_step
from minigrad.inspect import Difference, differences_of

__all__ = ["Microscope", "microscope"]

MOST_ERROR = 1e-6
"""The largest relative difference between a gradient and its finite difference that counts as agreement."""


SAMPLED = 50
"""The values of a walk that move the loss itself; of those beyond, the next ops are watched."""


@dataclass(frozen=True)
class Microscope:
    """A page about one step. ``html`` is the page, ``step`` the step with its traces.

    ``differences`` has, for each update, the gradients against finite differences, ``by_hand`` those that
    have a hand-written twin, by the parameter's Value; both are empty unless verified.
    """

    step: OpenedStep
    differences: tuple[tuple[Difference, ...], ...]
    by_hand: tuple[dict[int, ByHand], ...]
    html: str

    @property
    def checked(self) -> int:
        """The number of slopes that were compared with finite differences."""
        return sum(map(len, self.differences))

    @property
    def near(self) -> int:
        """How many of them were compared with the differences of the ops that read the value."""
        return sum(d.near for found in self.differences for d in found)

    @property
    def worst(self) -> float:
        """The largest relative error among them; 0 without any."""
        return max((d.error for found in self.differences for d in found), default=0.0)

    @property
    def worst_by_hand(self) -> float:
        """The largest relative difference between a gradient and the one by hand; 0 without any."""
        return max((found.difference for update in self.by_hand for found in update.values()), default=0.0)

    @property
    def agrees(self) -> bool:
        """Whether every gradient is within 1e-6 of its finite difference, and of the one by hand."""
        return max(self.worst, self.worst_by_hand) <= MOST_ERROR

    @property
    def verdict(self) -> str:
        """What was compared, and the largest error, in words."""
        words = f"{self.checked:,} slopes against finite differences"
        if self.near:
            words += f", {self.near:,} of them of the next ops alone"
        words += f": largest relative error {self.worst:.1e}"
        count = sum(map(len, self.by_hand))
        if count:
            words += f"; {count:,} gradients by hand: largest relative difference {self.worst_by_hand:.1e}"
        return words

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
                        directions each: along the entry that matters most, and along a random one. GAN,
                        DCGAN and WGAN-GP are compared on images with their gradients by hand, too
    unfold              how far modules are unfolded: 1 shows whole networks, 2 their layers

    Raises UserError as ``open_step`` does.

    >>> page = microscope("gan", "ring", verify=True, batch_size=8)
    >>> page.agrees, page.checked > 80, "Update 2" in page.html or "generator" in page.html
    (True, True, True)
    """
    opened = open_step(what, data, step=step, double=verify, progress=progress, **options)
    found, by_hand = [], []
    for update in opened.updates if verify else ():
        progress(f"checking the gradients of the {update.name} update")
        walks = update.trace.walks
        found.append(tuple(d for walk in walks for d in differences_of(update.trace, walk, most=SAMPLED)))
        by_hand.append(by_hand_of(opened, update))
    progress("making the page")
    made = Microscope(opened, tuple(found), tuple(by_hand), "")
    return replace(made, html=_page(made, unfold))


def _page(made: Microscope, unfold: int) -> str:
    step, verified = made.step, bool(made.differences)
    updates = [
        gathered(update, unfold, *((made.differences[i], made.by_hand[i]) if verified else ((), {})))
        for i, update in enumerate(step.updates)
    ]
    values = [value for update in step.updates for value in update.trace.values]
    samples = max((value.shape[0] for value in values if len(value.shape) > 1), default=1)
    source = f"{step.source}, in float64" if verified else step.source
    verdict = made.verdict if verified else ""
    return page_of(f"{step.title}, step {step.number:,}", source, updates, samples, verdict)
