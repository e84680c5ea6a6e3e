from __future__ import annotations

import gzip
import hashlib
import io
import shutil
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from gans.data import NAMES, ImageData, batches, epoch_order, load, mnist5k
from gans.data.idx import write_idx
from gans.data.images import KINDS, STEMS, image_data
from gans.errors import UserError

MNIST5K_SHA256 = "73d300298347d74bb996712a4e7603b4ecdec6c90d1e3ab86ffd2c4ab3b86a13"
MNIST5K_DIGEST = "ae3ccdfb404d183cb0f735f468c0422e6870fba6ce6120ad85879f365e6a3384"


def digits() -> ImageData:
    data = load("mnist5k")
    assert isinstance(data, ImageData)
    return data


def arrays(seed: int = 0, *, n: int = 12, n_test: int = 6, classes: int = 10) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [
        rng.integers(0, 256, (n, 28, 28), dtype=np.uint8),
        (np.arange(n) % classes).astype(np.uint8),
        rng.integers(0, 256, (n_test, 28, 28), dtype=np.uint8),
        (np.arange(n_test) % classes).astype(np.uint8),
    ]


@pytest.fixture
def fashion(tmp_path: Path) -> Path:
    """A folder as Fashion-MNIST comes: the usual four names, gzipped."""
    folder = tmp_path / "fashion"
    folder.mkdir()
    for stem, array in zip(STEMS, arrays(), strict=True):
        write_idx(folder / f"{stem}.gz", array)
    return folder


def refusal(name: object, data_dir: object = None) -> str:
    with pytest.raises(UserError) as caught:
        load(name, data_dir)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_mnist5k_is_the_file_that_was_made() -> None:
    content = files("gans.data").joinpath("mnist5k.npz").read_bytes()
    assert hashlib.sha256(content).hexdigest() == MNIST5K_SHA256
    assert len(content) < 1_500_000
    assert digits().digest() == MNIST5K_DIGEST
    notice = files("gans.data").joinpath("MNIST5K-LICENSE.txt").read_text(encoding="utf-8")
    for words in ("Yann LeCun", "Corinna Cortes", "Christopher J.C. Burges", "CC BY-SA 3.0"):
        assert words in notice


def test_mnist5k_is_balanced_and_repeats_no_digit() -> None:
    data = digits()
    assert (data.images.shape, data.test_images.shape) == ((5000, 28, 28), (1000, 28, 28))
    assert (data.shape, data.classes, data.labels.dtype) == ((1, 28, 28), 10, np.uint8)
    assert np.bincount(data.labels).tolist() == [500] * 10
    assert np.bincount(data.test_labels).tolist() == [100] * 10
    everything = np.concatenate([data.images, data.test_images]).reshape(6000, -1)
    assert len(np.unique(everything, axis=0)) == 6000


def test_mnist5k_says_where_each_digit_comes_from() -> None:
    with np.load(io.BytesIO(files("gans.data").joinpath("mnist5k.npz").read_bytes())) as stored:
        for split, n, of in (("train", 5000, 60_000), ("test", 1000, 10_000)):
            indices = stored[f"{split}_indices"].astype(int)
            assert len(indices) == n
            assert (np.diff(indices) > 0).all()
            assert indices[-1] < of


def test_the_labels_of_mnist5k_fit_its_images() -> None:
    """Nearest class mean, a classifier of about 80% on MNIST: shuffled labels would give 10%."""
    data = digits()
    train, test = data.train().reshape(5000, -1), data.test().reshape(1000, -1)
    means = np.stack([train[data.labels == k].mean(axis=0) for k in range(10)])
    guesses = (-2 * test @ means.T + (means**2).sum(axis=1)).argmin(axis=1)
    assert (guesses == data.test_labels).mean() > 0.75


def test_the_package_names_its_damaged_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    whole = files("gans.data").joinpath("mnist5k.npz").read_bytes()
    monkeypatch.setattr(mnist5k, "files", lambda package: tmp_path)
    assert "missing or damaged" in refusal("mnist5k")
    middle = len(whole) // 2
    for content in (b"", whole[:middle], whole[:middle] + bytes(64) + whole[middle + 64 :], b"rubbish" * 99):
        (tmp_path / "mnist5k.npz").write_bytes(content)
        assert "install it again" in refusal("mnist5k")


def test_images_become_floats_from_minus_one_to_one() -> None:
    data = digits()
    batch = data.train(np.array([3, 1]))
    assert (batch.dtype, batch.shape, batch.flags.c_contiguous) == (np.float32, (2, 1, 28, 28), True)
    assert (batch.min(), batch.max()) == (-1, 1)
    np.testing.assert_array_equal(np.rint((batch[:, 0] + 1) * 127.5), data.images[[3, 1]])
    assert data.train().shape == (5000, 1, 28, 28)
    assert data.test(slice(4)).shape == (4, 1, 28, 28)


def test_labels_become_integers_that_networks_take() -> None:
    data = digits()
    rows = np.array([4999, 0, 7])
    assert data.train_labels(rows).dtype == np.int64
    assert data.train_labels(rows).tolist() == data.labels[rows].tolist()
    assert data.train_labels().shape == (5000,)
    unlabelled = image_data("mine", data.images)
    assert unlabelled.train_labels(rows).shape == (0,)


