"""A launch's arguments as passed on: numbers by value, arrays as pieces of memory and pointers into them."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

POISON = 0xFFFADBAD  # memory.cpp's; a NaN in either precision


def uninitialised(shape: int | tuple[int, ...], dtype: Any = np.float32) -> Array:
    """A new array that nobody has written to: its words hold a mark, a NaN in either precision.

    In the checking mode a kernel that reads a word which still holds the mark is in error. What NumPy or a
    kernel writes replaces it.
    """
    array: Array = np.empty(shape, dtype)
    words = np.full(-(-array.nbytes // 4), POISON, np.uint32)
    array.reshape(-1).view(np.uint8)[:] = words.view(np.uint8)[: array.nbytes]
    return array


class Parameter(ctypes.Structure):
    """How a kernel declares a parameter; entry.h's emulator_parameter."""

    _fields_ = [
        ("kind", ctypes.c_char),
        ("item", ctypes.c_char),
        ("read_only", ctypes.c_bool),
        ("size", ctypes.c_int),
    ]

    @property
    def is_pointer(self) -> bool:
        return bool(self.kind == b"P")

    def __str__(self) -> str:
        kind = self.item if self.is_pointer else self.kind
        words = {b"i": "int", b"u": "uint", b"f": "float", b"b": "bool"}
        name = (
            f"{words[kind]}{8 * self.size if kind != b'b' else ''}" if kind in words else f"{self.size} bytes"
        )
        return f"a pointer to {'const ' if self.read_only else ''}{name}" if self.is_pointer else name


class Memory(ctypes.Structure):
    """api.h's Memory."""

    _fields_ = [
        ("host", ctypes.c_void_p),
        ("bytes", ctypes.c_uint64),
        ("name", ctypes.c_char_p),
        ("item_size", ctypes.c_uint32),
        ("offset", ctypes.c_uint32),
        ("read_only", ctypes.c_uint32),
    ]


class Pointer(ctypes.Structure):
    """api.h's Pointer."""

    _fields_ = [
        ("index", ctypes.c_uint32),
        ("memory", ctypes.c_uint32),
        ("offset", ctypes.c_int64),
    ]


class Packed(NamedTuple):
    """Arguments for the runtime; ``values`` keeps alive what the other three point to."""

    values: list[Any]
    memories: list[Memory]
    pointers: list[Pointer]


class _Span(NamedTuple):
    low: int
    high: int
    position: int
    array: Array
    read_only: bool


def _check_number(name: str, index: int, parameter: Parameter, value: Any) -> bytes:
    if not isinstance(value, np.generic):
        raise TypeError(
            f"{name}: argument {index} is a Python {type(value).__name__}, whose size there is a guess; "
            f"the kernel declares {parameter}: pass a NumPy scalar of that type"
        )
    if value.dtype.itemsize != parameter.size or (
        parameter.kind != b"V" and value.dtype.kind.encode() != parameter.kind
    ):
        raise TypeError(f"{name}: argument {index} is {value.dtype}, the kernel declares {parameter}")
    return value.tobytes()


def _check_array(name: str, index: int, parameter: Parameter, value: Any) -> Array:
    if not isinstance(value, np.ndarray):
        raise TypeError(
            f"{name}: argument {index} is {type(value).__name__}, the kernel declares {parameter}"
        )
    known = parameter.item in (b"i", b"u", b"f", b"b")
    if known and (value.dtype.kind.encode() != parameter.item or value.itemsize != parameter.size):
        raise TypeError(
            f"{name}: argument {index} is an array of {value.dtype}, the kernel declares {parameter}"
        )
    if not parameter.read_only and not value.flags.writeable:
        raise TypeError(f"{name}: argument {index} is a read-only array, the kernel declares {parameter}")
    return value


def _start_of_allocation(array: Array) -> int:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return int(np.lib.array_utils.byte_bounds(array)[0])


def _describe(index: int, array: Array) -> str:
    return f"argument {index} ({array.dtype} {array.shape})"


def _piece(spans: Sequence[_Span]) -> Memory:
    """One piece of memory for arrays that overlap: written through either, it is seen through the other."""
    low, high = spans[0].low, max(span.high for span in spans)
    name = " = ".join(_describe(span.position, span.array) for span in spans)
    return Memory(
        host=low,
        bytes=high - low,
        name=name.encode(),
        item_size=min(span.array.itemsize for span in spans),
        offset=(low - _start_of_allocation(spans[0].array)) % 256,
        read_only=all(span.read_only for span in spans),
    )


def _groups(spans: Sequence[_Span]) -> list[list[_Span]]:
    groups: list[list[_Span]] = []
    end = 0
    for span in sorted(spans, key=lambda span: span.low):
        if groups and span.low < end:
            groups[-1].append(span)
        else:
            groups.append([span])
        end = max(end, span.high)
    return groups


def pack(name: str, parameters: Sequence[Parameter], args: Sequence[Any]) -> Packed:
    """Checks the arguments against the kernel's parameters and lays them out.

    Raises TypeError, naming the argument, where a number or an array has another type than is declared.
    """
    if len(args) != len(parameters):
        raise TypeError(f"{name}: {len(args)} arguments are given, the kernel declares {len(parameters)}")
    values: list[Any] = []
    spans: list[_Span] = []
    starts: dict[int, int] = {}
    for index, (parameter, value) in enumerate(zip(parameters, args, strict=True)):
        if not parameter.is_pointer:
            values.append(
                ctypes.create_string_buffer(_check_number(name, index, parameter, value), parameter.size)
            )
            continue
        values.append(ctypes.c_void_p(None))
        if value is None:  # CuPy's null pointer
            continue
        array = _check_array(name, index, parameter, value)
        if array.size:
            low, high = np.lib.array_utils.byte_bounds(array)
            spans.append(_Span(int(low), int(high), index, array, parameter.read_only))
            starts[index] = array.__array_interface__["data"][0]
    groups = _groups(spans)
    pointers = [
        Pointer(index=span.position, memory=memory, offset=starts[span.position] - group[0].low)
        for memory, group in enumerate(groups)
        for span in group
    ]
    return Packed(values, [_piece(group) for group in groups], pointers)
