"""The experiments on images, cut short: the figures that they give, and the papers' networks and settings."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import minigrad as mg
from gans.data import ImageData, load
from gans.data.spec import spec_of
from gans.errors import UserError
from gans.reproductions import EXPERIMENTS
from gans.reproductions import images as shared
from gans.reproductions.experiments import (
    dcgan_neighbour,
    few_labels,
    infogan_digits,
    lucic,
    seqgan_oracle,
    stacked_modes,
)
from gans.reproductions.images import begun, first_images, whole_mnist
from gans.reproductions.networks import generator_1024, trunk_1024
from gans.reproductions.trial import Trial
from gans.systems import settings_for
from minigrad import nn
from tests.gans.reproductions.images import FIRST, like_mnist

SHAPE = (1, 28, 28)


def kinds(network: nn.Module) -> set[str]:
    return {type(part).__name__ for part in network.modules()}


def maps_of(network: nn.Module) -> list[int]:
    """The output maps of each convolution, in order."""
    return [part.out_channels for part in network.modules() if isinstance(part, nn.Conv2d)]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> ImageData:
    """Few images in MNIST's place, and few samples."""
    data = like_mnist()
    for module in (infogan_digits, dcgan_neighbour, few_labels, lucic, stacked_modes):
        assert isinstance(module, ModuleType)
        monkeypatch.setattr(module, "whole_mnist", lambda trial: data)
        for name, value in (("TRAINED", FIRST), ("SAMPLES", 100)):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, value)
    return data


@pytest.mark.parametrize(
    ("name", "row", "without"),
    [
        ("infogan-digits", "infogan", set()),
        ("dcgan-neighbour", "dcgan", set()),
        ("few-labels", "labels-20", set()),
        ("few-labels", "without-g", set()),
        ("lucic", "non-saturating", {"fid"}),
        ("lucic", "wgan-gp", {"fid"}),
        ("lucic", "vae", {"fid"}),
        ("stacked-modes", "gan", set()),
        ("stacked-modes", "wgan-gp", set()),
        ("stacked-modes", "growing", set()),
    ],
)
def test_a_short_trial_gives_the_figures_of_the_table(
    name: str, row: str, without: set[str], small: ImageData, tmp_path: Path
) -> None:
    experiment = EXPERIMENTS[name]
    figures = experiment.rows[row].trial(Trial(tmp_path, 0, steps=1))
    assert figures.keys() == experiment.figures.keys() - without
    assert all(value is not None and np.isfinite(value) for value in figures.values())


def test_a_part_of_mnist_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "load", lambda name, folder: like_mnist())
    with pytest.raises(UserError, match=r"60,000 training .* got 500 and 100"):
        whole_mnist(Trial(tmp_path, 0))


def test_the_first_images_are_dark(small: ImageData) -> None:
    part = first_images(small, FIRST)
    assert len(part) == FIRST
    assert part.images.max() < 60
    assert part.tests == small.tests


def test_the_networks_that_infogan_and_lucic_share_have_the_published_sizes() -> None:
    G, D = generator_1024(74, SHAPE), trunk_1024(SHAPE, 0.2, norm=False)
    assert (
        sum(p.size for p in G.parameters() if p.ndim > 1) == 74 * 1024 + 1024 * 6272 + 128 * 64 * 16 + 64 * 16
    )
    assert sum(p.size for p in D.parameters() if p.ndim > 1) == 64 * 16 + 64 * 128 * 16 + 6272 * 1024
    assert "BatchNorm2d" not in kinds(D)
    made = G.eval()(mg.random.normal((3, 74)) * 1e3).numpy()
    assert made.shape == (3, *SHAPE)
    assert -1 <= made.min() < made.max() <= 1


