"""A module as a function of its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minigrad.nn.module import Module
from minigrad.tensor import Tensor

__all__ = ["functional_call"]


def functional_call(module: Module, parameters: Mapping[str, Tensor], *args: Any, **kwargs: Any) -> Tensor:
    """``module(*args, **kwargs)``, computed with ``parameters``: a Tensor for each dotted name to replace.

    The Tensors may be results of ops, so that gradients flow through them: unrolled steps, or gradcheck with
    respect to weights. The module has its own parameters back afterwards. Raises ValueError for an unknown
    name or another shape.

    >>> import minigrad as mg
    >>> layer = mg.nn.Linear(2, 1, bias=False)
    >>> mg.nn.functional_call(layer, {"weight": mg.tensor([[1.0, 10.0]])}, mg.tensor([[2.0, 3.0]])).item()
    32.0
    """
    own = dict(module.named_parameters())
    for name, t in parameters.items():
        if name not in own:
            raise ValueError(f"functional_call: {type(module).__name__} has no parameter {name!r}")
        if t.shape != own[name].shape:
            raise ValueError(f"functional_call: {name!r} has shape {t.shape}, expected {own[name].shape}")
    given = {id(own[name]): t for name, t in parameters.items()}
    swapped: list[tuple[dict[str, Any], str, Any]] = []
    try:
        for part in module.modules():
            attributes = vars(part)
            for name, value in list(attributes.items()):
                if id(value) in given:
                    swapped.append((attributes, name, value))
                    attributes[name] = given[id(value)]
        return module(*args, **kwargs)
    finally:
        for attributes, name, value in swapped:
            attributes[name] = value
