"""Two sets without correspondence: halves that share no image, and transformations with a way back."""

from __future__ import annotations

import numpy as np
import pytest

from gans.data.domains import (
    DOMAINS,
    DomainData,
    coloured,
    in_three,
    ink,
    inverted,
    rotated,
    rotated_back,
    thick,
    thin,
)
from gans.data.images import ImageData, image_data
from gans.data.mnist5k import load_mnist5k
from gans.data.textures import texture, textured
from gans.errors import UserError
from gans.metrics import load_classifier

DIGITS = load_mnist5k()


def numbered(n: int, shape: tuple[int, int] = (8, 8)) -> ImageData:
    """Images of one value each: their number."""
    pixels = np.broadcast_to(np.arange(n, dtype=np.uint8)[:, None, None], (n, *shape)).copy()
    return image_data("numbered", pixels, (np.arange(n) % 10).astype(np.uint8), pixels)


def numbers(images: np.ndarray) -> list[int]:
    return np.rint((images[:, 0, 0, 0] + 1) * 127.5).astype(int).tolist()


@pytest.mark.parametrize("n", [2, 3, 100, 101])
def test_the_halves_share_no_image_and_leave_none_out(n: int) -> None:
    domains = DomainData("rotated", numbered(n))
    a, b = numbers(domains.a()), numbers(domains.b())
    assert sorted(a + b) == list(range(n))
    assert (len(a), len(b)) == domains.sizes == (n // 2, n - n // 2)
    if n >= 100:
        assert abs(np.mean(a) - n / 2) < n / 6  # neither half is the first one
        for side, found in (("a", a), ("b", b)):
            assert domains.labels(side).tolist() == [k % 10 for k in found]
            assert set(domains.labels(side).tolist()) == set(range(10))


def test_the_classes_are_spread_over_both_halves() -> None:
    domains = DomainData("inverted", DIGITS)
    for side in ("a", "b"):
        counts = np.bincount(domains.labels(side), minlength=10)
        assert counts.min() > 200
        assert counts.sum() == 2500


@pytest.mark.parametrize("prefix", DOMAINS)
def test_an_image_depends_on_its_number_alone(prefix: str) -> None:
    domains = DomainData(prefix, numbered(12))
    assert (domains.kind, domains.name) == ("domains", f"{prefix}:numbered")
    for whole, part in ((domains.a(), domains.a), (domains.b(), domains.b)):
        assert whole.dtype == np.float32
        assert whole.shape == (6, *domains.shape)
        assert domains.shape == domains.source_shape
        assert -1 <= whole.min() <= whole.max() <= 1
        for indices in (np.array([5, 2, 5]), slice(1, 4), np.array([-1])):
            np.testing.assert_array_equal(part(indices), whole[indices])
    for whole, some in zip(domains.test(), domains.test(np.array([7, 3])), strict=True):
        np.testing.assert_array_equal(whole[[7, 3]], some)


@pytest.mark.parametrize("prefix", DOMAINS)
def test_the_counterparts_of_test_images_are_what_training_images_become(prefix: str) -> None:
    """The b of a test image is its transformation, and the way back leads to its a, or nearly so."""
    domains = DomainData(prefix, DIGITS)
    a, b = domains.test(slice(200))
    back = DOMAINS[prefix].back
    if back is None:
        np.testing.assert_array_equal(domains.plain(b, "b"), b.mean(axis=1, keepdims=True))
    else:
        away = np.abs(back(b) - a)
        assert away.max() < 1e-6 or (prefix == "thick" and away.mean() < 0.02)
    np.testing.assert_allclose(domains.plain(a, "a"), DIGITS.test(slice(200)), atol=1e-6)
    assert np.abs(a - b).mean() > 0.1


@pytest.mark.parametrize("prefix", DOMAINS)
def test_colour_images_have_domains_too(prefix: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 9, 9, 3), dtype=np.uint8)
    domains = DomainData(prefix, image_data("colours", pixels, None, pixels))
    a, b = domains.test()
    assert a.shape == b.shape == (6, *domains.shape) == (6, 3, 9, 9)
    assert domains.a().shape == domains.b().shape == (3, 3, 9, 9)
    assert domains.plain(b, "b").shape == (6, 1, 9, 9)
    assert len(domains.labels("a")) == 0


def test_black_for_white() -> None:
    x = np.array([[[[-1.0, 0.25, 1.0]]]], np.float32)
    np.testing.assert_array_equal(inverted(x), -x)


def test_a_quarter_turn_moves_the_right_edge_to_the_top() -> None:
    x = np.zeros((1, 1, 3, 3), np.float32)
    x[..., 0, 2] = 1
    x[..., 1, 2] = 0.5
    turned = rotated(x)
    np.testing.assert_array_equal(turned[0, 0], [[1, 0.5, 0], [0, 0, 0], [0, 0, 0]])
    np.testing.assert_array_equal(rotated_back(turned), x)
    assert turned.flags.c_contiguous


