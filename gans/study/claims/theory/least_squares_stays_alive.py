"""LSGAN's gradient is alive where that of cross-entropy has died."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gans.objectives import least_squares, minimax, non_saturating_gan
from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial
from minigrad import Tensor, grad, tensor

LOSSES = {"minimax": minimax(), "other": non_saturating_gan(), "least_squares": least_squares()}


def measure(trial: Trial) -> Numbers:
    """The slope of each loss of G in outputs of D, and the ratio at outputs near -6."""
    places = np.linspace(-8, 8, 33)
    slopes = {name: _slopes(loss.generator, places) for name, loss in LOSSES.items()}
    near = -6 + trial.rng.uniform(-0.5, 0.5, 20)
    ratio = np.mean(_slopes(LOSSES["least_squares"].generator, near)) / np.mean(
        _slopes(LOSSES["minimax"].generator, near)
    )
    return {"decades": float(np.log10(ratio)), "output": places.tolist(), **slopes}


def _slopes(loss: Callable[..., Tensor], outputs: np.ndarray) -> list[float]:
    slopes = []
    for output in outputs:
        v = tensor([[output]], np.float64)
        slopes.append(max(abs(grad(loss(v), [v])[0].item()), 1e-12))
    return slopes


CLAIM = Claim(
    says="Least squares gives G a gradient where the cross-entropy of minimax saturates.",
    source="Mao et al. 2017, section 3.2",
    measured="the slope of G's loss in D's output near -6: least squares over minimax, in powers of ten.",
    refuted_by="less than two powers of ten.",
    effect=Effect(name="decades", words="powers of ten", at_least=2.0),
    measure=measure,
    picture=curves(
        "output",
        "size of the slope",
        {"minimax": "minimax", "other": "non-saturating", "least_squares": "least squares"},
        over="D's output for G(z)",
        log=True,
    ),
)
