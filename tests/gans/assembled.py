"""A GAN of two players that a test puts together itself."""

from __future__ import annotations

from typing import Any, ClassVar

from gans.objectives import Objective
from gans.systems import Spec
from gans.systems.gan import GAN
from gans.systems.two_player import TwoPlayer
from gans.systems.wasserstein import WGAN, WGANGP
from minigrad import nn
from minigrad.optim import Optimizer


class Assembled(TwoPlayer):
    """Networks, optimizers and an objective of any kind, with the updates of every GAN."""

    objectives: ClassVar = {**GAN.objectives, **WGAN.objectives, **WGANGP.objectives}

    def __init__(
        self,
        settings: Any,
        networks: tuple[nn.Module, nn.Module],
        optimizers: tuple[Optimizer, Optimizer],
        objective: Objective,
        device: str = "cpu",
    ) -> None:
        self.settings, self.spec, self.device = settings, Spec("points", (2,)), device
        self.averages = {}
        self.generator, self.discriminator = networks
        self.optimizer_g, self.optimizer_d = optimizers
        self.objective = objective
        self.real_for_g = objective.needs_real
