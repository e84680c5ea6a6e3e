"""Small calls that reach every branch of every CUDA source, compared with the reference, by file.

A kernel that the written case of its file does not call is checked on the rows of its ops (``rows.py``).
Their arrays are small: write a case for a kernel that must be tried beyond a block's or a tile's size.

The tests run them emulated and on a device, the mutants of tests/gpu/mutants must fail them, and
``python -m tests.gpu.kernels.directed`` runs them on a GPU under whatever watches the process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from inspect import signature
from itertools import product
from typing import Any

import numpy as np

from minigrad.kernels import reference
from minigrad.kernels.cuda import activation as elementwise
from minigrad.kernels.cuda.product import planning
from minigrad.kernels.geometry import Geometry
from minigrad.kernels.moments import merged, moments_of
from minigrad.kernels.precision import allow_tf32
from tests.gpu.kernels.numpy_calls import cuda, on_device
from tests.gpu.kernels.rows import check_rows, exported
from tests.minigrad.kernels.moments import assert_merged, far_from_zero, moments_of_faces
from tests.minigrad.kernels.strategies import Array, Convolution, assert_close
from tests.minigrad.kernels.updates import end_of_call

Case = Callable[[], None]
WRITTEN: dict[str, Case] = {}


def case_of(file: str) -> Callable[[Case], Case]:
    """Decorates the written case of a ``.cu`` file."""

    def kept(case: Case) -> Case:
        WRITTEN[file] = case
        return case

    return kept


SIZES = (1, 255, 257, 1030)  # within a block, beyond one, beyond four
TYPES = (np.float32, np.float64)


def numbers(seed: int, *shape: int, dtype: type = np.float32) -> Array:
    """Normal random numbers, zeros of both signs among them."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=shape) * rng.integers(-1, 2, size=shape)).astype(dtype)


def agree(name: str, *arguments: Any, terms: int = 10, out: bool = True) -> None:
    """The kernel gives the reference's results, in memory full of NaN."""
    expected = getattr(reference, name)(*arguments)
    several = isinstance(expected, tuple)
    memory = [np.full_like(a, np.nan, order="C") for a in (expected if several else (expected,))]
    given = {"out": tuple(memory) if several else memory[0]} if out else {}
    actual = getattr(cuda, name)(*arguments, **given)
    for a, e in zip(actual if several else (actual,), expected if several else (expected,), strict=True):
        scale = e.dtype.type(max(1.0, np.abs(e[np.isfinite(e)]).max(initial=0)))
        assert_close(np.asarray(a / scale), np.asarray(e / scale), terms)


@case_of("activation.cu")
def activation() -> None:
    edges = np.array([-np.inf, -2.0, -0.0, 0.0, 3.0, np.inf, np.nan])
    for name, slope in product(elementwise.__all__, (0.0, 0.2)):
        names = [p for p in signature(getattr(reference, name)).parameters if p != "out"]
        with np.errstate(invalid="ignore"):
            agree(name, *[{"g": np.ones(7), "x": edges, "slope": slope}[p] for p in names])
        for size, dtype in zip(SIZES, (*TYPES, *TYPES), strict=True):
            g, x = numbers(0, size, dtype=dtype), numbers(1, size, dtype=dtype)
            agree(name, *[{"g": g, "x": x, "slope": slope}[p] for p in names])


@case_of("bias.cu")
def bias() -> None:
    matrices = ((3, 5), np.float32), ((70, 3), np.float64), ((130, 300), np.float32), ((4100, 2), np.float32)
    images = ((2, 3, 41, 7), np.float64), ((9, 2, 30, 31), np.float32)
    for shape, dtype in (*matrices, *images):
        x, g, b = (
            numbers(0, *shape, dtype=dtype),
            numbers(1, *shape, dtype=dtype),
            numbers(2, shape[1], dtype=dtype),
        )
        for slope in (0.0, 0.2):
            agree("bias_leaky_relu", x, b, slope)
            agree("scale_bias_leaky_relu", x, b + dtype(1), b, slope)
            agree("bias_leaky_relu_grad", g, x, slope, terms=200)


@case_of("blocks.cu")
def blocks() -> None:
    shapes = (((4, 6), (2, 3)), ((3, 5, 40, 10), (1, 5)), ((2, 3, 70, 60), (2, 2)))
    for (shape, block), dtype in zip(shapes, (*TYPES, np.float32), strict=True):
        x = numbers(0, *shape, dtype=dtype)
        agree("sum_blocks", x, *block, 0.25)
        agree("fill_blocks", x[..., :5], *block, -3.0)


