"""What the page shows of an update, as values of JSON: boxes, ops, gradients, parameters, chains of rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from gans.study.microscope.by_hand import ByHand
from gans.study.microscope.pictures import LARGEST, SAMPLES, histogram, picture_of, weights_of
from gans.study.opened import OpenedUpdate
from minigrad.inspect import Difference, Trace, Value, Walk, reach_of, stops_of
from minigrad.inspect.drawing import svg_of
from minigrad.inspect.graph import Graph, graph_of
from minigrad.inspect.stops import Reach

__all__ = ["gathered"]

PICTURES = 2_000_000
"""Bytes of all pictures of an update, about."""

Arrivals = dict[int, tuple[float, int, int]]

MARKS = {
    "gets a gradient": "gets a gradient",
    "would get one": "would get one, thrown away",
    "never reached": "never reached",
}


def gathered(
    update: OpenedUpdate,
    depth: int,
    differences: Iterable[Difference] = (),
    by_hand: Mapping[int, ByHand] = MappingProxyType({}),
) -> dict[str, Any]:
    """All that the page needs of an update, with its graph at ``depth``."""
    trace, errors = update.trace, _worst(differences)
    graph = graph_of(trace, depth)
    arrivals = [_arrivals(trace, walk) for walk in trace.walks]
    shown, ways = _shown(trace, graph), _followed(trace, arrivals)
    pictured = _pictured(trace, graph, ways)
    most = min(LARGEST, PICTURES // max(1, len(pictured)))
    final = [walk for walk in trace.walks if not walk.extra and not walk.graph]
    reaches = [reach_of(trace, walk) for walk in final]
    return {
        "name": update.name,
        "numbers": update.numbers,
        "svg": svg_of(graph),
        "walks": [_walk(trace, walk) for walk in trace.walks],
        "nodes": [_node(trace, graph, key) for key in graph.nodes],
        "calls": {i: _call(trace, i) for i in sorted({c for n in graph.nodes.values() for c in n.calls})},
        "values": {
            index: _value(trace, index, shown, errors)
            | (_numbers(trace, index, most) if index in pictured else {})
            for index in sorted(shown)
        },
        "pulls": [_pull(trace, index) for index in range(len(trace.pulls))],
        "parameters": [_parameter(trace, v, final, reaches, errors, by_hand) for v in trace.parameters],
        "chains": {value.index: _chains(trace, value, arrivals) for value in trace.parameters},
        "ways": ways,
        "stops": _stops(trace),
        "timeline": _timeline(trace, graph),
    }


def _worst(differences: Iterable[Difference]) -> dict[int, dict[str, Any]]:
    """The difference with the largest error of each value."""
    worst: dict[int, Difference] = {}
    for d in differences:
        if d.value not in worst or d.error > worst[d.value].error:
            worst[d.value] = d
    kept = ("engine", "numeric", "error", "near")
    return {index: {name: getattr(d, name) for name in kept} for index, d in worst.items()}


def _shown(trace: Trace, graph: Graph) -> set[int]:
    """The values whose numbers stand on the page: what the boxes take and make, and all gradients of it."""
    shown = {node.value for node in graph.nodes.values() if node.value is not None}
    for node in graph.nodes.values():
        for index in node.calls:
            call = trace.calls[index]
            shown.update([call.output, *(x for x in call.inputs if trace.values[x].kind == "parameter")])
    shown.update(value.index for value in trace.parameters)
    shown.update(v for walk in trace.walks for v in walk.gradients)
    gradients = {g for walk in trace.walks for v, g in walk.gradients.items() if v in shown}
    sent = {g for pull in trace.pulls for g in [pull.g, *pull.sent.values()]}
    return shown | gradients | sent


def _pictured(trace: Trace, graph: Graph, ways: list[dict[str, Any]]) -> set[int]:
    """The values of which the page has a picture: of boxes, parameters and stations, and their gradients."""
    values = {trace.calls[node.calls[-1]].output for node in graph.nodes.values() if node.calls}
    values |= {node.value for node in graph.nodes.values() if node.value is not None}
    for parameter in trace.parameters:
        values.update(trace.versions_of(parameter))
    gradients = {walk.gradients[v] for v in values for walk in trace.walks if v in walk.gradients}
    stations = [station for way in ways for station in way["stations"]]
    return values | gradients | {station[key] for station in stations for key in ("value", "gradient")}


def _walk(trace: Trace, walk: Walk) -> dict[str, Any]:
    return {
        "output": walk.output,
        "extra": walk.extra,
        "order": _order(trace, walk),
        "place": str(walk.place),
        "line": walk.place.text,
        "gradients": walk.gradients,
    }


def _node(trace: Trace, graph: Graph, key: Any) -> dict[str, Any]:
    node = graph.nodes[key]
    members = set(node.calls)
    return {
        "title": node.title,
        "lines": node.lines,
        "kind": node.kind,
        "order": node.order,
        "calls": node.calls,
        "value": node.value if node.value is not None else trace.calls[node.calls[-1]].output,
        "pulls": [pull.index for pull in trace.pulls if pull.call in members],
    }


def _call(trace: Trace, index: int) -> dict[str, Any]:
    call = trace.calls[index]
    return {
        "op": call.op,
        "formula": call.formula,
        "inputs": call.inputs,
        "shapes": [str(trace.values[x].shape) for x in call.inputs],
        "output": call.output,
        "shape": str(trace.values[call.output].shape),
        "place": str(call.place),
        "line": call.place.text,
        "kernels": [kernel.name for kernel in call.kernels],
        "microseconds": round(1e6 * call.seconds, 1),
        "order": call.order,
    }


def _value(trace: Trace, index: int, shown: set[int], errors: dict[int, Any]) -> dict[str, Any]:
    value = trace.values[index]
    s = value.statistics
    found: dict[str, Any] = {
        "name": value.name,
        "kind": value.kind,
        "shape": value.shape,
        "norm": s.norm,
        "low": s.low,
        "high": s.high,
        "mean": s.mean,
        "std": s.std,
        "zeros": s.zeros,
        "saturated": s.saturated,
        "wrong": s.wrong,
        "gradients": {
            walk.index: walk.gradients[index]
            for walk in trace.walks
            if index in walk.gradients and walk.gradients[index] in shown
        },
        "check": errors.get(index),
    }
    if value.array is not None:
        found["rows"] = _rows(value.array)
    return found


def _numbers(trace: Trace, index: int, most: int) -> dict[str, Any]:
    """A value's histogram, and its picture of at most ``most`` bytes."""
    value = trace.values[index]
    if value.array is None or value.array.size < 2:
        return {}
    draw = weights_of if _is_weight(trace, value) else picture_of
    return {"histogram": histogram(value.array), "picture": draw(value.array, most)}


