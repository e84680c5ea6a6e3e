"""Where gradients stop in a walk of ``minigrad.grad``, and why."""

from __future__ import annotations

from typing import Literal, NamedTuple

from minigrad.inspect.records import Call, Walk
from minigrad.inspect.traces import Trace

__all__ = ["Reason", "Reach", "Stop", "reach_of", "stops_of"]

Reason = Literal["no_grad", "detach", "not asked for", "zero rule", "integers", "dead"]

Reach = Literal["gets a gradient", "would get one", "never reached"]

WORDS: dict[Reason, str] = {
    "no_grad": "it was computed within no_grad, so there is no graph behind it",
    "detach": "it was cut off: a leaf on the same array, without the op that made it",
    "not asked for": "grad was not asked for anything behind it",
    "zero rule": "the op's rule says that this derivative is zero",
    "integers": "it has no float numbers",
    "dead": "the gradient comes in and leaves as exact zeros",
}


class Stop(NamedTuple):
    """Where a gradient stops: at the input at ``position`` of a Call, which is the Value ``value``."""

    call: int
    position: int
    value: int
    reason: Reason

    @property
    def words(self) -> str:
        """The reason in words."""
        return WORDS[self.reason]


def stops_of(trace: Trace, walk: Walk) -> list[Stop]:
    """Every place where a gradient stops before it has reached a parameter, in the order of the calls.

    Data and constants, behind which nothing learns, are no such places.

    >>> import minigrad as mg
    >>> w = mg.nn.Parameter([2.0])
    >>> def step(x):
    ...     fake = w * x
    ...     return mg.grad(mg.ops.sum(fake.detach() * w), [w])
    >>> t = mg.trace(step, mg.tensor([3.0]), names={"w": w})
    >>> [(stop.reason, t.calls[stop.call].op, stop.position) for stop in stops_of(t, t.walks[0])]
    [('detach', 'mul', 0)]
    """
    learns = _leads_to_parameters(trace)
    stops = []
    for pull in sorted((trace.pulls[i] for i in walk.pulls), key=lambda pull: pull.call):
        for position, value in enumerate(trace.calls[pull.call].inputs):
            reason: Reason | None = None
            if position in pull.sent:
                came, went = (trace.values[i].statistics for i in (pull.g, pull.sent[position]))
                reason = "dead" if came.norm and went.zeros == 1.0 else None
            elif value in learns:
                reason = _reason(trace, position in pull.zero, value)
            if reason is not None:
                stops.append(Stop(pull.call, position, value, reason))
    return stops


def reach_of(trace: Trace, walk: Walk) -> dict[int, Reach]:
    """What each parameter of the trace has from a walk, by its Value.

    One that "would get one" lies on the way, but the walk was not asked for it: elsewhere its gradient is
    computed and thrown away, here it is not computed.
    """
    zero = {trace.pulls[i].call: trace.pulls[i].zero for i in walk.pulls}
    met = {
        value
        for call in reached_calls(trace, walk)
        for position, value in enumerate(call.inputs)
        if position not in zero.get(call.index, ())
    }
    found: dict[int, Reach] = {}
    for value in trace.parameters:
        versions = set(trace.versions_of(value))
        if versions & walk.gradients.keys() & set(walk.wrt):
            found[value.index] = "gets a gradient"
        else:
            found[value.index] = "would get one" if versions & met else "never reached"
    return found


def reached_calls(trace: Trace, walk: Walk) -> list[Call]:
    """The calls that a gradient of the walk's output can reach, in their order: not behind a zero rule."""
    zero = {trace.pulls[i].call: trace.pulls[i].zero for i in walk.pulls}
    reached: set[int] = set()
    ahead = [walk.output]
    while ahead:
        maker = trace.values[ahead.pop()].maker
        if maker is not None and maker not in reached and trace.calls[maker].graph:
            reached.add(maker)
            inputs = enumerate(trace.calls[maker].inputs)
            ahead.extend(value for position, value in inputs if position not in zero.get(maker, ()))
    return [trace.calls[index] for index in sorted(reached)]


def _leads_to_parameters(trace: Trace) -> set[int]:
    """The values that parameters went into, over cuts too."""
    learns = {value.index for value in trace.values if value.kind == "parameter"}
    for value in trace.values:  # in the order in which they were made
        behind = {value.cut_from, *(() if value.maker is None else trace.calls[value.maker].inputs)}
        if learns & behind:
            learns.add(value.index)
    return learns


def _reason(trace: Trace, zero: bool, index: int) -> Reason:
    value = trace.values[index]
    if zero:
        return "zero rule"
    if not value.dtype.startswith("float"):
        return "integers"
    if value.cut_from is not None:
        return "detach"
    if value.maker is not None and not trace.calls[value.maker].graph:
        return "no_grad"
    return "not asked for"
