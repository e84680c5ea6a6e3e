"""Op: a forward function on arrays and, beside it, one derivative rule per Tensor argument."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any, overload

import numpy as np

from minigrad.arguments import as_tensors, default_float, harmonised, of_one_float
from minigrad.arrays import Array, as_array, on_gpu, read_only
from minigrad.blocks import Block
from minigrad.devices import check_one_device, device_of, numbers, to_device, xp_of
from minigrad.hints import KEYWORDS
from minigrad.kernels.forking import check_gpu
from minigrad.registry import registry
from minigrad.tensor import FLOATS, Tensor, describe
from minigrad.tracing import Changes, Mode, call, check, mode, using

Rule = Callable[..., Any]


class NonFiniteError(FloatingPointError):
    """An op made a NaN or an infinity; the message names the op, its inputs and whether they were finite.

    >>> import minigrad as mg
    >>> with mg.check_finite():
    ...     mg.ops.standardize(mg.tensor([[5.0], [5.0]]), eps=0.0)  # a variance of 0
    Traceback (most recent call last):
    minigrad.op.NonFiniteError: standardize made a NaN or infinity from float32 (2, 1) (finite)
    """


class Op:
    """A differentiable function of Tensors.

    The forward function takes arrays (its positional arguments) and static parameters (its keyword-only
    arguments) and returns an array, or an array and a tuple of residual arrays for the derivative. A rule
    ``rule(g, y, *inputs, **params)`` takes and returns Tensors and calls only ops, so that every derivative
    can be differentiated again; its result may still have the broadcast shape, ``minigrad.grad`` sums it to
    the input's.

    ``view=True`` declares that the output may share memory with the first input, ``real=True`` a function of
    real numbers: integer and bool inputs are taken as float32, where NumPy might compute in float16 or wrap.
    A forward function that ends in ``*, out: Array | None = None`` fills that array, of its result's shape,
    dtype and strides, where a replay of ``minigrad.capture`` gives one; it is no parameter of the op. With a
    residual, ``out`` is structured as the result is: (array, residual).

    A forward function does not write into its inputs. Outside minigrad's own modules it gets NumPy arrays
    read-only, and ValueError says so; on a GPU, whose arrays have no such flag, it is not noticed.

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
        """Take the op's place in the registry, and that of the op whose definition is run again."""
        before = registry.get(self.name)
        if isinstance(before, Op):
            if _definition(before) != _definition(self):
                raise ValueError(
                    f"an op called {self.name!r} exists already, in {before.__module__}; choose another name"
                )
            before.revise()
            for pair in [pair for pair in fusions if before.forward in pair]:
                del fusions[pair]
        registry[self.name] = self

    def revise(self) -> None:
        """Note that the op does something else from now on: captured steps that call it are recorded anew."""
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
        recording, checking, tracer = mode()
        result, residual = self.run(args, params) if tracer is None else tracer.op(self, args, params)
        y = Tensor(result)
        if checking:
            self._check_finite(y, args)
        if self.view and _may_share_memory(result, args[0]._data):
            y._version = args[0]._version
        if residual is not None:
            y.residual = residual
        if recording and y.is_float:
            y._made = self, args, params, tuple([x._version.count for x in args])
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
        """The result of the forward function as an array, and the residual or None."""
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
        result, residual = result if type(result) is tuple else (result, None)
        return result if type(result) is np.ndarray else as_array(result), residual

    def compute(self, *arrays: Array, **params: Any) -> Any:
        """The forward function of the arrays, on one device, in one float dtype; what it returns."""
        check_one_device(arrays)
        converted = self.converted(arrays)
        result = self.forward(*converted, **params)
        if any(a.dtype.char in FLOATS for a in converted):
            return result
        result, *residual = result if type(result) is tuple else (result,)
        return (default_float(result), *residual) if residual else default_float(result)

    def converted(self, arrays: Sequence[Array]) -> Sequence[Array]:
        """The arrays as the forward function takes them; ``arrays`` itself where nothing is to be done."""
        arrays = harmonised(arrays)
        if self.real and any(a.dtype.char not in FLOATS for a in arrays):
            dtype = next((a.dtype for a in arrays if a.dtype.char in FLOATS), np.dtype(np.float32))
            return [a.astype(dtype, copy=False) for a in arrays]
        return arrays

    def _check_finite(self, y: Tensor, inputs: tuple[Tensor, ...]) -> None:
        """Raise NonFiniteError unless the result is finite, or let replays of a captured step do it."""
        if not y.is_float:
            return
        if mode().tracer is None or not on_gpu(y._data):
            described = tuple([describe(x) for x in inputs])
            check(_check_result, self.name, described, _finite, y._data, *[x._data for x in inputs])
        else:  # the host is sent whether they are finite, not the numbers
            seen = [x for x in inputs if on_gpu(x._data)]
            flags = [call(_all_finite, t._data) for t in (y, *seen)]
            check(_check_result, self.name, tuple([describe(x) for x in seen]), bool, *flags)


