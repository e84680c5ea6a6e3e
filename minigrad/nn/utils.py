"""Weights computed anew from other parameters in every call: spectral and weight normalisation, and the
equalised learning rate.

Parameters and buffers have the names of ``torch.nn.utils``' functions of the same names (``weight_orig``,
``weight_u`` and ``weight_v``; ``weight_g`` and ``weight_v``), so that state_dicts can be exchanged with them.
Such a layer has its ``weight`` only while it computes, and Sequential does not fuse it.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, TypeVar

import numpy as np

from minigrad import ops
from minigrad.devices import to_device, xp_of
from minigrad.hints import of_module
from minigrad.nn import init
from minigrad.nn.conv import TransposedCorrelation
from minigrad.nn.module import Module, Parameter
from minigrad.random import generator
from minigrad.tensor import Tensor
from minigrad.tracing import call
from minigrad.types import Array

__all__ = [
    "equalized_lr",
    "remove_equalized_lr",
    "remove_spectral_norm",
    "remove_weight_norm",
    "spectral_norm",
    "weight_norm",
]

__getattr__ = of_module(__name__)

M = TypeVar("M", bound=Module)


class _Normalised:
    """Takes the place of a layer's ``forward``, and computes one of its parameters first."""

    parts: ClassVar[tuple[str, ...]]

    def __init__(self, module: Module, name: str) -> None:
        self.module = module
        self.name = name
        self.before = vars(module).get("forward")

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        attributes = vars(self.module)
        attributes[self.name] = self.weight()
        try:
            y: Tensor = self.forward(*args, **kwargs)
        finally:
            del attributes[self.name]
        return y

    @property
    def forward(self) -> Any:
        """The forward that the layer had before."""
        return type(self.module).forward.__get__(self.module) if self.before is None else self.before

    def weight(self, *, stepping: bool = True) -> Tensor:
        """The parameter as the layer uses it; without ``stepping`` no buffer changes."""
        raise NotImplementedError(f"{type(self).__name__} does not define weight(stepping=...)")

    def instead_of(self, name: str) -> str:
        """From which parameters ``name`` is computed, in words; '' if it is not."""
        if name != self.name:
            return ""
        return f"each call computes it from {' and '.join(f'{name}_{suffix}' for suffix in self.parts)}"

    def part(self, suffix: str) -> Parameter:
        parameter: Parameter = getattr(self.module, f"{self.name}_{suffix}")
        return parameter

    def remove(self) -> None:
        """Make the parameter, as it is now, the layer's own again."""
        value = Parameter(np.array(to_device(self.weight(stepping=False)._data, "cpu")))
        device = self.part(self.parts[0]).device
        for suffix in self.parts:
            name = f"{self.name}_{suffix}"
            delattr(self.module, name)
            self.module._buffer_names = tuple(b for b in self.module._buffer_names if b != name)
        del vars(self.module)["forward"]
        if self.before is not None:
            vars(self.module)["forward"] = self.before
        value._replace(to_device(value._data, device))
        setattr(self.module, self.name, value)


class _SpectralNorm(_Normalised):
    """W / sigma(W); the vectors of the power iteration are buffers of the layer."""

    parts = ("orig", "u", "v")

    def __init__(self, module: Module, name: str, dim: int, iterations: int, eps: float) -> None:
        super().__init__(module, name)
        self.dim = dim
        self.iterations = iterations
        self.eps = eps

    def weight(self, *, stepping: bool = True) -> Tensor:
        w = self.part("orig")
        u, v = (Tensor(a) for a in call(self._iterated, w._data, stepping and self.module.training))
        matrix = self.as_matrix(w)
        sigma = u @ (matrix @ v)  # (1, h) @ (h, w) @ (w, 1) -> (1, 1)
        return w / ops.reshape(sigma, ())

    def as_matrix(self, w: Tensor) -> Tensor:
        """The weight (h, w) with ``dim`` as its rows."""
        return ops.reshape(ops.transpose(w, self._axes(w.ndim)), (w.shape[self.dim], -1))

    def _axes(self, ndim: int) -> tuple[int, ...]:
        return (self.dim, *(i for i in range(ndim) if i != self.dim))

    def _iterated(self, w: Array, step: bool) -> tuple[Array, Array]:
        """Copies of u as a row and v as a column, after the iterations of a training step."""
        u, v = (getattr(self.module, f"{self.name}_{suffix}") for suffix in ("u", "v"))
        if step:
            matrix = w.transpose(self._axes(w.ndim)).reshape(len(u), -1)
            for _ in range(self.iterations):
                v[...] = self._unit(ops.matmul.forward(u.reshape(1, -1), matrix).reshape(-1))
                u[...] = self._unit(ops.matmul.forward(matrix, v.reshape(-1, 1)).reshape(-1))
        return u.reshape(1, -1).copy(), v.reshape(-1, 1).copy()

    def _unit(self, vector: Array) -> Array:
        xp = xp_of(vector)
        unit: Array = vector / xp.maximum(xp.sqrt((vector * vector).sum()), self.eps)
        return unit


