"""pix2pixHD: its phases, its losses, the encoder's features of objects, styles and figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gans
import minigrad as mg
from gans.cli import main
from gans.data import SceneData
from gans.data.images import image_data
from gans.data.layouts import instances
from gans.data.spec import spec_of
from gans.errors import UserError
from gans.metrics import load_classifier
from gans.systems import Ask, build, settings_for
from gans.systems.maps import classes_of, masks_of, with_styles
from gans.systems.pix2pixhd import Pix2PixHD
from gans.systems.scenes import object_features
from gans.trainer import Training, ask_of, random_stream
from gans.trainer.pictures import shown
from minigrad import Tensor
from tests.gans.systems.translators import few
from tests.states import flat

SMALL = {
    "batch_size": 2,
    "features": 4,
    "blocks": 1,
    "global_steps": 2,
    "enhancer_steps": 2,
    "clusters": 3,
    "cluster_steps": 5,
}
SCENES = SceneData(few())
ARRAYS = SCENES.batch(slice(4))
FIELDS = ("optimizer_global", "optimizer_coarse_image", "optimizer_enhancer", "optimizer_encoder")


def small(**changes: Any) -> Pix2PixHD:
    """A system with the same first weights at each call."""
    mg.manual_seed(0)
    found: Any = build(settings_for("pix2pixhd", "pairs", **{**SMALL, **changes}), spec_of(SCENES))
    return found  # type: ignore[no-any-return]


def training(**changes: Any) -> Training:
    return Training(small(**changes), SCENES, seed=0)


def pair() -> tuple[Tensor, Tensor]:
    a, b = ARRAYS
    return mg.tensor(a), mg.tensor(b)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


# the map


def test_the_boundary_map_marks_exactly_the_borders_between_instances() -> None:
    """A pixel is marked if one of its four neighbours has another number, and no other is."""
    a, _ = ARRAYS
    for numbers, marked in zip(instances(a), a[:, -2], strict=True):
        h, w = numbers.shape
        expected = np.zeros((h, w), np.float32)
        for y in range(h):
            for x in range(w):
                beside = [(y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)]
                inside = [(i, j) for i, j in beside if 0 <= i < h and 0 <= j < w]
                expected[y, x] = any(numbers[i, j] != numbers[y, x] for i, j in inside)
        assert np.array_equal(marked, expected)
        assert 0 < marked.mean() < 0.5


def test_two_touching_objects_of_one_class_differ_for_g_by_their_boundary_alone() -> None:
    """G's inputs have the classes, one-hot, and the boundaries, but no number of an object."""
    system, (a, b) = small(), pair()
    inputs = with_styles(a, system.styled(a, b)).numpy()
    assert inputs.shape[1] == 11 + 1 + 3
    assert np.array_equal(inputs[:, :12], a.numpy()[:, :12])
    assert np.array_equal(np.unique(inputs[:, :12]), [0, 1])
    assert np.array_equal(inputs[:, :11].sum(axis=1), np.ones((4, 56, 56)))


def test_objects_of_maps_have_their_pixels_and_classes() -> None:
    a, _ = pair()
    numbers, labels = instances(a.numpy()), a.numpy()[:, :11].argmax(axis=1)
    masks, classes = masks_of(a).numpy(), classes_of(a).numpy()
    for i in range(5):
        assert np.array_equal(masks[:, i], numbers == i)
        for one, label, number in zip(classes, labels, numbers, strict=True):
            assert (number == i).sum() == 0 or set(label[number == i]) == {one[i]}


# phases


def states(system: Pix2PixHD) -> dict[str, Any]:
    """The state of each part of G and of D, with that of its optimizer."""
    G, D = system.generator, system.discriminator
    parts: dict[str, list[Any]] = {
        "global": [G.coarse, system.optimizer_global],
        "coarse image": [G.coarse_image, system.optimizer_coarse_image],
        "enhancer": [G.enter, G.leave, system.optimizer_enhancer],
        "encoder": [system.encoder, system.optimizer_encoder],
    }
    for i, scale in enumerate(D.scales):
        parts[f"D {i}"] = [scale, getattr(system, f"optimizer_d_{i}")]
    return {name: flat([part.state_dict() for part in both]) for name, both in parts.items()}


