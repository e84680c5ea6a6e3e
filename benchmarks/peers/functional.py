"""A network of minigrad.nn as a function of its weights, for libraries that differentiate functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from minigrad import nn

Arrays = dict[str, Any]


class Functional:
    """The layers of a Sequential, by a library's ``ops``: conv2d, conv_transpose2d, linear, leaky_relu, tanh.

    ``ops.batch_norm`` (x, weight, bias, eps) -> y, mean, biased variance; ``ops.norm`` (x, weight, bias,
    mean, variance, eps) -> y with given statistics.
    """

    def __init__(self, network: nn.Module, ops: Any) -> None:
        self.layers, self.ops = list(_flat(network)), ops
        self.names = [name for name, _ in network.named_parameters()]
        state = {name: np.array(a) for name, a in network.state_dict().items()}
        self.weights: Arrays = {name: state[name] for name in self.names}
        self.statistics: Arrays = {name: a for name, a in state.items() if name not in self.weights}

    def __call__(
        self, weights: Mapping[str, Any], statistics: Mapping[str, Any], x: Any, *, training: bool = True
    ) -> tuple[Any, Arrays]:
        """The network's result, and its running statistics after it."""
        after = dict(statistics)
        for name, layer in self.layers:
            w, b = weights.get(f"{name}.weight"), weights.get(f"{name}.bias")
            if isinstance(layer, nn.Linear):
                x = self.ops.linear(x, w, b)
            elif isinstance(layer, nn.ConvTranspose2d):
                x = self.ops.conv_transpose2d(x, w, b, layer.stride, layer.padding)
            elif isinstance(layer, nn.Conv2d):
                x = self.ops.conv2d(x, w, b, layer.stride, layer.padding)
            elif isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
                x = self._norm(name, layer, x, (w, b), after, training)
            elif isinstance(layer, nn.LeakyReLU):
                x = self.ops.leaky_relu(x, layer.negative_slope)
            elif isinstance(layer, nn.ReLU):
                x = self.ops.leaky_relu(x, 0.0)
            elif isinstance(layer, nn.Tanh):
                x = self.ops.tanh(x)
            elif isinstance(layer, nn.Flatten):
                x = x.reshape((x.shape[0], -1))
            elif isinstance(layer, nn.Unflatten):
                x = x.reshape((x.shape[0], *layer.unflattened_size))
            else:
                raise TypeError(f"no twin of {type(layer).__name__} is written down")
        return x, after

    def _norm(self, name: str, layer: Any, x: Any, affine: Any, after: Arrays, training: bool) -> Any:
        mean, var, count = (
            f"{name}.{part}" for part in ("running_mean", "running_var", "num_batches_tracked")
        )
        if not training:
            return self.ops.norm(x, *affine, after[mean], after[var], layer.eps)
        y, batch_mean, batch_var = self.ops.batch_norm(x, *affine, layer.eps)
        n = x.shape[0] * int(np.prod(x.shape[2:]))
        share = layer.momentum
        after[mean] = after[mean] * (1 - share) + batch_mean * share
        after[var] = after[var] * (1 - share) + batch_var * (share * n / (n - 1))
        after[count] = after[count] + 1
        return y


def _flat(network: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    """The layers of nested Sequentials in their order, by the prefixes of their parameters' names."""
    assert isinstance(network, nn.Sequential)
    for number, layer in enumerate(network):
        name = f"{prefix}{number}"
        if isinstance(layer, nn.Sequential):
            yield from _flat(layer, f"{name}.")
        else:
            yield name, layer
