"""The settings of GANs of two players."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from gans.data.spec import Kind
from gans.errors import UserError
from gans.systems.optimizing import HalvingSettings, TwoRateSettings
from gans.systems.settings import Settings, setting

EITHER = ("optimizer", "optimizer_d")
"""The settings that choose an optimizer."""


@dataclass(frozen=True, kw_only=True)
class ObjectiveSettings(Settings):
    """The losses, by name."""

    objective: Literal["non-saturating", "minimax"] = setting("non-saturating", "G's loss")


@dataclass(frozen=True, kw_only=True)
class TwoPlayerSettings(HalvingSettings, TwoRateSettings, ObjectiveSettings):
    """The settings of every GAN of two players.

    ``lr`` is G's learning rate and D's is ``lr_ratio`` times that (two time scales, Heusel et al. 2017); both
    halve every ``lr_half_life`` steps, down to ``lr_floor`` times their start. ``latent`` is the length of z,
    drawn from the ``prior``. The settings after ``depth`` are tricks, which are off unless you give them.
    """

    lr_floor: float = setting(
        0.0, "the least share of the rates that halving leaves", least=0, most=1, metavar="SHARE"
    )
    optimizer: Literal["adam", "rmsprop", "sgd"] = setting("adam", "of both networks: adam, rmsprop or sgd")
    optimizer_d: Literal["same", "adam", "rmsprop", "sgd"] = setting(
        "same", "of D: the same, adam, rmsprop or sgd"
    )
    beta1: float = setting(
        0.5,
        "Adam's decay of the gradients' mean",
        least=0,
        below=1,
        requires=(*EITHER, "adam"),
        metavar="SHARE",
    )
    beta2: float = setting(
        0.999,
        "Adam's decay of the gradients' mean square",
        least=0,
        below=1,
        requires=(*EITHER, "adam"),
        metavar="SHARE",
    )
    momentum: float = setting(
        0.0,
        "SGD's decay of its sum of gradients",
        least=0,
        below=1,
        requires=(*EITHER, "sgd"),
        metavar="SHARE",
    )
    critic_steps: int = setting(1, "updates of D in each step", least=1, most=10_000, metavar="K")
    generator_steps: int = setting(1, "updates of G in each step", least=1, most=10_000, metavar="K")
    latent: int = setting(100, "length of the noise vector z", least=1, most=2**16)
    prior: Literal["normal", "uniform"] = setting(
        "normal", "distribution of z: normal, N(0, I), or uniform, from -1 to 1"
    )
    width: int = setting(128, "units of a hidden layer, on toys", least=1, most=2**14, only="points")
    depth: int = setting(2, "hidden layers, on toys", least=1, most=1_000, only="points")
    instance_noise: float = setting(
        0.0, "standard deviation of noise on all that D sees, at first", least=0, metavar="STD"
    )
    instance_noise_steps: int = setting(
        0, "steps in which that noise falls to none; 0: it stays", least=0, most=10**12, metavar="STEPS"
    )
    layer_noise: float = setting(
        0.0, "standard deviation of noise on the inputs of D's inner layers", least=0, metavar="STD"
    )
    joint_batches: bool = setting(False, "real and generated samples pass D as one batch, for its batch norm")
    dropout: float = setting(
        0.0, "share of the inputs of G's inner layers that training drops", least=0, below=1, metavar="SHARE"
    )
    test_dropout: bool = setting(False, "samples are made with that dropout, too")

    def left(self, step: int) -> float:
        return max(super().left(step), self.lr_floor)

    def check(self) -> None:
        super().check()
        for name, needed in (("instance_noise_steps", "instance_noise"), ("test_dropout", "dropout")):
            if getattr(self, name) and not getattr(self, needed):
                raise UserError(f"`{name}` has no effect without `{needed}`, which is 0")


@dataclass(frozen=True, kw_only=True)
class ComparableSettings(TwoPlayerSettings):
    """The settings of two losses of one scale, by which ``turns`` can choose."""

    turns: Literal["both", "larger-loss"] = setting(
        "both", "networks that a step updates: both, or the one with the larger loss (larger-loss)"
    )

    def check(self) -> None:
        super().check()
        if self.turns == "larger-loss" and self.objective == "minimax":
            raise UserError(
                "`turns` larger-loss would never train G: its minimax loss is below 0, and D's above; take "
                "another `objective`"
            )


@dataclass(frozen=True, kw_only=True)
class ClassifierSettings(ComparableSettings):
    """The settings of a D that learns labels: 1 for real samples and 0 for generated ones.

    Of labels a and b in their place, the best D is (a p + b q) / (p + q), for the densities p of the data and
    q of G (Salimans et al. 2016, section 3.4): ``smooth_real`` lowers a, ``smooth_fake`` raises b.
    """

    smooth_real: float = setting(
        0.0, "how far below 1 the label of real samples is, for D", least=0, below=0.5, metavar="LABEL"
    )
    smooth_fake: float = setting(
        0.0, "how far above 0 the label of generated samples is", least=0, below=0.5, metavar="LABEL"
    )
    flip_labels: float = setting(
        0.0, "share of each batch whose label is that of the other kind", least=0, below=0.5, metavar="SHARE"
    )


@dataclass(frozen=True, kw_only=True)
class ConvolutionalSettings(TwoPlayerSettings):
    """``features`` are the channels of G's last and D's first layer; each layer further in has twice.

    The layers halve and double an image's sides down to ``base`` pixels: a smaller base is a deeper network.
    """

    features: int = setting(64, "channels of the layers next to the image", least=1, most=2**10, only="image")
    base: int = setting(7, "most pixels a side of the smallest maps", least=2, most=7, only="image")


@dataclass(frozen=True, kw_only=True)
class ConvolutionalClassifierSettings(ClassifierSettings, ConvolutionalSettings):
    """Those of convolutional networks whose D learns labels."""


MEASURED: dict[str, Any] = {"features": 24, "base": 4, "lr": 8e-4, "lr_half_life": 700, "lr_floor": 0.1}
"""DCGAN's settings for images, chosen on digits that neither training nor the figures use."""

ON_POINTS: dict[str, Any] = {
    "batch_size": 256,
    "lr": 1e-3,
    "lr_ratio": 2.0,
    "lr_half_life": 3000,
    "latent": 2,
}
"""GAN's settings for points."""

EPOCHS: dict[Kind, int] = {"image": 27, "points": 20}
"""Those of DCGAN and GAN."""
