"""Images placed in frames: sizes and places, what covers what, and the maps of it."""

from __future__ import annotations

import numpy as np
import pytest

from gans.data.chance import below, branched, keys_of
from gans.data.layouts import (
    INSTANCES,
    UNIT,
    Objects,
    colours,
    instances,
    label_channels,
    label_colours,
    placed,
    render,
)

SIZE = 12


def numbers(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def squares(*classes: int, side: int = 4, present: int | None = None) -> Objects:
    """White squares of 4 x 4 pixels, in red, green and blue."""
    m = len(classes)
    return Objects(
        np.full((1, m, 4, 4), 255, np.float32),
        numbers(*classes)[None],
        np.eye(3, dtype=np.float32)[None, :m],
        np.full((1, m), side),
        np.arange(m)[None] < (m if present is None else present),
    )


def test_an_image_of_its_own_size_at_a_whole_pixel_is_not_changed() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (3, 4, 5)).astype(np.float32)
    frames = placed(grey, numbers(0, 3, 8) * UNIT, numbers(0, 2, 7) * UNIT, numbers(5, 5, 5), SIZE)
    for frame, image, top, left in zip(frames, grey, (0, 3, 8), (0, 2, 7), strict=True):
        expected = np.zeros((SIZE, SIZE), np.float32)
        expected[top : top + 4, left : left + 5] = image
        np.testing.assert_array_equal(frame, expected)


