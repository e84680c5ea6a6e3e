"""The GANs by name: which networks, objective, optimizer and settings make each one, after which paper."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from gans import objectives
from gans.errors import UserError
from gans.messages import one_line
from gans.networks import dcgan, mlp
from gans.objectives import Objective
from minigrad import Tensor, nn, no_grad, tensor
from minigrad.devices import xp_on
from minigrad.ops import sigmoid
from minigrad.optim import Adam, Optimizer, RMSprop
from minigrad.random import Generator, normal

Kind = Literal["image", "points"]
Shape = tuple[int, ...]
Networks = tuple[nn.Module, nn.Module]


@dataclass(frozen=True)
class Settings:
    """Everything that decides a run's numbers, apart from its data, seed and length.

    ``lr`` is G's learning rate and D's is ``lr_ratio`` times that (two time scales, Heusel et al. 2017); both
    halve every ``lr_half_life`` steps, 0 for never. ``latent`` is the length of z, drawn from N(0, I).
    ``width`` and ``depth`` are the toy networks' hidden units and layers; ``clip`` bounds a WGAN critic's
    weights, ``penalty`` weighs WGAN-GP's gradient penalty.
    """

    model: str
    objective: str
    batch_size: int
    lr: float
    lr_ratio: float = 1.0
    lr_half_life: int = 0
    beta1: float = 0.5
    beta2: float = 0.999
    optimizer: Literal["adam", "rmsprop"] = "adam"
    critic_steps: int = 1
    latent: int = 100
    width: int = 128
    depth: int = 2
    clip: float = 0.01
    penalty: float = 10.0


INTEGERS = {
    "batch_size": (1, 2**20),
    "critic_steps": (1, 10_000),
    "latent": (1, 2**16),
    "width": (1, 2**14),
    "depth": (1, 1_000),
    "lr_half_life": (0, 10**12),
}
"""The least and the largest value of each integer among the settings."""

NUMBERS = ("lr", "lr_ratio", "clip", "beta1", "beta2", "penalty")

MOST_WEIGHTS = 2**27
"""The most weights of a network; its gradient and each of Adam's averages take as much memory."""


@dataclass(frozen=True)
class System:
    """One GAN: its paper, the objectives it can take (the default first), its settings and its networks.

    ``own`` are the settings that no other system has.
    """

    name: str
    title: str
    paper: str
    summary: str
    objectives: tuple[str, ...]
    image: Settings
    points: Settings | None
    networks: Callable[[Settings, Shape], Networks]
    own: tuple[str, ...] = ()


OBJECTIVES: dict[str, Callable[[Settings], Objective]] = {
    "non-saturating": lambda settings: objectives.non_saturating_gan(),
    "minimax": lambda settings: objectives.minimax(),
    "wasserstein": lambda settings: objectives.wasserstein(settings.clip),
    "wasserstein-gp": lambda settings: objectives.wasserstein_gp(settings.penalty),
}


def _mlp_networks(settings: Settings, shape: Shape) -> Networks:
    if is_image(shape):
        return mlp.image_generator(settings.latent, shape), mlp.image_discriminator(shape)
    return _toy_networks(settings, shape)


def _toy_networks(settings: Settings, shape: Shape) -> Networks:
    G = mlp.point_generator(settings.latent, shape[0], settings.width, settings.depth)
    return G, mlp.point_discriminator(shape[0], settings.width, settings.depth)


def _dcgan_networks(settings: Settings, shape: Shape, norm: bool = True) -> Networks:
    if not is_image(shape):
        return _toy_networks(settings, shape)
    return dcgan.generator(settings.latent, shape), dcgan.discriminator(shape, norm=norm)


def _wgan_gp_networks(settings: Settings, shape: Shape) -> Networks:
    return _dcgan_networks(settings, shape, norm=False)


