"""Optimizers' states, and what they refuse."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from tests.minigrad.optim.cases import case, gradients, run, start, values

# -- state ------------------------------------------------------------------------------------------


@case
def test_resume_is_bit_identical(kind: Any, options: dict[str, Any], tmp_path: Path) -> None:
    params = start(np.float32)
    optimizer = kind(params, **options)
    run(optimizer, range(7), np.float32)
    mg.save(tmp_path / "state", {"params": [p.data for p in params], "optimizer": optimizer.state_dict()})
    run(optimizer, range(7, 15), np.float32)

    saved = mg.load(tmp_path / "state")
    resumed = [mg.Tensor(array) for array in saved["params"]]
    other = kind(resumed)
    other.load_state_dict(saved["optimizer"])
    run(other, range(7, 15), np.float32)
    assert values(resumed) == values(params)


def test_state_is_a_snapshot() -> None:
    optimizer = optim.Adam(start(np.float32))
    run(optimizer, range(2), np.float32)
    state = optimizer.state_dict()
    kept = [m.copy() for m in state["averages"]["m"]]
    run(optimizer, range(2, 4), np.float32)
    optimizer.load_state_dict(state)
    run(optimizer, range(2, 4), np.float32)
    for m, k in zip(state["averages"]["m"], kept, strict=True):
        np.testing.assert_array_equal(m, k)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.update(name="SGD"), "expected a state of Adam, got SGD"),
        (lambda s: s.pop("steps"), "expected a state of Adam, got Adam"),
        (lambda s: s.pop("name"), "expected a state of Adam, got a dict with the keys"),
        (lambda s: s.update(steps=-1), r"steps must be an integer from 0 to 2\^53, got -1"),
        (lambda s: s.update(steps=10**400), r"steps must be an integer from 0 to 2\^53, got 1000"),
        (lambda s: s["hyperparameters"].pop("eps"), "expected the hyper-parameters"),
        (lambda s: s["hyperparameters"].update(lr=-1), "lr must be a number >= 0, got -1"),
        (lambda s: s["hyperparameters"].update(eps=-1.0), r"eps must be a number >= 0, got -1\.0"),
        (lambda s: s["averages"].pop("m"), r"expected the averages \['m', 'v'\] of 4 parameters"),
        (lambda s: s["averages"]["m"].pop(), "expected the averages"),
        (
            lambda s: s["averages"]["v"].__setitem__(1, np.zeros(4, "f4")),
            r"v of parameter 1 is float32 \(4,\)",
        ),
        (lambda s: s["averages"]["v"].__setitem__(1, np.zeros(5)), r"v of parameter 1 is float64 \(5,\)"),
    ],
)
def test_a_wrong_state_changes_nothing(change: Callable[[dict[str, Any]], Any], message: str) -> None:
    params = start(np.float32)
    optimizer = optim.Adam(params, lr=0.5)
    run(optimizer, range(2), np.float32)
    state = optimizer.state_dict()
    state["hyperparameters"]["lr"] = 0.25
    change(state)
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(state)
    assert (optimizer.lr, optimizer.steps) == (0.5, 2)


# -- errors ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grads", "error", "message"),
    [
        (lambda g: g[:3], ValueError, "expected 4 gradients, one for each parameter, got 3"),
        (
            lambda g: mg.Tensor(g[0]),
            ValueError,
            "expected 4 gradients, one for each parameter, got one Tensor",
        ),
        (lambda g: [*g[:3], None], TypeError, "gradient 3 is a NoneType, expected a Tensor"),
        (
            lambda g: [*g[:3], mg.Tensor(g[0])],
            ValueError,
            r"gradient 3 has shape \(3, 4\), its parameter has \(\)",
        ),
        (
            lambda g: [*g[:3], mg.Tensor(np.zeros(()))],
            TypeError,
            "gradient 3 is float64 on cpu, its parameter is float32",
        ),
    ],
)
def test_wrong_gradients_change_nothing(grads: Any, error: type[Exception], message: str) -> None:
    params = start(np.float32)
    optimizer = optim.Adam(params)
    before = values(params)
    given = grads(gradients(0, np.float32))
    if isinstance(given, list):
        given = [mg.Tensor(g) if isinstance(g, np.ndarray) else g for g in given]
    with pytest.raises(error, match=rf"Adam\.step: {message}"):
        optimizer.step(given)
    assert values(params) == before
    assert optimizer.steps == 0


def test_wrong_parameters() -> None:
    p = mg.tensor([1.0])
    with pytest.raises(ValueError, match="SGD: the list of parameters is empty"):
        optim.SGD([])
    with pytest.raises(ValueError, match="SGD: parameters 0 and 2 are the same Tensor"):
        optim.SGD([p, mg.tensor([1.0]), p])
    with pytest.raises(TypeError, match="SGD: parameter 1 is int64, expected a float32 or float64 Tensor"):
        optim.SGD([p, mg.tensor([1])])
    with pytest.raises(TypeError, match="SGD: parameter 0 is ndarray"):
        optim.SGD([np.zeros(3)])  # type: ignore[list-item]
    with pytest.raises(TypeError, match=r"got one Tensor; write \[tensor\]"):
        optim.SGD(p)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (optim.SGD, {"lr": -0.1}, r"SGD: lr must be a number >= 0, got -0\.1"),
        (optim.SGD, {"lr": math.nan}, "lr must be a number >= 0, got nan"),
        (optim.SGD, {"momentum": -1}, "momentum must be"),
        (optim.SGD, {"nesterov": True}, "nesterov=True needs momentum > 0"),
        (optim.SGD, {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "nesterov=True needs"),
        (optim.RMSprop, {"alpha": 1.0}, r"alpha must lie in \[0, 1\)"),
        (optim.RMSprop, {"eps": -1e-8}, "eps must be"),
        (optim.Adam, {"betas": (0.9, 1.0)}, r"betas\[1\] must lie in \[0, 1\), got 1\.0"),
        (optim.Adam, {"betas": (-0.1, 0.9)}, r"betas\[0\] must lie"),
        (optim.Adam, {"weight_decay": -1}, "weight_decay must be"),
    ],
)
def test_hyperparameters_out_of_range(kind: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kind(start(np.float32), **options)


def test_a_changed_dtype_is_noticed() -> None:
    layer = nn.Linear(2, 1)
    optimizer = optim.Adam(layer.parameters())
    layer.double()
    with pytest.raises(TypeError, match=r"became float64 on cpu after Adam\(\.\.\.\) was made"):
        optimizer.step([mg.Tensor(np.zeros(p.shape)) for p in layer.parameters()])


def test_lr_can_be_set_and_is_checked() -> None:
    optimizer = optim.SGD(start(np.float32))
    optimizer.lr = 2
    assert optimizer.lr == 2.0
    with pytest.raises(ValueError, match="lr must be a number >= 0, got -1"):
        optimizer.lr = -1
    assert repr(optimizer).startswith("SGD(4 parameters, lr=2.0, momentum=0.0")
