"""Systems as a user writes them, for kinds of data that only a few of the project's take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gans.data.spec import Spec
from gans.systems import Ask, Made, Settings, System, Trainer, in_batches
from gans.updates import descend, update
from minigrad import Tensor, nn
from minigrad.nn.functional import cross_entropy
from minigrad.ops import mean, reshape, tanh
from minigrad.optim import SGD
from minigrad.random import Generator


@dataclass(frozen=True, kw_only=True)
class FewSettings(Settings):
    pass


class Few(System):
    """A classifier of the few images with labels, and a generator that copies the mean of the others."""

    presets: ClassVar = {"partial": FewSettings(batch_size=8)}
    labelled = True

    def __init__(self, settings: FewSettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        self.optimizer = SGD([*self.classifier.parameters(), *self.generator.parameters()], lr=0.01)

    classifier: nn.Module
    generator: nn.Module

    @staticmethod
    def networks(settings: FewSettings, spec: Spec) -> dict[str, nn.Module]:
        c, h, w = spec.shape
        return {"classifier": nn.Linear(c * h * w, spec.classes), "generator": nn.Linear(4, c * h * w)}

    def step(self, trainer: Trainer) -> None:
        real, labels, source = trainer.batch()
        trainer.update(self.descend_both, real, source, labels, trainer.rng)

    @update("both", reports=("loss", "accuracy"))
    def descend_both(self, real: Tensor, few: Tensor, labels: Tensor, rng: Generator) -> dict[str, Tensor]:
        logits = self.classifier(reshape(few, (len(few), -1)))
        fake = tanh(self.generator(self.noise(len(real), 4, rng)))
        distance = mean((reshape(real, (len(real), -1)) - fake) ** 2)
        loss = cross_entropy(logits, labels) + distance
        descend(loss, self.optimizer)
        return {"loss": loss, "accuracy": mean(logits)}

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        samples = in_batches(lambda z: tanh(self.generator(z)), self.noise(n, 4, rng))
        return Made(samples.reshape(n, *self.spec.shape))


class PainterSettings(Settings):
    pass


class Painter(System):
    """Paints each frame from its map, pixel by pixel."""

    presets: ClassVar = {"clips": PainterSettings(batch_size=8)}
    asks = ("sources",)

    def __init__(self, settings: PainterSettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        self.optimizer = SGD(self.generator.parameters(), lr=0.1)

    generator: nn.Module

    @staticmethod
    def networks(settings: PainterSettings, spec: Spec) -> dict[str, nn.Module]:
        assert spec.source is not None
        return {"generator": nn.Conv2d(spec.source[1], spec.shape[1], 1)}

    def step(self, trainer: Trainer) -> None:
        real, _, source = trainer.batch()
        trainer.update(self.descend, real, source)

    @update("generator", reports=("loss",))
    def descend(self, real: Tensor, source: Tensor) -> dict[str, Tensor]:
        loss = mean((self.painted(source) - real) ** 2)
        descend(loss, self.optimizer)
        return {"loss": loss}

    def painted(self, source: Tensor) -> Tensor:
        n, t, *frame = source.shape
        painted = tanh(self.generator(reshape(source, (n * t, *frame))))
        return reshape(painted, (n, *self.spec.shape))

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        assert ask.sources is not None
        samples = in_batches(self.painted, Tensor(ask.sources))
        return Made(samples, sources=ask.sources, targets=ask.targets)
