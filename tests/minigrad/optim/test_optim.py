"""Optimizers against their formulas and PyTorch's, on both kernel modules; the buffer of their parameters."""

from __future__ import annotations

import copy
import math
from functools import cache
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from tests.minigrad.optim.cases import RMSPROP_OPTIONS, SGD_OPTIONS, case, gradients, run, start, values

# -- formulas ------------------------------------------------------------------------------------------


def direction(g: np.ndarray, p: np.ndarray, options: dict[str, Any]) -> np.ndarray:
    return (-g if options.get("maximize") else g) + options.get("weight_decay", 0.0) * p


def sgd_formula(p: np.ndarray, grads: list[np.ndarray], options: dict[str, Any]) -> np.ndarray:
    velocity, damped = None, 1 - options.get("dampening", 0.0)
    for g in grads:
        d = direction(g, p, options)
        if options["momentum"]:
            velocity = d if velocity is None else options["momentum"] * velocity + damped * d
            d = d + options["momentum"] * velocity if options["nesterov"] else velocity
        p = p - options["lr"] * d
    return p


def rmsprop_formula(p: np.ndarray, grads: list[np.ndarray], options: dict[str, Any]) -> np.ndarray:
    square, mean, velocity = np.zeros_like(p), np.zeros_like(p), np.zeros_like(p)
    alpha = options.get("alpha", 0.99)
    for g in grads:
        d = direction(g, p, options)
        square = alpha * square + (1 - alpha) * d**2
        mean = alpha * mean + (1 - alpha) * d
        ratio = d / (np.sqrt(square - mean**2 if options["centered"] else square) + 1e-8)
        velocity = options["momentum"] * velocity + ratio
        p = p - options["lr"] * velocity
    return p


def adam_formula(p: np.ndarray, grads: list[np.ndarray], options: dict[str, Any]) -> np.ndarray:
    m, v, v_max = np.zeros_like(p), np.zeros_like(p), np.zeros_like(p)
    beta1, beta2 = options["betas"]
    for t, g in enumerate(grads, 1):
        d = direction(g, p, options)
        m = beta1 * m + (1 - beta1) * d
        v = beta2 * v + (1 - beta2) * d**2
        v_max = np.maximum(v_max, v)
        root = np.sqrt((v_max if options.get("amsgrad") else v) / (1 - beta2**t)) + options.get("eps", 1e-8)
        p = p - options["lr"] * (m / (1 - beta1**t)) / root
    return p


def adamw_formula(p: np.ndarray, grads: list[np.ndarray], options: dict[str, Any]) -> np.ndarray:
    """Adam's steps, of weights that shrink before each."""
    moved = np.zeros_like(p)
    for t in range(len(grads)):
        plain = {**options, "weight_decay": 0.0}
        total = adam_formula(np.zeros_like(p), grads[: t + 1], plain)  # it does not depend on p
        p = (1 - options["lr"] * options["weight_decay"]) * p + total - moved
        moved = total
    return p


def adagrad_formula(p: np.ndarray, grads: list[np.ndarray], options: dict[str, Any]) -> np.ndarray:
    total = np.full_like(p, options.get("initial_accumulator_value", 0.0))
    for t, g in enumerate(grads):
        d = direction(g, p, options)
        total = total + d**2
        rate = options["lr"] / (1 + t * options.get("lr_decay", 0.0))
        p = p - rate * d / (np.sqrt(total) + options.get("eps", 1e-10))
    return p


FORMULAS = {
    optim.SGD: sgd_formula,
    optim.RMSprop: rmsprop_formula,
    optim.Adam: adam_formula,
    optim.AdamW: adamw_formula,
    optim.Adagrad: adagrad_formula,
}


Options = tuple[tuple[str, Any], ...]  # a dict's items, by which results are kept for both kernel modules


@cache
def by_formula(kind: Any, options: Options) -> list[np.ndarray]:
    """The parameters after 100 steps in float64."""
    grads = [gradients(step, np.float64) for step in range(100)]
    return [
        FORMULAS[kind](p.data.copy(), [g[index] for g in grads], dict(options))
        for index, p in enumerate(start(np.float64))
    ]


@case
def test_formula(kind: Any, options: dict[str, Any], kernels: str) -> None:
    params = start(np.float64)
    run(kind(params, **options), range(100), np.float64)
    for p, e in zip(params, by_formula(kind, tuple(options.items())), strict=True):
        np.testing.assert_allclose(p.data, e, rtol=1e-9, atol=1e-9)