@pytest.mark.parametrize(
    ("begun", "fixed"),
    [
        (0, {"enhancer", "D 0"}),
        (2, {"global", "coarse image"}),
        (4, {"coarse image"}),
    ],
)
def test_a_phase_changes_its_own_parts_alone(begun: int, fixed: set[str]) -> None:
    """G1 alone; then the enhancer around G1, which is fixed; then both."""
    run = training()
    for _ in range(begun):
        run.advance()
    system: Any = run.system
    before = states(system)
    for _ in range(2):
        run.advance()
        after = states(system)
        assert {name for name in before if before[name] == after[name]} == fixed


def test_a_run_of_g1_alone_may_end_there_and_samples_are_whole() -> None:
    run = training(global_steps=10)
    run.advance()
    made = run.system.sample(2, rng(), ask_of(SCENES, 2)).samples
    assert made.shape == (2, 3, 56, 56)
    assert np.array_equal(made[:, :, ::2, ::2], made[:, :, 1::2, 1::2])
    fine = training(global_steps=0)
    fine.advance()
    made = fine.system.sample(2, rng(), ask_of(SCENES, 2)).samples
    assert not np.array_equal(made[:, :, ::2, ::2], made[:, :, 1::2, 1::2])


def test_a_run_goes_on_bit_for_bit_across_its_phases(tmp_path: Path) -> None:
    """Stopped after each of seven steps: within phases, at their ends, and around the clustering."""
    whole = training()
    states, numbers = [], []
    for _ in range(7):
        states.append(whole.state_dict())
        numbers.append(whole.advance()[0].numbers)
    last = flat(whole.state_dict())
    for step, state in enumerate(states):
        mg.save(tmp_path / "state.safetensors", state)
        other = training()
        other.load_state_dict(mg.load(tmp_path / "state.safetensors"))
        assert [other.advance()[0].numbers for _ in range(step, 7)] == numbers[step:]
        assert flat(other.state_dict()) == last


def test_the_rates_of_all_optimizers_are_those_of_the_settings() -> None:
    system = small(lr=1e-3, lr_ratio=2.0, lr_steps=8)
    rates = system.rates(6)
    own = {name for name in system.parts() if name.startswith("optimizer")}
    assert set(rates) == own
    assert {rates[name] for name in FIELDS} == {5e-4}
    assert {rates[name] for name in own - set(FIELDS)} == {1e-3}


# losses


def activations(system: Pix2PixHD, a: Tensor, image: Tensor) -> list[list[np.ndarray]]:
    with mg.no_grad():
        return [[x.numpy().astype(np.float64) for x in scale] for scale in system.judged(a, image)]


