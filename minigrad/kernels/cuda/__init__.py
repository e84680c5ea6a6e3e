"""The kernels for CuPy arrays on NVIDIA GPUs: CUDA C++, compiled by NVRTC when first launched.

Design. Each family is a ``.cu`` file and a launcher of the same name. A source has no ``#include``: it is
what ``loading.Source`` joins of the ``.cuh`` files that it needs and the file itself, so that CuPy and an
emulator on the CPU take the very same text. Every kernel is a template on the arrays' element type; one
RawModule holds a source's float and double instances. Blocks have 256 threads in a row, on a grid of one
axis; each kernel says above its loop what a thread or block owns.

- Numbers that a source and its launcher share (THREADS, TILE) are compiler options, in one place.
- Arguments are arrays and typed NumPy numbers; a raw Python number is a TypeError (``Source.launch``).
- Places in memory are 64-bit; sizes of single axes and planes are 32-bit, a larger one is an OverflowError.
- float32 products and convolutions go by ``products``: tiles that cp.async brings into shared memory stage by
  stage, multiplied in float32 or, within ``precision.allow_tf32``, on tensor cores. The simple kernels of
  gemm.cu and conv.cu are the way for float64, for arrays whose offsets pass 32 bits and for devices before
  compute capability 8.0. Inline PTX is in ptx.cuh alone. ``direct`` has the layers with one channel on a
  side.
- What follows a product is in its launch: a bias and the rectifier, or in the backward pass the rectifier's
  gate, where a block that has written its tile goes over it again and sums its columns (``columns``).
- No kernel uses atomics: a sum is taken by blocks whose share depends on shapes alone, then in their order by
  a second kernel. The same call gives the same bits, on every device.
- Batch norm's mean and variance are merged from the moments of pieces of each channel (``moments``). A
  convolution before it hands them on: each warp has those of what it owns of a tile before it leaves the
  registers, and the pass that adds shares has them too, so that batch norm reads its input once. Moments of
  float64 arrays and of layers with one channel take a pass of their own.
- Arrays of any strides are taken; those that are not C-contiguous are copied. New arrays are made by the
  library of the arrays that came in, so that NumPy arrays serve while ``loading.use`` has an emulator.

float32 and float64. Sums over channels, losses and norms run in float64, within a product's tile in float32;
products in the arrays' own type. CuPy compiles with -ftz=true: on a GPU a subnormal float32 is zero.
"""

from __future__ import annotations

from minigrad.kernels.cuda.activation import leaky_gate, leaky_relu
from minigrad.kernels.cuda.bias import bias_leaky_relu, bias_leaky_relu_grad
from minigrad.kernels.cuda.conv import (
    conv2d,
    conv2d_bias_leaky_relu,
    conv2d_moments,
    conv2d_weight,
    conv_transpose2d,
    conv_transpose2d_moments,
)
from minigrad.kernels.cuda.gemm import linear, matmul, matmul_gate, stacked_matmul
from minigrad.kernels.cuda.loss import mean_softplus, mean_softplus_grad
from minigrad.kernels.cuda.norm import (
    batch_norm,
    batch_norm_grad,
    standardize,
    standardize_grad,
    update_running_stats,
)
from minigrad.kernels.cuda.optimizer import (
    adam_update,
    adamw_update,
    rmsprop_update,
    sgd_update,
    sum_squares,
)
from minigrad.kernels.cuda.philox import philox_normal, philox_uniform

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
