"""A step of a GAN by hand beside the engine's, on a batch of the reader's: every number three times.

explanation = gans.study.explain("wgan-gp", n=4)
explanation.largest                        # the largest difference, about 1e-15
explanation.row("G.0.weight").engine       # the length of a gradient
explanation.derivation("G.0.weight")       # the lines that lead to it, with their numbers
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gans.data import Dataset, load
from gans.data.spec import KIND_WORDS, spec_of
from gans.errors import UserError
from gans.streams import own_randomness
from gans.study.beginning import train
from gans.study.engine import Engine, measured, relative_difference
from gans.study.explanation import Batch, Explanation, Row, Step, Walked, Ways
from gans.study.sizes import SIZES
from gans.study.twins import named, twin_of, walk
from gans.study.watch import Watched
from gans.systems import build, find, settings_for
from minigrad import Tensor, grad
from minigrad.random import uniform

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from gans.study.sizes import Sizes

__all__ = ["explain", "explain_system"]

Array = NDArray[np.float64]

MOST = 256
"""The most images: the loops by hand are slow, and a few images show as much."""

PARTS = {"real": "from the real images", "fake": "from the fakes", "penalty": "from the penalty"}
"""The terms of D's loss, in words."""


def explain(
    model: str,
    data: Dataset | str | os.PathLike[str] | None = None,
    *,
    data_dir: str | os.PathLike[str] | None = None,
    n: int = 4,
    seed: int = 0,
    steps: int = 0,
    **sizes: Unpack[Sizes],
) -> Explanation:
    """Both steps of ``model`` on ``n`` images, by hand and by the engine, in float64.

    The networks are those that ``gans.train`` builds, with the initial weights of ``seed`` or as they are
    after some training; the batch and z are drawn with ``seed``, too. Both gradients are taken at these
    weights: no update lies between the steps.

    model       "gan", "dcgan" or "wgan-gp": those with a hand-written twin
    data        as in ``gans.train``: images; mnist5k unless given
    data_dir    where the data lie
    n           images in the batch, and fakes
    steps       training steps before, with the model's own settings
    sizes       ``latent``, and for convolutional networks ``features`` and ``base``; ``penalty`` of WGAN-GP

    Raises UserError for another model, data that are no images, fewer than ``n`` of them, and a setting out
    of range or of another model.

    >>> import gans
    >>> explanation = gans.study.explain("gan", n=2, latent=3)
    >>> explanation.largest < 1e-10, explanation.row("G.6.weight").shape
    (True, (784, 1024))
    >>> [line.made.statement.code for line in explanation.derivation("D.5.bias")[0].lines]
    ['g_s_real = -sigmoid(-s_real) / len(s_real)', 'g_b3 = g_s.sum(axis=0)']
    """
    twin_of(model)
    name, images = _images(model, data, data_dir)
    if not 1 <= n <= min(MOST, len(images)):
        raise UserError(f"`n` must be from 1 to {min(MOST, len(images)):,}, got {n:,}")
    if steps < 0:
        raise UserError(f"`steps` must be at least 0, got {steps:,}")
    for size in sizes:
        if size not in SIZES:
            raise UserError(f"`{size}` is not a size of the networks; those are {', '.join(SIZES)}")
    settings = settings_for(model, "image", **sizes)
    with own_randomness(seed):
        system = build(settings, spec_of(images))
        train(system, images, seed, steps)
    for network in (system.generator, system.discriminator):
        network.double()
    rng = np.random.default_rng(seed)
    real = images.train(np.sort(rng.choice(len(images), n, replace=False))).astype(np.float64)
    z = system.latent(n, rng).numpy().astype(np.float64)
    return explain_system(model, system, real, z, Batch(name, n, seed, steps))


def explain_system(model: str, system: Any, real: Array, z: Array, batch: Batch) -> Explanation:
    """An Explanation of a ``system`` in float64, at images ``real`` (n, c, h, w) and noise ``z``.

    The seed of ``batch`` decides the points of a penalty.
    """
    points = [batch.seed, 1]
    t = uniform((len(real), 1, 1, 1), dtype=np.float64, generator=np.random.default_rng(points)).numpy()
    engine = Engine(system, real, z, points)
    walked = Walked(walk(model, system, real, z, t), engine)
    return Explanation(model, batch, [*_rows_of_d(walked), *_rows_of_g(walked)], walked)


