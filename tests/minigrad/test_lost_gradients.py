"""Gradients that would be lost in silence: refused, or kept where Tensors stand in lists."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import ops
from tests.minigrad.tensors import numbers


def _no_grad_loss(w: mg.Tensor) -> mg.Tensor:
    with mg.no_grad():
        return ops.sum(w * w)


LOST: dict[str, Callable[[mg.Tensor], mg.Tensor]] = {
    "a loss made under no_grad": _no_grad_loss,
    "a weight wrapped again": lambda w: ops.sum(mg.tensor(w) * 2.0),
    "a parameter of a copy": lambda w: ops.sum(mg.nn.Parameter(w) * 2.0),
    "an array": lambda w: ops.sum(mg.ops.stack([mg.tensor(np.asarray(w)), mg.tensor(np.asarray(w))])),
    "a list of numbers": lambda w: ops.sum([float(w[0]), float(w[1])]),
    "a deep copy": lambda w: ops.sum(copy.deepcopy(w) * 2.0),
}


@pytest.mark.parametrize("loss", LOST.values(), ids=LOST)
def test_a_gradient_lost_on_the_way_is_an_error(loss: Callable[[mg.Tensor], mg.Tensor]) -> None:
    w = mg.tensor([1.0, 2.0])
    with pytest.raises(ValueError, match=r"does not depend on wrt\[0\].*very Tensor, outside no_grad"):
        mg.grad(loss(w), [w])


def test_a_derivative_that_is_zero_by_its_rule_is_no_error() -> None:
    x = numbers(2.0)
    (g,) = mg.grad(ops.leaky_gate(mg.Tensor(np.ones(1)), x, slope=0.2), [x])
    assert g.item() == 0.0


def test_a_penalty_alone_does_not_depend_on_the_last_bias() -> None:
    critic = mg.nn.Sequential(mg.nn.Linear(2, 3), mg.nn.LeakyReLU(0.2), mg.nn.Linear(3, 1))
    x = mg.tensor([[1.0, -2.0]])
    (slope,) = mg.grad(ops.sum(critic(x)), [x], create_graph=True)
    penalty = ops.mean((ops.norm_per_sample(slope) - 1) ** 2)
    with pytest.raises(ValueError, match=r"does not depend on wrt\[3\], float32 \(1,\)"):
        mg.grad(penalty, critic.parameters())
    *_, first_bias, _, last_bias = mg.grad(penalty, critic.parameters(), unused="zeros")
    assert first_bias.numpy().tolist() == [0.0, 0.0, 0.0]  # the network is linear between its kinks
    assert last_bias.numpy().tolist() == [0.0]
    mg.grad(ops.mean(critic(x)) + penalty, critic.parameters())


@pytest.mark.parametrize("made", [lambda w: [w[0], w[1]], lambda w: (w[0], w[1])], ids=["list", "tuple"])
def test_a_list_of_tensors_given_to_an_op_is_their_stack(made: Callable[[mg.Tensor], Any]) -> None:
    w = mg.tensor([1.0, 2.0])
    (g,) = mg.grad(ops.sum(ops.mul(made(w), [3.0, 4.0])), [w])
    assert g.numpy().tolist() == [3.0, 4.0]


def test_nested_lists_of_tensors_and_numbers() -> None:
    w = mg.tensor([2.0, 3.0], dtype=np.float64)
    y = ops.square([[w[0], 1], (np.float64(5.0), w[1] * 2.0)])
    assert y.dtype == np.float64
    assert y.numpy().tolist() == [[4.0, 1.0], [25.0, 36.0]]
    assert mg.grad(ops.sum(y), [w])[0].numpy().tolist() == [4.0, 24.0]
    assert mg.gradcheck(lambda a, b: ops.square([[a, b], [b, 1.0]]), [np.array(0.3), np.array(-0.7)])


def test_a_ragged_list_of_tensors() -> None:
    w = mg.tensor([1.0, 2.0])
    with pytest.raises(ValueError, match=r"one shape, got \(2,\), \(\).*ops.concatenate"):
        ops.sum([w, w[0]])


def test_a_leaf_of_tensors_in_a_list_is_refused() -> None:
    t = mg.tensor([1.0, 2.0])
    for data in ([t, t], (t,), [[1.0], [t[0]]]):
        with pytest.raises(TypeError, match=r"use minigrad\.ops\.stack"):
            mg.tensor(data)
    with pytest.raises(TypeError, match=r"use minigrad\.ops\.stack"):
        mg.nn.Parameter([t, t])


@pytest.mark.parametrize("copied", [copy.deepcopy, pickle.dumps, lambda t: copy.deepcopy([t])])
def test_what_an_op_made_is_neither_deep_copied_nor_pickled(copied: Callable[[Any], Any]) -> None:
    t = mg.tensor([1.0, 2.0])
    with pytest.raises(
        TypeError, match=r"a Tensor that mul made is not deep-copied or pickled.*t\.detach\(\)"
    ):
        copied(t * 2.0)
    copied((t * 2.0).detach())


def test_a_shallow_copy_has_the_graph() -> None:
    t = mg.tensor([1.0, 2.0])
    y = t * t
    assert mg.grad(ops.sum(copy.copy(y)), [t])[0].numpy().tolist() == [2.0, 4.0]
    twin = copy.copy(mg.nn.Parameter([1.0]))
    assert (type(twin), twin.item(), twin.op) == (mg.nn.Parameter, 1.0, None)


@pytest.mark.parametrize(
    "call",
    [
        lambda x, s: ops.leaky_relu(x, slope=s),
        lambda x, s: ops.leaky_relu(x, s),
        lambda x, s: mg.nn.LeakyReLU(s)(x),
        lambda x, s: ops.linear(x, np.ones((2, 2)), np.ones(2), slope=s),
        lambda x, s: ops.batch_norm(x, np.ones(2), np.zeros(2), eps=s),
    ],
)
def test_a_setting_is_no_tensor_whose_gradient_would_be_lost(call: Callable[..., mg.Tensor]) -> None:
    x, s = mg.tensor([[1.0, -2.0]]), mg.nn.Parameter([0.2])
    with pytest.raises(
        TypeError, match=r"(slope|eps) is a setting, .* give the number, as in \w+=float\(t\)"
    ):
        call(x, s)
    call(x, float(s))
    assert ops.sum(x, axis=mg.tensor(0)).shape == (2,)  # integers have no gradient
