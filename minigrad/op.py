"""Op: a forward function on arrays and, beside it, one derivative rule per Tensor argument."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, overload

import numpy as np

from minigrad.arguments import as_tensors, default_float, harmonised, of_one_float
from minigrad.arrays import as_array, on_gpu, read_only
from minigrad.devices import check_one_device, device_of, xp_of
from minigrad.finite import check_result
from minigrad.fusion import forget
from minigrad.hints import KEYWORDS
from minigrad.kernels.forking import check_gpu
from minigrad.registry import registry
from minigrad.tensor import FLOATS, Tensor, describe
from minigrad.tracing import Changes, mode
from minigrad.types import Array

Rule = Callable[..., Any]


class Op:
    """A differentiable function of Tensors.

    The forward function takes arrays (its positional arguments) and static parameters (its keyword-only
    arguments) and returns an array, or an array and a tuple of arrays to be saved for the derivative. A rule
    ``rule(g, y, *inputs, **params)`` takes and returns Tensors and calls only ops, so that every derivative
    can be differentiated again; its result may still have the broadcast shape, ``minigrad.grad`` sums it to
    the input's.

    ``view=True`` declares that the output may share memory with the first input, ``real=True`` a function of
    real numbers: integer and bool inputs are taken as float32, where NumPy might compute in float16 or wrap.
    A forward function that ends in ``*, out: Array | None = None`` fills that array, of its result's shape,
    dtype and strides, where a replay of ``minigrad.capture`` gives one; it is no parameter of the op. With a
    tuple of saved arrays, ``out`` is structured as the result is: (array, saved).

    A forward function does not write into its inputs. Outside minigrad's own modules it gets read-only NumPy
    arrays, so that a write raises ValueError; on CuPy's, which have no such flag, it goes unnoticed.

    >>> import minigrad as mg
    >>> isinstance(mg.ops.sum, mg.Op), mg.ops.sum.name
    (True, 'sum')
    >>> mg.ops.sum.arguments, mg.ops.sum.static
    (('x',), ('axis', 'keepdims'))
    """

    def __init__(self, forward: Callable[..., Any], *, view: bool = False, real: bool = False) -> None:
        self.name = self.__name__ = forward.__name__
        self.__doc__ = forward.__doc__
        self.__module__ = forward.__module__ or "__main__"  # exec may give none
        self.__wrapped__ = forward  # inspect.getsource and doctest find the function behind the object
        signature = inspect.signature(forward, eval_str=False)
        parameters = [p for p in signature.parameters.values() if p.name != "out"]
        self.__signature__ = signature.replace(parameters=parameters)
        self.forward = forward
        self.view = view
        self.real = real
        self.guarded = self.__module__.partition(".")[0] != "minigrad"
        self.variadic = any(p.kind is p.VAR_POSITIONAL for p in parameters)
        self.arguments = tuple(p.name for p in parameters if p.kind is not p.KEYWORD_ONLY)
        self.static = tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)
        self.defaults = {
            p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is not p.empty
        }
        self.rules: dict[str, Rule | None] = {}
        self.joint_rule: Rule | None = None
        self.revision = 0
        self._enter()

    def _enter(self) -> None:
        """Enter the op in the registry, in the place of a former op of the same definition."""
        before = registry.get(self.name)
        if isinstance(before, Op):
            if _definition(before) != _definition(self):
                raise ValueError(
                    f"an op called {self.name!r} exists already, in {before.__module__}; choose another name"
                )
            before.revise()
            forget(before.forward)
        registry[self.name] = self

    def revise(self) -> None:
        """Note that the op has changed: captured steps that call it are recorded anew."""
        self.revision += 1
        Changes.count += 1

    def vjp(self, **rules: Rule | None) -> None:
        """Declare the derivative rule of every Tensor argument; None says that the derivative is zero."""
        if tuple(rules) != self.arguments:
            raise ValueError(
                f"{self.name}.vjp: rules for {tuple(rules)}, but the arguments are {self.arguments}"
            )
        self.rules = rules
        self.revise()

    def vjp_jointly(self, rule: Rule) -> None:
        """Declare one rule for all Tensor arguments, where their derivatives share work.

        ``rule(g, y, *inputs, **params)`` returns a tuple: for each argument its gradient, a function without
        arguments that makes it if it is needed, or None for zero.
        """
        self.joint_rule = rule
        self.revise()

    def __call__(self, *args: Any, **params: Any) -> Tensor:
        if params or len(args) != len(self.arguments):
            args, params = self._bound(args, params)
        else:
            params = self.defaults
        for arg in args:
            if not isinstance(arg, Tensor):
                args = as_tensors(args)
                break
        building_graph, checking, tracer = mode()
        result, saved = self.run(args, params) if tracer is None else tracer.op(self, args, params)
        y = Tensor(result)
        if checking:
            check_result(self.name, y, args)
        if self.view and _may_share_memory(result, args[0]._data):
            y._version = args[0]._version
        if saved is not None:
            y.saved = saved
        if building_graph and y.is_float:
            y._made = self, args, params, tuple([x._version.count for x in args])
        if tracer is not None:
            tracer.made(y)
        return y

    def derivative(self, index: int) -> Rule | None:
        """The rule of the input at ``index``."""
        if not self.rules:
            raise TypeError(f"{self.name} has no derivative; declare its rules with {self.name}.vjp(...)")
        return self.rules[self.arguments[0 if self.variadic else index]]

    def __repr__(self) -> str:
        return f"<op {self.name}{self.__signature__}>"

    def _bound(self, args: tuple[Any, ...], params: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The Tensor arguments and all static parameters of a call."""
        count = len(self.arguments)
        if len(args) > count and not self.variadic:
            params = {**self._static_from(args[count:], params), **params}
            args = args[:count]
        elif len(args) < count and params:
            args = self._with_named(args, params)
        if "out" in params:
            raise TypeError(f"{self.name}{self.__signature__}: an op has no argument 'out'")
        for name, value in params.items():
            if isinstance(value, Tensor) and value.is_float:
                raise TypeError(
                    f"{self.name}: {name} is a setting, through which no gradient flows, no float Tensor; "
                    f"give the number, as in {name}=float(t), or compose the function of other ops"
                )
        return args, {**self.defaults, **params}

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

    def run(self, inputs: tuple[Tensor, ...], params: dict[str, Any]) -> tuple[Array, Any]:
        """The result of the forward function as an array, and what it saves for the rule, or None."""
        arrays = [x._data for x in inputs]
        if self.guarded:
            arrays = [read_only(a) for a in arrays]
        try:
            result = (
                self.forward(*arrays, **params) if of_one_float(arrays) else self.compute(*arrays, **params)
            )
        except (ValueError, TypeError, IndexError) as error:
            given = ", ".join(describe(x) for x in inputs)
            settings = "".join(f", {name}={value!r}" for name, value in params.items())
            kind = next(kind for kind in (ValueError, TypeError, IndexError) if isinstance(error, kind))
            hints = [f"; {KEYWORDS[name]}" for name in params if name in KEYWORDS and name not in self.static]
            if self.guarded and "read-only" in str(error):
                hints.append("; a forward function does not write into its inputs: change a copy")
            raise kind(f"{self.name}({given}{settings}): {error}{''.join(hints)}") from error
        except RuntimeError:
            if any(map(on_gpu, arrays)):
                check_gpu()  # says more than CUDA's own error
            raise
        result, saved = result if type(result) is tuple else (result, None)
        return result if type(result) is np.ndarray else as_array(result), saved

    def compute(self, *arrays: Array, **params: Any) -> Any:
        """Call the forward function with the arrays in one float dtype; ValueError unless on one device."""
        check_one_device(arrays)
        converted = self.converted(arrays)
        result = self.forward(*converted, **params)
        if any(a.dtype.char in FLOATS for a in converted):
            return result
        result, *saved = result if type(result) is tuple else (result,)
        return (default_float(result), *saved) if saved else default_float(result)

    def converted(self, arrays: Sequence[Array]) -> Sequence[Array]:
        """The arrays in the dtypes that the forward function takes; ``arrays`` itself if they have them."""
        arrays = harmonised(arrays)
        if self.real and any(a.dtype.char not in FLOATS for a in arrays):
            dtype = next((a.dtype for a in arrays if a.dtype.char in FLOATS), np.dtype(np.float32))
            return [a.astype(dtype, copy=False) for a in arrays]
        return arrays


