"""The real data of a step: what belongs together in a batch, and the order of each set."""

from __future__ import annotations

import numpy as np

from gans.data import DomainData, PartialData, epoch_order
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


def test_few_labels_go_through_epochs_of_their_own() -> None:
    """Images with labels are repeated: each of the six once before any comes again, wherever a batch ends."""
    data = PartialData(numbered(50), 6)
    batches = Batches(data, batch_size=4, batches_per_step=2, seed=3)
    assert batches.steps_per_epoch == 6
    real, few = [], []
    for step in range(9):
        for k in range(2):
            batch = batches.batch(step, k, RNG)
            assert batch.source is not None
            assert batch.labels is not None
            np.testing.assert_array_equal(batch.labels, numbers(batch.source) % 3)
            real += numbers(batch.real).tolist()
            few += numbers(batch.source).tolist()
    assert len(set(real[:48])) == 48
    rounds = [few[i : i + 6] for i in range(0, 72, 6)]
    assert all(sorted(one) == data.numbers.tolist() for one in rounds)
    assert len({tuple(one) for one in rounds}) > 9
    again = Batches(data, 4, 2, 3).batch(8, 1, RNG)
    np.testing.assert_array_equal(again.source, batch.source)
    np.testing.assert_array_equal(again.labels, batch.labels)
    assert spec_of(data).classes == 3


def test_a_batch_may_be_larger_than_all_labels() -> None:
    batch = Batches(PartialData(numbered(50), 3), 20, 1, 0).batch(1, 0, RNG)
    assert batch.source is not None
    assert np.unique(numbers(batch.source), return_counts=True)[1].tolist() == [7, 7, 6]
