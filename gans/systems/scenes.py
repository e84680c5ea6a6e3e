"""Scenes painted from label maps, with a style for each object: samples, pictures and figures.

A system gives a ``Painter`` its two ways to use the networks, ``paint`` and ``styled``, and its clusters of
styles. Styles (n, f, m) are features of each of the m objects of a map; object 0 is the background.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gans.data.layouts import INSTANCES, instances, label_colours
from gans.metrics.meaning import Meaning
from gans.metrics.objects import object_accuracy
from gans.systems.clusters import Clusters
from gans.systems.maps import classes_of, masks_of
from gans.systems.sampling import AT_ONCE, in_batches
from gans.systems.system import Ask, Made
from gans.systems.translating import sources_of
from minigrad import Tensor, tensor
from minigrad.ops import mean
from minigrad.random import Generator, integers

__all__ = ["SCENE_MEANINGS", "Painter", "object_features"]

Floats = NDArray[np.float32]

LEAST_PIXELS = 16
"""Of an object whose features are clustered."""

SHOWN, STYLES = 8, 4
"""Maps of a picture, and the styles of each."""

SCENE_MEANINGS: Mapping[str, Meaning] = {
    "object_accuracy": Meaning(
        "share of objects that the classifier reads as the map says", "higher", "test_images"
    ),
    "rebuilt_accuracy": Meaning("the same, with E's features of the real scene", "higher", "test_images"),
    "rebuilt_l1": Meaning(
        "mean distance of these from the real scenes, pixels in [-1, 1]", "lower", "test_images"
    ),
    "style_spread": Meaning(
        "mean difference of an object in two styles, pixels in [-1, 1]", "higher", "test_images"
    ),
}


class Painter(NamedTuple):
    """Scenes (n, c, h, w) of maps, with networks in evaluation mode.

    ``paint`` makes scenes of maps and styles, ``styled`` the styles of maps and real scenes.
    """

    paint: Callable[[Tensor, Tensor], Tensor]
    styled: Callable[[Tensor, Tensor], Tensor]
    clusters: Clusters
    device: str

    def with_styles(self, sources: Any, styles: NDArray[np.int64]) -> Floats:
        """Scenes of maps, with objects in the clusters ``styles`` (n, m)."""
        a = tensor(sources, np.float32, self.device)
        features = self.clusters.features(in_batches(classes_of, a), styles).swapaxes(1, 2)
        return in_batches(self.paint, a, np.ascontiguousarray(features), device=self.device)

    def rebuilt(self, sources: Any, real: Any) -> Floats:
        """Scenes of maps, with objects in the style of the real scenes."""
        return in_batches(lambda a, b: self.paint(a, self.styled(a, b)), sources, real, device=self.device)

    def drawn(self, n: int, rng: Generator) -> NDArray[np.int64]:
        """The clusters of ``n`` maps' objects, (n, m), drawn evenly."""
        most = self.clusters.counts.shape[1]
        drawn = integers(0, most, (n, INSTANCES + 1), generator=rng, device=self.device)
        return np.asarray(drawn.numpy())

    def sample(self, n: int, rng: Generator, ask: Ask, model: str) -> Made:
        """The first ``n`` maps painted: in the styles that are asked for, or a drawn one for each object.

        A picture has the styles of one map in a row. Raises UserError if there are no maps.
        """
        sources = sources_of(n, ask, model)
        styles = self.drawn(len(sources), rng)
        if ask.styles is None:
            targets = None if ask.targets is None else ask.targets[: len(sources)]
            return Made(self.with_styles(sources, styles), sources=sources, targets=targets)
        asked = np.broadcast_to(ask.styles[: len(sources), None], styles.shape)
        copies = int((sources == sources[0]).all(axis=(1, 2, 3)).sum())
        return Made(self.with_styles(sources, asked), sources=sources, columns=copies)

    def picture(self, n: int, rng: Generator, ask: Ask, model: str) -> Made:
        """A row for each map: itself, the real scene, that with E's features of it, and drawn styles.

        Without real scenes it is ``n`` samples.
        """
        if ask.sources is None or ask.targets is None:
            return self.sample(n, rng, ask, model)
        a, b = ask.sources[:SHOWN], ask.targets[:SHOWN]
        styles = [self.with_styles(a, self.drawn(len(a), rng)) for _ in range(STYLES)]
        columns = [label_colours(a), b, self.rebuilt(a, b), *styles]
        return Made(np.stack(columns, axis=1).reshape(-1, *b.shape[1:]), columns=len(columns))

    def figures(self, data: Any, rng: Generator) -> dict[str, float]:
        """The figures of ``SCENE_MEANINGS`` on test data, and the real scenes' accuracy."""
        a, b = data.test()
        numbers, classes = instances(a), a[:, :-2].argmax(axis=1) - 1
        first, second = (self.with_styles(a, self.drawn(len(a), rng)) for _ in range(2))
        rebuilt = self.rebuilt(a, b)
        return {
            "object_accuracy": object_accuracy(first, numbers, classes),
            "rebuilt_accuracy": object_accuracy(rebuilt, numbers, classes),
            "real_object_accuracy": object_accuracy(b, numbers, classes),
            "rebuilt_l1": float(np.abs(rebuilt - b).mean()),
            "style_spread": float(np.abs(first - second).mean(axis=1)[numbers > 0].mean()),
        }


def object_features(
    data: Any, styled: Callable[[Tensor, Tensor], Tensor], device: str
) -> tuple[Floats, NDArray[np.int64]]:
    """The styles (n, f) of all objects of training data that have some size, and their classes (n,)."""
    features, classes = [], []
    for start in range(0, len(data), AT_ONCE):
        a, b = (tensor(x, device=device) for x in data.batch(slice(start, start + AT_ONCE)))
        seen = mean(masks_of(a), axis=(2, 3)).numpy() * a.shape[2] * a.shape[3] >= LEAST_PIXELS
        features.append(styled(a, b).numpy().swapaxes(1, 2)[seen])
        classes.append(classes_of(a).numpy()[seen])
    return np.concatenate(features), np.concatenate(classes)