SYSTEMS: dict[str, System] = {
    system.name: system
    for system in (
        System(
            "gan",
            "GAN",
            "Goodfellow et al. 2014",
            "fully connected G and D; D is a classifier of real against generated",
            ("non-saturating", "minimax"),
            Settings("gan", "non-saturating", batch_size=64, lr=2e-4),
            Settings("gan", "non-saturating", 256, lr=1e-3, lr_ratio=2.0, lr_half_life=3000, latent=2),
            _mlp_networks,
        ),
        System(
            "dcgan",
            "DCGAN",
            "Radford et al. 2015",
            "strided and transposed convolutions with batch norm",
            ("non-saturating", "minimax"),
            Settings("dcgan", "non-saturating", batch_size=64, lr=2e-4),
            None,
            _dcgan_networks,
        ),
        System(
            "wgan",
            "WGAN",
            "Arjovsky et al. 2017",
            "a critic with clipped weights estimates the Wasserstein distance",
            ("wasserstein",),
            Settings("wgan", "wasserstein", batch_size=64, lr=5e-5, optimizer="rmsprop", critic_steps=5),
            Settings(
                "wgan",
                "wasserstein",
                batch_size=256,
                lr=2e-5,
                lr_ratio=10.0,
                optimizer="rmsprop",
                critic_steps=10,
                latent=2,
                clip=0.1,
            ),
            _dcgan_networks,
            own=("clip",),
        ),
        System(
            "wgan-gp",
            "WGAN-GP",
            "Gulrajani et al. 2017",
            "a penalty holds the critic's gradient at norm 1, by double backprop",
            ("wasserstein-gp",),
            Settings("wgan-gp", "wasserstein-gp", 64, lr=1e-4, beta2=0.9, critic_steps=5),
            Settings(
                "wgan-gp",
                "wasserstein-gp",
                batch_size=256,
                lr=5e-4,
                lr_half_life=2000,
                beta2=0.9,
                critic_steps=5,
                latent=2,
                width=512,
                depth=3,
                penalty=0.1,
            ),
            _wgan_gp_networks,
            own=("penalty",),
        ),
    )
}


