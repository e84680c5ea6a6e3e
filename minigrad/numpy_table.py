"""Which op computes what a NumPy function does, for Tensors.

A ufunc has an op of its arguments. A function has a ``Row``: what computes it, and NumPy's parameters in
their order. Those before the semicolon are passed by position, those after it by name; ``-name`` is taken by
no op and refused unless it has its default, ``None`` or what stands behind the equals sign.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from minigrad import ops
from minigrad.arrays import as_array, is_array
from minigrad.creation import tensor
from minigrad.devices import check_one_device, xp_of
from minigrad.tensor import Tensor
from minigrad.tracing import call


class Row(NamedTuple):
    """``compute`` of NumPy's arguments, named ``parameters``."""

    compute: Callable[..., Any]
    parameters: str


def exact(name: str) -> Callable[..., Tensor]:
    """NumPy's function of that name, whose results are bools or integers: a leaf, as a comparison is."""

    def compute(*operands: Any, **options: Any) -> Tensor:
        arrays = [x._data if isinstance(x, Tensor) else x for x in operands]
        return Tensor(call(_apply, name, *arrays, **options))

    return compute


def _apply(name: str, *operands: Any, **options: Any) -> Any:
    arrays = [x for x in operands if is_array(x)]
    check_one_device(arrays)
    return as_array(getattr(xp_of(arrays[0]), name)(*operands, **options))


UFUNCS: dict[np.ufunc, Callable[..., Any]] = {
    np.absolute: ops.abs,
    np.add: ops.add,
    np.ceil: ops.ceil,
    np.cos: ops.cos,
    np.divide: ops.div,
    np.divmod: lambda x, y: (ops.floor_divide(x, y), ops.remainder(x, y)),
    np.exp: ops.exp,
    np.expm1: ops.expm1,
    np.fabs: ops.abs,
    np.floor: ops.floor,
    np.floor_divide: ops.floor_divide,
    np.isfinite: ops.isfinite,
    np.isinf: ops.isinf,
    np.isnan: ops.isnan,
    np.log: ops.log,
    np.log1p: ops.log1p,
    np.matmul: ops.matmul,
    np.maximum: ops.maximum,
    np.minimum: ops.minimum,
    np.multiply: ops.mul,
    np.negative: ops.neg,
    np.positive: lambda x: x,
    np.power: ops.power,
    np.reciprocal: lambda x: ops.div(1.0, x),
    np.remainder: ops.remainder,
    np.rint: ops.round,
    np.sign: ops.sign,
    np.sin: ops.sin,
    np.sqrt: ops.sqrt,
    np.square: ops.square,
    np.subtract: ops.sub,
    np.tanh: ops.tanh,
}
for _relation in (np.equal, np.greater, np.greater_equal, np.less, np.less_equal, np.not_equal, np.signbit):
    UFUNCS[_relation] = exact(_relation.__name__)
for _logic in (np.logical_and, np.logical_not, np.logical_or, np.logical_xor):
    UFUNCS[_logic] = exact(_logic.__name__)
for _bits in (np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift):
    UFUNCS[_bits] = exact(_bits.__name__)

REDUCED = {
    "add": "sum",
    "logical_and": "all",
    "logical_or": "any",
    "maximum": "max",
    "minimum": "min",
    "multiply": "prod",
}
"""The op that is a ufunc's ``reduce``."""


# -- functions that no single op computes ----------------------------------------------------------


def _parts(arrays: Any) -> list[Any]:
    return [x if isinstance(x, Tensor) or is_array(x) else tensor(x) for x in arrays]


def _concatenate(arrays: Any, axis: int | None = 0) -> Tensor:
    parts = _parts(arrays)
    if axis is None:
        return ops.concatenate([ops.reshape(x, shape=-1) for x in parts])
    return ops.concatenate(parts, axis)


def _append(arr: Any, values: Any, axis: int | None = None) -> Tensor:
    return _concatenate([arr, values], axis)


def _at_least(ndim: int, x: Any) -> Tensor:
    """x with axes of length 1 where NumPy's ``atleast_1d`` and ``atleast_2d`` put them."""
    return ops.reshape(x, shape=(1,) * (ndim - np.ndim(x)) + np.shape(x))


