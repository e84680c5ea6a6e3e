"""The layout: no box lies on another, every edge points down, and no long edge crosses a box."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.inspect.layout import GAP, lay_out


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[int, tuple[float, float]], list[tuple[int, int]]]:
    n = draw(st.integers(0, 14))
    sides = st.floats(5, 200)
    sizes = {i: (draw(sides), draw(sides)) for i in range(n)}
    pairs = [(i, j) for j in range(n) for i in range(j)]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=30)) if pairs else []
    return sizes, edges


@given(graphs())
def test_boxes_stand_apart_and_edges_point_down(
    graph: tuple[dict[int, tuple[float, float]], list[tuple[int, int]]],
) -> None:
    sizes, edges = graph
    layout = lay_out(sizes, edges)
    boxes = {
        box: (x - sizes[box][0] / 2, y - sizes[box][1] / 2, x + sizes[box][0] / 2, y + sizes[box][1] / 2)
        for box, (x, y) in layout.places.items()
    }
    for a, (left, top, right, bottom) in boxes.items():
        assert left > -1e-6
        assert right < layout.width + 1e-6
        assert top > -1e-6
        assert bottom < layout.height + 1e-6
        for b, (left2, top2, right2, bottom2) in boxes.items():
            apart = right + GAP < left2 + 1e-6 or right2 + GAP < left + 1e-6 or bottom < top2 or bottom2 < top
            assert a == b or apart
    for (source, target), bends in zip(edges, layout.bends, strict=True):
        heights = [layout.places[source][1], *(y for _, y in bends), layout.places[target][1]]
        assert heights == sorted(heights)
        assert len(set(heights)) == len(heights)
        for x, y in bends:
            assert not any(
                left < x < right and top < y < bottom for left, top, right, bottom in boxes.values()
            )


def test_a_chain_stands_in_a_line_and_a_diamond_is_even() -> None:
    sizes = dict.fromkeys("abcd", (40.0, 20.0))
    chain = lay_out(sizes, [("a", "b"), ("b", "c"), ("c", "d")])
    assert len({x for x, _ in chain.places.values()}) == 1
    diamond = lay_out(sizes, [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")])
    x = {box: place[0] for box, place in diamond.places.items()}
    assert x["a"] == pytest.approx(x["d"])
    assert x["a"] == pytest.approx((x["b"] + x["c"]) / 2)
    assert diamond.width == pytest.approx(2 * 40 + GAP)


def test_a_circle_is_refused() -> None:
    with pytest.raises(ValueError, match="circle"):
        lay_out(dict.fromkeys("ab", (1.0, 1.0)), [("a", "b"), ("b", "a")])
