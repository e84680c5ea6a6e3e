"""Which array library and which kernels serve an array: an array's type picks its module.

The device "cpu" holds NumPy's arrays, "cuda" CuPy's, on the GPU that CuPy calls the current one. CuPy is
imported when the first array is moved there; until then no array can be one of its.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.blocks import Block, Setting
from minigrad.kernels import forking, launching, precision, settings

Array = NDArray[Any]

launch_lock = launching.lock
noting_launches = launching.noting
held_at_fork = forking.held
check_gpu = forking.check_gpu
allow_tf32 = precision.allow_tf32
tf32_allowed = precision.tf32_allowed
sgd_settings = settings.sgd_settings
rmsprop_settings = settings.rmsprop_settings
adam_settings = settings.adam_settings
adamw_settings = settings.adamw_settings

DEVICES = ("cpu", "cuda")
KERNELS = ("cpu", "reference", "cuda")

_chosen_kernels = Setting("kernels", "cpu")


def on_gpu(value: object) -> bool:
    """Whether ``value`` is an array of CuPy's."""
    cupy = sys.modules.get("cupy")
    return cupy is not None and isinstance(value, getattr(cupy, "ndarray", ()))


def is_array(value: object) -> bool:
    """Whether ``value`` is an array of either library."""
    return isinstance(value, np.ndarray) or on_gpu(value)


def device_of(array: object) -> str:
    """The device that holds ``array``."""
    if isinstance(array, np.ndarray):
        return "cpu"
    if on_gpu(array):
        return "cuda"
    raise TypeError(f"expected a NumPy or CuPy array, got {type(array).__name__}")


def xp_of(array: object) -> Any:
    """The NumPy-like module that computes on ``array``."""
    return np if isinstance(array, np.ndarray) else xp_on(device_of(array))


def xp_on(device: str) -> Any:
    """The NumPy-like module whose arrays lie on ``device``.

    Raises ValueError for an unknown device. For "cuda", ModuleNotFoundError without CuPy, RuntimeError
    without a driver or a GPU; both say what to install.
    """
    if device not in DEVICES:
        raise ValueError(f"there is no device {device!r}; choose {' or '.join(map(repr, DEVICES))}")
    return np if device == "cpu" else _load("cuda.loading").cupy()


def kernels_of(array: object) -> Any:
    """The module of hand-written kernels that computes on ``array``; imported when first asked for."""
    if not isinstance(array, np.ndarray):
        device_of(array)
        return _load("cuda")
    chosen = _chosen_kernels.get()
    if chosen == "cuda":
        _check_emulated()
    return _load(chosen)


def to_device(array: Array, device: str) -> Array:
    """``array`` on ``device``, without a copy if it is there already; raises as ``xp_on``."""
    xp = xp_on(device)
    if device_of(array) == device:
        return array
    check_gpu()
    if _recording_graph:
        raise RuntimeError("numbers would move between CPU and GPU, which a CUDA graph cannot repeat")
    moved: Array = array.get(order="A") if xp is np else xp.asarray(array)  # type: ignore[attr-defined]
    return moved


_recording_graph = False


@contextmanager
def recording_graph() -> Iterator[None]:
    """Within the block ``to_device`` moves nothing: RuntimeError.

    CuPy refuses a copy from the host too, or, before 14 and of a single number, records what it was then.
    """
    global _recording_graph
    _recording_graph = True
    try:
        yield
    finally:
        _recording_graph = False


def check_device(device: object) -> None:
    """Raise TypeError for a dtype in place of a device, and for what is neither."""
    if isinstance(device, str) and device not in np.sctypeDict:
        return
    try:
        dtype = np.dtype(device)  # type: ignore[call-overload]
    except TypeError:
        raise TypeError(f'to() takes a device, "cpu" or "cuda", got {device!r}') from None
    raise TypeError(f'to() takes a device, "cpu" or "cuda"; for {dtype} write .astype("{dtype}")')


def check_one_device(arrays: Sequence[Array]) -> None:
    """Raise ValueError unless all arrays are on one device."""
    devices = sorted({device_of(array) for array in arrays})
    if len(devices) > 1:
        raise ValueError(
            f"expected everything on one device, got {' and '.join(devices)}; "
            f"move what is elsewhere, as in x.to({devices[-1]!r})"
        )


def as_array(result: Any) -> Array:
    """What a function of arrays returned, as an array: NumPy makes a scalar where an array has no axes."""
    return result if on_gpu(result) else np.asarray(result)


def numbers(arrays: Sequence[Array]) -> list[Any]:
    """The only elements of the arrays as Python numbers; those on a GPU are read in one copy, as floats."""
    if not arrays or not on_gpu(arrays[0]):
        return [array.item() for array in arrays]
    check_one_device(arrays)
    flat = [array.reshape(1).astype(np.float64) for array in arrays]
    values: list[Any] = to_device(xp_of(arrays[0]).concatenate(flat), "cpu").tolist()
    return values


def address_of(array: Array) -> int:
    """The address of the first element, in its device's memory."""
    address: int = array.data.ptr if on_gpu(array) else array.__array_interface__["data"][0]  # type: ignore[attr-defined]
    return address


def is_writeable(array: Array) -> bool:
    """Whether each element can be written by itself; CuPy marks no array read-only, nor what it broadcast."""
    if on_gpu(array):
        return all(stride or size <= 1 for stride, size in zip(array.strides, array.shape, strict=True))
    return bool(array.flags.writeable)


def read_only(array: Array) -> Array:
    """A view of ``array`` that cannot be written; ``array`` itself on a GPU, where nothing can be marked."""
    if on_gpu(array) or not array.flags.writeable:
        return array
    view = array.view()
    view.flags.writeable = False
    return view


def fits_in_place(array: Array) -> bool:
    """Whether a kernel can update ``array`` where it lies: C-contiguous, writeable and aligned."""
    return bool(array.flags.c_contiguous if on_gpu(array) else array.flags.carray)


def use_kernels(name: str) -> Block[str]:
    """Within the block NumPy arrays are served by the kernels called ``name``: "cpu", "reference" or "cuda".

    "cuda" is for tests: its kernels see NumPy arrays only while an emulator runs them, else RuntimeError.
    CuPy's arrays are always served by "cuda". A thread or asynchronous task sees its own blocks alone.
    """
    if name not in KERNELS:
        raise ValueError(f"kernels {name!r} do not exist; choose one of {', '.join(KERNELS)}")
    if name == "cuda":
        _check_emulated()
    return _chosen_kernels.changed(lambda _: name)


def kernels_in_use() -> str:
    """The name of the kernels that serve NumPy arrays here."""
    return _chosen_kernels.get()


def _check_emulated() -> None:
    if not _load("cuda.loading").emulated():
        raise RuntimeError(
            "the CUDA kernels take NumPy arrays only where an emulator runs them, within "
            "minigrad.kernels.cuda.loading.use(emulator); on a GPU, move Tensors there by .to('cuda')"
        )


_loaded: dict[str, ModuleType] = {}


def _load(name: str) -> ModuleType:
    if name not in _loaded:
        _loaded[name] = importlib.import_module(f"minigrad.kernels.{name}")
    return _loaded[name]