def _hstack(tup: Any) -> Tensor:
    parts = [_at_least(1, x) for x in _parts(tup)]
    return ops.concatenate(parts, 0 if parts[0].ndim == 1 else 1)


def _vstack(tup: Any) -> Tensor:
    return ops.concatenate([_at_least(2, x) for x in _parts(tup)])


def _column_stack(tup: Any) -> Tensor:
    parts = [ops.reshape(x, shape=(-1, 1)) if np.ndim(x) < 2 else x for x in _parts(tup)]
    return ops.concatenate(parts, 1)


def _split(ary: Tensor, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    axis = normalize_axis_index(axis, ary.ndim)
    size = ary.shape[axis]
    if isinstance(indices_or_sections, int | np.integer):
        if size % indices_or_sections:
            raise ValueError("array split does not result in an equal division")
        step = size // int(indices_or_sections)
        ends = list(range(step, size, step))
    else:
        ends = [int(i) for i in indices_or_sections]
    pairs = zip([0, *ends], [*ends, size], strict=True)
    return [ary[(slice(None),) * axis + (slice(start, end),)] for start, end in pairs]


def _squeeze(a: Tensor, axis: int | Sequence[int] | None = None) -> Tensor:
    if axis is None:
        return ops.reshape(a, shape=tuple(n for n in a.shape if n != 1))
    axes = [axis] if isinstance(axis, int) else axis
    for one in sorted((normalize_axis_index(i, a.ndim) for i in axes), reverse=True):
        a = ops.squeeze(a, one)
    return a


def _expand_dims(a: Tensor, axis: int | Sequence[int]) -> Tensor:
    axes = [axis] if isinstance(axis, int) else axis
    ndim = a.ndim + len(axes)
    for one in sorted(normalize_axis_index(i, ndim) for i in axes):
        a = ops.expand_dims(a, one)
    return a


def _moveaxis(a: Tensor, source: Any, destination: Any) -> Tensor:
    return ops.transpose(a, axes=np.moveaxis(_positions(a), source, destination).shape)


def _positions(a: Tensor) -> Any:
    """An array without memory whose length along each axis is the axis' number."""
    return np.broadcast_to(np.int8(0), tuple(range(a.ndim)))


def _clip(a: Any, a_min: Any = None, a_max: Any = None, **named: Any) -> Tensor:
    return ops.clip(a, named.get("min", a_min), named.get("max", a_max))


def _pad(array: Any, pad_width: Any, mode: str = "constant", constant_values: Any = 0) -> Tensor:
    modes = {"edge": "replicate", "wrap": "circular"}
    return ops.pad(array, pad_width, modes.get(mode, mode), constant_values)


def _dot(a: Any, b: Any) -> Tensor:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return ops.mul(a, b)
    if np.ndim(b) > 2:
        raise TypeError("np.dot of a Tensor takes a second argument of at most 2 axes; use ops.einsum")
    return ops.matmul(a, b)


def _inner(a: Any, b: Any) -> Tensor:
    return _dot(a, ops.transpose(b) if np.ndim(b) == 2 else b)


def _outer(a: Any, b: Any) -> Tensor:
    return ops.mul(ops.reshape(a, shape=(-1, 1)), ops.reshape(b, shape=(1, -1)))


def _vdot(a: Any, b: Any) -> Tensor:
    return ops.matmul(ops.reshape(a, shape=-1), ops.reshape(b, shape=-1))


def _norm(x: Tensor, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    axes = range(x.ndim) if axis is None else axis
    of_matrices = not isinstance(axes, int) and len(axes) > 1
    if ord not in (None, "fro") and of_matrices:
        raise TypeError("np.linalg.norm of Tensors: matrices take ord None or 'fro'; use ops.vector_norm")
    return ops.vector_norm(x, 2 if ord in (None, "fro") else ord, axis, keepdims)


def _matrix_norm(x: Tensor, keepdims: bool = False, ord: Any = "fro") -> Tensor:
    return _norm(x, ord, (-2, -1), keepdims)


def _take(a: Tensor, indices: Any, axis: int | None = None) -> Tensor:
    if axis is None:
        return ops.reshape(a, shape=-1)[indices]
    return a[(slice(None),) * normalize_axis_index(axis, a.ndim) + (indices,)]


def _diff(a: Tensor, n: int = 1, axis: int = -1) -> Tensor:
    axis = normalize_axis_index(axis, a.ndim)
    before = (slice(None),) * axis
    left, right = (*before, slice(None, -1)), (*before, slice(1, None))
    for _ in range(n):
        a = ops.sub(a[right], a[left])
    return a


def _ptp(a: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    return ops.sub(ops.max(a, axis=axis, keepdims=keepdims), ops.min(a, axis=axis, keepdims=keepdims))


def _full_like(value: float) -> Callable[..., Tensor]:
    def compute(a: Tensor, *, dtype: Any = None, shape: Any = None) -> Tensor:
        return _filled(a, value, dtype, shape)

    return compute


def _filled(a: Tensor, fill_value: Any, dtype: Any = None, shape: Any = None) -> Tensor:
    shape, dtype = a.shape if shape is None else shape, a.dtype if dtype is None else dtype
    return Tensor(xp_of(a._data).full(shape, fill_value, dtype))


def _broadcast_arrays(*args: Any) -> tuple[Tensor, ...]:
    shape = np.broadcast_shapes(*map(np.shape, args))
    return tuple(ops.broadcast_to(x, shape=shape) for x in args)


_REDUCTION = "a; axis -dtype -out keepdims -initial -where"
_EXTREMUM = "a; axis -out keepdims -initial -where"
_SPREAD = "a; axis -dtype -out -ddof=0 keepdims -where -mean -correction=0"
_JOIN = "arrays; axis -out -dtype -casting=same_kind"
_LIKE = "dtype -order=K -subok=True shape -device"

FUNCTIONS: dict[Callable[..., Any], Row] = {
    np.all: Row(ops.all, "a; axis -out keepdims -where"),
    np.amax: Row(ops.max, _EXTREMUM),
    np.amin: Row(ops.min, _EXTREMUM),
    np.any: Row(ops.any, "a; axis -out keepdims -where"),
    np.append: Row(_append, "arr values; axis"),
    np.argmax: Row(ops.argmax, "a; axis -out keepdims"),
    np.argmin: Row(ops.argmin, "a; axis -out keepdims"),
    np.around: Row(ops.round, "a; decimals -out"),
    np.astype: Row(ops.astype, "x; dtype -copy=True -device"),
    np.atleast_1d: Row(lambda x: _at_least(1, x), "arys;"),
    np.atleast_2d: Row(lambda x: _at_least(2, x), "arys;"),
    np.average: Row(ops.mean, "a; axis -weights -returned=False keepdims"),
    np.broadcast_arrays: Row(_broadcast_arrays, "*; -subok=False"),
    np.broadcast_to: Row(ops.broadcast_to, "array; shape -subok=False"),
    np.clip: Row(_clip, "a; a_min a_max -out min max"),
    np.column_stack: Row(_column_stack, "tup;"),
    np.concat: Row(_concatenate, _JOIN),
    np.concatenate: Row(_concatenate, _JOIN),
    np.cumsum: Row(ops.cumsum, "a; axis -dtype -out"),
    np.diff: Row(_diff, "a; n axis -prepend -append"),
    np.dot: Row(_dot, "a b; -out"),
    np.einsum: Row(ops.einsum, "*; -out -optimize=False -dtype -order=K -casting=safe"),
    np.expand_dims: Row(_expand_dims, "a; axis"),
    np.flip: Row(ops.flip, "m; axis"),
    np.fliplr: Row(lambda m: ops.flip(m, 1), "m;"),
    np.flipud: Row(lambda m: ops.flip(m, 0), "m;"),
    np.full_like: Row(_filled, f"a fill_value; {_LIKE}"),
    np.hstack: Row(_hstack, "tup; -dtype -casting=same_kind"),
    np.inner: Row(_inner, "a b;"),
    np.isclose: Row(exact("isclose"), "a b; rtol atol equal_nan"),
    np.linalg.matmul: Row(ops.matmul, "x1 x2;"),
    np.linalg.matrix_norm: Row(_matrix_norm, "x; keepdims ord"),
    np.linalg.matrix_transpose: Row(lambda x: ops.swapaxes(x, -1, -2), "x;"),
    np.linalg.norm: Row(_norm, "x; ord axis keepdims"),
    np.linalg.outer: Row(_outer, "x1 x2;"),
    np.linalg.vector_norm: Row(ops.vector_norm, "x; axis keepdims ord"),
    np.matrix_transpose: Row(lambda x: ops.swapaxes(x, -1, -2), "x;"),
    np.max: Row(ops.max, _EXTREMUM),
    np.mean: Row(ops.mean, "a; axis -dtype -out keepdims -where"),
    np.min: Row(ops.min, _EXTREMUM),
    np.moveaxis: Row(_moveaxis, "a source destination;"),
    np.ones_like: Row(_full_like(1), f"a; {_LIKE}"),
    np.outer: Row(_outer, "a b; -out"),
    np.pad: Row(_pad, "array pad_width; mode constant_values"),
    np.permute_dims: Row(ops.transpose, "a; axes"),
    np.prod: Row(ops.prod, _REDUCTION),
    np.ptp: Row(_ptp, "a; axis -out keepdims"),
    np.ravel: Row(lambda a: ops.reshape(a, shape=-1), "a; -order=C"),
    np.repeat: Row(ops.repeat, "a repeats; axis"),
    np.reshape: Row(ops.reshape, "a; shape -order=C -copy"),
    np.roll: Row(ops.roll, "a shift; axis"),
    np.round: Row(ops.round, "a; decimals -out"),
    np.split: Row(_split, "ary indices_or_sections; axis"),
    np.squeeze: Row(_squeeze, "a; axis"),
    np.stack: Row(lambda arrays, axis=0: ops.stack(_parts(arrays), axis), _JOIN),
    np.std: Row(ops.std, _SPREAD),
    np.sum: Row(ops.sum, _REDUCTION),
    np.swapaxes: Row(ops.swapaxes, "a axis1 axis2;"),
    np.take: Row(_take, "a indices; axis -out -mode=raise"),
    np.tile: Row(ops.tile, "A reps;"),
    np.transpose: Row(ops.transpose, "a; axes"),
    np.tril: Row(ops.tril, "m; k"),
    np.triu: Row(ops.triu, "m; k"),
    np.var: Row(ops.var, _SPREAD),
    np.vdot: Row(_vdot, "a b;"),
    np.vstack: Row(_vstack, "tup; -dtype -casting=same_kind"),
    np.where: Row(ops.where, "condition x y;"),
    np.zeros_like: Row(_full_like(0), f"a; {_LIKE}"),
    np.empty_like: Row(_full_like(0), f"prototype; {_LIKE}"),
    np.shape: Row(lambda a: a.shape, "a;"),
    np.ndim: Row(lambda a: a.ndim, "a;"),
    np.size: Row(lambda a, axis=None: a.size if axis is None else a.shape[axis], "a; axis"),
}  # fmt: skip

READS = {
    np.allclose, np.array2string, np.array_equal, np.array_equiv, np.array_repr, np.array_str, np.can_cast,
    np.common_type, np.iscomplexobj, np.isrealobj, np.may_share_memory, np.min_scalar_type, np.result_type,
    np.save, np.savetxt, np.savez, np.savez_compressed, np.shares_memory,
}  # fmt: skip
"""Functions that make no array: they say something of the numbers, or write them down."""

HINTS = {
    "array_split": "ops.chunk",
    "block": "ops.concatenate",
    "copy": "t itself, which no op changes",
    "copyto": "minigrad.modify",
    "cumulative_sum": "ops.cumsum",
    "dsplit": "ops.split",
    "dstack": "ops.stack",
    "exp2": "ops.power(2.0, t)",
    "float_power": "ops.power",
    "fmax": "ops.maximum",
    "fmin": "ops.minimum",
    "hsplit": "ops.split",
    "hypot": "ops.sqrt(x * x + y * y)",
    "log10": f"ops.log(t) / {math.log(10):.8g}",
    "log2": f"ops.log(t) / {math.log(2):.8g}",
    "logaddexp": "ops.logsumexp",
    "matvec": "ops.matmul",
    "tan": "ops.sin(t) / ops.cos(t)",
    "tensordot": "ops.einsum",
    "trace": "ops.einsum('ii->', t)",
    "unstack": "tuple(t)",
    "vecdot": "ops.sum(x * y, axis=-1)",
    "vecmat": "ops.matmul",
    "vsplit": "ops.split",
}
"""What to write instead, where that is short."""
