"""Data made from images are the same bytes on every machine and with every version of Python and NumPy."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest

from gans.data import load

SOME = np.array([4, 1999, 0, 77])
OF_TEST = np.array([0, 77])


def digest(*arrays: np.ndarray) -> str:
    found = hashlib.sha256()
    for array in arrays:
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()[:12]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("stacked:mnist5k", "161a9023eb39"),
        ("styles:mnist5k", "2c380a521d32"),
        ("scenes:mnist5k", "aa3ed6ec19df"),
        ("moving:mnist5k", "0c92b4127225"),
        ("textured:mnist5k", "29975fef6029"),
        ("labels100-2:mnist5k", "395dbf262893"),
    ],
)
def test_a_set_has_these_bytes(name: str, expected: str) -> None:
    data: Any = load(name)
    if data.kind == "image":
        assert digest(data.train(SOME), data.test(OF_TEST), data.labels[SOME]) == expected
    elif data.kind == "partial":
        assert digest(data.numbers) == expected
    elif data.kind == "domains":
        assert digest(data.a(SOME), data.b(SOME)) == expected
    else:
        assert digest(*data.batch(SOME), *data.test(OF_TEST)) == expected
