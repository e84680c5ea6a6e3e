"""Warnings about runs that finish but learned nothing: one line for each fault, none for a healthy run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from gans.data import Dataset, ImageData, PartialData, StyleData
from gans.metrics import outlook
from gans.terminal import note, say
from gans.trainer.callback import Callback
from gans.trainer.loop import Record, Training
from minigrad import nn

__all__ = ["Sanity", "data_warnings"]

LARGEST_LOSS = {True: 1e3, False: 1e6}
"""The largest loss of a working training; the key is whether D gives probabilities, not scores."""

STUCK = 0.1
"""The share of steps with a gradient of exactly 0 above which it is a fault."""

DECIDED, DECIDED_STEPS = 1e-3, 500
"""G has no gradient to learn from if D's error is below the first for as many steps as the second."""

LOOKED_AT = 5_000
"""The number of images that are checked, evenly spaced."""

NARROW = 64
"""Images that span fewer of the 256 grey levels were scaled to numbers from 0 to 1, or are masks."""

UNLABELLED = 255


class Sanity(Callback):
    """Checks the data and every record; prints a warning for each fault on standard error at the end.

    At the start of a run it says what an evaluation will not measure.
    """

    def __init__(self, data: Dataset) -> None:
        self._data = data
        self._steps = 0
        self._largest = 0.0
        self._no_gradient: Counter[str] = Counter()
        self._decided = self._longest_decided = 0

    def on_start(self, training: Training) -> None:
        if training.step == 0 and isinstance(self._data, ImageData | StyleData | PartialData):
            for limit in outlook(self._data):
                note(limit)

    def due(self, training: Training) -> bool:
        return False

    def on_step(self, training: Training, record: Record) -> None:
        self._steps += 1
        numbers = {name: value for name, value in record.numbers.items() if value is not None}
        for name, value in numbers.items():
            if name.startswith("loss"):
                self._largest = max(self._largest, abs(value))
            elif name.startswith("grad_norm"):
                self._no_gradient[name] += value == 0
        if {"d_real", "d_fake"} <= numbers.keys() and training.system.judges_by_probability:
            decided = numbers["d_real"] > 1 - DECIDED and numbers["d_fake"] < DECIDED
            self._decided = self._decided + 1 if decided else 0
            self._longest_decided = max(self._longest_decided, self._decided)

    def on_end(self, training: Training) -> None:
        for warning in (*data_warnings(self._data), *self.warnings(training)):
            say(f"gans: warning: {warning}")

    def warnings(self, training: Training) -> Iterator[str]:
        """The faults of the steps so far."""
        settings = training.system.settings
        networks = [part for part in training.system.parts().values() if isinstance(part, nn.Module)]
        normed = any(
            isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d)
            for network in networks
            for layer in network.modules()
        )
        if settings.batch_size == 1 and normed:
            yield "a batch of 1 under batch norm: each image is normed by itself; take larger batches"
        if self._largest > LARGEST_LOSS[training.system.judges_by_probability]:
            yield f"a loss reached {self._largest:.1e}, far beyond healthy ones; try a lower learning rate"
        for name, steps in self._no_gradient.items():
            if steps > STUCK * self._steps:
                yield (
                    f"the gradient of {_network(name)} was exactly 0 in {steps:,} of {self._steps:,} steps: "
                    "it learned nothing there; try a lower learning rate"
                )
        if self._longest_decided >= DECIDED_STEPS:
            yield (
                f"D was right about every sample for {self._longest_decided:,} consecutive steps, and G "
                "learned nothing from it; try a lower learning rate of D"
            )


def _network(name: str) -> str:
    """The network of a gradient norm, such as D for grad_norm_d.

    >>> _network("grad_norm_d"), _network("grad_norm_encoder")
    ('D', 'encoder')
    """
    rest = name.removeprefix("grad_norm").strip("_") or "the loss"
    return rest.upper() if len(rest) == 1 else rest


def data_warnings(data: Dataset) -> Iterator[str]:
    """The faults of images and labels, or of those that data are made from.

    >>> from gans.data.images import image_data
    >>> list(data_warnings(image_data("black", np.zeros((9, 28, 28), np.uint8))))
    ['all images of black have one colour, 0: there is nothing to learn']
    """
    found = data if isinstance(data, ImageData) else getattr(data, "images", None)
    if isinstance(found, ImageData):
        yield from _image_warnings(found)


def _image_warnings(data: ImageData) -> Iterator[str]:
    images = data.images[:: max(1, len(data.images) // LOOKED_AT)]
    low, high = int(images.min()), int(images.max())
    flat = float((images == images[:, :1, :1]).reshape(len(images), -1).all(axis=1).mean())
    if low == high:
        yield f"all images of {data.name} have one colour, {low}: there is nothing to learn"
    elif len(images) > 1 and (images == images[0]).all():
        yield f"all images of {data.name} are the same"
    elif high - low < NARROW:
        yield f"the pixels of {data.name} lie between {low} and {high}, of 0 to 255: scale them to that range"
    elif flat > 0.5:
        yield f"{flat:.0%} of the images of {data.name} have one colour each"
    unlabelled = int((data.labels == UNLABELLED).sum())
    if unlabelled and len(np.unique(data.labels)) <= UNLABELLED // 2:
        yield (
            f"{unlabelled:,} of {len(data.labels):,} labels of {data.name} are {UNLABELLED}, which often "
            "stands for no label; here it is a class"
        )
