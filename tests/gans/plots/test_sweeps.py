"""Pictures of several runs: what is drawn where, and what cannot be drawn."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from gans.plots.figures import sweeps
from gans.plots.figures.sweeps import MOST_LINES, Series, Spot, overlaid_curves, settings_figure


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are made, before they become PNG."""
    made: list[Figure] = []

    def keep(figure: Figure) -> bytes:
        made.append(figure)
        figure.canvas.draw()
        return b""

    monkeypatch.setattr(sweeps, "png", keep)
    return made


def spots(name: str, values: list[object]) -> list[Spot]:
    return [
        Spot({name: value, "width": width}, [1.0 + n + width, 2.0 + n + width], n + width, 4.0 + n + width)
        for n, value in enumerate(values)
        for width in (1, 2)
    ]


def test_a_panel_for_each_setting_and_a_line_for_each_choice_of_the_others(drawn: list[Figure]) -> None:
    settings_figure(spots("lr", [1e-4, 1e-3, 1e-2]), ["lr", "width"], "fd", "title")
    rates, widths = drawn[0].axes
    assert [text.get_text() for text in rates.get_legend().get_texts()] == ["width 1", "width 2"]
    assert len(widths.get_legend().get_texts()) == 3
    assert (rates.get_xscale(), widths.get_xscale()) == ("log", "linear")
    assert [label.get_text() for label in rates.get_xticklabels()] == ["0.0001", "0.001", "0.01"]
    low, high = rates.get_ylim()
    assert low <= 1.0
    assert high >= 8.0  # the ends of all intervals
    [first, second] = [line for line in rates.lines if not str(line.get_label()).startswith("_")]
    assert list(first.get_ydata()) == [2.5, 3.5, 4.5]
    assert list(second.get_ydata()) == [3.5, 4.5, 5.5]


def test_names_stand_in_their_order_and_points_without_a_figure_are_left_out(drawn: list[Figure]) -> None:
    given = [*spots("optimizer", ["sgd", "adam"]), Spot({"optimizer": "rmsprop", "width": 1}, [], None, None)]
    settings_figure(given, ["optimizer"], "fd", "title")
    [axes] = drawn[0].axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["sgd", "adam"]


def test_curves_of_runs_have_one_colour_each_and_one_legend(drawn: list[Figure]) -> None:
    line = Series(list(range(200)), list(np.sin(np.arange(200.0))))
    panels = {"loss_d": {"a": line, "b": line}, "fd": {"b": Series([1, 2], [3.0, 4.0], [[2.0, 3.0]])}}
    overlaid_curves(panels, "title", smoothed=["loss_d"])
    losses, figures = drawn[0].axes[:2]
    assert len(losses.lines) == 4  # each with its moving average
    assert {line.get_color() for line in figures.lines} == {losses.lines[2].get_color()}
    assert [text.get_text() for text in drawn[0].legends[0].get_texts()] == ["a", "b"]
    assert losses.get_title() == "loss d"


def test_more_runs_than_colours_are_not_drawn(drawn: list[Figure]) -> None:
    curves = {f"run {n}": Series([1, 2], [float(n), 1.0]) for n in range(MOST_LINES + 3)}
    overlaid_curves({"fd": curves}, "title")
    assert len(drawn[0].axes[0].lines) == MOST_LINES


def test_nothing_to_draw() -> None:
    with pytest.raises(ValueError, match="at least one setting"):
        settings_figure([], [], "fd", "title")
    with pytest.raises(ValueError, match="at least one panel"):
        overlaid_curves({}, "title")
