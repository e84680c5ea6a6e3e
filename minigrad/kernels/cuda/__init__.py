"""The kernels for CuPy arrays on NVIDIA GPUs: CUDA C++, compiled by NVRTC at the first launch.

Files. A ``.cu`` file has kernels, a Python module checks arrays and launches them. Small families are a pair
of files here; a larger one is a folder, and its ``kernels.py`` has the functions that other code calls.

    runtime/     compilation and launch, the launchers' arrays, device code that all files share
    product/     tiles of matrix products: a simple one, and a pipelined one for float32
    gemm/ conv/  matrix products and the linear layer; the convolution and its adjoints
    norm/        batch norm, and the moments that a convolution passes to it
    sampling, selection, smooth   have no ``.cu`` file: they call CuPy's functions

``runtime.loading.Source`` resolves the ``#include`` lines of a ``.cu`` file, so that CuPy and an emulator on
the CPU compile one and the same text. Every kernel is a template on the arrays' element type, and one
RawModule holds its float and double instances. A block has 256 threads in a row, a grid has one axis; a
comment above each kernel says what a thread or block owns.

- Numbers that a source and its launcher share (THREADS, TILE) are compiler options.
- A kernel's arguments are arrays and typed NumPy numbers; ``Source.launch`` refuses a raw Python number.
- Offsets into memory are 64-bit. Sizes of axes and planes are 32-bit; a larger one is an OverflowError.
- Float32 products and convolutions use the pipelined tile: ``cp.async`` copies the operands into shared
  memory stage by stage, and they are multiplied in float32 or, within ``precision.allow_tf32``, on tensor
  cores. The simple tile serves float64, arrays whose offsets pass 32 bits, and devices before compute
  capability 8.0. ``conv.direct`` serves layers with one channel on a side. Only ``product/ptx.cuh`` has
  inline PTX.
- A product's launch also does what follows it: it adds a bias and applies the rectifier. In the backward pass
  it applies the rectifier's gate: each block reads its finished tile again and sums its columns.
- No kernel uses atomics. Each block sums a share that depends on shapes alone, and a second kernel adds the
  shares in order: the same call gives the same bits, on every device.
- Batch norm merges the moments of the pieces of each channel. A convolution before it can pass them on: a
  warp computes those of its part of a tile while the sums are in registers, the kernel that adds shares
  computes those of a slice, and batch norm then reads its input once. Float64 arrays and layers with one
  channel take another pass for the moments.
- Arrays of any strides are taken; those that are not C-contiguous are copied. New arrays come from the
  library of the given ones: NumPy arrays work while ``runtime.loading.use`` has an emulator in CuPy's place.

Sums over channels, losses and norms run in float64, sums within a product's tile in float32, products in the
arrays' own type. CuPy compiles with ``-ftz=true``: on a GPU a subnormal float32 is zero.
"""

from minigrad.exports import public as _public
from minigrad.kernels.cuda.activation import *
from minigrad.kernels.cuda.bias import *
from minigrad.kernels.cuda.blocks import *
from minigrad.kernels.cuda.conv.kernels import *
from minigrad.kernels.cuda.gemm.kernels import *
from minigrad.kernels.cuda.loss import *
from minigrad.kernels.cuda.norm.kernels import *
from minigrad.kernels.cuda.optimizer import *
from minigrad.kernels.cuda.philox import *
from minigrad.kernels.cuda.sampling import *
from minigrad.kernels.cuda.selection import *
from minigrad.kernels.cuda.smooth import *

__all__ = _public(globals())
