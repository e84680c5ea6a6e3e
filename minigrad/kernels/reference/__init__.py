"""The kernels in plain NumPy, written to be read: the oracle for the others. Any float dtype, any strides.

A file for each family: ``cpu`` and ``cuda`` have a file or a folder of its name. The kernels' names and
signatures are the same in all three.
"""

from __future__ import annotations

from minigrad.kernels.philox import philox_normal, philox_uniform
from minigrad.kernels.reference.activation import leaky_gate, leaky_relu
from minigrad.kernels.reference.bias import bias_leaky_relu, bias_leaky_relu_grad
from minigrad.kernels.reference.conv import (
    conv2d,
    conv2d_bias_leaky_relu,
    conv2d_moments,
    conv2d_weight,
    conv_transpose2d,
    conv_transpose2d_moments,
)
from minigrad.kernels.reference.gemm import linear, matmul, matmul_gate, stacked_matmul
from minigrad.kernels.reference.loss import mean_softplus, mean_softplus_grad
from minigrad.kernels.reference.norm import batch_norm, batch_norm_grad, standardize, standardize_grad
from minigrad.kernels.reference.optimizer import (
    adam_update,
    adamw_update,
    rmsprop_update,
    sgd_update,
    sum_squares,
)
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
