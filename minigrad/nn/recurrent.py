"""Recurrent layers: one step of an LSTM or a GRU, and both along sequences."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from minigrad import ops
from minigrad.creation import zeros
from minigrad.nn import init
from minigrad.nn.dropout import dropped
from minigrad.nn.functional.layers import linear
from minigrad.nn.module import Module, Parameter
from minigrad.tensor import Tensor

__all__ = ["GRU", "GRUCell", "LSTM", "LSTMCell"]

State = tuple[Tensor, ...]
"""What goes from step to step: (h, c) in an LSTM, (h,) in a GRU."""

Step = Callable[[Tensor, State], State]
"""An input (n, i) and the state before it -> the state after it."""

Weights = tuple[Parameter, Parameter, Parameter | None, Parameter | None]
"""weight_ih, weight_hh, bias_ih and bias_hh."""


def lstm_step(w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None, b_hh: Tensor | None) -> Step:
    """One step of an LSTM: the weights lie side by side, so that it multiplies once."""
    w = ops.concatenate([w_ih, w_hh], axis=1)  # (4 h, i + h)
    b = None if b_ih is None or b_hh is None else b_ih + b_hh

    def step(x: Tensor, state: State) -> State:
        h, c = state
        gates = linear(ops.concatenate([x, h], axis=1), w, b)
        i, f, g, o = ops.chunk(gates, 4, axis=1)
        c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
        return ops.sigmoid(o) * ops.tanh(c), c

    return step


def gru_step(w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None, b_hh: Tensor | None) -> Step:
    """One step of a GRU."""

    def step(x: Tensor, state: State) -> State:
        (h,) = state
        r_x, z_x, n_x = ops.chunk(linear(x, w_ih, b_ih), 3, axis=1)
        r_h, z_h, n_h = ops.chunk(linear(h, w_hh, b_hh), 3, axis=1)
        r, z = ops.sigmoid(r_x + r_h), ops.sigmoid(z_x + z_h)
        n = ops.tanh(n_x + r * n_h)
        return (n + z * (h - n),)

    return step


class _Recurrent(Module):
    """The base of all four: weights of the gates, states, and checks.

    Each weight holds ``gates`` of the hidden size, ``states`` are passed from step to step, and ``make_step``
    turns weights into a step.
    """

    gates: ClassVar[int]
    states: ClassVar[tuple[str, ...]]
    make_step: ClassVar[Callable[..., Step]]

    def __init__(self, input_size: int, hidden_size: int, bias: bool) -> None:
        self.input_size = operator.index(input_size)
        self.hidden_size = operator.index(hidden_size)
        self.bias = bool(bias)
        for name in ("input_size", "hidden_size"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"{type(self).__name__}: {name} must be at least 1, got {getattr(self, name)}"
                )

    def reset_parameters(self) -> None:
        """Draw new initial values, uniform on [-b, b] with ``b = 1 / sqrt(hidden_size)``."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def _add_weights(self, suffix: str, inputs: int, dtype: DTypeLike) -> None:
        """The parameters ``weight_ih``, ``weight_hh``, ``bias_ih`` and ``bias_hh`` with a suffix."""
        rows = self.gates * self.hidden_size
        for name, columns in (("weight_ih", inputs), ("weight_hh", self.hidden_size)):
            setattr(self, f"{name}{suffix}", Parameter(np.empty((rows, columns), dtype)))
        for name in ("bias_ih", "bias_hh"):
            setattr(self, f"{name}{suffix}", Parameter(np.empty(rows, dtype)) if self.bias else None)

    def _step(self, suffix: str) -> Step:
        """The step that the parameters with this suffix make."""
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return type(self).make_step(*[getattr(self, f"{name}{suffix}") for name in names])

    def _check_input(self, x: Tensor, axes: tuple[str, ...]) -> None:
        """Raise ValueError unless x has ``axes`` before its features; the first may be missing."""
        if x.ndim not in (len(axes), len(axes) + 1) or x.shape[-1] != self.input_size:
            batched = ", ".join([*axes, str(self.input_size)])
            alone = ", ".join([*[axis for axis in axes if axis != "n"], str(self.input_size)])
            alone = alone if ", " in alone else f"{alone},"
            raise ValueError(f"{self!r}: expected an input ({batched}) or ({alone}), got {x.shape}")

    def _initial(self, hx: Any, x: Tensor, shape: tuple[int, ...]) -> State:
        """The states in ``hx``, checked, or zeros (its default)."""
        if hx is None:
            return tuple(zeros(shape, dtype=x.dtype, device=x.device) for _ in self.states)
        given = (hx,) if isinstance(hx, Tensor) else tuple(hx)
        wanted = " and ".join(self.states)
        if len(given) != len(self.states):
            raise ValueError(f"{self!r}: expected the state {wanted}, got {len(given)} Tensors")
        for state in given:
            if state.shape != shape:
                raise ValueError(f"{self!r}: expected the state {wanted} of shape {shape}, got {state.shape}")
        return given


