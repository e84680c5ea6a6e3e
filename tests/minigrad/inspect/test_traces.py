"""trace: it changes no number, and notes what the step did."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, ops
from minigrad.dispatch import use_kernels
from minigrad.inspect import Trace
from minigrad.inspect.formulas import formula_of, rule_of
from minigrad.registry import registry
from minigrad.tracing import mode
from tests.minigrad.inspect.steps import SmallGan


@pytest.fixture(params=[False, True], ids=["plain", "penalty"])
def gan(request: pytest.FixtureRequest) -> SmallGan:
    return SmallGan(penalty=request.param)


def traced(gan: SmallGan, *, arrays: bool = True) -> Trace:
    return mg.trace(gan.step, names=gan.names, arrays=arrays)


def test_a_traced_training_has_the_same_bits(gan: SmallGan) -> None:
    other = SmallGan(penalty=gan.penalty)
    for _ in range(4):
        assert traced(gan).result == other.step()
    mine, theirs = gan.state(), other.state()
    assert mine.pop("random") == theirs.pop("random")
    for name, array in theirs.items():
        np.testing.assert_array_equal(mine[name], array)


def test_every_gradient_is_the_sum_of_what_the_rules_sent(gan: SmallGan) -> None:
    """Grad adds in the order of the walk, and so does this test: the bits are equal."""
    trace = traced(gan)
    assert len(trace.walks) == 2 + gan.penalty
    for walk in trace.walks:
        sums: dict[int, Any] = {}
        for pull in (trace.pulls[i] for i in walk.pulls):
            for position, sent in pull.sent.items():
                value = trace.calls[pull.call].inputs[position]
                array = trace.values[sent].array
                sums[value] = sums[value] + array if value in sums else array
        assert sums
        for value, total in sums.items():
            np.testing.assert_array_equal(trace.values[walk.gradients[value]].array, total)


def test_the_gradients_are_those_that_grad_returned() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    x = mg.ones((5, 3))

    def step() -> list[mg.Tensor]:
        return mg.grad(ops.sum(ops.square(net(x))), [*net.parameters(), x])

    trace = mg.trace(step, names={"net": net, "x": x}, arrays=True)
    for name, gradient in zip([*dict(net.named_parameters("net")), "x"], trace.result, strict=True):
        value = trace.gradient(name)
        assert value is not None
        np.testing.assert_array_equal(value.array, gradient.numpy())
        assert value.statistics.norm == pytest.approx(float(np.linalg.norm(gradient.numpy())))


def test_calls_know_their_order_of_differentiation() -> None:
    def step(x: mg.Tensor) -> list[mg.Tensor]:
        (slope,) = mg.grad(ops.sum(x * x * x), [x], create_graph=True)
        return mg.grad(ops.sum(slope * slope), [x])

    trace = mg.trace(step, mg.tensor([2.0]))
    assert trace.result[0].tolist() == [2 * 12.0 * 12.0]  # of (3 x^2)^2: 36 x^3
    first, second = trace.walks
    assert [first.graph, second.graph] == [True, False]
    assert {trace.pulls[i].order for i in first.pulls} == {1}
    assert {trace.pulls[i].order for i in second.pulls} == {1, 2}
    assert {call.order for call in trace.calls} == {0, 1, 2}
    after = [call for call in trace.calls if call.walk is None and call.index > first.pulls[-1]]
    assert {call.order for call in after if call.op in ("mul", "sum")} >= {1}


def test_values_have_the_names_of_state_dict_and_the_sizes_of_updates(gan: SmallGan) -> None:
    before = gan.state()
    trace = traced(gan)
    names = {f"{net}.{name}" for net, part in gan.names.items() for name, _ in part.named_parameters()}
    assert {value.name for value in trace.parameters} == names
    after = gan.state()
    for name in names:
        change = np.linalg.norm(after[name].astype(float) - before[name])
        update = trace.value(name).update
        if change == 0:
            assert update is None
        else:
            assert update is not None
            assert update.change == pytest.approx(change)
            assert update.before == pytest.approx(np.linalg.norm(before[name].astype(float)))


def test_a_call_knows_its_modules_kernels_time_and_line() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    trace = mg.trace(lambda: net(mg.ones((5, 3))), names={"net": net})
    first, second = trace.calls
    assert [visit.path for visit in trace.visits_around(first)] == ["net.0-1", "net"]
    assert next(trace.visits_around(first)).kinds == ("Linear", "ReLU")
    assert [visit.path for visit in trace.visits_around(second)] == ["net.2", "net"]
    assert [kernel.name for kernel in first.kernels] == ["cpu.linear"]
    assert 0 < sum(kernel.seconds for kernel in first.kernels) <= first.seconds
    assert Path(first.place.file).samefile(__file__)
    assert "net(mg.ones((5, 3)))" in first.place.text
    with use_kernels("reference"):
        again = mg.trace(lambda: net(mg.ones((5, 3))))
    assert [kernel.name for kernel in again.calls[0].kernels] == ["reference.linear"]
    assert again.visits[0].path == "sequential"


def test_a_leaf_knows_the_draw_that_made_it_and_the_value_it_was_cut_from() -> None:
    def step(x: mg.Tensor) -> mg.Tensor:
        y = x * 2.0
        return y.detach() + mg.random.normal((2,), generator=np.random.default_rng(0))

    trace = mg.trace(step, mg.tensor([1.0, 2.0]))
    add = trace.calls[-1]
    left, right = (trace.values[i] for i in add.inputs)
    assert left.cut_from == trace.calls[0].output
    assert right.name == "normal"
    assert [note.name for note in trace.notes] == ["normal"]


def test_a_step_may_read_numbers_and_call_what_is_captured() -> None:
    double = mg.capture(lambda x: x * 2.0)
    for x in (1.0, 2.0, 3.0):
        double(mg.tensor(x))
    replays = double.replays

    def step(x: mg.Tensor) -> float:
        return float(double(x)) if float(x) > 0 else 0.0

    trace = mg.trace(step, mg.tensor(3.0))
    assert trace.result == 6.0
    assert [call.op for call in trace.calls] == ["mul"]
    assert double.replays == replays
    assert double(mg.tensor(4.0)).item() == 8.0


def test_what_was_computed_before_the_trace_is_in_its_walks() -> None:
    x = mg.tensor([1.0, 2.0])
    loss = ops.sum(x * x)
    trace = mg.trace(lambda: mg.grad(loss, [x]), names={"x": x})
    gradient = trace.gradient("x")
    assert gradient is not None
    assert gradient.statistics.high == 4.0
    assert {trace.calls[pull.call].op for pull in trace.pulls} == {"sum", "mul"}
    assert all(trace.calls[pull.call].place.module == "before the trace" for pull in trace.pulls)


def test_statistics_count_zeros_saturation_and_what_is_not_finite() -> None:
    x = mg.tensor([-8.0, 0.0, 1.0, 8.0])
    with np.errstate(over="ignore"):
        trace = mg.trace(lambda: (ops.tanh(x), ops.sigmoid(x), ops.relu(x), ops.exp(x * 100.0)))
    tanh, sigmoid, relu, *_, exp = (trace.values[call.output].statistics for call in trace.calls)
    assert (tanh.saturated, sigmoid.saturated, relu.saturated) == (0.5, 0.5, 0.5)
    assert (relu.zeros, relu.high, relu.mean) == (0.5, 8.0, 2.25)
    assert (exp.wrong, exp.saturated) == (2, None)


def test_an_error_in_the_step_ends_the_trace() -> None:
    def step() -> None:
        mg.ones((2,)) @ mg.ones((3,))

    with pytest.raises(ValueError, match="matmul"):
        mg.trace(step)
    assert mode().tracer is None


def test_traces_do_not_nest_nor_stand_in_captured_steps() -> None:
    with pytest.raises(RuntimeError, match="a trace is running already"):
        mg.trace(lambda: mg.trace(lambda: None))
    step = mg.capture(lambda x: mg.trace(lambda: x * 2.0).result)
    with pytest.raises(mg.CaptureError, match=r"minigrad\.trace was called inside a captured step"):
        step(mg.tensor(1.0))


def test_names_are_of_modules_and_tensors() -> None:
    with pytest.raises(TypeError, match=r"names\['G'\] is a int"):
        mg.trace(lambda: None, names={"G": 3})
    trace = mg.trace(lambda: None)
    with pytest.raises(KeyError, match="no value is called 'x'"):
        trace.value("x")


def test_the_text_says_what_was_differentiated(gan: SmallGan) -> None:
    trace = traced(gan, arrays=False)
    assert all(value.array is None for value in trace.values)
    text = str(trace)
    assert text.count("\ngrad of ") == 2 + gan.penalty
    assert f"order {1 + gan.penalty}, at tests.minigrad.inspect.steps:" in text
    assert "D.0.weight (8, 2): gradient" in text
    html = trace._repr_html_()
    assert html.count("<tr>") == 1 + len(trace.parameters)
    assert "G.1.weight" in html


def differentiable() -> Iterator[tuple[str, int]]:
    for name, op in registry.items():
        if op.joint_rule is not None or op.rules:  # type: ignore[attr-defined]
            yield from ((name, i) for i in range(len(op.arguments)))  # type: ignore[attr-defined]


@pytest.mark.parametrize(("name", "position"), list(differentiable()))
def test_every_op_has_a_formula_and_every_rule_a_text(name: str, position: int) -> None:
    op: Any = registry[name]
    assert formula_of(op)
    text = rule_of(op, position)
    assert text
    assert "lambda g" not in text


def test_rules_are_shown_as_they_are_written() -> None:
    assert rule_of(ops.mul, 0) == "g * y"
    assert rule_of(ops.linear, 1) == "swapaxes(g, 0, 1) @ x"
    assert rule_of(registry["leaky_gate"], 1) == "0"
    assert rule_of(ops.batch_norm, 0).startswith("gx = batch_norm_grad(")


def test_a_rule_without_source_has_no_text() -> None:
    space: dict[str, Any] = {"mg": mg, "__name__": "typed_in"}
    exec("@mg.op\ndef thrice(x):\n    return x * 3\nthrice.vjp(x=lambda g, y, x: g * 3.0)", space)
    assert rule_of(space["thrice"], 0) == ""
    trace = mg.trace(lambda x: mg.grad(ops.sum(space["thrice"](x)), [x]), mg.tensor([1.0]))
    assert trace.result[0].tolist() == [3.0]
    assert formula_of(space["thrice"]) == ""