@overload
def op(forward: Callable[..., Any]) -> Op: ...
@overload
def op(*, view: bool = False, real: bool = False) -> Callable[[Callable[..., Any]], Op]: ...
def op(
    forward: Callable[..., Any] | None = None, *, view: bool = False, real: bool = False
) -> Op | Callable[[Callable[..., Any]], Op]:
    """Decorator: make an Op of a forward function and enter it in the registry.

    A definition that runs again (a notebook's cell, a reloaded module) replaces the former op; graphs that it
    made can still be differentiated. Raises ValueError for the name of another op.

    >>> import minigrad as mg
    >>> @mg.op
    ... def cube(x):
    ...     return x**3
    >>> cube.vjp(x=lambda g, y, x: g * 3.0 * x * x)
    >>> x = mg.tensor([1.0, 2.0])
    >>> cube(x).tolist(), mg.grad(mg.ops.sum(cube(x)), [x])[0].tolist()
    ([1.0, 8.0], [3.0, 12.0])
    """
    if forward is None:
        return lambda f: Op(f, view=view, real=real)
    return Op(forward)


def _definition(op: Op) -> tuple[str, str]:
    """The place of the op's definition: the same one when a cell or module runs again."""
    return op.__module__, op.forward.__qualname__


def _may_share_memory(x: Array, y: Array) -> bool:
    return device_of(x) == device_of(y) and bool(xp_of(x).may_share_memory(x, y))
