"""Tensors made of data, of a shape or of a rule, with NumPy's names and minigrad's default of float32."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from minigrad.arrays import is_array
from minigrad.devices import to_device, xp_of, xp_on
from minigrad.hints import explain_keywords
from minigrad.tensor import Tensor, holds_tensors
from minigrad.types import Array

_DLPACK_ON_GPU = (2, 13)  # kDLCUDA and kDLCUDAManaged of dlpack.h

__all__ = [
    "arange",
    "eye",
    "full",
    "full_like",
    "linspace",
    "ones",
    "ones_like",
    "tensor",
    "zeros",
    "zeros_like",
]


@explain_keywords
def tensor(data: Any, dtype: DTypeLike | None = None, device: str | None = None) -> Tensor:
    """A leaf Tensor with a copy of ``data``: a number, nested lists, an array, a Tensor or any DLPack object.

    Python floats become float32; arrays keep their dtype unless ``dtype`` says otherwise. Without ``device``
    ("cpu" or "cuda") the copy is where the data are: on a GPU for a Tensor, a CuPy array or a PyTorch tensor
    there, else on the CPU. Raises TypeError for dtypes other than float32, float64, integers and bool, and
    for lists of Tensors, whose gradients a leaf would lose (``ops.stack`` keeps them); as ``Tensor.to`` for
    the device.

    >>> import minigrad as mg
    >>> mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 2.],
            [3., 4.]], float32)
    >>> mg.tensor([1, 2]).dtype.name, mg.tensor([1, 2], "float64").dtype.name
    ('int64', 'float64')
    """
    if isinstance(data, list | tuple) and holds_tensors(data):
        raise TypeError(
            "tensor: a list of Tensors would become a leaf, through which no gradient flows; use "
            "minigrad.ops.stack(tensors), or tensor(numpy.asarray(...)) for their numbers alone"
        )
    if isinstance(data, Tensor):
        data = data.data
    elif not is_array(data) and hasattr(data, "__dlpack__") and not isinstance(data, np.generic):
        data = _from_dlpack(data)
    try:
        array = (xp_of(data) if is_array(data) else np).array(data, dtype=dtype)
    except OverflowError as error:
        raise ValueError(f"tensor: {error}; choose a dtype that holds all numbers, or a float") from None
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        raise ValueError(
            "tensor: the lists have different lengths; make them equally long, or a Tensor of each"
        ) from error
    if dtype is None and array.dtype == np.float64 and not (is_array(data) or isinstance(data, np.generic)):
        array = array.astype(np.float32)
    return Tensor(array if device is None else to_device(array, device))


@explain_keywords
def full(shape: Any, value: Any, *, dtype: DTypeLike | None = None, device: str = "cpu") -> Tensor:
    """A Tensor of ``shape`` filled with ``value``: of float32, int64 or bool, as the value is.

    >>> import minigrad as mg
    >>> mg.full((2, 2), 7.0)
    tensor([[7., 7.],
            [7., 7.]], float32)
    """
    if dtype is None:
        dtype = np.float32 if isinstance(value, float | np.floating) else np.asarray(value).dtype
    return _filled(_sizes((shape,)), value, dtype, device)


@explain_keywords
def zeros(*shape: Any, dtype: DTypeLike = np.float32, device: str = "cpu") -> Tensor:
    """Zeros of ``shape``, one argument or several.

    >>> import minigrad as mg
    >>> mg.zeros(2, 3).shape == mg.zeros((2, 3)).shape == (2, 3)
    True
    """
    return _filled(_sizes(shape), 0, dtype, device)


@explain_keywords
def ones(*shape: Any, dtype: DTypeLike = np.float32, device: str = "cpu") -> Tensor:
    """Ones of ``shape``, one argument or several.

    >>> import minigrad as mg
    >>> mg.ones(3, dtype="int64")
    tensor([1, 1, 1], int64)
    """
    return _filled(_sizes(shape), 1, dtype, device)


@explain_keywords
def full_like(x: Any, value: float, *, dtype: DTypeLike | None = None, device: str | None = None) -> Tensor:
    """A Tensor filled with ``value``, of the shape of ``x`` and, unless given, of its dtype and device.

    >>> import minigrad as mg
    >>> mg.full_like(mg.zeros(2), 0.9)
    tensor([0.9, 0.9], float32)
    """
    if not isinstance(x, Tensor):
        x = Tensor(x if is_array(x) else np.asarray(x))
    return _filled(x.shape, value, x.dtype if dtype is None else dtype, device or x.device)


@explain_keywords
def zeros_like(x: Any, *, dtype: DTypeLike | None = None, device: str | None = None) -> Tensor:
    """Zeros of the shape of ``x`` and, unless given, of its dtype and device.

    >>> import minigrad as mg
    >>> mg.zeros_like(mg.ones(2, dtype="int64"))
    tensor([0, 0], int64)
    """
    return full_like(x, 0, dtype=dtype, device=device)


@explain_keywords
def ones_like(x: Any, *, dtype: DTypeLike | None = None, device: str | None = None) -> Tensor:
    """Ones of the shape of ``x`` and, unless given, of its dtype and device.

    >>> import minigrad as mg
    >>> mg.ones_like(mg.zeros(2, 3)).shape, mg.ones_like([0.5, 0.5], dtype="float32")
    ((2, 3), tensor([1., 1.], float32))
    """
    return full_like(x, 1, dtype=dtype, device=device)


@explain_keywords
def arange(
    start: float,
    stop: float | None = None,
    step: float = 1,
    *,
    dtype: DTypeLike | None = None,
    device: str = "cpu",
) -> Tensor:
    """``start``, ``start + step``, ... below ``stop``.

    With one number, which is then ``stop``, they start from 0. Integers give int64, floats float32.

    >>> import minigrad as mg
    >>> mg.arange(3).tolist(), mg.arange(1.0, 2.0, 0.25).tolist()
    ([0, 1, 2], [1.0, 1.25, 1.5, 1.75])
    """
    limits: tuple[Any, Any] = (0, start) if stop is None else (start, stop)
    array: Array = np.arange(*limits, step)
    return _made(array, dtype, device)


@explain_keywords
def linspace(
    start: float, stop: float, num: int = 50, *, dtype: DTypeLike | None = None, device: str = "cpu"
) -> Tensor:
    """``num`` numbers at equal distances from ``start`` to ``stop``, both included; float32.

    >>> import minigrad as mg
    >>> mg.linspace(0, 1, 5).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    return _made(np.linspace(start, stop, operator.index(num)), dtype, device)


