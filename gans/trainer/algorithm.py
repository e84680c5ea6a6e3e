"""The steps of a system's training: real batches, noise, learning rates, averages, and their state."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from gans.data import Dataset
from gans.systems import Batch, System
from gans.trainer.batches import ALONE, Batches
from gans.trainer.executors import RunUpdate
from gans.trainer.randomness import RunGenerators
from gans.updates import BoundUpdate
from minigrad import Tensor
from minigrad.devices import to_device
from minigrad.distributed import Communicator, using
from minigrad.random import Generator

__all__ = ["Algorithm"]


class Algorithm:
    """Runs ``System.step`` step by step; it is the ``Trainer`` that a step sees.

    It holds all that the steps change: the system, the generators of random numbers, the count of steps.
    """

    def __init__(self, system: System, data: Dataset, seed: int, ranks: Communicator = ALONE) -> None:
        self.system = system
        self.data = data
        self.ranks = ranks
        self._most = system.batches_per_step
        self.batches = Batches(data, system.settings.batch_size, self._most, seed, ranks)
        self.random = RunGenerators(seed, system.device)
        self.step = 0
        self._update: RunUpdate | None = None
        self._taken = 0
        for name in system.rates(0):
            if not hasattr(system, name):
                raise AttributeError(f"{system!r} has no {name}, whose learning rate its settings decide")

    @property
    def rng(self) -> Generator:
        """The generator of noise, on the system's device."""
        return self.random.noise

    @property
    def host_rng(self) -> Any:
        """The generator of choices on the host, and of points."""
        return self.random.data

    def batch(self) -> Batch:
        """The next real batch of this step, on the system's device.

        Raises RuntimeError if the step has taken ``batches_per_step`` of them already.
        """
        system = self.system
        if self._taken == self._most:
            raise RuntimeError(
                f"{system!r} took more than {self._taken} batches in a step: its batches_per_step is too low"
            )
        arrays = self.batches.batch(self.step, self._taken, self.random.data)
        if arrays.labels is not None and not system.labelled:
            arrays = arrays._replace(labels=None)  # no copy to a GPU that no update reads
        self._taken += 1
        tensors = [None if a is None else Tensor(to_device(self._typed(a), system.device)) for a in arrays]
        return Batch(*tensors)  # type: ignore[arg-type]  # real is never None

    def _typed(self, array: NDArray[Any]) -> NDArray[Any]:
        """The array in the dtype of the system's weights, if it holds floats."""
        return array.astype(self.system.dtype, copy=False) if array.dtype.kind == "f" else array

    def update(self, update: BoundUpdate, *arguments: Any) -> Any:
        """Run one update of this step."""
        assert self._update is not None, "an update runs within a step"
        return self._update(update, *arguments)

    def run(self, update: RunUpdate) -> None:
        """Run the next step, each of its updates through ``update``, and count it."""
        system = self.system
        for name, rate in system.rates(self.step).items():
            getattr(system, name).lr = rate
        self._update, self._taken = update, 0
        with using(self.ranks):
            system.step(self)
        for average in system.averages.values():
            average.update()
        self.step += 1

    def state_dict(self) -> dict[str, Any]:
        """All that later steps depend on, ready for ``minigrad.save``."""
        return {"step": self.step, "random": self.random.get_state(), "parts": self.system.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from where ``state_dict`` was called: later steps are the same bit for bit."""
        self.system.load_state_dict(state["parts"])
        self.random.set_state(state["random"])
        self.step = state["step"]
