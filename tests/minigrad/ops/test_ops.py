"""Every op against its definition on every kernel module, in both dtypes and any layout; derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import minigrad as mg
from minigrad import Tensor, ops
from minigrad.dispatch import use_kernels
from minigrad.registry import functions, registry
from tests.minigrad.ops.cases import CASES, HOST_KERNELS, Case
from tests.minigrad.ops.cases.samples import Geometry, geometries

Array = NDArray[Any]

LAYOUTS = ["C", "F", "rotated", "sliced", "reversed", "byte-swapped", "read-only"]
TOLERANCE = {"float32": 2e-5, "float64": 1e-10}


def laid_out(array: Array, layout: str) -> Array:
    """A copy of ``array`` that lies in memory another way."""
    if layout == "byte-swapped":
        return array.astype(array.dtype.newbyteorder("S"))
    if layout == "read-only":
        array = array.copy()
        array.flags.writeable = False
        return array
    if layout == "F" or array.ndim == 0:
        return array.copy("F")
    if layout == "rotated":
        return np.moveaxis(np.moveaxis(array, 0, -1).copy(), -1, 0)
    if layout == "sliced":
        roomy = np.full([2 * size + 1 for size in array.shape], 7).astype(array.dtype)
        inner = roomy[(slice(1, None, 2),) * array.ndim]
        inner[...] = array
        return inner
    if layout == "reversed":
        return np.flip(np.flip(array).copy())
    return array.copy()


def in_dtype(array: Array, dtype: str) -> Array:
    return array.astype(dtype) if array.dtype.kind == "f" else array


def test_there_is_a_case_for_every_function() -> None:
    mine = {name for name, op in registry.items() if op.__module__.startswith("minigrad.")}
    cases = {case.function for case in CASES}
    assert cases == set(functions)
    assert set(ops.__all__) < cases
    assert mine <= cases
    assert len({str(case) for case in CASES}) == len(CASES)


DIFFERENTIABLE = [case for case in CASES if case.dtype is None]


@pytest.mark.parametrize("case", [case for case in CASES if not case.few], ids=str)
@settings(max_examples=200)
@given(data=st.data())
def test_values(case: Case, data: st.DataObject) -> None:
    check_values(case, data)


@pytest.mark.parametrize("case", [case for case in CASES if case.few], ids=str)
@settings(max_examples=30)
@given(data=st.data())
def test_values_of_what_no_kernel_computes(case: Case, data: st.DataObject) -> None:
    check_values(case, data)


def check_values(case: Case, data: st.DataObject) -> None:
    sample = data.draw(case.samples)
    layouts = data.draw(st.tuples(*[st.sampled_from(LAYOUTS)] * len(sample.arrays)))
    expected = case.expected(sample.arrays, **sample.params)
    scale = max(1.0, float(np.abs(expected).max(initial=0)))
    for dtype, tolerance in TOLERANCE.items():
        arrays = [
            laid_out(in_dtype(a, dtype), layout) for a, layout in zip(sample.arrays, layouts, strict=True)
        ]
        for kernels in HOST_KERNELS:
            with use_kernels(kernels):
                y = case.call([Tensor(a) for a in arrays], **sample.params)
            assert y.shape == expected.shape
            assert y.dtype == ("float64" if case.function == "astype" else case.dtype or dtype)
            np.testing.assert_allclose(y.numpy(), expected, rtol=tolerance, atol=tolerance * scale)
        for array, original in zip(arrays, sample.arrays, strict=True):
            np.testing.assert_array_equal(array, in_dtype(original, dtype))


@pytest.mark.parametrize(
    ("case", "kernels"),
    [(case, kernels) for case in DIFFERENTIABLE for kernels in HOST_KERNELS[: 1 if case.few else None]],
    ids=str,
)
@settings(max_examples=5)
@given(data=st.data())
def test_derivatives_to_second_order(case: Case, kernels: str, data: st.DataObject) -> None:
    sample = data.draw(case.samples)
    layouts = data.draw(st.tuples(*[st.sampled_from(LAYOUTS)] * len(sample.arrays)))
    arrays = [laid_out(a, layout) for a, layout in zip(sample.arrays, layouts, strict=True)]
    with use_kernels(kernels):
        mg.gradcheck(lambda *tensors: case.call(tensors, **sample.params), arrays)


@pytest.mark.parametrize("case", CASES, ids=str)
@settings(max_examples=10)
@given(data=st.data())
def test_a_replay_gives_the_same_bits(case: Case, data: st.DataObject) -> None:
    """Also where the replay fills arrays that it is given, and on buffers in other places."""
    sample = data.draw(case.samples)
    layouts = data.draw(st.tuples(*[st.sampled_from(LAYOUTS)] * len(sample.arrays)))
    kernels = data.draw(st.sampled_from(HOST_KERNELS))

    def step(*tensors: Tensor) -> list[Tensor]:
        y = case.call(tensors, **sample.params)
        if not y.is_float:
            return [y]
        wanted = [t for t in tensors if t.is_float]
        gradients = mg.grad(y, wanted, grad_output=ops.cos(y), create_graph=True)
        total = sum((ops.sum(ops.sin(g)) for g in gradients), ops.sum(y))
        return [y, *gradients, *mg.grad(total, wanted)]

    captured = mg.capture(step)
    with use_kernels(kernels), np.errstate(all="ignore"):
        for factor in (1.0, 1.0, 0.75):
            arrays = [np.asarray(a * factor) if a.dtype.kind == "f" else a for a in sample.arrays]
            placed = [
                laid_out(in_dtype(a, "float32"), layout) for a, layout in zip(arrays, layouts, strict=True)
            ]
            tensors = [Tensor(a) for a in placed]
            for mine, plain in zip(captured(*tensors), step(*tensors), strict=True):
                assert mine.dtype == plain.dtype
                np.testing.assert_array_equal(mine.numpy(), plain.numpy())
    assert captured.replays == 1


@pytest.mark.parametrize("case", DIFFERENTIABLE, ids=str)
@settings(max_examples=5)
@given(data=st.data())
def test_gradients_in_float32_stay_float32_and_near_float64(case: Case, data: st.DataObject) -> None:
    sample = data.draw(case.samples)
    gradients = []
    for dtype in TOLERANCE:
        inputs = [Tensor(in_dtype(a, dtype)) for a in sample.arrays]
        wanted = [t for t in inputs if t.is_float]
        y = case.call(inputs, **sample.params)
        g = np.cos(np.arange(y.size)).reshape(y.shape)
        gradients.append(mg.grad(y, wanted, grad_output=g))
        assert [t.dtype for t in gradients[-1]] == [np.dtype(dtype)] * len(wanted)
    for narrow, wide in zip(*gradients, strict=True):
        scale = max(1.0, float(np.abs(wide.numpy()).max(initial=0)))
        np.testing.assert_allclose(narrow.numpy(), wide.numpy(), rtol=1e-4, atol=1e-4 * scale)


# -- the three faces of the convolution ------------------------------------------------------------


def inner(a: Tensor, b: Array) -> float:
    return float((a.numpy() * b).sum())


@pytest.mark.parametrize("kernels", HOST_KERNELS)
@settings(max_examples=100)
@given(geometry=geometries(), seed=st.integers(0, 1000))
def test_the_three_convolutions_are_one_trilinear_form(kernels: str, geometry: Geometry, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y, w = (rng.standard_normal(shape) for shape in (geometry.x, geometry.y, geometry.w))
    tx, ty, tw = Tensor(x), Tensor(y), Tensor(w)
    with use_kernels(kernels):
        forms = [
            inner(ops.conv2d(tx, tw, **geometry.settings), y),
            inner(ops.conv_transpose2d(ty, tw, output_padding=geometry.spare, **geometry.settings), x),
            inner(ops.conv2d_weight(tx, ty, kernel=geometry.w[2:], **geometry.settings), w),
        ]
    np.testing.assert_allclose(forms, forms[0], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kernels", HOST_KERNELS)
def test_output_padding_of_stride_or_more(kernels: str) -> None:
    """It is allowed below the dilation; the other two faces then have room for more places than there are."""
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((2, 4, 4, 3)), rng.standard_normal((4, 1, 2, 3))
    with use_kernels(kernels):
        mg.gradcheck(
            lambda x, w: ops.conv_transpose2d(
                x, w, stride=(1, 2), output_padding=(2, 2), dilation=3, groups=2, padding=1
            ),
            [x, w],
            order=3,
            directions=1,
        )


# -- static parameters as NumPy takes them ---------------------------------------------------------


def test_static_parameters_may_follow_the_tensors() -> None:
    x = mg.tensor(np.arange(6.0).reshape(2, 3))
    image, weight = mg.tensor(np.ones((1, 1, 5, 5))), mg.tensor(np.ones((1, 1, 2, 2)))
    pairs = [
        (ops.sum(x, 0), ops.sum(x, axis=0)),
        (ops.sum(x, 0, True), ops.sum(x, axis=0, keepdims=True)),
        (ops.mean(x, (0, 1)), ops.mean(x)),
        (ops.max(x, 1, keepdims=True), ops.max(x, axis=1, keepdims=True)),
        (ops.reshape(x, (3, 2)), ops.reshape(x, shape=(3, 2))),
        (ops.transpose(x, (1, 0)), x.T),
        (ops.softmax(x, 0), ops.softmax(x, axis=0)),
        (ops.pad(x, 1), ops.pad(x, pad_width=1)),
        (ops.leaky_relu(x, 0.2), ops.leaky_relu(x, slope=0.2)),
        (ops.getitem(x, 0), x[0]),
        (ops.astype(x, "float32"), x.astype("float32")),
        (ops.concatenate([x, x], 1), ops.concatenate([x, x], axis=1)),
        (ops.conv2d(image, weight, 2, 1), ops.conv2d(image, weight, stride=2, padding=1)),
    ]
    for positional, named in pairs:
        np.testing.assert_array_equal(positional.numpy(), named.numpy())


def test_tensors_may_be_given_by_name() -> None:
    x, y = mg.tensor([1.0, 4.0]), mg.tensor([2.0, 3.0])
    z = ops.sum(x=ops.where(condition=x > y, x=x * 2, y=ops.power(x=y, y=2.0)))
    gx, gy = mg.grad(z, [x, y], unused="error")
    assert z.item() == 12.0
    assert (gx.numpy().tolist(), gy.numpy().tolist()) == ([0.0, 2.0], [4.0, 0.0])
    assert ops.reshape(x=x, shape=(2, 1)).shape == (2, 1)


def test_arrays_lists_and_numbers_are_taken_as_tensors() -> None:
    a = np.array([[1.0, 2.0], [3.0, 5.0]])
    np.testing.assert_allclose(ops.matmul(a, [1.0, 2.0]).numpy(), a @ [1.0, 2.0])
    np.testing.assert_allclose(ops.logsumexp(a, 0).numpy(), np.log(np.exp(a).sum(0)))
    np.testing.assert_allclose(ops.var(a, 1).numpy(), a.var(1))
    assert ops.maximum(1.0, 2.0).item() == 2.0


def test_numpy_integers_are_settings() -> None:
    x, w = mg.tensor(np.ones((1, 1, 5, 5))), mg.tensor(np.ones((1, 1, 2, 2)))
    assert ops.conv2d(x, w, stride=np.int64(2), padding=np.array([1, 0])).shape == (1, 1, 3, 2)


# -- dtypes ----------------------------------------------------------------------------------------

REAL = ["cos", "exp", "leaky_relu", "log", "log1p", "log_softmax", "logsumexp", "relu", "sigmoid", "sin"]
REAL += ["softmax", "softplus", "sqrt", "tanh"]


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int64", "bool"])
@pytest.mark.parametrize("name", REAL)
def test_integers_are_taken_as_float32(name: str, dtype: str) -> None:
    """NumPy would compute in float16 for small integer types, and wrap around in x - max(x)."""
    integers = (
        np.array([1, 0, 1] if dtype == "bool" else [12, 1, 5]).astype(dtype) if name != "log" else np.ones(3)
    )
    params = {"slope": 0.2} if name == "leaky_relu" else {}
    y = getattr(ops, name)(mg.tensor(integers.astype(dtype)), **params)
    expected = getattr(ops, name)(mg.tensor(integers.astype(np.float64)), **params)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y.numpy(), expected.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "dtype"),
    [
        (lambda i: i / 2, "float32"),
        (lambda i: i / i, "float32"),
        (lambda i: ops.mean(i), "float32"),
        (lambda i: ops.sum(i), "int64"),
        (lambda i: ops.max(i), "int32"),
        (lambda i: i @ i, "int32"),
        (lambda i: i**2, "int32"),
        (lambda i: i**0.5, "float32"),
        (lambda i: -i, "int32"),
        (lambda i: ops.where(i > 1, i, 0), "int32"),
        (lambda i: ops.where(i > 1, i, 0.5), "float32"),
        (lambda i: ops.concatenate([i, mg.tensor([1.0])]), "float32"),
        (lambda i: ops.concatenate([i, mg.tensor(np.ones(1))]), "float64"),
        (lambda i: ops.maximum(i, np.float32(2)), "float32"),
    ],
)
def test_dtypes_of_integer_expressions(make: Any, dtype: str) -> None:
    assert make(mg.tensor([1, 2, 3], "int32")).dtype == np.dtype(dtype)


@pytest.mark.parametrize("f", [ops.conv2d, ops.conv_transpose2d])
def test_convolutions_refuse_integers(f: Any) -> None:
    x = mg.tensor(np.ones((1, 1, 3, 3), np.int64))
    with pytest.raises(TypeError, match=r"needs float32 or float64; convert with"):
        f(x, x)
    with pytest.raises(TypeError, match=r"batch normalisation needs float32 or float64"):
        ops.standardize(x, eps=1e-5)


def test_mixed_floats_compute_in_the_wider() -> None:
    x, w = mg.tensor(np.ones((1, 1, 3, 3), np.float32)), mg.tensor(np.ones((1, 1, 2, 2)))
    y = ops.conv2d(x, w)
    assert y.dtype == np.float64
    gx, gw = mg.grad(ops.sum(y), [x, w])
    assert (gx.dtype, gw.dtype) == (np.dtype("float32"), np.dtype("float64"))


# -- kinks, ties and edges -------------------------------------------------------------------------


def slope_at(f: Any, *values: float) -> list[float]:
    x = mg.tensor(np.array(values))
    return [float(v) for v in mg.grad(ops.sum(f(x)), [x])[0].numpy()]


def test_derivatives_at_kinks() -> None:
    assert slope_at(ops.abs, -1.0, 0.0, 2.0) == [-1.0, 0.0, 1.0]
    assert slope_at(ops.relu, -1.0, 0.0, 2.0) == [0.0, 0.0, 1.0]
    assert slope_at(lambda x: ops.leaky_relu(x, slope=0.2), -1.0, 0.0, 2.0) == [0.2, 0.2, 1.0]
    assert slope_at(lambda x: ops.maximum(x, 1.0), 0.0, 1.0, 2.0) == [0.0, 0.5, 1.0]
    assert slope_at(lambda x: ops.minimum(x, 1.0), 0.0, 1.0, 2.0) == [1.0, 0.5, 0.0]
    assert slope_at(lambda x: ops.maximum(x, x), 3.0) == [1.0]
    assert slope_at(lambda x: ops.maximum(x, np.inf), np.inf) == [0.5]
    assert slope_at(ops.max, 1.0, 3.0, 3.0) == [0.0, 0.5, 0.5]
    assert slope_at(ops.min, 1.0, 1.0, 1.0, 1.0) == [0.25] * 4
    assert slope_at(lambda x: ops.clip(x, 0.0, 1.0), -1.0, 0.5, 2.0) == [0.0, 1.0, 0.0]


def test_rounding_of_integers() -> None:
    x = mg.tensor([1249, -3])
    for f in (ops.floor, ops.ceil, ops.round):
        y = f(x)
        assert (y.dtype, y.numpy().tolist()) == (np.dtype(np.int64), [1249, -3])
    assert ops.round(x, decimals=-2).numpy().tolist() == [1200, 0]
    assert ops.round(mg.tensor([0.5, 1.5, 2.5])).numpy().tolist() == [0, 2, 2]


def test_powers_at_zero() -> None:
    for exponent, first, second in [(0, 0.0, 0.0), (1, 1.0, 0.0), (2, 0.0, 2.0), (3, 0.0, 0.0)]:
        for k in (exponent, float(exponent), mg.tensor([float(exponent)])):
            x = mg.tensor(np.zeros(1))
            (g,) = mg.grad(x**k, [x], create_graph=True)
            assert g.item() == first
            assert mg.grad(g, [x])[0].item() == second


def test_mixed_derivative_of_power_at_exponent_zero() -> None:
    x, k = mg.tensor(np.array([2.0, 4.0])), mg.tensor(np.zeros(2))
    (gx,) = mg.grad(ops.sum(x**k), [x], create_graph=True)
    (gk,) = mg.grad(ops.sum(gx), [k])
    np.testing.assert_allclose(gk.numpy(), 1 / x.numpy())


def test_powers_of_negative_numbers() -> None:
    x = mg.tensor(np.array([-2.0, -0.5]))
    y = ops.sum(x**3 + x**-2)
    (g,) = mg.grad(y, [x], create_graph=True)
    np.testing.assert_allclose(g.numpy(), 3 * x.numpy() ** 2 - 2 * x.numpy() ** -3.0)
    (gg,) = mg.grad(ops.sum(g), [x])
    np.testing.assert_allclose(gg.numpy(), 6 * x.numpy() + 6 * x.numpy() ** -4.0)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_not_a_number_is_passed_on() -> None:
    x = mg.tensor([np.nan, 1.0])
    for f in (ops.max, ops.min, ops.sum, ops.mean, ops.logsumexp):
        assert np.isnan(f(x).item())
    assert np.isnan(ops.maximum(x, 0.0).numpy()[0])
    assert np.isnan(ops.sigmoid(x).numpy()[0])


@pytest.mark.parametrize("name", ["sigmoid", "softplus", "tanh", "softmax", "log_softmax", "logsumexp"])
def test_extreme_inputs_stay_finite(name: str) -> None:
    x = mg.tensor([-1e30, -100.0, 0.0, 100.0, 1e30])
    y = getattr(ops, name)(x)
    assert np.isfinite(y.numpy()).all()
    (g,) = mg.grad(y, [x], grad_output=np.linspace(-1, 1, y.size).reshape(y.shape), create_graph=True)
    assert np.isfinite(g.numpy()).all()
    (gg,) = mg.grad(g, [x], grad_output=np.linspace(-1, 1, 5))
    assert np.isfinite(gg.numpy()).all()


def test_empty_arrays() -> None:
    x = mg.tensor(np.zeros((0, 3)))
    for y in (
        ops.mean(x, 1),
        ops.max(x, 1),
        ops.softmax(x, 1),
        ops.sum(x, 0),
        x @ np.ones((3, 2)),
        ops.exp(x),
    ):
        (g,) = mg.grad(ops.sum(y), [x])
        assert g.shape == (0, 3)
    for f in (ops.mean, ops.max):
        with pytest.raises(ValueError, match=r"no elements|no identity"):
            f(x, 0)


def test_reductions_of_a_number() -> None:
    x = mg.tensor(2.0)
    for f in (ops.sum, ops.max, ops.min, ops.mean, ops.logsumexp):
        for axis in (None, (), 0, -1) if f in (ops.sum, ops.max, ops.min) else (None, ()):
            y = f(x, axis=axis)
            assert (y.item(), y.shape) == (2.0, ())
            assert mg.grad(y, [x])[0].item() == 1.0
