"""Noise of six and of a hundred dimensions for digits."""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect
from gans.study.board.comparing import Arm
from gans.study.board.on_digits import SMALL, compared_on_digits, over_steps

ARMS = {
    "without": Arm("z in 6-D", {**SMALL, "latent": 6}, "dcgan"),
    "with_it": Arm("z in 100-D", {**SMALL, "latent": 100}, "dcgan"),
}

CLAIM = Claim(
    says="For MNIST noise of six dimensions is enough.",
    source="documents 000; estimates of the dimension are 7 to 13 (Pope et al. 2021)",
    measured="the Fréchet distance of samples over our classifier's features after 300 steps of a DCGAN with "
    "8 features on 5,000 digits, with z of 100 dimensions against 6.",
    refuted_by="a distance that is a fifth smaller with 100.",
    effect=Effect(name="gain", words="halvings of the distance", at_most=0.32),
    measure=compared_on_digits(ARMS),
    picture=over_steps(ARMS),
    seeds=4,
)
