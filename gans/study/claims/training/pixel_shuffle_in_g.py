"""PixelShuffle in G."""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect
from gans.study.board.comparing import Arm
from gans.study.board.image_networks import SHUFFLED
from gans.study.board.on_digits import SMALL, compared_on_digits, over_steps

ARMS = {
    "without": Arm("transposed convolution", SMALL, "dcgan"),
    "with_it": Arm("PixelShuffle", SMALL, "dcgan", SHUFFLED),
}

CLAIM = Claim(
    says="PixelShuffle does as well as a transposed convolution in G.",
    source="Chintala et al. 2016, ganhacks 5; documents 001",
    measured="the Fréchet distance of samples over our classifier's features after 300 steps of a DCGAN with "
    "8 features on 5,000 digits, with PixelShuffle after convolutions of 3 x 3 against transposed "
    "convolutions of 4 x 4, in G.",
    refuted_by="a distance that is a fifth larger.",
    effect=Effect(name="gain", words="halvings of the distance", at_least=-0.32),
    measure=compared_on_digits(ARMS),
    picture=over_steps(ARMS),
    seeds=4,
)
