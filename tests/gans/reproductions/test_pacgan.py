"""PacGAN at the published settings: the sizes of the authors' networks, and packs."""

from __future__ import annotations

import pytest

import minigrad as mg
from gans.reproductions.experiments import pacgan
from gans.reproductions.toys import start
from gans.systems import settings_for
from minigrad import nn


def count(network: nn.Module) -> int:
    return sum(parameter.size for parameter in network.parameters())


@pytest.mark.parametrize("size", [1, 2, 4])
def test_networks_have_the_published_sizes(size: int) -> None:
    settings = settings_for("pacgan", "points", pack=size, batch_size=100 * size, latent=2)
    training, _ = start(settings, "ring", 0, pacgan.AsPublished)
    parts = training.system.parts()
    G, D = parts["generator"], parts["discriminator"]
    assert isinstance(G, nn.Module)
    assert isinstance(D, nn.Module)
    assert count(D) == 1000 * (2 * size + 1) + 2 * 1000 * 201 + 201
    assert count(G) == 400 * 2 + 3 * 400 * 400 + 4 * 2 * 400 + 400 * 2 + 2
    assert D(mg.zeros((100 * size, 2))).shape == (100, 1)


def test_every_row_has_the_published_figures() -> None:
    for row in pacgan.PACGAN.rows.values():
        assert row.published.keys() == pacgan.PACGAN.figures.keys()
        assert all(figure.spread is not None for figure in row.published.values())
