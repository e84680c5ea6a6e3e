"""PixelShuffle at its first weights: four kernels, each for one pixel in four."""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.enlarging import enlarged, spread
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """The spread of the inner pixels with random weights, and with four kernels that begin alike."""
    made = enlarged(trial.rng)
    return {name: spread(made[name].numpy()) for name in ("transposed", "shuffled", "alike")}


CLAIM = Claim(
    says="PixelShuffle leaves no checkerboard.",
    source="Shi et al. 2016; documents 001 and 003; against it Aitken et al. 2017",
    measured="the relative spread of even maps' inner pixels after a convolution of 3 x 3 and PixelShuffle "
    "with random weights; the picture has a transposed convolution, and kernels that begin alike, beside it.",
    refuted_by="a spread above a tenth.",
    effect=Effect(name="shuffled", words="relative spread", at_most=0.1),
    measure=measure,
    picture=arms(
        "relative spread",
        {
            "transposed": "transposed\nconvolution",
            "shuffled": "PixelShuffle",
            "alike": "PixelShuffle,\nkernels alike",
        },
    ),
)