def test_colour_images_become_planes() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (6, 8, 12, 3), dtype=np.uint8)
    data = image_data("mine", pixels, test_images=pixels[:2])
    assert (data.kind, data.shape, data.test().shape) == ("image", (3, 8, 12), (2, 3, 8, 12))
    batch = data.train(np.array([5, 0]))
    assert (batch.dtype, batch.shape, batch.flags.c_contiguous) == (np.float32, (2, 3, 8, 12), True)
    np.testing.assert_array_equal(batch[1, 2], (pixels[0, :, :, 2] / 127.5 - 1).astype(np.float32))
    np.testing.assert_array_equal(np.rint((batch + 1) * 127.5), pixels[[5, 0]].transpose(0, 3, 1, 2))
    turned = [array.reshape(-1, 12, 8, 3) for array in (pixels, pixels[:2])]
    assert data.digest() != image_data("mine", turned[0], test_images=turned[1]).digest()


def test_a_single_channel_is_grey() -> None:
    grey, channel = image_data("mine", GREY), image_data("mine", GREY[..., None])
    assert channel.shape == grey.shape == (1, 8, 8)
    assert channel.digest() == grey.digest()


def test_classes_may_have_names() -> None:
    data = image_data("mine", GREY, LABELS % 2, class_names=("cat", "dog"))
    assert (data.classes, data.class_names) == (2, ("cat", "dog"))
    with pytest.raises(UserError, match="mine: labels up to 3, but names for 2 classes"):
        image_data("mine", GREY, LABELS, class_names=("cat", "dog"))


def test_data_sets_cannot_be_changed_by_accident(fashion: Path) -> None:
    for data in (digits(), load(fashion)):
        for array in (data.images, data.labels, data.test_images, data.test_labels):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0


def test_a_folder_of_idx_files_is_a_data_set(fashion: Path) -> None:
    images, labels, test_images, test_labels = arrays()
    for name, data_dir in ((fashion, None), (str(fashion), None), ("fashion", fashion.parent)):
        data = load(name, data_dir)
        assert (data.name, data.shape, data.classes) == ("fashion", (1, 28, 28), 10)
        np.testing.assert_array_equal(data.images, images)
        np.testing.assert_array_equal(data.labels, labels)
        np.testing.assert_array_equal(data.test_images, test_images)
        np.testing.assert_array_equal(data.test_labels, test_labels)


def test_files_may_be_unpacked_or_spelled_with_a_dot(fashion: Path) -> None:
    whole = load(fashion).digest()
    for stem in STEMS[:2]:
        (fashion / stem).write_bytes(gzip.decompress((fashion / f"{stem}.gz").read_bytes()))
        (fashion / f"{stem}.gz").unlink()
    (fashion / STEMS[0]).rename(fashion / "train-images.idx3-ubyte")
    (fashion / f"{STEMS[2]}.gz").rename(fashion / "t10k-images.idx3-ubyte.gz")
    assert load(fashion).digest() == whole


def test_a_path_may_start_at_home(fashion: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(fashion.parent))
    monkeypatch.setenv("USERPROFILE", str(fashion.parent))
    assert load("~/fashion").name == "fashion"


def test_other_labels_and_sizes_are_counted_not_refused(tmp_path: Path) -> None:
    images, labels, test_images, test_labels = arrays(classes=26, n=60, n_test=30)
    for stem, array in zip(
        STEMS, (images[:, :14], labels + 1, test_images[:, :14], test_labels + 1), strict=True
    ):
        write_idx(tmp_path / stem, array)
    data = load(tmp_path)
    assert (data.shape, data.classes) == ((1, 14, 28), 27)


def test_missing_training_images_are_named(fashion: Path) -> None:
    (fashion / f"{STEMS[0]}.gz").unlink()
    assert f"missing {STEMS[0]}; a data folder holds" in refusal(fashion)


def test_training_images_are_enough(fashion: Path) -> None:
    whole = load(fashion)
    assert whole.missing == ()
    for kind, stem in list(zip(KINDS, STEMS, strict=True))[:0:-1]:
        (fashion / f"{stem}.gz").unlink()
        data = load(fashion)
        assert kind in data.missing
        assert data.digest() != whole.digest()
    assert data.missing == ("labels", "test images", "test labels")
    assert (data.classes, data.test().shape, data.train(slice(2)).shape) == (
        0,
        (0, 1, 28, 28),
        (2, 1, 28, 28),
    )


