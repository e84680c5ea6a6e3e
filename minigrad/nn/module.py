"""Parameter and Module: a module's attributes are its registry."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from reprlib import repr as shortened
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

from minigrad.creation import tensor
from minigrad.devices import check_device, device_of, to_device, xp_on
from minigrad.hints import KEYWORDS, attribute, check_keywords, explain_keywords, hint_of
from minigrad.nn.state import LoadResult, array_of, load
from minigrad.nn.summary import summary
from minigrad.tensor import Tensor
from minigrad.tracing import Changes, mode, not_in_capture
from minigrad.types import Array

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Module", "Parameter"]


class Parameter(Tensor):
    """A Tensor that a Module learns: an attribute of this class is what ``Module.parameters`` lists.

    ``Parameter(array)`` uses the array itself; a Tensor or nested lists are copied. Raises TypeError unless
    float32 or float64.

    >>> import minigrad as mg
    >>> w = mg.nn.Parameter([1.0, 2.0])
    >>> mg.grad(mg.ops.sum(w * w), [w])[0].tolist()
    [2.0, 4.0]
    """

    __slots__ = ()

    @explain_keywords
    def __init__(self, data: Any) -> None:
        super().__init__(
            data if hasattr(data, "dtype") and not isinstance(data, Tensor) else tensor(data).data
        )
        if not self.is_float:
            raise TypeError(
                f"a Parameter is float32 or float64, not {self.dtype}; write "
                "nn.Parameter(minigrad.tensor(data, dtype=minigrad.float32))"
            )

    def _replace(self, array: Array) -> None:
        """Move to an array of another dtype or device; graphs built before become stale."""
        self._data = array
        Changes.count += 1
        self.changed()


class Module:
    """A function with parameters. Subclasses assign Parameters, Modules and buffers to attributes and define
    ``forward``.

    The attributes that are Parameters or Modules are the registry, in the order of their assignment;
    ``register_buffer`` adds a buffer, a plain array that is saved but not learnt. ``training`` chooses
    between the two modes of a layer such as batch norm: True for training, False for evaluation.

    >>> import minigrad as mg
    >>> class Residual(mg.nn.Module):
    ...     def __init__(self, width):
    ...         self.layer = mg.nn.Linear(width, width)
    ...     def forward(self, x):
    ...         return x + self.layer(x)
    >>> block = Residual(3)
    >>> block(mg.ones((2, 3))).shape
    (2, 3)
    >>> [(name, p.shape) for name, p in block.named_parameters()]
    [('layer.weight', (3, 3)), ('layer.bias', (3,))]
    """

    training: bool
    _buffer_names: tuple[str, ...]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "fused_with" in vars(cls):
            raise TypeError(f"{cls.__name__}.fused_with: {hint_of('Module', 'fused_with')}")

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        if kwargs.keys() & KEYWORDS.keys():
            check_keywords(cls.__name__, inspect.signature(cls.__init__).parameters, kwargs)
        if (args or kwargs) and cls.__init__ is object.__init__:
            named = [f"{name}={shortened(value)}" for name, value in kwargs.items()]
            raise TypeError(
                f"{cls.__name__}() takes no arguments, got {', '.join([*map(shortened, args), *named])}; "
                "a Module takes those of its __init__"
            )
        self = super().__new__(cls)
        self.__dict__.update(training=True, _buffer_names=())
        return self

    def forward(self, *args: Any, **kwargs: Any) -> Tensor:
        """The module's function; a subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__} does not define forward()")

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        tracer = mode().tracer
        if tracer is None:
            return self.forward(*args, **kwargs)
        for part in self.modules():
            tracer.touch(part)
        with tracer.inside([self]):
            return self.forward(*args, **kwargs)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            return attribute(self, "Module", name, self._part_with)

    def _part_with(self, name: str) -> str:
        """A hint for an attribute that this module lacks: what replaces it, or which part has it; or ''."""
        stands = getattr(vars(self).get("forward"), "instead_of", None)
        if stands is not None and stands(name):
            return str(stands(name))
        owners = [
            path for path, part in self.named_modules() if not name.startswith("_") and name in vars(part)
        ]
        return f"its part {owners[0]!r} has one" if owners else ""

    # -- registry ------------------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        layer = type(self).__name__
        if "." in name or not name:
            raise ValueError(f"{layer}: an attribute's name must not be empty or contain a dot, got {name!r}")
        if isinstance(self.__dict__.get(name), Parameter) and not isinstance(value, Parameter | None):
            raise TypeError(
                f"{layer}.{name} is a Parameter and cannot become a {type(value).__name__}; "
                f"write {name}.data[...] = array; {name}.changed(), or assign Parameter(array)"
            )
        if name == "requires_grad":
            raise AttributeError(f"{layer} has no requires_grad; {hint_of('Module', name)}")
        if name in self._buffer_names and value is not None:
            device_of(value)
        members = (
            value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
        )
        if any(isinstance(member, Module | Parameter) for member in members):
            raise TypeError(
                f"{layer}.{name}: modules and parameters inside a {type(value).__name__} would not be found; "
                "use nn.ModuleList or nn.Sequential, or an attribute for each"
            )
        if name != "training":
            not_in_capture(f"{layer}.{name} was assigned", "return the value, or change an array in place")
        super().__setattr__(name, value)
        Changes.count += 1

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        Changes.count += 1

    def register_buffer(self, name: str, array: Array | None) -> None:
        """Make ``array`` an attribute that is saved in ``state_dict`` and moved by ``to`` and ``astype``, but
        not learnt.
        """
        if name in self.__dict__ and name not in self._buffer_names:
            raise ValueError(f"{type(self).__name__}: the attribute {name!r} exists already")
        if name not in self._buffer_names:
            self._buffer_names = (*self._buffer_names, name)
        setattr(self, name, array)

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """(name, module) of the modules that are attributes of this one."""
        return ((name, value) for name, value in list(vars(self).items()) if isinstance(value, Module))

    def children(self) -> Iterator[Module]:
        """The modules that are attributes of this one."""
        return (child for _, child in self.named_children())

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """(dotted name, module) of this module (under ``prefix``) and of all below it, each module once."""
        seen: set[int] = set()
        for name, module in self._walk(prefix):
            if id(module) not in seen:
                seen.add(id(module))
                yield name, module

    def modules(self) -> Iterator[Module]:
        """This module and all below it, each once."""
        return (module for _, module in self.named_modules())

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Parameter]]:
        """(dotted name, Parameter) of this module and of all below it, each Parameter once, under its first
        name.
        """
        seen: set[int] = set()
        for name, value in self._entries(prefix):
            if isinstance(value, Parameter) and id(value) not in seen:
                seen.add(id(value))
                yield name, value

    def parameters(self) -> list[Parameter]:
        """The Parameters, in the order of ``named_parameters``, as ``grad`` and optimizers take them."""
        return [parameter for _, parameter in self.named_parameters()]

    def named_buffers(self, prefix: str = "") -> Iterator[tuple[str, Array]]:
        """(dotted name, array) of the buffers of this module and of all below it."""
        return ((name, value) for name, value in self._entries(prefix) if not isinstance(value, Parameter))

    def buffers(self) -> list[Array]:
        """The buffers, in the order of ``named_buffers``."""
        return [array for _, array in self.named_buffers()]

    def _walk(self, prefix: str) -> Iterator[tuple[str, Module]]:
        tracer = mode().tracer
        if tracer is not None:
            tracer.touch(self)
        yield prefix, self
        for name, child in self.named_children():
            yield from child._walk(_join(prefix, name))

    def _entries(self, prefix: str) -> Iterator[tuple[str, Parameter | Array]]:
        """Parameters and buffers under every name that they have, in PyTorch's order of a state_dict."""
        for path, module in self._walk(prefix):
            attributes = list(vars(module).items())
            yield from (
                (_join(path, name), value) for name, value in attributes if isinstance(value, Parameter)
            )
            for name in module._buffer_names:
                if getattr(module, name) is not None:
                    yield _join(path, name), getattr(module, name)

    # -- state ---------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Array]:
        """Copies of all parameters and buffers as NumPy arrays, under PyTorch's names."""
        return {name: np.array(to_device(array_of(value), "cpu")) for name, value in self._entries("")}

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> LoadResult:
        """Copy the values of ``state``, anything that ``numpy.asarray`` takes, into the parameters and
        buffers of the same names.

        Floats are converted to the module's dtype. Returns the names that were skipped. Raises ValueError if
        a value does not fit in shape or kind or, with ``strict``, if names are missing or unexpected, and
        TypeError if ``state`` is no dict. The module is unchanged then.
        """
        return load(type(self).__name__, list(self._entries("")), state, strict)

    # -- modes, devices and dtypes -------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Put this module and all below it into training (True) or evaluation mode."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Put this module and all below it into evaluation mode."""
        return self.train(False)

    def to(self, device: str) -> Self:
        """Move parameters and buffers to ``device`` ("cpu" or "cuda"), in place. Make optimizers afterwards.

        Raises ValueError for an unknown device; for "cuda", ModuleNotFoundError without CuPy and RuntimeError
        without a driver or a GPU. If it raises, nothing has moved.
        """
        check_device(device)
        xp_on(device)
        return self._convert(lambda array: to_device(array, device))

    def astype(self, dtype: DTypeLike) -> Self:
        """Convert parameters and float buffers to ``dtype`` (float32 or float64), in place. Make optimizers
        afterwards.
        """
        if np.dtype(dtype) not in (np.float32, np.float64):
            raise TypeError(
                f"{type(self).__name__}.astype: expected float32 or float64, got {np.dtype(dtype)}"
            )
        return self._convert(lambda array: array.astype(dtype) if array.dtype.kind == "f" else array)

    def double(self) -> Self:
        """Convert to float64, in place, as ``gradcheck`` needs."""
        return self.astype(np.float64)

    def float(self) -> Self:
        """Convert to float32, in place."""
        return self.astype(np.float32)

    def apply(self, function: Callable[[Module], object]) -> Self:
        """Call ``function`` on every module below this one and then on this one."""
        for module in reversed(list(self.modules())):
            function(module)
        return self

    def _convert(self, convert: Callable[[Array], Array]) -> Self:
        converted = [(parameter, convert(parameter.data)) for parameter in self.parameters()]
        for parameter, array in converted:
            parameter._replace(array)
        for module in self.modules():
            for name in module._buffer_names:
                if getattr(module, name) is not None:
                    setattr(module, name, convert(getattr(module, name)))
        return self

    # -- text ----------------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """The settings that ``repr`` shows in the parentheses."""
        return ""

    def __repr__(self) -> str:
        lines = [f"({name}): {child!r}".replace("\n", "\n  ") for name, child in self.named_children()]
        extra = self.extra_repr()
        if not lines:
            return f"{type(self).__name__}({extra})"
        return "\n  ".join([f"{type(self).__name__}({extra}", *lines]) + "\n)"

    def _repr_html_(self) -> str:
        return summary(self)._repr_html_()


def _join(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name