@cache
def by_torch(kind: Any, options: Options, dtype: type) -> list[list[np.ndarray]]:
    """PyTorch's parameters after each of 100 steps."""
    torch = pytest.importorskip("torch")
    params = [torch.from_numpy(p.data.copy()).requires_grad_() for p in start(dtype)]
    optimizer = getattr(torch.optim, kind.__name__)(params, **dict(options))
    steps = []
    for step in range(100):
        for p, g in zip(params, gradients(step, dtype), strict=True):
            p.grad = torch.from_numpy(g.copy())
        optimizer.step()
        steps.append([p.detach().numpy().copy() for p in params])
    return steps


@case
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_to_torch_over_100_steps(kind: Any, options: dict[str, Any], dtype: type, kernels: str) -> None:
    pytest.importorskip("torch")
    tolerance = 1e-6 if dtype == np.float32 else 1e-12
    params = start(dtype)
    optimizer = kind(params, **options)
    for step, theirs in enumerate(by_torch(kind, tuple(options.items()), dtype)):
        optimizer.step([mg.Tensor(g) for g in gradients(step, dtype)])
        for p, expected in zip(params, theirs, strict=True):
            scale = max(1.0, np.abs(expected).max())
            np.testing.assert_allclose(p.data, expected, rtol=0, atol=tolerance * scale)


def test_defaults_are_torch_s() -> None:
    torch = pytest.importorskip("torch")
    for kind in FORMULAS:
        theirs = getattr(torch.optim, kind.__name__)([torch.zeros(1)]).defaults
        for name, value in kind(start(np.float32)).state_dict()["hyperparameters"].items():
            assert value == theirs[name], (kind, name)


# -- behaviour ------------------------------------------------------------------------------------------


def test_one_step_fits_a_line() -> None:
    layer = nn.Linear(1, 1)
    optimizer = optim.SGD(layer.parameters(), lr=0.1)
    x = mg.tensor([[0.0], [1.0], [2.0]])
    losses = []
    for _ in range(200):
        loss = mg.ops.mean((layer(x) - (3 * x + 1)) ** 2)
        optimizer.step(mg.grad(loss, layer.parameters()))
        losses.append(loss.item())
    assert losses[-1] < 1e-4 < losses[0]


def test_a_step_makes_older_graphs_stale() -> None:
    layer = nn.Linear(2, 1)
    loss = mg.ops.sum(layer(mg.tensor([[1.0, 2.0]])) ** 2)
    optim.SGD(layer.parameters()).step(mg.grad(loss, layer.parameters()))
    with pytest.raises(mg.StaleGraphError):
        mg.grad(loss, layer.parameters())


def test_parameters_and_gradients_of_any_strides(kernels: str) -> None:
    rng = np.random.default_rng(0)
    data, g = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    plain, strided = mg.Tensor(data.copy()), mg.Tensor(np.asfortranarray(data))
    optim.Adam([plain]).step([mg.Tensor(g)])
    optim.Adam([strided]).step([mg.Tensor(np.repeat(g, 2, axis=1)[:, ::2])])
    assert not strided.data.flags.c_contiguous
    np.testing.assert_array_equal(plain.data, strided.data)
    ones = mg.Tensor(np.broadcast_to(np.ones(()), (4, 3)))
    optim.SGD([plain], lr=1.0).step([ones])
    np.testing.assert_allclose(plain.data, strided.data - 1)


def test_gradients_are_not_changed(kernels: str) -> None:
    for kind, options in (
        (optim.SGD, SGD_OPTIONS[-1]),
        (optim.RMSprop, RMSPROP_OPTIONS[-1]),
        (optim.Adam, {}),
        (optim.AdamW, {"amsgrad": True, "maximize": True}),
        (optim.Adagrad, {}),
    ):
        grads = gradients(0, np.float32)
        kept = [g.copy() for g in grads]
        kind(start(np.float32), **options).step([mg.Tensor(g) for g in grads])
        for g, k in zip(grads, kept, strict=True):
            np.testing.assert_array_equal(g, k)


# -- one buffer ----------------------------------------------------------------------------------------


def memory(p: mg.Tensor) -> object:
    return p.data.base


def one_step(params: list[mg.Tensor], optimizer: optim.Optimizer, step: int = 0) -> list[np.ndarray]:
    optimizer.step([mg.Tensor(g) for g in gradients(step, np.float32)])
    return [p.data.copy() for p in params]


def test_parameters_lie_end_to_end_with_their_values_and_versions(kernels: str) -> None:
    params = start(np.float32)
    before, versions = values(params), [p.version for p in params]
    leaf = mg.ops.sum(params[0])
    optimizer = optim.Adam(params)
    assert values(params) == before
    assert [p.version for p in params] == versions
    mg.grad(leaf, params[0])
    assert all(memory(p) is memory(params[0]) is not None for p in params)
    addresses = [p.data.__array_interface__["data"][0] for p in params]
    assert np.diff(addresses).tolist() == [p.data.nbytes for p in params[:-1]]
    one_step(params, optimizer)
    assert [p.version for p in params] == [v + 1 for v in versions]


