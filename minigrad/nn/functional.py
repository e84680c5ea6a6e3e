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
    """
    own = dict(module.named_parameters())
    for name, tensor in parameters.items():
        if name not in own:
            raise ValueError(f"functional_call: {type(module).__name__} has no parameter {name!r}")
        if tensor.shape != own[name].shape:
            raise ValueError(
                f"functional_call: {name!r} has shape {tensor.shape}, expected {own[name].shape}"
            )
    given = {id(own[name]): tensor for name, tensor in parameters.items()}
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
