"""SGD, RMSprop and Adagrad; the docstring of each has its formula."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from minigrad.dispatch import kernels_of
from minigrad.kernels.coefficients import (
    Coefficients,
    rmsprop_coefficients,
    sgd_coefficients,
)
from minigrad.optim.checks import at_least_zero, below_one, flag, number
from minigrad.optim.group import ParameterGroup, Setting
from minigrad.optim.optimizer import Optimizer, Parameters
from minigrad.types import Array

__all__ = ["SGD", "Adagrad", "RMSprop", "sign_of"]


def sign_of(settings: Mapping[str, Any]) -> int:
    """-1 with ``maximize``, else 1: an update with rate and decay negated is that of the negated gradient.

    Averages are of the gradient itself, and every number is the same as with ``-g``, bit for bit.
    """
    return -1 if settings["maximize"] else 1


class SGD(Optimizer):
    """Stochastic gradient descent with (Nesterov) momentum, as in PyTorch.

    With ``g <- g + weight_decay p``:  ``v <- momentum v + (1 - dampening) g`` (``v <- g`` in the first step),
    and ``p <- p - lr v``, or ``p <- p - lr (g + momentum v)`` with Nesterov momentum. ``maximize`` negates
    the gradient first. Sutskever et al. (2013), eq. 1-4.

    >>> import minigrad as mg
    >>> w = mg.tensor([1.0])
    >>> optimizer = mg.optim.SGD([w], lr=0.5, momentum=0.5)
    >>> for _ in range(2):
    ...     optimizer.step([mg.tensor([1.0])])
    ...     print(w.item())  # 1 - 0.5 * 1, then 0.5 - 0.5 * (0.5 * 1 + 1)
    0.5
    -0.25
    """

    average_switches = MappingProxyType({"velocity": "momentum"})
    switches = ("nesterov",)
    later = MappingProxyType({"maximize": False})
    checks = MappingProxyType(
        {
            "lr": at_least_zero,
            "momentum": at_least_zero,
            "weight_decay": at_least_zero,
            "dampening": number,
            "nesterov": flag,
            "maximize": flag,
        }
    )
    momentum = Setting[float]()
    weight_decay = Setting[float]()
    dampening = Setting[float]()
    nesterov = Setting[bool]()
    maximize = Setting[bool]()

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        dampening: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            momentum=momentum,
            weight_decay=weight_decay,
            dampening=dampening,
            nesterov=nesterov,
            maximize=maximize,
        )

    @classmethod
    def check(cls, label: str, settings: Mapping[str, Any]) -> None:
        super().check(label, settings)
        if settings["nesterov"] and (settings["momentum"] == 0 or settings["dampening"] != 0):
            raise ValueError(f"{label}: nesterov=True needs momentum > 0 and dampening = 0")

    def _coefficients(self, group: ParameterGroup) -> Coefficients:
        """The first velocity is the gradient itself, not dampened."""
        s = group._settings
        sign, dampening = sign_of(s), s["dampening"] if group.steps > 1 else 0.0
        return sgd_coefficients(
            sign * s["lr"], float(s["momentum"]), float(dampening), float(sign * s["weight_decay"])
        )

    def _update(
        self,
        group: ParameterGroup,
        p: Array,
        g: Array | list[Array],
        averages: Mapping[str, Array],
        coefficients: Array,
    ) -> None:
        s = group._settings
        velocity = averages["velocity"] if s["momentum"] else None
        kernels_of(p).sgd_update(p, g, velocity, coefficients, bool(s["nesterov"]))


class RMSprop(Optimizer):
    """RMSprop, as in PyTorch: the gradient divided by a running average of its size.

    With ``g <- g + weight_decay p``:  ``s <- alpha s + (1 - alpha) g^2``,  ``d = sqrt(s) + eps``, or when
    centered ``a <- alpha a + (1 - alpha) g`` and ``d = sqrt(s - a^2) + eps``;  ``p <- p - lr g / d``, or with
    momentum ``v <- momentum v + g / d`` and ``p <- p - lr v``. ``maximize`` negates the gradient first.
    Tieleman and Hinton (2012); centered: Graves (2013), eq. 38-41.

    >>> import minigrad as mg
    >>> w = mg.tensor([2.0, 2.0])
    >>> mg.optim.RMSprop([w], lr=0.1, alpha=0.75).step([mg.tensor([1.0, 1000.0])])
    >>> [round(value, 3) for value in w.tolist()]  # 2 - 0.1 / sqrt(0.25), whatever the gradient's size
    [1.8, 1.8]
    """

    average_switches = MappingProxyType(
        {"square_average": None, "gradient_average": "centered", "velocity": "momentum"}
    )
    later = MappingProxyType({"maximize": False})
    checks = MappingProxyType(
        {
            "lr": at_least_zero,
            "alpha": below_one,
            "eps": at_least_zero,
            "weight_decay": at_least_zero,
            "momentum": at_least_zero,
            "centered": flag,
            "maximize": flag,
        }
    )
    alpha = Setting[float]()
    eps = Setting[float]()
    weight_decay = Setting[float]()
    momentum = Setting[float]()
    centered = Setting[bool]()
    maximize = Setting[bool]()

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            alpha=alpha,
            eps=eps,
            weight_decay=weight_decay,
            momentum=momentum,
            centered=centered,
            maximize=maximize,
        )

    def _coefficients(self, group: ParameterGroup) -> Coefficients:
        s = group._settings
        sign = sign_of(s)
        decay, momentum = float(sign * s["weight_decay"]), float(s["momentum"])
        return rmsprop_coefficients(sign * s["lr"], float(s["alpha"]), float(s["eps"]), decay, momentum)

    def _update(
        self,
        group: ParameterGroup,
        p: Array,
        g: Array | list[Array],
        averages: Mapping[str, Array],
        coefficients: Array,
    ) -> None:
        s = group._settings
        gradient_average = averages["gradient_average"] if s["centered"] else None
        velocity = averages["velocity"] if s["momentum"] else None
        state = averages["square_average"], gradient_average, velocity
        kernels_of(p).rmsprop_update(p, g, *state, coefficients)


class Adagrad(Optimizer):
    """Adagrad: the gradient divided by the size of all gradients so far, as in PyTorch.

    With ``g <- g + weight_decay p``:  ``s <- s + g^2``, which begins at ``initial_accumulator_value``, and
    ``p <- p - lr / (1 + (t - 1) lr_decay) g / (sqrt(s) + eps)`` in step t. ``maximize`` negates the gradient
    first. Duchi, Hazan and Singer (2011), section 1.3, with diagonal matrices.

    >>> import minigrad as mg
    >>> w = mg.tensor([2.0])
    >>> optimizer = mg.optim.Adagrad([w], lr=1.0)
    >>> for gradient in (3.0, 4.0):
    ...     optimizer.step([mg.tensor([gradient])])
    ...     print(round(w.item(), 3))  # 2 - 3 / 3, then 1 - 4 / sqrt(3^2 + 4^2)
    1.0
    0.2
    """

    average_switches = MappingProxyType({"square_sum": None})
    checks = MappingProxyType(
        {
            "lr": at_least_zero,
            "lr_decay": at_least_zero,
            "weight_decay": at_least_zero,
            "initial_accumulator_value": at_least_zero,
            "eps": at_least_zero,
            "maximize": flag,
        }
    )
    lr_decay = Setting[float]()
    weight_decay = Setting[float]()
    initial_accumulator_value = Setting[float]()
    eps = Setting[float]()
    maximize = Setting[bool]()

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
            maximize=maximize,
        )

    @classmethod
    def first_average(cls, settings: Mapping[str, Any]) -> float:
        return float(settings["initial_accumulator_value"])

    def _coefficients(self, group: ParameterGroup) -> Coefficients:
        """RMSprop's with alpha = rest = 1: the average is then the sum of all squares so far."""
        s = group._settings
        sign = sign_of(s)
        lr = sign * s["lr"] / (1 + (group.steps - 1) * s["lr_decay"])
        eps, weight_decay = float(s["eps"]), float(sign * s["weight_decay"])
        return lr, 1.0, 1.0, eps, weight_decay, 0.0

    def _update(
        self,
        group: ParameterGroup,
        p: Array,
        g: Array | list[Array],
        averages: Mapping[str, Array],
        coefficients: Array,
    ) -> None:
        kernels_of(p).rmsprop_update(p, g, averages["square_sum"], None, None, coefficients)
