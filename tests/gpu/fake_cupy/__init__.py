"""A stand-in for the module ``cupy`` that keeps its arrays in host memory and refuses what CuPy refuses.

It is a fake, not CuPy. It shows that minigrad moves nothing between host and device unasked, and calls only
functions listed here; it shows nothing about CuPy's own numbers, streams, memory or speed. It models, after
CuPy 14's documentation and sources:

- no implicit conversion to NumPy, and no NumPy array or list as an operand: TypeError;
- results without axes are arrays, never NumPy scalars; Python and NumPy numbers are operands;
- ``flags`` have no ``writeable``, ``aligned`` or ``carray``; ``base`` is the array that owns the memory;
- an index array that is out of range wraps around;
- ``add`` alone has ``reduce`` and ``at``; other names than those below do not exist;
- ``RawModule`` runs CUDA C++ on the arrays, here by the emulator; arrays of NumPy's are refused;
- a stream that is capturing records what functions and kernels do to addresses, and does nothing; reading an
  array, waiting, and cuBLAS are errors then; ``Graph.launch`` does it.

It is stricter in capture: memory from another pool than a private one, what CuPy would compile or load, and
copies of single numbers from the host, which CuPy would record as they were, are errors too, and so is a
launch that touches memory which was freed meanwhile. Freed memory is filled with NaN and handed out again.

It is stricter in three other things: NumPy functions cannot be called on its arrays, where CuPy would take
over; a NumPy array is no index and cannot be assigned, where CuPy would copy it; and what is broadcast is
read-only, where CuPy would let many elements be written as one. It is laxer in two: an index of bools is
free, where CuPy reads back how many are true; and streams do everything at once, in the order of the calls.
``memory.device`` counts the copies to the host (``reads``; ``sent`` where it does not wait) and to the device
(``writes``, ``written`` bytes in all), whoever asks for them, and the launches of graphs.
"""

from tests.gpu.fake_cupy import cuda
from tests.gpu.fake_cupy.arrays import ndarray
from tests.gpu.fake_cupy.functions import *  # noqa: F403
from tests.gpu.fake_cupy.raw import RawModule

__all__ = ["RawModule", "cuda", "ndarray"]
