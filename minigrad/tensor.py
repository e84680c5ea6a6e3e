"""Tensor: an array, and the op, inputs and parameters that made it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import DTypeLike

from minigrad.arrays import as_array, is_array, on_gpu
from minigrad.devices import check_device, check_one_device, device_of, to_device, xp_of
from minigrad.hints import Absent, attribute
from minigrad.methods import Methods
from minigrad.node import INPUTS, Made, Node, Operation
from minigrad.registry import registry
from minigrad.showing import array_html
from minigrad.tracing import Changes, call, mode, refuse_reading
from minigrad.types import Array

FLOATS = ("f", "d")
_ALLOWED = frozenset("fd?bBhHiIlLqQ")
_FORMER_SLOTS = frozenset(("inputs", "op", "params", "versions"))  # of leaves: all empty
_RENAMED_SLOTS = {"residual": "saved"}


numpy_calls: dict[str, Callable[..., Any]] = {}
"""How NumPy's ufuncs and functions take Tensors; ``minigrad.numpy_protocol`` fills it, from above as well."""


class Version:
    """How often an array was changed in place; views of one array share one Version."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0

    def increase(self) -> None:
        self.count += 1


class Size(int):
    """A number of elements; a call, ``x.size()``, raises a TypeError that says what to write."""

    def __call__(self, *args: Any) -> NoReturn:
        raise TypeError(
            f"x.size is the number of elements, {self:d}; write x.shape, or x.shape[0] for one axis"
        )


class Tensor(Methods["Tensor"]):
    """An array with the op and inputs that made it, through which ``minigrad.grad`` differentiates.

    ``data``      the array, NumPy's or CuPy's: float32, float64, an integer type or bool
    ``op``        the op that made it, None for a leaf
    ``inputs``    the Tensors that the op was called with
    ``params``    the op's static parameters
    ``node``      these three in one value, with the inputs' versions
    ``saved``     arrays that the op has saved for its derivative rule, or None
    ``version``   how often ``data`` was changed in place

    Tensors are compared elementwise and hashed by identity. ``Tensor(array)`` is a leaf on the array itself;
    ``minigrad.tensor`` copies and converts.

    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0])
    >>> y = x * 3.0
    >>> isinstance(y, mg.Tensor), y.op.name, y.inputs[0] is x, x.op
    (True, 'mul', True, None)
    """

    __slots__ = ("__weakref__", "_data", "_made", "_version", "saved")

    _made: Made | None
    saved: tuple[Array, ...] | None

    if not TYPE_CHECKING:
        grad, requires_grad = Absent("Tensor"), Absent("Tensor")

        def __getattr__(self, name: str) -> Any:
            return attribute(self, "Tensor", name)

    def __init__(self, data: Array) -> None:
        try:
            device_of(data)
        except TypeError as error:
            raise TypeError(f"{error}; minigrad.tensor(data) copies and converts numbers and lists") from None
        if data.dtype.char not in _ALLOWED:
            raise TypeError(
                f"a Tensor holds float32, float64, integers or bool, not {data.dtype}; {_instead_of(data)}"
            )
        self._data = data if data.dtype.isnative else data.astype(data.dtype.newbyteorder("="))
        self._version = Version()
        self._made = None
        self.saved = None

    # -- the array ---------------------------------------------------------------------------------

    @property
    def data(self) -> Array:
        """The array itself. An assignment, ``t.data = array``, makes graphs built before stale, as ``modify``
        and optimizers do; a write into the array, ``t.data[0] = 1.0``, does not: call ``changed`` after it.
        """
        refuse_reading(".data was used")
        return self._data

    @data.setter
    def data(self, value: Any) -> None:
        if isinstance(value, np.generic):
            value = np.asarray(value)
        device_of(value)
        refuse_reading(".data was assigned")
        if value.shape != self._data.shape or value.dtype != self._data.dtype:
            raise ValueError(
                f"data of {describe(self._data)} cannot be replaced by {describe(value)}; make a new Tensor"
            )
        self._data = value
        self._version.increase()
        Changes.count += 1

    def move_to(self, memory: Array) -> None:
        """Make ``memory``, which holds the same values, the Tensor's array; graphs stay valid."""
        self._data = memory
        Changes.count += 1

    def changed(self) -> None:
        """Note that ``data`` was written in place: graphs built before can no longer be differentiated."""
        tracer = mode().tracer
        if tracer is not None:
            tracer.changed(self)
        self._version.increase()

    # -- the graph ---------------------------------------------------------------------------------

    @property
    def node(self) -> Node | None:
        """How the Tensor was made, as one value: op, inputs, params and versions; None for a leaf."""
        return None if self._made is None else Node(*self._made)

    @property
    def op(self) -> Operation | None:
        """The op that made the Tensor; None for a leaf."""
        return None if self._made is None else self._made[0]

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The Tensors that the op was given; none for a leaf."""
        return () if self._made is None else self._made[INPUTS]

    @property
    def params(self) -> dict[str, Any]:
        """The op's static parameters; none for a leaf."""
        return {} if self._made is None else self._made[2]

    @property
    def versions(self) -> tuple[int, ...]:
        """How often each input had been changed in place when the op used it."""
        return () if self._made is None else self._made[3]

    @property
    def version(self) -> int:
        return self._version.count

    @property
    def shape(self) -> tuple[int, ...]:
        return self._data.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._data.dtype

    @property
    def ndim(self) -> int:
        return self._data.ndim

    @property
    def size(self) -> int:
        return Size(self._data.size)

    @property
    def device(self) -> str:
        return device_of(self._data)

    @property
    def is_float(self) -> bool:
        return self._data.dtype.char in FLOATS

    def detach(self) -> Tensor:
        """A leaf on the same array: gradients do not flow through it."""
        leaf = Tensor(self._data)
        leaf._version = self._version
        return leaf

    def numpy(self) -> Array:
        """The numbers as a read-only NumPy array: a view, or a copy of what is on a GPU."""
        refuse_reading("a Tensor was read as an array")
        view = to_device(self._data, "cpu").view()
        view.flags.writeable = False
        return view

    def item(self) -> float | int | bool:
        """The only element as a Python number."""
        refuse_reading("a Tensor was read as a number")
        if self.size != 1:
            raise ValueError(f"item() needs a Tensor with one element, this one has shape {self.shape}")
        value: float | int | bool = self._data.item()
        return value

    def tolist(self) -> Any:
        """The elements as Python numbers, in lists nested as the axes are."""
        refuse_reading("a Tensor was read as a list")
        return to_device(self._data, "cpu").tolist()

    def to(self, device: str) -> Tensor:
        """A copy on ``device``, "cpu" or "cuda", by ``ops.to_device``; itself if it is there already.

        Raises ValueError for an unknown device; for "cuda", ModuleNotFoundError without CuPy and
        RuntimeError without a driver or a GPU.
        """
        check_device(device)
        if device == self.device:
            return self
        moved: Tensor = registry["to_device"](self, device=device)
        return moved

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not isinstance(vars(Tensor).get(name), Absent)]

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        if on_gpu(self._data):
            raise TypeError("a Tensor on a GPU is not copied to NumPy unasked; use .numpy() or .to('cpu')")
        array = self.numpy()
        return np.array(array, dtype=dtype) if copy else np.asarray(array, dtype=dtype, copy=copy)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        return numpy_calls["ufunc"](ufunc, method, inputs, options)

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: tuple[Any, ...], options: dict[str, Any]
    ) -> Any:
        return numpy_calls["function"](function, args, options)

    def __reduce_ex__(self, protocol: Any) -> Any:
        """How ``copy.deepcopy`` and ``pickle`` take the Tensor apart; TypeError unless it is a leaf.

        A deep copy of a graph would have weights of its own, and no gradient would reach those of the model.
        """
        if self.op is not None:
            raise TypeError(
                f"a Tensor that {self.op.name} made is not deep-copied or pickled, for its graph leads to "
                "other Tensors; copy t.detach(), or use t itself, which no op changes"
            )
        return super().__reduce_ex__(protocol)

    def __setstate__(self, state: Any) -> None:
        """Restore a pickled leaf, also one of older versions, which had op, inputs and others as slots."""
        attributes, slots = state
        self._made = None
        for name, value in {**(attributes or {}), **slots}.items():
            if name not in _FORMER_SLOTS:
                setattr(self, _RENAMED_SLOTS.get(name, name), value)

    def __copy__(self) -> Tensor:
        """Another Tensor on the same array, made by the same op of the same inputs."""
        twin = object.__new__(type(self))
        for name in Tensor.__slots__[1:]:
            setattr(twin, name, getattr(self, name))
        return twin

    def __dlpack__(self, **options: Any) -> Any:
        refuse_reading("a Tensor was exported by DLPack")
        return self._data.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._data.__dlpack_device__()

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a Tensor of shape () has no len()")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return (self[index] for index in range(len(self)))

    def __bool__(self) -> bool:
        return bool(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self.is_float or self.size != 1:
            raise TypeError(f"only an integer Tensor of one element is an index, this is {describe(self)}")
        return int(self.item())

    def __round__(self, digits: int | None = None) -> float | int:
        """The only element as a rounded Python number; ``t.round(decimals)`` rounds all as a Tensor."""
        return round(self.item(), digits)

    def __format__(self, spec: str) -> str:
        """As Python formats the only element: ``f"{loss:.3f}"``; without a format, as ``str``."""
        return format(self.item(), spec) if spec else str(self)

    def __repr__(self) -> str:
        made_by = f", op={self.op.name}" if self.op else ""
        place = f", device={self.device!r}" if on_gpu(self._data) else ""
        numbers = np.array2string(to_device(self._data, "cpu"), separator=", ", prefix="tensor(")
        return f"tensor({numbers}, {self.dtype}{place}{made_by})"

    def _repr_html_(self) -> str:
        made_by = f", made by {self.op.name}" if self.op else ""
        return array_html(to_device(self._data, "cpu"), describe(self) + made_by)

    def _exact(self, name: str, *operands: Any) -> Tensor:
        """A leaf with the result of the array library's function of that name: bools or integers."""
        arrays = [x._data if isinstance(x, Tensor) else x for x in operands]
        return Tensor(call(_exact, name, self._data, *arrays))


def holds_tensors(values: list[Any] | tuple[Any, ...]) -> bool:
    """Whether there is a Tensor among the values, or in lists and tuples among them."""
    return any(
        isinstance(value, Tensor) or (isinstance(value, list | tuple) and holds_tensors(value))
        for value in values
    )


def _exact(name: str, x: Array, *operands: Any) -> Array:
    others = []
    for y in operands:
        if is_array(y):
            check_one_device([x, y])
        elif on_gpu(x) and isinstance(y, list | tuple):
            y = to_device(np.asarray(y), "cuda")
        others.append(y)
    return as_array(getattr(xp_of(x), name)(x, *others))


def _instead_of(data: Array) -> str:
    """What to do with an array of a dtype that Tensors do not hold."""
    if data.dtype.kind in "SU":
        return "text is no number: convert each by float(), or number the words"
    if data.dtype.kind == "O":
        return "Python objects are no numbers: give numbers, arrays, or lists of equal lengths"
    if data.dtype.kind == "c":
        return "give the parts .real and .imag"
    return "convert with .astype(numpy.float32)"


def describe(array: Array | Tensor) -> str:
    """An array in words, for error messages: ``float32 (64, 1, 28, 28)``, and where it is if on a GPU."""
    place = " on cuda" if on_gpu(array._data if isinstance(array, Tensor) else array) else ""
    return f"{array.dtype} {array.shape}{place}"
