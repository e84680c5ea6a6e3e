"""Trace: what one run of a step did, as lines that name arrays instead of holding them."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.arrays import address_of, is_array
from minigrad.captures.layout import Layout, copy_of, extent_of, owner_of
from minigrad.captures.structures import leaves, transform
from minigrad.devices import device_of
from minigrad.tensor import Tensor, describe
from minigrad.tracing import CaptureError, Tracer, using
from minigrad.types import Array


@dataclass(frozen=True)
class Slot:
    """An array that the step makes, or an argument of it."""

    index: int


@dataclass(frozen=True)
class External:
    """An array that is there before the step: a parameter, a buffer, a constant."""

    index: int


@dataclass(frozen=True)
class Drawn:
    """A generator of NumPy's among the step's arguments."""

    index: int


@dataclass(frozen=True)
class Line:
    """A call: ``results = function(*args, **params)``, with Slots, Externals and Drawns for arrays.

    Arrays for ``results`` may be given as ``out`` if the function ``fills`` them. An op is ``pure``: it does
    nothing but make its results. A line that ``checks`` does nothing but raise if its arrays are wrong.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    params: dict[str, Any]
    results: Any
    pure: bool
    fills: bool
    checks: bool

    @property
    def name(self) -> str:
        """The name in errors: that of the function, or of the function that is its first argument."""
        function = self.args[0] if self.args and callable(self.args[0]) else self.function  # by mg.modify
        return getattr(function, "__qualname__", None) or repr(function)


