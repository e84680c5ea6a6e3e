"""Draw the pictures of docs/tutorial.md and docs/getting-started.md from what their snippets compute.

    python -m tools.draw_docs [FOLDER]

The snippets run once, and the files are written into docs/, or into FOLDER.
"""

from __future__ import annotations

import os
import re
import sys
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from minigrad import Tensor, grad, no_grad, ops, tensor

DOCS = Path(__file__).parents[1] / "docs"
SNIPPET = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
REAL, FAKE, RATE = "#1f77b4", "#d95f02", "#7a3fb0"
SIZE = 1.6
STYLE: Any = {"figure.dpi": 130, "font.size": 10, "axes.spines.top": False, "axes.spines.right": False}


def main(folder: Path) -> None:
    plt.rcParams.update(STYLE)
    for name, figure in tutorial().items():
        figure.savefig(folder / f"tutorial-{name}.png", bbox_inches="tight", metadata={"Software": None})
        plt.close(figure)
    getting_started(folder / "getting-started-ring.png")


def snippets(page: str) -> Iterator[dict[str, Any]]:
    """The names after each snippet of the page."""
    names: dict[str, Any] = {"__name__": page}
    for snippet in SNIPPET.findall((DOCS / f"{page}.md").read_text("utf-8")):
        exec(compile(snippet, page, "exec"), names)
        yield names


def getting_started(path: Path) -> None:
    """The picture that the page's snippets save in the current folder."""
    before = Path.cwd()
    with TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            deque(snippets("getting-started"), maxlen=0)
        finally:
            os.chdir(before)
        copyfile(Path(folder) / "ring.png", path)


def tutorial() -> dict[str, Any]:
    figure_of_arrows = None
    names: dict[str, Any] = {}
    for names in snippets("tutorial"):
        if "at_samples" in names and figure_of_arrows is None:
            figure_of_arrows = arrows(names)
    return {
        "losses": losses(),
        "flow": flow(),
        "arrows": figure_of_arrows,
        "ring": training(names),
        "collapse": collapse(names),
    }


def losses() -> Any:
    """Both losses of G against the logit of a fake sample, and their slopes."""
    s = np.linspace(-6, 6, 200, dtype=np.float32)
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 2.9))
    sides: list[tuple[str, str, Callable[[Tensor], Tensor]]] = [
        ("saturating: log(1 - D)", REAL, lambda t: -ops.softplus(t)),
        ("non-saturating: -log D", FAKE, lambda t: ops.softplus(-t)),
    ]
    for label, colour, loss in sides:
        logits = tensor(s)
        left.plot(s, loss(logits).numpy(), color=colour, label=label)
        right.plot(s, grad(ops.sum(loss(logits)), [logits])[0].numpy(), color=colour, label=label)
    left.set(title="loss of G", xlabel="logit of a fake sample")
    right.set(title="its slope", xlabel="logit of a fake sample")
    right.axvspan(-6, -2, color="0.93", zorder=0)
    right.text(-5.8, -0.55, "early in\ntraining", color="0.35")
    left.legend(frameon=False, fontsize=9)
    return figure


def flow() -> Any:
    """The G step as a chain: values forward above, derivatives backward below."""
    figure, axes = plt.subplots(figsize=(8, 2.7))
    axes.set(xlim=(-0.3, 8.4), ylim=(-1.15, 1.2))
    axes.axis("off")
    stations = [(0, "noise z", None), (2.2, "sample x", FAKE), (5.0, "logit s", FAKE), (7.6, "loss", FAKE)]
    for place, label, _ in stations:
        axes.text(
            place, 0, label, ha="center", va="center", bbox={"boxstyle": "round,pad=0.45", "fc": "white"}
        )
    for place, label, colour in ((1.1, "G", FAKE), (3.6, "D", REAL)):
        axes.text(place, 0.62, label, ha="center", fontsize=15, weight="bold", color=colour)
    axes.text(6.3, 0.62, "-log sigmoid", ha="center")
    for start, end in ((0.55, 1.6), (2.8, 4.5), (5.5, 7.25)):
        axes.annotate("", (end, 0.12), (start, 0.12), arrowprops={"arrowstyle": "->", "lw": 1.6})
    for start, end in ((7.25, 5.5), (4.5, 2.8), (1.6, 0.95)):
        axes.annotate(
            "", (end, -0.14), (start, -0.14), arrowprops={"arrowstyle": "->", "lw": 1.6, "color": RATE}
        )
    axes.text(6.35, -0.52, "-(1 - D)", ha="center", color=RATE)
    axes.text(3.65, -0.52, "times D's weight", ha="center", color=RATE)
    axes.text(1.1, -0.52, "times z:\nG's weights\nare updated", ha="center", va="top", color=RATE)
    axes.text(3.65, -0.72, "which stays as it is", ha="center", va="top", color="0.45")
    axes.text(8.3, 0.95, "forward: values", ha="right")
    axes.text(8.3, -1.05, "backward: derivatives of the loss", ha="right", color=RATE)
    return figure


def arrows(names: dict[str, Any]) -> Any:
    """The direction in which each fake sample looks more real, over D's probability."""
    figure, axes = plt.subplots(figsize=(5, 4.4))
    grid = np.linspace(-SIZE, SIZE, 160, dtype=np.float32)
    points = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    with no_grad():
        surface = ops.sigmoid(names["D"](tensor(points))).numpy().reshape(160, 160)
    image = axes.imshow(
        surface, extent=(-SIZE, SIZE, -SIZE, SIZE), origin="lower", cmap="Blues", vmin=0, vmax=1
    )
    figure.colorbar(image, label="D's probability of real", shrink=0.85)
    fake, at_samples = names["fake"].numpy(), names["at_samples"].numpy()
    axes.scatter(fake[:, 0], fake[:, 1], s=9, color=FAKE, label="fake samples")
    chosen, away = fake[:40], -at_samples[:40]
    unit = np.median(np.linalg.norm(away, axis=1)) / 0.35
    axes.quiver(
        *chosen.T, *away.T, color=FAKE, width=0.004, angles="xy", scale_units="xy", scale=unit, zorder=3
    )
    real = names["real"].numpy()
    axes.scatter(real[:, 0], real[:, 1], s=6, color="black", alpha=0.5, label="real points")
    axes.legend(loc="upper right", fontsize=8)
    axes.set(xlim=(-SIZE, SIZE), ylim=(-SIZE, SIZE), aspect="equal")
    return figure


def clouds(sets: list[tuple[str, Any]], data: Any) -> Any:
    """Samples beside each other, over the centres of the ring's modes."""
    figure, row = plt.subplots(1, len(sets), figsize=(2.35 * len(sets), 2.6), sharex=True, sharey=True)
    for axes, (title, points) in zip(row, sets, strict=True):
        axes.scatter(data.modes[:, 0], data.modes[:, 1], s=170, facecolors="none", edgecolors=REAL, lw=1.2)
        axes.scatter(points[:, 0], points[:, 1], s=2, color=FAKE)
        axes.set(title=title, xlim=(-SIZE, SIZE), ylim=(-SIZE, SIZE), aspect="equal", xticks=[], yticks=[])
    return figure


def training(names: dict[str, Any]) -> Any:
    return clouds([(f"step {step:,}", points) for step, points in names["seen"].items()], names["data"])


def collapse(names: dict[str, Any]) -> Any:
    healthy = list(names["seen"].values())[-1]
    return clouds(
        [("one update of each", healthy), ("20 of G for one of D", names["collapsed"])], names["data"]
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS)
