"""Habits of PyTorch and NumPy: what can be given exists, for the rest the error says what to write."""

from __future__ import annotations

import copy
import importlib
import pickle
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.habits import ATTRIBUTES, KEYWORDS
from minigrad.hints import hint_of
from minigrad.methods import Methods
from minigrad.registry import functions

ROWS = [(kind, name) for kind, rows in ATTRIBUTES.items() for name in rows]


def names() -> dict[str, Any]:
    """What a hint's code may name."""
    x, y = mg.tensor([[1.0, 2.0, 3.0], [6.0, 5.0, 4.0]]), mg.ones(2, 3) * 2.5
    net = nn.Sequential(nn.Linear(3, 2), nn.Tanh())
    loss = net(x).sum() + (x * x).sum()
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    images = mg.ones(2, 3, 4, 4)
    return {
        "mg": mg, "np": np, "F": nn.functional, "x": x, "y": y, "net": net, "loss": loss,
        "optimizer": optimizer, "images": images,
    }  # fmt: skip


def owner_of(kind: str) -> object:
    given = names()
    holders = {"Tensor": given["x"], "Module": given["net"], "Optimizer": given["optimizer"]}
    return holders[kind] if kind in holders else importlib.import_module(kind)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "net.safetensors")


@pytest.mark.parametrize(("kind", "name"), ROWS)
def test_a_hint_names_code_that_runs(kind: str, name: str, path: str) -> None:
    owner, hint = owner_of(kind), ATTRIBUTES[kind][name]
    assert not hasattr(owner, name)
    with pytest.raises(AttributeError) as found:
        getattr(owner, name)
    code, _, comment = hint.partition("  # ")
    assert str(found.value).startswith(("'", "module '"))
    assert f"has no attribute '{name}'; write {code}" in str(found.value)
    assert comment in str(found.value)
    assert "\n" not in str(found.value)
    space = {**names(), "path": path}
    mg.save(path, space["net"].state_dict())
    if '.to("cuda")' in code:
        with pytest.raises((ModuleNotFoundError, RuntimeError), match=r"CuPy|GPU|driver"):
            exec(code, space)
        return
    exec(code, space)


def test_parameters_have_the_hints_of_tensors() -> None:
    p = names()["net"][0].weight
    for name in ("grad", "backward", "cuda", "clone"):
        with pytest.raises(AttributeError, match=f"'Parameter' object has no attribute '{name}'; write"):
            getattr(p, name)


@pytest.mark.parametrize("name", ["grad", "requires_grad"])
def test_assigning_gives_the_same_hint(name: str) -> None:
    for t in (mg.tensor(1.0), nn.Parameter([1.0])):
        with pytest.raises(AttributeError, match=rf"has no attribute '{name}'; write .*mg\.grad\(loss"):
            setattr(t, name, None)
        assert name not in dir(t)


def test_freezing_a_module_is_no_attribute_that_changes_nothing() -> None:
    with pytest.raises(AttributeError, match=r"has no requires_grad; write mg\.grad\(loss, net\.parameters"):
        names()["net"].requires_grad = False


def test_every_function_and_method_with_axes_explains_dim() -> None:
    for function in [*functions.values(), *filter(callable, vars(Methods).values())]:
        if isinstance(function, mg.Op) or not {"axis", "keepdims"} & {*signature(function).parameters}:
            continue
        with pytest.raises(TypeError, match=r"'dim'; the argument is called axis, as in NumPy: axis=0"):
            function(X, dim=0)


def test_functions_that_are_elsewhere_are_found() -> None:
    x = mg.tensor(1.0)
    for owner, name, there in [
        (x, "sigmoid", "minigrad.ops.sigmoid(x)"),
        (x, "log_softmax", "minigrad.ops.log_softmax(x)"),
        (x, "tanh_", "minigrad.modify"),
        (mg, "relu", "minigrad.ops.relu"),
        (mg, "sum", "minigrad.ops.sum"),
        (mg, "stack", "minigrad.ops.stack"),
        (mg, "Linear", "minigrad.nn.Linear"),
        (mg, "Adam", "minigrad.optim.Adam"),
        (mg, "normal", "mg.random.normal"),
        (mg, "uniform", "minigrad.random.uniform"),
        (nn, "exp", "minigrad.ops.exp"),
    ]:
        with pytest.raises(AttributeError, match=r"has no attribute '\w+'; ") as found:
            getattr(owner, name)
        assert there in str(found.value)