def _rows_of_d(walked: Walked) -> Iterator[Row]:
    engine, watched, by_hand = walked.engine, walked.steps.d, walked.steps.d.result
    row = _Rows("D", watched, walked.ways)
    weights, (on_real, on_fake) = engine.D.parameters(), engine.logits()
    loss, found = engine.step_d()
    yield row.value("G(z)", by_hand["fake"], engine.fake)
    yield row.value("s_real", by_hand["s_real"], on_real)
    yield row.value("s_fake", by_hand["s_fake"], on_fake)
    if "penalty" in by_hand["parts"]:
        yield row.value("norm", by_hand["norm"], engine.norms())
        yield row.value("penalty", by_hand["penalty"], engine.penalty())
    yield row.value("loss_d", by_hand["loss"], loss)
    parts = {part: dict(named(engine.D, arrays)) for part, arrays in by_hand["parts"].items()}
    whole = list(zip(named(engine.D, by_hand["D"]), weights, found, strict=True))
    for (name, array), weight, gradient in reversed(whole):
        ways = [(PARTS[part], arrays[name]) for part, arrays in parts.items()]
        yield row.gradient(f"D.{name}", array, gradient, measured(engine.loss_d, weight, array), ways)
    if "penalty" in parts:
        by_penalty = grad(engine.penalty(), weights, unused="zeros")
        for (name, array), weight, gradient in zip(
            parts["penalty"].items(), weights, by_penalty, strict=True
        ):
            yield row.gradient(f"P.{name}", array, gradient, measured(engine.penalty, weight, array))


def _rows_of_g(walked: Walked) -> Iterator[Row]:
    engine, watched, by_hand = walked.engine, walked.steps.g, walked.steps.g.result
    row = _Rows("G", watched, walked.ways)
    weights = engine.G.parameters()
    loss, (at_fake, at_z, *found) = engine.step_g()
    yield row.value("loss_g", by_hand["loss"], loss)
    image = Tensor(engine.fake.numpy())
    rate = measured(lambda: engine.loss_of(image), image, by_hand["g_fake"])
    yield row.gradient("fake", by_hand["g_fake"], at_fake, rate)
    whole = list(zip(named(engine.G, by_hand["G"]), weights, found, strict=True))
    for (name, array), weight, gradient in reversed(whole):
        yield row.gradient(f"G.{name}", array, gradient, measured(engine.loss_g, weight, array))
    yield row.gradient("z", by_hand["g_z"], at_z, measured(engine.loss_g, engine.z, by_hand["g_z"]))


class _Rows:
    """Makes the rows of a step, and notes which arrays each one's lines lead to."""

    def __init__(self, step: Step, watched: Watched, ways: dict[str, Ways]) -> None:
        self._step: Step = step
        self._watched = watched
        self._ways = ways

    def value(self, name: str, by_hand: Array, engine: Tensor) -> Row:
        self._ways[name] = [("from the input", by_hand)]
        return self._row(name, np.asarray(by_hand), engine.numpy(), None)

    def gradient(
        self, name: str, by_hand: Array, engine: Tensor, rate: float, ways: Ways | None = None
    ) -> Row:
        self._ways[name] = ways or [("from the loss", by_hand)]
        return self._row(name, by_hand, engine.numpy(), rate)

    def _row(self, name: str, by_hand: Array, engine: Array, rate: float | None) -> Row:
        parts = [array for _, array in self._ways[name]]
        place = self._watched.maker(parts[0])
        assert place is not None, f"no line made {name}"
        statement = self._watched.lines[place].statement
        size = (lambda x: float(x.item())) if rate is None and engine.size == 1 else _length
        return Row(
            step=self._step,
            name=name,
            shape=engine.shape,
            by_hand=size(by_hand),
            engine=size(engine),
            measured=rate,
            difference=relative_difference(by_hand, engine, parts),
            formula=statement.formula,
            path=statement.path,
            line=statement.line,
        )


def _length(x: Array) -> float:
    return float(np.linalg.norm(x))


def _images(model: str, data: Any, data_dir: Any) -> tuple[str, Any]:
    """The name and the images of a data set."""
    data = find(model).data if data is None else data
    named_data = isinstance(data, str | os.PathLike)
    found = load(data, data_dir) if named_data else data
    if found.kind != "image":
        raise UserError(
            f"the steps by hand have the networks for images, got {KIND_WORDS[found.kind]}; take mnist5k or "
            "your own images"
        )
    return (os.fspath(data) if named_data else found.name), found
