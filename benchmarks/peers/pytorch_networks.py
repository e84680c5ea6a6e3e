"""The twin in torch.nn of a network of minigrad.nn: the same layers, parameter names and weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from minigrad import nn


def twin(network: nn.Module) -> Any:
    """The same network in PyTorch, with copies of its weights, of their dtype.

    TypeError for a layer without a twin.
    """
    made, weights = _layer(network), network.state_dict()
    made.load_state_dict({k: torch.from_numpy(np.array(v)) for k, v in weights.items()}, assign=True)
    return made


def _layer(layer: nn.Module) -> Any:
    if type(layer) not in LAYERS:
        raise TypeError(f"no PyTorch twin of {type(layer).__name__} is written down")
    return LAYERS[type(layer)](layer)


def _norm(kind: str) -> Callable[[Any], Any]:
    return lambda a: getattr(torch.nn, kind)(
        a.num_features, a.eps, a.momentum, a.affine, a.track_running_stats
    )


def _convolution(a: Any) -> tuple[Any, ...]:
    return (a.in_channels, a.out_channels, a.kernel_size, a.stride, a.padding)


LAYERS: dict[type[nn.Module], Callable[[Any], Any]] = {
    nn.Sequential: lambda a: torch.nn.Sequential(*[_layer(child) for child in a]),
    nn.Linear: lambda a: torch.nn.Linear(a.in_features, a.out_features, a.bias is not None),
    nn.Conv2d: lambda a: torch.nn.Conv2d(*_convolution(a), a.dilation, a.groups, a.bias is not None),
    nn.ConvTranspose2d: lambda a: torch.nn.ConvTranspose2d(
        *_convolution(a), a.output_padding, a.groups, a.bias is not None, a.dilation
    ),
    nn.BatchNorm1d: _norm("BatchNorm1d"),
    nn.BatchNorm2d: _norm("BatchNorm2d"),
    nn.LeakyReLU: lambda a: torch.nn.LeakyReLU(a.negative_slope),
    nn.ReLU: lambda a: torch.nn.ReLU(),
    nn.Tanh: lambda a: torch.nn.Tanh(),
    nn.Flatten: lambda a: torch.nn.Flatten(a.start_dim, a.end_dim),
    nn.Unflatten: lambda a: torch.nn.Unflatten(a.dim, a.unflattened_size),
}
