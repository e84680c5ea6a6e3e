"""The kernels for NumPy arrays on the CPU, compiled by Numba when first called and then kept on disk.

float32 and float64 arrays of any strides. Results do not depend on the number of threads.

A small family is a file, a larger one a folder, whose ``kernels`` has the public functions. ``runtime``
compiles and launches them all, and ``tiles`` has the products in vector registers that most of them end in.
"""

from __future__ import annotations

from minigrad.kernels.cpu.activation import leaky_gate, leaky_relu
from minigrad.kernels.cpu.bias import bias_leaky_relu, bias_leaky_relu_grad
from minigrad.kernels.cpu.conv.kernels import (
    conv2d,
    conv2d_bias_leaky_relu,
    conv2d_moments,
    conv2d_weight,
    conv_transpose2d,
    conv_transpose2d_moments,
)
from minigrad.kernels.cpu.gemm.kernels import linear, matmul, matmul_gate, stacked_matmul
from minigrad.kernels.cpu.loss import mean_softplus, mean_softplus_grad
from minigrad.kernels.cpu.norm.kernels import batch_norm, batch_norm_grad, standardize, standardize_grad
from minigrad.kernels.cpu.optimizer.kernels import (
    adam_update,
    adamw_update,
    rmsprop_update,
    sgd_update,
    sum_squares,
)
from minigrad.kernels.cpu.philox import philox_normal, philox_uniform
from minigrad.kernels.running import update_running_stats

__all__ = [
    "adam_update",
    "adamw_update",
    "batch_norm",
    "batch_norm_grad",
    "bias_leaky_relu",
    "bias_leaky_relu_grad",
    "conv2d",
    "conv2d_bias_leaky_relu",
    "conv2d_moments",
    "conv2d_weight",
    "conv_transpose2d",
    "conv_transpose2d_moments",
    "leaky_gate",
    "leaky_relu",
    "linear",
    "matmul",
    "matmul_gate",
    "mean_softplus",
    "mean_softplus_grad",
    "philox_normal",
    "philox_uniform",
    "rmsprop_update",
    "sgd_update",
    "stacked_matmul",
    "standardize",
    "standardize_grad",
    "sum_squares",
    "update_running_stats",
]