class _Cell(_Recurrent):
    """LSTMCell and GRUCell without their gates."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, *, dtype: DTypeLike = np.float32
    ) -> None:
        super().__init__(input_size, hidden_size, bias)
        self._add_weights("", self.input_size, dtype)
        self.reset_parameters()

    def _next(self, x: Tensor, hx: Any) -> State:
        self._check_input(x, ("n",))
        state = self._initial(hx, x, (*x.shape[:-1], self.hidden_size))
        if x.ndim == 2:
            return self._step("")(x, state)
        after = self._step("")(ops.expand_dims(x, 0), tuple(ops.expand_dims(s, 0) for s in state))
        return tuple(ops.squeeze(s, 0) for s in after)

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")


class LSTMCell(_Cell):
    """One step of an LSTM: ``c' = sigmoid(f) c + sigmoid(i) tanh(g)`` and ``h' = sigmoid(o) tanh(c')``.

    The gates (i, f, g, o) are the quarters of ``x weight_ih^T + bias_ih + h weight_hh^T + bias_hh``. Called
    with x (n, input_size) and the state (h, c), each (n, hidden_size) and zeros if left out, it returns
    (h', c'); n may be missing in all. Weights are (4 hidden_size, input_size) and (4 hidden_size,
    hidden_size). Raises ValueError for other shapes. Hochreiter and Schmidhuber (1997); the gate f is by Gers
    et al. (2000).

    >>> import minigrad as mg
    >>> cell = mg.nn.LSTMCell(3, 5)
    >>> h, c = cell(mg.ones((2, 3)))
    >>> h, c = cell(mg.ones((2, 3)), (h, c))
    >>> h.shape, c.shape, cell.weight_ih.shape
    ((2, 5), (2, 5), (20, 3))
    """

    gates = 4
    states = ("h", "c")
    make_step = staticmethod(lstm_step)

    if TYPE_CHECKING:

        def __call__(  # type: ignore[override]
            self, x: Tensor, hx: tuple[Tensor, Tensor] | None = None
        ) -> tuple[Tensor, Tensor]: ...

    def forward(  # type: ignore[override]
        self, x: Tensor, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        h, c = self._next(x, hx)
        return h, c


class GRUCell(_Cell):
    """One step of a GRU: ``h' = (1 - z) n + z h`` with ``r = sigmoid(x_r + h_r)``, ``z = sigmoid(x_z + h_z)``
    and ``n = tanh(x_n + r h_n)``.

    (x_r, x_z, x_n) are the thirds of ``x weight_ih^T + bias_ih``, and (h_r, h_z, h_n) those of
    ``h weight_hh^T + bias_hh``. Called with x (n, input_size) and h (n, hidden_size), zeros if left out, it
    returns h'; n may be missing in both. Raises ValueError for other shapes. Cho et al. (2014), section 2.3.

    >>> import minigrad as mg
    >>> cell = mg.nn.GRUCell(3, 5)
    >>> h = cell(mg.ones((2, 3)))
    >>> cell(mg.ones((2, 3)), h).shape, cell.weight_ih.shape
    ((2, 5), (15, 3))
    """

    gates = 3
    states = ("h",)
    make_step = staticmethod(gru_step)

    def forward(self, x: Tensor, hx: Tensor | None = None) -> Tensor:
        return self._next(x, hx)[0]


class _Sequence(_Recurrent):
    """LSTM and GRU without their gates."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__(input_size, hidden_size, bias)
        self.num_layers = operator.index(num_layers)
        self.batch_first = bool(batch_first)
        self.dropout = float(dropout)
        self.bidirectional = bool(bidirectional)
        if self.num_layers < 1:
            raise ValueError(f"{type(self).__name__}: num_layers must be at least 1, got {num_layers}")
        if not 0 <= dropout <= 1:
            raise ValueError(f"{type(self).__name__}: dropout must lie in [0, 1], got {dropout}")
        directions = self._directions()
        for layer in range(self.num_layers):
            inputs = len(directions) * self.hidden_size if layer else self.input_size
            for direction in directions:
                self._add_weights(f"_l{layer}{direction}", inputs, dtype)
        self.reset_parameters()

    def _directions(self) -> tuple[str, ...]:
        """The last part of the parameters' names for each direction."""
        return ("", "_reverse") if self.bidirectional else ("",)

    def _along(self, x: Tensor, hx: Any) -> tuple[Tensor, State]:
        """The outputs of the last layer at each time, and the states of all layers after the last time."""
        axes = ("n", "l") if self.batch_first else ("l", "n")
        self._check_input(x, axes)
        alone = x.ndim == 2
        at = axes.index("n")
        x = ops.expand_dims(x, at) if alone else x
        n, length = x.shape[at], x.shape[1 - at]
        if length == 0:
            raise ValueError(f"{self!r}: expected a sequence of at least one step, got an input {x.shape}")
        count = self.num_layers * len(self._directions())
        shape = (count, self.hidden_size) if alone else (count, n, self.hidden_size)
        given = tuple(ops.reshape(s, (count, n, self.hidden_size)) for s in self._initial(hx, x, shape))
        steps, after = self._layers([x[:, t] if at == 0 else x[t] for t in range(length)], given)
        y = ops.stack(steps, axis=1 - at)
        last = tuple(ops.stack([state[k] for state in after]) for k in range(len(self.states)))
        return (ops.squeeze(y, at), tuple(ops.squeeze(s, 1) for s in last)) if alone else (y, last)

    def _layers(self, steps: list[Tensor], given: State) -> tuple[list[Tensor], list[State]]:
        """Each layer's outputs are the next one's inputs; the states after the last time, by layer."""
        after: list[State] = []
        for layer in range(self.num_layers):
            if layer and self.training and self.dropout:
                steps = [dropped(x, self.dropout, x.shape) for x in steps]
            outputs: list[list[Tensor]] = []
            for direction in self._directions():
                state = tuple(s[len(after)] for s in given)
                hidden, state = self._one_way(f"_l{layer}{direction}", steps, state)
                outputs.append(hidden)
                after.append(state)
            steps = [h[0] if len(h) == 1 else ops.concatenate(h, axis=1) for h in zip(*outputs, strict=True)]
        return steps, after

    def _one_way(self, suffix: str, steps: list[Tensor], state: State) -> tuple[list[Tensor], State]:
        """One direction of one layer: the hidden state at each time, and the state after the last step."""
        backwards = suffix.endswith("_reverse")
        step, hidden = self._step(suffix), list[Tensor]()
        for x in reversed(steps) if backwards else steps:
            state = step(x, state)
            hidden.append(state[0])
        return hidden[::-1] if backwards else hidden, state

    def extra_repr(self) -> str:
        changed = [f"{k}={getattr(self, k)}" for k, value in _DEFAULTS.items() if getattr(self, k) != value]
        return ", ".join([str(self.input_size), str(self.hidden_size), *changed])


_DEFAULTS = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0, "bidirectional": False}
"""The settings that ``repr`` shows where they have other values."""


