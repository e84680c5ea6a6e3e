"""Op: users' own derivative rules, and which op made a number that is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import ops
from minigrad.dispatch import kernels_of
from tests.minigrad.tensors import numbers

# -- users' ops ------------------------------------------------------------------------------------


def test_rules_must_name_the_arguments(user_op: Callable[..., mg.Op]) -> None:
    @user_op
    def twice(x: Any) -> Any:
        return 2 * x

    with pytest.raises(ValueError, match=r"twice.vjp: rules for \('y',\), but the arguments are \('x',\)"):
        twice.vjp(y=lambda g, y, x: g)
    x = numbers(1.0)
    with pytest.raises(TypeError, match=r"twice has no derivative; declare its rules with twice.vjp"):
        mg.grad(twice(x), [x])
    twice.vjp(x=lambda g, y, x: g * 2.0)
    assert mg.grad(twice(x), [x])[0].item() == 2.0


@pytest.mark.parametrize("wrong", [lambda g, y, x: g.data * 2.0, lambda g, y, x: None, lambda g, y, x: 2.0])
def test_a_rule_that_returns_no_tensor_is_refused(user_op: Callable[..., mg.Op], wrong: Any) -> None:
    @user_op
    def twice(x: Any) -> Any:
        return 2 * x

    twice.vjp(x=wrong)
    x = numbers(1.0)
    with pytest.raises(TypeError, match=r"twice: the rule of input 0 returned .*; return a Tensor"):
        mg.grad(twice(x), [x])


def test_a_rule_of_the_wrong_shape_is_refused(user_op: Callable[..., mg.Op]) -> None:
    @user_op
    def twice(x: Any) -> Any:
        return 2 * x

    twice.vjp(x=lambda g, y, x: ops.sum(g))
    x = numbers(1.0, 2.0)
    with pytest.raises(ValueError, match=r"\(2,\) does not broadcast to \(\)"):
        mg.grad(ops.sum(twice(x)), [x])


# -- not a number ----------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_check_finite_names_the_op() -> None:
    x = numbers(0.0, 1.0)
    with (
        mg.check_finite(),
        pytest.raises(mg.NonFiniteError, match=r"log made a NaN or infinity from float64 \(2,\) \(finite"),
    ):
        ops.log(x)
    y = ops.sum(ops.sqrt(x))
    with mg.check_finite(), pytest.raises(FloatingPointError, match="div made a NaN or infinity"):
        mg.grad(y, [x])
    ops.log(x)


# -- writes ----------------------------------------------------------------------------------------


def _assigns(x: Any) -> Any:
    x[0] = 7.0
    return x * 1.0


def _adds(x: Any) -> Any:
    x += 1.0
    return x


def _fills(x: Any) -> Any:
    return np.multiply(x, 2.0, out=x)


@pytest.mark.parametrize("forward", [_assigns, _adds, _fills, lambda x: x.sort() or x])
@pytest.mark.parametrize("captured", [False, True])
def test_a_forward_function_that_writes_into_its_input_is_refused(
    user_op: Callable[..., mg.Op], forward: Any, captured: bool
) -> None:
    function: Any = user_op(forward)
    x = mg.tensor([3.0, 1.0])
    step = mg.capture(lambda x: function(x)) if captured else function
    with pytest.raises(
        ValueError, match=r"float32 \(2,\)\): .*read-only; .*not write into its inputs: change a copy"
    ):
        step(x)
    assert x.numpy().tolist() == [3.0, 1.0]


def test_a_forward_function_may_return_its_input_call_kernels_and_write_elsewhere(
    user_op: Callable[..., mg.Op], kernels: str
) -> None:
    @user_op
    def own(x: Any, w: Any) -> Any:
        y = x @ w
        y += 1.0
        return kernels_of(x).leaky_relu(y, 0.1) + kernels_of(x).matmul(x, w)

    @user_op
    def same(x: Any) -> Any:
        return x

    own.vjp(x=lambda g, y, x, w: g @ w.T, w=lambda g, y, x, w: x.T @ g)
    same.vjp(x=lambda g, y, x: g)
    x, w = mg.tensor([[1.0, 2.0]]), mg.tensor([[1.0], [-1.0]])
    step = mg.capture(lambda x: own(same(x), w))
    for _ in range(4):
        assert step(x).item() == -1.0
    assert step.replays == 2
    w.data[...] = 2.0  # the arrays themselves stay writeable
    w.changed()
    (g,) = mg.grad(ops.sum(same(x)), [x])
    g.data[...] = 0.0


def test_which_writes_are_noticed() -> None:
    def changed(write: Callable[[mg.Tensor], object]) -> bool:
        w = mg.tensor([1.0, 2.0])
        y = ops.sum(w * w)
        write(w)
        try:
            mg.grad(y, [w])
        except mg.StaleGraphError:
            return True
        return False

    def through_the_array(w: mg.Tensor) -> None:
        w.data[0] = 5.0

    def and_saying_so(w: mg.Tensor) -> None:
        w.data[0] = 5.0
        w.changed()

    assert changed(lambda w: setattr(w, "data", w.data * 2))
    assert changed(lambda w: mg.modify(w, lambda a: a.fill(0.0)))
    assert changed(lambda w: mg.optim.SGD([w], lr=1.0).step([w]))
    assert changed(and_saying_so)
    assert not changed(through_the_array)  # as the docstring of Tensor.data says
