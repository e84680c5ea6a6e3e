"""The pictures of the recorded figures can be read: no text lies over another, none is cut off."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from benchmarks import pictures

RESULTS = Path(pictures.__file__).parent / "results"


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are drawn instead of being encoded."""
    figures: list[Figure] = []

    def keep(figure: Figure) -> bytes:
        figures.append(figure)
        return b""

    monkeypatch.setattr(pictures, "png", keep)
    return figures


@pytest.mark.parametrize("name", ["kernels", "steps"])
def test_no_text_of_a_picture_overlaps_another_or_leaves_it(
    name: str, drawn: list[Figure], tmp_path: Path
) -> None:
    record = json.loads((RESULTS / f"{name}.json").read_bytes())
    getattr(pictures, name)(record, tmp_path / "picture.png")
    [figure] = drawn
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    canvas.draw()
    texts = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
    extents = {text: text.get_window_extent() for text in texts}
    assert len(texts) > 4 * len(record["rows"][:17])
    for text, box in extents.items():
        assert box.x0 >= 0, text.get_text()
        assert box.x1 <= figure.bbox.x1, text.get_text()
    shown = {text: box for text, box in extents.items() if box.width > 1}
    overlapping = [
        (first.get_text(), second.get_text())
        for first, second in itertools.combinations(shown, 2)
        if shown[first].shrunk(0.98, 0.8).overlaps(shown[second].shrunk(0.98, 0.8))
    ]
    assert overlapping == []


@pytest.mark.parametrize(("intensity", "roof", "bound"), [(2.0, 80.0, "copy"), (100.0, 500.0, "fma")])
def test_the_roof_is_the_lower_of_both_ceilings(intensity: float, roof: float, bound: str) -> None:
    row = {"flops": intensity * 1e6, "bytes": 1e6}
    assert pictures.roof_of(row, {"fma": 500.0, "copy": 40.0}) == (roof, bound)
