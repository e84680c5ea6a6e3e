"""Figures of clips: a colour that changes from frame to frame flickers, one that moves does not."""

from __future__ import annotations

import numpy as np
import pytest

from gans.data import MovingData
from gans.data.layouts import instances
from gans.data.mnist5k import load_mnist5k
from gans.metrics import colour_spread, evaluate_clips, flicker, relative_flicker

A, B = MovingData(load_mnist5k()).test(slice(60))
OBJECTS = instances(A)
CLASSES = A[:, :, :-2].argmax(axis=2) - 1


def test_real_clips_flicker_as_real_ones() -> None:
    figures = evaluate_clips(B, B, OBJECTS)
    assert figures["samples"] == 60
    assert 0 < figures["flicker"] == figures["real_flicker"] < 0.04
    assert figures["colour_spread"] == figures["real_colour_spread"] > 0.5
    assert figures["sharpness"] == pytest.approx(1)
    assert figures["thumbnail_fd"] == pytest.approx(0, abs=1e-6)


def test_a_colour_of_its_own_in_each_frame_flickers() -> None:
    """Frames of other clips' colours: each frame alone is as good, only together they are not."""
    rng = np.random.default_rng(0)
    shuffled = np.stack([B[:, t, rng.permutation(3)] for t in range(8)], axis=1)
    figures = evaluate_clips(shuffled, B, OBJECTS)
    assert figures["sharpness"] == pytest.approx(1)
    assert figures["flicker"] > 10 * figures["real_flicker"]
    assert figures["colour_spread"] == pytest.approx(figures["real_colour_spread"], rel=0.05)
    assert 0.7 < figures["relative_flicker"] < 1.3
    assert figures["real_relative_flicker"] < 0.1


def test_a_blur_and_a_still_picture_neither_add_nor_hide_flicker() -> None:
    """What moves is compared where it is, so that motion is no flicker, and a blur no calm."""
    padded = np.pad(B, ((0, 0),) * 3 + ((1, 1),) * 2, mode="edge")
    blurred = sum(padded[..., i : i + 32, j : j + 32] for i in range(3) for j in range(3)) / 9
    assert flicker(blurred, OBJECTS) == pytest.approx(flicker(B, OBJECTS), rel=0.15)
    still, places = (np.repeat(x[:, :1], 8, axis=1) for x in (B, OBJECTS))
    assert flicker(still, places) == pytest.approx(0, abs=1e-12)


def test_one_colour_for_all_clips_has_no_spread() -> None:
    grey = np.repeat(B.max(axis=2, keepdims=True), 3, axis=2)
    figures = evaluate_clips(grey, B, OBJECTS)
    assert figures["flicker"] < 1.5 * figures["real_flicker"]
    assert figures["colour_spread"] < 0.5 * figures["real_colour_spread"]


def test_pale_colours_flicker_less_and_relatively_as_much() -> None:
    pale = 0.2 * B
    assert flicker(pale, OBJECTS) == pytest.approx(0.2 * flicker(B, OBJECTS), rel=1e-6)
    assert relative_flicker(pale, OBJECTS) == pytest.approx(relative_flicker(B, OBJECTS), rel=1e-6)
    assert relative_flicker(np.zeros_like(B), OBJECTS) is None


def test_the_classifier_reads_the_objects_whatever_their_colours() -> None:
    figures = evaluate_clips(B[:, :, [1, 2, 0]], B, OBJECTS, CLASSES)
    assert figures["object_accuracy"] == figures["real_object_accuracy"] > 0.85
    assert figures["brightness_l1"] == pytest.approx(0, abs=1e-7)
    others = np.roll(B, 1, axis=0)
    figures = evaluate_clips(others, B, OBJECTS, CLASSES)
    assert figures["object_accuracy"] < 0.3
    assert figures["brightness_l1"] == pytest.approx(
        np.abs(others.max(axis=2) - B.max(axis=2)).mean(), rel=1e-5
    )
    assert evaluate_clips(B, B, OBJECTS)["object_accuracy"] is None


def test_flicker_is_the_change_of_an_objects_mean_colour_wherever_it_is() -> None:
    clips, objects = np.full((1, 3, 3, 8, 8), -1.0), np.zeros((1, 3, 8, 8), int)
    for t, (left, colour) in enumerate([(0, [1, 0, 0]), (4, [1, 0, 0]), (2, [1, 0.3, 0])]):
        objects[0, t, :4, left : left + 4] = 1
        clips[0, t, :, :4, left : left + 4] = np.reshape(colour, (3, 1, 1))
    objects[0, :2, 6, 6] = 2  # too small
    assert flicker(clips, objects) == pytest.approx((0 + 0.1) / 2)
    assert flicker(clips, np.zeros_like(objects)) is None
    assert colour_spread(clips, np.zeros_like(objects)) is None
    assert flicker(clips[:, :1], objects[:, :1]) is None
    assert relative_flicker(clips[:, :1], objects[:, :1]) is None


def test_few_frames_have_no_distance() -> None:
    assert evaluate_clips(B[:9], B[:9], OBJECTS[:9])["thumbnail_fd"] is None


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="clips of one shape"):
        evaluate_clips(B[:2], B[:3], OBJECTS[:2])
    with pytest.raises(ValueError, match="clips of one shape"):
        evaluate_clips(B[0], B[0], OBJECTS[:1])
    with pytest.raises(ValueError, match=r"clips .* and objects"):
        flicker(B, OBJECTS[:, :4])
