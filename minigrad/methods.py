"""The operators and methods of a Tensor: each calls the op of its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from minigrad.hints import explain_keywords
from minigrad.registry import functions, registry

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Methods"]

Result = TypeVar("Result")
"""What an op makes: Tensor, which is defined above."""


class Methods(Generic[Result]):
    """The part of a Tensor that computes with ops; ``minigrad.tensor`` has the array and protocols."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def is_float(self) -> bool: ...
        def _exact(self, name: str, *operands: Any) -> Result: ...

    # -- operators -----------------------------------------------------------------------------------------

    def __add__(self, other: Any) -> Result:
        return registry["add"](self, other)

    def __radd__(self, other: Any) -> Result:
        return registry["add"](other, self)

    def __sub__(self, other: Any) -> Result:
        return registry["sub"](self, other)

    def __rsub__(self, other: Any) -> Result:
        return registry["sub"](other, self)

    def __mul__(self, other: Any) -> Result:
        return registry["mul"](self, other)

    def __rmul__(self, other: Any) -> Result:
        return registry["mul"](other, self)

    def __truediv__(self, other: Any) -> Result:
        return registry["div"](self, other)

    def __rtruediv__(self, other: Any) -> Result:
        return registry["div"](other, self)

    def __floordiv__(self, other: Any) -> Result:
        return registry["floor_divide"](self, other)

    def __rfloordiv__(self, other: Any) -> Result:
        return registry["floor_divide"](other, self)

    def __mod__(self, other: Any) -> Result:
        return registry["remainder"](self, other)

    def __rmod__(self, other: Any) -> Result:
        return registry["remainder"](other, self)

    def __pow__(self, other: Any) -> Result:
        return registry["power"](self, other)

    def __rpow__(self, other: Any) -> Result:
        return registry["power"](other, self)

    def __matmul__(self, other: Any) -> Result:
        return registry["matmul"](self, other)

    def __rmatmul__(self, other: Any) -> Result:
        return registry["matmul"](other, self)

    def __neg__(self) -> Result:
        return registry["neg"](self)

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Result:
        return registry["abs"](self)

    def __getitem__(self, index: Any) -> Result:
        return registry["getitem"](self, index=index)

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise TypeError(
            "a Tensor's elements cannot be assigned: a graph may need them; write "
            "minigrad.modify(t, lambda array: array.__setitem__(index, value)), or choose by "
            "minigrad.ops.where(condition, value, t), through which gradients flow"
        )

    # -- operators on bools and integers, and comparisons: no gradient flows through them ------------------

    def __and__(self, other: Any) -> Result:
        return self._exact("bitwise_and", other)

    def __or__(self, other: Any) -> Result:
        return self._exact("bitwise_or", other)

    def __xor__(self, other: Any) -> Result:
        return self._exact("bitwise_xor", other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __invert__(self) -> Result:
        return self._exact("invert")

    def __eq__(self, other: object) -> Result:  # type: ignore[override]
        return self._exact("equal", other)

    def __ne__(self, other: object) -> Result:  # type: ignore[override]
        return self._exact("not_equal", other)

    def __lt__(self, other: Any) -> Result:
        return self._exact("less", other)

    def __le__(self, other: Any) -> Result:
        return self._exact("less_equal", other)

    def __gt__(self, other: Any) -> Result:
        return self._exact("greater", other)

    def __ge__(self, other: Any) -> Result:
        return self._exact("greater_equal", other)

    __hash__ = object.__hash__

    # -- shape, with NumPy's names -------------------------------------------------------------------------

    def astype(self, dtype: DTypeLike) -> Result:
        return registry["astype"](self, dtype=np.dtype(dtype))

    def reshape(self, *shape: Any) -> Result:
        return registry["reshape"](self, shape=shape[0] if len(shape) == 1 else shape)

    def ravel(self) -> Result:
        """All elements along one axis."""
        return registry["reshape"](self, shape=-1)

    def flatten(self, start_axis: int = 0) -> Result:
        """The axes from ``start_axis`` on merged into one; all, as in NumPy, where none is given."""
        return _result("flatten", self, start_axis)

    def transpose(self, *axes: Any) -> Result:
        """The axes in the order of ``axes``, one argument or several; without any, reversed."""
        if len(axes) == 1 and (axes[0] is None or isinstance(axes[0], tuple | list | np.ndarray)):
            axes = () if axes[0] is None else tuple(axes[0])
        return registry["transpose"](self, axes=axes or None)

    @property
    def T(self) -> Result:
        return registry["transpose"](self)

    def swapaxes(self, axis1: int, axis2: int) -> Result:
        return _result("swapaxes", self, axis1, axis2)

    @explain_keywords
    def squeeze(self, axis: Any = None) -> Result:
        """The same elements without the axes in ``axis``, of length 1; None is every such axis."""
        return _result("squeeze", self, axis)

    @explain_keywords
    def repeat(self, repeats: Any, axis: int | None = None) -> Result:
        """Each element ``repeats`` times, as in NumPy; ``ops.tile`` repeats the whole."""
        return _result("repeat", self, repeats, axis)

    # -- reductions ----------------------------------------------------------------------------------------

    @explain_keywords
    def sum(self, axis: Any = None, keepdims: bool = False) -> Result:
        return registry["sum"](self, axis=axis, keepdims=keepdims)

    @explain_keywords
    def mean(self, axis: Any = None, keepdims: bool = False) -> Result:
        return registry["mean"](self, axis=axis, keepdims=keepdims)

    @explain_keywords
    def max(self, axis: Any = None, keepdims: bool = False) -> Result:
        return registry["max"](self, axis=axis, keepdims=keepdims)

    @explain_keywords
    def min(self, axis: Any = None, keepdims: bool = False) -> Result:
        return registry["min"](self, axis=axis, keepdims=keepdims)

    @explain_keywords
    def prod(self, axis: Any = None, keepdims: bool = False) -> Result:
        return _result("prod", self, axis=axis, keepdims=keepdims)

    @explain_keywords
    def var(self, axis: Any = None, keepdims: bool = False) -> Result:
        return _result("var", self, axis=axis, keepdims=keepdims)

    @explain_keywords
    def std(self, axis: Any = None, keepdims: bool = False, *, correction: float = 0) -> Result:
        return _result("std", self, axis=axis, keepdims=keepdims, correction=correction)

    @explain_keywords
    def cumsum(self, axis: int | None = None) -> Result:
        return _result("cumsum", self, axis=axis)

    @explain_keywords
    def argmax(self, axis: int | None = None, keepdims: bool = False) -> Result:
        return _result("argmax", self, axis=axis, keepdims=keepdims)

    @explain_keywords
    def argmin(self, axis: int | None = None, keepdims: bool = False) -> Result:
        return _result("argmin", self, axis=axis, keepdims=keepdims)

    @explain_keywords
    def any(self, axis: Any = None, keepdims: bool = False) -> Result:
        return _result("any", self, axis=axis, keepdims=keepdims)

    @explain_keywords
    def all(self, axis: Any = None, keepdims: bool = False) -> Result:
        return _result("all", self, axis=axis, keepdims=keepdims)

    # -- elementwise ---------------------------------------------------------------------------------------

    def abs(self) -> Result:
        return registry["abs"](self)

    def exp(self) -> Result:
        return registry["exp"](self)

    def log(self) -> Result:
        return registry["log"](self)

    def sqrt(self) -> Result:
        return registry["sqrt"](self)

    def square(self) -> Result:
        return registry["square"](self)

    def clip(self, min: Any = None, max: Any = None) -> Result:
        """The elements limited to [min, max]; None is no limit."""
        return _result("clip", self, min, max)

    def round(self, decimals: int = 0) -> Result:
        return _result("round", self, decimals=decimals)

    def copy(self) -> Result:
        """A Tensor on memory of its own; gradients flow through it."""
        return registry["mul"](self, 1.0) if self.is_float else self._exact("array")


def _result(name: str, *args: Any, **params: Any) -> Any:
    """Call the function of ``minigrad.ops`` by its name: the package is a layer above this module."""
    return functions[name](*args, **params)
