"""pix2pixHD: scenes painted from label maps, from coarse to fine, in styles to choose (Wang et al. 2018).

    D_k           mean (D_k(s, x) - 1)^2 / 2 + mean D_k(s, G(s))^2 / 2                        LSGAN
    G, E          sum_k mean (D_k(s, G(s)) - 1)^2 / 2                                         equation 3
                  + 10 sum_k sum_i mean |D_k^i(s, x) - D_k^i(s, G(s))|                        equations 4, 5
                  + 10 sum_i w_i mean |F_i(x) - F_i(G(s))|

s has a channel for each class, and the boundaries of objects, without which two objects of a class that touch
are one (section 3.3). D_k judges patches of s beside the image at a half, k times, of the size (3.2); its
features D_k^i are matched. F are the layers of the shipped classifier of digits, in place of VGG's.

The training has three phases. The global generator G1 learns images of half the size, which the two coarser
D_k judge. Then the local enhancer around it learns, with G1 fixed, and then both. E learns in all of them.

s does not say what colour an object has. E sees the real image, and the mean of its maps over an object is
painted over the object, as an input of G (3.4, figure 4): G learns what such features mean. E's features of
all training objects fall into clusters, 10 for a class, and a sample takes the centre of one for each object.

The paper has 1024 x 2048 pixels, nine residual blocks in G1 and three in the enhancer, batches of one, 200
epochs, Adam (0.5, 0.999) at 2e-4. The defaults fit 56 x 56 on two cores.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.data.spec import Spec
from gans.errors import UserError
from gans.networks.dcgan import initialised
from gans.networks.pix2pixhd import CoarseToFine, MultiScale, encoder, object_means, painted
from gans.networks.resizing import grown, shrunk
from gans.objectives import least_squares
from gans.systems.clusters import Clusters
from gans.systems.feature_losses import Content, matching, total
from gans.systems.maps import masks_of
from gans.systems.optimizing import adam
from gans.systems.pix2pixhd_settings import Phase, Pix2PixHDSettings
from gans.systems.scenes import SCENE_MEANINGS, Painter, object_features
from gans.systems.system import Ask, Made, System, Trainer
from gans.updates import State, descend, update
from minigrad import Tensor, nn, no_grad
from minigrad.ops import concatenate, mean
from minigrad.optim import Optimizer
from minigrad.random import Generator

LEAST_CHANNELS = 4
"""Of a label map: the background, a class, the boundaries, the numbers of objects."""

LEAST_SIDE = 32
"""Pixels of a side, of which the smallest discriminator sees a quarter."""


class Pix2PixHD(System):
    name, title, paper = "pix2pixhd", "pix2pixHD", "Wang et al. 2018"
    summary = "paints scenes from label maps, from coarse to fine, in styles to choose"
    presets = {"pairs": Pix2PixHDSettings(lr=1e-3, lr_steps=1875)}
    epochs = {"pairs": 3}
    data = "scenes:mnist5k"
    asks = ("sources", "styles")
    figure_meanings = SCENE_MEANINGS

    generator: CoarseToFine
    discriminator: MultiScale
    encoder: nn.Module

    def __init__(self, settings: Pix2PixHDSettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        assert spec.source is not None
        self.objective = least_squares()
        self.content = Content(device)
        self.progress = State(device, steps=np.array(0))
        self.clusters = Clusters(spec.source[0] - 2, settings.clusters, settings.style_features, device)
        self.optimizer_global = adam(settings, self.generator.coarse)
        self.optimizer_coarse_image = adam(settings, self.generator.coarse_image)
        self.optimizer_enhancer = adam(settings, self.generator.enter, self.generator.leave)
        self.optimizer_encoder = adam(settings, self.encoder)
        for i, scale in enumerate(self.discriminator.scales):
            setattr(self, f"optimizer_d_{i}", adam(settings, scale, times=settings.lr_ratio))

    @staticmethod
    def networks(settings: Pix2PixHDSettings, spec: Spec) -> dict[str, nn.Module]:
        """G and D of maps with the classes and the boundaries, and E of images."""
        assert spec.source is not None
        inputs, (outputs, *size) = spec.source[0] - 1, spec.shape
        known = inputs + settings.style_features
        sizes = (size[0], size[1]), settings.features
        blocks = settings.blocks, settings.enhancer_blocks
        return {
            "generator": initialised(CoarseToFine(known, outputs, *sizes, *blocks)),
            "discriminator": initialised(MultiScale(inputs + outputs, *sizes)),
            "encoder": encoder(outputs, sizes[0], max(1, settings.features // 2), settings.style_features),
        }

    @property
    def styles(self) -> int:
        return int(self.settings.clusters)

    def rates(self, step: int) -> dict[str, float]:
        rates = self.settings.rates(step)
        parts_of_g = ("global", "coarse_image", "enhancer", "encoder")
        of_g = [f"optimizer_{part}" for part in parts_of_g]
        of_d = [f"optimizer_d_{i}" for i in range(len(self.discriminator.sizes))]
        return {**dict.fromkeys(of_g, rates["optimizer_g"]), **dict.fromkeys(of_d, rates["optimizer_d"])}

    def learning(self, phase: Phase) -> list[Optimizer]:
        """The optimizers of what G's update changes in a phase."""
        own: dict[Phase, list[Optimizer]] = {
            "global": [self.optimizer_global, self.optimizer_coarse_image],
            "enhancer": [self.optimizer_enhancer],
            "joint": [self.optimizer_global, self.optimizer_enhancer],
        }
        return [*own[phase], self.optimizer_encoder]

    def step(self, trainer: Trainer) -> None:
        b, _, a = trainer.batch()
        phase = self.settings.phase(trainer.step)
        fake = trainer.update(self.update_generator, a, b, phase)
        trainer.update(self.update_discriminator, a, b, fake, phase)
        if (trainer.step + 1) % self.settings.cluster_steps == 0:
            self.clusters.fit(*self.training_features(trainer.data), trainer.host_rng)

    @update("generator", reports=("loss_g", "adversarial", "matching", "content", "grad_norm_g"))
    def update_generator(self, a: Tensor, b: Tensor, phase: Phase) -> tuple[dict[str, Tensor], Tensor]:
        """One update of G and E on maps a and scenes b; it gives the fakes, which D learns from then."""
        real = self.real(b, phase)
        fake = self.generator(self.inputs(a, self.styled(a, b)), fine=phase != "global")
        with no_grad():
            on_real = self.judged(a, real)
        on_fake = self.judged(a, fake)
        adversarial = total([self.objective.generator(scale[-1]) for scale in on_fake])
        matched, content = matching(on_fake, on_real), self.content(fake, real)
        loss = adversarial + self.settings.matching * matched + self.settings.content * content
        descent = descend(loss, *self.learning(phase))
        self.progress.set("steps", self.progress.steps + 1, where=descent.finite)
        parts = {"adversarial": adversarial, "matching": matched, "content": content}
        return {"loss_g": loss, **parts, "grad_norm_g": descent.norm}, fake.detach()

    @update("discriminator", reports=("loss_d", "d_real", "d_fake", "grad_norm_d"))
    def update_discriminator(self, a: Tensor, b: Tensor, fake: Tensor, phase: Phase) -> dict[str, Tensor]:
        """One update of the discriminators of the size of ``fake`` and of smaller ones."""
        on_real = [scale[-1] for scale in self.judged(a, self.real(b, phase))]
        on_fake = [scale[-1] for scale in self.judged(a, fake)]
        loss = total([self.objective.discriminator(x, y) for x, y in zip(on_real, on_fake, strict=True)])
        first = len(self.discriminator.sizes) - len(on_real)
        scales = range(first, len(self.discriminator.sizes))
        descent = descend(loss, *[getattr(self, f"optimizer_d_{i}") for i in scales])
        scores = [total([mean(x.detach()) for x in on]) / len(on) for on in (on_real, on_fake)]
        return {"loss_d": loss, "d_real": scores[0], "d_fake": scores[1], "grad_norm_d": descent.norm}

    def real(self, b: Tensor, phase: Phase) -> Tensor:
        """Scenes in the size that G makes in a phase."""
        return shrunk(b, self.generator.half) if phase == "global" else b

    def judged(self, a: Tensor, image: Tensor) -> list[list[Tensor]]:
        """The activations of each discriminator for images beside their maps, those of their size first."""
        size = (image.shape[2], image.shape[3])
        first = self.discriminator.sizes.index(size)
        known = a[:, :-1] if first == 0 else shrunk(a[:, :-1], size)
        found: Any = self.discriminator(concatenate([known, image], axis=1), first)
        activations: list[list[Tensor]] = found
        return activations

    def inputs(self, a: Tensor, style: Tensor) -> Tensor:
        """What G sees: classes and boundaries, and the features (n, f, m) of objects at their pixels."""
        return concatenate([a[:, :-1], painted(style, masks_of(a))], axis=1)

    def styled(self, a: Tensor, b: Tensor) -> Tensor:
        """The means of E's maps of scenes over each object, (n, f, m); object 0 is the background."""
        return object_means(self.encoder(b), masks_of(a))

    def training_features(self, data: Any) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """E's features (n, f) of all training objects of some size, and their classes (n,)."""
        with self.evaluating(average=False):
            return object_features(data, self.styled, self.device)

    def whole(self, inputs: Tensor) -> Tensor:
        """G's image in its whole size: until the enhancer learns, that of G1 with its pixels repeated."""
        fine = self.settings.phase(max(int(self.progress.steps.item()) - 1, 0)) != "global"
        image = self.generator(inputs, fine)
        return image if fine else grown(image, (inputs.shape[2], inputs.shape[3]))

    @property
    def painter(self) -> Painter:
        """What makes samples, pictures and figures with the present networks."""
        return Painter(
            lambda a, style: self.whole(self.inputs(a, style)), self.styled, self.clusters, self.device
        )

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        """The first ``n`` maps painted: in the styles that are asked for, or a drawn one for each object."""
        return self.painter.sample(n, rng, ask, self.name)

    def show(self, n: int, rng: Generator, ask: Ask) -> Made:
        """A row for each map, with the real scene and with scenes in several styles."""
        if ask.sources is None or ask.targets is None:
            return self.make(n, rng, ask)
        return self.painter.picture(ask.sources, ask.targets, rng)

    def figures(self, data: Any, rng: Generator) -> dict[str, float]:
        a, b = data.test()
        return self.painter.figures(a, b, rng)

    @classmethod
    def check_data(cls, settings: Any, spec: Spec) -> None:
        super().check_data(settings, spec)
        maps, (_, h, w) = spec.source, spec.shape
        if maps is None or maps[0] < LEAST_CHANNELS or maps[1:] != spec.shape[1:]:
            raise UserError(
                f"{cls.name} needs maps of classes and instances beside scenes of one size, such as "
                f"scenes:mnist5k; got {maps} and {spec.shape}"
            )
        if min(h, w) < LEAST_SIDE:
            raise UserError(f"images of {h} x {w} pixels: {cls.name} needs sides of at least {LEAST_SIDE}")