@case_of("loss.cu")
def loss() -> None:
    for size, dtype in zip(SIZES, (*TYPES, *TYPES), strict=True):
        x = numbers(0, size, dtype=dtype) + dtype(1)
        for sign in (1, -1):
            agree("mean_softplus", x, sign, out=False)
            agree("mean_softplus_grad", np.asarray(3, dtype), x, sign)
    for value in (800.0, -800.0):
        agree("mean_softplus", np.array([value]), 1, out=False)
        agree("mean_softplus_grad", np.asarray(1.0), np.array([value]), 1)


@case_of("norm/batch_norm.cu")
def norm() -> None:
    for shape, dtype in (((7, 3), np.float32), ((2, 300, 1), np.float64), ((5, 2, 47, 43), np.float32)):
        x, g = 3 + numbers(0, *shape, dtype=dtype), numbers(1, *shape, dtype=dtype)
        weight, shift = 1 + numbers(2, shape[1], dtype=dtype) / 4, numbers(3, shape[1], dtype=dtype)
        agree("standardize", x, 0.1)
        np.testing.assert_allclose(merged(cuda.channel_moments(x)), merged(moments_of(x)), rtol=1e-12)
        for slope in (0.0, 0.2):
            agree("batch_norm", x, weight, shift, 0.1, slope)
            _, mean, _, inv_std = reference.standardize(x, 0.1)
            layer = g, x, weight, shift, mean, inv_std
            agree("batch_norm_grad", *layer, slope, terms=200)
            sums = [module.batch_norm_sums(*layer, slope) for module in (cuda, reference)]
            assert_close(*(a.astype(dtype) / dtype(np.abs(sums[1]).max()) for a in sums), 200)
            means = numbers(4, 2, shape[1], dtype=np.float64)
            agree("batch_norm_from_means", *layer, means, slope, terms=200)
        agree("standardize_grad", g, x, mean, inv_std, terms=200)
    for channels, dtype, momentum in (
        (3, np.float32, 0.1),
        (300, np.float64, None),
        (1030, np.float32, None),
    ):
        _running(channels, dtype, momentum)


def _running(channels: int, dtype: type, momentum: float | None) -> None:
    """Three batches, one after the other."""
    before = *(numbers(seed, channels, dtype=dtype) for seed in (0, 1)), np.array(4)
    expected, actual = ([a.copy() for a in before] for _ in range(2))
    for batch in range(3):
        mean, var = (numbers(2 + 2 * batch + i, channels, dtype=dtype) for i in range(2))
        reference.update_running_stats(*expected, mean, var, momentum, 5 + batch)
        cuda.update_running_stats(*actual, mean, var, momentum, 5 + batch)
    for a, e in zip(actual[:2], expected[:2], strict=True):
        assert_close(a, e, 10)
    assert actual[2] == expected[2]


def exact(seed: int, *shape: int, dtype: type = np.float32) -> Array:
    """Numbers that TF32 has, in few digits: their products' sums are exact in float32."""
    return (np.round(8 * numbers(seed, *shape, dtype=np.float64)) / 8).astype(dtype)


def ways() -> Iterator[AbstractContextManager[None]]:
    """The ways of a float32 product, for ``with``: its tiles, its shares, its arithmetic."""
    for arithmetic in (False, True):
        for blocks in (1, 12):  # large tiles; small ones, their sums in shares
            yield _way(arithmetic, blocks, 20)


@contextmanager
def _way(arithmetic: bool, blocks: int, least: int) -> Iterator[None]:
    before = planning.BLOCKS, planning.LEAST
    planning.BLOCKS, planning.LEAST = blocks, least
    try:
        with allow_tf32(arithmetic):
            yield
    finally:
        planning.BLOCKS, planning.LEAST = before


PRODUCTS = ((1, 1, 1), (65, 19, 70), (66, 36, 5), (70, 20, 128), (70, 50, 133))  # m, k, n
SIMPLE_PRODUCTS = ((1, 1, 1), (65, 19, 70), (66, 36, 5), (66, 4, 128))  # for tiles of 64


@case_of("gemm/simple.cu")
def gemm_simple() -> None:
    """float64: the kernels for every size."""
    for size in SIMPLE_PRODUCTS:
        _products(*size, dtype=np.float64)


@case_of("gemm/pipelined.cu")
def gemm_pipelined() -> None:
    """float32: by stages of cp.async, and tensor cores."""
    for way in ways():
        with way:
            for size in PRODUCTS:
                _products(*size, dtype=np.float32)


def beside(a: Array) -> Array:
    """An equal array that begins one element behind the start of its memory."""
    memory = np.zeros(a.size + 1, a.dtype)
    memory[1:] = a.reshape(-1)
    return memory[1:].reshape(a.shape)


