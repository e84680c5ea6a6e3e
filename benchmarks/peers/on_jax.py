"""JAX's side: each kernel and each step as one function that XLA compiles."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.peers.jax_functions import convolved, leaky, normed, transposed, weight_gradient
from benchmarks.workloads import Step

Call = Callable[[], Any]


def training(step: Step, device: str) -> Any:  # noqa: ARG001 - on the CPU alone
    """The work of a step: a training, or the sampling of a G."""
    from benchmarks.peers.jax_steps import side

    return side(step)


def set_threads(number: int) -> None:
    """XLA takes the number when it starts, with the first array."""
    os.environ["NPROC"] = str(number)


def place(a: np.ndarray[Any, Any], device: str) -> Any:  # noqa: ARG001
    """A NumPy array as JAX's, with its numbers in C order."""
    return jnp.asarray(np.array(a, order="C"))


def array(result: Any) -> Any:
    """A copy of one result as NumPy's."""
    return np.array(result)


def bound(function: Callable[..., Any], *arrays: Any) -> Call:
    """The compiled function's call, which waits for its result."""
    compiled = jax.jit(function)
    return lambda: jax.block_until_ready(compiled(*arrays))


def _norm_leaky(x: Any, scale: Any, shift: Any, eps: float, slope: float) -> Call:
    return bound(lambda *a: leaky(normed(*a, eps)[0], slope), x, scale, shift)


def _norm_leaky_grad(g: Any, x: Any, scale: Any, shift: Any, eps: float, slope: float) -> Call:
    def gradient(g: Any, *a: Any) -> Any:
        return jax.vjp(lambda *a: leaky(normed(*a, eps)[0], slope), *a)[1](g)

    return bound(gradient, g, x, scale, shift)


def _two(function: Callable[..., Any]) -> Callable[..., Call]:
    """Of two arrays and settings."""
    return lambda x, y, *rest: bound(lambda x, y: function(x, y, *rest), x, y)


KERNELS: dict[str, Callable[..., Call]] = {
    "conv2d": _two(convolved),
    "conv2d_input": _two(transposed),
    "conv2d_weight": _two(weight_gradient),
    "conv_transpose2d": _two(transposed),
    "conv_transpose2d_input": _two(convolved),
    "conv_transpose2d_weight": _two(weight_gradient),
    "batch_norm_leaky": _norm_leaky,
    "batch_norm_leaky_grad": _norm_leaky_grad,
    "leaky_relu": lambda x, slope: bound(lambda x: leaky(x, slope), x),
    "leaky_gate": _two(lambda g, x, slope: jnp.where(x > 0, g, slope * g)),
    "tanh": lambda x: bound(jnp.tanh, x),
    "where": lambda condition, x, y: bound(jnp.where, condition, x, y),
    "matmul": _two(jnp.matmul),
}
