"""Op: users' own derivative rules, and which op made a number that is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import minigrad as mg
from minigrad import ops
from tests.tensors import numbers

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
