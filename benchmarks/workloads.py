"""What is timed as a whole, by name: training steps and sampling, at a batch size, of samples of a shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.functions import critic_step, shared_fake_step
from benchmarks.networks import PublishedDCGAN, is_published, stages
from gans import systems
from gans.data.spec import Spec
from gans.errors import UserError

Shape = tuple[int, ...]

MNIST: Shape = (1, 28, 28)

PUBLISHED = {"features": 64, "base": 7, "lr": 2e-4, "lr_half_life": 0, "lr_floor": 0.0}
"""DCGAN with the published learning rate and wide networks, so that figures of all versions compare."""


@dataclass(frozen=True)
class Workload:
    """A training step by name, or without a ``step`` the sampling of its model.

    ``batches`` and ``shape`` are its own, unless others are given; only images have another shape. ``calls``
    names the calls of D in the step, in their order. ``settings`` are those in which it differs from what
    ``gans train`` would take.
    """

    name: str
    title: str
    model: str
    shape: Shape = MNIST
    step: Callable[..., Any] | None = shared_fake_step
    calls: tuple[str, ...] = ("D(real)", "D(fake)", "D(fake) for G")
    batches: tuple[int, ...] = (64,)
    settings: Mapping[str, Any] = field(default_factory=dict)


TRAININGS = {
    workload.name: workload
    for workload in (
        Workload("dcgan", "DCGAN, D and G", "dcgan", settings=PUBLISHED),
        Workload("wgan-gp", "WGAN-GP critic", "wgan-gp", step=critic_step, calls=("D(real)", "D(fake)")),
        Workload("mlp", "MLP GAN, D and G", "gan"),
        Workload("toy", "toy GAN, D and G", "gan", (2,), batches=(256,)),
    )
}

SAMPLING = Workload("sample", "images of DCGAN's G", "dcgan", step=None, batches=(1, 64), settings=PUBLISHED)

WIDE = Workload("wide", "MLP of 52 million weights", "gan", (2,), settings={"width": 5120})
"""Two networks with a hidden layer of 5,120 x 5,120 weights each."""

WORKLOADS = {**TRAININGS, "sample": SAMPLING, "wide": WIDE}


@dataclass(frozen=True)
class Step:
    """A workload at one batch size, of samples of one shape: a row of the table."""

    workload: str
    batch: int
    shape: Shape
    features: int = 0
    """Of the layers next to the image, in place of the workload's own."""

    @property
    def name(self) -> str:
        """Such as ``dcgan 28x28x1 batch 64``."""
        return " ".join([self.workload, *self._image(), f"batch {self.batch}"])

    @property
    def title(self) -> str:
        """Such as ``DCGAN, D and G, 28x28x1, batch 64``."""
        return ", ".join([WORKLOADS[self.workload].title, *self._image(), f"batch {self.batch}"])

    def _image(self) -> list[str]:
        """An image's size as a list of one, points' as an empty one."""
        features = [f"{self.features} features"] if self.features else []
        return [in_words(self.shape), *features] if len(self.shape) == 3 else []

    @property
    def slack(self) -> float:
        """Times the tolerance of a step: from stage to stage of a deep network its rounding grows."""
        return float(stages(self.shape)) if self.is_published() else 1.0

    def check(self) -> None:
        """Raise UserError if the workload's networks do not fit samples of this shape."""
        if not self.is_published():
            spec, settings = self._spec_and_settings()
            try:
                systems.find(settings.model).check_data(settings, spec)
            except UserError as error:
                raise UserError(f"--image {in_words(self.shape)} for {self.workload}: {error}") from None

    def system(self, device: str = "cpu") -> Any:
        """The workload's GAN with its first weights, from minigrad's generator."""
        spec, settings = self._spec_and_settings()
        if self.is_published():
            return PublishedDCGAN(settings, spec, device)
        return systems.build(settings, spec, device)

    def is_published(self) -> bool:
        """Whether its networks are those of ``benchmarks.networks``, not those of gans."""
        return WORKLOADS[self.workload].model == "dcgan" and is_published(self.shape)

    def _spec_and_settings(self) -> tuple[Spec, Any]:
        workload, spec = WORKLOADS[self.workload], Spec.of(self.shape)
        features = {"features": self.features} if self.features else {}
        return spec, systems.settings_for(workload.model, spec.kind, **{**workload.settings, **features})


def step(name: str, batch: int | None = None, shape: Shape | None = None) -> Step:
    """The workload of that name, its first batch size and own shape in place of what is not given."""
    workload = WORKLOADS[name]
    return Step(name, batch or workload.batches[0], shape or workload.shape)


def steps(
    names: Sequence[str], batches: Sequence[int] | None = None, shapes: Sequence[Shape] | None = None
) -> list[Step]:
    """Each workload, of images of each shape, at each batch size; points have one shape.

    Raises UserError if a network does not fit a shape.
    """
    chosen = [
        Step(name, batch, shape)
        for name in names
        for shape in ((shapes if len(WORKLOADS[name].shape) == 3 else None) or [WORKLOADS[name].shape])
        for batch in (batches or WORKLOADS[name].batches)
    ]
    for one in chosen:
        one.check()
    return chosen


def features_of(name: str) -> int:
    """The number of the feature maps next to the image, 0 where there are none."""
    _, settings = step(name)._spec_and_settings()
    return getattr(settings, "features", 0)


def all_steps() -> list[Step]:
    """Every step that has a figure: small and large batches, small and large images, sampling."""
    small, large = (3, 32, 32), (3, 64, 64)
    return [
        *steps(["dcgan"], [4, 16, 64, 256, 512]),
        *steps(["dcgan"], [64], [small]),
        *steps(["dcgan"], [16, 64], [large]),
        *steps(["wgan-gp", "mlp", "toy"]),
        *steps(["sample"], shapes=[MNIST, large]),
    ]


def large_steps() -> list[Step]:
    """A large batch, large images, and networks with many weights."""
    return [step("dcgan", 4096), step("dcgan", 16, (3, 128, 128)), step("wide")]


def in_words(shape: Shape) -> str:
    """Height x width x channels of an image (c, h, w): ``64x64x3``."""
    c, h, w = shape
    return f"{h}x{w}x{c}"