class Trace(Tracer):
    """What records a step: ``input`` takes the step's arguments at first, ``finish`` its results.

    It keeps no array alive that the step makes, so a recorded step needs no more memory than any other.
    """

    replays = True

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.slots: list[Layout] = []
        self.inputs: list[Slot] = []
        self.externals: list[Array] = []
        self.generators: list[np.random.Generator] = []
        self.touched: dict[int, tuple[Any, dict[str, Any]]] = {}
        self.ops: dict[Any, int] = {}
        self.results: Any = None
        self.watched: list[tuple[Callable[[], Any], Any]] = []
        self._leaves: dict[int, tuple[weakref.ref[Tensor], Array]] = {}
        self._refs: dict[int, tuple[weakref.ref[Array], Slot | External]] = {}
        self._roots: dict[int, tuple[weakref.ref[Array], list[tuple[int, int, int]]]] = {}
        self._external_owners: set[int] = set()
        self._arguments: list[tuple[Tensor, int, Tensor]] = []
        self._written: list[weakref.ref[Tensor]] = []

    # -- the step's boundary -----------------------------------------------------------------------

    def input(self, tensor: Tensor) -> Tensor:
        """The Tensor that the step gets for its argument ``tensor``."""
        inside = Tensor(copy_of(tensor._data))
        self._arguments.append((tensor, tensor.version, inside))
        self.inputs.append(self._new_slot(inside._data))
        return inside

    def finish(self, results: Any) -> None:
        """Note what the step returned, and refuse what a replay could not return."""
        for tensor, version, inside in self._arguments:
            if tensor.version != version or inside.version:
                raise CaptureError(
                    f"a captured step changed its argument {describe(tensor)} in place, and a replay has a "
                    "copy of it; let the step find that Tensor by itself, or make it a nn.Parameter"
                )
        self.results = transform(results, self._returned)
        for kept in (self._arguments, self._refs, self._roots, self._external_owners):
            kept.clear()

    def _returned(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return Returned(self._ref(value._data), value.op is not None)
        if value is None or isinstance(value, bool | int | float | str):
            return value
        raise CaptureError(
            f"a captured step returned a {type(value).__name__}; return Tensors, None, numbers that never "
            "change, or tuples, lists and dicts of them"
        )

    @property
    def changed_what_is_gone(self) -> bool:
        """Whether the step wrote into a temporary Tensor, made from numbers, that has since been freed."""
        return any(tensor() is None for tensor in self._written)

    @property
    def on_gpu(self) -> bool:
        """Whether the step made an array on a GPU, or was given one."""
        names: tuple[Slot | External, ...] = (
            *map(Slot, range(len(self.slots))),
            *map(External, range(len(self.externals))),
        )
        return any(self.device_of(name) != "cpu" for name in names)

    def device_of(self, name: Slot | External) -> str:
        """Where the array of that name lies."""
        if isinstance(name, Slot):
            return self.slots[name.index].device
        return device_of(self.externals[name.index])

    @property
    def leaves(self) -> list[tuple[Tensor, Array]]:
        """The Tensors that were there before the step and are still there, with the arrays they had."""
        found = [(ref(), array) for ref, array in self._leaves.values()]
        return [(tensor, array) for tensor, array in found if tensor is not None]

    # -- minigrad.tracing.Tracer -------------------------------------------------------------------

    def op(self, op: Any, inputs: tuple[Tensor, ...], params: dict[str, Any]) -> tuple[Array, Any]:
        self.ops.setdefault(op, op.revision)
        with using(tracer=None):
            result, saved = op.run(inputs, params)
        arrays = [x._data for x in inputs]
        function = op.forward if _same(op.converted(arrays), arrays) else op.compute
        results = result if saved is None else (result, saved)
        self._add(function, inputs, params, results, pure=True)
        return result, saved

    def call(self, function: Callable[..., Any], args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        with using(tracer=None):
            results = function(*args, **params)
        self._add(function, args, params, results, pure=False)
        return results

    def check(self, function: Callable[..., None], args: tuple[Any, ...]) -> None:
        with using(tracer=None):
            function(*args)
        self._add(function, args, {}, None, pure=False, checks=True)

    def watch(self, function: Callable[[], Any]) -> None:
        watched = function, function()
        if watched not in self.watched:  # every replay looks at each
            self.watched.append(watched)

    def changed(self, tensor: Tensor) -> None:
        if isinstance(self._name(tensor), External):
            self._written.append(weakref.ref(tensor))
            self._add(tensor._version.increase, (), {}, None, pure=False)

    def touch(self, owner: Any) -> None:
        self.touched.setdefault(id(owner), (owner, dict(vars(owner))))

    # -- naming arrays -----------------------------------------------------------------------------

    def _add(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        params: dict[str, Any],
        results: Any,
        pure: bool,
        checks: bool = False,
    ) -> None:
        args, params = transform(args, self._name), transform(params, self._name)
        made = transform(results, self._made)
        if not pure and any(not isinstance(part, Slot | External | None) for part in leaves(made)):
            raise CaptureError(
                f"{function} returned something else than arrays, which a replay could not know"
            )
        self.lines.append(Line(function, args, params, made, pure, fills(function), checks))

    def _name(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            ref = self._ref(value._data, value)
            if isinstance(ref, External):
                self._leaves.setdefault(id(value), (weakref.ref(value), value._data))
            return ref
        if is_array(value):
            return self._ref(value)
        if isinstance(value, np.random.Generator):
            for index, generator in enumerate(self.generators):
                if generator is value:
                    return Drawn(index)
        return value

    def _ref(self, array: Array, tensor: Tensor | None = None) -> Slot | External:
        """The name of an array that a call is given."""
        known = self._known(array)
        if known is not None:
            return known
        if tensor is not None and tensor.op is not None:
            raise CaptureError(
                f"a captured step used a Tensor, {describe(tensor)}, that {tensor.op.name} had made outside "
                "it; detach() it, pass it as an argument, or compute it inside the step"
            )
        return self._new_external(array)

    def _made(self, value: Any) -> Any:
        """The name of an array that a call returned."""
        if not is_array(value):
            return value
        known = self._known(value)
        if known is not None:
            return known
        if id(owner_of(value)) in self._external_owners:
            return self._new_external(value)
        return self._new_slot(value)

    def _known(self, array: Array) -> Slot | External | None:
        ref, name = self._refs.get(id(array), (None, None))
        if ref is not None and ref() is array:
            return name
        owner = owner_of(array)
        ref, roots = self._roots.get(id(owner), (None, ()))
        if ref is None or ref() is not owner:
            return None
        low, high = extent_of(array)
        for start, end, root in roots:
            if start <= low and high <= end:
                return self._new_view(array, root, address_of(array) - start)
        return None

    def _new_external(self, array: Array) -> External:
        name = External(len(self.externals))
        self.externals.append(array)
        self._external_owners.add(id(owner_of(array)))
        self._refs[id(array)] = (weakref.ref(array), name)
        return name

    def _new_slot(self, array: Array) -> Slot:
        index, owner = len(self.slots), owner_of(array)
        low, high = extent_of(array)
        ref, roots = self._roots.get(id(owner), (None, []))
        if ref is None or ref() is not owner:
            roots = []
            self._roots[id(owner)] = (weakref.ref(owner), roots)
        roots.append((low, high, index))
        return self._new_view(array, index, address_of(array) - low, high - low)

    def _new_view(self, array: Array, root: int, offset: int, size: int | None = None) -> Slot:
        name = Slot(len(self.slots))
        size = self.slots[root].size if size is None else size
        device = device_of(array)
        self.slots.append(Layout(root, size, offset, array.shape, array.strides, array.dtype, device))
        self._refs[id(array)] = (weakref.ref(array), name)
        return name


@dataclass(frozen=True)
class Returned:
    """A Tensor among what the step returned; ``differentiable`` if it had a graph."""

    array: Slot | External
    differentiable: bool


def _same(arrays: Any, others: list[Array]) -> bool:
    return all(a is b for a, b in zip(arrays, others, strict=True)) and any(
        a.dtype.kind == "f" for a in others
    )


def fills(function: Callable[..., Any]) -> bool:
    """Whether the function can be given arrays for its results."""
    code = getattr(function, "__code__", None)
    return code is not None and "out" in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
