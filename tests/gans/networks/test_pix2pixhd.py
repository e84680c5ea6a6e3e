"""pix2pixHD's networks: their sizes, from coarse to fine, three scales, and means over objects."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from gans.networks.pix2pixhd import CoarseToFine, MultiScale, Patches, encoder, object_means, painted

SIZES = [(56, 56), (33, 48)]


def images(*shape: int, seed: int = 0) -> mg.Tensor:
    return mg.tensor(np.random.default_rng(seed).standard_normal(shape).astype(np.float32))


@pytest.mark.parametrize("size", SIZES)
def test_the_coarse_image_has_half_of_the_size_and_the_fine_one_all(size: tuple[int, int]) -> None:
    G = CoarseToFine(5, 3, size, features=4, blocks=1, enhancer_blocks=1)
    maps = images(2, 5, *size)
    with mg.no_grad():
        assert G(maps, fine=False).shape == (2, 3, (size[0] + 1) // 2, (size[1] + 1) // 2)
        fine = G(maps).numpy()
    assert fine.shape == (2, 3, *size)
    assert np.abs(fine).max() <= 1


def test_g1_s_features_and_not_its_image_reach_the_fine_image() -> None:
    """The enhancer adds them to its own: with other weights of G1 the fine image is another one."""
    G = CoarseToFine(5, 3, (56, 56), features=4, blocks=1, enhancer_blocks=1)
    maps = images(1, 5, 56, 56)
    for part, reaches in ((G.coarse_image, False), (G.coarse, True), (G.enter, True), (G.leave, True)):
        with mg.no_grad():
            before = G(maps).numpy()
            for p in part.parameters():
                mg.modify(p, lambda w: np.multiply(w, -1.5, out=w))
            assert np.array_equal(G(maps).numpy(), before) != reaches


def test_three_scales_see_three_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    D = MultiScale(2, (56, 56), features=4)
    assert D.sizes == [(56, 56), (28, 28), (14, 14)]
    seen: list[mg.Tensor] = []
    forward = Patches.forward
    monkeypatch.setattr(Patches, "forward", lambda scale, x: (seen.append(x), forward(scale, x))[1])
    x = images(3, 2, 56, 56)
    with mg.no_grad():
        found = D(x)
    assert [one.shape[2:] for one in seen] == D.sizes
    for one, side in zip(seen, (56, 28, 14), strict=True):
        means = x.numpy().reshape(3, 2, side, 56 // side, side, 56 // side).mean(axis=(3, 5))
        np.testing.assert_allclose(one.numpy(), means, atol=1e-6)
    assert [[a.shape[1] for a in scale] for scale in found] == [[4, 8, 1]] * 3
    assert [scale[-1].shape[2:] for scale in found] == [(14, 14), (7, 7), (7, 7)]
    with mg.no_grad():
        coarse = D(images(3, 2, 28, 28), first=1)
    assert [one.shape[2:] for one in seen[3:]] == D.sizes[1:]
    assert [scale[-1].shape[2:] for scale in coarse] == [(7, 7), (7, 7)]


@pytest.mark.parametrize("size", SIZES)
def test_scales_and_encoder_take_odd_sides(size: tuple[int, int]) -> None:
    with mg.no_grad():
        assert len(MultiScale(2, size, features=4)(images(2, 2, *size))) == 3
        assert encoder(3, size, 4, 2)(images(2, 3, *size)).shape == (2, 2, *size)


def test_means_over_objects_are_those_of_a_plain_loop() -> None:
    x, numbers = images(3, 4, 7, 6), np.random.default_rng(1).integers(0, 5, (3, 7, 6))
    numbers[1][numbers[1] == 2] = 0  # an object that is absent
    masks = mg.tensor(np.stack([numbers == i for i in range(5)], axis=1).astype(np.float32))
    means = object_means(x, masks)
    expected, everywhere = np.zeros((3, 4, 5), np.float32), np.zeros((3, 4, 7, 6), np.float32)
    for n in range(3):
        for i in range(5):
            where = numbers[n] == i
            for f in range(4):
                if where.any():
                    expected[n, f, i] = x.numpy()[n, f][where].mean()
                everywhere[n, f][where] = expected[n, f, i]
    assert not expected[1, :, 2].any()
    np.testing.assert_allclose(means.numpy(), expected, atol=1e-6)
    np.testing.assert_allclose(painted(means, masks).numpy(), everywhere, atol=1e-6)
