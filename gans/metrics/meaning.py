"""The meaning of each figure in a line, and which way is better; ``gans evaluate`` prints both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gans.metrics.classifier import CLASSES
from gans.metrics.describe import SURE
from gans.metrics.translation import DIRECTIONS

__all__ = ["FIGURES", "MEANINGS", "Meaning", "cost", "of_real", "remarks"]


@dataclass(frozen=True)
class Meaning:
    """A figure in words; ``better`` is "lower", "higher", "near real data", "near 1", or "" for a count.

    ``over`` is the name of the figure that counts the samples it is of.
    """

    words: str
    better: str = ""
    over: str = ""


_TRANSLATION = {
    "l1": Meaning("mean distance of a pixel from its target's, from 0 to 2", "lower", "samples"),
    "psnr": Meaning("peak signal-to-noise ratio of outputs and targets, dB", "higher", "samples"),
    "ssim": Meaning("structural similarity of outputs and targets; 1 for equal ones", "higher", "samples"),
    "sharpness": Meaning("contrast of neighbouring pixels; 1 for targets, less is blur", "near 1", "samples"),
    "thumbnail_fd": Meaning("Frechet distance of thumbnails from those of targets", "lower", "samples"),
    "label_agreement": Meaning(
        "share of outputs in the class of their source, by the classifier", "higher", "samples"
    ),
}

_SPREAD = {
    "precision": Meaning("share of samples that lie among real data", "higher", "compared"),
    "recall": Meaning("share of real data that lie among samples", "higher", "compared"),
    "density": Meaning(
        "how densely samples lie among real data; 1 for real ones", "near real data", "compared"
    ),
    "coverage": Meaning("share of real data with a sample near by", "higher", "compared"),
}

MEANINGS: dict[str, Meaning] = {
    "samples": Meaning("how many samples were made"),
    "compared": Meaning("how many of them are compared with as many real data"),
    "training_images": Meaning("how many images the run was trained on"),
    "test_images": Meaning("how many images are held out"),
    "features": Meaning("what fd and precision to coverage compare"),
    "fd": Meaning("Frechet distance over the features; 0 for equal sets", "lower", "compared"),
    "kid": Meaning("kernel distance over the features, without bias; 0 for real ones", "lower", "compared"),
    "entropy": Meaning(
        f"of the classifier's classes, nats; log {CLASSES} for even ones", "higher", "samples"
    ),
    "effective_classes": Meaning(
        f"exp of that entropy; {CLASSES} when all classes are as frequent", "higher", "samples"
    ),
    "class_counts": Meaning("samples of each class, by the classifier", "", "samples"),
    "classifier_score": Meaning(
        "Inception score with this classifier: clear and varied", "higher", "samples"
    ),
    **_SPREAD,
    "nn_error": Meaning("error of a 1-nearest-neighbour classifier fitted on samples", "lower", "compared"),
    "nn_labels": Meaning("the source of the labels it was fitted on"),
    "nearest_training": Meaning(
        "median distance from a sample to the nearest training image", "near real data", "nearest_samples"
    ),
    "memorised_share": Meaning(
        "share of samples nearer to a training image than 99% of test images", "lower", "nearest_samples"
    ),
    "nearest_samples": Meaning("how many samples these distances are for"),
    "classifier_accuracy": Meaning(
        "of the classifier on the data's test images; low: its figures mean little", "higher", "test_images"
    ),
    "label_accuracy": Meaning(
        "share of samples that the classifier puts into the given class", "higher", "samples"
    ),
    "modes": Meaning("Gaussians of the distribution, or triples of digits"),
    "modes_covered": Meaning(
        "of them with a sample: within 3 standard deviations, or of these digits by the classifier",
        "higher",
        "samples",
    ),
    "high_quality": Meaning("share of samples within 3 standard deviations of a mode", "higher", "samples"),
    "reverse_kl": Meaning("KL of the samples' share of each mode from the data's, nats", "lower", "samples"),
    "wasserstein": Meaning(
        "earth mover's distance from fresh points, on a line or over directions", "lower", "samples"
    ),
    "object_accuracy": Meaning(
        "share of objects that the classifier reads as the map says", "higher", "samples"
    ),
    "brightness_l1": Meaning(
        "mean distance of a frame's brightness from the real one's, 0 to 2", "lower", "samples"
    ),
    "flicker": Meaning(
        "mean change of an object's mean colour from one frame to the next, 0 to 2", "lower", "samples"
    ),
    "colour_spread": Meaning(
        "standard deviation of objects' mean colours over clips and frames", "near real data", "samples"
    ),
    "relative_flicker": Meaning("flicker over colour_spread; about 1.1 if drawn anew", "lower", "samples"),
    "nll": Meaning("negative log-likelihood by the oracle, nats a token", "near real data", "samples"),
    "random_nll": Meaning("the same of even random tokens", "", "compared"),
    "self_bleu": Meaning(
        "what sequences have in common, up to 3 tokens in a row", "near real data", "compared"
    ),
    "distinct": Meaning("different pairs of neighbouring tokens, of all pairs", "near real data", "compared"),
    **_TRANSLATION,
    **{
        f"{direction}_{name}": replace(meaning, words=f"{meaning.words}, {direction.replace('_', ' ')}")
        for direction in DIRECTIONS
        for name, meaning in {
            **_TRANSLATION,
            "fd": Meaning("Frechet distance from the targets", "lower", "samples"),
        }.items()
    },
}
"""By the names of the functions ``evaluate_...``; figures of real data have none."""


FIGURES: dict[str, tuple[str, ...]] = {
    "image": (
        "fd",
        "kid",
        "entropy",
        "effective_classes",
        "classifier_score",
        *_SPREAD,
        "nn_error",
        "nearest_training",
        "memorised_share",
        "classifier_accuracy",
        "label_accuracy",
    ),
    "stacked": ("modes_covered", "reverse_kl", "fd", "classifier_accuracy", "label_accuracy"),
    "points": ("modes_covered", "high_quality", "reverse_kl", "wasserstein", *_SPREAD),
    "pairs": (*_TRANSLATION, "fd"),
    "domains": tuple(f"{direction}_{name}" for direction in DIRECTIONS for name in (*_TRANSLATION, "fd")),
    "clips": (
        *("brightness_l1", "object_accuracy", "sharpness", "thumbnail_fd"),
        *("flicker", "colour_spread", "relative_flicker"),
    ),
    "sequences": ("nll", "self_bleu", "distinct"),
}
"""The figures that say which one is better, of samples of each kind of data."""


def cost(figures: Mapping[str, Any], name: str, meaning: Meaning) -> float | None:
    """A number that falls as the figure ``name`` gets better, whatever its direction; None without one.

    It is the figure, minus the figure, or its distance from 1 or from that of real data.

    >>> cost({"density": 1.3, "real_density": 1.0}, "density", MEANINGS["density"])
    0.30000000000000004
    """
    value, better = figures.get(name), meaning.better
    if value is None or not better:
        return None
    if better in ("lower", "higher"):
        return float(value if better == "lower" else -value)
    best = 1.0 if better == "near 1" else figures.get(of_real(figures, name) or "")
    return None if best is None else abs(float(value) - float(best))


def of_real(figures: Mapping[str, Any], name: str) -> str | None:
    """The name of the figure ``name`` with real data in the samples' place; None if there is none.

    >>> of_real({"fd": 4.2, "fd_floor": 0.3}, "fd")
    'fd_floor'
    """
    return next((other for other in (f"{name}_floor", f"real_{name}") if other in figures), None)


def remarks(figures: Mapping[str, Any]) -> Iterator[str]:
    """The limits of the figures, a sentence each."""
    accuracy, features = figures.get("classifier_accuracy"), figures.get("features")
    if features == "thumbnails":
        why = "they have no labels" if accuracy is None else f"it names {accuracy:.0%} of them right"
        yield (
            f"these are no digits that the classifier is known to recognise ({why}): fd and precision to "
            "coverage compare thumbnails of 8 x 8 pixels, and what needs its classes is left out"
        )
    elif features == "classifier" and accuracy is None:
        yield (
            "no test images are labelled: nothing shows whether the classifier, trained on MNIST's digits, "
            "recognises these images, and figures that use it (fd, classes, classifier score, precision to "
            "coverage) mean little if it does not"
        )
    elif accuracy is not None and accuracy < SURE:
        yield (
            f"the classifier, trained on MNIST's digits, names only {accuracy:.0%} of these test images as "
            "they are labelled: figures that use it (fd, classes, classifier "
            "score, precision to coverage) mean little"
        )
    if features is not None and figures["fd"] is None:
        yield "fd is left out: it needs more test images than there are features, 192 in colour"
    compared, samples = figures.get("compared"), figures.get("samples")
    if "class_counts" in figures and compared is not None and samples is not None and compared < samples:
        yield (
            f"{compared:,} of the {samples:,} samples are compared, as many as there are real images to "
            "compare with: more samples change the class counts, entropy and classifier score alone"
        )