def _products(m: int, k: int, n: int, dtype: type) -> None:
    shapes = ((m, k), (k, n), (n, k), (n,))
    x, y, w, b = (exact(seed, *shape, dtype=dtype) for seed, shape in enumerate(shapes))
    agree("matmul", x, y)
    agree("matmul", x.T.copy().T, w.T)
    agree("matmul", x.T.copy().T, y)
    agree("matmul", beside(x), beside(y))
    for slope in (0.0, 0.2):
        agree("linear", x, w, b, slope)
    agree("matmul_gate", x, y, exact(6, m, n, dtype=dtype), 0.2, terms=200)
    agree("matmul_add", exact(6, m, n, dtype=dtype), x, y)
    stacks = exact(4, 3, m, k, dtype=dtype), exact(5, 3, k, n, dtype=dtype)
    agree("stacked_matmul", *stacks)
    agree("stacked_matmul", x, stacks[1])
    agree("stacked_matmul", x.T.copy().T, stacks[1].swapaxes(1, 2).copy().swapaxes(1, 2))
    agree("stacked_matmul", stacks[0].swapaxes(1, 2).copy().swapaxes(1, 2), y)


GEOMETRIES = (  # n, groups, c, o of a group; image, kernel; stride, padding, dilation
    (1, 1, 2, 2, (3, 3), (3, 3), (1, 1), (1, 1), (1, 1)),
    (2, 2, 3, 2, (7, 9), (3, 2), (2, 3), (1, 2), (1, 2)),
    (3, 1, 5, 66, (8, 6), (4, 4), (2, 2), (1, 1), (1, 1)),
    (19, 1, 2, 4, (12, 13), (4, 3), (3, 1), (0, 3), (2, 1)),
    (2, 1, 4, 3, (9, 5), (1, 4), (2, 2), (3, 1), (3, 2)),
)
THIN = (2, 1, 3, 4, (1, 20), (1, 2), (3, 3), (0, 0), (1, 1))  # of one row: two phases of three are empty
WIDE = (1, 1, 2, 2, (34, 37), (3, 3), (1, 1), (1, 1), (1, 1))
LARGE = (6, 1, 70, 70, (8, 8), (2, 2), (2, 2), (0, 1), (1, 1))  # for the tiles of 128
ONE_CHANNEL = (
    (1, 1, 1, 1, (3, 3), (3, 3), (1, 1), (1, 1), (1, 1)),
    (3, 1, 1, 18, (9, 8), (4, 4), (2, 2), (1, 1), (1, 1)),
    (40, 1, 17, 1, (9, 7), (3, 2), (1, 2), (1, 0), (2, 1)),
    (2, 1, 1, 5, (8, 7), (3, 5), (3, 1), (2, 2), (1, 1)),
)


@case_of("conv/simple.cu")
def conv_simple() -> None:
    """float64: the kernels for every size."""
    for geometry in GEOMETRIES:
        _faces(geometry, np.float64)


@case_of("conv/pipelined.cu")
def conv_pipelined() -> None:
    """float32: by stages of cp.async, and tensor cores."""
    for way in ways():
        with way:
            for geometry in GEOMETRIES if planning.BLOCKS > 1 else (*GEOMETRIES, LARGE):
                _faces(geometry, np.float32)


@case_of("conv/direct.cu")
def conv_direct() -> None:
    """One channel on a side."""
    for geometry, dtype in zip(ONE_CHANNEL, (*TYPES, *TYPES), strict=True):
        _faces(geometry, dtype)


def _faces(numbers: tuple[Any, ...], dtype: type) -> None:
    x, w, g, geometry = _convolution(numbers, dtype)
    agree("conv2d", x, w, geometry)
    agree("conv2d_bias_leaky_relu", x, w, w[:, 0, 0, 0].copy(), geometry, 0.2)
    agree("conv_transpose2d", g, w, x.shape[2:], geometry)
    b = x[0, :, 0, 0].copy()
    agree("conv_transpose2d_scale_bias_leaky_relu", g, w, b + 1, b, x.shape[2:], geometry, 0.2)
    agree("conv2d_weight", x, g, w.shape[2:], geometry)