class LSTM(_Sequence):
    """``num_layers`` LSTMs one above the other, along sequences: LSTMCell's step at each time.

    Called with x (l, n, input_size), or (n, l, input_size) with ``batch_first``, and the first state (h, c),
    each (num_layers, n, hidden_size) and zeros if left out, it returns (y, (h, c)): the last layer's h at
    each time, with x's order of axes, and the last states. n may be missing in all. Parameters are
    ``weight_ih_l0``, ``weight_hh_l0``, ``bias_ih_l0``, ``bias_hh_l0``, and ``_l1`` ... in further layers. In
    training an element between two layers is 0 with probability ``dropout``, as in Dropout. With
    ``bidirectional`` each layer has a second LSTM, which runs from the last time to the first
    (``weight_ih_l0_reverse``); y then has 2 hidden_size features, and the states have 2 num_layers rows.

    Raises ValueError for other shapes, sequences of length 0 and settings out of range.

    >>> import minigrad as mg
    >>> lstm = mg.nn.LSTM(3, 5, num_layers=2, batch_first=True)
    >>> y, (h, c) = lstm(mg.ones((4, 7, 3)))
    >>> y.shape, h.shape, mg.ops.all(y[:, -1] == h[-1]).item()
    ((4, 7, 5), (2, 4, 5), True)
    >>> list(lstm.state_dict())[:4]
    ['weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0', 'bias_hh_l0']
    """

    gates = 4
    states = ("h", "c")
    make_step = staticmethod(lstm_step)

    if TYPE_CHECKING:

        def __call__(  # type: ignore[override]
            self, x: Tensor, hx: tuple[Tensor, Tensor] | None = None
        ) -> tuple[Tensor, tuple[Tensor, Tensor]]: ...

    def forward(  # type: ignore[override]
        self, x: Tensor, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        y, (h, c) = self._along(x, hx)
        return y, (h, c)


class GRU(_Sequence):
    """``num_layers`` GRUs one above the other, along sequences: GRUCell's step at each time.

    Shapes, settings and what raises are as LSTM's, but the state is h alone: it returns (y, h).

    >>> import minigrad as mg
    >>> y, h = mg.nn.GRU(3, 5, bidirectional=True)(mg.ones((7, 4, 3)))
    >>> y.shape, h.shape
    ((7, 4, 10), (2, 4, 5))
    """

    gates = 3
    states = ("h",)
    make_step = staticmethod(gru_step)

    if TYPE_CHECKING:

        def __call__(  # type: ignore[override]
            self, x: Tensor, hx: Tensor | None = None
        ) -> tuple[Tensor, Tensor]: ...

    def forward(  # type: ignore[override]
        self, x: Tensor, hx: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        y, (h,) = self._along(x, hx)
        return y, h
