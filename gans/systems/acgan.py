"""ACGAN: D also names the class of an image, and G makes images whose class D names (Odena et al. 2017).

    L_S = E log P(S = real | X_real) + E log P(S = fake | X_fake)                       (equation 2)
    L_C = E log P(C = c | X_real) + E log P(C = c | X_fake)                             (equation 3)

D maximizes L_S + L_C, G maximizes L_C - L_S. G is given a class c, D is not: it has a second head, which
guesses c from the image, and both players gain if the guess is right. G's samples belong to their class as
a classifier says so; in CGAN they do because D saw real pairs of image and label. The price: G prefers the
images of a class of which the classifier is surest, and they are less diverse.

On few images the fakes' part of D's L_C is an agreement of the players: the head learns to read the class off
marks that G leaves, and G need not draw the digit. Without it, ``fake_class_weight`` 0, the head learns from
real digits alone. That is the default here: 96% of 10,000 samples are of their class, with it 89%.

-log P(C = c) is the cross entropy of the head's logits: no softmax stands before it. The paper's networks are
for 128 x 128 images of 1,000 classes, a hundred GANs of ten classes each; here they are DCGAN's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gans.data.spec import Spec
from gans.metrics.meaning import Meaning
from gans.networks import dcgan
from gans.networks.conditional import ConditionalGenerator
from gans.objectives import binary_cross_entropy, non_saturating
from gans.steps import probabilities
from gans.systems.classes import by_class, named, rows_by_class
from gans.systems.optimizing import TwoAdamSettings, adam
from gans.systems.settings import setting
from gans.systems.system import Ask, Made, System, Trainer
from gans.updates import descend, update
from minigrad import Tensor, nn, no_grad
from minigrad.ops import cross_entropy
from minigrad.random import Generator


@dataclass(frozen=True, kw_only=True)
class ACGANSettings(TwoAdamSettings):
    latent: int = setting(100, "length of the noise vector z", least=1, most=2**16)
    features: int = setting(32, "channels of the layers next to the image", least=1, most=2**10)
    class_weight: float = setting(1.0, "weight of L_C, the loss of the class head", least=0, metavar="WEIGHT")
    fake_class_weight: float = setting(
        1.0, "weight of the fakes in D's L_C; 1 in the paper", least=0, metavar="WEIGHT"
    )


class ACGAN(System):
    name, title, paper = "acgan", "ACGAN", "Odena et al. 2017"
    summary = "D has a second head that names the class; G makes samples of a chosen class"
    presets = {"image": ACGANSettings(ema=0.995, lr=8e-4, lr_half_life=800, fake_class_weight=0.0)}
    epochs = {"image": 32}
    labelled = True
    asks = ("classes", "truncation")
    figure_meanings = {
        "head_accuracy": Meaning("share of test images whose class D's head names", "higher", "test_images"),
    }

    generator: nn.Module
    trunk: nn.Module
    head: nn.Module
    class_head: nn.Module

    def __init__(self, settings: ACGANSettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        self.optimizer_g = adam(settings, self.generator)
        self.optimizer_d = adam(settings, self.trunk, self.head, self.class_head, times=settings.lr_ratio)

    @staticmethod
    def networks(settings: ACGANSettings, spec: Spec) -> dict[str, nn.Module]:
        """G; D's trunk, and its two heads: one logit for real against fake, and one for each class."""
        *trunk, head = dcgan.discriminator(spec.shape, settings.features)
        assert isinstance(head, nn.Linear)
        return {
            "generator": ConditionalGenerator(settings.latent, spec.classes, spec.shape, settings.features),
            "trunk": nn.Sequential(*trunk),
            "head": head,
            "class_head": dcgan.initialised(nn.Linear(head.in_features, spec.classes)),
        }

    def step(self, trainer: Trainer) -> None:
        real, labels, _ = trainer.batch()
        trainer.update(self.update_discriminator, real, labels, trainer.rng)
        trainer.update(self.update_generator, labels, trainer.rng)

    @update(
        "discriminator", reports=("loss_d", "d_real", "d_fake", "class_real", "class_fake", "grad_norm_d")
    )
    def update_discriminator(self, real: Tensor, labels: Tensor, rng: Generator) -> dict[str, Tensor]:
        """One update of D up L_S + L_C, with fakes of the classes of the real images."""
        with no_grad():
            fake = self.generator(self.noise(len(real), self.settings.latent, rng), labels)
        of_real, of_fake = self.trunk(real), self.trunk(fake)
        on_real, on_fake = self.head(of_real), self.head(of_fake)
        loss = binary_cross_entropy(on_real, on_fake)
        class_real, class_fake = (cross_entropy(self.class_head(x), labels) for x in (of_real, of_fake))
        classes = class_real + class_fake * self.settings.fake_class_weight
        total = loss + classes * self.settings.class_weight
        norm, _ = descend(total, self.optimizer_d)
        return {
            "loss_d": loss,
            **probabilities(on_real, on_fake),
            "class_real": class_real,
            "class_fake": class_fake,
            "grad_norm_d": norm,
        }

    @update("generator", reports=("loss_g", "class_loss", "grad_norm_g"))
    def update_generator(self, labels: Tensor, rng: Generator) -> dict[str, Tensor]:
        """One update of G: D takes its fakes for real, and names the classes that G was given."""
        features = self.trunk(self.generator(self.noise(len(labels), self.settings.latent, rng), labels))
        loss = non_saturating(self.head(features))
        class_loss = cross_entropy(self.class_head(features), labels)
        norm, _ = descend(loss + class_loss * self.settings.class_weight, self.optimizer_g)
        return {"loss_g": loss, "class_loss": class_loss, "grad_norm_g": norm}

    def from_latent(self, z: Tensor, classes: Tensor | None = None) -> Tensor:
        return self.generator(z, classes)

    def logits(self, samples: Tensor, classes: Tensor | None = None) -> Tensor:
        return self.head(self.trunk(samples))

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        """``n`` images of the classes asked for, or of classes drawn evenly."""
        return by_class(self, self.latent(n, rng, ask.truncation), rng, ask)

    def show(self, n: int, rng: Generator, ask: Ask) -> Made:
        """A row of images for each class."""
        return rows_by_class(self, rng)

    def figures(self, data: Any, rng: Generator) -> dict[str, float]:
        """``head_accuracy``: D's second head is a classifier, and this is its accuracy on test images."""
        if not len(data.test_labels):
            return {}
        guess = named(lambda x: self.class_head(self.trunk(x)), data.test(), self.device)
        return {"head_accuracy": float(np.mean(guess == data.test_labels))}