@explain_keywords
def eye(n: int, m: int | None = None, *, dtype: DTypeLike = np.float32, device: str = "cpu") -> Tensor:
    """Ones on the diagonal of an (n, m) matrix of zeros; (n, n) without ``m``.

    >>> import minigrad as mg
    >>> mg.eye(3)[[2, 0]].tolist()  # one-hot rows
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    return _made(np.eye(n, m), dtype, device)


def _from_dlpack(data: Any) -> Array:
    """The array in the memory of ``data``, where DLPack says that this is."""
    kind, _ = data.__dlpack_device__()
    array: Array = xp_on("cuda" if kind in _DLPACK_ON_GPU else "cpu").from_dlpack(data)
    return array


def _sizes(shape: tuple[Any, ...]) -> tuple[int, ...]:
    """The sizes that were given in one argument, or one by one."""
    if len(shape) == 1 and isinstance(shape[0], tuple | list):
        shape = tuple(shape[0])
    return tuple(operator.index(size) for size in shape)


def _filled(shape: tuple[int, ...], value: Any, dtype: DTypeLike, device: str) -> Tensor:
    return Tensor(xp_on(device).full(shape, value, np.dtype(dtype)))


def _made(array: Array, dtype: DTypeLike | None, device: str) -> Tensor:
    if dtype is None and array.dtype.kind == "f":
        dtype = np.float32
    return Tensor(to_device(array if dtype is None else array.astype(dtype), device))