@pytest.mark.parametrize(("phase", "scales"), [("global", 2), ("enhancer", 3), ("joint", 3)])
def test_the_losses_are_the_papers(phase: Any, scales: int) -> None:
    system, (a, b) = small(matching=7.0, content=3.0), pair()
    real = system.real(b, phase)
    with mg.no_grad():
        fake = system.generator(with_styles(a, system.styled(a, b)), phase != "global")
    on_real, on_fake = activations(system, a, real), activations(system, a, fake)
    assert len(on_real) == len(on_fake) == scales
    adversarial = sum(((scale[-1] - 1) ** 2).mean() / 2 for scale in on_fake)
    matching = sum(
        np.abs(x - y).mean()
        for one, other in zip(on_fake, on_real, strict=True)
        for x, y in zip(one[:-1], other[:-1], strict=True)
    )
    net, content = load_classifier().net, 0.0
    with mg.no_grad():
        colours = [net.maps(x[:, i : i + 1]) for i in range(3) for x in (fake, real)]
    for layer, weight in enumerate((0.25, 0.5, 1)):
        one, other = (np.stack([maps[layer].numpy() for maps in colours[k::2]]) for k in (0, 1))
        content += weight * float(np.abs(one - other).mean())
    squares = [
        (((x[-1] - 1) ** 2).mean() + (y[-1] ** 2).mean()) / 2 for x, y in zip(on_real, on_fake, strict=True)
    ]
    of_d = system.update_discriminator(a, b, fake, phase)
    again = small(matching=7.0, content=3.0)
    numbers, made = again.update_generator(a, b, phase)
    assert np.array_equal(made.numpy(), fake.numpy())
    assert of_d["loss_d"].item() == pytest.approx(sum(squares), rel=1e-5)
    assert numbers["adversarial"].item() == pytest.approx(adversarial, rel=1e-5)
    assert numbers["matching"].item() == pytest.approx(matching, rel=1e-4)
    assert numbers["content"].item() == pytest.approx(content, rel=1e-4)
    expected = adversarial + 7 * matching + 3 * content
    assert numbers["loss_g"].item() == pytest.approx(expected, rel=1e-4)


