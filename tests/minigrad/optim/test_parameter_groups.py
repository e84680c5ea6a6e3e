"""Groups of parameters with settings of their own: against PyTorch's, in replays, saved, and refused."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.kernels import cpu
from tests.minigrad.optim.cases import gradients, run, start, values

GROUPS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "SGD": ({"lr": 0.1}, {"momentum": 0.9}, {"lr": 0.05, "weight_decay": 0.1, "maximize": True}),
    "RMSprop": ({"lr": 0.01}, {"centered": True}, {"lr": 0.02, "momentum": 0.5, "alpha": 0.9}),
    "Adam": ({"lr": 0.01}, {"amsgrad": True}, {"lr": 0.02, "betas": (0.5, 0.9), "maximize": True}),
    "AdamW": ({"lr": 0.01}, {"weight_decay": 0.3}, {"lr": 0.02, "amsgrad": True}),
    "Adagrad": ({"lr": 0.1, "initial_accumulator_value": 1.0}, {"lr_decay": 0.1}, {"lr": 0.05}),
}
kinds = pytest.mark.parametrize("kind", GROUPS)


def make(kind: str, params: list[Any]) -> Any:
    """Two groups, of the first parameter and of all others but the last."""
    constructor, first, second = GROUPS[kind]
    groups = [{"params": params[:1], **first}, {"params": iter(params[1:3]), **second}]
    return getattr(optim, kind)(groups, **constructor)


def last(params: list[Any], kind: str) -> dict[str, Any]:
    return {"params": params[3:], "lr": 0.2, "weight_decay": 0.05}


@kinds
def test_equal_to_torch_with_settings_that_change_and_a_group_that_is_added(kind: str, kernels: str) -> None:
    torch = pytest.importorskip("torch")
    params = start(np.float64)
    theirs = [torch.from_numpy(np.array(p.data)).requires_grad_() for p in params]
    constructor, first, second = GROUPS[kind]
    optimizer = make(kind, params)
    their_groups = [{"params": theirs[:1], **first}, {"params": theirs[1:3], **second}]
    their_optimizer = getattr(torch.optim, kind)(their_groups, **constructor)
    for step in range(100):
        if step == 20 and kind != "Adagrad":  # PyTorch's has no sums for a group that was added
            optimizer.add_param_group(last(params, kind))
            their_optimizer.add_param_group(last(theirs, kind))
        for groups in (optimizer.param_groups, their_optimizer.param_groups):
            groups[0]["lr"] = 0.1 / (1 + step)
            groups[1]["weight_decay"] = 0.01 * (step % 3)
        grads = gradients(step, np.float64)[: len(optimizer.params)]
        optimizer.step([mg.Tensor(g) for g in grads])
        for p, g in zip(theirs, grads, strict=False):
            p.grad = torch.from_numpy(g.copy())
        their_optimizer.step()
        for p, e in zip(params, theirs, strict=True):
            np.testing.assert_allclose(p.data, e.detach().numpy(), rtol=1e-10, atol=1e-11)


@kinds
def test_a_group_updates_as_an_optimizer_of_its_own(kind: str, kernels: str) -> None:
    together, apart = start(np.float32), start(np.float32)
    optimizer = make(kind, together)
    constructor, first, second = GROUPS[kind]
    alone = [
        getattr(optim, kind)(apart[:1], **{**constructor, **first}),
        getattr(optim, kind)(apart[1:3], **{**constructor, **second}),
    ]
    for step in range(5):
        grads = [mg.Tensor(g) for g in gradients(step, np.float32)]
        optimizer.step(grads[:3])
        alone[0].step(grads[:1])
        alone[1].step(grads[1:3])
    assert values(together) == values(apart)


@kinds
def test_maximizing_is_descending_the_negated_gradient_bit_for_bit(kind: str, kernels: str) -> None:
    up, down = start(np.float32), start(np.float32)
    options = {"lr": 0.1, "weight_decay": 0.1}
    climbing, descending = (
        getattr(optim, kind)(up, **options, maximize=True),
        getattr(optim, kind)(down, **options),
    )
    for step in range(5):
        grads = gradients(step, np.float32)
        climbing.step([mg.Tensor(g) for g in grads])
        descending.step([-mg.Tensor(g) for g in grads])
    assert values(up) == values(down)


def test_a_group_of_one_dtype_is_one_call_of_a_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    for name in ("adam_update", "adamw_update"):
        kernel = getattr(cpu, name)
        monkeypatch.setattr(cpu, name, lambda *a, k=kernel, n=name: (calls.append((n, len(a[1]))), k(*a)))
    params = start(np.float32)
    optimizer = optim.Adam([{"params": params[:3]}, {"params": params[3:], "amsgrad": True}])
    optimizer.step([mg.Tensor(g) for g in gradients(0, np.float32)])
    assert calls == [("adam_update", 3), ("adamw_update", 1)]


@kinds
def test_replays_see_settings_and_groups_that_change(kind: str, kernels: str) -> None:
    ends = []
    for wrap in (lambda step: step, mg.capture):
        params = start(np.float32)
        optimizer = make(kind, params)

        def step(x: mg.Tensor, optimizer: Any = optimizer) -> None:
            loss = sum((mg.ops.sum(mg.ops.sin(p * x)) for p in optimizer.params), mg.tensor(0.0))
            optimizer.step(mg.grad(loss, optimizer.params))

        captured = wrap(step)
        for i in range(14):
            optimizer.param_groups[1]["lr"] = 0.1 / (1 + i)
            if i == 8:
                optimizer.add_param_group(last(params, kind))
            captured(mg.tensor(float(i), dtype=np.float32))
        ends.append((values(params), [group.steps for group in optimizer.param_groups]))
    assert ends[0] == ends[1]
    assert ends[0][1] == [14, 14, 6]


@kinds
def test_where_false_changes_no_group(kind: str, kernels: str) -> None:
    params = start(np.float32)[:3]
    optimizer = make(kind, params)
    run_three = [mg.Tensor(g) for g in gradients(0, np.float32)[:3]]
    optimizer.step(run_three)
    before, averages = values(params), copy.deepcopy(optimizer.averages)
    optimizer.step(run_three, where=mg.tensor(False))
    assert values(params) == before
    assert optimizer.steps == 2
    for name, arrays in optimizer.averages.items():
        for array, kept in zip(arrays, averages[name], strict=True):
            np.testing.assert_array_equal(array, kept)


# -- state ------------------------------------------------------------------------------------------------


@kinds
def test_groups_resume_bit_identically(kind: str, tmp_path: Path) -> None:
    def added(params: list[mg.Tensor], optimizer: Any) -> Any:
        optimizer.add_param_group(last(params, kind))
        return optimizer

    params = start(np.float32)
    optimizer = make(kind, params)
    run_some(optimizer, range(3), 3)
    optimizer = added(params, optimizer)
    run_some(optimizer, range(3, 6), 4)
    optimizer.param_groups[0]["lr"] = 0.125
    mg.save(tmp_path / "state", {"params": [p.data for p in params], "optimizer": optimizer.state_dict()})
    run_some(optimizer, range(6, 9), 4)

    saved = mg.load(tmp_path / "state")
    resumed = [mg.Tensor(array) for array in saved["params"]]
    other = added(resumed, make(kind, resumed))
    other.load_state_dict(saved["optimizer"])
    assert [group.steps for group in other.param_groups] == [6, 6, 3]
    run_some(other, range(6, 9), 4)
    assert values(resumed) == values(params)


def run_some(optimizer: Any, steps: range, count: int) -> None:
    for step in steps:
        optimizer.step([mg.Tensor(g) for g in gradients(step, np.float32)[:count]])


@pytest.mark.parametrize("kind", ["SGD", "RMSprop", "Adam"])
def test_states_of_before_the_new_settings_load(kind: str) -> None:
    params = start(np.float32)
    optimizer = getattr(optim, kind)(params, lr=0.5)
    run(optimizer, range(2), np.float32)
    state = optimizer.state_dict()
    for name in optimizer.later:
        state["hyperparameters"].pop(name)
    expected = {"SGD": ["lr", "momentum", "weight_decay", "dampening", "nesterov"],
                "RMSprop": ["lr", "alpha", "eps", "weight_decay", "momentum", "centered"],
                "Adam": ["lr", "betas", "eps", "weight_decay"]}  # fmt: skip
    assert list(state["hyperparameters"]) == expected[kind]
    other = getattr(optim, kind)(start(np.float32), lr=0.1, maximize=True)
    other.load_state_dict(state)
    assert (other.lr, other.maximize, other.steps) == (0.5, False, 2)


def test_a_setting_that_switches_an_average_on_makes_it_and_off_keeps_it(tmp_path: Path) -> None:
    params = start(np.float32)
    optimizer = optim.SGD(params, lr=0.1)
    run(optimizer, range(2), np.float32)
    assert optimizer.averages == {}
    optimizer.momentum = 0.9
    run(optimizer, range(2), np.float32)
    velocity = [v.copy() for v in optimizer.averages["velocity"]]
    assert all(np.abs(v).max() > 0 for v in velocity)
    optimizer.momentum = 0.0
    run(optimizer, range(2), np.float32)
    other = optim.SGD(start(np.float32))
    other.load_state_dict(optimizer.state_dict())
    for found in (optimizer, other):
        for v, kept in zip(found.averages["velocity"], velocity, strict=True):
            np.testing.assert_array_equal(v, kept)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))])  # noqa: S301
def test_copies_go_on_alike_and_apart(copied: Callable[[Any], Any]) -> None:
    params = start(np.float32)[:3]
    optimizer = make("Adam", params)
    run_some(optimizer, range(2), 3)
    other_params, other = copied((params, optimizer))
    kept = values(params)
    run_some(other, range(2, 4), 3)
    assert values(params) == kept
    run_some(optimizer, range(2, 4), 3)
    assert values(params) == values(other_params)


# -- what is refused -----------------------------------------------------------------------------------------


def two_groups() -> Any:
    return make("Adam", start(np.float32))


def without_a_group(state: dict[str, Any]) -> dict[str, Any]:
    return {**state, "groups": state["groups"][:1]}


p = mg.tensor([1.0])
net = nn.Linear(2, 1)

REFUSED: list[tuple[Callable[[], object], type[Exception], str]] = [
    (lambda: optim.Adam(net), TypeError, r"Adam: .* got a Linear; write module\.parameters\(\)"),
    (lambda: optim.Adam(net.state_dict()), TypeError, r"a dict; write module\.parameters\(\), or a list of"),
    (lambda: optim.Adam(3), TypeError, r"got a int; write module\.parameters\(\)"),
    (lambda: optim.Adam(net.named_parameters()), TypeError, r"parameter 0 is tuple, .*\.parameters\(\)"),
    (lambda: optim.Adam(x for x in ()), ValueError, "the list of parameters is empty: there is nothing"),
    (lambda: optim.Adam([{"params": []}]), ValueError, "Adam, group 0: the list of parameters is empty"),
    (lambda: optim.Adam([{"params": p}]), TypeError, r"Adam, group 0: .* got one Tensor; write \[tensor\]"),
    (lambda: optim.Adam([{"params": net}]), TypeError, r"Adam, group 0: .*module\.parameters\(\)"),
    (lambda: optim.Adam([{"lr": 1.0}]), TypeError, r"group 0: expected a dict \{\"params\": \[\.\.\.\]"),
    (lambda: optim.Adam([{"params": [p]}, p]), TypeError, "parameter 0 is dict, expected a float32"),
    (lambda: optim.Adam([p, {"params": [p]}]), TypeError, "parameter 1 is dict"),
    (lambda: optim.Adam([{"params": [p]}, {"params": [net.bias, p]}]), ValueError,
     "group 1: parameter 1 is in group 0 already; name it once"),
    (lambda: optim.Adam([{"params": [net.bias, p, net.bias]}]), ValueError,
     "group 0: parameters 0 and 2 are the same Tensor"),
    (lambda: optim.Adam([{"params": [p], "lr": -1}]), ValueError, "Adam, group 0: lr must be a number >= 0"),
    (lambda: optim.Adam([{"params": [p], "learning_rate": 1}]), TypeError,
     "group 0: there is no setting 'learning_rate'; write lr="),
    (lambda: optim.Adam([p], learning_rate=1), TypeError, "Adam: .* 'learning_rate'; write lr="),
    (lambda: optim.Adam([p], beta1=0.5), TypeError, r"'beta1'; write betas=\(beta1, beta2\)"),
    (lambda: optim.Adam([p], momentum=0.5), TypeError, "'momentum'; it has lr, betas, eps, weight_decay"),
    (lambda: optim.SGD([p], momentun=0.5), TypeError, "SGD: .*'momentun'; did you mean momentum?"),
    (lambda: optim.Adam([p], fused=True), TypeError, "'fused'; leave it out"),
    (lambda: optim.Adam([p], lr="0.1"), ValueError, "lr must be a number >= 0, got 0.1"),
    (lambda: optim.Adam([p], betas=0.5), ValueError, "betas must be two numbers, got 0.5"),
    (lambda: optim.Adam([p], amsgrad="no"), ValueError, "amsgrad must be True or False, got no"),
    (lambda: optim.SGD([{"params": [p], "nesterov": True}]), ValueError, "SGD, group 0: nesterov=True needs"),
    (lambda: optim.AdamW([p]).step(), ValueError,
     r"AdamW\.step: expected 1 gradients, .* got 0; write optimizer\.step\(minigrad\.grad\(loss, optimizer"),
    (lambda: optim.Adam([p]).step(lambda: p), TypeError, r"Adam\.step takes gradients, no closure: write"),
    (lambda: optim.Adam([p]).step(x for x in [p]), TypeError, "got a generator; minigrad.grad returns"),
    (lambda: two_groups().step([mg.tensor(0.0)] * 3), ValueError,
     r"gradient 0 \(group 0, parameter 0\) has shape \(\), its parameter has \(3, 4\)"),
    (lambda: two_groups().step([mg.Tensor(g) for g in gradients(0, np.float32)[:2]] + [None]), TypeError,
     r"gradient 2 \(group 1, parameter 1\) is a NoneType"),
    (lambda: two_groups().lr, ValueError, r"Adam: the groups differ in lr \(0\.01, 0\.02\); read"),
    (lambda: two_groups().param_groups[1].__setitem__("lr", -1), ValueError, "Adam, group 1: lr must be"),
    (lambda: two_groups().param_groups[1].__setitem__("beta", 1), ValueError, "1: .* did you mean betas"),
    (lambda: two_groups().param_groups[1].__setitem__("params", []), TypeError, "fixed; see add_param_group"),
    (lambda: two_groups().zero_grad(), AttributeError, "no attribute 'zero_grad'; .*nothing to clear"),
    (lambda: two_groups().groups, AttributeError, "no attribute 'groups'; write optimizer.param_groups"),
    (lambda: two_groups().state, AttributeError, r"no attribute 'state'; .*state_dict\(\) has all"),
    (lambda: two_groups().stat, AttributeError, "'Adam' object has no attribute 'stat'$"),
    (lambda: setattr(two_groups(), "learning_rate", 1), AttributeError, "has no learning_rate; write opt"),
    (lambda: two_groups().param_groups[0].lr, AttributeError, r'attribute \'lr\'; settings are keys'),
    (lambda: setattr(two_groups().param_groups[0], "lr", 1), AttributeError, r'write group\["lr"\] = 1'),
    (lambda: two_groups().add_param_group([p]), TypeError, r"Adam, group 2: expected a dict .* got a list"),
    (lambda: two_groups().load_state_dict(without_a_group(two_groups().state_dict())), ValueError,
     "expected a state of 2 parameter groups, got one of 1"),
    (lambda: two_groups().load_state_dict(optim.Adam([p]).state_dict()), ValueError, "2 parameter groups"),
]  # fmt: skip


@pytest.mark.parametrize(("mistake", "error", "message"), REFUSED, ids=[message for *_, message in REFUSED])
def test_a_mistake_is_answered_with_what_to_write(
    mistake: Callable[[], object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as found:
        mistake()
    assert "\n" not in str(found.value)


def test_a_group_that_is_refused_changes_nothing() -> None:
    optimizer = two_groups()
    kept = repr(optimizer)
    with pytest.raises(ValueError, match="lr must be"):
        optimizer.add_param_group({"params": [p], "lr": -1})
    assert repr(optimizer) == kept
    assert len(optimizer.params) == 3


def test_a_captured_step_changes_no_settings() -> None:
    optimizer = optim.SGD([mg.tensor([1.0])])

    @mg.capture
    def step(x: mg.Tensor) -> None:
        optimizer.param_groups[0]["momentum"] = 0.5

    with pytest.raises(mg.CaptureError, match="momentum was set inside a captured step"):
        step(mg.tensor([1.0]))


def test_settings_of_all_groups_are_attributes_where_they_agree() -> None:
    optimizer = two_groups()
    assert optimizer.eps == 1e-8
    optimizer.lr = 0.5
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.5]
    assert optimizer.lr == 0.5
    assert dict(optimizer.param_groups[0])["params"] == [optimizer.params[0]]
    assert repr(optimizer).startswith("Adam(\n  (0): 1 parameters, lr=0.5, betas=(0.9, 0.999)")
