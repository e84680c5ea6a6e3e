"""Checkpoints: one safetensors file, written atomically.

Arrays are stored under dotted names. Everything else (numbers, strings, lists, nesting) is JSON in the file's
metadata, under the key ``minigrad``, with a SHA-256 of all of it. A flat dict of arrays is therefore a plain
safetensors file with the dict's own names, which other tools read, and ``load`` reads theirs.

The JSON is an object with ``format`` (1), ``sha256`` and ``state``. In ``state`` an object with one key that
begins with ``$`` is

    {"$array": NAME}   an array               {"$scalar": NAME}           a NumPy scalar
    {"$tuple": [...]}  a tuple                {"$float": "nan"}           nan, inf or -inf
    {"$dict": [[key, value], ...]}            a dict with a key of its own that begins with ``$``
"""

from __future__ import annotations

import hashlib
import json
import math
import operator
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from minigrad.arrays import is_array
from minigrad.devices import to_device
from minigrad.files import UnfitFileError, regular, temporaries, write_atomically
from minigrad.tensor import Tensor
from minigrad.types import Array

__all__ = ["CheckpointError", "load", "save"]

FORMAT = 1
MAX_DEPTH = 100
MAX_HEADER = 100_000_000  # bytes, as safetensors has it
STALE_SECONDS = 3600.0
REASON = 160  # characters that a message has for what is wrong

_DTYPES = {
    "BOOL": "bool",
    "U8": "u1",
    "I8": "i1",
    "U16": "<u2",
    "I16": "<i2",
    "U32": "<u4",
    "I32": "<i4",
    "U64": "<u8",
    "I64": "<i8",
    "F16": "<f2",
    "F32": "<f4",
    "F64": "<f8",
}
_STORABLE = frozenset(np.dtype(code).newbyteorder("=") for code in _DTYPES.values())


class CheckpointError(ValueError):
    """A checkpoint cannot be read; the message is one line with the file and what is wrong with it.

    >>> import minigrad as mg
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "state")
    ...     with open(path, "wb") as file:
    ...         _ = file.write(b"no checkpoint")
    ...     mg.load(path)
    Traceback (most recent call last):
    minigrad.checkpoint.CheckpointError: ...
    """


