"""The shipped classifier."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from gans.data import ImageData, load
from gans.metrics import Classifier, load_classifier
from gans.metrics.classifier import WEIGHTS, DigitNet


@pytest.fixture(scope="module")
def digits() -> ImageData:
    data = load("mnist5k")
    assert isinstance(data, ImageData)
    return data


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load_classifier()


def test_shipped_weights_are_small_and_are_those_of_the_record() -> None:
    record = json.loads(WEIGHTS.with_suffix(".json").read_text(encoding="utf-8"))
    assert WEIGHTS.stat().st_size < 300_000
    assert hashlib.sha256(WEIGHTS.read_bytes()).hexdigest() == record["weights_sha256"]
    assert record["test_accuracy"] >= 0.985
    assert record["test_images"] == 10_000
    assert record["training_images"] == 60_000
    assert record["test_accuracy"] == 1 - record["test_errors"] / 10_000


def test_packaged_test_digits_are_recognised(classifier: Classifier, digits: ImageData) -> None:
    assert classifier.accuracy(digits.test(), digits.test_labels) >= 0.985


def test_shapes_ranges_and_agreement_of_the_views(classifier: Classifier, digits: ImageData) -> None:
    images = digits.test(np.arange(0, 1000, 7))
    features, probabilities = classifier.describe(images)
    assert features.shape == (len(images), 64)
    assert features.dtype == probabilities.dtype == np.float64
    assert (features >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(features, classifier.features(images))
    np.testing.assert_array_equal(probabilities, classifier.probabilities(images))
    np.testing.assert_array_equal(probabilities.argmax(axis=1), classifier.predict(images))
    logits = features @ classifier.net.head.weight.numpy().T + classifier.net.head.bias.numpy()
    np.testing.assert_array_equal(logits.argmax(axis=1), classifier.predict(images))


def test_an_image_is_judged_alone(
    classifier: Classifier, digits: ImageData, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = digits.test(np.arange(0, 1000, 50))
    together = classifier.features(images)
    monkeypatch.setattr("gans.metrics.classifier.BATCH", 3)
    np.testing.assert_allclose(classifier.features(images), together, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        classifier.features(images.astype(np.float64)[::-1])[::-1], together, rtol=1e-4, atol=1e-5
    )


def test_judging_records_no_graph_and_changes_no_statistics(
    classifier: Classifier, digits: ImageData
) -> None:
    before = {name: array.copy() for name, array in classifier.net.state_dict().items()}
    classifier.predict(digits.test(np.arange(20)))
    assert not classifier.net.training
    for name, array in classifier.net.state_dict().items():
        np.testing.assert_array_equal(array, before[name], err_msg=name)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 28, 28), dtype=np.float32), r"shape \(n, 1, 28, 28\)"),
        (np.zeros((2, 1, 32, 32), dtype=np.float32), r"got \(2, 1, 32, 32\)"),
        (np.zeros((0, 1, 28, 28), dtype=np.float32), r"n >= 1"),
        (np.zeros((2, 1, 28, 28), dtype=np.uint8), r"x / 127.5 - 1"),
        (np.full((2, 1, 28, 28), 255.0), r"in \[-1, 1\].*255.0"),
        (np.full((2, 1, 28, 28), np.nan, dtype=np.float32), r"finite"),
    ],
)
def test_other_images_are_refused(classifier: Classifier, images: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        classifier.features(images)


def test_weights_of_another_network_and_damaged_weights_are_refused(tmp_path: Path) -> None:
    mg.save(tmp_path / "other.safetensors", {"weight": np.zeros(3, dtype=np.float32)})
    with pytest.raises(ValueError, match="weight"):
        load_classifier(tmp_path / "other.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(WEIGHTS.read_bytes()[:-7])
    with pytest.raises(mg.CheckpointError, match=r"cut\.safetensors"):
        load_classifier(tmp_path / "cut.safetensors")


def test_a_torch_network_with_the_same_layers_agrees(classifier: Classifier, digits: ImageData) -> None:
    torch = pytest.importorskip("torch")
    from torch import nn

    body = nn.ModuleDict(
        {
            "conv1": nn.Conv2d(1, 16, 5, stride=2, padding=2, bias=False),
            "norm1": nn.BatchNorm2d(16),
            "conv2": nn.Conv2d(16, 32, 5, stride=2, padding=2, bias=False),
            "norm2": nn.BatchNorm2d(32),
            "conv3": nn.Conv2d(32, 32, 3, stride=2, padding=1, bias=False),
            "norm3": nn.BatchNorm2d(32),
            "hidden": nn.Linear(512, 64, bias=False),
            "norm4": nn.BatchNorm1d(64),
            "head": nn.Linear(64, 10),
        }
    ).eval()
    body.load_state_dict({name: torch.tensor(array) for name, array in mg.load(WEIGHTS).items()})
    images = digits.test(np.arange(0, 1000, 20))
    with torch.no_grad():
        y = torch.from_numpy(images)
        for i in "123":
            y = torch.relu(body[f"norm{i}"](body[f"conv{i}"](y)))
        y = torch.relu(body["norm4"](body["hidden"](y.flatten(1))))
        expected = torch.softmax(body["head"](y), dim=1)
    features, probabilities = classifier.describe(images)
    np.testing.assert_allclose(features, y.numpy(), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(probabilities, expected.numpy(), rtol=1e-3, atol=1e-5)


def test_network_is_below_the_size_limit() -> None:
    assert sum(parameter.data.nbytes for parameter in DigitNet().parameters()) < 300_000
