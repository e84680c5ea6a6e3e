"""Images that are not the classifier's own: of other sizes, in colour, without labels."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gans.data import ImageData, load
from gans.data.images import image_data
from gans.metrics import evaluate, evaluate_images, outlook, remarks
from gans.metrics.describe import as_digits, thumbnails
from gans.metrics.resample import grey, resized

BY_CLASSES = ("entropy", "effective_classes", "class_counts", "classifier_score")


@pytest.fixture(scope="module")
def digits() -> ImageData:
    """A fifth of the training digits, and 300 test digits."""
    data = load("mnist5k")
    assert isinstance(data, ImageData)
    tests = slice(0, 900, 3)
    return image_data(
        "digits", data.images[::5], data.labels[::5], data.test_images[tests], data.test_labels[tests]
    )


def changed(data: ImageData, change: Any, labels: bool = True, test: int = 300) -> ImageData:
    return image_data(
        "changed",
        change(data.images),
        data.labels if labels else None,
        change(data.test_images[:test]),
        data.test_labels[:test] if labels else None,
    )


def small(images: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Digits of 20 x 22 pixels."""
    floats = resized(images[:, None].astype(np.float32), 20, 22)
    return np.rint(floats[:, 0]).astype(np.uint8)


def coloured(images: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Digits of 32 x 32 pixels in yellow."""
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2)))
    return np.stack([padded, padded, padded // 4], axis=-1)


def scenes(images: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Dark digits on a ground whose colour differs from image to image."""
    count = len(images)
    ground = 80 + 140 * np.indices((count, 3)).sum(axis=0) % 7 / 7
    kept = 1 - images[..., None] / 300
    return np.rint(kept * ground[:, None, None, :]).astype(np.uint8)


@pytest.mark.parametrize(("height", "width"), [(28, 28), (8, 8), (14, 40), (40, 9), (64, 64), (13, 13)])
def test_resizing_is_pillows(height: int, width: int) -> None:
    image = np.random.default_rng(0).uniform(-1, 1, (26, 21)).astype(np.float32)
    expected = Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR)
    np.testing.assert_allclose(resized(image[None, None], height, width)[0, 0], expected, atol=2e-6)


def test_grey_is_pillows() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 10, 3)).astype(np.uint8)
    expected = np.asarray(Image.fromarray(pixels).convert("L"))
    found = grey(pixels.transpose(2, 0, 1)[None].astype(np.float32))
    assert abs(found[0, 0] - expected).max() < 1


def test_the_classifiers_own_images_are_not_changed(digits: ImageData) -> None:
    images = digits.test(slice(3))
    assert as_digits(images) is images
    assert thumbnails(images).shape == (3, 64)


@pytest.mark.parametrize("change", [small, coloured])
def test_digits_of_another_shape_are_measured_as_digits(digits: ImageData, change: Any) -> None:
    data = changed(digits, change)
    rows = np.random.default_rng(0).permutation(1000)[:300]
    figures = evaluate_images(data.train(rows), data, labels=data.labels[rows])
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    assert figures["features"] == "classifier"
    assert figures["classifier_accuracy"] > 0.9
    assert figures["effective_classes"] > 9.5
    assert figures["label_accuracy"] > 0.9
    assert figures["fd"] < 3 * figures["fd_floor"]
    assert not any("thumbnails" in remark for remark in remarks(figures))
    sevens = evaluate_images(data.train(np.nonzero(data.labels == 7)[0]), data)
    assert sevens["effective_classes"] < 2
    assert sevens["fd"] > 20 * sevens["fd_floor"]


@pytest.mark.parametrize("labels", [False, True])
def test_what_the_classifier_does_not_recognise_is_measured_by_thumbnails(
    digits: ImageData, labels: bool
) -> None:
    data = changed(digits, scenes, labels)
    rows = np.random.default_rng(0).permutation(1000)[:300]
    given = data.labels[rows] if labels else None
    real = evaluate_images(data.train(rows), data, labels=given)
    assert json.loads(json.dumps(real, allow_nan=False)) == real
    assert real["features"] == "thumbnails"
    assert all(real[name] is None for name in (*BY_CLASSES, "label_accuracy"))
    assert (real["classifier_accuracy"] is None) == (not labels)
    assert (real["nn_error"] is None) == (real["real_nn_error"] is None) == (not labels)
    assert real["nn_labels"] == ("given" if labels else None)
    for name in ("precision", "recall", "density", "coverage"):
        assert real[name] == pytest.approx(real[f"real_{name}"], abs=0.1)
    assert real["fd"] < 3 * real["fd_floor"]
    assert real["memorised_share"] == 1
    [first, *_] = remarks(real)
    assert first.startswith("these are no digits that the classifier is known to recognise (")
    one = evaluate_images(np.repeat(data.train(rows[:50]), 6, axis=0), data)
    assert one["recall"] < real["recall"] / 2
    assert one["fd"] > 3 * real["fd"]
    noise = np.random.default_rng(0).uniform(-1, 1, (300, *data.shape)).astype(np.float32)
    assert evaluate_images(noise, data)["coverage"] < 0.1


def test_few_test_images_in_colour_leave_only_fd_out(digits: ImageData) -> None:
    data = changed(digits, scenes, test=150)
    figures = evaluate_images(data.train(slice(200)), data)
    assert figures["fd"] is figures["fd_floor"] is None
    assert figures["compared"] == 150
    assert figures["precision"] > 0.5
    assert "fd is left out: it needs more test images" in " ".join(remarks(figures))


def test_digits_without_labels_are_measured_with_a_remark(digits: ImageData) -> None:
    data = image_data("mine", digits.images, test_images=digits.test_images)
    figures = evaluate_images(data.train(slice(300)), data)
    assert figures["features"] == "classifier"
    assert figures["effective_classes"] > 9
    assert figures["nn_error"] is figures["classifier_accuracy"] is None
    [first, *_] = remarks(figures)
    assert first.startswith("no test images are labelled: nothing shows whether the classifier")


def test_samples_of_another_shape_are_refused(digits: ImageData) -> None:
    data = changed(digits, coloured)
    with pytest.raises(ValueError, match=r"samples must have shape \(n, 3, 32, 32\) with n >= 1, got"):
        evaluate_images(digits.train(slice(100)), data)


def test_data_that_are_read_in_blocks_give_the_same_figures(
    digits: ImageData, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = digits.test(slice(200))
    whole = evaluate_images(samples, digits)
    monkeypatch.setattr(evaluate, "BLOCK_VALUES", 1)
    blocks = evaluate_images(samples, digits)
    assert {name for name in whole if whole[name] != blocks[name]} == set()


def test_what_will_not_be_measured_is_said_before(digits: ImageData) -> None:
    assert list(outlook(digits)) == []
    few = image_data("few", digits.images, test_images=digits.test_images[:64])
    assert list(outlook(few)) == [
        "few has 64 test images, and an evaluation needs more than 64: samples cannot be measured"
    ]
    [line] = outlook(changed(digits, coloured))
    assert line.startswith("the images of changed are not those of digits, 28 x 28 and grey: an evaluation")
