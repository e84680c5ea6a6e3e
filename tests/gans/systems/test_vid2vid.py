"""vid2vid: frames one after the other, of a moved frame and a new image, and a D of several of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans.data import MovingData
from gans.data.layouts import instances
from gans.data.mnist5k import load_mnist5k
from gans.data.spec import Spec
from gans.errors import UserError
from gans.metrics import flicker
from gans.networks.frames import REACH, FrameGenerator, Parts, composed, frames_of, painted, starts_of
from gans.networks.sampling import moved
from gans.systems import build, settings_for
from gans.systems.system import Batch
from gans.systems.vid2vid import Vid2Vid
from minigrad.ops import mean, square

SMALL: dict[str, Any] = {"batch_size": 3, "features": 4}
SPEC = Spec("clips", (8, 3, 16, 16), source=(8, 5, 16, 16))


def built(**changes: Any) -> Vid2Vid:
    mg.manual_seed(0)
    system: Vid2Vid = build(settings_for("vid2vid", "clips", **{**SMALL, **changes}), SPEC)
    return system


def clips(channels: int, seed: int, n: int = 3, t: int = 8) -> mg.Tensor:
    drawn = np.random.default_rng(seed).uniform(-1, 1, (n, t, channels, 16, 16))
    return mg.Tensor(drawn.astype(np.float32))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def difference(x: mg.Tensor, y: mg.Tensor) -> np.ndarray:
    """The largest change of each frame, (t,)."""
    return np.abs(x.numpy() - y.numpy()).max(axis=(0, 2, 3, 4))


def test_a_frame_follows_from_maps_and_frames_before_it_alone() -> None:
    system, a = built(), clips(5, 1)
    other = a.numpy().copy()
    other[:, 2] = -other[:, 2]
    before = system.before(3, rng())
    changes = difference(
        painted(system.generator, a, before)[0], painted(system.generator, mg.Tensor(other), before)[0]
    )
    assert (changes[:2] == 0).all()
    assert (changes[2:] > 1e-5).all()  # G sees the map for 2 to 4, and after that the frames made from it


def test_a_frame_follows_from_the_two_before_it_however_they_were_made() -> None:
    """A frame painted anew from the two before it and its maps is the same frame."""
    system, a = built(), clips(5, 1)
    made, _ = painted(system.generator, a, system.before(3, rng()))
    seen = mg.ops.concatenate([*(a[:, t] for t in (3, 4, 5)), made[:, 3], made[:, 4]], axis=1)
    again = composed(Parts.of(system.generator(seen)), made[:, 4])
    np.testing.assert_allclose(again.numpy(), made[:, 5].numpy(), atol=1e-6)


def test_the_first_frame_is_the_image_alone_and_its_map_that_of_the_frames_before() -> None:
    system, a = built(), clips(5, 1)
    before = system.before(3, rng())
    seen = mg.ops.concatenate([*[a[:, 0]] * 3, before[:, 0], before[:, 1]], axis=1)
    made, flows = painted(system.generator, a, before)
    np.testing.assert_allclose(made[:, 0].numpy(), Parts.of(system.generator(seen)).image.numpy(), atol=1e-6)
    assert flows.shape == (3, 7, 2, 16, 16)


def test_a_first_frame_that_is_given_is_followed_and_no_other_clip_sees_it() -> None:
    system, a, b = built(), clips(5, 1), clips(3, 2)
    before = system.before(3, rng())
    free, led = (painted(system.generator, a, before, given)[0].numpy() for given in (None, b[:2, 0]))
    np.testing.assert_array_equal(led[:2, 0], b.numpy()[:2, 0])
    assert (np.abs(led - free).max(axis=(2, 3, 4))[:2] > 1e-5).all()
    np.testing.assert_allclose(led[2], free[2], atol=1e-6)


class Few:
    """The first 20 test clips of moving digits."""

    def test(self) -> tuple[np.ndarray, np.ndarray]:
        return MovingData(load_mnist5k()).test(slice(20))


MOVING = Spec("clips", (8, 3, 32, 32), source=(8, 13, 32, 32))


def test_colours_that_a_generator_forgets_flicker_after_a_real_first_frame_alone() -> None:
    """Its own clips are grey throughout; only one that begins with colours shows that it loses them."""

    class Grey(mg.nn.Module):
        def forward(self, seen: mg.Tensor) -> mg.Tensor:
            parts = mg.tensor([0.0, 0.0, 0.0, 0.0, 0.0, 1.0]).reshape((1, 6, 1, 1))  # the image alone
            return parts + 0 * seen[:, :1]

    system: Vid2Vid = build(settings_for("vid2vid", "clips", **SMALL), MOVING)
    system.generator = Grey()
    a, b = Few().test()
    assert flicker(system.clips(a, rng()), instances(a)) == 0
    figures = system.figures(Few(), rng())
    assert figures["real_following_flicker"] == flicker(b, instances(a))
    forgotten = np.concatenate([b[:, :1], np.zeros_like(b[:, 1:])], axis=1)
    assert figures["following_flicker"] == pytest.approx(flicker(forgotten, instances(a)), rel=1e-5)
    assert figures["following_flicker"] > 2 * figures["real_following_flicker"]


def test_the_video_discriminator_alone_sees_colours_that_change_in_each_frame() -> None:
    """Each frame of the fakes is as good as a real one: the loss stays at 1/4, for a D that cannot tell."""
    mg.manual_seed(0)
    settings = settings_for("vid2vid", "clips", batch_size=8, lr=1e-3, lr_ratio=1.0, features=8, frames=3)
    system: Vid2Vid = build(settings, MOVING)
    a, b = (x[:, :3] for x in MovingData(load_mnist5k()).test(slice(100)))
    draw, losses = rng(), []
    for _ in range(210):
        rows = draw.integers(0, 100, 8)
        turned = np.stack([b[rows, t][:, draw.permutation(3)] for t in range(3)], axis=1)
        maps, real, fake = (mg.Tensor(x) for x in (a[rows], b[rows], turned))
        numbers = system.update_discriminators(maps, real, fake, draw)
        video = numbers["loss_d_video"].item()
        losses.append((numbers["loss_d"].item() - video, video))
    frames, windows = np.mean(losses[-30:], axis=0)
    assert frames == pytest.approx(0.25, abs=0.02)
    assert windows < 0.22


def test_half_of_the_clips_begin_with_a_real_frame_that_no_discriminator_takes_for_a_made_one() -> None:
    a, b = clips(5, 1), clips(3, 2)
    assert (built().given(300), built(following=0.0).given(300)) == (150, 0)
    drawn = starts_of(clips(5, 1, n=300), 1, rng(), given=150).numpy()
    assert set(drawn[:150]) == set(range(1, 8))
    assert set(drawn[150:]) == set(range(8))
    for following, same in ((20.0, [True, False, False]), (0.0, [False] * 3)):
        numbers, fake = built(following=following).update_generator(a, b, rng())
        assert ("following_l1" in numbers) == any(same)
        assert [np.allclose(*pair) for pair in zip(fake.numpy()[:, 0], b.numpy()[:, 0], strict=True)] == same


def test_before_the_first_frame_is_a_colour_of_each_clip() -> None:
    before = built().before(200, rng()).numpy()
    assert before.shape == (200, 2, 3, 16, 16)
    assert (before == before[..., :1, :1]).all()
    colours = before[..., 0, 0].reshape(200, 6)
    assert np.abs(np.corrcoef(colours.T) - np.eye(6)).max() < 0.3
    assert -1 <= colours.min() < -0.95 < 0.95 < colours.max() <= 1


def test_the_mask_has_two_extremes_the_last_frame_moved_and_the_new_image() -> None:
    image, last = clips(3, 1)[:, 0], clips(3, 2)[:, 0]
    flow = mg.Tensor(np.zeros((3, 2, 16, 16), np.float32)) + mg.tensor([2.0, 0.0]).reshape((1, 2, 1, 1))
    ones = mg.Tensor(np.ones((3, 1, 16, 16), np.float32))
    np.testing.assert_array_equal(composed(Parts(image, flow, ones), last).numpy(), image.numpy())
    frame = composed(Parts(image, flow, 0 * ones), last).numpy()
    np.testing.assert_allclose(frame[..., 2:], last.numpy()[..., :-2], atol=1e-6)
    assert frame[..., :2] == pytest.approx(-1)


def test_the_parts_of_a_frame_have_their_ranges() -> None:
    network = FrameGenerator(5, channels=3, features=4)
    image, flow, mask = (part.numpy() for part in Parts.of(network(1e4 * clips(5, 1)[:, 0])))
    assert [(np.min(part), np.max(part)) for part in (image, flow, mask)] == [
        pytest.approx(ends, abs=1e-3) for ends in ((-1, 1), (-REACH, REACH), (0, 1))
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_a_discriminator_sees_consecutive_frames_of_one_clip_in_their_order(count: int) -> None:
    a, b = clips(5, 1), clips(3, 2)
    starts = [4, 0, 5]
    found = frames_of(a, b, mg.Tensor(np.array(starts)), count).numpy()
    for row, start in enumerate(starts):
        maps, frames = (x.numpy()[row, start : start + count].reshape(-1, 16, 16) for x in (a, b))
        np.testing.assert_array_equal(found[row], np.concatenate([maps, frames]))


def test_windows_begin_anywhere_that_they_fit() -> None:
    a = clips(5, 1, n=300)
    assert sorted(set(starts_of(a, 3, rng()).tolist())) == [0, 1, 2, 3, 4, 5]
    assert sorted(set(starts_of(a, 1, rng()).tolist())) == list(range(8))


def test_the_networks_see_as_many_channels_as_frames() -> None:
    system = built(history=3, window=4)
    weights = [next(iter(network.parameters())).shape[1] for network in networks(system)]
    assert weights == [4 * 5 + 3 * 3, 5 + 3, 4 * (5 + 3)]
    assert painted(system.generator, clips(5, 1), system.before(3, rng()))[0].shape == (3, 8, 3, 16, 16)


def networks(system: Vid2Vid) -> list[Any]:
    return [system.generator, system.image_discriminator, system.video_discriminator]


def one_step(system: Vid2Vid, update: Any, *arguments: Any) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """The numbers of an update, and the step of each weight by gradient descent with rate 1."""
    for name in ("optimizer_g", "optimizer_d"):
        setattr(system, name, mg.optim.SGD(getattr(system, name).params, lr=1.0))
    parts = {name: part for name, part in system.parts().items() if isinstance(part, mg.nn.Module)}
    before = {name: [p.numpy().copy() for p in part.parameters()] for name, part in parts.items()}
    numbers = update(*arguments)
    numbers = numbers[0] if isinstance(numbers, tuple) else numbers
    steps = {
        name: np.concatenate(
            [(old - p.numpy()).ravel() for old, p in zip(before[name], part.parameters(), strict=True)]
        )
        for name, part in parts.items()
    }
    return {name: float(number.item()) for name, number in numbers.items()}, steps


def slope(loss: mg.Tensor, network: Any) -> np.ndarray:
    return np.concatenate([g.numpy().ravel() for g in mg.grad(loss, list(network.parameters()))])


def test_both_discriminators_descend_half_of_least_squares() -> None:
    system, a, b, fake = built(), clips(5, 1), clips(3, 2), clips(3, 3)
    frame, window = drawn_starts(system, a)
    on = [system.on_frames(a, x, frame) for x in (b, fake)] + [
        system.on_windows(a, x, window) for x in (b, fake)
    ]
    losses = [(mean(square(on[i] - 1)) + mean(square(on[i + 1]))) / 2 for i in (0, 2)]
    wanted = [slope(loss, d) for loss, d in zip(losses, networks(system)[1:], strict=True)]
    numbers, steps = one_step(system, system.update_discriminators, a, b, fake, rng(7))
    assert numbers["loss_d_video"] == pytest.approx(losses[1].item(), rel=1e-5)
    assert numbers["loss_d"] == pytest.approx((losses[0] + losses[1]).item(), rel=1e-5)
    assert (numbers["d_real"], numbers["d_fake"]) == pytest.approx(
        [x.numpy().mean() for x in on[:2]], rel=1e-4
    )
    np.testing.assert_allclose(steps["image_discriminator"], wanted[0], rtol=1e-2, atol=1e-6)
    np.testing.assert_allclose(steps["video_discriminator"], wanted[1], rtol=1e-2, atol=1e-6)
    assert (steps["generator"] == 0).all()


def drawn_starts(system: Vid2Vid, a: mg.Tensor, *, before: bool = False) -> list[mg.Tensor]:
    """What an update draws from the generator that it gets."""
    drawing = rng(7)
    if before:
        system.before(len(a), drawing)
    window = system.settings.window
    return [starts_of(a, 1, drawing, system.given(len(a))), starts_of(a, window, drawing)]


def test_the_generator_descends_five_losses_with_their_weights() -> None:
    system = built(temporal=3.0, flow=5.0, brightness=7.0, following=11.0)
    a, b = clips(5, 1), clips(3, 2)
    frame, window = drawn_starts(system, a, before=True)
    fake, flows = painted(system.generator, a, system.before(3, rng(7)), b[:1, 0])
    losses = [
        mean(square(system.on_frames(a, fake, frame) - 1)),
        mean(square(system.on_windows(a, fake, window) - 1)),
        mean(abs(moved_frames(b, flows) - b[:, 1:])),
        mean(abs(mg.ops.max(fake, axis=2) - mg.ops.max(b, axis=2))),
        mean(abs(fake[:1, 1:] - b[:1, 1:])),
    ]
    total = losses[0] + 3.0 * losses[1] + 5.0 * losses[2] + 7.0 * losses[3] + 11.0 * losses[4]
    wanted = slope(total, system.generator)
    numbers, steps = one_step(system, system.update_generator, a, b, rng(7))
    names = "adversarial", "temporal", "flow_loss", "brightness_l1", "following_l1"
    assert [numbers[name] for name in names] == pytest.approx([x.item() for x in losses], rel=1e-5)
    assert numbers["loss_g"] == pytest.approx(total.item(), rel=1e-5)
    np.testing.assert_allclose(steps["generator"], wanted, rtol=1e-2, atol=1e-5)
    assert (steps["image_discriminator"] == 0).all()
    assert (steps["video_discriminator"] == 0).all()


def moved_frames(b: mg.Tensor, flows: mg.Tensor) -> mg.Tensor:
    return mg.ops.stack([moved(b[:, t], flows[:, t]) for t in range(7)], axis=1)


def test_a_flow_that_follows_the_real_motion_costs_nothing() -> None:
    system, a = built(temporal=0.0), clips(5, 1)
    b = np.full((3, 8, 3, 16, 16), -1, np.float32)
    for t in range(8):
        b[:, t, :, 4:8, 1 + t : 5 + t] = 0.5  # one pixel to the right in each frame

    class Constant(mg.nn.Module):
        def __init__(self, right: float) -> None:
            self.right, self.weight = right, mg.nn.Parameter(mg.tensor([0.0]))

        def forward(self, seen: mg.Tensor) -> mg.Tensor:
            out = mg.tensor([0.0, 0.0, 0.0, self.right / REACH, 0.0, 0.0]).reshape((1, 6, 1, 1))
            return seen[:, :1] * self.weight + out

    losses = []
    for right in (1.0, 0.0, -1.0):
        system.generator = Constant(right)
        system.optimizer_g = mg.optim.SGD([system.generator.weight], lr=0.1)  # type: ignore[assignment]
        losses.append(system.update_generator(a, mg.Tensor(b), rng())[0]["flow_loss"].item())
    assert losses[0] == pytest.approx(0, abs=1e-6)
    assert 0 < losses[1] < losses[2]


def test_without_a_temporal_weight_nothing_temporal_is_left() -> None:
    system, a, b = built(temporal=0.0), clips(5, 1), clips(3, 2)
    assert system.video_discriminator is None
    assert not [name for name in system.parts() if "video" in name]
    assert len(system.optimizer_d.params) == len(list(system.image_discriminator.parameters()))
    numbers, fake = system.update_generator(a, b, rng())
    assert "temporal" not in numbers
    assert "loss_d_video" not in system.update_discriminators(a, b, fake, rng())


def test_a_step_takes_the_same_consecutive_frames_of_maps_and_clips() -> None:
    system = built(frames=3)
    times = np.arange(8, dtype=np.float32).reshape(1, 8, 1, 1, 1)
    a, b = (mg.Tensor(np.broadcast_to(times, (3, 8, c, 16, 16)).copy()) for c in (5, 3))
    seen = []

    class Trainer:
        step, rng, host_rng = 0, rng(), rng(1)

        def batch(self) -> Batch:
            return Batch(b, source=a)

        def update(self, update: Any, *arguments: Any) -> Any:
            seen.append([x.numpy()[0, :, 0, 0, 0].tolist() for x in arguments[:2]])
            return b

    for _ in range(40):
        system.step(Trainer())  # type: ignore[arg-type]
    assert all(maps == frames for maps, frames in seen)
    assert {tuple(maps) for maps, _ in seen} == {(t, t + 1, t + 2) for t in map(float, range(6))}


def test_settings_and_data_that_do_not_fit_are_refused() -> None:
    with pytest.raises(UserError, match="`window` must be at most `frames`, 4, got 5"):
        settings_for("vid2vid", "clips", window=5)
    settings_for("vid2vid", "clips", window=5, temporal=0)
    with pytest.raises(UserError, match="`frames` must be at most 8"):
        built(frames=9)
    with pytest.raises(UserError, match="multiples of 4, got frames of 18 x 16 pixels"):
        build(settings_for("vid2vid", "clips"), Spec("clips", (8, 3, 18, 16), source=(8, 5, 18, 16)))
