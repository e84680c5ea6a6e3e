"""The script that draws the pictures of the docs."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from PIL import Image

from tools import draw_docs

PICTURE = re.compile(r"!\[.*?\]\((.*?\.png)\)")


@pytest.mark.slow  # trains what the pages train
def test_it_draws_the_pictures_of_both_pages(tmp_path: Path) -> None:
    with plt.rc_context():
        draw_docs.main(tmp_path)
    named = {
        name
        for page in ("tutorial", "getting-started")
        for name in PICTURE.findall((draw_docs.DOCS / f"{page}.md").read_text("utf-8"))
    }
    assert {path.name for path in tmp_path.iterdir()} == named
    for path in tmp_path.iterdir():
        with Image.open(path) as picture:
            assert min(picture.size) > 200
            assert picture.getextrema()[0] == (0, 255)


def test_losses_are_drawn_from_their_gradients() -> None:
    figure = draw_docs.losses()
    saturating, non_saturating = figure.axes[1].lines
    assert saturating.get_ydata()[0] == pytest.approx(0, abs=0.003)  # -D, far to the left
    assert non_saturating.get_ydata()[0] == pytest.approx(-1, abs=0.003)  # -(1 - D)
    plt.close(figure)
