"""vid2vid: a clip from the maps of its frames, one frame after the other (Wang et al. 2018).

G makes frame t from the maps s of frames t - L to t and from its own L frames before it. It moves its last
frame by a flow w, and paints an image h where the mask m says that the last frame does not show it:

    x_t = (1 - m) moved(x_(t-1), w) + m h                                               (equations 4 and 5)

The first frame is h alone. Its frames before are one colour each, drawn at random: the noise of a clip.

    image D       one random frame of a clip beside its map: D_I(x_t, s_t)              (section 3)
    video D       K consecutive frames beside their maps, from a random one on: D_V     (section 3)
    each D        half of mean (D(real) - 1)^2 + mean D(fake)^2
    G             mean (D_I(fake) - 1)^2 + temporal mean (D_V(fake) - 1)^2 + flow L_W + brightness L_B
                  + following L_F
    L_W           mean |moved(real x_(t-1), w) - real x_t|                              (section 3)
    L_B           mean |max over channels of x_t - that of the real x_t|
    L_F           mean |x_t - real x_t| over the frames after a real first one

With ``temporal`` 0 there is no video D.

The paper compares features of a frame with those of the real one. Here the colours of a clip do not follow
from its maps, and such a loss would make all of them grey; L_B compares what does follow, since the largest
channel of a bright colour is the same for all. From earlier frames colours do follow. So half of the clips of
G's update begin with the real first frame, as all do in the authors' program, and L_F compares what G makes
after it. Without L_F colours drift from frame to frame, and the video D hardly sees it: here it adds colours
to clips and does not lower flicker, which docs/quality.md has figures of.

The paper's flow is that which another network estimates from real frames. Here L_W alone teaches it, and D_V
sees maps in its place. The paper trains clips of streets of up to 2048 x 1024 pixels on eight GPUs. The
defaults fit clips of 32 x 32 pixels on two cores.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.data.layouts import instances
from gans.data.spec import Spec
from gans.errors import UserError
from gans.metrics.clips import flicker
from gans.metrics.meaning import Meaning
from gans.networks import patch
from gans.networks.frames import FrameGenerator, each, frames_of, one_colour, painted, starts_of
from gans.networks.sampling import moved
from gans.objectives import least_squares
from gans.systems.optimizing import adam
from gans.systems.sampling import in_batches
from gans.systems.system import Ask, Made, System, Trainer
from gans.systems.translating import translations
from gans.systems.vid2vid_settings import Vid2VidSettings
from gans.updates import descend, update
from minigrad import Tensor, nn
from minigrad.ops import l1_loss, max, mean, mse_loss
from minigrad.random import Generator


class Vid2Vid(System):
    name, title, paper = "vid2vid", "vid2vid", "Wang et al. 2018"
    summary = "paints the frames of a clip from maps, and a D of several frames judges how they fit"
    presets = {"clips": Vid2VidSettings(lr=1e-3, lr_ratio=0.4, lr_half_life=1200, ema=0.99)}
    epochs = {"clips": 4}
    data = "moving:mnist5k"
    asks = ("sources",)
    figure_meanings = {
        "following_flicker": Meaning("flicker of clips that go on from a real frame", "lower", "test_images")
    }

    generator: nn.Module
    image_discriminator: nn.Module
    video_discriminator: nn.Module | None = None

    def __init__(self, settings: Vid2VidSettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        judges = [d for d in (self.image_discriminator, self.video_discriminator) if d is not None]
        self.objective = least_squares()
        self.optimizer_g = adam(settings, self.generator)
        self.optimizer_d = adam(settings, *judges, times=settings.lr_ratio)

    @staticmethod
    def networks(settings: Vid2VidSettings, spec: Spec) -> dict[str, nn.Module]:
        """G, called with maps and frames joined along the channels, and the discriminators of both."""
        assert spec.source is not None
        maps, (channels, h, w), features = spec.source[1], spec.shape[1:], settings.features
        inputs = (settings.history + 1) * maps + settings.history * channels

        def judge(frames: int) -> nn.Module:
            return patch.discriminator(frames * (maps + channels), (h, w), features, nn.InstanceNorm2d)

        networks: dict[str, nn.Module] = {
            "generator": FrameGenerator(inputs, channels, features),
            "image_discriminator": judge(1),
        }
        return networks | ({"video_discriminator": judge(settings.window)} if settings.temporal else {})

    def step(self, trainer: Trainer) -> None:
        b, _, a = trainer.batch()
        assert a is not None
        start = int(trainer.host_rng.integers(b.shape[1] - self.settings.frames + 1))
        a, b = (clips[:, start : start + self.settings.frames].detach() for clips in (a, b))
        fake = trainer.update(self.update_generator, a, b, trainer.rng)
        trainer.update(self.update_discriminators, a, b, fake, trainer.rng)

    @update(
        "generator",
        reports=(
            *("loss_g", "adversarial", "temporal", "flow_loss", "brightness_l1", "following_l1"),
            "grad_norm_g",
        ),
    )
    def update_generator(self, a: Tensor, b: Tensor, rng: Generator) -> tuple[dict[str, Tensor], Tensor]:
        """One update of G; returns its clips."""
        settings, m = self.settings, self.given(len(a))
        fake, flows = painted(self.generator, a, self.before(len(a), rng), b[:m, 0] if m else None)
        numbers = {
            "adversarial": mse_loss(self.on_frames(a, fake, starts_of(a, 1, rng, m)), 1.0),
            "flow_loss": l1_loss(moved(each(b[:, :-1]), each(flows)), each(b[:, 1:])),
            "brightness_l1": l1_loss(max(fake, axis=2), max(b, axis=2)),
        }
        loss = numbers["adversarial"] + settings.flow * numbers["flow_loss"]
        loss = loss + settings.brightness * numbers["brightness_l1"]
        if m:
            numbers["following_l1"] = l1_loss(fake[:m, 1:], b[:m, 1:])
            loss = loss + settings.following * numbers["following_l1"]
        if self.video_discriminator is not None:
            on_fake = self.on_windows(a, fake, starts_of(a, settings.window, rng))
            numbers["temporal"] = mse_loss(on_fake, 1.0)
            loss = loss + settings.temporal * numbers["temporal"]
        return {"loss_g": loss, **numbers, "grad_norm_g": descend(loss, self.optimizer_g).norm}, fake.detach()

    @update("discriminators", reports=("loss_d", "loss_d_video", "d_real", "d_fake", "grad_norm_d"))
    def update_discriminators(self, a: Tensor, b: Tensor, fake: Tensor, rng: Generator) -> dict[str, Tensor]:
        """One update of both D, on the same frames of real and of made clips."""
        starts = starts_of(a, 1, rng, self.given(len(a)))
        real, on_fake = self.on_frames(a, b, starts), self.on_frames(a, fake, starts)
        loss = self.objective.discriminator(real, on_fake)
        numbers = {"d_real": mean(real), "d_fake": mean(on_fake)}
        if self.video_discriminator is not None:
            starts = starts_of(a, self.settings.window, rng)
            real, on_fake = self.on_windows(a, b, starts), self.on_windows(a, fake, starts)
            numbers["loss_d_video"] = self.objective.discriminator(real, on_fake)
            loss = loss + numbers["loss_d_video"]
        return {"loss_d": loss, **numbers, "grad_norm_d": descend(loss, self.optimizer_d).norm}

    def given(self, n: int) -> int:
        """How many of ``n`` clips begin with the real first frame in an update."""
        return n // 2 if self.settings.following else 0

    def before(self, n: int, rng: Generator) -> Tensor:
        """The frames before the first (n, history, c, h, w): one colour each, drawn evenly."""
        return one_colour((n, self.settings.history, *self.spec.shape[1:]), rng, self.device)

    def on_frames(self, a: Tensor, clips: Tensor, starts: Tensor) -> Tensor:
        """The image D's scores of the patches of these frames beside their maps."""
        return self.image_discriminator(frames_of(a, clips, starts, 1))

    def on_windows(self, a: Tensor, clips: Tensor, starts: Tensor) -> Tensor:
        """The video D's scores of ``window`` frames from these on, beside their maps."""
        assert self.video_discriminator is not None
        return self.video_discriminator(frames_of(a, clips, starts, self.settings.window))

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        """Clips from the first ``n`` maps."""
        return translations(n, ask, lambda maps: self.clips(maps, rng), self.name)

    def clips(self, maps: Any, rng: Generator, *given: Any) -> NDArray[np.float32]:
        """Clips of these maps, which begin with the frames ``given``, if any."""
        inputs = (maps, self.before(len(maps), rng), *given)
        return in_batches(lambda *x: painted(self.generator, *x)[0], *inputs, device=self.device)

    def figures(self, data: Any, rng: Generator) -> dict[str, float]:
        """The flicker of clips that go on from the real first frames of test clips, and of the test clips."""
        a, b = data.test()
        made, objects = self.clips(a, rng, b[:, 0]), instances(a)
        found = {"following_flicker": flicker(made, objects), "real_following_flicker": flicker(b, objects)}
        return {name: value for name, value in found.items() if value is not None}

    @classmethod
    def check_data(cls, settings: Any, spec: Spec) -> None:
        super().check_data(settings, spec)
        t, _, h, w = spec.shape
        if settings.frames > t:
            raise UserError(f"`frames` must be at most {t}, the frames of a clip, got {settings.frames}")
        if h % 4 or w % 4:
            raise UserError(f"{cls.name} needs sides that are multiples of 4, got frames of {h} x {w} pixels")
