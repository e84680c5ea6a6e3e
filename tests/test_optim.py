"""Optimizers against their formulas and PyTorch's, on both kernel modules; schedules; state; errors."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.backend import use_kernels

SHAPES = [(3, 4), (5,), (2, 1, 3, 3), ()]

SGD_OPTIONS: list[dict[str, Any]] = [
    {"lr": 0.05, "momentum": momentum, "weight_decay": decay, "dampening": dampening, "nesterov": nesterov}
    for momentum, decay, dampening, nesterov in itertools.product(
        (0.0, 0.9), (0.0, 0.01), (0.0, 0.3), (False, True)
    )
    if not (nesterov and (momentum == 0 or dampening != 0))
]
RMSPROP_OPTIONS: list[dict[str, Any]] = [
    {"lr": 0.01, "alpha": alpha, "weight_decay": decay, "momentum": momentum, "centered": centered}
    for alpha, decay, momentum, centered in itertools.product(
        (0.99, 0.9), (0.0, 0.01), (0.0, 0.9), (False, True)
    )
]
ADAM_OPTIONS: list[dict[str, Any]] = [
    {"lr": 0.01, "betas": betas, "weight_decay": decay, "eps": eps}
    for betas, decay, eps in itertools.product(
        ((0.9, 0.999), (0.5, 0.9), (0.0, 0.9)), (0.0, 0.01), (1e-8, 1e-3)
    )
]
CASES = [
    *((optim.SGD, options) for options in SGD_OPTIONS),
    *((optim.RMSprop, options) for options in RMSPROP_OPTIONS),
    *((optim.Adam, options) for options in ADAM_OPTIONS),
]
case = pytest.mark.parametrize(
    ("kind", "options"), CASES, ids=[f"{k.__name__}-{i}" for i, (k, _) in enumerate(CASES)]
)


@pytest.fixture(params=["cpu", "reference"])
def kernels(request: pytest.FixtureRequest) -> Iterator[str]:
    with use_kernels(request.param):
        yield request.param


def start(dtype: type) -> list[mg.Tensor]:
    rng = np.random.default_rng(0)
    return [mg.Tensor(np.asarray(rng.normal(size=shape), dtype)) for shape in SHAPES]


def gradients(step: int, dtype: type) -> list[np.ndarray]:
    rng = np.random.default_rng([1, step])
    return [np.asarray(rng.normal(size=shape) * 2.0 ** rng.integers(-3, 4), dtype) for shape in SHAPES]


def run(optimizer: optim.Optimizer, steps: range, dtype: type) -> None:
    for step in steps:
        optimizer.step([mg.Tensor(g) for g in gradients(step, dtype)])


def values(params: list[mg.Tensor]) -> list[bytes]:
    return [p.data.tobytes() for p in params]


# -- formulas ------------------------------------------------------------------------------------------


def sgd_formula(p: np.ndarray, grads: list[np.ndarray], options: dict[str, Any]) -> np.ndarray:
    velocity = None
    for g in grads:
        d = g + options["weight_decay"] * p
        if options["momentum"]:
            velocity = (
                d if velocity is None else options["momentum"] * velocity + (1 - options["dampening"]) * d
            )
            d = d + options["momentum"] * velocity if options["nesterov"] else velocity
        p = p - options["lr"] * d
    return p


def rmsprop_formula(p: np.ndarray, grads: list[np.ndarray], options: dict[str, Any]) -> np.ndarray:
    square, mean, velocity = np.zeros_like(p), np.zeros_like(p), np.zeros_like(p)
    for g in grads:
        d = g + options["weight_decay"] * p
        square = options["alpha"] * square + (1 - options["alpha"]) * d**2
        mean = options["alpha"] * mean + (1 - options["alpha"]) * d
        ratio = d / (np.sqrt(square - mean**2 if options["centered"] else square) + 1e-8)
        velocity = options["momentum"] * velocity + ratio
        p = p - options["lr"] * velocity
    return p


def adam_formula(p: np.ndarray, grads: list[np.ndarray], options: dict[str, Any]) -> np.ndarray:
    m, v = np.zeros_like(p), np.zeros_like(p)
    beta1, beta2 = options["betas"]
    for t, g in enumerate(grads, 1):
        d = g + options["weight_decay"] * p
        m = beta1 * m + (1 - beta1) * d
        v = beta2 * v + (1 - beta2) * d**2
        p = p - options["lr"] * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + options["eps"])
    return p


FORMULAS = {optim.SGD: sgd_formula, optim.RMSprop: rmsprop_formula, optim.Adam: adam_formula}


@case
def test_formula(kind: Any, options: dict[str, Any], kernels: str) -> None:
    params = start(np.float64)
    grads = [gradients(step, np.float64) for step in range(100)]
    expected = [
        FORMULAS[kind](p.data.copy(), [g[index] for g in grads], options) for index, p in enumerate(params)
    ]
    run(kind(params, **options), range(100), np.float64)
    for p, e in zip(params, expected, strict=True):
        np.testing.assert_allclose(p.data, e, rtol=1e-9, atol=1e-9)


@case
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_to_torch_over_100_steps(kind: Any, options: dict[str, Any], dtype: type, kernels: str) -> None:
    torch = pytest.importorskip("torch")
    tolerance = 1e-6 if dtype == np.float32 else 1e-12
    params = start(dtype)
    theirs = [torch.from_numpy(p.data.copy()).requires_grad_() for p in params]
    optimizer = kind(params, **options)
    their_optimizer = getattr(torch.optim, kind.__name__)(theirs, **options)
    for step in range(100):
        grads = gradients(step, dtype)
        optimizer.step([mg.Tensor(g) for g in grads])
        for p, g in zip(theirs, grads, strict=True):
            p.grad = torch.from_numpy(g.copy())
        their_optimizer.step()
        for p, e in zip(params, theirs, strict=True):
            expected = e.detach().numpy()
            scale = max(1.0, np.abs(expected).max())
            np.testing.assert_allclose(p.data, expected, rtol=0, atol=tolerance * scale)


def test_defaults_are_torch_s() -> None:
    torch = pytest.importorskip("torch")
    for kind in (optim.SGD, optim.RMSprop, optim.Adam):
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
        (lambda s: s.update(steps=-1), "steps must be an integer >= 0, got -1"),
        (lambda s: s["hyperparameters"].pop("eps"), "expected the hyper-parameters"),
        (lambda s: s["hyperparameters"].update(lr=-1), "lr must be a number >= 0, got -1"),
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


# -- schedules ------------------------------------------------------------------------------------------

SCHEDULES: dict[str, tuple[str, dict[str, Any]]] = {
    "step": ("StepLR", {"step_size": 7, "gamma": 0.5}),
    "exponential": ("ExponentialLR", {"gamma": 0.93}),
    "cosine": ("CosineAnnealingLR", {"T_max": 20, "eta_min": 1e-3}),
    "linear": ("LinearLR", {"start_factor": 0.25, "end_factor": 0.75, "total_iters": 11}),
    "linear-default": ("LinearLR", {}),
    "lambda": ("LambdaLR", {"lr_lambda": lambda epoch: 1 / (1 + epoch)}),
}


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step.*optimizer.step.*:UserWarning")
def test_schedule_equal_to_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    kind, options = SCHEDULES[name]
    their_optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.4)
    theirs = getattr(torch.optim.lr_scheduler, kind)(their_optimizer, **options)
    optimizer = optim.SGD(start(np.float32), lr=0.4)
    schedule = getattr(optim, kind)(optimizer, **options)
    for _ in range(50):
        assert optimizer.lr == pytest.approx(their_optimizer.param_groups[0]["lr"], rel=1e-9)
        theirs.step()
        schedule.step()


def test_schedule_formulas() -> None:
    def rates(kind: str, **options: Any) -> list[float]:
        optimizer = optim.SGD(start(np.float32), lr=8.0)
        schedule = getattr(optim, kind)(optimizer, **options)
        out = []
        for _ in range(5):
            out.append(optimizer.lr)
            schedule.step()
        return out

    assert rates("StepLR", step_size=2, gamma=0.5) == [8, 8, 4, 4, 2]
    assert rates("ExponentialLR", gamma=0.5) == [8, 4, 2, 1, 0.5]
    assert rates("CosineAnnealingLR", T_max=4) == pytest.approx([8, 4 + 8**0.5, 4, 4 - 8**0.5, 0])
    assert rates("LinearLR", start_factor=0.5, total_iters=4) == [4, 5, 6, 7, 8]
    assert rates("LambdaLR", lr_lambda=lambda t: 2.0**-t) == [8, 4, 2, 1, 0.5]


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule_resumes(name: str, tmp_path: Path) -> None:
    kind, options = SCHEDULES[name]
    optimizer = optim.SGD(start(np.float32), lr=0.4)
    schedule = getattr(optim, kind)(optimizer, **options)
    for _ in range(9):
        schedule.step()
    mg.save(tmp_path / "s", {"optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()})
    saved = mg.load(tmp_path / "s")
    other = optim.SGD(start(np.float32), lr=0.9)
    other.load_state_dict(saved["optimizer"])
    resumed = getattr(optim, kind)(other, **options)
    resumed.load_state_dict(saved["schedule"])
    for _ in range(20):
        assert other.lr == optimizer.lr
        schedule.step()
        resumed.step()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda o: optim.StepLR(o, 0), "step_size must be at least 1, got 0"),
        (lambda o: optim.CosineAnnealingLR(o, 0), "T_max must be at least 1, got 0"),
        (lambda o: optim.LinearLR(o, 0.0), r"start_factor must lie in \(0, 1\], got 0\.0"),
        (lambda o: optim.LinearLR(o, 0.5, 2.0), r"end_factor must lie in \[0, 1\], got 2\.0"),
        (lambda o: optim.LinearLR(o, total_iters=0), "total_iters must be at least 1, got 0"),
        (
            lambda o: optim.StepLR(o, 3).load_state_dict(optim.ExponentialLR(o, 0.5).state_dict()),
            "expected a state of StepLR, got ExponentialLR",
        ),
        (lambda o: optim.StepLR(o, 3).load_state_dict({}), "got a dict with the keys"),
    ],
)
def test_schedule_errors(make: Callable[[optim.Optimizer], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(optim.SGD(start(np.float32)))
