"""DANN: a classifier whose features do not show the domain of an image (Ganin et al. 2016).

Images of the source have labels, those of the target have none. Features f feed two heads:

    min_{f, classifier}  E -log P(y | f(x_source)) - lambda L_d,   min_{head} L_d              (equation 9)
    L_d = the cross entropy of the head that names the domain of f(x)

It is a GAN without images: the head is D, and the features are a G that deceives it, so that what the
classifier learns on the source holds on the target. A layer between features and head does both at once: it
is the identity, and multiplies the gradient by -lambda (section 4.2). lambda rises from 0 to ``adaptation``:

    lambda = adaptation (2 / (1 + exp(-10 p)) - 1)         p from 0 to 1 in ``ramp_steps``     (section 5.2.2)

With ``adaptation`` 0 it is the classifier of the source alone, to compare with.

The networks are as the paper's for MNIST: two convolutions with pooling, then a head of two hidden layers for
the class and one of one for the domain. The paper trains them by SGD with momentum, here it is Adam.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.data.spec import Spec
from gans.metrics.meaning import Meaning
from gans.objectives import binary_cross_entropy
from gans.systems.adapting import ACCURACY_MEANINGS, AdaptationSettings, accuracies, reversed_gradient
from gans.systems.classes import named
from gans.systems.optimizing import AdamSettings, adam
from gans.systems.sampling import in_batches
from gans.systems.settings import setting
from gans.systems.system import Ask, Made, System, Trainer
from gans.systems.translating import check_two_sets
from gans.updates import descend, update
from minigrad import Tensor, nn, tensor
from minigrad.ops import concatenate, cross_entropy
from minigrad.random import Generator


@dataclass(frozen=True, kw_only=True)
class DANNSettings(AdaptationSettings, AdamSettings):
    features: int = setting(32, "channels of the first convolution", least=1, most=2**10)
    width: int = setting(100, "units of the heads' hidden layers", least=1, most=2**14)


class DANN(System):
    name, title, paper = "dann", "DANN", "Ganin et al. 2016"
    summary = "a classifier that moves to a domain without labels, since its features hide the domain"
    presets = {"domains": DANNSettings(lr=1e-3, beta1=0.9, ema=0.99)}
    epochs = {"domains": 40}
    data = "textured:mnist5k"
    labelled = True
    generates = False
    averaged = ("extractor", "classifier")
    figure_meanings = {
        **ACCURACY_MEANINGS,
        "domain_accuracy": Meaning(
            "share of both whose domain is named; 0.5 if features hide it", over="test_images"
        ),
    }

    extractor: nn.Module
    classifier: nn.Module
    domain_head: nn.Module

    def __init__(self, settings: DANNSettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        self.optimizer = adam(settings, self.extractor, self.classifier, self.domain_head)

    @staticmethod
    def networks(settings: DANNSettings, spec: Spec) -> dict[str, nn.Module]:
        channels, *sides = spec.shape
        maps, width = settings.features, settings.width
        h, w = (side // 4 for side in sides)
        size = 3 * maps // 2 * h * w
        return {
            "extractor": nn.Sequential(
                *(nn.Conv2d(channels, maps, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
                *(nn.Conv2d(maps, 3 * maps // 2, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
                nn.Flatten(),
            ),
            "classifier": nn.Sequential(
                *(nn.Linear(size, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()),
                nn.Linear(width, spec.classes),
            ),
            "domain_head": nn.Sequential(nn.Linear(size, width), nn.ReLU(), nn.Linear(width, 1)),
        }

    def step(self, trainer: Trainer) -> None:
        target, labels, source = trainer.batch()
        strength = tensor(np.float32(self.settings.strength(trainer.step)), device=self.device)
        trainer.update(self.update_all, source, labels, target, strength)

    @update("classifier and domain head", reports=("class_real", "domain_loss", "strength", "grad_norm"))
    def update_all(
        self, source: Tensor, labels: Tensor, target: Tensor, strength: Tensor
    ) -> dict[str, Tensor]:
        """One update of all: both heads learn, and features learn to hide the domain."""
        features = self.extractor(concatenate([source, target], axis=0))
        class_real = cross_entropy(self.classifier(features[: len(source)]), labels)
        domain = self.domain_head(reversed_gradient(features, strength))
        domain_loss = binary_cross_entropy(domain[: len(source)], domain[len(source) :]) / 2
        norm, _ = descend(class_real + domain_loss, self.optimizer)
        return {
            "class_real": class_real,
            "domain_loss": domain_loss,
            "strength": strength,
            "grad_norm": norm,
        }

    def classify(self, images: Any) -> NDArray[np.int64]:
        """The class of each image (n, c, h, w): (n,)."""
        return named(lambda x: self.classifier(self.extractor(x)), images, self.device)

    def show(self, n: int, rng: Generator, ask: Ask) -> Made:
        """Test images of the target in the order of the classes that the classifier names."""
        assert ask.targets is not None
        classes = self.classify(ask.targets)
        order = np.argsort(classes, kind="stable")
        return Made(ask.targets[order], labels=classes[order])

    def figures(self, data: Any, rng: Generator) -> dict[str, float]:
        of_source, of_target = (self.of_source(images) for images in data.test())
        return {
            **accuracies(data, self.classify),
            "domain_accuracy": float(np.mean([of_source, ~of_target])),
        }

    def of_source(self, images: Any) -> NDArray[np.bool_]:
        """Whether the domain head takes an image for one of the source: (n,)."""
        logits = in_batches(lambda x: self.domain_head(self.extractor(x)), images, device=self.device)
        return logits[:, 0] > 0

    @classmethod
    def check_data(cls, settings: Any, spec: Spec) -> None:
        super().check_data(settings, spec)
        check_two_sets(spec, cls.name)
