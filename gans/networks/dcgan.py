"""DCGAN's networks for 28 x 28 images (Radford et al. 2015).

Their rules: the latent vector is projected and reshaped; strided convolutions instead of pooling; no hidden
fully connected layer; batch norm except at G's output and D's input; ReLU and a final tanh in G, LeakyReLU
0.2 in D; initial weights from N(0, 0.02^2).
"""

from __future__ import annotations

from minigrad import nn


def generator(latent: int, channels: int = 1) -> nn.Sequential:
    """z (n, latent) -> images (n, channels, 28, 28) in [-1, 1]."""
    return initialised(
        nn.Sequential(
            nn.Linear(latent, 256 * 7 * 7, bias=False),
            nn.Unflatten(1, (256, 7, 7)),
            nn.BatchNorm2d(256),
            nn.ReLU(),
            nn.ConvTranspose2d(256, 128, 4, stride=2, padding=1, bias=False),  # 14 x 14
            nn.BatchNorm2d(128),
            nn.ReLU(),
            nn.ConvTranspose2d(128, 64, 4, stride=2, padding=1, bias=False),  # 28 x 28
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.Conv2d(64, channels, 3, padding=1),
            nn.Tanh(),
        )
    )


def discriminator(channels: int = 1, norm: bool = True) -> nn.Sequential:
    """Images (n, channels, 28, 28) -> logits (n, 1).

    ``norm=False`` leaves batch norm out: a critic with a gradient penalty needs each output to depend on its
    own input alone (Gulrajani et al. 2017, section 4).
    """
    return initialised(
        nn.Sequential(
            nn.Conv2d(channels, 64, 4, stride=2, padding=1),  # 14 x 14
            nn.LeakyReLU(0.2),
            nn.Conv2d(64, 128, 4, stride=2, padding=1, bias=not norm),  # 7 x 7
            *([nn.BatchNorm2d(128)] if norm else []),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(128 * 7 * 7, 1),
        )
    )


def initialised(network: nn.Sequential) -> nn.Sequential:
    """Weights from N(0, 0.02^2), batch norm's scales from N(1, 0.02^2), all offsets zero."""
    for layer in network.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, 0.02)
        elif isinstance(layer, nn.BatchNorm2d) and layer.weight is not None:
            nn.init.normal_(layer.weight, 1.0, 0.02)
        else:
            continue
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    return network