class _WeightNorm(_Normalised):
    """g v / |v|."""

    parts = ("g", "v")

    def __init__(self, module: Module, name: str, dim: int | None) -> None:
        super().__init__(module, name)
        self.dim = dim

    def weight(self, *, stepping: bool = True) -> Tensor:
        v = self.part("v")
        return v * (self.part("g") / self.norm(v))

    def norm(self, v: Tensor) -> Tensor:
        """The length of v along ``dim``, or of all of v if that is None."""
        if self.dim is None:
            return ops.vector_norm(v)
        return ops.vector_norm(v, axis=tuple(i for i in range(v.ndim) if i != self.dim), keepdims=True)


class _EqualizedRate(_Normalised):
    """W scale."""

    parts = ("orig",)

    def __init__(self, module: Module, name: str, scale: float) -> None:
        super().__init__(module, name)
        self.scale = scale

    def weight(self, *, stepping: bool = True) -> Tensor:
        return self.part("orig") * self.scale


def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """Divide the parameter ``name`` of ``module`` by its largest singular value; returns the module.

    W / sigma(W) with sigma(W) = u^T W v, W as a matrix (h, w) whose rows run along ``dim``: the axis of the
    outputs if None, 0 or, of transposed convolutions, 1. Each call in training takes ``n_power_iterations``
    steps v <- W^T u / |W^T u|, u <- W v / |W v|, with lengths of at least ``eps``. The parameter becomes
    ``weight_orig``; u and v are the buffers ``weight_u`` and ``weight_v``, drawn at first. Gradients take
    them as constants.

    Raises ValueError where the parameter is missing, has fewer than two axes or is normalised already. Miyato
    et al. (2018), algorithm 1; the names are those of torch.nn.utils.spectral_norm.

    >>> import minigrad as mg
    >>> layer = mg.nn.utils.spectral_norm(mg.nn.Linear(3, 2))
    >>> list(layer.state_dict())
    ['bias', 'weight_orig', 'weight_u', 'weight_v']
    """
    w = _taken(module, name, "spectral_norm")
    if w.ndim < 2:
        raise ValueError(f"spectral_norm: {name} needs at least two axes, got {w.shape}")
    if n_power_iterations < 1:
        raise ValueError(f"spectral_norm: n_power_iterations must be at least 1, got {n_power_iterations}")
    at = (1 if isinstance(module, TransposedCorrelation) else 0) if dim is None else dim % w.ndim
    normalised = _SpectralNorm(module, name, at, n_power_iterations, eps)
    delattr(module, name)
    setattr(module, f"{name}_orig", w)
    h = w.shape[at]
    for suffix, size in (("u", h), ("v", math.prod(w.shape) // max(h, 1))):
        drawn = normalised._unit(generator().standard_normal(size, dtype=w.dtype.type))
        module.register_buffer(f"{name}_{suffix}", to_device(drawn, w.device))
    vars(module)["forward"] = normalised
    return module


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Part the parameter ``name`` of ``module`` into a length and a direction; returns the module.

    w = g v / |v|, with a length for each place along ``dim``, or one of all for None. The parameter becomes
    ``weight_g`` (of length 1 along the other axes) and ``weight_v``. Raises ValueError where the parameter is
    missing or normalised already. Salimans and Kingma (2016), eq. 2; the names are those of
    torch.nn.utils.weight_norm.

    >>> import minigrad as mg
    >>> layer = mg.nn.utils.weight_norm(mg.nn.Linear(3, 2))
    >>> {name: p.shape for name, p in layer.named_parameters()}
    {'bias': (2,), 'weight_g': (2, 1), 'weight_v': (2, 3)}
    """
    w = _taken(module, name, "weight_norm")
    normalised = _WeightNorm(module, name, dim if dim is None else dim % w.ndim)
    length = normalised.norm(w.detach())
    delattr(module, name)
    setattr(module, f"{name}_g", Parameter(length._data.copy()))
    setattr(module, f"{name}_v", w)
    vars(module)["forward"] = normalised
    return module


def equalized_lr(module: M, name: str = "weight", gain: float = math.sqrt(2)) -> M:
    """Draw the parameter ``name`` of ``module`` from N(0, 1) and scale it in each call; returns the module.

    w = weight_orig gain / sqrt(fan_in), where fan_in is the number of products in the sum of an output (of a
    transposed convolution with stride 1). Weights begin with He et al.'s variance for a ``gain`` of sqrt(2);
    the last layer of a network takes 1. Optimizers that scale their steps, such as Adam, then change every
    layer at the same rate. The parameter becomes ``weight_orig``, and the layer's ``bias`` 0, unscaled.

    Raises ValueError where the parameter is missing, has fewer than two axes or is computed already. Karras
    et al. (2018), section 4.1.

    >>> import minigrad as mg
    >>> layer = mg.nn.utils.equalized_lr(mg.nn.Conv2d(16, 8, 3))
    >>> list(layer.state_dict())
    ['bias', 'weight_orig']
    >>> round(float(mg.ops.std(layer.weight_orig)), 1)
    1.0
    """
    w = _taken(module, name, "equalized_lr")
    if w.ndim < 2:
        raise ValueError(f"equalized_lr: {name} needs at least two axes, got {w.shape}")
    outputs = w.shape[1] * module.groups if isinstance(module, TransposedCorrelation) else w.shape[0]
    fan_in = math.prod(w.shape) // max(outputs, 1)
    delattr(module, name)
    setattr(module, f"{name}_orig", init.normal_(w))
    bias = vars(module).get("bias")
    if isinstance(bias, Parameter):
        init.zeros_(bias)
    vars(module)["forward"] = _EqualizedRate(module, name, gain / math.sqrt(max(fan_in, 1)))
    return module


def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """Make W / sigma(W), as it is now, the module's own parameter again; returns the module.

    Raises ValueError where the module has no such normalisation.

    >>> import minigrad as mg
    >>> layer = mg.nn.utils.spectral_norm(mg.nn.Linear(3, 2))
    >>> list(mg.nn.utils.remove_spectral_norm(layer).state_dict())
    ['bias', 'weight']
    """
    _normalised(module, name, _SpectralNorm).remove()
    return module


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Make g v / |v|, as it is now, the module's own parameter again; returns the module.

    Raises ValueError where the module has no such normalisation.

    >>> import minigrad as mg
    >>> layer = mg.nn.utils.weight_norm(mg.nn.Linear(3, 2))
    >>> list(mg.nn.utils.remove_weight_norm(layer).state_dict())
    ['bias', 'weight']
    """
    _normalised(module, name, _WeightNorm).remove()
    return module


def remove_equalized_lr(module: M, name: str = "weight") -> M:
    """Make the scaled weight, as it is now, the module's own parameter again; returns the module.

    Raises ValueError where the module has no equalised learning rate.

    >>> import minigrad as mg
    >>> layer = mg.nn.utils.equalized_lr(mg.nn.Linear(3, 2))
    >>> list(mg.nn.utils.remove_equalized_lr(layer).state_dict())
    ['bias', 'weight']
    """
    _normalised(module, name, _EqualizedRate).remove()
    return module


def _taken(module: Module, name: str, function: str) -> Parameter:
    w = vars(module).get(name)
    if isinstance(w, Parameter):
        return w
    before = vars(module).get("forward")
    if isinstance(before, _Normalised) and before.name == name:
        raise ValueError(f"{function}: {module!r} has a normalised {name} already")
    raise ValueError(f"{function}: {module!r} has no parameter {name!r}")


def _normalised(module: Module, name: str, kind: type[_Normalised]) -> _Normalised:
    found = vars(module).get("forward")
    if not isinstance(found, kind) or found.name != name:
        raise ValueError(f"{module!r}: {name!r} has no such normalisation to remove")
    return found
