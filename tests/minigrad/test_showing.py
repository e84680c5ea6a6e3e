"""What a notebook shows of a Tensor."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from minigrad import ops


def test_a_tensor_shows_what_it_is_and_how_its_numbers_lie() -> None:
    x = ops.square(mg.tensor([1.0, 2.0]))
    assert x._repr_html_() == "float32 (2,), made by square, from 1 to 4, mean 2.5<pre>[1. 4.]</pre>"


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ([np.inf, 1.0, np.nan], "from 1 to 1, mean 1, 2 not finite"),
        ([np.nan, np.inf], "2 not finite"),
        ([3, 5], "from 3 to 5, mean 4"),
        ([True, False], "bool (2,)<pre>"),
        (3.0, "float32 ()<pre>3.</pre>"),
        (np.zeros((0, 3)), "float64 (0, 3)<pre>"),
    ],
)
def test_numbers_that_are_no_numbers_are_counted(data: object, shown: str) -> None:
    assert shown in mg.tensor(data)._repr_html_()
