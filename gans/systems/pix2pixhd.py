"""pix2pixHD: scenes painted from label maps, from coarse to fine, in styles to choose (Wang et al. 2018).

    D_k           mean (D_k(s, x) - 1)^2 / 2 + mean D_k(s, G(s))^2 / 2                        LSGAN
    G, E          sum_k mean (D_k(s, G(s)) - 1)^2 / 2                                         equation 3
                  + 10 sum_k sum_i mean |D_k^i(s, x) - D_k^i(s, G(s))|                        equations 4, 5
                  + 10 sum_i w_i mean |F_i(x) - F_i(G(s))|

s has a channel for each class, and the boundaries of objects, without which two objects of a class that touch
are one (section 3.3). D_k judges patches of s beside the image at a half, k times, of the size (3.2); its
features D_k^i are matched. F are the layers of the shipped classifier of digits, in place of VGG's.

First the global generator G1 learns images of half the size, which the two coarser D_k judge. Then the local
enhancer around it learns, with G1 fixed, and then both. E learns in all three phases: the mean of its maps of
the real image over an object is an input of G at the object, whose colour s does not say (3.4, figure 4). Its
means of all training objects fall into clusters, 10 for a class; a sample takes the centre of one for each.
The paper has 1024 x 2048 pixels, nine residual blocks in G1 and three in the enhancer, batches of one, 200
epochs, Adam (0.5, 0.999) at 2e-4. The defaults fit 56 x 56 on two cores.
"""

from __future__ import annotations

from typing import Any

from gans.data.spec import Spec
from gans.networks.dcgan import initialised
from gans.networks.pix2pixhd import SCALES, CoarseToFine, MultiScale, encoder, object_means
from gans.networks.resizing import shrunk
from gans.objectives import least_squares
from gans.systems.clusters import Clusters
from gans.systems.feature_losses import Content, matching, total
from gans.systems.maps import check_maps, masks_of, with_styles
from gans.systems.optimizing import adam
from gans.systems.pix2pixhd_settings import LEARNING, Phase, Pix2PixHDSettings
from gans.systems.progress import Progress
from gans.systems.scenes import SCENE_MEANINGS, Painter, object_features
from gans.systems.system import Ask, Made, System, Trainer
from gans.updates import descend, update
from minigrad import Tensor, nn, no_grad
from minigrad.ops import mean
from minigrad.random import Generator


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
        self.progress = Progress(device)
        self.clusters = Clusters(spec.source[0] - 2, settings.clusters, settings.style_features, device)
        self.painter = Painter(self.whole, self.styled, self.clusters, device)
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
        inputs, (outputs, h, w), features = spec.source[0] - 1, spec.shape, settings.features
        known, size = inputs + settings.style_features, (h, w)
        blocks = settings.blocks, settings.enhancer_blocks
        return {
            "generator": initialised(CoarseToFine(known, outputs, size, features, *blocks)),
            "discriminator": initialised(MultiScale(inputs + outputs, size, features)),
            "encoder": encoder(outputs, size, max(1, features // 2), settings.style_features),
        }

    @property
    def styles(self) -> int:
        return int(self.settings.clusters)

    def step(self, trainer: Trainer) -> None:
        b, _, a = trainer.batch()
        phase = self.settings.phase(trainer.step)
        fake = trainer.update(self.update_generator, a, b, phase)
        trainer.update(self.update_discriminator, a, b, fake, phase)
        if (trainer.step + 1) % self.settings.cluster_steps == 0:
            with self.evaluating(average=False):
                features, classes = object_features(trainer.data, self.styled, self.device)
            self.clusters.fit(features, classes, trainer.host_rng)

    @update("generator", reports=("loss_g", "adversarial", "matching", "content", "grad_norm_g"))
    def update_generator(self, a: Tensor, b: Tensor, phase: Phase) -> tuple[dict[str, Tensor], Tensor]:
        """One update of G and E on maps a and scenes b; it gives the fakes, which D learns from then."""
        real = self.real(b, phase)
        fake = self.generator(with_styles(a, self.styled(a, b)), fine=phase != "global")
        with no_grad():
            on_real = self.judged(a, real)
        on_fake = self.judged(a, fake)
        adversarial = total([self.objective.generator(scale[-1]) for scale in on_fake])
        matched, content = matching(on_fake, on_real), self.content(fake, real)
        loss = adversarial + self.settings.matching * matched + self.settings.content * content
        descent = descend(loss, *(getattr(self, f"optimizer_{part}") for part in LEARNING[phase]))
        self.progress.count(where=descent.finite)
        parts = {"adversarial": adversarial, "matching": matched, "content": content}
        return {"loss_g": loss, **parts, "grad_norm_g": descent.norm}, fake.detach()

    @update("discriminator", reports=("loss_d", "d_real", "d_fake", "grad_norm_d"))
    def update_discriminator(self, a: Tensor, b: Tensor, fake: Tensor, phase: Phase) -> dict[str, Tensor]:
        """One update of the discriminators of the size of ``fake`` and of smaller ones."""
        on_real = [scale[-1] for scale in self.judged(a, self.real(b, phase))]
        on_fake = [scale[-1] for scale in self.judged(a, fake)]
        loss = total([self.objective.discriminator(x, y) for x, y in zip(on_real, on_fake, strict=True)])
        scales = range(SCALES - len(on_real), SCALES)
        descent = descend(loss, *(getattr(self, f"optimizer_d_{i}") for i in scales))
        scores = [total([mean(x.detach()) for x in on]) / len(on) for on in (on_real, on_fake)]
        return {"loss_d": loss, "d_real": scores[0], "d_fake": scores[1], "grad_norm_d": descent.norm}

    def real(self, b: Tensor, phase: Phase) -> Tensor:
        """Scenes in the size that G makes in a phase."""
        return shrunk(b, self.generator.half) if phase == "global" else b

    def judged(self, a: Tensor, image: Tensor) -> list[list[Tensor]]:
        """The activations of each discriminator for images beside their maps, those of their size first."""
        return self.discriminator.beside(a[:, :-1], image)

    def styled(self, a: Tensor, b: Tensor) -> Tensor:
        """The means of E's maps of scenes over each object, (n, f, m); object 0 is the background."""
        return object_means(self.encoder(b), masks_of(a))

    def whole(self, a: Tensor, styles: Tensor) -> Tensor:
        """G's image in its whole size: until the enhancer learns, that of G1 with its pixels repeated."""
        fine = self.settings.phase(self.progress.last) != "global"
        return self.generator.whole(with_styles(a, styles), fine)

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        """The first ``n`` maps painted: in the styles that are asked for, or a drawn one for each object."""
        return self.painter.sample(n, rng, ask, self.name)

    def show(self, n: int, rng: Generator, ask: Ask) -> Made:
        return self.painter.picture(n, rng, ask, self.name)

    def figures(self, data: Any, rng: Generator) -> dict[str, float]:
        return self.painter.figures(data, rng)

    @classmethod
    def check_data(cls, settings: Any, spec: Spec) -> None:
        super().check_data(settings, spec)
        check_maps(spec, cls.name)
