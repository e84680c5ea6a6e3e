"""Node: how a Tensor was made. The module is below both Tensor and Op."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple, Protocol

__all__ = ["INPUTS", "Made", "Node", "Operation"]


class Operation(Protocol):
    """What a graph needs of an op: its name, its derivative rules and the call itself."""

    name: str
    variadic: bool
    joint_rule: Callable[..., Any] | None

    def __call__(self, *args: Any, **params: Any) -> Any: ...
    def derivative(self, index: int) -> Callable[..., Any] | None: ...


class Node(NamedTuple):
    """The op that made a Tensor, and what it was given: an inner node of a graph. Leaves have none.

    >>> from minigrad.creation import tensor
    >>> x = tensor(2.0)
    >>> node = (x * x).node
    >>> (node.op.name, node.inputs == (x, x), node.params, node.versions)
    ('mul', True, {}, (0, 0))
    """

    op: Operation
    inputs: tuple[Any, ...]
    """The Tensors that the op was given."""
    params: dict[str, Any]
    """Its static parameters."""
    versions: tuple[int, ...]
    """How often each input had been changed in place by then."""


Made = tuple[Operation, tuple[Any, ...], dict[str, Any], tuple[int, ...]]
"""A Node's values without its names: what every op writes, since a plain tuple is the quickest to make."""

INPUTS: Final = 1
"""Where the inputs stand in it."""
