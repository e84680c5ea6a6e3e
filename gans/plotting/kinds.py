"""The kinds of pictures, by name: what each shows and needs, and the function that draws it."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gans.errors import UserError
from gans.plotting.arithmetic import arithmetic
from gans.plotting.fit import (
    Z,
    has_d_of_images,
    has_latents,
    has_loss_in_the_plane,
    is_trained,
    makes_images,
)
from gans.plotting.interpolation import interpolation
from gans.plotting.layers import gradients, updates
from gans.plotting.neighbours import neighbours
from gans.plotting.picture import Picture
from gans.plotting.saliency import saliency
from gans.plotting.surface import surface
from gans.plotting.trained import Trained
from gans.plotting.traversal import traversal
from gans.systems import System

__all__ = ["KINDS", "PictureKind", "draw", "kind_called", "kinds_of"]

MOST = 1_000
"""The most rows, columns or steps of a picture."""


@dataclass(frozen=True)
class PictureKind:
    """A kind of picture. ``what`` it shows and what it ``needs`` are words; ``fits`` tests a system for it.

    ``draw`` takes a Trained and the ``options``, its keyword-only arguments.
    """

    what: str
    needs: str
    fits: Callable[[System], bool]
    draw: Callable[..., Picture]

    @property
    def options(self) -> dict[str, Any]:
        """The options with their defaults."""
        parameters = inspect.signature(self.draw).parameters.values()
        return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}


KINDS: Mapping[str, PictureKind] = {
    "interpolation": PictureKind("samples on a path from one z to another", Z, has_latents, interpolation),
    "arithmetic": PictureKind(
        "G(a - b + c) of means of z",
        "images that a vector z decides",
        lambda system: system.spec.is_image and has_latents(system),
        arithmetic,
    ),
    "traversal": PictureKind("samples while one axis of z changes", Z, has_latents, traversal),
    "neighbours": PictureKind(
        "samples beside the nearest training images",
        "images as samples",
        lambda system: makes_images(system) and system.spec.kind in ("image", "partial", "domains", "pairs"),
        neighbours,
    ),
    "saliency": PictureKind(
        "what D looks at: the gradient of its logit by the pixels",
        "a D that judges single images",
        has_d_of_images,
        saliency,
    ),
    "surface": PictureKind(
        "D over the plane, and arrows: minus the gradient of G's loss at samples",
        "points in the plane, and a loss of G by its samples",
        has_loss_in_the_plane,
        surface,
    ),
    "gradients": PictureKind(
        "norms of gradients by layer, over further steps of a copy of the training",
        "weights that optimizers train",
        is_trained,
        gradients,
    ),
    "updates": PictureKind(
        "sizes of updates by layer, as a share of the weights, over such steps",
        "weights that optimizers train",
        is_trained,
        updates,
    ),
}


def kinds_of(system: System) -> list[str]:
    """The names of the kinds that fit ``system``.

    >>> from gans.systems import build, settings_for
    >>> kinds_of(build(settings_for("gan", "points"), (2,)))
    ['interpolation', 'traversal', 'surface', 'gradients', 'updates']
    """
    return [name for name, kind in KINDS.items() if kind.fits(system)]


def kind_called(name: str) -> PictureKind:
    """The kind of this name. Raises UserError if there is none."""
    if name not in KINDS:
        near = difflib.get_close_matches(name, KINDS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UserError(f"there is no kind of picture {name!r:.60}{hint} (choose from {', '.join(KINDS)})")
    return KINDS[name]


def draw(trained: Trained, name: str, options: Mapping[str, Any]) -> Picture:
    """The picture of the kind ``name``; None among ``options`` stands for the default.

    Raises UserError if there is no such kind, it does not fit the system, or an option is not of it or wrong.
    """
    kind = kind_called(name)
    given = {option: value for option, value in options.items() if value is not None}
    for option, value in given.items():
        if option not in kind.options:
            takes = ", ".join(f"`{own}`" for own in kind.options)
            raise UserError(f"{name} takes no `{option}`; it takes {takes}")
        if option in ("n", "frames", "steps", "nearest") and not 1 <= value <= MOST:
            raise UserError(f"`{option}` must be from 1 to {MOST:,}, got {value}")
    if not kind.fits(trained.system):
        fitting = ", ".join(kinds_of(trained.system)) or "none"
        raise UserError(
            f"{name} needs {kind.needs}; {trained.config.model} has none, and its pictures are {fitting}"
        )
    return kind.draw(trained, **given)