def settings_for(model: str, kind: Kind, **changes: Any) -> Settings:
    """The settings of ``model`` on images or points, with ``changes`` applied.

    Raises UserError for an unknown model or objective, a value out of range, and a model that needs images.
    """
    if model not in SYSTEMS:
        near = difflib.get_close_matches(model.lower(), SYSTEMS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UserError(f"there is no model {model!r}{hint} (choose from {', '.join(SYSTEMS)})")
    system = SYSTEMS[model]
    settings = system.image if kind == "image" else system.points
    if settings is None:
        raise UserError(f"{model} needs images; for points choose from {', '.join(_names_for_points())}")
    for name in changes:
        if name not in asdict(settings):
            near = difflib.get_close_matches(name, asdict(settings), n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f" (it has {', '.join(asdict(settings))})"
            raise UserError(f"{model} has no setting {name!r}{hint}")
    settings = replace(settings, **changes)
    _check(settings, system)
    return settings


def check_used(model: str, kind: Kind, names: Iterable[str], settings: Settings) -> None:
    """Raise UserError for a setting among ``names`` that has no effect on ``model`` with ``settings``."""
    for name in names:
        owners = [system.name for system in SYSTEMS.values() if name in system.own]
        if owners and model not in owners:
            raise UserError(f"{model} has no setting `{name}`; {', '.join(owners)} has it")
        if name in ("beta1", "beta2") and settings.optimizer != "adam":
            raise UserError(
                f"`{name}` is a setting of Adam, and the `optimizer` of {model} is {settings.optimizer}"
            )
        if name in ("width", "depth") and kind == "image":
            raise UserError(f"`{name}` is a setting of the networks for points; those for images have none")


@dataclass
class Gan:
    """Two networks, their optimizers and their objective: all that training changes, how, and where."""

    settings: Settings
    generator: nn.Module
    discriminator: nn.Module
    optimizer_g: Optimizer
    optimizer_d: Optimizer
    objective: Objective
    device: str = "cpu"

    @property
    def judges_by_probability(self) -> bool:
        """Whether D's readout is a probability, and not a critic's score."""
        return self.objective.readout is sigmoid

    def latent(self, n: int, rng: Generator) -> Tensor:
        """z (n, latent) from N(0, I), on the GAN's device; a Philox must be on the same device."""
        return normal((n, self.settings.latent), generator=rng, device=self.device)

    def set_learning_rates(self, step: int) -> None:
        """Set the learning rates of the next step, after ``step`` steps."""
        settings = self.settings
        decay = 0.5 ** (step / settings.lr_half_life) if settings.lr_half_life else 1.0
        self.optimizer_g.lr = settings.lr * decay
        self.optimizer_d.lr = settings.lr * settings.lr_ratio * decay

    def generate(self, z: Tensor, batch_size: int = 256) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Samples (n, ...) float32 from z (n, latent), with G in evaluation mode."""
        training = self.generator.training
        self.generator.eval()
        try:
            with no_grad():
                parts = [self.generator(z[i : i + batch_size]).numpy() for i in range(0, len(z), batch_size)]
        finally:
            self.generator.train(training)
        return np.concatenate(parts)

    def judge(self, samples: Any) -> np.ndarray[Any, np.dtype[np.float32]]:
        """D's readout of ``samples`` (n, ...), with D in evaluation mode: (n,) probabilities or scores."""
        training = self.discriminator.training
        self.discriminator.eval()
        try:
            with no_grad():
                x = tensor(samples, np.float32, self.device)
                return self.objective.readout(self.discriminator(x)).numpy().reshape(len(x))
        finally:
            self.discriminator.train(training)

    def state_dict(self) -> dict[str, Any]:
        """All that training changes, ready for ``minigrad.save``."""
        return {name: part.state_dict() for name, part in self._parts().items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore a state of ``state_dict``."""
        for name, part in self._parts().items():
            part.load_state_dict(state[name])

    def _parts(self) -> dict[str, Any]:
        return {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "optimizer_g": self.optimizer_g,
            "optimizer_d": self.optimizer_d,
        }


def build(settings: Settings, shape: Shape, device: str = "cpu") -> Gan:
    """The GAN of ``settings`` for samples of ``shape`` on ``device``, "cpu" or "cuda".

    Initial weights come from minigrad's generator, the same for each device. Raises UserError if ``device``
    is not available, or the networks cannot make samples of ``shape``.
    """
    check_device(device)
    _check_size(settings, shape)
    G, D = (network.to(device) for network in SYSTEMS[settings.model].networks(settings, shape))
    objective = OBJECTIVES[settings.objective](settings)
    optimizer_g = _optimizer(settings, G, settings.lr)
    optimizer_d = _optimizer(settings, D, settings.lr * settings.lr_ratio)
    return Gan(settings, G, D, optimizer_g, optimizer_d, objective, device)


def check_device(device: str) -> None:
    """Raise UserError, which says what is missing, if ``device`` is not available."""
    try:
        xp_on(device)
    except (ValueError, ImportError, RuntimeError) as error:
        raise UserError(f"`device` {device}: {error}") from error


def is_image(shape: Shape) -> bool:
    """Whether samples of ``shape`` are images (c, h, w)."""
    return len(shape) == 3


def _optimizer(settings: Settings, network: nn.Module, lr: float) -> Optimizer:
    if settings.optimizer == "rmsprop":
        return RMSprop(network.parameters(), lr=lr)
    return Adam(network.parameters(), lr=lr, betas=(settings.beta1, settings.beta2))


def _names_for_points() -> list[str]:
    return [name for name, system in SYSTEMS.items() if system.points is not None]


def _check(settings: Settings, system: System) -> None:
    if settings.objective not in system.objectives:
        raise UserError(
            f"{system.name} has no `objective` {settings.objective!r} "
            f"(choose from {', '.join(system.objectives)})"
        )
    if settings.optimizer not in ("adam", "rmsprop"):
        raise UserError(f"there is no `optimizer` {settings.optimizer!r} (choose from adam, rmsprop)")
    for name, (least, most) in INTEGERS.items():
        value = getattr(settings, name)
        if not isinstance(value, int):
            raise UserError(f"`{name}` must be an integer, got {one_line(repr(value), 40)}")
        if not least <= value <= most:
            bound = f"at least {least}" if value < least else f"at most {most:,}"
            raise UserError(f"`{name}` must be {bound}, got {one_line(value, 40)}")
    numbers = {f"`{name}`": _number(name, getattr(settings, name)) for name in NUMBERS}
    numbers["D's learning rate, `lr` times `lr_ratio`,"] = numbers["`lr`"] * numbers["`lr_ratio`"]
    for name, value in numbers.items():
        if name in ("`beta1`", "`beta2`"):
            if not 0 <= value < 1:
                raise UserError(f"{name} must lie in [0, 1), got {value}")
        elif name == "`penalty`":
            if not 0 <= value < float("inf"):
                raise UserError(f"{name} must be a number of at least 0, got {value}")
        elif not 0 < value < float("inf"):
            raise UserError(f"{name} must be a positive number, got {value}")


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise UserError(f"`{name}` must be a number, got {one_line(repr(value), 40)}") from None


def _check_size(settings: Settings, shape: Shape) -> None:
    """Refuse networks that are too large for almost any memory, before they are built."""
    widest = max(settings.width, 256 * 7 * 7)  # units of the layer after z, in any model
    weights = settings.latent * widest + settings.depth * settings.width**2 + 1024 * math.prod(shape)
    if weights > MOST_WEIGHTS:
        raise UserError(
            f"{settings.model} with `latent` {settings.latent:,}, `width` {settings.width:,} and `depth` "
            f"{settings.depth:,} for samples of shape {shape} may have {weights:,} weights, more than the "
            f"{MOST_WEIGHTS:,} that are allowed"
        )