def test_parameters_of_two_dtypes(kernels: str) -> None:
    both = [p for pair in zip(start(np.float32), start(np.float64), strict=True) for p in pair]
    narrow, wide = start(np.float32), start(np.float64)
    optimizer = optim.Adam(both, lr=0.1)
    for step in range(3):
        pairs = zip(gradients(step, np.float32), gradients(step, np.float64), strict=True)
        optimizer.step([mg.Tensor(g) for pair in pairs for g in pair])
    for part, dtype in ((narrow, np.float32), (wide, np.float64)):
        run(optim.Adam(part, lr=0.1), range(3), dtype)
    assert values(both) == [v for pair in zip(values(narrow), values(wide), strict=True) for v in pair]
    state = optimizer.state_dict()["averages"]["m"]
    assert [m.dtype for m in state] == [p.dtype for p in both]
    assert [m.shape for m in state] == [p.shape for p in both]


@pytest.mark.parametrize("shared", [slice(0, 4), slice(1, 3), slice(0, 4, 2)])
def test_two_optimizers_of_one_parameter_take_turns(shared: slice, kernels: str) -> None:
    params, plain = start(np.float32), start(np.float32)
    for chosen, alone in ((params, False), (plain, True)):
        first, second = optim.SGD(chosen, lr=0.5), optim.SGD(chosen[shared], lr=0.25)
        if alone:  # the same steps without any buffer
            for p in chosen:
                p.data = p.data.copy()
        for step in range(3):
            grads = [mg.Tensor(g) for g in gradients(step, np.float32)]
            first.step(grads)
            second.step(grads[shared])
    for p, e in zip(params, plain, strict=True):
        np.testing.assert_allclose(p.data, e.data, rtol=1e-6)


def test_replaced_data_is_updated_where_it_is(kernels: str) -> None:
    params, plain = start(np.float32), start(np.float32)
    optimizer, expected = optim.Adam(params, lr=0.1), optim.Adam(plain, lr=0.1)
    one_step(params, optimizer)
    one_step(plain, expected)
    mine = params[1].data.copy()
    params[1].data = mine
    for step in range(1, 4):
        one_step(params, optimizer, step)
        one_step(plain, expected, step)
    assert params[1].data is mine
    for p, e in zip(params, plain, strict=True):
        np.testing.assert_allclose(p.data, e.data, rtol=1e-6, atol=1e-7)


def test_views_of_memory_that_others_hold_stay_where_they_are(kernels: str) -> None:
    table = np.arange(12, dtype=np.float32).reshape(3, 4).copy()
    rows = [mg.Tensor(table[2]), mg.Tensor(table[0])]
    optim.SGD(rows, lr=1.0).step([mg.Tensor(np.ones(4, np.float32)), mg.Tensor(np.ones(4, np.float32))])
    np.testing.assert_array_equal(table, [[-1, 0, 1, 2], [4, 5, 6, 7], [7, 8, 9, 10]])


def test_a_deep_copy_trains_on_its_own() -> None:
    params = start(np.float32)
    optimizer = optim.Adam(params, lr=0.1)
    one_step(params, optimizer)
    copied, copied_optimizer = copy.deepcopy((params, optimizer))
    kept = values(params)
    after = one_step(copied, copied_optimizer, 1)
    assert values(params) == kept
    for p, e in zip(one_step(params, optimizer, 1), after, strict=True):
        np.testing.assert_allclose(p, e, rtol=1e-6, atol=1e-7)


def test_loading_a_network_s_state_reaches_the_buffer(kernels: str) -> None:
    net, other = nn.Linear(3, 2), nn.Linear(3, 2)
    optimizer = optim.SGD(net.parameters(), lr=1.0)
    net.load_state_dict(other.state_dict())
    optimizer.step([mg.Tensor(np.ones(p.shape, np.float32)) for p in net.parameters()])
    for p, e in zip(net.parameters(), other.parameters(), strict=True):
        np.testing.assert_allclose(p.data, e.data - 1, rtol=1e-6)


def test_gradient_norm(kernels: str) -> None:
    grads = [mg.Tensor(g) for g in gradients(0, np.float32)]
    expected = math.sqrt(sum(float((g.data.astype(np.float64) ** 2).sum()) for g in grads))
    assert float(optim.gradient_norm(grads)) == pytest.approx(expected)
    assert float(optim.gradient_norm([])) == 0
    assert math.isnan(float(optim.gradient_norm([*grads, mg.tensor([math.nan])])))
