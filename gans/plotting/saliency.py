"""What D looks at: the gradient of its logit in the image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans import plots
from gans.plotting.picture import Picture
from gans.plotting.trained import Trained
from minigrad import Tensor, grad
from minigrad.devices import to_device
from minigrad.ops import sum

__all__ = ["saliency"]

Floats = NDArray[np.float32]


def saliency(trained: Trained, *, n: int = 8, seed: int = 0) -> Picture:
    """``n`` training images and ``n`` samples, each above the gradient of D's logit by its pixels.

    The gradient is that of the logit (a critic's score, BEGAN's negative error), which losses take, and not
    of the probability: that one's is smaller by D(x) (1 - D(x)), and vanishes where D is sure. Simonyan et
    al. (2013) take the unnormalised score of a class. Red: D takes a brighter pixel for more real. Each image
    has its own scale; below stand the logit and the gradient's norm. D is in evaluation mode. ``numbers``:
    ``images`` and ``gradients`` (2 n, c, h, w), the real ones first, ``logits`` (2 n,).
    """
    made = trained.samples(n, seed)
    count = min(n, trained.training_count)
    real = trained.training_images(slice(0, count))
    images = np.concatenate([real, made.samples[:count]]).astype(np.float32)
    logits, gradients = _judged(trained, images, _labels(trained, count, made.labels))
    colours = plots.signed_colours(gradients.sum(axis=1))
    shown = np.broadcast_to(images, (len(images), 3, *images.shape[2:]))
    rows = np.stack([shown[:count], colours[:count], shown[count:], colours[count:]])
    norms = np.linalg.norm(gradients.reshape(len(images), -1).astype(np.float64), axis=1)
    words = [
        [f"{word} {x:.3g}" for x in part[half]]
        for half in (slice(count), slice(count, None))
        for word, part in (("D", logits), ("norm", norms))
    ]
    content = plots.captioned_rows(
        rows,
        trained.title("D's logit, and its gradient by the pixels"),
        beside=["training image", "its gradient", "sample", "its gradient"],
        below=words,
    )
    return Picture("saliency", content, {"images": images, "logits": logits, "gradients": gradients})


def _judged(trained: Trained, images: Floats, labels: NDArray[Any] | None) -> tuple[Floats, Floats]:
    """D's logit (n,) of each image, a mean where it has several, and its gradient in the pixels."""
    system = trained.system
    x = trained.tensor(images)
    classes = None if labels is None else Tensor(to_device(labels, system.device))
    with system.evaluating(average=trained.average, gradients=True):
        logits = system.logits(x, classes)
        assert logits is not None, "the kind fits systems with a D of single samples"
        per_image = logits.size // len(images)
        (gradient,) = grad(sum(logits) * (1 / per_image), [x])
    return logits.numpy().reshape(len(images), -1).mean(axis=1), gradient.numpy()


def _labels(trained: Trained, n: int, made: NDArray[Any] | None) -> NDArray[np.int64] | None:
    """The labels of ``n`` training images and of ``n`` samples; None if D sees none."""
    if made is None or not trained.system.labelled or trained.data.kind != "image":
        return None
    real = trained.data.train_labels(slice(0, n))
    return np.concatenate([real, made[:n]]).astype(np.int64)
