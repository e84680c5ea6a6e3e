"""GAN and DCGAN: D is a classifier of real samples against generated ones.

Both are ``TwoPlayer`` with networks and settings of their own.
"""

from __future__ import annotations

from gans.systems.two_player import TwoPlayer
from gans.systems.two_player_networks import convolutional, fully_connected
from gans.systems.two_player_settings import (
    MEASURED,
    ON_POINTS,
    ClassifierSettings,
    ConvolutionalClassifierSettings,
)


class GAN(TwoPlayer):
    name, title, paper = "gan", "GAN", "Goodfellow et al. 2014"
    summary = "fully connected G and D; D is a classifier of real against generated"
    networks = staticmethod(fully_connected)
    presets = {
        "image": ClassifierSettings(),
        "points": ClassifierSettings(**ON_POINTS),
    }


class DCGAN(TwoPlayer):
    name, title, paper = "dcgan", "DCGAN", "Radford et al. 2015"
    summary = "strided and transposed convolutions with batch norm"
    networks = staticmethod(convolutional)
    presets = {"image": ConvolutionalClassifierSettings(**MEASURED)}
    epochs = {"image": 27}
    format_1 = {"features": 64, "base": 7, "lr_floor": 0.0}
