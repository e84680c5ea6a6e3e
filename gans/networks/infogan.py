"""InfoGAN's networks, those of its paper with sizes of choice (Chen et al. 2016, appendix C.1)."""

from __future__ import annotations

from collections.abc import Sequence

from gans.networks.dcgan import discriminator, generator, initialised
from minigrad import nn

READING = 128
"""Units of the layer that Q has for itself."""


def generator_of(inputs: int, hidden: int, shape: Sequence[int], features: int) -> nn.Module:
    """Noise and codes (n, inputs) -> images (n, *shape): a hidden layer, then DCGAN's G."""
    return initialised(nn.Sequential(*_layer(inputs, hidden, nn.ReLU()), *generator(hidden, shape, features)))


def judges_of(hidden: int, shape: Sequence[int], features: int, answers: int) -> dict[str, nn.Module]:
    """The trunk, which D and Q share: images (n, *shape) -> (n, hidden); D's head and Q's, "recognition"."""
    *convolutions, last = discriminator(shape, features)
    assert isinstance(last, nn.Linear)
    networks = {
        "trunk": nn.Sequential(*convolutions, *_layer(last.in_features, hidden, nn.LeakyReLU(0.1))),
        "head": nn.Linear(hidden, 1),
        "recognition": nn.Sequential(
            *_layer(hidden, READING, nn.LeakyReLU(0.1)), nn.Linear(READING, answers)
        ),
    }
    return {name: initialised(network) for name, network in networks.items()}


def _layer(inputs: int, outputs: int, activation: nn.Module) -> tuple[nn.Module, ...]:
    return nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), activation