def test_a_part_that_has_the_attribute_is_named() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'weight'; its part '0' has one"):
        _ = names()["net"].weight


def test_unknown_names_have_pythons_own_error() -> None:
    given = names()
    for owner in (given["x"], given["net"], given["optimizer"], mg, mg.ops, nn, optim, mg.random):
        with pytest.raises(AttributeError, match=r"has no attribute 'frobnicate'$") as found:
            _ = owner.frobnicate
        assert found.value.name == "frobnicate"
        assert found.value.obj is owner


def test_an_error_within_a_property_is_its_own() -> None:
    class Net(nn.Module):
        @property
        def device(self) -> str:
            return self.nowhere  # type: ignore[no-any-return]

    with pytest.raises(AttributeError, match=r"'Net' object has no attribute 'nowhere'$"):
        _ = Net().device


def test_copies_and_pickles_find_no_hints_in_their_way() -> None:
    given = names()
    for thing in (given["x"], given["net"], given["optimizer"]):
        for twin in (copy.deepcopy(thing), pickle.loads(pickle.dumps(thing))):  # noqa: S301
            assert type(twin) is type(thing)
    for thing in (given["x"], given["net"]):
        assert type(copy.copy(thing)) is type(thing)
        for protocol in (
            "__array_interface__",
            "__iadd__",
            "_repr_svg_",
            "__jax_array__",
            "_ipython_display_",
        ):
            assert not hasattr(thing, protocol)


def test_dir_lists_what_is_public() -> None:
    for module in (mg, mg.ops):
        listed = {name for name in dir(module) if not name.startswith("__")}
        assert listed == set(module.__all__)
    assert {"random", "zeros", "float32"} <= set(mg.__all__)
    assert not [name for name in mg.ops.__all__ if name.endswith(("_composed", "_grad", "_moments"))]
    assert mg.ops.leaky_gate.name == "leaky_gate"
    assert mg.autograd.grad is mg.grad


# -- arguments -------------------------------------------------------------------------------------

