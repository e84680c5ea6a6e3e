"""The generators of the process: NumPy's for the CPU, a Philox for a GPU.

Their state is a small dict of JSON values, so a checkpoint can hold it and a resumed run draws the same
numbers.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Literal, overload

import numpy as np

from minigrad.devices import to_device
from minigrad.random.philox import Generator, Philox
from minigrad.tracing import not_in_capture

_host = np.random.Generator(np.random.PCG64())
_device = Philox(secrets.randbits(128))


@overload
def generator(device: Literal["cpu"] = "cpu") -> np.random.Generator: ...
@overload
def generator(device: str) -> Generator: ...
def generator(device: str = "cpu") -> Generator:
    """The process-wide generator of ``device``: NumPy's for "cpu", a ``Philox`` for "cuda".

    It is one object for the life of the process; seeding changes its state, not its identity. Initial weights
    (``minigrad.nn.init``) are drawn on the CPU and then moved, dropout masks on their device. Raises as
    ``Tensor.to`` for the device.

    >>> import minigrad as mg
    >>> mg.random.generator() is mg.manual_seed(0)  # an object of NumPy's
    True
    """
    if device == "cpu":
        return _host
    _device._state = to_device(_device.state, device)  # it is on the CPU until the first call
    return _device


def manual_seed(seed: int) -> np.random.Generator:
    """Set the states of the generators from ``seed``, an integer >= 0, and return the CPU's generator.

    Before the first call they are seeded from the operating system.

    >>> import minigrad as mg
    >>> float(mg.manual_seed(3).random()) == float(mg.manual_seed(3).random())
    True
    """
    not_in_capture("manual_seed() was called", "seed outside the step")
    _device.set_state(Philox(seed).get_state())
    _host.bit_generator.state = np.random.PCG64(seed).state
    return _host


def get_state() -> dict[str, Any]:
    """The generators' states as a dict of JSON values, for ``set_state``.

    >>> import minigrad as mg
    >>> mg.random.get_state()["bit_generator"]
    'PCG64'
    """
    return {**_host.bit_generator.state, "device": _device.get_state()}


def set_state(state: dict[str, Any]) -> None:
    """Restore a state that ``get_state`` returned.

    A state of a version without a generator for GPUs does not change that generator. Raises ValueError, and
    changes nothing, if ``state`` is not such a dict.

    >>> import minigrad as mg
    >>> state = mg.random.get_state()
    >>> first = mg.random.uniform(3)
    >>> mg.random.set_state(state)
    >>> mg.ops.all(mg.random.uniform(3) == first).item()
    True
    """
    not_in_capture("the random state was set", "set it outside the step")
    host, device = np.random.PCG64(), Philox(0)
    try:
        host.state = state  # type: ignore[assignment]
        if "device" in state:
            device.set_state(state["device"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"not a state of minigrad.random.get_state(): {error!r}") from error
    _host.bit_generator.state = host.state
    if "device" in state:
        _device.set_state(state["device"])


def snapshot(*generators: Generator) -> Callable[[], None]:
    """A function that puts ``generators`` and the process-wide ones back into their present states.

    A state on a GPU stays there, and the host does not wait for it, as ``get_state`` would.

    >>> import minigrad as mg
    >>> restore = mg.random.snapshot()
    >>> first = mg.random.generator().random()
    >>> restore()
    >>> mg.random.generator().random() == first
    True
    """
    restores = [_restoring(each) for each in (*generators, _host, _device)]

    def restore() -> None:
        for each in restores:
            each()

    return restore


def _restoring(generator: Generator) -> Callable[[], None]:
    if isinstance(generator, Philox):
        philox, array = generator, generator.state.copy()

        def restore_philox() -> None:
            philox.state[...] = to_device(array, philox.device)

        return restore_philox
    bits, state = generator.bit_generator, generator.bit_generator.state

    def restore() -> None:
        bits.state = state

    return restore
