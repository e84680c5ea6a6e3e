"""StarGAN: one generator translates images into any of several domains (Choi et al. 2018).

    D   -L_adv + w_cls E -log P(c' | x)                                                 (equations 2, 5)
    G    L_adv + w_cls E -log P(c | G(x, c)) + w_rec E |x - G(G(x, c), c')|             (equations 3, 4, 6)

    L_adv = E D(x) - E D(G(x, c)) - w_gp E (|gradient of D between x and G(x, c)| - 1)^2 (equation 8)

x is a real image of the domain c', and c is a domain drawn at random. CycleGAN needs two generators for each
pair of domains. Here the domain is an input of the only one, as planes beside the image, and a second head of
D names the domain of an image: G is rewarded if the head names the domain that was asked for. The way there
and back keeps what has nothing to do with domains.

The paper has images of 128 x 128, six residual blocks of 256 maps, a D of six layers, batches of 16, five
steps of D for one of G, 200,000 steps, Adam (0.5, 0.999) at 1e-4, and the weights 1, 10 and 10. Its D ends in
2 x 2 scores, each of nearly the whole image; here it is one score. That matters, since the penalty holds the
gradient of all scores of an image at 1: of many patches each would teach G little.

The defaults fit 28 x 28 on two cores, in a hundredth of the steps. G has no time to find its way back from
images that lost their content, so the way there and back weighs more. G's loss has a further term, as in
CycleGAN but not in the paper: E |x - G(x, c')|, the distance of an image from its translation into its own
domain. Without it G swaps figure and ground of every image, and the other terms are as small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.data.spec import Spec
from gans.metrics.meaning import Meaning
from gans.networks import dcgan
from gans.networks.conditional import Translator
from gans.objectives import critic, critic_generator, gradient_penalty
from gans.systems.classes import labels_of, named
from gans.systems.optimizing import TwoAdamSettings, adam
from gans.systems.settings import setting
from gans.systems.system import Ask, Made, System, Trainer, in_batches
from gans.systems.translating import check_sides, sources_of
from gans.updates import descend, update
from minigrad import Tensor, nn, no_grad, tensor
from minigrad.ops import cross_entropy, l1_loss, mean
from minigrad.random import Generator, integers

BASE = 4
"""The most pixels of a side of D's last maps."""

SHOWN = 8
"""Test images of a picture, a row each."""


@dataclass(frozen=True, kw_only=True)
class StarGANSettings(TwoAdamSettings):
    batch_size: int = setting(16, "images in an update", least=1, most=2**20)
    critic_steps: int = setting(2, "updates of D for each update of G", least=1, most=10_000, metavar="K")
    class_weight: float = setting(1.0, "weight of the domain that D names", least=0, metavar="WEIGHT")
    cycle: float = setting(10.0, "weight of the way there and back", least=0, metavar="WEIGHT")
    identity: float = setting(0.0, "weight of images left as they are", least=0, metavar="WEIGHT")
    penalty: float = setting(10.0, "weight of the gradient penalty", least=0, metavar="WEIGHT")
    features: int = setting(16, "channels of the layers next to the image", least=1, most=2**10)
    blocks: int = setting(2, "residual blocks of G", least=0, most=100)


