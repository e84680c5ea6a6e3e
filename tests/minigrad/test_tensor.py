"""Tensor: construction, dtypes, memory, exchange with NumPy and DLPack, operators, Python's protocols."""

from __future__ import annotations

import copy
import operator
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor

ALLOWED = [
    "float32",
    "float64",
    "bool",
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "uint64",
]
REFUSED = ["float16", "longdouble", "complex64", "complex128", "U3", "S3", "O", "M8[s]"]


# -- construction ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "dtype", "shape"),
    [
        (1.5, "float32", ()),
        (3, "int64", ()),
        (True, "bool", ()),
        ([1.0, 2.0], "float32", (2,)),
        ([[1, 2], [3, 4]], "int64", (2, 2)),
        ([], "float32", (0,)),
        (np.ones(2), "float64", (2,)),
        (np.float64(1.0), "float64", ()),
        (np.ones((2, 0), np.uint8), "uint8", (2, 0)),
    ],
)
def test_dtype_of_a_new_tensor(data: Any, dtype: str, shape: tuple[int, ...]) -> None:
    t = mg.tensor(data)
    assert (t.dtype, t.shape) == (np.dtype(dtype), shape)


@pytest.mark.parametrize("dtype", ALLOWED)
def test_every_allowed_dtype(dtype: str) -> None:
    assert mg.tensor([0, 1], dtype).dtype == np.dtype(dtype)


@pytest.mark.parametrize("dtype", REFUSED)
def test_other_dtypes_are_refused(dtype: str) -> None:
    array = np.zeros(2, dtype)
    with pytest.raises(TypeError, match="holds float32, float64, integers or bool, not"):
        Tensor(array)
    with pytest.raises(TypeError, match=r"; (convert with|give the parts|text is no|Python objects are no)"):
        mg.tensor(array)


def test_tensor_copies_and_the_class_does_not() -> None:
    a = np.ones(3)
    assert mg.tensor(a).data is not a
    assert not np.shares_memory(mg.tensor(a).data, a)
    assert Tensor(a).data is a
    t = Tensor(a)
    assert not np.shares_memory(mg.tensor(t).data, a)


@pytest.mark.parametrize("value", [[1.0], 1.0, np.float32(1.0), None])
def test_the_class_takes_arrays_alone(value: Any) -> None:
    with pytest.raises(TypeError, match="expected a NumPy or CuPy array"):
        Tensor(value)


def test_devices() -> None:
    t = mg.tensor([1.0], device="cpu")
    assert t.device == "cpu"
    assert t.to("cpu") is t
    with pytest.raises(ValueError, match="there is no device 'tpu'"):
        t.to("tpu")
    with pytest.raises(ValueError, match="there is no device 'tpu'"):
        mg.tensor([1.0], device="tpu")


@pytest.mark.parametrize("dtype", [">f4", "<f4", ">f8", "<f8", ">i4", "<i4"])
def test_byte_order_is_made_native(dtype: str) -> None:
    a = np.arange(6).reshape(2, 3).astype(dtype)
    for t in (Tensor(a), mg.tensor(a), Tensor(a).astype(dtype)):
        assert t.dtype.isnative
        assert t.numpy().tolist() == a.tolist()
    assert (Tensor(a) * a).numpy().tolist() == (a * a).tolist()


def test_any_strides() -> None:
    a = np.arange(24.0).reshape(2, 3, 4)
    for view in (a.T, a[:, ::2], a[::-1, :, ::-1], np.broadcast_to(a[:1], (5, 3, 4)), a[1:, 1:, 1:]):
        assert (Tensor(view) + 1).numpy().tolist() == (view + 1).tolist()
        assert mg.ops.sum(Tensor(view)).item() == view.sum()


# -- data and versions -----------------------------------------------------------------------------


def test_assigning_data_counts_as_a_change() -> None:
    t = mg.tensor([1.0, 2.0])
    t.data -= 1.0
    assert t.version == 1
    t.data = np.zeros(2, np.float32)
    assert t.version == 2
    t.data[...] = 5.0
    t.changed()
    assert t.version == 3
    assert t.numpy().tolist() == [5.0, 5.0]


