"""StarGAN: one generator translates images into any of several domains (Choi et al. 2018).

    D   -L_adv + w_cls E -log P(c' | x)                                                 (equations 2, 5)
    G    L_adv + w_cls E -log P(c | G(x, c)) + w_rec E |x - G(G(x, c), c')|             (equations 3, 4, 6)

    L_adv = E D(x) - E D(G(x, c)) - w_gp E (|gradient of D between x and G(x, c)| - 1)^2 (equation 8)

x is a real image of the domain c', and c is a domain drawn at random. CycleGAN needs two generators for each
pair of domains. Here the domain is an input of the only one, as planes beside the image. A second head of D
names the domain of an image, and rewards G if it is c. The way there and back keeps all else.

The paper has images of 128 x 128, six residual blocks of 256 maps, a D of six layers, batches of 16, five
steps of D for one of G, 200,000 steps, Adam (0.5, 0.999) at 1e-4, and the weights 1, 10 and 10. Its D ends in
2 x 2 scores of nearly the whole image, here in one: the penalty holds the gradient of all scores of an image
at 1, and each of many would teach G little. The defaults fit 28 x 28 on two cores, in a hundredth of the
steps. G has no time to find its way back from images that lost their content, so that way weighs more. As in
CycleGAN, but not in the paper, G's loss has E |x - G(x, c')|, too: without it G swaps figure and ground of
every image, and the other terms are as small.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.data.spec import Spec
from gans.networks import dcgan
from gans.networks.conditional import Translator
from gans.objectives import critic, critic_generator, gradient_penalty
from gans.systems.classes import labels_of, named
from gans.systems.domains import DOMAIN_MEANINGS, figures_of_domains, rows_of_domains
from gans.systems.optimizing import adam
from gans.systems.sampling import in_batches
from gans.systems.stargan_settings import StarGANSettings
from gans.systems.system import Ask, Made, System, Trainer
from gans.systems.translating import check_sides, sources_of
from gans.updates import descend, update
from minigrad import Tensor, nn, no_grad
from minigrad.ops import cross_entropy, l1_loss, mean
from minigrad.random import Generator, integers


class StarGAN(System):
    name, title, paper = "stargan", "StarGAN", "Choi et al. 2018"
    summary = "one generator translates images into any of several domains"
    presets = {"image": StarGANSettings(lr=4e-4, lr_half_life=1000, cycle=30.0, identity=20.0)}
    epochs = {"image": 14}
    data = "styles:mnist5k"
    labelled = True
    asks = ("classes", "sources")
    judges_by_probability = False
    figure_meanings = DOMAIN_MEANINGS

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
        """G; D's trunk, to 4 x 4 maps, without a norm as the penalty needs it; heads for score and domain."""
        (channels, h, w), features = spec.shape, settings.features
        *trunk, head = dcgan.discriminator(spec.shape, features, norm=False, base=4)
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
        return self.head(self.trunk(x))

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
        parts = {"wasserstein": penalty - loss, "penalty": penalty, "class_real": class_real}
        scores = {"d_real": mean(on_real), "d_fake": mean(on_fake)}
        return {"loss_d": loss, **parts, **scores, "grad_norm_d": norm}

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
        domains = labels_of(self, len(sources), rng, ask)
        return Made(self.into(sources, domains), labels=np.asarray(domains.numpy()), sources=sources)

    def show(self, n: int, rng: Generator, ask: Ask) -> Made:
        """A row for each of the first sources: the image, and its translations into each domain."""
        return rows_of_domains(self, ask)

    def into(self, images: Any, domains: Tensor) -> NDArray[np.float32]:
        """Images in the domains (n,)."""
        return in_batches(self.generator, images, domains, device=self.device)

    def named(self, images: Any) -> NDArray[np.int64]:
        """The domain that D's head names, for each image."""
        return named(lambda x: self.class_head(self.trunk(x)), images, self.device)

    def figures(self, data: Any, rng: Generator) -> dict[str, float]:
        return figures_of_domains(self, data)

    @classmethod
    def check_data(cls, settings: Any, spec: Spec) -> None:
        super().check_data(settings, spec)
        check_sides(spec, cls.name)