def test_a_half_pixel_further_is_the_mean_of_two() -> None:
    grey = np.array([[[100.0, 200.0]]], np.float32)
    frame = placed(grey, numbers(0), numbers(UNIT // 2), numbers(2), 4)[0]
    np.testing.assert_array_equal(frame[0], [50, 150, 100, 0])


@pytest.mark.parametrize("side", [2, 3, 8, 11])
def test_another_size_keeps_what_there_is(side: int) -> None:
    grey = np.full((1, 4, 4), 100, np.float32)
    frame = placed(grey, numbers(0), numbers(0), numbers(side), SIZE)[0]
    assert frame.sum() == pytest.approx(100 * side**2, rel=0.15)
    inner = frame[1 : side - 1, 1 : side - 1]
    np.testing.assert_allclose(inner, 100, rtol=0.04)


def test_outlines_are_the_same_in_any_order_of_the_sum() -> None:
    """Covers are multiples of 1/4096 that float32 holds, so a sum of products does not round."""
    grey = np.random.default_rng(0).integers(0, 256, (20, 28, 28)).astype(np.float32)
    rng = np.random.default_rng(1)
    tops, lefts = rng.integers(0, 20 * UNIT, (2, 20))
    sides = rng.integers(16, 35, 20)
    single = placed(grey, tops, lefts, sides, 56)
    double = placed(grey.astype(np.float64), tops, lefts, sides, 56)
    np.testing.assert_array_equal(single.astype(np.float64), double)


def test_a_pixel_belongs_to_what_covers_half_of_it() -> None:
    """A square a quarter of a pixel further down covers 3/4 of its first row and 1/4 of a fifth."""
    first = numbers(UNIT // 4)[None]
    source, frame = render(squares(0), first, numbers(0)[None], SIZE, 1)
    np.testing.assert_array_equal(np.flatnonzero(instances(source)[0, :, 1]), [0, 1, 2, 3])
    np.testing.assert_allclose(frame[0, 0, :5, 1], [0.5, 1, 1, 1, -0.5])
    lower, _ = render(squares(0), first * 3, numbers(0)[None], SIZE, 1)
    np.testing.assert_array_equal(np.flatnonzero(instances(lower)[0, :, 1]), [1, 2, 3, 4])


def test_a_later_object_covers_an_earlier_one() -> None:
    source, frame = render(squares(2, 0), numbers(1, 3)[None] * UNIT, numbers(1, 2)[None] * UNIT, SIZE, 3)
    assert source.shape == (1, label_channels(3), SIZE, SIZE) == (1, 6, SIZE, SIZE)
    first, second = np.zeros((2, SIZE, SIZE), bool)
    first[1:5, 1:5] = True
    second[3:7, 2:6] = True
    first &= ~second
    np.testing.assert_array_equal(instances(source)[0], first + 2 * second)
    np.testing.assert_array_equal(source[0, 3], first)  # class 2
    np.testing.assert_array_equal(source[0, 1], second)  # class 0
    np.testing.assert_array_equal(source[0, 0], ~(first | second))
    np.testing.assert_array_equal(source[0, :4].sum(axis=0), 1)
    red, green = (np.array(c, np.float32) for c in ([1, -1, -1], [-1, 1, -1]))
    np.testing.assert_array_equal(frame[0, :, 2, 2], red)
    np.testing.assert_array_equal(frame[0, :, 4, 4], green)
    assert (frame[0, :, ~(first | second)] == -1).all()


def test_a_boundary_is_where_a_neighbour_belongs_to_another_object() -> None:
    """Two touching squares of one class: the line between them is no boundary of classes."""
    source, _ = render(squares(1, 1), numbers(4, 4)[None] * UNIT, numbers(2, 6)[None] * UNIT, SIZE, 2)
    number = np.pad(instances(source)[0], 1, mode="edge")
    middle = number[1:-1, 1:-1]
    around = [number[:-2, 1:-1], number[2:, 1:-1], number[1:-1, :-2], number[1:-1, 2:]]
    expected = np.any([middle != one for one in around], axis=0)
    np.testing.assert_array_equal(source[0, -2], expected)
    assert source[0, -2, 5, 5] == source[0, -2, 5, 6] == 1  # the line between the two
    assert source[0, -2, 5, 4] == 0


def test_an_object_that_is_not_there_changes_nothing() -> None:
    places = numbers(1, 6)[None] * UNIT
    both = render(squares(1, 2, present=1), places, places, SIZE, 3)
    alone = render(squares(1), places[:, :1], places[:, :1], SIZE, 3)
    for one, other in zip(both, alone, strict=True):
        np.testing.assert_array_equal(one, other)


def test_colours_are_bright_and_not_grey() -> None:
    drawn = colours(keys_of(np.arange(500), 0), 2)
    assert drawn.shape == (500, 2, 3)
    np.testing.assert_allclose(drawn.max(axis=2), 1)
    np.testing.assert_allclose(drawn.min(axis=2), 0.15, atol=1e-6)
    counts = np.bincount(drawn.argmax(axis=2).reshape(-1))
    assert counts.min() > 250


def test_a_map_is_drawn_with_a_colour_for_each_class() -> None:
    source, _ = render(
        squares(0, 1, 2), numbers(0, 0, 6)[None] * UNIT, numbers(0, 6, 0)[None] * UNIT, SIZE, 3
    )
    picture = label_colours(source)
    assert picture.shape == (1, 3, SIZE, SIZE)
    assert -1 <= picture.min() <= picture.max() <= 1
    spots = [picture[0, :, y, x] for y, x in ((11, 11), (1, 1), (1, 7), (7, 1))]
    np.testing.assert_array_equal(spots[0], -1)
    for i, one in enumerate(spots):
        for other in spots[:i]:
            assert np.abs(one - other).sum() > 0.3
    same, _ = render(squares(0, 0), numbers(0, 0)[None] * UNIT, numbers(0, 6)[None] * UNIT, SIZE, 1)
    assert (label_colours(same)[0, :, 1, 1] > label_colours(same)[0, :, 1, 7]).any()
    np.testing.assert_array_equal(label_colours(source[:, None])[:, 0], picture)


def test_integers_below_limits_of_each_key() -> None:
    keys = keys_of(np.arange(4_000), 3)
    limits = np.stack([np.full(4_000, 3), 1 + np.arange(4_000) % 7], axis=1)
    drawn = below(keys, limits)
    assert (drawn < limits).all()
    assert np.bincount(drawn[:, 0]).min() > 1_200
    np.testing.assert_array_equal(below(keys, (3, 5))[:, 0], drawn[:, 0])
    others = below(branched(keys, 1), (3, 5))[:, 0]
    assert np.mean(others == drawn[:, 0]) == pytest.approx(1 / 3, abs=0.03)
    assert INSTANCES == 4
