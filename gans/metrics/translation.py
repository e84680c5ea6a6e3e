"""Figures of image-to-image translation: each output is compared with the known answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gans.metrics.checks import as_labels
from gans.metrics.classifier import FEATURES, SHAPE, Classifier, load_classifier
from gans.metrics.describe import SURE, as_digits, thumbnails
from gans.metrics.frechet import distance_if_many, frechet_distance
from gans.metrics.similarity import image_batch, image_pair, l1, psnr, sharpness, ssim

__all__ = ["DIRECTIONS", "Domains", "evaluate_domains", "evaluate_translations"]

Images = NDArray[np.float32]

DIRECTIONS = ("a_to_b", "b_to_a")

_UNREAD: dict[str, float | None] = dict.fromkeys(
    ("fd", "fd_floor", "label_agreement", "real_label_agreement")
)
"""The classifier's figures where it recognises nothing."""


class Domains(Protocol):
    """Two sets of images with the counterpart of each test image, as ``gans.data.DomainData``."""

    @property
    def one_answer(self) -> bool: ...
    @property
    def readable(self) -> bool: ...
    @property
    def test_labels(self) -> NDArray[np.integer]: ...
    def test(self, indices: slice | None = None) -> tuple[Images, Images]: ...
    def a(self, indices: slice | None = None) -> Images: ...
    def b(self, indices: slice | None = None) -> Images: ...
    def plain(self, images: Images, side: Literal["a", "b"]) -> Images: ...


def evaluate_translations(
    outputs: ArrayLike,
    targets: ArrayLike,
    *,
    others: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    plain: Callable[[Images], Images] | None = lambda images: images,
    one_answer: bool = True,
    classifier: Classifier | None = None,
) -> dict[str, Any]:
    """Every figure of translated images, each beside its target.

    outputs and targets (n, c, h, w) float in [-1, 1]; ``others`` are as many further images of the targets'
    kind, for floors. ``labels`` (n,) are the classes of the sources, if they are known. ``plain`` makes
    images such as the classifier reads, grey digits (n, 1, 28, 28), of outputs and of targets; None says that
    nothing does. Figures that compare pixels are None without ``one_answer``, where other outputs are as good
    as the targets. Plain images of another shape are made so for the classifier; its figures are then None
    unless it puts at least 90% of the targets in their class.

    samples: count.
    l1, psnr, ssim: distance and similarity of each output to its target, by ``gans.metrics.l1`` and so on.
    sharpness: of the outputs, relative to the targets.
    thumbnail_fd: Frechet distance over thumbnails of 8 x 8 pixels of outputs from targets; None if there are
        not more of them than such pixels and channels.
    thumbnail_fd_floor: the same with ``others`` in place of the outputs; None without them.
    fd: Frechet distance over the classifier's features of outputs from targets; fd_floor of ``others``.
    label_agreement: share of outputs that the classifier puts in the class of the source: its label, or
        without labels the class of the target by the classifier.
    real_label_agreement: the same of targets; None without labels.

    Raises ValueError if shapes or values do not fit, or there are fewer than 65 images.
    """
    x, y = image_pair(outputs, targets)
    if len(x) <= FEATURES:
        raise ValueError(f"more than {FEATURES} outputs are needed, got {len(x)}")
    known = None if labels is None else as_labels(labels, "labels", count=len(x))
    further = None if others is None else image_batch(others, "others")
    small = thumbnails(y)
    return {
        "samples": len(x),
        "l1": l1(x, y) if one_answer else None,
        "psnr": psnr(x, y) if one_answer else None,
        "ssim": ssim(x, y) if one_answer else None,
        "sharpness": sharpness(x, y),
        "thumbnail_fd": distance_if_many(thumbnails(x), small),
        "thumbnail_fd_floor": None if further is None else distance_if_many(thumbnails(further), small),
        **(_UNREAD if plain is None else _classified(x, y, further, plain, known, classifier)),
    }


def evaluate_domains(
    to_b: ArrayLike, to_a: ArrayLike, data: Domains, *, classifier: Classifier | None = None
) -> dict[str, Any]:
    """The figures of both directions between two domains, by names such as ``a_to_b_l1``.

    to_b (n, c, h, w) are translations of the first n test images of a, and to_a those of b; their
    counterparts are the targets. For floors the first n training images of each set stand in their place.

    Raises ValueError as ``evaluate_translations`` does.
    """
    judge = load_classifier() if classifier is None else classifier
    x, y = np.asarray(to_b), np.asarray(to_a)
    if len(x) != len(y):
        raise ValueError(f"{len(x)} translations to b, but {len(y)} to a; they must be as many")
    a, b = data.test(slice(len(x)))
    labels = data.test_labels[: len(x)] if len(data.test_labels) else None

    def figures(outputs: ArrayLike, targets: Images, side: Literal["a", "b"], one: bool) -> dict[str, Any]:
        return evaluate_translations(
            outputs,
            targets,
            others=(data.a if side == "a" else data.b)(slice(len(x))),
            labels=labels,
            plain=(lambda images: data.plain(images, side)) if side == "a" or data.readable else None,
            one_answer=one,
            classifier=judge,
        )

    found: dict[str, Any] = {}
    both = (figures(x, b, "b", data.one_answer), figures(y, a, "a", True))
    for direction, ways in zip(DIRECTIONS, both, strict=True):
        found["samples"] = ways.pop("samples")
        for name, value in ways.items():
            real = name.startswith("real_")
            found[f"real_{direction}_{name[5:]}" if real else f"{direction}_{name}"] = value
    return found


def _classified(
    outputs: Images,
    targets: Images,
    others: Images | None,
    plain: Callable[[Images], Images],
    labels: NDArray[np.int64] | None,
    classifier: Classifier | None,
) -> dict[str, float | None]:
    judge = load_classifier() if classifier is None else classifier
    x, y = plain(outputs), plain(targets)
    real_features, real_probabilities = judge.describe(as_digits(y))
    real = real_probabilities.argmax(axis=1)
    accuracy = None if labels is None else float(np.mean(real == labels))
    if x.shape[1:] != SHAPE and (accuracy is None or accuracy < SURE):
        return _UNREAD
    features, probabilities = judge.describe(as_digits(x))
    return {
        "fd": frechet_distance(features, real_features),
        "fd_floor": None
        if others is None
        else distance_if_many(judge.features(as_digits(plain(others))), real_features),
        "label_agreement": float(
            np.mean(probabilities.argmax(axis=1) == (real if labels is None else labels))
        ),
        "real_label_agreement": accuracy,
    }
