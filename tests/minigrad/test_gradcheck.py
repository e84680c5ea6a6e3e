"""gradcheck: planted errors must fail at the order where they are, and what is right must pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, nn, ops
from minigrad.dispatch import kernels_of
from minigrad.ops.norm import inverse_std
from minigrad.registry import registry

Rule = Callable[..., Any]


def normal(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.fixture
def planted() -> Iterator[Callable[..., mg.Op]]:
    """Makes an op of a forward function and rules, gone after the test."""
    before = set(registry)

    def plant(forward: Callable[..., Any], **rules: Rule | None) -> mg.Op:
        made = mg.op(forward)
        made.vjp(**rules)
        return made

    yield plant
    for name in set(registry) - before:
        del registry[name]


# -- negative controls: an error at the first order ------------------------------------------------


def cube(x: Any) -> Any:
    return x**3


@pytest.mark.parametrize(
    "wrong",
    [
        lambda g, y, x: -(g * 3.0 * x * x),
        lambda g, y, x: g * x * x,
        lambda g, y, x: g * 2.999 * x * x,
        lambda g, y, x: g * 3.0 * x * x + 1e-3,
        lambda g, y, x: 3.0 * x * x,
        lambda g, y, x: g * g * 3.0 * x * x,
        lambda g, y, x: g * 3.0 * ops.abs(x) * x,
        None,
    ],
    ids=["sign", "factor", "nearly", "offset", "without g", "g twice", "modulus", "zero"],
)
def test_a_wrong_rule_fails_at_order_1(planted: Callable[..., mg.Op], wrong: Rule | None) -> None:
    op = planted(cube, x=wrong)
    with pytest.raises(
        mg.GradcheckError, match=r"order 1, input 0 float64 \(3, 4\): the derivative is .*finite"
    ):
        mg.gradcheck(op, [normal(3, 4)], order=1)


def test_the_right_rule_passes_to_any_order(planted: Callable[..., mg.Op]) -> None:
    op = planted(cube, x=lambda g, y, x: g * 3.0 * x * x)
    for order in (1, 2, 3, 4):
        assert mg.gradcheck(op, [normal(3, 4)], order=order, directions=1)


def test_one_wrong_element_of_a_thousand_is_found(planted: Callable[..., mg.Op]) -> None:
    spoilt = np.ones((10, 100))
    spoilt[7, 77] = 1.01
    op = planted(cube, x=lambda g, y, x: g * 3.0 * x * x * spoilt)
    with pytest.raises(mg.GradcheckError, match="order 1"):
        mg.gradcheck(op, [normal(10, 100)])


def test_the_wrong_input_is_named(planted: Callable[..., mg.Op]) -> None:
    def product(x: Any, y: Any) -> Any:
        return x * y

    op = planted(product, x=lambda g, out, x, y: g * y, y=lambda g, out, x, y: g * y)
    with pytest.raises(mg.GradcheckError, match=r"order 1, input 1 float64 \(4,\)"):
        mg.gradcheck(op, [normal(3, 4), normal(4)])


# -- negative controls: an error at the second order -----------------------------------------------


def standardize_twin(x: Any) -> Any:
    y, *saved = kernels_of(x).standardize(x, 1e-2)
    return y, tuple(saved)


def with_constant_inverse_std(g: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """standardize's gradient, correct as a number, with the inverse std taken for a constant."""
    inverse = inverse_std(x, eps=1e-2).detach()
    xhat = (x - ops.mean(x, axis=0, keepdims=True)) * inverse
    along = xhat * ops.mean(g * xhat, axis=0, keepdims=True)
    return inverse * (g - ops.mean(g, axis=0, keepdims=True) - along)


def with_live_inverse_std(g: Tensor, y: Tensor, x: Tensor) -> Tensor:
    inverse = inverse_std(x, eps=1e-2)
    xhat = (x - ops.mean(x, axis=0, keepdims=True)) * inverse
    along = xhat * ops.mean(g * xhat, axis=0, keepdims=True)
    return inverse * (g - ops.mean(g, axis=0, keepdims=True) - along)


def test_batch_norm_with_a_constant_inverse_std_fails_at_order_2_only(planted: Callable[..., mg.Op]) -> None:
    op = planted(standardize_twin, x=with_constant_inverse_std)
    assert mg.gradcheck(op, [normal(5, 3)], order=1)
    with pytest.raises(mg.GradcheckError, match="order 2"):
        mg.gradcheck(op, [normal(5, 3)])


def test_batch_norm_with_a_live_inverse_std_passes(planted: Callable[..., mg.Op]) -> None:
    op = planted(standardize_twin, x=with_live_inverse_std)
    assert mg.gradcheck(op, [normal(5, 3)], order=3)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda g, y, x: g * (3.0 * x.data**2),
        lambda g, y, x: g * 3.0 * (x.detach() * x),
        lambda g, y, x: g.detach() * 3.0 * x * x,
        lambda g, y, x: Tensor(g.data * 3.0 * x.data**2),
    ],
    ids=["x as numbers", "one x detached", "g detached", "all as numbers"],
)
def test_a_rule_that_loses_the_second_order_fails_there(planted: Callable[..., mg.Op], wrong: Rule) -> None:
    op = planted(cube, x=wrong)
    assert mg.gradcheck(op, [normal(3, 4)], order=1)
    with pytest.raises(mg.GradcheckError, match="order 2"):
        mg.gradcheck(op, [normal(3, 4)])


