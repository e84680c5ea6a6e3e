"""The launchers' arrays: checks, contiguous copies, and new arrays beside given ones.

An array is CuPy's, or NumPy's where the kernels are emulated: new arrays come from the library it belongs to.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels.cuda.runtime.loading import THREADS, TYPES, cupy
from minigrad.types import Array

BLOCKS = 4096  # at most, of a grid in which a thread takes several elements
SLICE = 4096  # elements that a block sums, whatever the device: the order of a sum is then the same


def on_host(a: object) -> bool:
    """Whether ``a`` is a NumPy array. CuPy arrays are always writeable and aligned, without such flags."""
    return isinstance(a, np.ndarray)


def xp_of(a: Array) -> Any:
    """The library that ``a`` belongs to."""
    return np if on_host(a) else cupy()


def checked(name: str, *arrays: Array | None) -> None:
    """Raise TypeError unless all arrays that are not None have one dtype, float32 or float64."""
    dtype = None if arrays[0] is None else arrays[0].dtype
    if dtype not in TYPES or any(a is not None and a.dtype != dtype for a in arrays):
        found = ", ".join(str(a.dtype) for a in arrays if a is not None)
        raise TypeError(f"{name}: the CUDA kernel takes arrays of one dtype, float32 or float64; got {found}")


def contiguous(a: Array) -> Array:
    """``a``, or a copy if it is not C-contiguous and aligned to its elements."""
    if not a.flags.c_contiguous or (on_host(a) and not a.flags.aligned):
        copy: Array = xp_of(a).array(a, order="C")
        return copy
    return a


def writeable(a: Array) -> bool:
    """Whether a kernel can write into ``a`` itself."""
    return bool(a.flags.carray if on_host(a) else a.flags.c_contiguous)


def output(
    name: str, out: Array | None, shape: tuple[int, ...], like: Array, dtype: np.dtype[Any] | None = None
) -> Array:
    """``out``, or a new array beside ``like``. Raises ValueError unless ``out`` can hold the result.

    The dtype is ``like``'s if none is given.
    """
    dtype = like.dtype if dtype is None else dtype
    if out is None:
        new: Array = xp_of(like).empty(shape, dtype)
        return new
    if out.shape != shape or out.dtype != dtype or not writeable(out):
        raise ValueError(
            f"{name}: expected out= to be a writeable, C-contiguous {dtype} array of shape {shape}; got "
            f"{out.dtype}, shape {out.shape}, C-contiguous={out.flags.c_contiguous}"
        )
    return out


def blocks_for(elements: int) -> int:
    """The blocks of a grid that loops over ``elements`` elements."""
    return max(1, min(BLOCKS, -(-elements // THREADS)))


def slices_of(elements: int) -> int:
    """The blocks that share a sum over ``elements`` elements."""
    return max(1, -(-elements // SLICE))