@pytest.mark.parametrize("value", [np.zeros(3, np.float32), np.zeros(2), np.zeros((2, 1), np.float32)])
def test_data_keeps_shape_and_dtype(value: Any) -> None:
    t = mg.tensor([1.0, 2.0])
    with pytest.raises(
        ValueError, match=r"data of float32 \(2,\) cannot be replaced by .*; make a new Tensor"
    ):
        t.data = value
    assert t.version == 0


@pytest.mark.parametrize("value", [[0.0, 0.0], mg.tensor([0.0, 0.0]), 0.0])
def test_data_is_an_array(value: Any) -> None:
    t = mg.tensor([1.0, 2.0])
    with pytest.raises(TypeError, match="expected a NumPy or CuPy array"):
        t.data = value
    assert t.numpy().tolist() == [1.0, 2.0]


def test_data_of_a_number_may_be_replaced_by_a_numpy_scalar() -> None:
    t = mg.tensor(1.0)
    t.data = t.data - np.float32(0.25)
    assert isinstance(t.data, np.ndarray)
    assert (t + 1).item() == 1.75


def test_views_share_the_version_and_copies_do_not() -> None:
    t = mg.tensor(np.arange(6.0).reshape(2, 3))
    views = [
        t.detach(),
        t.T,
        t.reshape(6),
        t[0],
        t[:, 1:],
        t.astype(np.float64),
        mg.ops.broadcast_to(t, (4, 2, 3)),
    ]
    copies = [
        t + 0,
        t[[0, 1]],
        t[t > 1],
        t.astype(np.float32),
        mg.ops.sum_to(t, (1, 3)),
        t.T.reshape(6),
        t[0, 0],
    ]
    t.changed()
    assert [v.version for v in views] == [1] * len(views)
    assert [c.version for c in copies] == [0] * len(copies)


def test_detach_is_a_leaf_on_the_same_array() -> None:
    t = mg.tensor([1.0, 2.0])
    y = t * t
    leaf = y.detach()
    assert leaf.op is None
    assert leaf.inputs == ()
    assert leaf.data is y.data


# -- exchange --------------------------------------------------------------------------------------


def test_numpy_is_a_read_only_view() -> None:
    t = mg.tensor([1.0, 2.0])
    view = t.numpy()
    assert np.shares_memory(view, t.data)
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 3.0
    t.data[0] = 3.0
    assert view[0] == 3.0


def test_asarray() -> None:
    t = mg.tensor([1.0, 2.0])
    assert np.shares_memory(np.asarray(t), t.data)
    assert not np.asarray(t).flags.writeable
    assert not np.shares_memory(np.array(t), t.data)
    assert np.array(t).flags.writeable
    assert np.asarray(t, np.float64).dtype == np.float64
    assert np.asarray(t, np.int32).tolist() == [1, 2]
    assert np.shares_memory(np.array(t, copy=False), t.data)
    with pytest.raises(ValueError, match="copy"):
        np.array(t, dtype=np.float64, copy=False)


def test_dlpack_with_numpy() -> None:
    t = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    there = np.from_dlpack(t.T)
    assert np.shares_memory(there, t.data)
    assert there.tolist() == [[1.0, 3.0], [2.0, 4.0]]
    back = mg.tensor(there)
    assert not np.shares_memory(back.data, t.data)
    assert t.__dlpack_device__() == (1, 0)


def test_dlpack_with_torch() -> None:
    torch = pytest.importorskip("torch")
    t = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    there = torch.from_dlpack(t)
    assert there.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    there[0, 0] = 9.0
    assert t.data[0, 0] == 9.0
    for made in (
        torch.arange(6.0).reshape(2, 3).T,
        torch.tensor([True, False]),
        torch.ones(2, dtype=torch.float64),
    ):
        mine = mg.tensor(made)
        assert mine.numpy().tolist() == made.tolist()
        assert str(mine.dtype) == str(made.dtype).removeprefix("torch.")
        made.zero_()
        assert mine.numpy().any()


