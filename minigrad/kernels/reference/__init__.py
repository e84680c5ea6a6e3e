"""The kernels in plain NumPy, written to be read: the oracle for the others. Any float dtype, any strides.

A file for each family: ``cpu`` and ``cuda`` have a file or a folder of its name. The kernels' names and
signatures are the same in all three.
"""

from minigrad.exports import public as _public
from minigrad.kernels.philox import *
from minigrad.kernels.reference.activation import *
from minigrad.kernels.reference.bias import *
from minigrad.kernels.reference.blocks import *
from minigrad.kernels.reference.conv import *
from minigrad.kernels.reference.gemm import *
from minigrad.kernels.reference.loss import *
from minigrad.kernels.reference.norm import *
from minigrad.kernels.reference.optimizer import *
from minigrad.kernels.reference.sampling import *
from minigrad.kernels.reference.selection import *
from minigrad.kernels.reference.smooth import *
from minigrad.kernels.running_statistics import *

__all__ = _public(globals())