def test_thick_strokes_are_two_pixels_wider_and_thin_ones_two_narrower() -> None:
    x = np.full((1, 1, 7, 7), -1, np.float32)
    x[..., 3, 3] = 0.5
    wide = thick(x)
    expected = np.full((7, 7), -1, np.float32)
    expected[2:5, 2:5] = 0.5
    np.testing.assert_array_equal(wide[0, 0], expected)
    np.testing.assert_array_equal(thin(wide), x)
    corner = np.full((1, 1, 3, 3), -1, np.float32)
    corner[..., 0, 0] = 1
    assert (thick(corner)[0, 0] == 1).sum() == 4


def test_thin_closes_gaps_but_takes_nothing_away() -> None:
    x = DIGITS.test()
    assert (thin(thick(x)) >= x).all()


def test_colours_stand_behind_the_digit_and_their_least_channel_is_it() -> None:
    domains = DomainData("coloured", DIGITS)
    a, b = domains.test(slice(100))
    assert domains.shape == (3, 28, 28)
    assert (a[:, 0] == a[:, 2]).all()
    np.testing.assert_allclose(ink(b), a, atol=1e-6)
    white = a == 1
    np.testing.assert_allclose(b[white], 1, atol=1e-6)
    background = (a == -1).all(axis=1)
    saturation = (b.max(axis=1) - b.min(axis=1))[background]
    assert saturation.mean() > 1.2
    means = np.array([image[:, dark].mean(axis=1) for image, dark in zip(b, background, strict=True)])
    assert means.std(axis=0).min() > 0.2  # each image has colours of its own


def test_a_test_image_has_other_colours_than_the_training_image_of_its_number() -> None:
    pixels = np.zeros((2, 8, 8), np.uint8)
    domains = DomainData("coloured", image_data("black", pixels, None, pixels))
    _, of_test = domains.test()
    for image in domains.b():
        assert np.abs(of_test - image).max(axis=(1, 2, 3)).min() > 0.1


def test_colour_images_become_grey_before_colours() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (4, 3, 9, 8)).astype(np.float32)
    b = coloured(x, np.arange(4, dtype=np.uint64))
    np.testing.assert_allclose(ink(b)[:, 0], x.mean(axis=1), atol=1e-6)


def test_only_colours_have_more_than_one_answer() -> None:
    open_ones = [prefix for prefix in DOMAINS if not DomainData(prefix, DIGITS).one_answer]
    assert open_ones == ["coloured", "textured"]


def test_a_stroke_has_the_complement_of_the_texture() -> None:
    a = in_three(DIGITS.test(slice(50)))
    keys = np.arange(50, dtype=np.uint64) * np.uint64(977)
    b, around = (textured(a, keys) + 1) / 2, texture(keys, 28, 28)
    black, white = a == -1, a == 1
    np.testing.assert_allclose(b[black], around[black], atol=1e-6)
    np.testing.assert_allclose(b[white], 1 - around[white], atol=1e-6)


def test_textures_are_coloured_varied_and_their_own_keys() -> None:
    textures = texture(np.arange(100, dtype=np.uint64), 28, 20)
    assert textures.shape == (100, 3, 28, 20)
    assert 0 <= textures.min() < 0.05
    assert 0.8 < textures.max() <= 1
    means = textures.mean(axis=(2, 3))
    assert means.std(axis=0).min() > 0.1  # another colour for each key
    assert np.ptp(means, axis=1).mean() > 0.05  # which is no grey
    assert textures.std(axis=(2, 3)).mean() > 0.05  # with a pattern
    np.testing.assert_array_equal(texture(np.array([70], np.uint64), 28, 20)[0], textures[70])


def test_plain_reading_fails_on_textures_which_hide_no_digit() -> None:
    """The gap that domain adaptation closes; with the middle colour as black most digits are read."""
    _, b = DomainData("textured", DIGITS).test(slice(400))
    judge, labels = load_classifier(), DIGITS.test_labels[:400]
    assert judge.accuracy(b.mean(axis=1, keepdims=True), labels) < 0.5
    strokes = np.abs(b - np.median(b, axis=(2, 3), keepdims=True)).mean(axis=1, keepdims=True)
    strokes /= np.quantile(strokes, 0.97, axis=(2, 3), keepdims=True)
    read = np.clip((strokes - 0.35) / 0.5, 0, 1) * 2 - 1
    assert judge.accuracy(read.astype(np.float32), labels) > 0.65


def test_the_digest_depends_on_the_images_and_the_maker() -> None:
    digests = {DomainData(prefix, data).digest() for prefix in DOMAINS for data in (DIGITS, numbered(9))}
    assert len(digests) == 2 * len(DOMAINS)


def test_labels_of_some_images_are_theirs() -> None:
    domains = DomainData("textured", DIGITS)
    for side in ("a", "b"):
        for indices in (np.array([5, 2, 5]), slice(3, 9)):
            np.testing.assert_array_equal(domains.labels(side, indices), domains.labels(side)[indices])


def test_what_has_no_quarter_turn_or_no_halves_is_refused() -> None:
    with pytest.raises(UserError, match=r"^rotated:numbered: needs square images; .* 8 x 9 pixels$"):
        DomainData("rotated", numbered(4, (8, 9)))
    with pytest.raises(UserError, match=r"^thick:numbered: needs two training images at least"):
        DomainData("thick", numbered(1))
    assert DomainData("thick", numbered(2, (8, 9))).shape == (1, 8, 9)
