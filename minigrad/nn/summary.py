"""summary: what a network is made of, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import Any, Protocol

import numpy as np

from minigrad.creation import tensor
from minigrad.modes import no_grad
from minigrad.tensor import Tensor

__all__ = ["Layer", "Summary", "summary"]

Shape = tuple[int, ...]

NAME_STYLE = "text-align: left; white-space: pre"


class Network(Protocol):
    """The part of a Module that ``summary`` reads."""

    _buffer_names: tuple[str, ...]

    def __call__(self, *args: Any) -> Any: ...
    def forward(self, *args: Any, **kwargs: Any) -> Any: ...
    def parameters(self) -> Sequence[Tensor]: ...
    def buffers(self) -> Sequence[Any]: ...
    def children(self) -> Iterator[Network]: ...
    def modules(self) -> Iterator[Network]: ...
    def named_modules(self) -> Iterator[tuple[str, Network]]: ...


@dataclass(frozen=True)
class Layer:
    """One module: its dotted name, its repr, the shape of its output, its own parameters and buffers.

    ``parameters`` and ``buffers`` count numbers, without those of the modules inside it.
    """

    name: str
    words: str
    output: Shape | None
    parameters: int
    buffers: int

    @property
    def depth(self) -> int:
        """0 for the network itself, 1 for its children, ..."""
        return self.name.count(".") + 1 if self.name else 0


@dataclass(frozen=True)
class Summary:
    """The layers of a network, and how many numbers it learns; ``print`` shows the table.

    >>> import minigrad as mg
    >>> found = mg.nn.summary(mg.nn.Linear(3, 2), (1, 3))
    >>> found.parameters, found.bytes, found.layers[0].output
    (8, 32, (1, 2))
    """

    layers: tuple[Layer, ...]
    parameters: int
    buffers: int
    bytes: int

    @property
    def total(self) -> str:
        """The last line of the table."""
        kept = f", {self.buffers:,} in buffers" if self.buffers else ""
        return f"{self.parameters:,} parameters{kept}, {_size(self.bytes)}"

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """The cells of each line: layer, output shape and number of parameters."""
        for layer in self.layers:
            name = f"{layer.name.rpartition('.')[2]}: " if layer.name else ""
            output = "" if layer.output is None else str(layer.output)
            yield (
                f"{'  ' * layer.depth}{name}{layer.words}",
                output,
                f"{layer.parameters:,}" if layer.parameters else "",
            )

    def __str__(self) -> str:
        rows = [("layer", "output", "parameters"), *self.rows()]
        first, second, third = (max(len(row[i]) for row in rows) for i in range(3))
        lines = [f"{a:<{first}}  {b:<{second}}  {c:>{third}}".rstrip() for a, b, c in rows]
        lines.insert(1, "-" * (first + second + third + 4))
        return "\n".join([*lines, lines[1], self.total])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        cells = "".join(
            f'<tr><td style="{NAME_STYLE}">{escape(name)}</td><td>{escape(output)}</td><td>{count}</td></tr>'
            for name, output, count in self.rows()
        )
        head = "<tr><th>layer</th><th>output</th><th>parameters</th></tr>"
        return f"<table><thead>{head}</thead><tbody>{cells}</tbody></table><p>{escape(self.total)}</p>"


def summary(network: Network, *inputs: Any) -> Summary:
    """The layers of ``network`` with their parameters and, given ``inputs``, the shapes of their outputs.

    An input is a Tensor, an array, or a shape such as ``(64, 1, 28, 28)``, which stands for zeros in the
    network's dtype and on its device. The network computes in evaluation mode and without a graph; its
    mode and its buffers are the same afterwards. Raises what the network raises for inputs that do not fit.

    >>> import minigrad as mg
    >>> network = mg.nn.Sequential(mg.nn.Linear(3, 8), mg.nn.ReLU(), mg.nn.Linear(8, 1))
    >>> print(mg.nn.summary(network, (64, 3)))
    layer                                                  output   parameters
    --------------------------------------------------------------------------
    Sequential                                             (64, 1)
      0: Linear(in_features=3, out_features=8, bias=True)  (64, 8)          32
      1: ReLU()                                            (64, 8)
      2: Linear(in_features=8, out_features=1, bias=True)  (64, 1)           9
    --------------------------------------------------------------------------
    41 parameters, 164 bytes
    """
    shapes: dict[int, Shape] = {}
    if inputs:
        given = [_input(network, value) for value in inputs]
        with _noting_outputs(network, shapes), no_grad():
            network(*given)
    parameters, buffers = network.parameters(), network.buffers()
    return Summary(
        tuple(_layer(name, module, shapes.get(id(module))) for name, module in network.named_modules()),
        sum(p.size for p in parameters),
        sum(b.size for b in buffers),
        sum(p.size * p.dtype.itemsize for p in parameters) + sum(b.nbytes for b in buffers),
    )


def _size(count: int) -> str:
    return f"{count:,} bytes" if count < 2**20 else f"{count / 2**20:,.1f} MiB"


def _layer(name: str, module: Network, output: Shape | None) -> Layer:
    own = [value for value in vars(module).values() if isinstance(value, Tensor)]
    kept = [getattr(module, buffer) for buffer in module._buffer_names]
    inside = next(module.children(), None) is not None
    return Layer(
        name,
        type(module).__name__ if inside else repr(module),
        output,
        sum(p.size for p in own),
        sum(b.size for b in kept if b is not None),
    )


def _input(network: Network, value: Any) -> Any:
    if not isinstance(value, tuple):
        return value
    like = next((p for p in network.parameters()), None)
    dtype, device = (np.dtype(np.float32), "cpu") if like is None else (like.dtype, like.device)
    return tensor(np.zeros(value, dtype), device=device)


@contextmanager
def _noting_outputs(network: Network, shapes: dict[int, Shape]) -> Iterator[None]:
    """Within the block each module runs unfused and in evaluation mode, and its output's shape is noted."""
    modules = list(network.modules())
    before = [
        {name: value for name, value in vars(module).items() if name in ("forward", "training")}
        for module in modules
    ]
    for module in modules:
        vars(module).update(forward=_noting(module, shapes), training=False)
    try:
        yield
    finally:
        for module, attributes in zip(modules, before, strict=True):
            del vars(module)["forward"]
            vars(module).update(attributes)


def _noting(module: Network, shapes: dict[int, Shape]) -> Callable[..., Any]:
    forward = module.forward

    def noted(*args: Any, **kwargs: Any) -> Any:
        y = forward(*args, **kwargs)
        if isinstance(y, Tensor):
            shapes[id(module)] = y.shape
        return y

    return noted
