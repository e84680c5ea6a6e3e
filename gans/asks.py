"""The images that a system translates in samples and figures: the first test images of its data."""

from __future__ import annotations

from typing import Any

import numpy as np

from gans.systems import Ask

__all__ = ["ask_of"]


def ask_of(data: Any, n: int, *, back: bool = False) -> Ask:
    """The first ``n`` test images of pairs, domains or clips, or all of them, as images to translate.

    They are those of a, or with ``back`` those of b. Training images stand in where there are no test images.
    Of plain images there are ``n``: after the last the first one follows.
    """
    if data.kind == "image":
        chosen = np.arange(n) % (data.tests or len(data))
        return Ask(sources=(data.test if data.tests else data.train)(chosen))
    a, b = data.test(slice(0, n))
    if not len(a) and data.kind == "domains":
        return Ask(sources=(data.b if back else data.a)(slice(0, n)), back=back)
    if not len(a):
        a, b = data.batch(slice(0, n))
    return Ask(sources=b, targets=a, back=True) if back else Ask(sources=a, targets=b)
