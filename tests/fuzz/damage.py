"""Damaged and forged files, each of which a seed decides."""

from __future__ import annotations

import json
import random
import struct
from copy import deepcopy
from typing import Any

import numpy as np
import safetensors.numpy

from minigrad import checkpoint

DEEP = "\0deep\0"
"""Stands for a list in a list in a list ..., which json.dumps could not write."""

ODD: list[Any] = [
    *(
        None,
        True,
        False,
        "",
        "0",
        "nan",
        "gan",
        "cpu",
        "a" * 10_000,
        "\0",
        "\n\n",
        "\x1b[31m\u202e",
        "\ud800",
        "../..",
    ),
    *("\ud800", "../..", 0, 1, -1, 2, 65, 2**31, 2**53, 2**62, 2**63, 2**64, -(2**63), 10**18, 10**400),
    *(0.0, -0.0, 0.5, 1.0, 1e-300, 1e308, -1e308, float("nan"), float("inf")),
    *(
        [],
        {},
        [[]],
        [0],
        [1] * 65,
        [0, 2**62],
        [2**40, 2**40],
        list(range(1000)),
        {"": {}},
        DEEP,
        [DEEP],
        {"a": DEEP},
    ),
    *({"": {}}, DEEP, [DEEP], {"a": DEEP}),
    *({"$array": "w"}, {"$scalar": "w"}, {"$tuple": 3}, {"$float": "inf"}, {"$dict": [["a", 1]]}),
]
"""Values that a file's reader should not meet."""


def damaged_bytes(content: bytes, rng: random.Random) -> bytes:
    """A few edits: bits and bytes changed, parts cut, doubled, zeroed or put in."""
    edited = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        start = rng.randrange(len(edited) + 1)
        length = min(rng.choice((1, 1, 2, 4, 8, 64, 1000)), len(edited) - start)
        kind = rng.randrange(7)
        if kind == 0 and length:
            edited[start] ^= 1 << rng.randrange(8)
        elif kind == 1:
            edited[start : start + length] = rng.randbytes(length)
        elif kind == 2:
            edited[start : start + length] = bytes(length)
        elif kind == 3:
            edited[start : start + length] = b"\xff" * length
        elif kind == 4:
            del edited[start : start + length]
        elif kind == 5:
            edited[start:start] = edited[start : start + length]
        elif rng.random() < 0.3:
            del edited[start:]
    return bytes(edited)


def forged_json(document: Any, rng: random.Random) -> str:
    """JSON of the document with a few values, names or items changed, at any depth."""
    changed = json.loads(json.dumps(document))
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        changed = _change(changed, rng)
    return dumps(changed)


def dumps(document: Any) -> str:
    """As json.dumps; what it cannot write becomes a list that is nested deeply."""
    return json.dumps(document).replace(json.dumps(DEEP), "[" * 20_000 + "]" * 20_000)


def _odd(rng: random.Random) -> Any:
    return deepcopy(rng.choice(ODD))


def _change(node: Any, rng: random.Random) -> Any:
    if not isinstance(node, dict | list) or not node or rng.random() < 0.1:
        return _odd(rng)
    keys = list(node) if isinstance(node, dict) else range(len(node))
    key = rng.choice(keys)
    kind = rng.randrange(8)
    if kind == 0:
        del node[key]
    elif kind == 1 and isinstance(node, dict):
        node[rng.choice(("", "x", "\ud800", "\x1b[2J", "$array", "a" * 5000))] = node.pop(key)
    elif kind == 2 and isinstance(node, list):
        node.insert(key, _odd(rng))
    elif kind == 3 and isinstance(node, dict):
        node[rng.choice(("x", "$tuple", "step", "\x1b"))] = _odd(rng)
    elif kind == 4:
        node[key] = _odd(rng)
    else:
        node[key] = _change(node[key], rng)
    return node


def split(content: bytes) -> tuple[dict[str, Any], bytes]:
    """A safetensors file's header and the bytes of its arrays."""
    (length,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def forged_header(content: bytes, rng: random.Random) -> bytes:
    """A safetensors file whose header is changed, and whose length fits that."""
    header, data = split(content)
    text = forged_json(header, rng).encode()
    return struct.pack("<Q", len(text)) + text + data


def forged_state(content: bytes, rng: random.Random) -> bytes:
    """A checkpoint whose description or arrays are changed, and whose checksum is right over that."""
    header, _ = split(content)
    tree = json.loads(header["__metadata__"]["minigrad"])["state"]
    arrays = {name: np.array(array) for name, array in safetensors.numpy.load(content).items()}
    if rng.random() < 0.5:
        name = rng.choice(list(arrays))
        arrays[name] = _other_array(arrays[name], rng)
        text = json.dumps(tree)
    else:
        text = forged_json(tree, rng)
    return signed(text, arrays)


def signed(tree: str, arrays: dict[str, np.ndarray[Any, Any]]) -> bytes:
    """The checkpoint of a description in JSON; its checksum is right where there can be one."""
    try:
        digest = checkpoint._digest(arrays, json.loads(tree))
    except (ValueError, RecursionError):
        digest = "none"
    description = f'{{"format": 1, "sha256": "{digest}", "state": {tree}}}'
    return safetensors.numpy.save(arrays, {"minigrad": description})


def _other_array(array: np.ndarray[Any, Any], rng: random.Random) -> np.ndarray[Any, Any]:
    kind = rng.randrange(6)
    if kind == 0:
        return array.astype(rng.choice((np.float16, np.float64, np.int8, np.bool_, np.uint64)))
    if kind == 1:
        return array[None]
    if kind == 2:
        return array.reshape(-1)[: rng.randrange(array.size + 1)]
    if kind == 3:
        return array.reshape((1,) * (rng.choice((10, 30, 62)) - array.ndim) + array.shape)
    changed = array.copy()
    if changed.size:
        changed.flat[rng.randrange(changed.size)] = rng.choice((0, 1, 120))
        if changed.dtype.kind == "f":
            changed.flat[0] = rng.choice((np.nan, np.inf, -np.inf, -1.0, 3e38))
    return changed
