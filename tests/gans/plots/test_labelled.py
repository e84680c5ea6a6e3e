"""Pictures with words and arrows: images where they belong, arrows and their bar to one scale."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver

from gans.plots import arrows, captioned_rows, layer_curves, paths, signed_colours
from gans.plots.figures import captioned, field, layers
from gans.plots.figures.field import round_number


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are drawn instead of being encoded."""
    figures: list[Figure] = []

    def keep(figure: Figure) -> bytes:
        figures.append(figure)
        return b""

    for module in (captioned, field, layers):
        monkeypatch.setattr(module, "png", keep)
    return figures


def test_arrows_and_their_bar_have_one_scale(drawn: list[Figure]) -> None:
    rng = np.random.default_rng(0)
    real, points, steps = (
        rng.uniform(-1, 1, (300, 2)),
        rng.uniform(-1, 1, (9, 2)),
        rng.normal(size=(9, 2)) * 7,
    )
    arrows(points, steps, real, "title", what="push")
    [axes] = drawn[0].axes
    [shown] = [artist for artist in axes.collections if isinstance(artist, Quiver)]
    scale = shown.U[0] / steps[0, 0]
    np.testing.assert_allclose(np.stack([shown.U, shown.V], 1), steps * scale)
    np.testing.assert_allclose(shown.XY, points)
    assert shown.scale == 1.0
    assert (shown.angles, shown.scale_units) == ("xy", "xy")
    bar: Any = axes.lines[0].get_xdata()
    longest = np.linalg.norm(steps, axis=1).max()
    left, right = axes.get_xlim()
    assert bar[1] - bar[0] == pytest.approx(round_number(longest) * scale)
    assert longest * scale <= 0.15 * (right - left)
    words = " ".join(text.get_text() for text in axes.texts)
    assert f"push of size {round_number(longest):g}; 1 is drawn as {scale:g} of the axes' units" in words


def test_arrows_of_nothing_are_said_to_be_zero(drawn: list[Figure]) -> None:
    arrows(np.zeros((2, 2)), np.zeros((2, 2)), np.eye(2), "title")
    assert "each arrow is zero" in [text.get_text() for text in drawn[0].axes[0].texts]


def test_images_stand_in_their_rows_with_their_words(drawn: list[Figure]) -> None:
    images = np.linspace(-1, 1, 6).reshape(2, 3, 1, 1, 1) * np.ones((2, 3, 1, 4, 4))
    captioned_rows(images, "title", above=["x", "y", "z"], beside=["r", "s"], below=[["1"] * 3, ["2"] * 3])
    [axes] = drawn[0].axes
    places = sorted(
        (image.get_extent()[3], image.get_extent()[0], image.get_array()[0, 0, 0]) for image in axes.images
    )
    np.testing.assert_allclose([value for *_, value in places], np.linspace(0, 1, 6), atol=1e-6)
    assert [text.get_text() for text in axes.texts] == [*"111r222s", "x", "y", "z", "title"]


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="captioned_rows"):
        captioned_rows(np.zeros((2, 1, 4, 4)), "title")


def test_signed_colours_are_white_at_zero_and_opposite_beside_it() -> None:
    colours = signed_colours(np.array([[[-2.0, 0.0, 2.0]], [[0.0, 0.0, 0.0]]]))
    assert colours.shape == (2, 3, 1, 3)
    assert colours[0, 2, 0, 0] > colours[0, 0, 0, 0]  # blue below 0
    assert colours[0, 0, 0, 2] > colours[0, 2, 0, 2]  # red above it
    np.testing.assert_array_equal(colours[0, :, 0, 1], colours[1, :, 0, 0])


def test_a_line_is_drawn_for_each_layer_and_zeros_are_gaps(drawn: list[Figure]) -> None:
    panels = {"G": {"first": [1.0, 0.0, 2.0]}, "D": {"first": [1.0, 1.0, 1.0], "last": [3.0, 3.0, 3.0]}}
    layer_curves([4, 5, 6], panels, "title", "norm")
    above, below = drawn[0].axes
    np.testing.assert_array_equal(np.asarray(above.lines[0].get_ydata()), [1.0, np.nan, 2.0])
    assert [line.get_label() for line in below.lines] == ["first", "last"]
    assert list(np.asarray(below.lines[1].get_xdata())) == [4, 5, 6]


def test_paths_begin_at_circles_and_show_every_point(drawn: list[Figure]) -> None:
    curves = np.array([[[0.0, 0.0], [1.0, 1.0], [2.0, 0.0]], [[5.0, 5.0], [5.0, 6.0], [5.0, 7.0]]])
    paths(curves, np.zeros((3, 2)) + np.eye(3, 2), "title", ["a", "b"])
    [axes] = drawn[0].axes
    for line, curve in zip(axes.lines, curves, strict=True):
        np.testing.assert_array_equal(np.asarray(line.get_xydata()), curve)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    assert left < 0 < 5 < right
    assert bottom < 0 < 7 < top