def test_copies_and_pickles_of_leaves() -> None:
    t = mg.tensor([1.0, 2.0])
    for twin in (copy.deepcopy(t), pickle.loads(pickle.dumps(t))):  # noqa: S301
        twin.data += 1.0
        assert t.numpy().tolist() == [1.0, 2.0]
        assert twin.numpy().tolist() == [2.0, 3.0]
        assert t.version == 0


# -- operators -------------------------------------------------------------------------------------

BINARY = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
COMPARISONS = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]


@pytest.mark.parametrize("f", [*BINARY, *COMPARISONS])
def test_operators_with_anything_on_either_side(f: Callable[[Any, Any], Any]) -> None:
    a = np.array([[1.0, 2.0, 3.0]], np.float32)
    b = np.array([[2.0], [1.5]], np.float32)
    for left, right in [(mg.tensor(a), mg.tensor(b)), (mg.tensor(a), b), (a, mg.tensor(b))]:
        y = f(left, right)
        assert isinstance(y, Tensor)
        np.testing.assert_allclose(y.numpy(), f(a, b), rtol=1e-6)
        assert y.dtype == f(a, b).dtype
    for number in (2, 1.5, np.float32(2.0), np.float64(2.0), np.int64(2)):
        y, reverse = f(mg.tensor(a), number), f(number, mg.tensor(a))
        assert isinstance(y, Tensor)
        assert isinstance(reverse, Tensor)
        np.testing.assert_allclose(y.numpy(), f(a, number), rtol=1e-6)
        np.testing.assert_allclose(reverse.numpy(), f(number, a), rtol=1e-6)
        assert y.dtype == reverse.dtype == f(a, a).dtype


def test_matmul_and_unary_operators() -> None:
    a, b = np.arange(6.0).reshape(2, 3) - 2, np.arange(3.0)
    for y in (mg.tensor(a) @ mg.tensor(b), mg.tensor(a) @ b, a @ mg.tensor(b)):
        assert isinstance(y, Tensor)
        assert y.numpy().tolist() == (a @ b).tolist()
    assert (-mg.tensor(a)).numpy().tolist() == (-a).tolist()
    assert np.asarray(builtin_abs(mg.tensor(a))).tolist() == np.abs(a).tolist()


def builtin_abs(t: Tensor) -> Tensor:
    return abs(t)


def test_gradients_flow_through_operators_with_arrays() -> None:
    t = mg.tensor([1.0, 2.0, 3.0])
    a = np.array([4.0, 5.0, 6.0], np.float32)
    y = (a - t) * t + a / t
    (g,) = mg.grad(mg.ops.sum(y), [t])
    np.testing.assert_allclose(g.numpy(), a - 2 * t.numpy() - a / t.numpy() ** 2, rtol=1e-6)


@pytest.mark.parametrize(
    ("left", "right", "dtype"),
    [
        (mg.tensor([1.0]), 2.0, "float32"),
        (mg.tensor(np.ones(1)), 2.0, "float64"),
        (mg.tensor([1.0]), np.ones(1), "float64"),
        (mg.tensor([1.0]), mg.tensor(np.ones(1)), "float64"),
        (mg.tensor([1.0]), mg.tensor([1]), "float32"),
        (mg.tensor([1.0]), mg.tensor([True]), "float32"),
        (mg.tensor([1]), 2, "int64"),
        (mg.tensor([1], "uint8"), 2, "uint8"),
        (mg.tensor([1], "int32"), 2.5, "float32"),
        (mg.tensor([1], "int32"), mg.tensor([1], "int64"), "int64"),
        (mg.tensor([True]), 2, "int64"),
        (mg.tensor([1.0]), [2.0], "float32"),
    ],
)
def test_dtype_of_a_sum(left: Any, right: Any, dtype: str) -> None:
    assert (left + right).dtype == np.dtype(dtype)
    assert (right + left).dtype == np.dtype(dtype)


@pytest.mark.parametrize("other", [None, "a", {}, 1j, object()])
def test_operators_refuse_what_is_no_number(other: Any) -> None:
    with pytest.raises(TypeError, match=r"expected a Tensor|holds float32"):
        mg.tensor([1.0]) + other


# -- what Python asks ------------------------------------------------------------------------------


