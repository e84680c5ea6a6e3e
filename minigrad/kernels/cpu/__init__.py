"""The kernels for NumPy arrays on the CPU, compiled by Numba when first called and then kept on disk.

float32 and float64 arrays of any strides. Results do not depend on the number of threads.

A small family is a file, a larger one a folder, whose ``kernels`` has the public functions. ``runtime``
compiles and launches them all, and ``tiles`` has the products in vector registers that most of them end in.
"""

from minigrad.exports import public as _public
from minigrad.kernels.cpu.activation import *
from minigrad.kernels.cpu.bias import *
from minigrad.kernels.cpu.blocks import *
from minigrad.kernels.cpu.conv.kernels import *
from minigrad.kernels.cpu.gemm.kernels import *
from minigrad.kernels.cpu.loss import *
from minigrad.kernels.cpu.norm.kernels import *
from minigrad.kernels.cpu.norm.running import *
from minigrad.kernels.cpu.optimizer.kernels import *
from minigrad.kernels.cpu.philox import *
from minigrad.kernels.cpu.sampling import *
from minigrad.kernels.cpu.selection import *
from minigrad.kernels.cpu.smooth import *

__all__ = _public(globals())