def _is_weight(trace: Trace, value: Value) -> bool:
    """Whether the value is a parameter, or the gradient of one."""
    if value.kind == "parameter":
        return True
    return any(
        gradient == value.index and trace.values[of].kind == "parameter"
        for walk in trace.walks
        for of, gradient in walk.gradients.items()
    )


def _rows(array: Any) -> list[dict[str, Any]]:
    """Of each of the first samples its norm and first numbers."""
    if array.ndim == 0:
        return []
    flat = np.asarray(array[:SAMPLES], np.float64).reshape(min(len(array), SAMPLES), -1)
    return [{"norm": float(np.linalg.norm(row)), "first": row[:3].tolist()} for row in flat]


def _pull(trace: Trace, index: int) -> dict[str, Any]:
    pull = trace.pulls[index]
    return {
        "call": pull.call,
        "op": trace.calls[pull.call].op,
        "walk": pull.walk,
        "order": pull.order,
        "g": pull.g,
        "sent": pull.sent,
        "to": {position: _title(trace, trace.calls[pull.call].inputs[position]) for position in pull.sent},
        "zero": pull.zero,
        "rules": pull.rules,
        "module": _module(trace, pull.call),
    }


def _title(trace: Trace, index: int) -> str:
    value = trace.values[index]
    if value.name or value.maker is None:
        return value.name or "data"
    op, module = trace.calls[value.maker].op, _module(trace, value.maker)
    return f"the output of {module} ({op})" if module else f"the output of {op}"


def _module(trace: Trace, call: int) -> str:
    return next((visit.path for visit in trace.visits_around(trace.calls[call])), "")


def _parameter(
    trace: Trace,
    value: Value,
    final: list[Walk],
    reaches: list[dict[int, Reach]],
    errors: dict[int, Any],
    by_hand: Mapping[int, ByHand],
) -> dict[str, Any]:
    reach = [reached[value.index] for reached in reaches] or ["never reached"]
    mark = next(mark for words, mark in MARKS.items() if words in reach)
    asked = [trace.gradient_of(value, walk) for walk in final]
    further = [trace.gradient_of(value, walk) for walk in trace.walks if walk.extra]
    return {
        "value": value.index,
        "name": value.name or "parameter",
        "shape": value.shape,
        "norm": value.statistics.norm,
        "mark": mark,
        "gradient": _last(asked),
        "thrown": _last(further) if mark == MARKS["would get one"] else None,
        "update": None if value.update is None else value.update.ratio,
        "check": errors.get(value.index),
        "by_hand": by_hand[value.index]._asdict() if value.index in by_hand else None,
    }


def _last(found: list[int | None]) -> int | None:
    return next((index for index in reversed(found) if index is not None), None)


