"""Labels of 0.9 and 0.1 against 0.9 and 0."""

from __future__ import annotations

from gans.study.board.claim import Claim
from gans.study.board.comparing import GAIN, Arm, compared, over_training

ARMS = {
    "without": Arm("0.9 and 0.1", {"smooth_real": 0.1, "smooth_fake": 0.1}),
    "with_it": Arm("0.9 and 0", {"smooth_real": 0.1}),
}

CLAIM = Claim(
    says="Smoothing the labels of generated samples too does harm.",
    source="Goodfellow 2016, section 4.2; Salimans et al. 2016, section 3.4",
    measured="the sliced W1 of samples and data after 1,500 steps on the grid of 25 Gaussians, with labels "
    "of 0 against 0.1 for generated samples, beside 0.9 for real ones.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=GAIN,
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
