"""All ops: differentiable functions of Tensors, to any order of derivative.

``__all__`` of a module is what users call. Its ``INTERNAL`` is what derivatives and fused layers are made of,
and the definitions that tests compare fused ops with.
"""

import sys as _sys

from minigrad.exports import public as _public
from minigrad.hints import of_module as _of_module
from minigrad.ops.activation import *
from minigrad.ops.blocks import *
from minigrad.ops.classification import *
from minigrad.ops.conv import *
from minigrad.ops.cumulative import *
from minigrad.ops.einsum import *
from minigrad.ops.elementwise import *
from minigrad.ops.embedding import *
from minigrad.ops.interpolate import *
from minigrad.ops.linalg import *
from minigrad.ops.loss import *
from minigrad.ops.norm import *
from minigrad.ops.padding import *
from minigrad.ops.pool import *
from minigrad.ops.query import *
from minigrad.ops.ranks import *
from minigrad.ops.rearrange import *
from minigrad.ops.rectifiers import *
from minigrad.ops.reduce import *
from minigrad.ops.rounding import *
from minigrad.ops.shape import *
from minigrad.ops.smooth import *
from minigrad.ops.vector_norm import *
from minigrad.registry import functions as _functions

__all__ = _public(globals())

_families = [module for name, module in _sys.modules.items() if name.startswith(f"{__name__}.")]
globals().update(
    {name: getattr(module, name) for module in _families for name in getattr(module, "INTERNAL", ())}
)
_functions.update({name: globals()[name] for name in _public(globals())})

__getattr__ = _of_module(__name__)


def __dir__() -> list[str]:
    return sorted([*__all__, *(name for name in globals() if name.startswith("__"))])
