"""Numbers that steps leave on their device, for the host to read many of them together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.devices import to_device, xp_of, xp_on
from minigrad.tensor import Tensor
from minigrad.tracing import call
from minigrad.types import Array

__all__ = ["Readings"]


class Readings:
    """A buffer of ``rows`` rows on ``device``: a ``write`` fills the next one, a ``read`` takes them all.

    To read a loss from a GPU the host waits for the GPU, which then waits for more work. A captured step that
    writes its numbers here, instead of returning them, lets the host run ahead; one copy then reads many
    of them. ``unread`` is the number of rows since the last ``read``, which makes all rows free again.

    >>> import minigrad as mg
    >>> readings = mg.Readings(rows=2, columns=2)
    >>> readings.write(mg.tensor(0.5), mg.tensor(3.0))
    >>> readings.write(mg.tensor(0.25), None)
    >>> readings.read()
    array([[0.5 , 3.  ],
           [0.25,  nan]])
    """

    def __init__(self, rows: int, columns: int, device: str = "cpu") -> None:
        if rows < 1 or columns < 1:
            raise ValueError(f"Readings: rows and columns must be at least 1, got {rows} and {columns}")
        xp = xp_on(device)
        self.rows, self.columns, self.device = rows, columns, device
        self.unread = 0
        self._memory: Array = xp.zeros((rows, columns), np.float64)
        self._nothing = Tensor(xp.full((1,), np.nan, np.float64))

    def write(self, *values: Tensor | None) -> None:
        """Append a row of ``columns`` Tensors of one element, on the device; None is NaN.

        Raises RuntimeError if all rows are unread, ValueError for another number of values or elements.
        """
        if len(values) != self.columns or any(v is not None and v.size != 1 for v in values):
            raise ValueError(
                f"Readings.write: expected {self.columns} Tensors of one element or None, got "
                f"{len(values)}, of shapes {[None if v is None else v.shape for v in values]}"
            )
        row = call(self._next_row)
        row = row if self.device == "cpu" else call(to_device, row, self.device)
        call(_put, self._memory, row, *[(self._nothing if v is None else v)._data for v in values])

    def read(self) -> NDArray[np.float64]:
        """The unread rows, (unread, columns), in the order of writing; waits for the device."""
        rows: NDArray[np.float64] = np.array(to_device(self._memory[: self.unread], "cpu"))
        self.unread = 0
        return rows

    def _next_row(self) -> Array:
        """The index of the next row. The host counts the rows, in each replay too."""
        if self.unread == self.rows:
            raise RuntimeError(f"Readings.write: all {self.rows} rows are unread; read() them first")
        self.unread += 1
        return np.array([self.unread - 1])


def _put(memory: Array, row: Array, *values: Array) -> None:
    xp: Any = xp_of(memory)
    memory[row] = xp.concatenate([value.reshape(1).astype(np.float64, copy=False) for value in values])
