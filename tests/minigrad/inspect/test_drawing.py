"""draw: the boxes and lines of a graph, as SVG and DOT."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

import minigrad as mg
from minigrad import nn, ops
from minigrad.inspect.graph import Graph, graph_of
from tests.minigrad.inspect.steps import SmallGan


def edges(graph: Graph) -> dict[tuple[str, str], Any]:
    title = {key: node.title for key, node in graph.nodes.items()}
    return {(title[edge.source], title[edge.target]): edge for edge in graph.edges}


@pytest.fixture(scope="module")
def trace() -> mg.inspect.Trace:
    gan = SmallGan(penalty=True)
    return mg.trace(gan.step, names=gan.names)


def test_layers_are_boxes_with_the_gradients_between_them(trace: mg.inspect.Trace) -> None:
    graph = graph_of(trace)
    found = edges(graph)
    assert found["G.0", "G.1-2"].gradients.keys() == {2}  # the last walk is G's
    assert found["D.0-1", "D.2"].gradients
    assert any(edge.cut == "no_grad" for edge in graph.edges)
    [layer] = [node for node in graph.nodes.values() if node.title == "G.1-2" and "|∇|" in str(node.lines)]
    assert layer.lines[:2] == ["BatchNorm1d + ReLU", "16×8 → 16×8"]
    norm = trace.gradient("G.1.weight")
    assert norm is not None
    assert f"weight |∇| {norm.statistics.norm:.3g}" in layer.lines


def test_rules_that_are_differentiated_again_are_boxes(trace: mg.inspect.Trace) -> None:
    graph = graph_of(trace)
    rules = [node for node in graph.nodes.values() if node.title.startswith("∇")]
    assert {node.title for node in rules} == {"∇ sum", "∇ D.2", "∇ D.0-1"}
    assert {node.order for node in rules} == {1}
    assert edges(graph)["∇ D.2", "∇ D.0-1"].gradients.keys() == {1}


def test_depth_folds_whole_networks(trace: mg.inspect.Trace) -> None:
    titles = [node.title for node in graph_of(trace, depth=1).nodes.values()]
    assert titles.count("G") == 2
    assert titles.count("D") == 4
    assert not [title for title in titles if title.startswith("D.")]
    more = len(graph_of(trace, depth=2).nodes)
    assert len(titles) < more <= len(graph_of(trace, depth=9).nodes)


def test_an_op_between_layers_of_a_module_is_a_box_of_its_own() -> None:
    class Residual(nn.Module):
        def __init__(self) -> None:
            self.layer = nn.Linear(3, 3)

        def forward(self, x: mg.Tensor) -> mg.Tensor:
            return x * 2.0 + self.layer(x * 3.0)

    block = Residual()
    trace = mg.trace(lambda: block(mg.ones((2, 3))), names={"block": block})
    assert [node.title for node in graph_of(trace).nodes.values() if node.kind != "leaf"] == [
        "mul",
        "mul",
        "block.layer",
        "add",
    ]
    assert [node.title for node in graph_of(trace, depth=1).nodes.values()] == ["block", "data"]


@pytest.mark.parametrize("what", ["trace", "tensor"])
def test_svg_and_dot_have_a_box_for_each_node(what: str, trace: mg.inspect.Trace) -> None:
    x = mg.tensor([1.0, 2.0])
    picture = mg.draw(trace if what == "trace" else ops.sum(ops.exp(x) * x))
    root = ET.fromstring(picture.svg)
    boxes = [element for element in root.iter() if element.tag.endswith("}rect")]
    lines = [element for element in root.iter() if element.tag.endswith("}path")]
    assert len(boxes) == len(re.findall(r"^  n\d+ \[", picture.dot, re.MULTILINE))
    assert len(lines) == picture.dot.count("->")
    assert len(boxes) == (4 if what == "tensor" else len(graph_of(trace).nodes))
    assert picture._repr_svg_() == picture.svg
    assert "http://" not in picture.svg.replace("http://www.w3.org/2000/svg", "")


def test_texts_fit_their_boxes_and_are_escaped() -> None:
    @mg.op
    def a_name_that_is_long(x: Any, *, note: str) -> Any:
        return x

    picture = mg.draw(a_name_that_is_long(mg.tensor([1.0]), note='<&"'))
    assert "note=&#x27;&lt;&amp;&quot;&#x27;" in picture.svg
    assert r"note='<&\"'" in picture.dot
    ET.fromstring(picture.svg)


def test_a_drawing_is_saved_by_its_ending(tmp_path: Path) -> None:
    picture = mg.draw(mg.tensor(1.0) * 2.0)
    for name in ("a.svg", "a.dot", "a.gv"):
        picture.save(tmp_path / name)
    assert (tmp_path / "a.svg").read_text() == picture.svg
    assert (tmp_path / "a.gv").read_text() == (tmp_path / "a.dot").read_text() == picture.dot
    with pytest.raises(ValueError, match=r"a\.png ends neither in \.svg nor in \.dot"):
        picture.save(tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(TypeError, match="expected a Trace or a Tensor, got list"):
        mg.draw([1.0])  # type: ignore[arg-type]
    x = mg.tensor(1.0)
    with pytest.raises(ValueError, match="depth is at least 1, got 0"):
        mg.draw(x, depth=0)
    for _ in range(400):
        x = x + 1.0
    with pytest.raises(ValueError, match=r"the graph has 801 boxes, more than 400; use minigrad\.trace"):
        mg.draw(x)
