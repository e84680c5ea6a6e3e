"""A moving average of a module's weights."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from minigrad.optim.checks import below_one
from minigrad.optim.optimizers import SGD
from minigrad.tensor import Tensor
from minigrad.tracing import call, not_in_capture, watch
from minigrad.types import Array

__all__ = ["EMA"]


class Averaged(Protocol):
    """The methods of a module that an average calls."""

    def parameters(self) -> Sequence[Tensor]: ...
    def modules(self) -> Iterator[Any]: ...
    def eval(self) -> Any: ...
    def state_dict(self) -> dict[str, Array]: ...
    def load_state_dict(self, state: Mapping[str, Any]) -> Any: ...


M = TypeVar("M", bound=Averaged)


class EMA(Generic[M]):
    """An exponential moving average of a module's weights: ``average <- decay average + (1 - decay) weight``.

    ``module`` is a copy of ``source`` with the averages for weights, in evaluation mode; its buffers (running
    statistics) are those of ``source`` at the last ``update``. Samples of a generator's average are better
    than those of its last weights. One update is one call of a kernel for all parameters of one dtype; it may
    be part of a captured step, and reads ``decay`` whenever it is replayed.

    Raises TypeError for what is no module, ValueError for one without parameters and for a ``decay`` outside
    [0, 1). Karras et al. (2018), appendix A.1; for a mean over all steps: Polyak and Juditsky (1992).

    >>> import minigrad as mg
    >>> net = mg.nn.Linear(1, 1, bias=False)
    >>> mg.nn.init.constant_(net.weight, 1.0)
    tensor([[1.]], float32)
    >>> average = mg.optim.EMA(net, decay=0.75)
    >>> mg.optim.SGD(net.parameters(), lr=1.0).step([mg.tensor([[-4.0]])])  # the weight is 5 now
    >>> average.update()
    >>> average.module(mg.tensor([[10.0]])).item()
    20.0
    """

    def __init__(self, source: M, decay: float = 0.999) -> None:
        if not hasattr(source, "modules") or not hasattr(source, "load_state_dict"):
            raise TypeError(f"EMA: expected a module, got a {type(source).__name__}")
        self._params = list(source.parameters())
        if not self._params:
            raise ValueError(f"EMA: {type(source).__name__} has no parameters to average")
        self.module: M = copy.deepcopy(source)
        self.module.eval()
        self._buffers = [
            (own, average, name)
            for own, average in zip(source.modules(), self.module.modules(), strict=True)
            for name in own._buffer_names
        ]
        # average + (1 - decay) (weight - average): an ascent with the weight as gradient, and a decay of 1
        self._step = SGD(self.module.parameters(), weight_decay=1.0, maximize=True)
        self.decay = decay

    @property
    def decay(self) -> float:
        """The share of the average that an update keeps, in [0, 1)."""
        return self._decay

    @decay.setter
    def decay(self, value: float) -> None:
        not_in_capture("EMA.decay was set", "set it before the step")
        wrong = below_one("decay", value)
        if wrong:
            raise ValueError(f"EMA: {wrong}")
        self._decay = float(value)
        self._step.lr = 1 - self._decay

    def update(self, *, where: Tensor | None = None) -> None:
        """Move the averages towards the present weights and copy the buffers; call it after each step.

        With ``where``, a Tensor of one element on the parameters' device, the averages change only if it is
        true. Raises TypeError if the source was moved or converted since.
        """
        for index, (p, own) in enumerate(zip(self._step.params, self._params, strict=True)):
            if (p.dtype, p.device) != (own.dtype, own.device):
                raise TypeError(
                    f"EMA: parameter {index} became {own.dtype} on {own.device}, its average is {p.dtype} on "
                    f"{p.device}; make a new one"
                )
        watch(self._sources)
        self._step.step(self._params, where=where)
        buffers = self._present_buffers()
        if buffers:
            call(_copy, *buffers)

    def _sources(self) -> list[int]:
        """The identities of the arrays that are averaged or copied, and of those that the copies go to."""
        return [id(array) for array in (*[p._data for p in self._params], *self._present_buffers())]

    def _present_buffers(self) -> list[Array]:
        """Each buffer of the source, and behind it the one that it is copied to."""
        pairs = [(getattr(own, name), getattr(average, name)) for own, average, name in self._buffers]
        return [array for pair in pairs if pair[0] is not None for array in pair]

    def copy_to(self, module: Averaged) -> None:
        """Write averages and buffers into another module of the same kind, or into the source itself."""
        module.load_state_dict(self.module.state_dict())

    def state_dict(self) -> dict[str, Any]:
        """Copies of the averages and buffers, and the decay."""
        return {"decay": self.decay, "module": self.module.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what ``state_dict`` returned. Raises ValueError, and changes nothing, if it is unfit."""
        fits = set(state) == {"decay", "module"} and isinstance(state["module"], Mapping)
        if not fits or below_one("decay", state["decay"]):
            raise ValueError(f"EMA.load_state_dict: expected a state of EMA, got the keys {sorted(state)}")
        self.module.load_state_dict(state["module"])
        self.decay = state["decay"]

    def __repr__(self) -> str:
        return f"EMA({type(self.module).__name__}, decay={self.decay})"


def _copy(*buffers: Array) -> None:
    for own, average in zip(buffers[::2], buffers[1::2], strict=True):
        average[...] = own
