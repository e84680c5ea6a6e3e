"""A network with every layer that ports of PyTorch's files need, for tests of captured steps and devices."""

from __future__ import annotations

import numpy as np

import minigrad as mg
from minigrad import nn, ops


class Everything(nn.Module):
    """A network with every layer of these files, from integers to a number."""

    def __init__(self, dropout: float = 0.25) -> None:
        spectral, weight = nn.utils.spectral_norm, nn.utils.weight_norm
        self.embedding = nn.Embedding(5, 16, padding_idx=0)
        self.along = nn.LSTM(4, 2, num_layers=2, batch_first=True, dropout=dropout, bidirectional=True)
        self.once = nn.GRUCell(16, 16)
        self.first = nn.Sequential(
            spectral(nn.Linear(16, 32)), nn.SELU(), nn.Unflatten(1, (8, 2, 2)), nn.PixelShuffle(2),
            nn.Upsample(scale_factor=2), spectral(nn.Conv2d(2, 4, 3, padding="same", padding_mode="reflect")),
            nn.InstanceNorm2d(4, affine=True, track_running_stats=True), nn.ELU(),
            nn.Upsample(scale_factor=2, mode="bilinear"), nn.Upsample((12, 15), mode="bilinear"),
            nn.ReflectionPad2d(1), nn.ReplicationPad2d((1, 0, 2, 1)), nn.ZeroPad2d(1), nn.CircularPad2d(1),
            nn.ConstantPad2d(1, 0.5), nn.PixelNorm(), nn.MinibatchStdDev(2),
            nn.utils.equalized_lr(nn.Conv2d(5, 4, 1)), weight(nn.Conv2d(4, 4, (2, 3), padding="same")),
            nn.GroupNorm(2, 4), nn.PReLU(4), nn.Dropout2d(dropout), nn.MaxPool2d(3, 2, 1), nn.SiLU(),
            nn.AvgPool2d(2, 1, 1, False, False), nn.GELU(), nn.PixelUnshuffle(1),
            nn.AdaptiveAvgPool2d((6, 5)), nn.AdaptiveMaxPool2d((4, 2)),
            nn.GELU("tanh"), spectral(nn.ConvTranspose2d(4, 2, 2)), nn.Hardtanh(-2.0, 2.0), nn.Flatten(2),
        )  # fmt: skip
        self.parts = nn.ModuleDict({
            "down": nn.Conv1d(2, 3, 3, 2, padding_mode="circular", padding=1),
            "up": weight(nn.ConvTranspose1d(3, 2, 3, 2), dim=None),
            "last": nn.Sequential(nn.InstanceNorm1d(2), nn.Flatten(), nn.LogSigmoid(), nn.LogSoftmax(1)),
        })  # fmt: skip
        self.scales = nn.ParameterList([np.ones(1, np.float32)])
        self.shifts = nn.ParameterDict({"x": np.zeros(1, np.float32)})

    def forward(self, index: mg.Tensor) -> mg.Tensor:
        x = self.embedding(index)
        y, (h, _) = self.along(ops.reshape(x, (-1, 4, 4)))
        x = self.first(self.once(x + ops.flatten(y)) + ops.mean(h))
        x = self.parts["last"](self.parts["up"](self.parts["down"](x)))
        return x * self.scales[0] + self.shifts["x"]