@overload
def op(forward: Callable[..., Any]) -> Op: ...
@overload
def op(*, view: bool = False, real: bool = False) -> Callable[[Callable[..., Any]], Op]: ...
def op(
    forward: Callable[..., Any] | None = None, *, view: bool = False, real: bool = False
) -> Op | Callable[[Callable[..., Any]], Op]:
    """Decorator: make an Op of a forward function and enter it in the registry.

    A definition that is run again, as of a notebook's cell or a reloaded module, takes the place of its
    former self; graphs that this made can still be differentiated. Raises ValueError for another op's name.

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
    """Where the op is written: a cell or module that is run again writes the same one."""
    return op.__module__, op.forward.__qualname__


def fusion(first: Op, second: Op) -> Callable[[Rule], Rule]:
    """Decorator: a forward function of (*a, *b, **p, **q) computes ``second(first(*a, **p), *b, **q)``.

    A replay of ``minigrad.capture`` calls it where nothing else needs what ``first`` makes; the numbers must
    be the same, bit for bit.
    """

    def declare(forward: Rule) -> Rule:
        fusions[first.forward, second.forward] = forward
        return forward

    return declare


fusions: dict[tuple[Rule, Rule], Rule] = {}


def flat(out: tuple[Array, tuple[Array, ...]] | None) -> tuple[Array, ...] | None:
    """``out`` of a forward function with a residual, as a kernel takes it: all arrays in one tuple."""
    return None if out is None else (out[0], *out[1])


def constant(function: Callable[..., Any], *args: Any) -> Tensor:
    """``function`` of the arguments, Tensors as their arrays: a leaf, through which no gradient flows.

    What a rule takes from numbers without an op goes through here, so that a replay computes it anew.
    """
    return Tensor(call(_as_array, function, *[a._data if isinstance(a, Tensor) else a for a in args]))


def _as_array(function: Callable[..., Any], *args: Any) -> Array:
    return as_array(function(*args))


def no_grad() -> Block[Mode]:
    """Within the block ops make leaves: nothing is recorded, nothing can be differentiated later.

    It is a decorator, too: of functions, generators and coroutines. In a generator it holds while the
    generator runs, not for the code that takes its values.

    >>> import minigrad as mg
    >>> w = mg.tensor(2.0)
    >>> @mg.no_grad()
    ... def doubled():
    ...     yield w * 2.0
    >>> [(y.op, (y * w).op is None) for y in doubled()]
    [(None, False)]
    """
    return using(recording=False)


def check_finite() -> Block[Mode]:
    """Within the block an op that makes a NaN or an infinity raises NonFiniteError, which names it.

    It decorates and holds as ``no_grad`` does. In a step of ``minigrad.capture`` its replays check as well;
    on a GPU the error is raised by the call after the next one or by the step's ``check()``, as that of
    ``require_finite``. A captured step that is called within the block runs op by op.

    >>> import minigrad as mg
    >>> with mg.check_finite():
    ...     mg.ops.square(mg.tensor([1.0, float("inf")]))
    Traceback (most recent call last):
    minigrad.op.NonFiniteError: square made a NaN or infinity from float32 (2,) (not finite)
    """
    return using(checking=True)


def require_finite(message: str, *tensors: Tensor) -> Tensor | None:
    """Raise NonFiniteError unless all numbers are finite; ``message`` is formatted with the Tensors' arrays.

    In a captured step on a GPU the host does not wait for the numbers. The result is then a Tensor of one
    bool, true if all are finite, for ``optimizer.step(gradients, where=...)``; the call after the next one or
    the step's ``check()`` raises the error. In all other cases the result is None.

    >>> import minigrad as mg
    >>> mg.require_finite("the loss is {}", mg.tensor(float("nan")))
    Traceback (most recent call last):
    minigrad.op.NonFiniteError: the loss is nan
    """
    arrays = [t._data for t in tensors]
    check(_require_finite, message, *arrays)
    if mode().tracer is None or not any(on_gpu(a) for a in arrays):
        return None
    return all_finite(*tensors)


def all_finite(*tensors: Tensor) -> Tensor:
    """Whether all numbers are finite, as a Tensor of one bool, for ``optimizer.step(gradients, where=...)``.

    Unlike ``require_finite`` it raises nothing; read the result when it suits you.

    >>> import minigrad as mg
    >>> mg.all_finite(mg.ones(2), mg.tensor([0.0, float("inf")])).item()
    False
    """
    return Tensor(call(_all_finite, *[t._data for t in tensors]))


def _all_finite(*arrays: Array) -> Array:
    flags = [xp_of(a).isfinite(a) for a in arrays]
    finite, *others = [flag if flag.ndim == 0 else flag.all() for flag in flags]
    for other in others:
        finite = finite & other
    return as_array(finite)


def _check_result(
    name: str, described: Sequence[str], finite: Callable[[Array], bool], result: Array, *inputs: Array
) -> None:
    """Raise NonFiniteError unless ``result`` is ``finite``."""
    if not finite(result):
        pairs = zip(described, inputs, strict=True)
        state = [f"{words} ({'finite' if finite(array) else 'not finite'})" for words, array in pairs]
        raise NonFiniteError(f"{name} made a NaN or infinity from {', '.join(state)}")


def _require_finite(message: str, *arrays: Array) -> None:
    if any(on_gpu(a) for a in arrays):
        finite = all(numbers([xp_of(a).isfinite(a).all() for a in arrays]))
    else:
        finite = all(math.isfinite(a) if a.ndim == 0 else np.isfinite(a).all() for a in arrays)
    if not finite:
        raise NonFiniteError(message.format(*[to_device(a, "cpu") for a in arrays]))


def _may_share_memory(x: Array, y: Array) -> bool:
    return device_of(x) == device_of(y) and bool(xp_of(x).may_share_memory(x, y))


def _finite(array: Array) -> bool:
    return bool(xp_of(array).isfinite(array).all())
