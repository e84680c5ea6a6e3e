"""A kernel that the stride divides adds up evenly, and leaves a checkerboard where its weights differ."""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.enlarging import enlarged, spread
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """The spread of the inner pixels, beside that of up-sampling and a convolution."""
    made = enlarged(trial.rng)
    return {name: spread(made[name].numpy()) for name in ("transposed", "upsampled")}


CLAIM = Claim(
    says="A transposed convolution whose kernel the stride divides starts without a checkerboard.",
    source="documents 003; Odena et al. 2016 say that such a kernel can still make one",
    measured="the relative spread of even maps' inner pixels after a transposed convolution of 4 x 4 with a "
    "stride of 2 at DCGAN's random first weights; the picture has up-sampling beside it.",
    refuted_by="a spread above a tenth.",
    effect=Effect(name="transposed", words="relative spread", at_most=0.1),
    measure=measure,
    picture=arms(
        "relative spread",
        {"transposed": "transposed\nconvolution", "upsampled": "up-sampling and\nconvolution"},
    ),
)
