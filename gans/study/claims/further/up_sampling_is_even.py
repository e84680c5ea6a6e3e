"""Up-sampling before a convolution leaves no checkerboard."""

from __future__ import annotations

from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.enlarging import enlarged, spread
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """The spread of the inner pixels, beside that of a transposed convolution at weights as random."""
    made = enlarged(trial.rng)
    return {name: spread(made[name].numpy()) for name in ("upsampled", "transposed")}


CLAIM = Claim(
    says="Nearest-neighbour up-sampling and then a convolution leaves no checkerboard.",
    source="Odena et al. 2016, deconvolution and checkerboard artifacts; documents 003",
    measured="the relative spread of even maps' inner pixels after both, with random weights; the picture "
    "has a transposed convolution of 4 x 4 beside it.",
    refuted_by="any spread.",
    effect=identity("upsampled", "relative spread", 1e-12),
    measure=measure,
    picture=arms(
        "relative spread",
        {"upsampled": "up-sampling and\nconvolution", "transposed": "transposed\nconvolution"},
    ),
)
