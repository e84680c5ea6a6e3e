"""The real data of a step: what belongs together in a batch, and the order of each set."""

from __future__ import annotations

import numpy as np

from gans.data import DomainData, epoch_order
from gans.data.images import ImageData, image_data
from gans.data.spec import spec_of
from gans.trainer.batches import Batches

RNG = np.random.default_rng(0)


def numbered(n: int, classes: int = 3, labels: bool = True) -> ImageData:
    """Images of one value each: their number."""
    pixels = np.broadcast_to(np.arange(n, dtype=np.uint8)[:, None, None], (n, 8, 8)).copy()
    return image_data("numbered", pixels, (np.arange(n) % classes).astype(np.uint8) if labels else None)


def numbers(images: np.ndarray) -> np.ndarray:
    return np.rint((images[:, 0, 0, 0] + 1) * 127.5).astype(int)


def test_domains_have_the_labels_of_their_sources() -> None:
    data = DomainData("inverted", numbered(41))
    batches = Batches(data, batch_size=4, batches_per_step=1, seed=3)
    for step in (0, 3, 7):
        batch = batches.batch(step, 0, RNG)
        assert batch.labels is not None
        assert batch.source is not None
        assert batch.labels.dtype == np.int64
        np.testing.assert_array_equal(batch.labels, numbers(batch.source) % 3)
        order = epoch_order(20, 3, step // batches.steps_per_epoch)
        start = step % batches.steps_per_epoch * 4
        np.testing.assert_array_equal(batch.source, data.a(order[start : start + 4]))
    assert spec_of(data).classes == 3


def test_domains_without_labels_have_none() -> None:
    data = DomainData("inverted", numbered(20, labels=False))
    assert Batches(data, 4, 1, 0).batch(0, 0, RNG).labels is None
    assert spec_of(data).classes == 0
