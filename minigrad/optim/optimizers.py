"""SGD, RMSprop and Adam: each update is one call of a kernel per parameter.

An optimizer holds the parameters and its own running averages, nothing else: gradients are an argument of
``step``.

    optimizer = Adam(model.parameters(), lr=2e-4, betas=(0.5, 0.999))
    optimizer.step(grad(loss, model.parameters()))
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from minigrad.backend import Array, kernels_of, to_device, xp_of
from minigrad.tensor import Tensor, describe

__all__ = ["SGD", "Adam", "Optimizer", "RMSprop"]


class Optimizer(ABC):
    """What the optimizers share: parameters, learning rate, running averages and the state to save.

    Hyper-parameters are attributes of the constructor's names. ``averages`` maps the name of a running
    average to one array per parameter, zero at first; ``steps`` counts the updates made.

    Raises ValueError if ``params`` is empty or names a tensor twice, or if a hyper-parameter is out of its
    range; TypeError if ``params`` holds anything but float Tensors.
    """

    average_switches: ClassVar[Mapping[str, str | None]]
    """Each running average's name, with the hyper-parameter that switches it on, or None."""

    def __init__(self, params: Iterable[Tensor], **hyperparameters: Any) -> None:
        self.params = _checked_params(type(self).__name__, params)
        self._hyperparameters = tuple(hyperparameters)
        self._check(hyperparameters)
        for name, value in hyperparameters.items():
            setattr(self, name, value)
        self.averages: dict[str, list[Array]] = {
            name: [xp_of(p.data).zeros(p.shape, p.dtype) for p in self.params]
            for name in self._average_names(hyperparameters)
        }
        self.steps = 0

    @property
    def lr(self) -> float:
        """The learning rate, >= 0. Schedules write it."""
        return self._lr

    @lr.setter
    def lr(self, value: float) -> None:
        self._check_at_least_zero("lr", value)
        self._lr = float(value)

    def step(self, grads: Sequence[Tensor]) -> None:
        """Update every parameter in place.

        ``grads`` are in the order of the parameters, as ``grad`` returns them. Raises ValueError for a wrong
        number of gradients or a wrong shape, TypeError for a wrong dtype or anything but Tensors; then no
        parameter has changed.
        """
        self._check_grads(grads)
        self.steps += 1
        for index, (p, g) in enumerate(zip(self.params, grads, strict=True)):
            if p.data.flags.c_contiguous:
                self._update(index, p.data, g.data)
            else:
                contiguous = p.data.copy(order="C")
                self._update(index, contiguous, g.data)
                p.data[...] = contiguous
            p.changed()

    def state_dict(self) -> dict[str, Any]:
        """Copies of all that ``step`` depends on besides the parameters: averages, number of steps,
        hyper-parameters.
        """
        return {
            "name": type(self).__name__,
            "steps": self.steps,
            "hyperparameters": {name: getattr(self, name) for name in self._hyperparameters},
            "averages": {
                name: [np.array(to_device(array, "cpu")) for array in arrays]
                for name, arrays in self.averages.items()
            },
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what ``state_dict`` returned, hyper-parameters included: later updates are the same bit
        for bit.

        Raises ValueError, and leaves the optimizer as it was, if the state is damaged or belongs to another
        kind of optimizer or to parameters of other shapes or dtypes.
        """
        kind = type(self).__name__
        if set(state) != {"name", "steps", "hyperparameters", "averages"} or state["name"] != kind:
            found = state.get("name", f"a dict with the keys {sorted(state)}")
            raise ValueError(f"{kind}.load_state_dict: expected a state of {kind}, got {found}")
        hyperparameters, steps = dict(state["hyperparameters"]), state["steps"]
        if set(hyperparameters) != set(self._hyperparameters):
            raise ValueError(
                f"{kind}.load_state_dict: expected the hyper-parameters {sorted(self._hyperparameters)}, "
                f"got {sorted(hyperparameters)}"
            )
        self._check(hyperparameters)
        if not isinstance(steps, int) or steps < 0:
            raise ValueError(f"{kind}.load_state_dict: steps must be an integer >= 0, got {steps!r}")
        averages = self._read_averages(self._average_names(hyperparameters), state["averages"])
        for name, value in hyperparameters.items():
            setattr(self, name, value)
        self.averages, self.steps = averages, steps

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={getattr(self, name)}" for name in self._hyperparameters)
        return f"{type(self).__name__}({len(self.params)} parameters, {settings})"

    @abstractmethod
    def _update(self, index: int, p: Array, g: Array) -> None:
        """Update the C-contiguous array ``p`` of the parameter ``index`` in place from its gradient ``g``."""

    @abstractmethod
    def _check(self, hyperparameters: Mapping[str, Any]) -> None:
        """Raise ValueError for a hyper-parameter out of its range."""

    def _average_names(self, hyperparameters: Mapping[str, Any]) -> list[str]:
        switches = self.average_switches.items()
        return [name for name, switch in switches if switch is None or hyperparameters[switch]]

    def _check_at_least_zero(self, name: str, value: float) -> None:
        if not 0 <= value < float("inf"):
            raise ValueError(f"{type(self).__name__}: {name} must be a number >= 0, got {value}")

    def _check_decay(self, name: str, value: float) -> None:
        if not 0 <= value < 1:
            raise ValueError(f"{type(self).__name__}: {name} must lie in [0, 1), got {value}")

    def _check_grads(self, grads: Sequence[Tensor]) -> None:
        kind = type(self).__name__
        if isinstance(grads, Tensor) or len(grads) != len(self.params):
            given = "one Tensor" if isinstance(grads, Tensor) else len(grads)
            raise ValueError(
                f"{kind}.step: expected {len(self.params)} gradients, one for each parameter, got {given}"
            )
        for index, (p, g) in enumerate(zip(self.params, grads, strict=True)):
            if not isinstance(g, Tensor):
                raise TypeError(f"{kind}.step: gradient {index} is a {type(g).__name__}, expected a Tensor")
            if g.shape != p.shape:
                raise ValueError(
                    f"{kind}.step: gradient {index} has shape {g.shape}, its parameter has {p.shape}"
                )
            if g.dtype != p.dtype or g.device != p.device:
                expected = f"its parameter is {p.dtype} on {p.device}"
                raise TypeError(f"{kind}.step: gradient {index} is {g.dtype} on {g.device}, {expected}")
        for arrays in self.averages.values():
            if any(array.dtype != p.dtype for array, p in zip(arrays, self.params, strict=True)):
                raise TypeError(
                    f"{kind}.step: the parameters' dtype changed after {kind}(...) was made; make a new one"
                )

    def _read_averages(self, names: list[str], saved: Mapping[str, Any]) -> dict[str, list[Array]]:
        kind = type(self).__name__
        if sorted(saved) != sorted(names) or any(len(saved[name]) != len(self.params) for name in names):
            raise ValueError(
                f"{kind}.load_state_dict: expected the averages {names} of {len(self.params)} parameters, "
                f"got { {name: len(arrays) for name, arrays in saved.items()} }"
            )
        averages: dict[str, list[Array]] = {}
        for name in names:
            averages[name] = []
            for index, (p, value) in enumerate(zip(self.params, saved[name], strict=True)):
                array = np.asarray(value)
                if array.shape != p.shape or array.dtype != p.dtype:
                    raise ValueError(
                        f"{kind}.load_state_dict: {name} of parameter {index} is {describe(array)}, "
                        f"the parameter is {describe(p)}"
                    )
                averages[name].append(to_device(np.array(array, order="C"), p.device))
        return averages


class SGD(Optimizer):
    """Stochastic gradient descent with (Nesterov) momentum, as in PyTorch.

    With ``g <- g + weight_decay p``:  ``v <- momentum v + (1 - dampening) g`` (``v <- g`` in the first step),
    and ``p <- p - lr v``, or ``p <- p - lr (g + momentum v)`` with Nesterov momentum. Sutskever et al.
    (2013), eq. 1-4.
    """

    average_switches = MappingProxyType({"velocity": "momentum"})
    momentum: float
    weight_decay: float
    dampening: float
    nesterov: bool

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        dampening: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            momentum=momentum,
            weight_decay=weight_decay,
            dampening=dampening,
            nesterov=nesterov,
        )

    def _check(self, hyperparameters: Mapping[str, Any]) -> None:
        for name in ("lr", "momentum", "weight_decay"):
            self._check_at_least_zero(name, hyperparameters[name])
        if hyperparameters["nesterov"] and (
            hyperparameters["momentum"] == 0 or hyperparameters["dampening"] != 0
        ):
            raise ValueError("SGD: nesterov=True needs momentum > 0 and dampening = 0")

    def _update(self, index: int, p: Array, g: Array) -> None:
        velocity = self.averages["velocity"][index] if self.momentum else None
        # the first velocity is the gradient itself, not dampened
        dampening = self.dampening if self.steps > 1 else 0.0
        kernels_of(p).sgd_update(
            p,
            g,
            velocity,
            self.lr,
            float(self.momentum),
            float(dampening),
            float(self.weight_decay),
            bool(self.nesterov),
        )


class RMSprop(Optimizer):
    """RMSprop, as in PyTorch: the gradient divided by a running average of its size.

    With ``g <- g + weight_decay p``:  ``s <- alpha s + (1 - alpha) g^2``,  ``d = sqrt(s) + eps``, or when
    centered ``a <- alpha a + (1 - alpha) g`` and ``d = sqrt(s - a^2) + eps``;  ``p <- p - lr g / d``, or with
    momentum ``v <- momentum v + g / d`` and ``p <- p - lr v``. Tieleman and Hinton (2012); centered: Graves
    (2013), eq. 38-41.
    """

    average_switches = MappingProxyType(
        {"square_average": None, "gradient_average": "centered", "velocity": "momentum"}
    )
    alpha: float
    eps: float
    weight_decay: float
    momentum: float
    centered: bool

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            alpha=alpha,
            eps=eps,
            weight_decay=weight_decay,
            momentum=momentum,
            centered=centered,
        )

    def _check(self, hyperparameters: Mapping[str, Any]) -> None:
        for name in ("lr", "eps", "weight_decay", "momentum"):
            self._check_at_least_zero(name, hyperparameters[name])
        self._check_decay("alpha", hyperparameters["alpha"])

    def _update(self, index: int, p: Array, g: Array) -> None:
        gradient_average = self.averages["gradient_average"][index] if self.centered else None
        velocity = self.averages["velocity"][index] if self.momentum else None
        kernels_of(p).rmsprop_update(
            p,
            g,
            self.averages["square_average"][index],
            gradient_average,
            velocity,
            self.lr,
            float(self.alpha),
            float(self.eps),
            float(self.weight_decay),
            float(self.momentum),
        )


class Adam(Optimizer):
    """Adam: gradient and squared gradient as running averages, corrected for their start at zero.

    With ``g <- g + weight_decay p``:  ``m <- beta1 m + (1 - beta1) g``,  ``v <- beta2 v + (1 - beta2) g^2``,
    ``p <- p - lr m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps)`` in step t. Kingma and Ba (2015),
    algorithm 1.
    """

    average_switches = MappingProxyType({"m": None, "v": None})
    betas: tuple[float, float]
    eps: float
    weight_decay: float

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def _check(self, hyperparameters: Mapping[str, Any]) -> None:
        for name in ("lr", "eps", "weight_decay"):
            self._check_at_least_zero(name, hyperparameters[name])
        beta1, beta2 = hyperparameters["betas"]
        self._check_decay("betas[0]", beta1)
        self._check_decay("betas[1]", beta2)

    def _update(self, index: int, p: Array, g: Array) -> None:
        beta1, beta2 = self.betas
        m, v = self.averages["m"][index], self.averages["v"][index]
        kernels_of(p).adam_update(
            p,
            g,
            m,
            v,
            self.steps,
            self.lr,
            float(beta1),
            float(beta2),
            float(self.eps),
            float(self.weight_decay),
        )


def _checked_params(kind: str, params: Iterable[Any]) -> list[Tensor]:
    if isinstance(params, Tensor):
        raise TypeError(f"{kind}: expected a list of parameters, got one Tensor; write [tensor]")
    listed = list(params)
    if not listed:
        raise ValueError(f"{kind}: the list of parameters is empty")
    seen: dict[int, int] = {}
    for index, p in enumerate(listed):
        if not isinstance(p, Tensor) or not p.is_float:
            found = p.dtype if isinstance(p, Tensor) else type(p).__name__
            raise TypeError(f"{kind}: parameter {index} is {found}, expected a float32 or float64 Tensor")
        if id(p) in seen:
            raise ValueError(
                f"{kind}: parameters {seen[id(p)]} and {index} are the same Tensor; name it once"
            )
        seen[id(p)] = index
    return listed
