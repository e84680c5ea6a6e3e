"""The fake refuses what it says it refuses: a fake that lets everything pass would prove nothing."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

REFUSED: dict[str, Callable[[Any, Any, Any], object]] = {
    "numpy.asarray": lambda cp, x, a: np.asarray(x),
    "a NumPy function": lambda cp, x, a: np.sqrt(x),
    "a NumPy function of both": lambda cp, x, a: np.add(a, x),
    "a NumPy array on the right": lambda cp, x, a: x + a,
    "a NumPy array on the left": lambda cp, x, a: a * x,
    "a NumPy array compared": lambda cp, x, a: x > a,
    "a NumPy array in a function": lambda cp, x, a: cp.add(x, a),
    "a NumPy array without axes": lambda cp, x, a: cp.add(x, a.sum(keepdims=True).reshape(())),
    "a list": lambda cp, x, a: cp.maximum(x, [1.0, 2.0]),
    "a NumPy array assigned": lambda cp, x, a: x.__setitem__(slice(None), a),
    "a NumPy array as an index": lambda cp, x, a: x[np.array([0])],
    "a device array as a NumPy index": lambda cp, x, a: a[cp.arange(1)],
    "concatenate": lambda cp, x, a: cp.concatenate([x, a]),
    "NumPy's concatenate": lambda cp, x, a: np.concatenate([a, x]),
    "an assignment to NumPy": lambda cp, x, a: a.__setitem__(slice(None), x),
    "DLPack of the host": lambda cp, x, a: cp.from_dlpack(a),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_would_move_numbers_unasked(fake_cupy: ModuleType, what: str) -> None:
    x, a = fake_cupy.array([1.0, 2.0]), np.array([1.0, 2.0])
    with pytest.raises(TypeError):
        REFUSED[what](fake_cupy, x, a)


def test_what_cupy_does_not_have(fake_cupy: ModuleType) -> None:
    x = fake_cupy.zeros((2, 2))
    for name in ("writeable", "carray", "aligned"):
        assert not hasattr(x.flags, name)
    assert not hasattr(x, "__array_interface__")
    assert not hasattr(fake_cupy, "split")
    with pytest.raises(NotImplementedError):
        fake_cupy.maximum.reduce(x)


def test_results_stay_arrays_and_know_whose_memory_they_have(fake_cupy: ModuleType) -> None:
    x = fake_cupy.array([[1.0, 2.0], [3.0, 4.0]])
    for result in (x.sum(), x[0, 1], x[0, 0] + 1, fake_cupy.add.reduce(x, None), x == x):
        assert type(result) is fake_cupy.ndarray
    assert x[0].base is x[0][:1].base is x.T.base is x.reshape(4).base is x
    assert x.base is x.T.reshape(4).base is x.copy().base is None
    assert x[0].data.ptr + 2 * x.itemsize == x[1].data.ptr


def test_every_copy_is_counted(fake_cupy: ModuleType) -> None:
    device = fake_cupy.arrays.device
    x = fake_cupy.asarray(np.ones(2))
    assert (device.writes, device.reads) == (1, 0)
    x = fake_cupy.asarray(x * 2 + fake_cupy.full((), 3.0))
    assert (device.writes, device.reads) == (1, 0)
    assert bool((x > 1).all())
    assert float(x[0]) == x[1].item() == 5
    assert f"{x.get()}" == "[5. 5.]"
    assert (device.writes, device.reads) == (1, 4)
