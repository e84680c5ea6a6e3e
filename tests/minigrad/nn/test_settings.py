"""Every layer, with its settings as NumPy's numbers, and of inputs without elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, ops
from tests.minigrad.nn import test_layers
from tests.minigrad.nn.test_layers import CASES, draw


class InNumbersOf:
    """``minigrad.nn`` whose layers get each number of their settings as NumPy's, pairs as lists or arrays."""

    def __init__(self, floats: type, several: Callable[[Any], Any] = list) -> None:
        self.utils, self.floats, self.several = nn.utils, floats, several

    def __getattr__(self, name: str) -> Callable[..., nn.Module]:
        layer = getattr(nn, name)
        return lambda *args, **named: layer(
            *map(self.converted, args), **{key: self.converted(value) for key, value in named.items()}
        )

    def converted(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return self.several([self.converted(part) for part in value])
        if isinstance(value, float):
            return self.floats(value)
        return np.int64(value) if isinstance(value, int) and not isinstance(value, bool) else value


def results(name: str) -> tuple[str, list[np.ndarray]]:
    make, shape = CASES[name]
    mg.manual_seed(1)
    module = make()
    x = mg.tensor(draw(*shape), dtype=np.float32)
    y = module(x)
    gradients = mg.grad(ops.sum(y * y), [x, *module.parameters()])
    return repr(module), [t.numpy() for t in (y, *gradients)]


@pytest.mark.parametrize("name", CASES)
def test_settings_may_be_numbers_of_numpy(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text, expected = results(name)
    for namespace in (InNumbersOf(np.float64), InNumbersOf(np.float64, np.array), InNumbersOf(np.float32)):
        monkeypatch.setattr(test_layers, "nn", namespace)
        text_again, found = results(name)
        if namespace.floats is np.float64:
            assert text_again == text
        for mine, plain in zip(found, expected, strict=True):
            assert mine.dtype == np.float32
            np.testing.assert_allclose(mine, plain, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_a_layer_of_no_samples(name: str) -> None:
    make, (_, *shape) = CASES[name]
    module = make()
    x = mg.tensor(np.zeros((0, *shape), np.float32))
    if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) and module.training:
        with pytest.raises(ValueError, match="of no elements is undefined; give at least one sample"):
            module(x)
        return
    y = module(x)
    assert y.shape == (0, *module(mg.tensor(np.zeros((2, *shape), np.float32))).shape[1:])
    wanted = [x, *module.parameters()]
    first = mg.grad(ops.sum(y * y), wanted, create_graph=True)
    total = sum((ops.sum(g * g) for g in first), ops.sum(y))
    for g, t in zip(mg.grad(total, wanted), wanted, strict=True):
        assert g.shape == t.shape
        assert not g.numpy().any()


def test_layers_of_no_values() -> None:
    x = mg.tensor(np.zeros((3, 0), np.float32))
    assert nn.LayerNorm(0)(x).shape == (3, 0)
    assert nn.Linear(0, 2, bias=False)(x).numpy().tolist() == [[0, 0]] * 3
    assert nn.Softmax(1)(x).shape == (3, 0)