def save(path: str | os.PathLike[str], state: Mapping[str, Any]) -> None:
    """Write ``state`` into the file ``path``, all or nothing.

    ``state`` is a dict with string keys; its values are arrays and Tensors of any device, NumPy scalars,
    numbers, bools, strings, None, and lists, tuples and dicts of these. A process killed at any moment, a
    full disk or a power cut leaves either the previous file or the new one: the bytes go into a temporary
    file in the same folder, reach the disk, and are then renamed.

    Raises TypeError for other values, naming where they are; OSError if the file cannot be written (the
    previous one is untouched).

    >>> import minigrad as mg
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "state.safetensors")
    ...     mg.save(path, {"step": 3, "weights": [mg.ones(2), mg.zeros(1)]})
    ...     mg.load(path)
    {'step': 3, 'weights': [array([1., 1.], dtype=float32), array([0.], dtype=float32)]}
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"save: expected a dict, got {type(state).__name__}{_meant(path, state)}")
    packer = _Packer()
    tree = packer.pack(state, "")
    header = {"format": FORMAT, "sha256": _digest(packer.arrays, tree), "state": tree}
    metadata = {"minigrad": json.dumps(header, allow_nan=False)}
    target = Path(os.path.realpath(path))
    try:
        write_atomically(target, safetensors.numpy.save(packer.arrays, metadata))
    except OSError as error:
        reason = f"checkpoint not written, what was there before is unchanged: {error.strerror}"
        raise OSError(error.errno, reason, error.filename) from error
    _remove_stale(target)


def load(path: str | os.PathLike[str], *, max_bytes: int | None = None) -> dict[str, Any]:
    """The state in the file ``path``: that of ``save``, with arrays in place of Tensors.

    A safetensors file by another program gives a flat dict of arrays; its float16 and bfloat16 arrays come
    back as float32. The memory that it takes grows with the file, whose size ``max_bytes`` limits: the header
    is read first and must describe a file of that size.

    Raises CheckpointError if the file is damaged, longer than ``max_bytes``, not a checkpoint (a FIFO and a
    device are none either), or by a newer version; FileNotFoundError if there is none; IsADirectoryError for
    a folder.

    >>> import os, tempfile
    >>> import minigrad as mg
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "net.safetensors")
    ...     mg.save(path, mg.nn.Linear(3, 2).state_dict())
    ...     state = mg.load(path)
    >>> {name: array.shape for name, array in state.items()}
    {'weight': (2, 3), 'bias': (2,)}
    """
    try:
        return _decode(_read(path, max_bytes))
    except UnfitFileError as error:
        raise CheckpointError(f"{os.fspath(path)}: {error.strerror}") from error
    except CheckpointError as error:
        raise CheckpointError(f"{os.fspath(path)}: {error}") from error


def _meant(path: Any, state: Any) -> str:
    """What ``save(path, state)`` was meant to be, or ''."""
    if isinstance(path, Mapping):
        return "; the path comes first: save(path, state)"
    return "; write save(path, net.state_dict())" if hasattr(state, "state_dict") else ""


class _Packer:
    """Turns a state into a tree of JSON values, and collects its arrays under names."""

    def __init__(self) -> None:
        self.arrays: dict[str, Array] = {}

    def pack(self, value: Any, name: str, depth: int = 0) -> Any:
        if depth > MAX_DEPTH:
            raise ValueError(
                f"save: {name[:60]!r}... is nested deeper than {MAX_DEPTH}; does the state contain itself?"
            )
        if value is None or isinstance(value, bool | int | str):
            return value
        if isinstance(value, np.generic):
            return {"$scalar": self._store(np.asarray(value), name)}
        if isinstance(value, float):
            return value if math.isfinite(value) else {"$float": str(value)}
        if isinstance(value, Mapping):
            return self._pack_mapping(value, name, depth)
        if isinstance(value, list | tuple):
            items = [self.pack(item, _join(name, str(index)), depth + 1) for index, item in enumerate(value)]
            return {"$tuple": items} if isinstance(value, tuple) else items
        if isinstance(value, Tensor):
            value = value.data
        if is_array(value):
            return {"$array": self._store(to_device(value, "cpu"), name)}
        raise TypeError(
            f"save: cannot store {name!r}, a {type(value).__name__}; "
            "expected arrays, Tensors, numbers, strings, None, and lists and dicts of these"
        )

    def _pack_mapping(self, value: Mapping[Any, Any], name: str, depth: int) -> Any:
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"save: key {key!r} in {name or 'the state'!r} is not a string")
        items = [(key, self.pack(item, _join(name, key), depth + 1)) for key, item in value.items()]
        if any(key.startswith("$") for key in value):
            return {"$dict": [list(item) for item in items]}
        return dict(items)

    def _store(self, array: Array, name: str) -> str:
        if array.dtype.newbyteorder("=") not in _STORABLE:
            raise TypeError(f"save: cannot store {name!r}, an array of {array.dtype}; convert it first")
        unique, count = name, 1
        while unique in self.arrays or unique == "__metadata__":
            count += 1
            unique = f"{name}#{count}"
        self.arrays[unique] = np.array(array, dtype=array.dtype.newbyteorder("<"), order="C", subok=False)
        return unique


def _unpack(node: Any, arrays: dict[str, Array]) -> Any:
    """The state that the tree describes; takes the arrays that it uses out of ``arrays``."""
    if isinstance(node, list):
        return [_unpack(item, arrays) for item in node]
    if not isinstance(node, dict):
        return node
    if len(node) != 1 or not next(iter(node)).startswith("$"):
        return {key: _unpack(item, arrays) for key, item in node.items()}
    [(kind, content)] = node.items()
    if kind == "$array":
        return arrays.pop(content)
    if kind == "$scalar":
        return _scalar(arrays.pop(content))
    if kind == "$float":
        return _FLOATS[content]
    if kind == "$tuple":
        return tuple(_unpack(item, arrays) for item in _list(content))
    if kind == "$dict":
        return {_name(key): _unpack(item, arrays) for key, item in map(_list, _list(content))}
    raise ValueError(f"there is no {kind!r}")


_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def _scalar(array: Array) -> Any:
    if array.shape:
        raise ValueError(f"a scalar of shape {array.shape}")
    return array[()]


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"{type(value).__name__} in place of a list")
    return value


def _name(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} in place of a name")
    return value


def _read(path: str | os.PathLike[str], max_bytes: int | None) -> bytes:
    """The bytes of the file, once its header agrees with their number."""
    with open(path, "rb", opener=regular) as file:
        size = os.fstat(file.fileno()).st_size
        if max_bytes is not None and size > max_bytes:
            raise CheckpointError(f"{size:,} bytes long, expected at most {max_bytes:,}")
        length = file.read(8)
        header = file.read(min(int.from_bytes(length, "little"), size, MAX_HEADER))
        described = len(length) + len(header) + _described(header)
        if described != size or len(header) != int.from_bytes(length, "little"):
            raise _not_safetensors(
                size, _guess(length + header) or "its header does not describe such a file"
            )
        return length + header + file.read(size)


def _described(header: bytes) -> int:
    """How many bytes of arrays a file of this header has; -1 if it does not say."""
    try:
        entries = json.loads(header)
        ends = [entry["data_offsets"][1] for name, entry in entries.items() if name != "__metadata__"]
        return max((operator.index(end) for end in ends), default=0)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return -1


def _guess(start: bytes) -> str:
    """What a file that starts so is, and how minigrad could read it; '' if that is unknown."""
    remedy = "convert it with safetensors, as by safetensors.torch.save_file"
    if start.startswith(b"PK\x03\x04"):
        return f"a zip archive, as torch.save and numpy.savez write; {remedy}"
    if start.startswith((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")):
        return f"a pickle, which may run any program and is not read; {remedy}"
    return ""


def _not_safetensors(size: int, reason: str) -> CheckpointError:
    return CheckpointError(f"damaged or not a safetensors file ({size} bytes): {_short(reason)}")


def _decode(content: bytes) -> dict[str, Any]:
    arrays = _read_arrays(content)
    metadata = _read_metadata(content)
    if "minigrad" not in metadata:
        return {
            name: array.astype(np.float32) if array.dtype == np.float16 else array
            for name, array in arrays.items()
        }
    try:
        header = json.loads(metadata["minigrad"])
        version = header["format"]
        if version != FORMAT:
            written = _short(version, 40)
            raise CheckpointError(
                f"written in format {written}, this version of minigrad reads format {FORMAT}"
            )
        intact = header["sha256"] == _digest(arrays, header["state"])
        state = _unpack(header["state"], arrays) if intact else None
    except CheckpointError:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        reason = _short(repr(error))
        raise CheckpointError(f"damaged: its description of the state makes no sense ({reason})") from error
    if not intact:
        raise CheckpointError("damaged: the content does not match its checksum")
    if arrays or not isinstance(state, dict):
        raise CheckpointError("damaged: its description of the state does not cover its arrays")
    return state


def _read_arrays(content: bytes) -> dict[str, Array]:
    try:
        entries = safetensors.deserialize(content)  # type: ignore[no-untyped-call]
    except safetensors.SafetensorError as error:
        reason = str(error).removeprefix("Error while deserializing: ")
        raise _not_safetensors(len(content), reason) from error
    return {name: _as_array(name, entry) for name, entry in entries}


def _as_array(name: str, entry: Mapping[str, Any]) -> Array:
    code, shape, data = entry["dtype"], entry["shape"], entry["data"]
    if code not in _DTYPES and code != "BF16":
        named = _short(name, 80)
        raise CheckpointError(f"array {named!r} has the type {code}, which minigrad does not read")
    try:
        if code == "BF16":  # the upper half of a float32
            return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32).reshape(shape)
        stored = np.frombuffer(data, _DTYPES[code]).reshape(shape)
    except (ValueError, OverflowError) as error:  # of 65 dimensions, or of none of 2^62 rows
        named, reason = _short(name, 80), _short(error, 80)
        raise CheckpointError(f"damaged: array {named!r} cannot have its shape ({reason})") from error
    return np.array(stored, dtype=stored.dtype.newbyteorder("="))


def _read_metadata(content: bytes) -> Mapping[str, str]:
    """The file's metadata; ``safetensors.deserialize`` has checked the header, but does not return it."""
    length = int.from_bytes(content[:8], "little")
    metadata = json.loads(content[8 : 8 + length]).get("__metadata__") or {}
    return metadata if isinstance(metadata, dict) else {}


def _digest(arrays: Mapping[str, Array], tree: Any) -> str:
    digest = hashlib.sha256(json.dumps(tree, sort_keys=True, allow_nan=False).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"\0{name}\0{array.dtype.newbyteorder('<').str}\0{array.shape}\0".encode())
        digest.update(array.astype(array.dtype.newbyteorder("<"), order="C", copy=False).data)
    return digest.hexdigest()


def _short(value: object, most: int = REASON) -> str:
    """The value as at most ``most`` printable characters of ASCII, whatever a damaged file made of it."""
    shown = ascii(" ".join(str(value).split()))[1:-1]
    return shown if len(shown) <= most else shown[: most - 4] + " ..."


def _join(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key


def _remove_stale(path: Path) -> None:
    """Remove what killed processes left behind while they wrote ``path``."""
    for left in temporaries(path.parent, path.name):
        with suppress(FileNotFoundError):  # another process may clean up at the same time
            if time.time() - left.stat().st_mtime > STALE_SECONDS:
                left.unlink()
