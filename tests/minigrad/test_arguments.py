"""Arguments of every kind: settings as NumPy's numbers, arrays without elements, integers out of range."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, ops

X = np.arange(24.0).reshape(2, 3, 4)

REDUCTIONS = [
    "all", "any", "logsumexp", "max", "mean", "min", "prod", "std", "sum", "var", "vector_norm",
]  # fmt: skip


@pytest.mark.parametrize("name", REDUCTIONS)
def test_axes_may_be_numpy_s_lists_and_arrays(name: str) -> None:
    function = getattr(ops, name)
    for plain, others in {
        (0, 2): ([0, 2], (np.int64(0), np.int64(-1)), np.array([0, 2])),
        1: (np.int64(1), [1], (1,), np.array(1), np.array([-2])),
        (): ([],),
    }.items():
        x = mg.tensor(X)
        expected = function(x, axis=plain)
        for axis in others:
            y = function(x, axis=axis)
            np.testing.assert_array_equal(y.numpy(), expected.numpy())
            if not y.is_float:
                continue
            g, wanted = (mg.grad(ops.sum(z), [x], create_graph=True)[0] for z in (y, expected))
            np.testing.assert_array_equal(g.numpy(), wanted.numpy())
    with pytest.raises(TypeError, match=r"axis is an integer, several of them, or None; got 1\.0"):
        function(x, axis=1.0)
    with pytest.raises(ValueError, match="out of bounds"):
        function(x, axis=[3])


@pytest.mark.parametrize("name", ["logsumexp", "max", "mean", "min", "sum", "var"])
def test_a_number_has_no_axis_but_takes_0(name: str) -> None:
    x = mg.tensor(2.0)
    for axis in (None, (), 0, -1, (0,), (-1,), [0], np.int64(0)):
        y = getattr(ops, name)(x, axis=axis)
        assert (y.shape, y.item()) == ((), 0.0 if name == "var" else 2.0)
        assert mg.grad(y, [x])[0].item() == (0.0 if name == "var" else 1.0)
    with pytest.raises(ValueError, match="out of bounds"):
        getattr(ops, name)(x, axis=1)


SETTINGS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "argmax": (lambda x: ops.argmax(x, axis=np.int64(1)), lambda x: ops.argmax(x, axis=1)),
    "broadcast_to": (
        lambda x: ops.broadcast_to(x, shape=[np.int64(2), 2, 3, 4]),
        lambda x: ops.broadcast_to(x, shape=(2, 2, 3, 4)),
    ),
    "chunk": (lambda x: ops.chunk(x, np.int64(2), np.int64(2))[1], lambda x: ops.chunk(x, 2, 2)[1]),
    "concatenate": (lambda x: ops.concatenate([x, x], np.int64(1)), lambda x: ops.concatenate([x, x], 1)),
    "cumsum": (lambda x: ops.cumsum(x, axis=np.int64(1)), lambda x: ops.cumsum(x, axis=1)),
    "expand_dims": (lambda x: ops.expand_dims(x, np.int64(1)), lambda x: ops.expand_dims(x, 1)),
    "flatten": (lambda x: ops.flatten(x, np.int64(1)), lambda x: ops.flatten(x, 1)),
    "flip": (lambda x: ops.flip(x, np.array([0, 2])), lambda x: ops.flip(x, (0, 2))),
    "getitem": (lambda x: x[np.int64(1), :: np.int64(2)], lambda x: x[1, ::2]),
    "interpolate": (
        lambda x: ops.interpolate(x, size=np.array([6])),
        lambda x: ops.interpolate(x, size=6),
    ),
    "leaky_relu": (
        lambda x: ops.leaky_relu(-x, slope=np.float64(0.5)),
        lambda x: ops.leaky_relu(-x, slope=0.5),
    ),
    "log_softmax": (lambda x: ops.log_softmax(x, axis=np.int64(1)), lambda x: ops.log_softmax(x, axis=1)),
    "max_pool2d": (
        lambda x: ops.max_pool2d(x, np.int64(2), np.array([1, 2])),
        lambda x: ops.max_pool2d(x, 2, (1, 2)),
    ),
    "pad": (
        lambda x: ops.pad(x, np.array([[0, 0], [1, 1], [0, 2]])),
        lambda x: ops.pad(x, [(0, 0), (1, 1), (0, 2)]),
    ),
    "repeat": (lambda x: ops.repeat(x, np.int64(2), np.int64(0)), lambda x: ops.repeat(x, 2, 0)),
    "reshape": (lambda x: x.reshape(np.array([6, 4])), lambda x: x.reshape(6, 4)),
    "roll": (
        lambda x: ops.roll(x, np.array([1, 2]), np.array([0, 1])),
        lambda x: ops.roll(x, (1, 2), (0, 1)),
    ),
    "softmax": (lambda x: ops.softmax(x, axis=np.int64(1)), lambda x: ops.softmax(x, axis=1)),
    "split": (lambda x: ops.split(x, np.array([1, 3]), np.int64(2))[1], lambda x: ops.split(x, [1, 3], 2)[1]),
    "squeeze": (lambda x: ops.squeeze(x[:1], np.int64(0)), lambda x: ops.squeeze(x[:1], 0)),
    "standardize": (lambda x: ops.standardize(x, eps=np.float32(0.5)), lambda x: ops.standardize(x, eps=0.5)),
    "sum_to": (lambda x: ops.sum_to(x, shape=[3, np.int64(1)]), lambda x: ops.sum_to(x, shape=(3, 1))),
    "swapaxes": (lambda x: ops.swapaxes(x, np.int64(0), np.int64(2)), lambda x: ops.swapaxes(x, 0, 2)),
    "tile": (lambda x: ops.tile(x, np.array([2, 1, 1])), lambda x: ops.tile(x, (2, 1, 1))),
    "transpose": (lambda x: x.transpose(np.array([2, 0, 1])), lambda x: x.transpose(2, 0, 1)),
    "tril": (lambda x: ops.tril(x, k=np.int64(1)), lambda x: ops.tril(x, k=1)),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_of_ops_may_be_numpy_s(name: str) -> None:
    x = mg.tensor(X, dtype=np.float32)
    y, expected = (function(x) for function in SETTINGS[name])
    assert y.dtype == expected.dtype
    np.testing.assert_array_equal(y.numpy(), expected.numpy())
    if y.is_float:
        found, wanted = (mg.grad(ops.sum(z * z), [x])[0].numpy() for z in (y, expected))
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, wanted)


def test_one_axis_may_be_transposed_by_its_number() -> None:
    x = mg.tensor([1.0, 2.0, 3.0])
    for axis in (0, -1, np.int64(0), (0,), [0]):
        (g,) = mg.grad(ops.sum(ops.square(x.transpose(axis))), [x], create_graph=True)
        assert g.numpy().tolist() == [2, 4, 6]
        assert mg.grad(ops.sum(g), [x])[0].numpy().tolist() == [2, 2, 2]


def test_an_empty_list_is_an_index_of_no_elements_at_any_depth() -> None:
    x = mg.tensor(X)
    for index in ([], [[]], [[], []], ([[]],), ([], [[]]), (slice(None), [[]]), (..., []), ([[]], 0)):
        y = x[index]
        assert (
            y.shape
            == X[
                np.array(index, int)
                if isinstance(index, list)
                else tuple(np.array(part, int) if isinstance(part, list) else part for part in index)
            ].shape
        )
        (g,) = mg.grad(ops.sum(y * y), [x])
        assert not g.numpy().any()
    assert x[[True, False]].shape == (1, 3, 4)


EMPTY: dict[str, tuple[Callable[[Tensor], Tensor], tuple[int, ...], tuple[int, ...]]] = {
    "softmax": (lambda x: ops.softmax(x), (5, 0, 0), (5, 0, 0)),
    "softmax of none": (lambda x: ops.softmax(x, axis=0), (0, 3), (0, 3)),
    "log_softmax": (lambda x: ops.log_softmax(x, axis=1), (5, 0, 2), (5, 0, 2)),
    "logsumexp": (lambda x: ops.logsumexp(x, axis=1), (0, 3), (0,)),
    "max": (lambda x: ops.max(x, axis=1), (0, 3), (0,)),
    "mean": (lambda x: ops.mean(x, axis=1), (0, 3), (0,)),
    "std": (lambda x: ops.std(x, axis=1), (0, 3), (0,)),
    "sum": (lambda x: ops.sum(x, axis=0), (0, 3), (3,)),
    "prod": (lambda x: ops.prod(x, axis=0), (0, 3), (3,)),
    "cumsum": (lambda x: ops.cumsum(x, axis=0), (0, 3), (0, 3)),
    "vector_norm": (lambda x: ops.vector_norm(x, axis=0), (0, 3), (3,)),
    "norm_per_sample": (lambda x: ops.norm_per_sample(x), (0, 3), (0,)),
    "channel_sum": (ops.channel_sum, (0, 3, 2), (3,)),
    "clip": (lambda x: ops.clip(x, 0.0, 1.0), (0, 3), (0, 3)),
    "maximum": (lambda x: ops.maximum(x, 0.0), (0, 3), (0, 3)),
    "abs": (ops.abs, (0, 3), (0, 3)),
    "relu": (ops.relu, (3, 0), (3, 0)),
    "matmul": (lambda x: x @ x.T, (0, 3), (0, 0)),
    "matmul of nothing": (lambda x: x @ x.T, (3, 0), (3, 3)),
    "linear": (lambda x: ops.linear(x, np.ones((2, 3)), np.ones(2), slope=0.0), (0, 3), (0, 2)),
    "bias_leaky_relu": (lambda x: ops.bias_leaky_relu(x, np.ones(3), slope=0.0), (0, 3, 2), (0, 3, 2)),
    "conv2d": (lambda x: ops.conv2d(x, np.ones((2, 3, 2, 2))), (0, 3, 4, 4), (0, 2, 3, 3)),
    "conv_transpose2d": (
        lambda x: ops.conv_transpose2d(x, np.ones((3, 2, 2, 2))),
        (0, 3, 4, 4),
        (0, 2, 5, 5),
    ),
    "max_pool2d": (lambda x: ops.max_pool2d(x, 2), (0, 3, 4, 4), (0, 3, 2, 2)),
    "avg_pool2d": (lambda x: ops.avg_pool2d(x, 2), (0, 3, 4, 4), (0, 3, 2, 2)),
    "interpolate": (lambda x: ops.interpolate(x, scale_factor=2), (0, 3, 4, 4), (0, 3, 8, 8)),
    "einsum": (lambda x: ops.einsum("ij,kj->ik", x, x), (3, 0), (3, 3)),
    "concatenate": (lambda x: ops.concatenate([x, x], 1), (0, 3), (0, 6)),
    "stack": (lambda x: ops.stack([x, x]), (0, 3), (2, 0, 3)),
    "flatten": (ops.flatten, (0, 3, 2), (0, 6)),
    "pad": (lambda x: ops.pad(x, 1), (0, 3), (2, 5)),
    "tile": (lambda x: ops.tile(x, 2), (0, 3), (0, 6)),
    "repeat": (lambda x: ops.repeat(x, 2, 0), (0, 3), (0, 3)),
    "roll": (lambda x: ops.roll(x, 1, 0), (0, 3), (0, 3)),
    "flip": (ops.flip, (0, 3), (0, 3)),
    "embedding": (lambda x: ops.embedding(np.zeros((0, 2), int), x), (4, 3), (0, 2, 3)),
    "gelu": (ops.gelu, (0, 3), (0, 3)),
    "elu": (ops.elu, (0, 3), (0, 3)),
}


@pytest.mark.parametrize("name", EMPTY)
def test_arrays_without_elements_to_second_order(name: str, kernels: str) -> None:
    function, shape, expected = EMPTY[name]
    x = mg.tensor(np.ones(shape))
    y = function(x)
    assert y.shape == expected
    (g,) = mg.grad(ops.sum(y * y), [x], create_graph=True)
    (gg,) = mg.grad(ops.sum(g * g) + ops.sum(y), [x])
    assert g.shape == gg.shape == shape
    assert not g.numpy().any()
    assert not gg.numpy().any()


def test_of_nothing_the_log_of_a_sum_of_exponentials_is_minus_infinity() -> None:
    x = mg.tensor(np.zeros((0, 3)))
    y = ops.logsumexp(x, axis=0)
    assert y.numpy().tolist() == [-np.inf] * 3
    assert mg.grad(y, [x], grad_output=np.ones(3))[0].shape == (0, 3)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize(
    ("x", "y", "gradient"),
    [
        ([np.inf, 1.0], np.inf, [1, 0]),
        ([np.inf, np.inf], np.inf, [0.5, 0.5]),
        ([np.inf, -np.inf], np.inf, [1, 0]),
        ([-np.inf, -np.inf], -np.inf, [0, 0]),
        ([-np.inf, 1.0], 1.0, [0, 1]),
        ([np.nan, 1.0], np.nan, [np.nan, np.nan]),
    ],
)
def test_the_log_of_a_sum_of_infinite_exponentials(x: Any, y: float, gradient: Any, kernels: str) -> None:
    t = mg.tensor(x)
    for axis, keepdims in ((None, False), (0, True), ((0,), False)):
        found = ops.logsumexp(t, axis=axis, keepdims=keepdims)
        np.testing.assert_array_equal(found.numpy().reshape(()), y)
        (g,) = mg.grad(found, [t], create_graph=True)
        np.testing.assert_array_equal(g.numpy(), gradient)
        (gg,) = mg.grad(g, [t], grad_output=[1.0, -1.0])
        np.testing.assert_array_equal(gg.numpy(), [np.nan, np.nan] if np.isnan(y) else [0, 0])


OUT_OF_RANGE = [("uint8", -3), ("uint8", 256), ("int8", 200), ("int64", 2**63)]
BINARY = [
    "add", "sub", "mul", "div", "power", "maximum", "minimum", "floor_divide", "remainder", "clip",
]  # fmt: skip


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize(
    ("dtype", "number"), [("uint8", -3), ("uint8", 256), ("int8", 200), ("int64", 2**63)]
)
def test_an_integer_out_of_range_says_so(name: str, dtype: str, number: int) -> None:
    x = mg.tensor(np.ones(2, dtype))
    limits = np.iinfo(dtype)
    message = rf"{number} does not fit into {dtype} \({limits.min}\.\.{limits.max}\); convert the Tensor"
    with pytest.raises(ValueError, match=message):
        getattr(ops, name)(x, number)
    if name != "clip":
        with pytest.raises(ValueError, match=message):
            getattr(ops, name)(number, x)
    with pytest.raises(ValueError, match=message):
        ops.where(x > 0, x, number)
    assert (x < number).numpy().tolist() == [number > 0] * 2
    assert (x.astype("float32") * number).dtype == np.float32


def test_an_integer_that_no_number_holds_says_so() -> None:
    with pytest.raises(ValueError, match="an integer of 1329 bits is too large for float32; scale"):
        mg.tensor([1.0]) * 10**400
    with pytest.raises(ValueError, match="an integer of 71 bits does not fit into int64"):
        mg.tensor([True]) * 2**70
    with pytest.raises(ValueError, match=r"tensor: .*-1 out of bounds for uint8; choose a dtype that holds"):
        mg.tensor(-1, np.uint8)