def test_feature_matching_has_a_gradient_to_fakes_and_none_to_real_features(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The features of real scenes are constants, those of fakes are of the fake of this very update."""
    system, (a, b) = small(), pair()
    seen: list[tuple[Tensor, list[list[Tensor]]]] = []
    slopes: list[Tensor] = []
    judged = Pix2PixHD.judged

    def noting(system: Pix2PixHD, a: Tensor, image: Tensor) -> Any:
        seen.append((image, judged(system, a, image)))
        first = seen[-1][1][0][0]
        if first.op is not None:  # now: the update releases the graph
            slopes.extend(mg.grad(mg.ops.sum(first), [image]))
        return seen[-1][1]

    monkeypatch.setattr(Pix2PixHD, "judged", noting)
    _, fake = system.update_generator(a, b, "joint")
    (real, on_real), (image, on_fake) = seen
    assert real is b
    assert np.array_equal(image.numpy(), fake.numpy())
    assert all(x.op is None for scale in on_real for x in scale)
    assert not any(x.op is None for scale in on_fake for x in scale)
    (slope,) = slopes
    assert np.abs(slope.numpy()).max() > 0


def test_each_update_moves_its_own_networks_alone() -> None:
    system, (a, b) = small(), pair()
    before = states(system)
    _, fake = system.update_generator(a, b, "joint")
    between = states(system)
    changed = {name for name in before if before[name] != between[name]}
    assert changed == {"global", "enhancer", "encoder"}
    system.update_discriminator(a, b, fake, "joint")
    after = states(system)
    assert {name for name in after if after[name] != between[name]} == {"D 0", "D 1", "D 2"}


def test_the_classifier_is_no_part_of_what_is_trained() -> None:
    run = training()
    net = run.system.content.net  # type: ignore[attr-defined]
    before = flat(net.state_dict())
    assert not net.training
    for _ in range(3):
        run.advance()
    assert flat(net.state_dict()) == before
    assert not any("content" in name for name in run.system.parts())


# the encoder and styles


def test_e_s_features_reach_g_and_its_gradient_reaches_e() -> None:
    system, (a, b) = small(), pair()
    other = mg.tensor(np.ascontiguousarray(b.numpy()[:, ::-1]))
    with system.evaluating():
        first, second = (system.whole(a, system.styled(a, x)).numpy() for x in (b, other))
    assert np.abs(first - second).max() > 0
    fake = system.generator(with_styles(a, system.styled(a, b)))
    gradients = mg.grad(mg.ops.sum(fake * b), list(system.encoder.parameters()))
    assert all(np.abs(g.numpy()).max() > 0 for g in gradients)


def test_an_object_has_one_style_and_its_own() -> None:
    """At all of its pixels G sees the same features of it, the mean of E's."""
    system, (a, b) = small(), pair()
    style = system.styled(a, b)
    maps = with_styles(a, style).numpy()[:, 12:]
    numbers = instances(a.numpy())
    for frame, number, features in zip(maps, numbers, style.numpy(), strict=True):
        for i in np.unique(number):
            found = frame[:, number == i]
            np.testing.assert_allclose(found, np.broadcast_to(features[:, i, None], found.shape), atol=1e-6)


def test_all_training_objects_of_some_size_are_clustered() -> None:
    run = training()
    system: Any = run.system
    for _ in range(4):
        run.advance()
    assert not system.clusters.counts.numpy().any()
    run.advance()  # the fifth step
    a, _ = SCENES.batch()
    expected = np.zeros(11, int)
    for label, number in zip(a[:, :11].argmax(axis=1), instances(a), strict=True):
        for i in np.unique(number):
            if (number == i).sum() >= 16:
                expected[label[number == i][0]] += 1
    assert expected[0] == len(SCENES)
    assert np.array_equal(system.clusters.counts.numpy().sum(axis=1), expected)
    with system.evaluating():
        features, classes = object_features(SCENES, system.styled, "cpu")
    counts = np.bincount(classes, minlength=11)
    assert np.array_equal(counts, expected)
    means = [features[classes == k].mean(axis=0) for k in range(11) if counts[k]]
    weights = system.clusters.counts.numpy()[counts > 0, :, None]
    ours = (system.clusters.centres.numpy()[counts > 0] * weights).sum(axis=1) / weights.sum(axis=1)
    np.testing.assert_allclose(ours, means, atol=1e-5)


@pytest.fixture
def coloured() -> Pix2PixHD:
    """A system with clusters that differ strongly."""
    system = small(global_steps=0)
    features = rng().uniform(-3, 3, (330, 3)).astype(np.float32)
    system.clusters.fit(features, np.arange(330) % 11, rng())
    return system


def test_several_styles_of_one_map(coloured: Pix2PixHD) -> None:
    a, b = SCENES.test(slice(1))
    sources, targets = a.repeat(3, axis=0), b.repeat(3, axis=0)
    made = coloured.sample(3, rng(), Ask(sources=sources, targets=targets, styles=np.array([0, 1, 0])))
    first, second, third = made.samples
    assert np.array_equal(first, third)
    assert np.abs(first - second).max() > 1e-3
    assert made.columns == 3
    drawn, again, other = (coloured.sample(3, rng(i), Ask(sources=sources)).samples for i in (1, 1, 2))
    assert np.array_equal(drawn, again)
    assert not np.array_equal(drawn, other)
    assert not np.array_equal(drawn[0], drawn[1])


def test_the_features_of_a_style_are_those_of_its_cluster(coloured: Pix2PixHD) -> None:
    a = mg.tensor(SCENES.test(slice(2))[0])
    seen: list[np.ndarray] = []

    def noting(a: Tensor, styles: Tensor) -> Tensor:
        seen.append(with_styles(a, styles).numpy())
        return coloured.whole(a, styles)

    coloured.painter = coloured.painter._replace(paint=noting)
    coloured.sample(2, rng(), Ask(sources=a.numpy(), styles=np.array([2, 2])))
    centres, numbers, classes = coloured.clusters.centres.numpy(), instances(a.numpy()), classes_of(a).numpy()
    for n in range(2):
        for i in np.unique(numbers[n]):
            found = seen[0][n, 12:, numbers[n] == i]
            np.testing.assert_allclose(
                found, np.broadcast_to(centres[classes[n, i], 2], found.shape), atol=1e-6
            )


def test_a_picture_has_map_real_scene_its_copy_and_styles(coloured: Pix2PixHD) -> None:
    made = shown(coloured, SCENES, random_stream(0, "fixed noise"))
    assert made.columns == 7
    assert made.samples.shape == (8 * 7, 3, 56, 56)
    rows = made.samples.reshape(8, 7, 3, 56, 56)
    a, b = SCENES.test(slice(8))
    assert np.array_equal(rows[:, 1], b)
    assert np.array_equal(rows[:, 2], coloured.painter.rebuilt(a, b))
    assert not np.array_equal(rows[:, 3], rows[:, 4])


def test_figures_of_samples_stand_beside_those_of_real_scenes(coloured: Pix2PixHD) -> None:
    with coloured.evaluating():
        figures = coloured.figures(SCENES, rng())
    assert set(figures) == {*coloured.figure_meanings, "real_object_accuracy"}
    assert figures["real_object_accuracy"] > 0.85
    assert 0 <= figures["object_accuracy"] < 0.5  # G has learnt nothing
    assert figures["style_spread"] > 0


def test_styles_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Test maps of the run's data in two styles each; without clusters yet all styles are one."""
    options = {"batch_size": 2, "features": 2, "blocks": 0, "global_steps": 0, "cluster_steps": 100}
    gans.train("pix2pixhd", "scenes:mnist5k", steps=1, out=tmp_path / "run", progress=False, **options)  # type: ignore[arg-type]
    out = tmp_path / "styles.npz"
    command = ["sample", str(tmp_path / "run"), "--n", "5", "--out", str(out), "--style"]
    assert main([*command, "0", "7"]) == 0
    arrays = np.load(out)
    assert arrays["images"].shape == (5, 3, 56, 56)
    a, _ = gans.data.load("scenes:mnist5k").test(slice(3))  # type: ignore[union-attr]
    assert np.array_equal(arrays["sources"], a[[0, 0, 1, 1, 2]])
    capsys.readouterr()
    assert main([*command, "10"]) != 0
    assert "--style must lie from 0 to 9" in capsys.readouterr().err


def test_styles_from_python(tmp_path: Path) -> None:
    options = {**SMALL, "global_steps": 1, "enhancer_steps": 1, "cluster_steps": 3}
    run = gans.train("pix2pixhd", SCENES, steps=3, out=tmp_path / "run", progress=False, **options)  # type: ignore[arg-type]
    a = SCENES.test(slice(2))[0]
    made = gans.sample(run, 6, sources=a, styles=[0, 2])
    assert len(made) == 4
    assert np.array_equal(made.sources, a[[0, 0, 1, 1]])
    assert len(gans.sample(run, 3, sources=a, styles=[0, 2])) == 3
    with pytest.raises(UserError, match="`styles` must lie from 0 to 2, got 3"):
        gans.sample(run, 2, sources=a, styles=3)
    with pytest.raises(UserError, match="`styles` must be a style or a list of styles"):
        gans.sample(run, 2, sources=a, styles=[])


# data


def test_it_needs_maps_with_instances() -> None:
    settings = settings_for("pix2pixhd", "pairs")
    colour = gans.data.PairData("masked", few(colour=True))
    with pytest.raises(UserError, match=r"needs maps of classes and instances .* scenes:mnist5k"):
        Pix2PixHD.check_data(settings, spec_of(colour))
    with pytest.raises(UserError, match="pix2pixhd needs pairs of images, got images"):
        settings_for("pix2pixhd", "image")


def test_scenes_without_labels_have_one_class() -> None:
    """Its maps have the background, one class, and boundaries."""
    pixels = few().images[:30]
    scenes = SceneData(image_data("plain", pixels, None, pixels[:4], None))
    mg.manual_seed(0)
    system = build(settings_for("pix2pixhd", "pairs", **SMALL), spec_of(scenes))
    run = Training(system, scenes, seed=0)
    for _ in range(5):
        run.advance()
    assert run.system.sample(2, rng(), ask_of(scenes, 2)).samples.shape == (2, 3, 56, 56)
