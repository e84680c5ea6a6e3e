"""NumPy's functions of Tensors: each computes through an op, reads, or is refused with the way."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.numpy_table import FUNCTIONS, HINTS, READS, UFUNCS

Function = Callable[..., Any]

M = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.3]])
V = np.array([0.4, 1.6, -0.7])

CALLS = """
np.all(t > 0, axis=1)
np.amax(t, axis=0)
np.amin(t, 1, keepdims=True)
np.any(t > 0)
np.append(t, v)
np.append(t, a, axis=0)
np.argmax(t, axis=1)
np.argmin(t)
np.around(t * 10, 1)
np.astype(t, np.float64)
np.atleast_1d(t[0, 0])
np.atleast_2d(v)
np.average(t, axis=0)
np.broadcast_arrays(t, v)[1]
np.broadcast_to(v, (2, 3))
np.clip(t, -0.5, 1.0)
np.clip(t, None, 1.0)
np.clip(t, min=-0.5)
np.column_stack([v, a.T])
np.concat([t, a])
np.concatenate([a, t], axis=1)
np.concatenate((t, v), None)
np.cumsum(t, axis=1)
np.diff(t)
np.diff(t, 1, 0)
np.dot(t, v)
np.dot(a, 2 * v)
np.dot(v, 2.0)
np.einsum("ij,j->i", a, v)
np.empty_like(t).shape
np.expand_dims(t, (0, 2))
np.flip(t, 1)
np.fliplr(t)
np.flipud(t)
np.full_like(t, 3.0)
np.hstack([t, a])
np.hstack([v, v])
np.inner(t, v)
np.inner(t, a)
np.isclose(t, a)
np.linalg.matmul(a, v)
np.linalg.matrix_norm(t)
np.linalg.matrix_transpose(t)
np.linalg.norm(t)
np.linalg.norm(t, axis=1)
np.linalg.norm(t, 1, 0, True)
np.linalg.norm(v, np.inf)
np.linalg.outer(v, v)
np.linalg.vector_norm(t, axis=0)
np.matrix_transpose(t)
np.max(t)
np.mean(t, axis=(0, 1))
np.mean(t, 0, None, None, True)
np.min(t, axis=-1)
np.moveaxis(t[None], 0, -1)
np.ndim(t)
np.ones_like(t, dtype=np.float32)
np.outer(v, t)
np.pad(t, 1)
np.pad(t, ((0, 1), (2, 0)), constant_values=0.5)
np.pad(v, 2, "reflect")
np.permute_dims(t[None], (2, 0, 1))
np.prod(t, axis=1)
np.ptp(t, axis=0)
np.ravel(t)
np.repeat(t, 2, axis=0)
np.reshape(t, (3, 2))
np.reshape(t, -1, "C")
np.roll(t, 1, axis=1)
np.round(t * 10.3)
np.shape(t)
np.size(t, 1)
np.split(t, 3, axis=1)[2]
np.split(v, [1, 2])[1]
np.squeeze(t[None, :, None])
np.squeeze(t[None], 0)
np.stack([v, v * 2], axis=1)
np.stack([[1.0, 2.0, 3.0], v])
np.std(t, axis=0)
np.sum(t)
np.sum(t, 1, None, None, True)
np.sum(t, axis=0, dtype=None)
np.swapaxes(t, 0, 1)
np.take(t, [0, 2, 0], axis=1)
np.take(t, 4)
np.tile(v, (2, 1))
np.transpose(t)
np.tril(t)
np.triu(t, 1)
np.var(t, axis=1, keepdims=True)
np.vdot(t, a)
np.vstack([t, v])
np.where(t > 0, t, a)
np.zeros_like(t)
""".strip().splitlines()


def named(call: str) -> Function:
    """The function that is called first."""
    function: Function = eval(call.partition("(")[0])
    return function


def evaluated(call: str, t: Any, v: Any, a: Any) -> Any:
    return eval(call, {"np": np, "t": t, "v": v, "a": a})


def test_every_function_of_the_table_is_called_here() -> None:
    assert {named(call) for call in CALLS} == set(FUNCTIONS)


@pytest.mark.parametrize("call", CALLS)
def test_a_function_is_numpys_and_has_its_gradient(call: str) -> None:
    a = M - 0.1
    made, expected = evaluated(call, mg.tensor(M), mg.tensor(V), a), evaluated(call, M, V, a)
    if not isinstance(expected, np.ndarray | np.generic):
        assert made == expected
        return
    assert isinstance(made, mg.Tensor)
    assert (made.shape, made.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(made.numpy(), expected, rtol=1e-12, atol=1e-14)
    if made.op is not None:
        assert mg.gradcheck(lambda t, v: evaluated(call, t, v, a), [M, V])
    else:
        assert not made.is_float or call.split("(")[0].endswith("_like")


@pytest.mark.parametrize("ufunc", sorted(UFUNCS, key=lambda ufunc: ufunc.__name__), ids=lambda u: u.__name__)
def test_a_ufunc_is_numpys_and_has_its_gradient(ufunc: np.ufunc) -> None:
    x = np.array([[0.6, 1.7, 2.2]])
    y = np.array([[0.9], [1.3]])
    if "ii->i" in ufunc.types and "dd->d" not in ufunc.types and "dd->?" not in ufunc.types:
        x, y = np.array([[6, 1, 2]]), np.array([[3], [1]])
    if ufunc is np.invert:
        x = np.array([6, 1, 2])
    if ufunc is np.matmul:
        y = np.array([[0.9], [1.3], [0.2]])
    arrays = [x, y][: ufunc.nin]
    for mixed in ([mg.tensor(x), y], [x, mg.tensor(y)], [mg.tensor(x), mg.tensor(y)]):
        given = mixed[: ufunc.nin]
        if not any(isinstance(part, mg.Tensor) for part in given):
            continue
        made, expected = ufunc(*given), ufunc(*arrays)
        for ours, theirs in zip(*((r,) if ufunc.nout == 1 else r for r in (made, expected)), strict=True):
            assert isinstance(ours, mg.Tensor)
            assert ours.dtype == theirs.dtype
            np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-12)
    if ufunc.nout == 1 and made.is_float and ufunc is not np.positive:
        assert made.op is not None
        assert mg.gradcheck(lambda *tensors: ufunc(*tensors), arrays)


def test_arrays_and_numbers_on_the_left_make_tensors() -> None:
    t, a = mg.tensor([1.0, 2.0]), np.array([3.0, 4.0])
    results = [
        (a + t, [4, 6]), (a - t, [2, 2]), (a * t, [3, 8]), (a / t, [3, 2]), (a**t, [3, 16]), (a @ t, 11),
        (a > t, [True, True]), (a == t, [False, False]), (np.float64(2) * t, [2, 4]), (2 - t, [1, 0]),
        ((1.0, 1.0) - t, [0, -1]), (np.array(3.0) + t, [4, 5]),
    ]  # fmt: skip
    for made, expected in results:
        assert type(made) is mg.Tensor
        assert made.numpy().tolist() == expected
    (g,) = mg.grad(mg.ops.sum(a * t), [t])
    assert g.numpy().tolist() == [3.0, 4.0]


@pytest.mark.parametrize("operator", ["+", "-", "*", "/", "//", "%", "**", "@", "&", "|", "^", "<<", ">>"])
def test_an_array_is_not_changed_in_place_by_a_tensor(operator: str) -> None:
    a = np.ones((2, 2))
    with pytest.raises(TypeError, match=r"with out= does not take Tensors: .*y = array \+ t"):
        exec(f"a {operator}= t", {"a": a, "t": mg.tensor(np.eye(2))})
    assert a.tolist() == [[1, 1], [1, 1]]


REFUSED = {
    "np.exp(t, out=a)": "np.exp with out= does not take Tensors",
    "np.exp(a, out=t)": "np.exp with out= does not take Tensors",
    "np.exp(t, where=a > 0)": "np.exp with where= does not take Tensors",
    "np.add(t, t, dtype=np.float32)": "np.add with dtype= does not take Tensors",
    "np.sum(t, dtype=np.float32)": "np.sum with dtype= does not take Tensors",
    "np.sum(t, out=a)": "np.sum with out= does not take Tensors",
    "np.max(t, initial=0.0)": "np.max with initial= does not take Tensors",
    "np.std(t, ddof=1)": "np.std with ddof= does not take Tensors",
    "np.reshape(t, -1, 'F')": "np.reshape with order= does not take Tensors",
    "np.where(t > 0)": "np.where with fewer arguments .* the op takes condition, x, y",
    "np.add.reduce(t)": r"np.add.reduce does not take Tensors: use ops.sum",
    "np.multiply.reduce(t)": r"use ops.prod",
    "np.maximum.reduce(t)": r"use ops.max",
    "np.add.accumulate(t)": r"use ops.cumsum",
    "np.multiply.outer(t, t)": r"np.multiply.outer does not take Tensors: no op computes it",
    "np.add.at(a, 0, t)": r"np.add.at does not take Tensors",
    "np.log2(t)": r"use ops.log\(t\) / 0.69314718",
    "np.fmax(t, t)": "use ops.maximum",
    "np.copyto(a, t)": "use minigrad.modify",
    "np.linalg.norm(t, 2)": "matrices take ord None or 'fro'",
    "np.dot(v, t[None])": "use ops.einsum",
    "np.median(t)": r"np.median\(np.asarray\(t\)\)",
    "np.linalg.inv(t)": r"np.linalg.inv\(np.asarray\(t\)\)",
    "np.fft.fft(t)": r"np.fft.fft\(np.asarray\(t\)\)",
    "np.sum(t, 0, None, None, False, 0, None, 1)": "takes",
}


@pytest.mark.parametrize("call", REFUSED)
def test_what_no_op_does_is_refused_with_the_way(call: str) -> None:
    with pytest.raises(TypeError, match=REFUSED[call]):
        evaluated(call, mg.tensor(M), mg.tensor(V), M.copy())


# -- all of NumPy ----------------------------------------------------------------------------------

MODULES = {"np": np, "np.linalg": np.linalg, "np.fft": np.fft, "np.emath": np.emath}
PUBLIC = {
    f"{prefix}.{name}": getattr(module, name)
    for prefix, module in MODULES.items()
    for name in module.__all__
    if callable(getattr(module, name)) and not isinstance(getattr(module, name), type)
}
DISPATCHED = {
    name: function
    for name, function in PUBLIC.items()
    if isinstance(function, np.ufunc) or hasattr(function, "_implementation")
}
WAYS = ("use ", "no op computes it", "fewer arguments", "the op has no such argument")


def of_tensors(function: Any) -> tuple[Any, ...]:
    """A Tensor for each argument that the function needs."""
    t = mg.tensor(np.array([[1.0, 0.5], [0.25, 2.0]]))
    if isinstance(function, np.ufunc):
        return (t,) * function.nin
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # NumPy of Python 3.10 has some signatures in docstrings alone
        text = function.__doc__.strip().partition("(")[2].partition(")")[0]
        return (t,) * max(1, sum(part.strip().isidentifier() for part in text.split(",")))
    needed = [
        parameter
        for parameter in parameters
        if parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    return (t,) * max(1, len(needed))


@pytest.mark.parametrize("name", sorted(DISPATCHED.keys() - {f"np.{f.__name__}" for f in READS}))
def test_no_public_function_of_numpy_makes_an_array_of_tensors(name: str) -> None:
    function = DISPATCHED[name]
    if function in UFUNCS or function in FUNCTIONS:
        try:
            made = function(*of_tensors(function))
        except (TypeError, ValueError, IndexError, AttributeError):  # a Tensor is no axis, and no subscript
            return
        assert all(not isinstance(part, np.ndarray) for part in (made if isinstance(made, tuple) else [made]))
    else:
        with pytest.raises(TypeError, match="does not take Tensors: ") as refusal:
            function(*of_tensors(function))
        assert any(way in str(refusal.value) for way in WAYS)


CONVERSIONS = {
    "array",
    "asanyarray",
    "asarray",
    "asarray_chkfinite",
    "ascontiguousarray",
    "asfortranarray",
    "asmatrix",
    "from_dlpack",
    "require",
}
"""What reads a Tensor as an array, as its name says."""

NOT_OF_ARRAYS = {
    "fromfile",
    "fromregex",
    "genfromtxt",
    "info",
    "load",
    "loadtxt",
    "set_printoptions",
    "setbufsize",
    "seterr",
    "seterrcall",
    "show_config",
    "show_runtime",
    "test",
}
"""Files, settings and reports."""


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning", "ignore::DeprecationWarning")
def test_conversions_alone_read_a_tensor_as_an_array() -> None:
    found = set()
    for name in PUBLIC.keys() - DISPATCHED.keys():
        short = name.rpartition(".")[2]
        if short not in NOT_OF_ARRAYS:
            try:
                made = PUBLIC[name](mg.tensor(M))
            except (TypeError, ValueError, AttributeError, LookupError, RuntimeError):
                continue
            if isinstance(made, np.ndarray) and made.shape == M.shape:
                found.add(short)
    assert found == CONVERSIONS


def test_hints_are_for_functions_that_no_op_computes() -> None:
    names = {function.__name__ for function in (*UFUNCS, *FUNCTIONS)}
    assert not names & set(HINTS)
    assert set(HINTS) <= {name.rpartition(".")[2] for name in DISPATCHED}


def test_what_says_something_of_the_numbers_reads_them() -> None:
    t = mg.tensor(M)
    assert np.array_equal(t, M)
    assert np.allclose(a=t, b=[t[0], t[1]])
    assert np.array_repr(t) == np.array_repr(M)
    assert np.result_type(t, np.float32) == np.float64
    with pytest.raises(mg.CaptureError, match="read as an array"):
        mg.capture(lambda t: mg.ops.sum(t) * float(np.allclose(t, 1.0)))(t)


def test_a_captured_step_of_numpys_functions() -> None:
    w = mg.tensor(M)

    @mg.capture
    def step(x: mg.Tensor) -> list[mg.Tensor]:
        loss = np.mean(np.square(np.maximum(np.dot(w, x), 0.1))) + np.sum(np.where(np.isfinite(x), x, 0.0))
        return mg.grad(loss, [w, x])

    for i in range(4):
        x = V * i
        expected = step.step(mg.tensor(x))
        for ours, theirs in zip(step(mg.tensor(x)), expected, strict=True):
            assert ours.numpy().tolist() == theirs.numpy().tolist()
    assert step.replays == 2


def test_matplotlib_takes_tensors() -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    t = mg.tensor(V) * 2.0
    figure, axes = pyplot.subplots()
    try:
        (line,) = axes.plot(t)
        axes.hist(t)
        axes.scatter(t, t)
        axes.imshow(mg.tensor(M))
        assert np.asarray(line.get_ydata()).tolist() == (V * 2).tolist()
    finally:
        pyplot.close(figure)