def test_tensors_are_hashed_by_identity_and_compared_elementwise() -> None:
    t, twin = mg.tensor([1.0, 2.0]), mg.tensor([1.0, 2.0])
    assert (t == twin).numpy().all()
    assert len({t: 1, twin: 2}) == 2
    assert (t == None).numpy().tolist() == [False, False]  # noqa: E711
    assert (t > 1).dtype == bool


def test_indexing() -> None:
    a = np.arange(24.0).reshape(2, 3, 4)
    t = Tensor(a)
    where = mg.tensor(np.array([1, 0]))
    indices: list[Any] = [
        0, -1, slice(None, None, -1), (0, 1), (0, 1, 2), ..., (..., 1), (None, 0), [0, 1],
        ([0, 1], [2, 0]), [], np.array([1, 1]), (slice(None), np.array([2, 0])), np.array([True, False]),
        np.int64(1), np.array(1), True,
    ]  # fmt: skip
    for index in indices:
        np.testing.assert_array_equal(t[index].numpy(), a[index])
    np.testing.assert_array_equal(t[where].numpy(), a[[1, 0]])
    np.testing.assert_array_equal(t[:, where].numpy(), a[:, [1, 0]])
    np.testing.assert_array_equal(t[t > 5].numpy(), a[a > 5])
    np.testing.assert_array_equal(t[where[0]].numpy(), a[1])


@pytest.mark.parametrize("index", [2, (0, 3), [5], 1.5, "a", np.array([True, False, True])])
def test_bad_indices(index: Any) -> None:
    with pytest.raises(IndexError, match=r"getitem\(float32 \(2, 3\), index="):
        mg.tensor(np.zeros((2, 3), np.float32))[index]


def test_len_iteration_and_membership() -> None:
    t = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert len(t) == 2
    assert [row.numpy().tolist() for row in t] == [[1.0, 2.0], [3.0, 4.0]]
    assert 2.0 in t[0]  # type: ignore[operator]
    assert 5.0 not in t[0]  # type: ignore[operator]
    for call in (len, list):
        with pytest.raises(TypeError, match=r"shape \(\) has no len"):
            call(mg.tensor(1.0))


def test_python_numbers_of_single_elements() -> None:
    t = mg.tensor([[2.5]])
    assert (t.item(), float(t), int(t), bool(t)) == (2.5, 2.5, 2, True)
    assert isinstance(mg.tensor(3).item(), int)
    assert mg.tensor(False).item() is False
    for call in (float, int, bool, Tensor.item):
        with pytest.raises(ValueError, match=r"one element, this one has shape \(2,\)"):
            call(mg.tensor([1.0, 2.0]))


def test_repr_names_values_dtype_and_op() -> None:
    t = mg.tensor([1.0, 2.0])
    assert repr(t) == "tensor([1., 2.], float32)"
    assert repr(t * 2) == "tensor([2., 4.], float32, op=mul)"
    assert repr(mg.tensor([[1], [2]])).count("\n") == 1


def test_numpy_like_methods_and_attributes() -> None:
    a = np.arange(6.0).reshape(2, 3)
    t = Tensor(a)
    assert (t.ndim, t.size, t.shape, t.dtype) == (2, 6, (2, 3), np.dtype(np.float64))
    pairs: list[tuple[Tensor, Any]] = [
        (t.reshape(3, 2), a.reshape(3, 2)), (t.reshape((3, -1)), a.reshape(3, -1)),
        (t.reshape(-1), a.reshape(-1)),
        (t.T, a.T), (t.transpose(), a.T), (t.transpose(1, 0), a.T), (t.transpose((1, 0)), a.T),
        (t.sum(), a.sum()), (t.sum(0), a.sum(0)), (t.sum((0, 1), True), a.sum((0, 1), keepdims=True)),
        (t.mean(1), a.mean(1)), (t.max(1, keepdims=True), a.max(1, keepdims=True)), (t.min(0), a.min(0)),
        (t.astype(np.float32), a.astype(np.float32)),
    ]  # fmt: skip
    for mine, theirs in pairs:
        np.testing.assert_array_equal(mine.numpy(), theirs)
        assert mine.dtype == np.asarray(theirs).dtype