@case_of("norm/moments.cu")
def moments() -> None:
    """What a convolution hands on to batch norm: with its tiles, with its shares, and of any other."""
    for way in ways():
        with way:
            for geometry in (*GEOMETRIES, THIN) if planning.BLOCKS > 1 else (*GEOMETRIES, THIN, LARGE):
                moments_of_faces(cuda, _convolution(geometry, np.float32))
            moments_of_faces(cuda, far_from_zero(1e5))
    with _way(arithmetic=True, blocks=264, least=8):  # shares of channels that are several slices
        moments_of_faces(cuda, _convolution(WIDE, np.float32))
    for _, (y, found) in moments_of_faces(cuda, _convolution(GEOMETRIES[1], np.float64)):
        assert_merged(cuda, y, found)
    x = numbers(0, 310, 3, 2, 1)  # each image a piece: more than a block has threads
    assert_merged(cuda, x, np.concatenate([moments_of(x[i : i + 1]) for i in range(310)], axis=1))


def _convolution(numbers: tuple[Any, ...], dtype: type) -> Convolution:
    n, groups, c, o, image, kernel, *rest = numbers
    geometry = Geometry(*rest, groups)
    x, w = exact(0, n, groups * c, *image, dtype=dtype), exact(1, groups * o, c, *kernel, dtype=dtype)
    y = exact(2, *reference.conv2d(x, w, geometry).shape, dtype=dtype)
    return Convolution(x, w, y, geometry)


@case_of("philox.cu")
def philox() -> None:
    for name, size, dtype in product(("philox_uniform", "philox_normal"), (1, 4, 1030), TYPES):
        states = [np.array([2**40 + 7, 2**64 - 3, 5], np.uint64) for _ in range(2)]
        for _ in range(2):
            expected = getattr(reference, name)(states[0], (size,), dtype)
            assert_close(getattr(cuda, name)(states[1], (size,), dtype), expected, 10)
            np.testing.assert_array_equal(*states)


UPDATES = {
    "sgd_update": [(0.1, 0.0, 0.0, 0.01, False), (0.1, 0.9, 0.3, 0.02, True), (0.1, 0.9, 0.3, 0.02, False)],
    "rmsprop_update": [(0.1, 0.9, 1e-3, 0.01, 0.0), (0.1, 0.9, 1e-3, 0.01, 0.5)],
    "adam_update": [(7, 0.1, 0.5, 0.99, 1e-3, 0.1)],
    "adamw_update": [(7, 0.1, 0.5, 0.99, 1e-3, 0.1, 0.2), (7, 0.1, 0.5, 0.99, 1e-3, 0.0, 0.2)],
}
ENDS = ((300,), (3, 40, 1, 5), (1, 2, 3, 4, 5, 6, 7, 300), (700, 5, 1, 300, 2, 2, 7, 9, 600))


@case_of("optimizer.cu")
def optimizer() -> None:
    for sizes in ENDS:
        gradients = [numbers(seed, size) for seed, size in enumerate(sizes)]
        squares = [reference.sum_squares(gradients), cuda.sum_squares(gradients)]
        np.testing.assert_allclose(*squares, rtol=1e-12)
        p, *state = (numbers(seed, sum(sizes)) for seed in range(20, 24))
        state[0] = np.abs(state[0]) + 30  # a mean of squares is never below the square of the mean
        for name, settings in UPDATES.items():
            for setting in settings:
                updated = [
                    _updated(module, name, p, gradients, state, setting) for module in (cuda, reference)
                ]
                for actual, expected in zip(*updated, strict=True):
                    assert_close(actual, expected, 20)


def _updated(
    module: Any, name: str, p: Array, gradients: list[Array], state: list[Array], setting: tuple[Any, ...]
) -> list[Array]:
    own: list[Array | None] = [a.copy() for a in (p, *state)]
    if name == "sgd_update":
        own = [own[0], own[1] if setting[1] else None]
    elif name == "adam_update":
        own = [own[0], own[2], np.abs(own[1])]
    elif name == "adamw_update":  # half of AMSGrad's maxima are below the averages
        own = [own[0], own[2], np.abs(state[2]), np.abs(state[1]) if setting[5] else None]
    elif not setting[4]:
        own = [*own[:2], None, None]
    getattr(module, name)(own[0], gradients, *own[1:], *end_of_call(name, setting, p.dtype))
    return [a for a in own if a is not None]


def check(file: str) -> None:
    """Run a file's case: the written one, then the rows of the kernels that it did not call."""
    cuda.called.clear()
    WRITTEN.get(file, lambda: None)()
    rest = EXPORTED.get(file, set()) - cuda.called
    if rest:
        check_rows(rest)


EXPORTED = exported()
CASES: dict[str, Case] = {file: partial(check, file) for file in sorted({*WRITTEN, *EXPORTED})}


if __name__ == "__main__":
    with on_device() as cupy:
        cupy.cuda.set_allocator(None)  # no pool: each array has bounds of its own for whatever watches
        for file, case in CASES.items():
            case()
            print(f"{file}: as the reference")
