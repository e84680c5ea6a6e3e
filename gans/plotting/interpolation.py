"""Samples on a path between two z: straight, or along a sphere."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gans import plots
from gans.errors import UserError
from gans.plotting.picture import Picture
from gans.plotting.trained import Trained

__all__ = ["PATHS", "between", "interpolation"]

PATHS = ("spherical", "linear")

Floats = NDArray[np.float64]


def interpolation(
    trained: Trained, *, n: int = 6, seed: int = 0, path: str | None = None, frames: int = 9
) -> Picture:
    """G(z(t)) for ``n`` pairs of z, in ``frames`` values of t from 0 to 1.

    ``path`` is "spherical" (as ``between`` says; unless given, for a normal prior) or "linear" (for a uniform
    one). The ends are the samples of their z. ``numbers``: ``z`` (n, frames, latent), ``t``, ``samples``.
    """
    if path is not None and path not in PATHS:
        raise UserError(f"`path` must be {' or '.join(PATHS)}, got {path!r:.60}")
    if frames < 2:
        raise UserError(f"`frames` must be at least 2, got {frames}")
    chosen = path or ("linear" if trained.system.prior == "uniform" else "spherical")
    ends = trained.latents(2 * n, trained.rng(seed))
    t = np.linspace(0, 1, frames)
    z = np.stack([between(a, b, t, chosen) for a, b in zip(ends[:n], ends[n:], strict=True)])
    classes = trained.cycled(n)
    flat = trained.images_of(z.reshape(n * frames, -1), None if classes is None else classes.repeat(frames))
    samples = flat.reshape(n, frames, *flat.shape[1:])
    title = trained.title(f"{chosen} interpolation")
    if trained.system.spec.is_image:
        content = plots.captioned_rows(
            samples,
            title,
            above=[f"t = {value:.3g}" for value in t],
            beside=[] if classes is None else [f"class {c}" for c in classes],
        )
    else:
        words = f"G(z(t)), {n} pairs of z; circle: t = 0, square: t = 1"
        content = plots.paths(samples, trained.real_points(), title, words=words)
    return Picture("interpolation", content, {"z": z, "t": t, "samples": samples})


def between(
    a: Floats, b: Floats, t: Floats, path: Literal["spherical", "linear"] | str = "spherical"
) -> Floats:
    """The points (k, d) at ``t`` (k,) of a path from ``a`` (d,) to ``b`` (d,); the ends are exact.

    linear       (1 - t) a + t b
    spherical    the direction turns evenly (White 2016), and the length goes evenly from |a| to |b|:

        r(t) (sin((1 - t) w) a/|a| + sin(t w) b/|b|) / sin w,    cos w = a.b / (|a| |b|)

    A straight path between long vectors passes where the prior hardly ever is: in many dimensions almost all
    z of N(0, I) have the length sqrt(d), and halfway it is sqrt(d / 2).

    >>> between(np.array([3.0, 0.0]), np.array([0.0, 3.0]), np.array([0.0, 0.5])).round(2).tolist()
    [[3.0, 0.0], [2.12, 2.12]]
    """
    share = t[:, None]
    straight = (1 - share) * a + share * b
    length_a, length_b = np.linalg.norm(a), np.linalg.norm(b)
    if path == "linear" or not length_a * length_b:
        return straight
    w = float(np.arccos(np.clip(np.dot(a, b) / (length_a * length_b), -1, 1)))
    if np.sin(w) < 1e-6:  # one line: no turn, or any of them, leads from a to b
        return straight
    turned = (np.sin((1 - share) * w) * a / length_a + np.sin(share * w) * b / length_b) / np.sin(w)
    found: Floats = ((1 - share) * length_a + share * length_b) * turned
    exact: Any = np.where(share == 0, a, np.where(share == 1, b, found))
    return np.asarray(exact, np.float64)