class TestInfoGAN:
    def test_the_error_is_that_of_the_best_map(
        self, small: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        training = begun(
            infogan_digits.AsPublished, settings_for("infogan", "image"), small, Trial(tmp_path, 0)
        )
        digits = small.test_labels.astype(int)
        for found, expected in ((9 - digits, 0.0), (np.zeros(100, int), 90.0)):
            monkeypatch.setattr(infogan_digits, "categories", lambda system, images, found=found: found)
            assert infogan_digits.error(training, small) == pytest.approx(expected)

    def test_categories_are_q_s_largest_logit(self, small: ImageData, tmp_path: Path) -> None:
        training = begun(
            infogan_digits.AsPublished, settings_for("infogan", "image"), small, Trial(tmp_path, 0)
        )
        gan = training.system
        assert isinstance(gan, infogan_digits.AsPublished)
        *_, last = (part for part in gan.recognition.modules() if isinstance(part, nn.Linear))
        assert last.bias is not None
        nn.init.ones_(last.bias)
        bias = np.zeros(last.bias.shape, np.float32)
        bias[7], bias[10:] = 1e3, 1e6  # the codes are no categories
        mg.modify(last.bias, np.copyto, bias)
        assert (infogan_digits.categories(gan, small.test()) == 7).all()


class TestConditionalDCGAN:
    def test_the_class_is_part_of_every_layer(self) -> None:
        spec = spec_of(like_mnist())
        G, D = dcgan_neighbour.Generator(100, spec).eval(), dcgan_neighbour.Discriminator(spec).eval()
        assert [p.shape for p in G.parameters()] == [
            (1024, 110), (6272, 1034), (138, 64, 5, 5), (74, 1, 5, 5),
        ]  # fmt: skip
        assert [p.shape for p in D.parameters()] == [
            (64, 11, 5, 5), (128, 74, 5, 5), (1024, 6282), (1, 1034),
        ]  # fmt: skip
        images = G(mg.zeros((2, 100)), mg.tensor([3, 4]))
        assert images.shape == (2, *SHAPE)
        assert not np.array_equal(*images.numpy())
        same = mg.zeros((2, *SHAPE))
        assert not np.array_equal(*D(same, mg.tensor([3, 4])).numpy())

    def test_classes_are_joined_as_one_hot(self) -> None:
        labels = mg.tensor([1, 0])
        units = dcgan_neighbour.with_class(mg.ones((2, 1)), labels, 2)
        assert units.tolist() == [[1, 0, 1], [1, 1, 0]]
        maps = dcgan_neighbour.with_class(mg.ones((2, 1, 2, 2)), labels, 2).numpy()
        assert maps.shape == (2, 3, 2, 2)
        assert (maps == units.numpy()[:, :, None, None]).all()

    def test_weights_decay_and_the_rate_falls_in_the_second_half(
        self, small: ImageData, tmp_path: Path
    ) -> None:
        settings = settings_for("cgan", "image", ema=0.0)
        gan = begun(dcgan_neighbour.AsPublished, settings, small, Trial(tmp_path, 0)).system
        for name in ("optimizer_g", "optimizer_d"):
            optimizer = getattr(gan, name)
            assert (optimizer.lr, optimizer.betas, optimizer.weight_decay) == (2e-4, (0.5, 0.999), 2.5e-5)
        steps = dcgan_neighbour.STEPS
        assert steps == 39_000
        rates = [gan.rates(step)["optimizer_g"] for step in (0, steps // 2, 3 * steps // 4, steps, 2 * steps)]
        assert rates == pytest.approx([2e-4, 2e-4, 1e-4, 0, 0])


class TestFewLabels:
    def started(self, data: ImageData, folder: Path) -> few_labels.AsPublished:
        settings = settings_for("ssgan", "partial", lr=3e-3, ema=0.9999)
        made = few_labels.PartialData(data, 20)
        training = begun(few_labels.AsPublished, settings, made, Trial(folder, 0))
        few_labels.begin(made, training)
        for _ in range(2):
            training.advance()
        assert isinstance(training.system, few_labels.AsPublished)
        return training.system

    def test_the_outputs_of_each_layer_begin_with_mean_0_and_variance_1(self) -> None:
        data = like_mnist()
        judge = few_labels.Classifier(spec_of(data)).eval()  # without noise, which is drawn anew
        judge.begin_at(mg.tensor(data.train()))
        features, logits = (t.numpy() for t in judge(mg.tensor(data.train())))
        np.testing.assert_allclose(logits.mean(axis=0), 0, atol=1e-3)
        np.testing.assert_allclose(logits.std(axis=0), 1, rtol=1e-3)
        assert features.shape == (500, 250)

    def test_training_keeps_the_lengths_of_hidden_weights(self, small: ImageData, tmp_path: Path) -> None:
        gan = self.started(small, tmp_path)
        assert isinstance(gan.discriminator, few_labels.Classifier)
        average = gan.averages["discriminator"].module
        assert isinstance(average, few_labels.Classifier)
        for layer, before in zip(gan.discriminator.layers, average.layers, strict=True):
            moved = np.abs(layer.weight_g.numpy() - before.weight_g.numpy()).max()
            assert (moved > 0) == (layer is gan.discriminator.layers[-1])
            assert np.abs(layer.weight_v.numpy() - before.weight_v.numpy()).max() > 1e-4

    def test_rows_have_their_labels_and_losses(self) -> None:
        rows = EXPERIMENTS["few-labels"].rows
        assert [row.settings["labels"] for row in rows.values()] == [20, 50, 100, 200, 100]
        assert [row.settings["unsupervised"] for row in rows.values()] == [0.5, 0.5, 0.5, 0.5, 0.0]


class TestStackedModes:
    spec = spec_of(load("stacked:mnist5k"))

    def networks(self, *parts: bool) -> tuple[nn.Module, nn.Module]:
        settings = settings_for("pggan", "image", features=stacked_modes.FEATURES)
        made = stacked_modes.networks_with(stacked_modes.Parts(*parts), settings, self.spec)
        return made["generator"], made["discriminator"]

    def test_each_row_has_its_parts(self) -> None:
        for parts, in_g, in_d in (
            ((), {"BatchNorm2d"}, set()),
            ((True,), {"PixelNorm"}, set()),
            ((True, True), {"PixelNorm"}, {"MinibatchStdDev"}),
        ):
            G, D = self.networks(*parts)
            watched = {"BatchNorm2d", "PixelNorm", "MinibatchStdDev"}
            assert (kinds(G) & watched, kinds(D) & watched) == (in_g, in_d)
            equalised = {
                name.endswith("weight_orig") for name in dict(D.named_parameters()) if "weight" in name
            }
            assert equalised == {bool(parts)}
            images = G(mg.random.normal((4, 64)), 2)
            assert images.shape == (4, 3, 28, 28)
            assert D(images, 2).shape == (4, 1)

    def test_d_has_a_quarter_of_g_s_maps(self) -> None:
        G, D = self.networks(True, True, True)
        assert max(maps_of(G)) == 4 * max(maps_of(D)) == 32
        small = stacked_modes.small_networks(settings_for("dcgan", "image", latent=256), self.spec)
        assert maps_of(small["discriminator"]) == [2, 4, 8]
        made = small["generator"](mg.random.normal((2, 256)))
        assert made.shape == (2, 3, 28, 28)
        assert small["discriminator"](made).shape == (2, 1)

    def test_growing_alone_begins_small(self, small: ImageData, tmp_path: Path) -> None:
        settings = settings_for("pggan", "image", fade_steps=3, hold_steps=3)
        for system, first in ((stacked_modes.PGGAN, 0), (stacked_modes.AtFullSize, 2)):
            gan = begun(system, settings, small, Trial(tmp_path, 0)).system
            assert isinstance(gan, stacked_modes.PGGAN)
            assert gan.growth(0) == (first, 1.0)


class TestSeqGAN:
    def test_a_short_trial(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(seqgan_oracle, "SAMPLES", 200)
        experiment = EXPERIMENTS["seqgan-oracle"]
        figures = experiment.rows["constant"].trial(Trial(tmp_path, 0, steps=9))
        assert figures.keys() == experiment.figures.keys()
        assert figures["drop"] == pytest.approx(figures["before"] - figures["after"])

    def test_a_share_shortens_every_phase(self, tmp_path: Path) -> None:
        chosen = seqgan_oracle.SCALED
        half = Trial(tmp_path, 0, steps=seqgan_oracle.length(chosen, "oracle60") // 2)
        found = seqgan_oracle.phases(chosen, "oracle60", half)
        assert found["likelihood_steps"] == chosen["likelihood_steps"] // 2 == 100
        assert found["judging_steps"] == chosen["judging_steps"] // 2
        assert found["rollouts"] == chosen["rollouts"]

    def test_the_published_row_has_the_published_drop(self) -> None:
        published = EXPERIMENTS["seqgan-oracle"].rows["published"].published
        assert published["drop"].value == pytest.approx(0.302)


def test_our_distance_and_the_published_one_share_no_column() -> None:
    experiment = EXPERIMENTS["lucic"]
    for row in experiment.rows.values():
        assert set(row.published) == {"fid"}
    assert "fd" in experiment.figures
    assert lucic.STEPS == 15_625
    plain, normed = (
        lucic.networks(norm, settings_for("dcgan", "image"), spec_of(like_mnist())) for norm in (False, True)
    )
    assert "BatchNorm2d" not in kinds(plain["discriminator"])
    assert "BatchNorm2d" in kinds(normed["discriminator"])
