"""The graph that is drawn: nodes that stand for several calls, and edges with their gradients."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

from minigrad.inspect.records import Call, Value, Visit
from minigrad.inspect.traces import Trace

__all__ = ["SENT", "Edge", "Graph", "Node", "graph_of"]

SENT = "|∇|"
"""Stands before the norm of the gradient that a node sent to a parameter."""


@dataclass
class Node:
    """A box: its ``title`` and further ``lines``.

    ``kind`` is "leaf", "op" or "module"; ``root`` is the network that it belongs to, or "". ``order`` is 0
    for the forward pass, n for the rules of the n-th derivative. ``calls`` and ``value`` say what it stands
    for.
    """

    key: Hashable
    title: str
    lines: list[str]
    kind: str
    root: str = ""
    order: int = 0
    calls: list[int] = field(default_factory=list)
    value: int | None = None


@dataclass
class Edge:
    """What one node gives to another: ``values`` forward and, for each walk, the norm of the gradient back.

    ``cut`` is "detach" or "no_grad" where no gradient can come back. ``asked`` is False where only a trace's
    extra walk brought the gradient.
    """

    source: Hashable
    target: Hashable
    values: list[int]
    gradients: dict[int, float] = field(default_factory=dict)
    cut: str = ""
    asked: bool = True


@dataclass
class Graph:
    """Nodes in an order of computation, and the edges between them."""

    nodes: dict[Hashable, Node]
    edges: list[Edge]


def graph_of(trace: Trace, depth: int = 2) -> Graph:
    """The graph of a trace, with modules folded at ``depth``: 1 for whole networks, 2 for their layers.

    A module that only calls another one does not count. What is computed within a derivative rule is drawn
    where it is differentiated again, one node for the rules of each node of the forward pass.
    """
    folding = _Folding(trace, depth)
    nodes: dict[Hashable, Node] = {}
    owner: dict[int, Hashable] = {}
    for call in trace.calls:
        if call.walk is None or call.graph:
            key = folding.key_of(call)
            node = nodes.get(key)
            if node is None:
                node = nodes[key] = folding.node_of(key, call)
            node.calls.append(call.index)
            owner[call.output] = key
    edges: dict[tuple[Hashable, Hashable, str], Edge] = {}
    for call in [trace.calls[i] for node in list(nodes.values()) for i in node.calls]:
        for index in call.inputs:
            value, cut = trace.values[index], ""
            if value.cut_from is not None:
                index, cut = value.cut_from, "detach"
            elif value.maker is not None and call.graph and not trace.calls[value.maker].graph:
                cut = "no_grad"
            if index not in owner and (value.kind == "leaf" and len(value.shape) > 0):
                owner[index] = ("leaf", index)
                nodes[owner[index]] = _leaf(value)
            source, target = owner.get(index), owner[call.output]
            if source is None or source == target:
                continue
            edge = edges.setdefault((source, target, cut), Edge(source, target, [], cut=cut))
            if index not in edge.values:
                edge.values.append(index)
    _add_gradients(trace, owner, edges)
    for node in nodes.values():
        node.lines.extend(_details(trace, node))
    return Graph(nodes, list(edges.values()))


def _add_gradients(
    trace: Trace, owner: dict[int, Hashable], edges: dict[tuple[Hashable, Hashable, str], Edge]
) -> None:
    squares: dict[tuple[Hashable, Hashable, int], float] = {}
    for pull in trace.pulls:
        call = trace.calls[pull.call]
        for position, sent in pull.sent.items():
            ends = owner.get(call.inputs[position]), owner.get(call.output)
            if None not in ends and ends[0] != ends[1]:
                key = (*ends, pull.walk)
                squares[key] = squares.get(key, 0.0) + trace.values[sent].statistics.norm ** 2
    asked = {key[:2] for key in squares if not trace.walks[key[2]].extra}
    for (source, target, walk), square in squares.items():
        if trace.walks[walk].extra and (source, target) in asked:
            continue
        between = [edges[source, target, cut] for cut in ("", "no_grad") if (source, target, cut) in edges]
        between[0].gradients[walk] = square**0.5
        between[0].asked = not trace.walks[walk].extra


def _leaf(value: Value) -> Node:
    title = value.name or ("parameter" if value.kind == "parameter" else "data")
    return Node(("leaf", value.index), title, [_shape(value)], "leaf", value=value.index)


class _Folding:
    """Which node stands for a call."""

    def __init__(self, trace: Trace, depth: int) -> None:
        self.trace = trace
        self.depth = depth
        self.inner = {visit.parent for visit in trace.visits if visit.parent is not None}
        children: dict[int, list[int]] = {}
        for visit in trace.visits:
            if visit.parent is not None:
                children.setdefault(visit.parent, []).append(visit.index)
        direct = {call.visit for call in trace.calls if call.visit is not None}
        self.passing = {v for v, inside in children.items() if len(inside) == 1 and v not in direct}
        self.keys: dict[int, Hashable] = {}
        self._last: dict[int | None, Hashable] = {}

    def key_of(self, call: Call) -> Hashable:
        key: Hashable
        if call.pull is not None:
            key = ("rule", call.walk, self.keys[self.trace.pulls[call.pull].call])
        elif call.walk is not None and self._last.get(call.walk) is not None:
            key = self._last[call.walk]  # the sum of two gradients belongs to the rules before it
        else:
            visit = self._folded(call)
            key = ("op", call.index) if visit is None else ("visit", visit.index)
        self.keys[call.index] = self._last[call.walk] = key
        return key

    def _folded(self, call: Call) -> Visit | None:
        """The visit that the call is folded into; None if it is a node of its own."""
        around = [v for v in self.trace.visits_around(call) if v.index not in self.passing][::-1]
        if len(around) >= self.depth:
            return around[self.depth - 1]
        return None if not around or around[-1].index in self.inner else around[-1]

    def node_of(self, key: Hashable, call: Call) -> Node:
        root = next((v.path for v in list(self.trace.visits_around(call))[-1:]), "")
        visit = self._folded(call)
        if call.pull is not None:
            of = self.trace.calls[self.trace.pulls[call.pull].call]
            around = list(self.trace.visits_around(of))
            folded = self._folded(of)
            title = f"∇ {folded.path if folded else of.op}"
            return Node(key, title, [], "op", around[-1].path if around else "", call.order)
        if visit is None:
            return Node(key, call.op, [], "op", root, call.order)
        return Node(key, visit.path, [" + ".join(visit.kinds)], "module", root, call.order)


def _details(trace: Trace, node: Node) -> Iterator[str]:
    """The shapes that go in and out, the number if there is one, and the parameters' gradients."""
    if not node.calls:
        return
    output = trace.values[trace.calls[node.calls[-1]].output]
    made = {trace.calls[i].output for i in node.calls}
    given = [trace.values[i] for call in node.calls for i in trace.calls[call].inputs if i not in made]
    data = [value for value in given if value.kind != "parameter" and value.shape != ()]
    if output.shape == ():
        yield f"{output.statistics.mean:.4g}"
    else:
        yield f"{_shape(data[0])} → {_shape(output)}" if node.kind == "module" and data else _shape(output)
    for extra in (False, True):
        for index, norm in _sent(trace, node, extra=extra).items():
            name = trace.values[index].name.rpartition(".")[2] or "parameter"
            line = f"{name} {SENT} {norm:.3g}"
            yield f"({line}, not asked for)" if extra else line


def _sent(trace: Trace, node: Node, *, extra: bool) -> dict[int, float]:
    """The norms of what the node's rules sent to each parameter, in walks that are ``extra`` or others."""
    squares: dict[int, float] = {}
    for pull in trace.pulls:
        if pull.call in node.calls and trace.walks[pull.walk].extra == extra:
            inputs = trace.calls[pull.call].inputs
            for position, gradient in pull.sent.items():
                if trace.values[inputs[position]].kind == "parameter":
                    square = trace.values[gradient].statistics.norm ** 2
                    squares[inputs[position]] = squares.get(inputs[position], 0.0) + square
    return {index: square**0.5 for index, square in squares.items()}


def _shape(value: Value) -> str:
    return "×".join(map(str, value.shape)) or "scalar"
