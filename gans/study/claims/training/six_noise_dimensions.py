"""Noise of two and of six dimensions for digits."""

from __future__ import annotations

from gans.study.board.claim import Claim
from gans.study.board.comparing import GAIN, Arm
from gans.study.board.on_digits import SMALL, compared_on_digits, over_steps

ARMS = {
    "without": Arm("z in 2-D", {**SMALL, "latent": 2}, "dcgan"),
    "with_it": Arm("z in 6-D", {**SMALL, "latent": 6}, "dcgan"),
}

CLAIM = Claim(
    says="For MNIST the noise needs six dimensions, those that its digits have.",
    source="documents 000; estimates of the dimension are 7 to 13 (Pope et al. 2021)",
    measured="the Fréchet distance of samples over our classifier's features after 300 steps of a DCGAN with "
    "8 features on 5,000 digits, with z of 6 dimensions against 2.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=GAIN,
    measure=compared_on_digits(ARMS),
    picture=over_steps(ARMS),
    seeds=4,
)