class StarGAN(System):
    name, title, paper = "stargan", "StarGAN", "Choi et al. 2018"
    summary = "one generator translates images into any of several domains"
    presets = {"image": StarGANSettings(lr=4e-4, lr_half_life=1000, cycle=30.0, identity=20.0)}
    epochs = {"image": 14}
    data = "styles:mnist5k"
    labelled = True
    asks = ("classes", "sources")
    judges_by_probability = False
    figure_meanings = {
        "domain_agreement": Meaning(
            "share of translations in which D's head names the domain asked", "higher", "test_images"
        ),
        "head_accuracy": Meaning("share of test images whose domain D's head names", "higher", "test_images"),
        "cycle": Meaning(
            "mean |x - there and back| over test images, pixels in [-1, 1]", "lower", "test_images"
        ),
        "domain_l1": Meaning(
            "mean distance of translations from the true ones, pixels in [-1, 1]", "lower", "test_images"
        ),
    }

    generator: nn.Module
    trunk: nn.Module
    head: nn.Module
    class_head: nn.Module

    def __init__(self, settings: StarGANSettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        self.gradient_penalty = gradient_penalty(settings.penalty)
        self.optimizer_g = adam(settings, self.generator)
        self.optimizer_d = adam(settings, self.trunk, self.head, self.class_head, times=settings.lr_ratio)

    @staticmethod
    def networks(settings: StarGANSettings, spec: Spec) -> dict[str, nn.Module]:
        """G; D's trunk, without a norm as the penalty needs it; its heads for the score and the domain."""
        channels, h, w = spec.shape
        features = settings.features
        *trunk, head = dcgan.discriminator(spec.shape, features, norm=False, base=BASE)
        assert isinstance(head, nn.Linear)
        return {
            "generator": Translator(channels, spec.classes, (h, w), features, settings.blocks),
            "trunk": nn.Sequential(*trunk),
            "head": head,
            "class_head": dcgan.initialised(nn.Linear(head.in_features, spec.classes)),
        }

    @classmethod
    def batches_in_a_step(cls, settings: StarGANSettings) -> int:
        return settings.critic_steps

    def step(self, trainer: Trainer) -> None:
        for _ in range(self.settings.critic_steps):
            real, domains, _ = trainer.batch()
            trainer.update(self.update_discriminator, real, domains, trainer.rng)
        trainer.update(self.update_generator, real, domains, trainer.rng)

    def score(self, x: Tensor) -> Tensor:
        """D's scores of x, (n, 1)."""
        scores: Tensor = self.head(self.trunk(x))
        return scores

    @update(
        "discriminator",
        reports=("loss_d", "wasserstein", "penalty", "class_real", "d_real", "d_fake", "grad_norm_d"),
    )
    def update_discriminator(self, real: Tensor, domains: Tensor, rng: Generator) -> dict[str, Tensor]:
        """One update of D: it scores real images above translations, and names the domain of real ones."""
        with no_grad():
            fake = self.generator(real, self.drawn(len(real), rng))
        features = self.trunk(real)
        on_real, on_fake = self.head(features), self.score(fake)
        class_real = cross_entropy(self.class_head(features), domains)
        penalty = self.gradient_penalty(self.score, real, fake, rng)
        loss = critic(on_real, on_fake) + penalty
        norm, _ = descend(loss + class_real * self.settings.class_weight, self.optimizer_d)
        scores = {"d_real": mean(on_real), "d_fake": mean(on_fake), "grad_norm_d": norm}
        parts = {"wasserstein": penalty - loss, "penalty": penalty, "class_real": class_real}
        return {"loss_d": loss, **parts, **scores}

    @update("generator", reports=("loss_g", "adversarial", "class_loss", "cycle", "identity", "grad_norm_g"))
    def update_generator(self, real: Tensor, domains: Tensor, rng: Generator) -> dict[str, Tensor]:
        """One update of G: D's score, the domain that D names, and the way there and back."""
        asked = self.drawn(len(real), rng)
        fake = self.generator(real, asked)
        features = self.trunk(fake)
        adversarial = critic_generator(self.head(features))
        class_loss = cross_entropy(self.class_head(features), asked)
        cycle = l1_loss(self.generator(fake, domains), real)
        loss = adversarial + self.settings.class_weight * class_loss + self.settings.cycle * cycle
        parts = {"adversarial": adversarial, "class_loss": class_loss, "cycle": cycle}
        if self.settings.identity:
            parts["identity"] = l1_loss(self.generator(real, domains), real)
            loss = loss + self.settings.identity * parts["identity"]
        return {"loss_g": loss, **parts, "grad_norm_g": descend(loss, self.optimizer_g).norm}

    def drawn(self, n: int, rng: Generator) -> Tensor:
        """Domains (n,), each as likely as another."""
        return integers(0, self.classes, (n,), generator=rng, device=self.device)

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        """The first ``n`` sources in the domains asked for, or in domains drawn evenly."""
        sources = sources_of(n, ask, self.name)
        chosen = None if ask.classes is None else ask.classes[: len(sources)]
        domains = labels_of(self, len(sources), rng, Ask(chosen))
        return Made(self.into(sources, domains), labels=np.asarray(domains.numpy()), sources=sources)

    def show(self, n: int, rng: Generator, ask: Ask) -> Made:
        """A row for each of the first sources: the image, and its translations into each domain."""
        if ask.sources is None:
            return self.make(n, rng, ask)
        sources = ask.sources[:SHOWN]
        columns = [sources, *(self.into(sources, domain) for domain in range(self.classes))]
        images = np.stack(columns, axis=1).reshape(-1, *self.spec.shape)
        return Made(images, columns=len(columns))

    def into(self, images: Any, domains: Tensor | int) -> NDArray[np.float32]:
        """Images in the domains (n,), or all in one domain."""
        if isinstance(domains, int):
            domains = tensor(np.full(len(images), domains), device=self.device)
        return in_batches(self.generator, images, domains, device=self.device)

    def named(self, images: Any) -> NDArray[np.int64]:
        """The domain that D's head names, for each image."""
        return named(lambda x: self.class_head(self.trunk(x)), images, self.device)

    def figures(self, data: Any, rng: Generator) -> dict[str, float]:
        """Over test images, each translated into every domain.

        ``domain_l1`` is there if the data can compute the true translations (``in_style``).
        """
        images, labels = data.test(), data.test_labels
        made = [self.into(images, domain) for domain in range(self.classes)]
        own = tensor(labels.astype(np.int64), device=self.device)
        cycles = [np.abs(self.into(fake, own) - images).mean() for fake in made]
        accuracy = float(np.mean(self.named(images) == labels))
        figures = {
            "domain_agreement": float(np.mean([np.mean(self.named(x) == i) for i, x in enumerate(made)])),
            "real_domain_agreement": accuracy,
            "head_accuracy": accuracy,
            "cycle": float(np.mean(cycles)),
        }
        if hasattr(data, "in_style"):
            apart = [np.abs(fake - data.in_style(domain)).mean() for domain, fake in enumerate(made)]
            figures["domain_l1"] = float(np.mean(apart))
        return figures

    @classmethod
    def check_data(cls, settings: Any, spec: Spec) -> None:
        super().check_data(settings, spec)
        check_sides(spec, cls.name)
