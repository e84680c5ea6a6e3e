"""DCGAN's networks take their shape from the images; those for 28 x 28 pixels are written out here."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from gans.errors import UserError
from gans.networks import dcgan
from minigrad import grad, nn, ops

SIDES = range(8, 65)
shapes = st.tuples(st.sampled_from((1, 3)), st.sampled_from(SIDES), st.sampled_from(SIDES))


def generator_28(f: int, channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(100, 4 * f * 7 * 7, bias=False),
        nn.Unflatten(1, (4 * f, 7, 7)),
        nn.BatchNorm2d(4 * f),
        nn.ReLU(),
        nn.ConvTranspose2d(4 * f, 2 * f, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(2 * f),
        nn.ReLU(),
        nn.ConvTranspose2d(2 * f, f, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(f),
        nn.ReLU(),
        nn.Conv2d(f, channels, 3, padding=1),
        nn.Tanh(),
    )


def discriminator_28(f: int, channels: int, norm: bool) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, f, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(f, 2 * f, 4, stride=2, padding=1, bias=not norm),
        *([nn.BatchNorm2d(2 * f)] if norm else []),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(2 * f * 7 * 7, 1),
    )


@pytest.mark.parametrize("features", [64, 32])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("norm", [True, False])
def test_the_networks_for_28_pixels_are_these_with_the_same_initial_numbers(
    features: int, channels: int, norm: bool
) -> None:
    shape = (channels, 28, 28)
    mg.manual_seed(3)
    ours = dcgan.generator(100, shape, features), dcgan.discriminator(shape, features, norm)
    mg.manual_seed(3)
    expected = (
        dcgan.initialised(generator_28(features, channels)),
        dcgan.initialised(discriminator_28(features, channels, norm)),
    )
    for network, written in zip(ours, expected, strict=True):
        assert repr(network) == repr(written)
        numbers = written.state_dict()
        assert list(network.state_dict()) == list(numbers)
        assert all(np.array_equal(value, numbers[name]) for name, value in network.state_dict().items())


def test_64_features_are_the_default() -> None:
    shape = (1, 28, 28)
    assert repr(dcgan.generator(100, shape)) == repr(generator_28(64, 1))
    assert repr(dcgan.discriminator(shape)) == repr(discriminator_28(64, 1, norm=True))


@settings(max_examples=40)
@given(shape=shapes, norm=st.booleans(), base=st.integers(2, 7))
def test_any_image_is_made_and_judged_and_the_gradient_reaches_every_weight(
    shape: tuple[int, int, int], norm: bool, base: int
) -> None:
    mg.manual_seed(0)
    G, D = dcgan.generator(5, shape, 2, base), dcgan.discriminator(shape, 2, norm, base)
    z = mg.random.normal((3, 5))
    images = G(z)
    assert images.shape == (3, *shape)
    logits = D(images)
    assert logits.shape == (3, 1)
    parameters = [*G.parameters(), *D.parameters()]
    for p, slope in zip(parameters, grad(ops.sum(ops.square(logits - 1.0)), parameters), strict=True):
        assert slope.shape == p.shape
        assert np.isfinite(slope.numpy()).all()
        assert slope.numpy().any()


@pytest.mark.parametrize("base", range(2, 8))
def test_each_side_is_halved_until_the_base_is_reached(base: int) -> None:
    for h in SIDES:
        for w in SIDES:
            sizes = dcgan.sizes_of((1, h, w), base)
            assert sizes[0] == (h, w)
            assert all(base < 2 * side <= 2 * base for side in sizes[-1])
            for before, after in pairwise(sizes):
                assert before != after
                for long, short in zip(before, after, strict=True):
                    assert short == (long if long <= base else -(-long // 2))


@pytest.mark.parametrize(("base", "least"), [(7, 16), (4, 9), (2, 4)])
def test_no_batch_norm_sees_maps_of_fewer_pixels(base: int, least: int) -> None:
    seen = []
    for side in SIDES:
        shape = (1, side, side)
        G, D = dcgan.generator(2, shape, 1, base), dcgan.discriminator(shape, 1, True, base)
        for network, x in ((G, (2, 2)), (D, (2, *shape))):
            for row in nn.summary(network, x).layers:
                if row.words.startswith("BatchNorm2d"):
                    assert row.output is not None
                    seen.append(row.output[2] * row.output[3])
    assert min(seen) == least


@pytest.mark.parametrize("shape", [(1, 7, 28), (1, 28, 65), (3, 0, 8), (1, 4096, 4096)])
def test_other_sides_are_refused_in_words(shape: tuple[int, int, int]) -> None:
    message = rf"images of {shape[1]} x {shape[2]} pixels: .* sides of 8 to 64 pixels"
    with pytest.raises(UserError, match=message):
        dcgan.generator(100, shape)
    with pytest.raises(UserError, match=message):
        dcgan.discriminator(shape)


@pytest.mark.parametrize("shape", [1, (28, 28)])
def test_a_number_of_channels_is_no_shape(shape: Any) -> None:
    with pytest.raises(TypeError, match=r"expected the shape \(c, h, w\) of an image, got"):
        dcgan.generator(100, shape)
    with pytest.raises(TypeError, match=r"expected the shape \(c, h, w\) of an image, got"):
        dcgan.discriminator(shape)


@pytest.mark.parametrize("base", [1, 8])
def test_a_base_out_of_range_is_refused(base: int) -> None:
    with pytest.raises(ValueError, match=r"base must be an integer from 2 to 7"):
        dcgan.generator(100, (1, 28, 28), base=base)
    with pytest.raises(ValueError, match=r"base must be an integer from 2 to 7"):
        dcgan.discriminator((1, 28, 28), base=base)
