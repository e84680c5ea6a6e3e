"""draw: a trace, or the graph of a Tensor, as SVG and as DOT."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import pairwise
from pathlib import Path

from minigrad.files import write_atomically
from minigrad.inspect.graph import SENT, Edge, Graph, Node, graph_of
from minigrad.inspect.layout import lay_out
from minigrad.inspect.tensor_graph import graph_of_tensor
from minigrad.inspect.traces import Trace
from minigrad.tensor import Tensor

__all__ = ["Drawing", "draw"]

LETTER = 6.7
"""The width of a letter of 11 pixels, about."""
LINE = 15.0
PADDING = 8.0
MARGIN = 16.0
MOST = 400
"""Nodes above which a picture is no longer readable."""

STYLE = (Path(__file__).parent / "drawing.css").read_text("utf-8")


@dataclass(frozen=True)
class Drawing:
    """A picture of a graph; a notebook shows it. ``svg`` and ``dot`` are texts."""

    svg: str
    dot: str

    def save(self, path: str | Path) -> None:
        """Write the picture: SVG into a file of that ending, else DOT.

        Raises ValueError for another ending than .svg, .dot and .gv.
        """
        path = Path(path)
        if path.suffix not in (".svg", ".dot", ".gv"):
            raise ValueError(f"Drawing.save: {path.name} ends neither in .svg nor in .dot or .gv")
        write_atomically(path, (self.svg if path.suffix == ".svg" else self.dot).encode())

    def _repr_svg_(self) -> str:
        return self.svg


def draw(what: Trace | Tensor, *, depth: int = 2) -> Drawing:
    """The graph of a trace of ``minigrad.trace``, or of all that a Tensor was computed from.

    what    a Trace or a Tensor
    depth   how far the modules of a trace are unfolded: 1 shows whole networks, 2 their layers

    A box is a module or an op, with shapes, numbers and the norms of its parameters' gradients. Grey lines go
    forward. Beside them an orange number is the norm of the gradient that came back, in parentheses where
    only ``trace(everything=True)`` asked for it. A red, broken line is a cut (``detach``, ``no_grad``). Rules
    that are differentiated again are boxes of their own, named ∇.

    Raises TypeError for something else, ValueError for a depth below 1 or more boxes than a picture can show.

    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0])
    >>> picture = mg.draw(mg.ops.sum(x * x))
    >>> picture.svg[:4], "mul" in picture.dot
    ('<svg', True)
    """
    if depth < 1:
        raise ValueError(f"draw: depth is at least 1, got {depth}")
    if isinstance(what, Trace):
        graph, remedy = graph_of(what, depth), "a smaller depth"
    elif isinstance(what, Tensor):
        graph, remedy = graph_of_tensor(what), "minigrad.trace, whose modules are folded"
    else:
        raise TypeError(f"draw: expected a Trace or a Tensor, got {type(what).__name__}")
    if len(graph.nodes) > MOST:
        raise ValueError(f"draw: the graph has {len(graph.nodes):,} boxes, more than {MOST}; use {remedy}")
    return Drawing(svg_of(graph), dot_of(graph))


def svg_of(graph: Graph) -> str:
    """The graph as an SVG that brings its colours, for light and dark pages."""
    sizes = {key: _size(node) for key, node in graph.nodes.items()}
    layout = lay_out(sizes, [(edge.source, edge.target) for edge in graph.edges])
    roots = list(dict.fromkeys(node.root for node in graph.nodes.values() if node.root))
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
    box = f"{-MARGIN:.0f} {-MARGIN:.0f} {width:.0f} {height:.0f}"
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="{box}"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" class="mg" {size}><style>{STYLE}</style>']
    for edge, bends in zip(graph.edges, layout.bends, strict=True):
        (x0, y0), (x1, y1) = layout.places[edge.source], layout.places[edge.target]
        start, end = (x0, y0 + sizes[edge.source][1] / 2), (x1, y1 - sizes[edge.target][1] / 2)
        parts.append(_line(edge, [start, *bends, end]))
    for number, (key, node) in enumerate(graph.nodes.items()):
        parts.append(_box(node, number, layout.places[key], sizes[key], roots))
    return "".join([*parts, "</svg>"])


def _size(node: Node) -> tuple[float, float]:
    letters = max(map(len, [node.title, *node.lines]))
    return letters * LETTER + 2 * PADDING, (1 + len(node.lines)) * LINE + PADDING


def _line(edge: Edge, points: list[tuple[float, float]]) -> str:
    """A smooth line through the points, and beside its middle the gradients that come back."""
    way = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x0, y0), (x1, y1) in pairwise(points):
        middle = (y0 + y1) / 2
        way += f"C{x0:.1f} {middle:.1f} {x1:.1f} {middle:.1f} {x1:.1f} {y1:.1f}"
    kind = "cut" if edge.cut else "on" if not edge.gradients else "back" if edge.asked else "back extra"
    (x0, y0), (x1, y1) = points[-2:]
    text = escape(_label(edge))
    beside = f'x="{(x0 + x1) / 2 + 4:.1f}" y="{(y0 + y1) / 2 + 4:.1f}" class="{"c" if edge.cut else "g"}"'
    return f'<path d="{way}" class="{kind}"/>' + (f"<text {beside}>{text}</text>" if text else "")


def _label(edge: Edge) -> str:
    norms = ", ".join(f"{norm:.3g}" for norm in edge.gradients.values())
    norms = norms if edge.asked else f"({norms})"
    return " ".join(part for part in (norms, f"cut: {edge.cut}" if edge.cut else "") if part)


def _box(
    node: Node, number: int, place: tuple[float, float], size: tuple[float, float], roots: list[str]
) -> str:
    x, y = place[0] - size[0] / 2, place[1] - size[1] / 2
    color = "rule" if node.order else f"r{roots.index(node.root) % 4}" if node.root else ""
    texts = []
    for i, line in enumerate([node.title, *node.lines]):
        kind = "title" if i == 0 else "g" if SENT in line else "quiet"
        texts.append(
            f'<text x="{x + PADDING:.1f}" y="{y + 14 + i * LINE:.1f}" class="{kind}">{escape(line)}</text>'
        )
    return (
        f'<g class="{node.kind} {color}" data-node="{number}">'
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{size[0]:.1f}" height="{size[1]:.1f}" rx="5"/>'
        f"{''.join(texts)}</g>"
    )


def dot_of(graph: Graph) -> str:
    """The graph in the language of Graphviz."""
    number = {key: f"n{i}" for i, key in enumerate(graph.nodes)}
    lines = ["digraph minigrad {", '  node [shape=box, fontname="monospace", fontsize=10];']
    for key, node in graph.nodes.items():
        label = "\\n".join(_quoted(text) for text in [node.title, *node.lines])
        lines.append(f'  {number[key]} [label="{label}"];')
    for edge in graph.edges:
        label = _label(edge)
        style = ", style=dashed, color=red" if edge.cut else ", color=orangered" if edge.gradients else ""
        lines.append(f'  {number[edge.source]} -> {number[edge.target]} [label="{label}"{style}];')
    return "\n".join([*lines, "}", ""])


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
