"""A Tensor's operators and methods: NumPy's names, NumPy's values, and gradients through them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor

A = np.array([[[1.5, -2.0, 0.25]], [[3.0, -0.75, 2.5]]])
P = np.abs(A)

METHODS: dict[str, Callable[[Any], Any]] = {
    "ravel": lambda x: x.ravel(),
    "flatten": lambda x: x.flatten(),
    "squeeze": lambda x: x.squeeze(),
    "squeeze of an axis": lambda x: x.squeeze(1),
    "squeeze of axes": lambda x: x.squeeze((1,)),
    "swapaxes": lambda x: x.swapaxes(0, -1),
    "transpose of a tuple": lambda x: x.transpose((2, 0, 1)),
    "transpose of None": lambda x: x.transpose(None),
    "transpose": lambda x: x.transpose(2, 0, 1),
    "transpose of one axis": lambda x: x.ravel().transpose(0),
    "repeat": lambda x: x.repeat(2, axis=2),
    "prod": lambda x: x.prod(axis=2),
    "var": lambda x: x.var(axis=(0, 2), keepdims=True),
    "std": lambda x: x.std(axis=0),
    "cumsum": lambda x: x.cumsum(axis=2),
    "argmax": lambda x: x.argmax(),
    "argmax of an axis": lambda x: x.argmax(axis=2, keepdims=True),
    "argmin": lambda x: x.argmin(0),
    "any": lambda x: (x > 2.9).any(axis=2),
    "all": lambda x: (x > -1).all(axis=0),
    "abs": lambda x: abs(x),
    "clip": lambda x: x.clip(-1, 2),
    "clip from below": lambda x: x.clip(0.5),
    "clip from above": lambda x: x.clip(max=0.5),
    "round": lambda x: x.round(1),
    "copy": lambda x: x.copy(),
    "copy of bools": lambda x: (x > 0).copy(),
    "copy of integers": lambda x: x.astype("int32").copy(),
    "positive": lambda x: +x,
    "//": lambda x: x // 0.7,
    "// of a number": lambda x: 7 // x,
    "%": lambda x: x % 0.7,
    "% of a number": lambda x: 7 % x,
    "&": lambda x: (x > 0) & (x < 2),
    "|": lambda x: (x > 2) | (x < 0),
    "^": lambda x: (x > 0) ^ (x < 2),
    "~": lambda x: ~(x > 0),
    "& of an array": lambda x: (A > 0) & (x < 2),
    "& of integers": lambda x: x.astype("int64") & 1,
    "^ of integers": lambda x: 3 ^ x.astype("int64"),
    "~ of integers": lambda x: ~x.astype("int64"),
}


@pytest.mark.parametrize("name", METHODS)
def test_methods_and_operators_give_numpys_values(name: str) -> None:
    y, expected = METHODS[name](Tensor(A.copy())), np.asarray(METHODS[name](A))
    assert isinstance(y, Tensor)
    assert (y.dtype, y.shape) == (expected.dtype, expected.shape)
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("name", ["abs", "exp", "log", "sqrt", "square"])
def test_functions_as_methods(name: str) -> None:
    np.testing.assert_allclose(getattr(Tensor(P), name)().numpy(), getattr(np, name)(P), rtol=1e-12)


SMOOTH = [
    "ravel", "flatten", "squeeze", "swapaxes", "transpose of one axis", "repeat", "prod", "var", "std",
    "cumsum", "abs", "clip", "clip from below", "clip from above", "copy", "positive", "%",
]  # fmt: skip


@pytest.mark.parametrize("name", SMOOTH)
def test_gradients_flow_through_methods(name: str) -> None:
    assert mg.gradcheck(METHODS[name], [A])


def test_the_derivative_of_a_remainder_by_its_divisor() -> None:
    assert mg.gradcheck(lambda x, y: x % y, [np.array([5.3, -5.3, 7.7]), np.array([2.0, 2.1, -3.0])])


def test_a_copy_has_its_own_memory() -> None:
    for array in (A, A > 0, A.astype(np.int64)):
        t = Tensor(array)
        assert not np.shares_memory(t.copy().data, t.data)


def test_bitwise_operators_of_floats_are_refused() -> None:
    with pytest.raises(TypeError, match="'bitwise_and' not supported for the input types"):
        Tensor(A) & 1


# -- Python's own conversions ----------------------------------------------------------------------


def test_formats() -> None:
    loss = mg.tensor(0.123456)
    assert f"{loss:.3f} {loss:8.2e} {mg.tensor([7]):03d}" == "0.123 1.23e-01 007"
    assert f"{loss}" == str(loss) == "tensor(0.123456, float32)"
    with pytest.raises(ValueError, match=r"one element, this one has shape \(2, 1, 3\)"):
        format(Tensor(A), ".3f")


def test_rounding_to_python_numbers() -> None:
    loss = mg.tensor(np.array([2.718]))
    assert (round(loss, 1), round(loss)) == (2.7, 3)
    assert isinstance(round(loss, 1), float)
    assert isinstance(round(loss), int)
    with pytest.raises(ValueError, match="one element"):
        round(Tensor(A), 1)


def test_integer_tensors_are_indices() -> None:
    two = mg.tensor([2], "uint8")
    assert operator.index(two) == 2
    assert [10, 20, 30][two] == 30
    assert list(range(mg.tensor(3))) == [0, 1, 2]
    for t in (mg.tensor(2.0), mg.tensor([1, 2])):
        with pytest.raises(TypeError, match="only an integer Tensor of one element is an index, this is"):
            operator.index(t)


def test_lists_of_numbers() -> None:
    assert mg.tensor([[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]]
    assert mg.tensor(0.5).tolist() == 0.5


def test_numbers_stay_out_of_python_in_a_captured_step() -> None:
    for read in (lambda t: f"{t:.3f}", lambda t: round(t, 2), Tensor.tolist):
        step = mg.capture(lambda t, read=read: (read(t), t * 2)[1])
        with pytest.raises(mg.CaptureError, match="inside a captured step"):
            step(mg.tensor(1.0))


def test_elements_cannot_be_assigned() -> None:
    t = mg.tensor([1.0, 2.0])
    with pytest.raises(TypeError, match=r"cannot be assigned.*write minigrad\.modify\(t, lambda array"):
        t[0] = 5.0
    mg.modify(t, lambda array: array.__setitem__(0, 5.0))
    assert t.tolist() == [5.0, 2.0]
