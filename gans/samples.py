"""Samples of a run: an array with its picture, its classes and its sources."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gans.data import ToyData, load
from gans.errors import UserError
from gans.files import write
from gans.options import SampleOptions, StrPath, suggestion
from gans.paths import user_path
from gans.systems import SYSTEMS, Ask, Made, System
from gans.trainer import RunConfig, ask_of, load_data, random_stream, sample_picture

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Samples", "check_truncation", "draw"]

ASKS = {
    "classes": "samples of a class",
    "sources": "images to translate",
    "back": "translations from b to a",
    "truncation": "samples of truncated noise",
    "styles": "images of a map in styles",
}
"""What a model makes that takes each of these arguments, in words."""


ONE_OR_MORE = {"classes": "a class or a list of classes", "styles": "a style or a list of styles"}

Integers = np.ndarray[Any, np.dtype[np.int64]]

LEAST_TRUNCATION = 0.1
"""The least bound of a truncated z: numbers are drawn until they are below it."""


class Samples(np.ndarray[Any, np.dtype[np.float32]]):
    """Samples: images (n, c, h, w) or clips (n, t, c, h, w) in [-1, 1] or points (n, d), float32, or tokens
    (n, length), int64.

    ``labels`` are the classes that were asked for, ``sources`` the images that were translated; both are None
    where there are none, and in a part of the samples. A notebook shows the picture.
    """

    labels: np.ndarray[Any, np.dtype[np.int64]] | None = None
    sources: np.ndarray[Any, np.dtype[np.float32]] | None = None
    _picture: Callable[[Samples], bytes] | None = None

    @classmethod
    def of(cls, made: Made, picture: Callable[[Samples], bytes]) -> Samples:
        """The samples of ``made`` with the function that draws them as PNG."""
        samples = made.samples.view(cls)
        samples.labels, samples.sources, samples._picture = made.labels, made.sources, picture
        return samples

    def __array_finalize__(self, source: object) -> None:
        self._picture = getattr(source, "_picture", None)

    def png(self) -> bytes:
        """The picture of the samples as the bytes of a PNG file: a grid of images, or points among real ones.

        Raises ValueError if this is a part of them, neither images (n, c, h, w) nor rows (n, d).
        """
        if self._picture is None:
            raise ValueError(f"an array of shape {self.shape} that was not drawn from a run has no picture")
        return self._picture(self)

    def save(self, path: StrPath) -> None:
        """Write the picture to ``path``, a name that ends in .png."""
        if Path(path).suffix.lower() != ".png":
            raise UserError(f"{path}: the name must end in .png; for the numbers use numpy.save")
        write(user_path(path), self.png())

    def _repr_png_(self) -> bytes | None:
        try:
            return self.png()
        except (ValueError, UserError):  # a part without a picture, or points of a data set without a name
            return None


def draw(
    system: System,
    config: RunConfig,
    step: int,
    n: int,
    seed: int,
    *,
    average: bool = True,
    **options: Unpack[SampleOptions],
) -> Samples:
    """``n`` samples of ``system`` after ``step`` steps of the run ``config``; as ``gans.sample``.

    Raises UserError for options that the system does not take, TypeError for another name.
    """
    ask = _ask(system, config, n, options)
    made = system.sample(n, random_stream(seed, "samples"), ask, average=average)
    title = f"{config.title}, step {step:,}"

    def picture(samples: Samples) -> bytes:
        toy = load_data(config) if config.spec.kind == "points" and samples.ndim == 2 else None
        shown = (
            made._replace(samples=np.asarray(samples)) if len(samples) == len(made.samples) else Made(samples)
        )
        return sample_picture(system, shown, toy if isinstance(toy, ToyData) else None, title, config.seed)

    return Samples.of(made, picture)


def _ask(system: System, config: RunConfig, n: int, options: SampleOptions) -> Ask:
    for name, given in options.items():
        if name not in ASKS:
            raise TypeError(f"there is no option {name!r}{suggestion(name, ASKS)}")
        if given is not None and given is not False:
            _check_taken(system, config.model, name)
    classes, sources = options.get("classes"), options.get("sources")
    back, truncation = options.get("back", False), options.get("truncation")
    chosen = None if classes is None else np.resize(_numbers("classes", classes, system.classes), n)
    if truncation is not None:
        check_truncation(system, config.model, truncation)
        return Ask(chosen, truncation=truncation)
    if sources is not None:
        ask = Ask(chosen, _sources(system, sources, back)[:n], back=back)
    elif "sources" in system.asks:
        ask = ask_of(load_data(config), n, back=back)._replace(classes=chosen)
    else:
        ask = Ask(chosen)
    styles = options.get("styles")
    return ask if styles is None else _in_styles(ask, n, _numbers("styles", styles, system.styles))


def _in_styles(ask: Ask, n: int, styles: Integers) -> Ask:
    """Each source in each of the styles before the next source, ``n`` in all, or as many as there are."""
    assert ask.sources is not None, "styles are those of maps"
    rows = np.arange(min(n, len(ask.sources) * len(styles))) // len(styles)
    targets = None if ask.targets is None else ask.targets[rows]
    return ask._replace(sources=ask.sources[rows], targets=targets, styles=np.resize(styles, len(rows)))


def check_truncation(system: System, model: str, bound: float) -> None:
    """Raise UserError unless ``system`` can truncate its noise, and to this bound."""
    _check_taken(system, model, "truncation")
    if not bound >= LEAST_TRUNCATION:
        raise UserError(f"`truncation` must be a number of at least {LEAST_TRUNCATION}, got {bound!r:.60}")


def _check_taken(system: System, model: str, name: str) -> None:
    if name not in system.asks:
        able = [other for other, one in SYSTEMS.items() if name in one.asks]
        raise UserError(
            f"{model} takes no `{name}`; {ASKS[name]} are for {', '.join(able) or 'other models'}"
        )


def _numbers(name: str, given: int | Sequence[int], count: int) -> Integers:
    """A number below ``count``, or several: (m,)."""
    numbers = np.atleast_1d(np.asarray(given))
    if numbers.dtype.kind not in "iu" or numbers.ndim != 1 or not len(numbers):
        raise UserError(f"`{name}` must be {ONE_OR_MORE[name]}, got {given!r:.60}")
    if numbers.min() < 0 or numbers.max() >= count:
        raise UserError(f"`{name}` must lie from 0 to {count - 1}, got {given!r:.60}")
    return numbers.astype(np.int64)


def _sources(system: System, sources: Any, back: bool) -> np.ndarray[Any, np.dtype[np.float32]]:
    if isinstance(sources, str | Path):
        data: Any = load(sources)
        images = data.test()[back] if data.kind in ("pairs", "domains", "clips") else data.train()
    else:
        images = np.asarray(sources, dtype=np.float32)
    expected = (None if back else system.spec.source) or system.spec.shape
    if images.shape[1:] != expected:
        raise UserError(
            f"`sources` have the shape {images.shape[1:]} each, and the run translates images of {expected}"
        )
    found: np.ndarray[Any, np.dtype[np.float32]] = images
    return found