X = mg.tensor([[1.0, 2.0, 3.0], [6.0, 5.0, 4.0]])
NET = nn.Sequential(nn.Linear(3, 2), nn.Tanh())
MISTAKES: list[tuple[Callable[[], object], type[Exception], str]] = [
    (lambda: X.mean(dim=0), TypeError, "mean.* 'dim'; the argument is called axis, as in NumPy: axis=0"),
    (lambda: X.std(unbiased=True), TypeError, "std.* 'unbiased'; divide by n - 1 with correction=1"),
    (lambda: X.argmax(dim=1), TypeError, "argmax.* 'dim'; .*axis=0"),
    (lambda: X.squeeze(dim=1), TypeError, "squeeze.* 'dim'; .*axis=0"),
    (lambda: mg.ops.mean(X, dim=0), TypeError, "mean.* 'dim'; .*axis=0"),
    (lambda: mg.ops.sum(X, 0, keepdim=True), TypeError, "sum.* 'keepdim'.*; .*keepdims=True"),
    (lambda: mg.ops.softmax(X, dim=1), TypeError, "softmax.* 'dim'; .*axis=0"),
    (lambda: mg.ops.concatenate([X, X], dim=0), TypeError, "concatenate.* 'dim'; .*axis=0"),
    (lambda: mg.ops.stack([X, X], dim=0), TypeError, "stack.* 'dim'; .*axis=0"),
    (lambda: mg.ops.var(X, dim=0), TypeError, "var.* 'dim'; .*axis=0"),
    (lambda: mg.ops.split(X, 1, dim=1), TypeError, "split.* 'dim'; .*axis=0"),
    (lambda: mg.ops.transpose(X, dims=(1, 0)), TypeError, r"transpose.* 'dims'; .*axes=\(1, 0\)"),
    (lambda: mg.ops.concatenate(X, X), TypeError, r"concatenate\(\) takes .* write concatenate\(\[x, y\]"),
    (lambda: mg.ops.stack(X, X), TypeError, r"stack\(\) takes .* write stack\(\[x, y\]"),
    (lambda: X.size(), TypeError, r"size is the number of elements, 6; write x\.shape"),
    (lambda: X.size(0), TypeError, r"write x\.shape, or x\.shape\[0\]"),
    (lambda: mg.tensor([1.0], requires_grad=True), TypeError, r"'requires_grad'; leave it out: every float"),
    (lambda: nn.Parameter([1.0], requires_grad=False), TypeError, r"Parameter.* 'requires_grad'; leave"),
    (lambda: mg.zeros(3, requires_grad=True), TypeError, r"zeros.* 'requires_grad'; leave it out"),
    (lambda: nn.Linear(3, 2, device="cuda"), TypeError, r"Linear.* 'device'; .*module\.to\(\"cuda\"\)"),
    (lambda: nn.Tanh(inplace=True), TypeError, r"Tanh.* 'inplace'; leave it out"),
    (lambda: nn.Parameter([1, 2]), TypeError, r"nn\.Parameter\(minigrad\.tensor\(data, dtype="),
    (lambda: mg.Tensor([1.0]), TypeError, r"NumPy or CuPy array, got list; minigrad\.tensor\(data\) copies"),
    (lambda: mg.Tensor(3.0), TypeError, r"got float; minigrad\.tensor\(data\)"),
    (lambda: mg.tensor("abc"), TypeError, "text is no number"),
    (lambda: mg.tensor([None]), TypeError, "Python objects are no numbers"),
    (lambda: mg.tensor([1j]), TypeError, r"the parts \.real and \.imag"),
    (lambda: mg.tensor([1.0], dtype="float16"), TypeError, r"convert with \.astype\(numpy\.float32\)"),
    (lambda: mg.tensor([[1.0], [1.0, 2.0]]), ValueError, "lists have different lengths; make them equally"),
    (lambda: X.to(np.float64), TypeError, r'to\(\) takes a device.* write \.astype\("float64"\)'),
    (lambda: X.to(mg.float64), TypeError, r'write \.astype\("float64"\)'),
    (lambda: X.to("float64"), TypeError, r'write \.astype\("float64"\)'),
    (lambda: X.to(float), TypeError, r'write \.astype\("float64"\)'),
    (lambda: X.to(3), TypeError, r'to\(\) takes a device, "cpu" or "cuda", got 3'),
    (lambda: NET.to(np.float64), TypeError, r'write \.astype\("float64"\)'),
    (lambda: X.to("mps"), ValueError, "choose 'cpu' or 'cuda'"),
    (lambda: mg.grad(NET(X).sum(), NET), TypeError, r"got a Sequential; write .*net\.parameters\(\)"),
    (lambda: mg.grad(NET(X).sum(), [NET]), TypeError, r"got Sequential; add its \.parameters\(\)"),
    (lambda: mg.grad(NET(X).sum(), 3), TypeError, "a Tensor or a list of them, got int"),
    (lambda: optim.Adam(NET), TypeError, r"got a Sequential; write module\.parameters\(\)"),
    (lambda: optim.Adam(NET.parameters(), learning_rate=1e-3), TypeError, "'learning_rate'; write lr="),
    (lambda: optim.SGD(NET.parameters(), lr=0.1).step(), (TypeError, ValueError), "grad"),
    (lambda: NET.load_state_dict("x.safetensors"), TypeError, r"got a str; .* minigrad\.load\(path\)"),
    (lambda: mg.save("x.safetensors", NET), TypeError, r"got Sequential; write .*net\.state_dict\(\)"),
    (lambda: mg.save(NET.state_dict(), "x"), TypeError, r"got str; the path comes first"),
    (lambda: mg.random.normal(2, 3), TypeError, r"takes one shape: write normal\(\(2, 3\)\)"),
    (lambda: mg.random.uniform(2, 3), TypeError, r"takes one shape: write uniform\(\(2, 3\)\)"),
    (lambda: mg.random.normal(size=3), TypeError, r"normal.* 'size'; the argument is called shape"),
    (lambda: mg.gradcheck(mg.ops.abs, [np.zeros(1)]), mg.GradcheckError, "kink or a jump, move it"),
    (lambda: mg.gradcheck(mg.ops.relu, [np.zeros(1)]), mg.GradcheckError, "kink or a jump, move it"),
]  # fmt: skip


