"""Random numbers that an index decides."""

from __future__ import annotations

import numpy as np

from gans.data.chance import bell, keys_of, uniform, words


def test_the_words_are_those_of_splitmix64() -> None:
    """The first outputs of the published generator for the seeds 0 and 1234567."""
    found = words(np.array([0, 1234567], np.uint64), 3)
    assert found[0].tolist() == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert found[1].tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_an_index_decides_its_numbers_whatever_its_neighbours() -> None:
    keys = keys_of(np.arange(100), 0)
    np.testing.assert_array_equal(uniform(keys, 50)[[7, 3]], uniform(keys_of(np.array([7, 3]), 0), 50))
    assert len(np.unique(np.concatenate([keys, keys_of(np.arange(100), 1)]))) == 200
    np.testing.assert_array_equal(words(keys, 9)[:, :4], words(keys, 4))


def test_uniform_numbers_are_uniform() -> None:
    drawn = uniform(keys_of(np.arange(300), 0), 300)
    assert drawn.dtype == np.float32
    assert (drawn >= 0).all()
    assert (drawn < 1).all()
    counts = np.histogram(drawn, 20, (0, 1))[0]
    expected = drawn.size / 20
    assert ((counts - expected) ** 2 / expected).sum() < 50  # chi-squared of 19 degrees: p = 1e-4


def test_bell_shaped_numbers_have_the_moments_that_they_claim() -> None:
    drawn = bell(keys_of(np.arange(300), 0), 784).astype(np.float64)
    assert abs(drawn.mean()) < 0.01
    assert abs(drawn.std() - 1) < 0.01
    assert abs((drawn**3).mean()) < 0.02
    assert abs((drawn**4).mean() - (3 - 0.3)) < 0.03  # four uniform numbers: 3 - 6/5/4
    assert abs(np.corrcoef(drawn[:-1].ravel(), drawn[1:].ravel())[0, 1]) < 0.01
    assert abs(np.corrcoef(drawn[:, :-1].ravel(), drawn[:, 1:].ravel())[0, 1]) < 0.01
    assert np.abs(drawn).max() < 3.47