GREY, LABELS = np.zeros((4, 8, 8), np.uint8), np.arange(4)


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        (
            (np.zeros((4, 3, 32, 32), np.uint8), LABELS),
            "or colour ones, (n, h, w, 3); for that take x.transpose(0, 2, 3, 1)",
        ),
        (
            (np.zeros((4, 32, 32, 4), np.uint8), LABELS),
            "grey ones, (n, h, w), or colour ones, (n, h, w, 3)",
        ),
        ((np.zeros((4, 64), np.uint8), LABELS), "training images of shape (4, 64), expected grey ones"),
        ((GREY / 255, LABELS), "images of float64, expected uint8 from 0 to 255: for numbers from 0 to 1"),
        ((GREY.astype(np.int64), LABELS), "images of int64"),
        ((GREY, LABELS[:, None]), "labels of shape (4, 1), expected a number for each image"),
        ((GREY, LABELS - 1), "labels of int64, expected integers from 0 to 255"),
        ((GREY, LABELS * 100), "labels of int64, expected integers from 0 to 255"),
        ((GREY, LABELS / 2), "labels of float64, expected integers from 0 to 255"),
        ((GREY, LABELS, GREY[:, None], LABELS), "test images of shape (4, 1, 8, 8), expected grey ones"),
        (
            (GREY, LABELS, np.zeros((4, 8, 8, 3), np.uint8), LABELS),
            "training images of 8 x 8 pixels but test images of 8 x 8 pixels in colour",
        ),
        ((GREY, LABELS, GREY[:0], LABELS[:0]), "no test images"),
    ],
)
def test_arrays_of_another_kind_are_refused_in_words(arrays: tuple[np.ndarray, ...], told: str) -> None:
    with pytest.raises(UserError) as caught:
        image_data("mine", *arrays)
    assert str(caught.value).startswith("mine: ")
    assert told in str(caught.value)


def test_labels_of_any_integers_become_bytes() -> None:
    data = image_data("mine", GREY, LABELS, GREY, LABELS.astype(np.int8))
    assert data.labels.dtype == data.test_labels.dtype == np.uint8
    assert data.labels.tolist() == [0, 1, 2, 3]


def test_files_that_do_not_belong_together_are_refused(fashion: Path) -> None:
    images, labels, _, _ = arrays()
    write_idx(fashion / f"{STEMS[1]}.gz", labels[:-1])
    assert "12 training images but 11 training labels" in refusal(fashion)
    write_idx(fashion / f"{STEMS[1]}.gz", labels)
    write_idx(fashion / f"{STEMS[3]}.gz", labels)
    assert "6 test images but 12 test labels" in refusal(fashion)
    write_idx(fashion / f"{STEMS[2]}.gz", images[:, :20])
    assert "28 x 28 pixels but test images of 20 x 28 pixels" in refusal(fashion)
    write_idx(fashion / f"{STEMS[2]}.gz", labels)
    assert f"{STEMS[2]}.gz: IDX file of 1 dimensions, expected 3" in refusal(fashion)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mnsit", "did you mean 'mnist'?"),
        ("MNIST5K", "did you mean 'mnist5k'?"),
        ("swissroll", "did you mean 'swiss-roll'?"),
        ("cifar", "unknown data set 'cifar' (known: mnist5k, mnist, "),
        ("", "unknown data set ''"),
        ("no/such/folder", "no folder 'no/such/folder'"),
        ("~nobody-of-this-name/data", "no folder '~nobody"),
        ("a\0b", "unknown data set"),
        ("x" * 5000, "unknown data set"),
    ],
)
def test_an_unknown_name_gets_a_suggestion(name: str, said: str, tmp_path: Path) -> None:
    assert said in refusal(name)
    assert said in refusal(name, tmp_path)


def test_every_name_but_the_downloaded_one_loads() -> None:
    assert {load(name).name for name in NAMES if name != "mnist"} == set(NAMES) - {"mnist"}


def test_the_digest_depends_on_every_pixel_and_label(fashion: Path) -> None:
    whole = load(fashion).digest()
    for stem, array in zip(STEMS, arrays(), strict=True):
        changed = array.copy()
        changed.flat[-1] ^= 1
        shutil.move(fashion / f"{stem}.gz", fashion / "kept")
        write_idx(fashion / f"{stem}.gz", changed)
        assert load(fashion).digest() != whole
        shutil.move(fashion / "kept", fashion / f"{stem}.gz")
    assert load(fashion).digest() == whole


def test_an_epochs_order_depends_on_seed_and_epoch_alone() -> None:
    order = epoch_order(100, seed=3, epoch=7)
    assert sorted(order.tolist()) == list(range(100))
    assert order.dtype == np.int64
    np.testing.assert_array_equal(order, epoch_order(100, 3, 7))
    np.testing.assert_array_equal(order, np.random.default_rng([3, 7]).permutation(100))
    for other in (epoch_order(100, 3, 8), epoch_order(100, 4, 7), epoch_order(100, 7, 3)):
        assert not np.array_equal(order, other)


def test_batches_cut_the_order() -> None:
    order = epoch_order(10, 0, 0)
    assert [len(batch) for batch in batches(order, 4)] == [4, 4]
    assert [len(batch) for batch in batches(order, 4, drop_last=False)] == [4, 4, 2]
    assert [len(batch) for batch in batches(order, 16, drop_last=False)] == [10]
    np.testing.assert_array_equal(np.concatenate(list(batches(order, 5))), order)
    for size in (0, -1, 11):
        with pytest.raises(ValueError, match="batch_size must be from 1 to the number of examples, 10"):
            batches(order, size)
