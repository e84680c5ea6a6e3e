"""A small convolutional classifier of digits: the figures of images use its features and predictions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import minigrad as mg
from gans.metrics.checks import Float64Array, IntArray
from minigrad import nn

WEIGHTS = Path(__file__).with_name("classifier.safetensors")
"""The shipped weights; ``classifier.json`` beside them says how they were made and how good they are.

Its ``command`` makes them anew, in a checkout; ``command_then`` made these, when the script was called
``gans.metrics.train_classifier``.
"""

SHAPE = (1, 28, 28)
CLASSES = 10
FEATURES = 64
BATCH = 500


class DigitNet(nn.Module):
    """Three strided convolutions (16, 32, 32 channels), a hidden layer of 64 features, 10 logits.

    Batch norm and ReLU after each layer but the last; x (n, 1, 28, 28) -> features (n, 64) >= 0 -> (n, 10).
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 5, stride=2, padding=2, bias=False)
        self.norm1 = nn.BatchNorm2d(16)
        self.conv2 = nn.Conv2d(16, 32, 5, stride=2, padding=2, bias=False)
        self.norm2 = nn.BatchNorm2d(32)
        self.conv3 = nn.Conv2d(32, 32, 3, stride=2, padding=1, bias=False)
        self.norm3 = nn.BatchNorm2d(32)
        self.hidden = nn.Linear(32 * 4 * 4, FEATURES, bias=False)
        self.norm4 = nn.BatchNorm1d(FEATURES)
        self.head = nn.Linear(FEATURES, CLASSES)

    def maps(self, x: mg.Tensor) -> list[mg.Tensor]:
        """The activations of the convolutions for x (n, 1, h, w), an image of any size.

        They have 16, 32 and 32 channels, and a half, a quarter and an eighth of the sides.
        """
        first = mg.ops.relu(self.norm1(self.conv1(x)))  # (n, 16, 14, 14) of digits
        second = mg.ops.relu(self.norm2(self.conv2(first)))  # (n, 32, 7, 7)
        third = mg.ops.relu(self.norm3(self.conv3(second)))  # (n, 32, 4, 4)
        return [first, second, third]

    def features(self, x: mg.Tensor) -> mg.Tensor:
        """x (n, 1, 28, 28) -> (n, 64), the activations before the last layer."""
        last = self.maps(x)[-1]
        return mg.ops.relu(self.norm4(self.hidden(mg.ops.reshape(last, (len(last), -1)))))

    def forward(self, x: mg.Tensor) -> mg.Tensor:
        """x (n, 1, 28, 28) -> logits (n, 10)."""
        logits: mg.Tensor = self.head(self.features(x))
        return logits


class Classifier:
    """A trained network, used as a fixed function of images (evaluation mode, no graph, in batches).

    Images are floats in [-1, 1] of shape (n, 1, 28, 28), n >= 1; anything else is a ValueError.
    """

    def __init__(self, net: DigitNet) -> None:
        self.net = net.eval()

    def features(self, images: ArrayLike) -> Float64Array:
        """Activations of the hidden layer, (n, 64) float64, all >= 0."""
        found: Float64Array = np.concatenate([each for each, _ in self._batches(images)]).astype(np.float64)
        return found

    def probabilities(self, images: ArrayLike) -> Float64Array:
        """Softmax of the logits, (n, 10) float64; rows sum to 1."""
        return _softmax(np.concatenate([logits for _, logits in self._batches(images)]))

    def predict(self, images: ArrayLike) -> IntArray:
        """The most probable class of each image, (n,) int64."""
        labels: IntArray = self.probabilities(images).argmax(axis=1)
        return labels

    def describe(self, images: ArrayLike) -> tuple[Float64Array, Float64Array]:
        """Features and probabilities in one pass."""
        features, logits = zip(*self._batches(images), strict=True)
        return np.concatenate(features).astype(np.float64), _softmax(np.concatenate(logits))

    def accuracy(self, images: ArrayLike, labels: ArrayLike) -> float:
        """Share of images whose predicted class is the label, in [0, 1]."""
        return float(np.mean(self.predict(images) == np.asarray(labels)))

    def _batches(self, images: ArrayLike) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        checked = check_images(images)
        with mg.no_grad():
            for start in range(0, len(checked), BATCH):
                features = self.net.features(mg.Tensor(checked[start : start + BATCH]))
                yield features.numpy(), self.net.head(features).numpy()


def load_classifier(path: Path | str = WEIGHTS) -> Classifier:
    """The shipped classifier, or one whose weights lie at ``path``.

    Raises mg.CheckpointError if the file is damaged, ValueError when its weights are of another network.
    """
    net = DigitNet()
    net.load_state_dict(mg.load(path))
    return Classifier(net)


def check_images(
    images: ArrayLike, name: str = "images", shape: tuple[int, ...] = SHAPE
) -> NDArray[np.float32]:
    """``images`` as contiguous float32 (n, *shape) in [-1, 1]; ValueError otherwise."""
    array = np.asarray(images)
    if array.ndim != 4 or array.shape[1:] != shape or len(array) == 0:
        expected = ", ".join(map(str, shape))
        raise ValueError(f"{name} must have shape (n, {expected}) with n >= 1, got {array.shape}")
    if not np.issubdtype(array.dtype, np.floating):
        raise ValueError(f"{name} must be floats in [-1, 1], got {array.dtype}; for bytes use x / 127.5 - 1")
    low, high = float(array.min()), float(array.max())
    if not (low >= -1.001 and high <= 1.001):  # also false for NaN
        raise ValueError(f"{name} must lie in [-1, 1] and be finite, got values from {low} to {high}")
    return np.ascontiguousarray(array, dtype=np.float32)


def _softmax(logits: NDArray[Any]) -> Float64Array:
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=1, keepdims=True)
    np.exp(shifted, out=shifted)
    shifted /= shifted.sum(axis=1, keepdims=True)
    return shifted
