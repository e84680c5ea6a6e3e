"""Op: a forward function on arrays and, beside it, one derivative rule per Tensor argument."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, overload

import numpy as np

from minigrad.backend import Array, xp_of
from minigrad.tensor import FLOATS, Tensor, describe, registry

Rule = Callable[..., Any]

_recording: ContextVar[bool] = ContextVar("recording", default=True)
_checking: ContextVar[bool] = ContextVar("checking", default=False)


class NonFiniteError(FloatingPointError):
    """An op made a NaN or an infinity; the message names the op, its inputs and whether they were finite."""


class Op:
    """A differentiable function of Tensors.

    The forward function takes arrays (its positional arguments) and static parameters (its keyword-only
    arguments) and returns an array, or an array and a tuple of residual arrays for the derivative. A rule
    ``rule(g, y, *inputs, **params)`` takes and returns Tensors and calls only ops, so that every derivative
    can be differentiated again; its result may still have the broadcast shape, ``minigrad.grad`` sums it to
    the input's.

    ``view=True`` declares that the output may share memory with the first input, ``real=True`` a function of
    real numbers: integer and bool inputs are taken as float32, where NumPy might compute in float16 or wrap.
    """

    def __init__(self, forward: Callable[..., Any], *, view: bool = False, real: bool = False) -> None:
        self.name = self.__name__ = forward.__name__
        self.__doc__ = forward.__doc__
        self.__module__ = forward.__module__
        self.__signature__ = signature = inspect.signature(forward, eval_str=False)
        parameters = signature.parameters.values()
        self.forward = forward
        self.view = view
        self.real = real
        self.variadic = any(p.kind is p.VAR_POSITIONAL for p in parameters)
        self.arguments = tuple(p.name for p in parameters if p.kind is not p.KEYWORD_ONLY)
        self.static = tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)
        self.defaults = {
            p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is not p.empty
        }
        self.rules: dict[str, Rule | None] = {}
        self.joint_rule: Rule | None = None
        if self.name in registry:
            raise ValueError(f"an op called {self.name!r} exists already; choose another name")
        registry[self.name] = self

    def vjp(self, **rules: Rule | None) -> None:
        """Declare the derivative rule of every Tensor argument; None says that the derivative is zero."""
        if tuple(rules) != self.arguments:
            raise ValueError(
                f"{self.name}.vjp: rules for {tuple(rules)}, but the arguments are {self.arguments}"
            )
        self.rules = rules

    def vjp_jointly(self, rule: Rule) -> None:
        """Declare one rule for all Tensor arguments, where their derivatives share work.

        ``rule(g, y, *inputs, **params)`` returns a tuple: for each argument its gradient, or None for zero.
        """
        self.joint_rule = rule

    def __call__(self, *args: Any, **params: Any) -> Tensor:
        count = len(self.arguments)
        if len(args) > count and not self.variadic:
            params = {**self._static_from(args[count:], params), **params}
            args = args[:count]
        elif len(args) < count and params:
            args = self._with_named(args, params)
        inputs = _as_tensors(args)
        params = {**self.defaults, **params}
        result, residual = self._run(inputs, params)
        y = Tensor(result if type(result) is np.ndarray else np.asarray(result))
        if _checking.get():
            self._check_finite(y, inputs)
        if self.view and xp_of(y._data).may_share_memory(y._data, inputs[0]._data):
            y._version = inputs[0]._version
        if residual is not None:
            y.residual = residual
        if _recording.get() and y.is_float:
            y.op = self
            y.inputs = inputs
            y.params = params
            y.versions = tuple([x._version.count for x in inputs])
        return y

    def derivative(self, index: int) -> Rule | None:
        """The rule of the input at ``index``."""
        if not self.rules:
            raise TypeError(f"{self.name} has no derivative; declare its rules with {self.name}.vjp(...)")
        return self.rules[self.arguments[0 if self.variadic else index]]

    def __repr__(self) -> str:
        return f"<op {self.name}{self.__signature__}>"

    def _static_from(self, extra: tuple[Any, ...], given: dict[str, Any]) -> dict[str, Any]:
        if len(extra) > len(self.static):
            raise TypeError(f"{self.name}{self.__signature__}: too many arguments")
        named = dict(zip(self.static, extra, strict=False))
        for name in named:
            if name in given:
                raise TypeError(f"{self.name}{self.__signature__}: {name} is given twice")
        return named

    def _with_named(self, args: tuple[Any, ...], params: dict[str, Any]) -> tuple[Any, ...]:
        """The positional arguments and those that follow them by name, which are taken out of ``params``."""
        for name in self.arguments[len(args) :]:
            if name not in params:
                break
            args = (*args, params.pop(name))
        return args

    def _run(self, inputs: tuple[Tensor, ...], params: dict[str, Any]) -> tuple[Any, tuple[Any, ...] | None]:
        arrays = _harmonise([x._data for x in inputs])
        floats = [a.dtype for a in arrays if a.dtype.char in FLOATS]
        if self.real and len(floats) < len(arrays):
            arrays = [a.astype(floats[0] if floats else np.float32, copy=False) for a in arrays]
        try:
            result = self.forward(*arrays, **params)
        except (ValueError, TypeError, IndexError) as error:
            given = ", ".join(describe(x) for x in inputs)
            settings = "".join(f", {name}={value!r}" for name, value in params.items())
            kind = next(kind for kind in (ValueError, TypeError, IndexError) if isinstance(error, kind))
            raise kind(f"{self.name}({given}{settings}): {error}") from error
        result, residual = result if type(result) is tuple else (result, None)
        return (result if floats else _default_float(result)), residual

    def _check_finite(self, y: Tensor, inputs: tuple[Tensor, ...]) -> None:
        if y.is_float and not np.isfinite(y.data).all():
            state = [
                f"{describe(x)} ({'finite' if np.isfinite(x.data).all() else 'not finite'})" for x in inputs
            ]
            raise NonFiniteError(f"{self.name} made a NaN or infinity from {', '.join(state)}")


@overload
def op(forward: Callable[..., Any]) -> Op: ...
@overload
def op(*, view: bool = False, real: bool = False) -> Callable[[Callable[..., Any]], Op]: ...
def op(
    forward: Callable[..., Any] | None = None, *, view: bool = False, real: bool = False
) -> Op | Callable[[Callable[..., Any]], Op]:
    """Decorator: make an Op of a forward function and enter it in the registry."""
    if forward is None:
        return lambda f: Op(f, view=view, real=real)
    return Op(forward)


@contextmanager
def no_grad() -> Iterator[None]:
    """Within the block ops make leaves: nothing is recorded, nothing can be differentiated later."""
    with recording(False):
        yield


@contextmanager
def recording(on: bool) -> Iterator[None]:
    """Within the block ops record how their outputs were made, or do not, whatever holds outside."""
    token = _recording.set(on)
    try:
        yield
    finally:
        _recording.reset(token)


@contextmanager
def check_finite() -> Iterator[None]:
    """Within the block an op that makes a NaN or an infinity raises NonFiniteError, which names it."""
    token = _checking.set(True)
    try:
        yield
    finally:
        _checking.reset(token)


def is_recording() -> bool:
    """Whether ops record how their outputs were made."""
    return _recording.get()


def _as_tensors(args: tuple[Any, ...]) -> tuple[Tensor, ...]:
    """Tensors of the arguments; a Python number takes the dtype of the Tensors beside it."""
    for arg in args:
        if not isinstance(arg, Tensor):
            break
    else:
        return args
    dtypes = [a.dtype for a in args if isinstance(a, Tensor) and a.dtype != bool]
    like = next((d for d in dtypes if d.kind == "f"), dtypes[0] if dtypes else None)
    return tuple([arg if isinstance(arg, Tensor) else _constant(arg, like) for arg in args])


def _constant(value: Any, like: np.dtype[Any] | None) -> Tensor:
    if isinstance(value, bool | int | float):
        if like is not None and not isinstance(value, bool) and (like.kind == "f" or isinstance(value, int)):
            return Tensor(np.asarray(value, dtype=like))
        return Tensor(np.asarray(value, dtype=np.float32 if isinstance(value, float) else None))
    array = np.asarray(value)
    if array.dtype == object:
        raise TypeError(f"expected a Tensor, an array or a number, got {type(value).__name__}")
    if isinstance(value, list | tuple) and array.dtype == np.float64:
        array = array.astype(like or np.float32)
    return Tensor(array)


def _harmonise(arrays: list[Array]) -> list[Array]:
    """The arrays with one float dtype: the widest among the floats; integers beside them follow."""
    first = arrays[0].dtype if arrays else None
    if all(a.dtype is first for a in arrays):
        return arrays
    floats = [a.dtype for a in arrays if a.dtype.char in FLOATS]
    if not floats:
        return arrays
    common = np.result_type(*floats)
    return [a if a.dtype == common or a.dtype == bool else a.astype(common) for a in arrays]


def _default_float(result: Any) -> Any:
    """A float result of integer inputs is float32, minigrad's default, where NumPy would say float64."""
    array = np.asarray(result)
    return array.astype(np.float32) if array.dtype.kind == "f" else array