# -- functions -------------------------------------------------------------------------------------


def test_users_functions() -> None:
    def penalty(x: Tensor, w: Tensor) -> Tensor:
        score = ops.sum(ops.tanh(x @ w))
        (g,) = mg.grad(score, [x], create_graph=True)
        return ops.mean((ops.norm_per_sample(g) - 1.0) ** 2)

    assert mg.gradcheck(penalty, [normal(4, 3), normal(3, 2)])
    assert mg.gradcheck(lambda x: ops.softmax(x) @ ops.sin(x).T, [normal(3, 4)])
    assert mg.gradcheck(lambda x: x[0], [mg.tensor(normal(2, 3))])


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (lambda: nn.Linear(3, 2), (4, 3)),
        (lambda: nn.Sequential(nn.Conv2d(2, 3, 2, stride=2), nn.LeakyReLU(0.2)), (2, 2, 4, 4)),
        (lambda: nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1, output_padding=1), (2, 2, 2, 2)),
        (lambda: nn.Sequential(nn.BatchNorm1d(3), nn.Tanh(), nn.Linear(3, 2), nn.Sigmoid()), (5, 3)),
    ],
)
def test_modules_with_respect_to_input_and_parameters(module: Callable[[], nn.Module], shape: Any) -> None:
    network = module()
    names = [name for name, _ in network.named_parameters()]

    def f(x: Tensor, *parameters: Tensor) -> Tensor:
        return nn.functional_call(network, dict(zip(names, parameters, strict=True)), x)

    values = [p.numpy() for p in network.parameters()]
    assert mg.gradcheck(f, [normal(*shape), *values])


def test_integers_and_bools_are_passed_as_they_are() -> None:
    labels, mask = np.array([0, 2, 1]), np.array([[True, False, True]])
    seen: list[Any] = []

    def f(x: Tensor, labels: Tensor, mask: Tensor) -> Tensor:
        seen.append((labels.dtype, mask.dtype))
        return ops.cross_entropy(ops.where(mask, x, 0.5 * x), labels)

    assert mg.gradcheck(f, [normal(3, 3), labels, mask])
    assert set(seen) == {(np.dtype(np.int64), np.dtype(bool))}


@pytest.mark.parametrize("dtype", ["float16", "float32", ">f8"])
def test_every_float_input_is_taken_in_float64(dtype: str) -> None:
    seen = set()

    def f(x: Tensor) -> Tensor:
        seen.add(x.dtype)
        return x * x

    given = normal(3).astype(dtype)
    assert mg.gradcheck(f, [given])
    assert seen == {np.dtype(np.float64)}
    assert given.dtype == np.dtype(dtype)


def test_the_inputs_are_left_alone() -> None:
    x = normal(3, 4)
    x.flags.writeable = False
    before = x.copy()
    assert mg.gradcheck(lambda t: ops.exp(t) * t, [x])
    np.testing.assert_array_equal(x, before)


def test_empty_inputs() -> None:
    assert mg.gradcheck(lambda x: ops.exp(x), [np.zeros((0, 3))])


# -- what is refused -------------------------------------------------------------------------------


def test_a_function_that_changes_the_dtype() -> None:
    with pytest.raises(mg.GradcheckError, match=r"order 1: f made float32 \(3,\) of float64 inputs"):
        mg.gradcheck(lambda x: x.astype(np.float32), [normal(3)])
    with pytest.raises(mg.GradcheckError, match="f made int64"):
        mg.gradcheck(lambda x: x.astype(np.int64), [normal(3)])


def test_a_function_that_stops_the_gradient() -> None:
    with pytest.raises(mg.GradcheckError, match="order 1, input 0"):
        mg.gradcheck(lambda x: x.detach() * x.detach(), [normal(3)])


def test_a_random_function() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="two outputs for the same inputs; take the randomness out"):
        mg.gradcheck(lambda x: x * rng.standard_normal(3), [normal(3)])


@pytest.mark.parametrize("result", [1.0, np.ones(3), None])
def test_a_function_that_makes_no_tensor(result: Any) -> None:
    with pytest.raises(TypeError, match="f must return a Tensor, it returned"):
        mg.gradcheck(lambda x: result, [normal(3)])


def test_arguments_out_of_range() -> None:
    with pytest.raises(ValueError, match="order must be at least 1, got 0"):
        mg.gradcheck(lambda x: x, [normal(3)], order=0)
    with pytest.raises(ValueError, match="no float input"):
        mg.gradcheck(lambda x: x, [np.arange(3)])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_not_a_number_fails() -> None:
    with pytest.raises(mg.GradcheckError):
        mg.gradcheck(ops.log, [-np.ones(3)])


def test_the_error_is_an_assertion() -> None:
    assert issubclass(mg.GradcheckError, AssertionError)