@pytest.mark.parametrize(("mistake", "error", "message"), MISTAKES, ids=[message for *_, message in MISTAKES])
def test_a_mistake_is_answered_with_what_to_write(
    mistake: Callable[[], object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as found:
        mistake()
    assert "\n" not in str(found.value)


def test_every_keyword_with_a_hint_is_among_the_mistakes_or_a_function_has_it() -> None:
    for name in KEYWORDS:
        with pytest.raises(TypeError, match=f"'{name}'; "):
            nn.Linear(3, 2, **{name: 1})


def test_a_wrong_rule_is_not_called_a_kink() -> None:
    with pytest.raises(mg.GradcheckError) as found:
        mg.gradcheck(lambda x: x * x + x.detach(), [np.array([0.3, 1.0])])
    assert "kink" not in str(found.value)


def test_a_hint_is_for_names_of_the_table_alone() -> None:
    assert hint_of("Tensor", "shape_of_things") == ""
    assert hint_of("nobody", "grad") == ""


# -- what is given ---------------------------------------------------------------------------------


def test_made_tensors_have_numpys_values_and_float32() -> None:
    pairs: list[tuple[mg.Tensor, Any]] = [
        (mg.zeros(2, 3), np.zeros((2, 3), "f")),
        (mg.zeros((2, 3)), np.zeros((2, 3), "f")),
        (mg.zeros(3, dtype=mg.int64), np.zeros(3, np.int64)),
        (mg.zeros(), np.zeros((), "f")),
        (mg.ones([2]), np.ones(2, "f")),
        (mg.ones(np.int64(2), dtype=mg.float64), np.ones(2)),
        (mg.full((2,), 0.5), np.full(2, 0.5, "f")),
        (mg.full(2, 3), np.full(2, 3)),
        (mg.full(2, True), np.full(2, True)),
        (mg.full(2, 3, dtype="float64"), np.full(2, 3.0)),
        (mg.zeros_like(X), np.zeros((2, 3), "f")),
        (mg.ones_like(np.zeros(2)), np.ones(2)),
        (mg.full_like([1, 2], 7), np.full(2, 7)),
        (mg.full_like(X, 7, dtype="int32"), np.full((2, 3), 7, np.int32)),
        (mg.arange(3), np.arange(3)),
        (mg.arange(1, 7, 2), np.arange(1, 7, 2)),
        (mg.arange(0.0, 1.0, 0.25), np.arange(0, 1, 0.25, dtype="f")),
        (mg.arange(3, dtype=mg.float32), np.arange(3, dtype="f")),
        (mg.linspace(-1, 1, 5), np.linspace(-1, 1, 5, dtype="f")),
        (mg.linspace(0, 1, 3, dtype=mg.float64), np.linspace(0, 1, 3)),
        (mg.eye(2), np.eye(2, dtype="f")),
        (mg.eye(2, 3), np.eye(2, 3, dtype="f")),
    ]
    for mine, theirs in pairs:
        assert mine.op is None
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine.numpy(), theirs)


def test_sizes_are_still_integers() -> None:
    assert isinstance(X.size, int)
    assert (X.size, X.size + 1, f"{X.size:,}", repr(X.size)) == (6, 7, "6", "6")
