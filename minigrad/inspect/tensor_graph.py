"""The graph of a Tensor: every op that it was computed with, without a trace."""

from __future__ import annotations

from collections.abc import Hashable

from minigrad.inspect.graph import Edge, Graph, Node
from minigrad.tensor import Tensor

__all__ = ["graph_of_tensor"]


def graph_of_tensor(output: Tensor) -> Graph:
    """A node for each op behind ``output`` and for each leaf, in the order of the walk back.

    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0])
    >>> graph = graph_of_tensor(mg.ops.sum(x * x))
    >>> sorted(node.title for node in graph.nodes.values())
    ['leaf', 'mul', 'sum']
    """
    nodes: dict[Hashable, Node] = {}
    edges: dict[tuple[Hashable, Hashable], Edge] = {}
    ahead = [output]
    while ahead:
        tensor = ahead.pop()
        if id(tensor) in nodes:
            continue
        nodes[id(tensor)] = _node(tensor)
        for x in tensor.inputs:
            edges.setdefault((id(x), id(tensor)), Edge(id(x), id(tensor), []))
            ahead.append(x)
    return Graph(nodes, list(edges.values()))


def _node(tensor: Tensor) -> Node:
    shape = "×".join(map(str, tensor.shape)) or "scalar"
    number = [f"{float(tensor.item()):.4g}"] if tensor.size == 1 else []
    if tensor.op is not None:
        settings = [f"{name}={value!r}"[:40] for name, value in tensor.params.items() if value is not None]
        return Node(id(tensor), tensor.op.name, [*settings, shape, *number], "op")
    kind = "leaf" if type(tensor) is Tensor else "parameter"
    return Node(id(tensor), kind, [shape, *number], "leaf")