def _chains(trace: Trace, parameter: Value, arrivals: list[Arrivals]) -> list[dict[str, Any]]:
    """The ways of a gradient to a parameter, each from the loss down: the pulls and inputs that they serve.

    One chain for each call that uses the parameter; of several ways above it, the one with the largest norms.
    """
    chains, versions = [], trace.versions_of(parameter)
    for walk in trace.walks:
        for index in walk.pulls:
            pull = trace.pulls[index]
            for position in pull.sent:
                if trace.calls[pull.call].inputs[position] in versions:
                    above = _links_to(trace, walk, arrivals[walk.index], trace.calls[pull.call].output)
                    links = [*above, (index, position)]
                    sent = trace.values[pull.sent[position]].statistics.norm
                    chains.append({"walk": walk.index, "links": links, "norm": sent})
    return chains


def _arrivals(trace: Trace, walk: Walk) -> Arrivals:
    """For each value that a walk reached: norm, pull and position of the largest gradient that came to it."""
    found: Arrivals = {}
    for index in walk.pulls:
        pull = trace.pulls[index]
        for position, sent in pull.sent.items():
            value, norm = trace.calls[pull.call].inputs[position], trace.values[sent].statistics.norm
            found[value] = max(found.get(value, (-1.0, -1, -1)), (norm, index, position))
    return found


def _links_to(trace: Trace, walk: Walk, arrivals: Arrivals, target: int) -> list[tuple[int, int]]:
    """The (pull, position) through which the loss's gradient came to a value, from the loss on.

    Where it came by several ways, the one with the largest norm.
    """
    links: list[tuple[int, int]] = []
    while target != walk.output and target in arrivals:
        _, index, position = arrivals[target]
        links.append((index, position))
        target = trace.calls[trace.pulls[index].call].output
    return links[::-1]


def _stops(trace: Trace) -> list[dict[str, Any]]:
    """Where gradients stop in the walks that the update asked for, each reason with its places."""
    found: dict[tuple[str, str], list[str]] = {}
    for walk in trace.walks:
        for stop in () if walk.extra else stops_of(trace, walk):
            module = _module(trace, stop.call)
            place = trace.calls[stop.call].op + (f" in {module}" if module else "")
            of = f"{_title(trace, stop.value)}, before {place}"
            places = found.setdefault((stop.reason, stop.words), [])
            if of not in places:
                places.append(of)
    return [{"reason": reason, "words": words, "places": places} for (reason, words), places in found.items()]


def _timeline(trace: Trace, graph: Graph) -> list[dict[str, Any]]:
    """Every op in the order in which it ran, with its time, and the box that stands for it, if one does."""
    boxes = {call: number for number, node in enumerate(graph.nodes.values()) for call in node.calls}
    return [
        {
            "op": call.op,
            "microseconds": round(1e6 * call.seconds, 1),
            "order": call.order,
            "shape": str(trace.values[call.output].shape),
            "norm": trace.values[call.output].statistics.norm,
            "rules_of": None if call.pull is None else trace.calls[trace.pulls[call.pull].call].op,
            "extra": call.walk is not None and trace.walks[call.walk].extra,
            "module": _module(trace, call.index),
            "node": boxes.get(call.index),
        }
        for call in trace.calls
    ]


def _followed(trace: Trace, arrivals: list[Arrivals]) -> list[dict[str, Any]]:
    """The ways of a sample from the loss back to each place where its gradient ends, station by station."""
    ways = []
    for walk in trace.walks:
        pulled = {trace.calls[trace.pulls[i].call].output for i in walk.pulls}
        for end in walk.gradients:
            value = trace.values[end]
            if end in pulled or value.kind == "parameter" or len(value.shape) < 2:
                continue
            links = _links_to(trace, walk, arrivals[walk.index], end)
            order = trace.pulls[links[-1][0]].order if links else 1
            stations = [_station(trace, walk, trace.calls[trace.pulls[p].call].inputs[i]) for p, i in links]
            kept = [s for s in stations if s is not None]
            ways.append({"name": _title(trace, end), "order": order, "stations": kept})
    return ways


def _station(trace: Trace, walk: Walk, index: int) -> dict[str, Any] | None:
    """A value on the way, if it has rows of samples and is a layer's result, an end or a rule's result."""
    value = trace.values[index]
    maker = None if value.maker is None else trace.calls[value.maker]
    if len(value.shape) < 2 or (
        maker is not None and maker.visit is None and maker.order == 0 and maker.graph
    ):
        return None
    name = value.name or ("data" if maker is None else _module(trace, maker.index) or maker.op)
    rule = maker is not None and maker.order > 0
    return {"value": index, "gradient": walk.gradients[index], "name": f"∇ {name}" if rule else name}


def _order(trace: Trace, walk: Walk) -> int:
    return max((trace.pulls[i].order for i in walk.pulls), default=1)
