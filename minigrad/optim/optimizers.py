"""SGD, RMSprop and Adam."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from minigrad.backend import Array, adam_settings, kernels_of, rmsprop_settings, sgd_settings
from minigrad.optim.optimizer import Optimizer
from minigrad.tensor import Tensor

__all__ = ["SGD", "Adam", "RMSprop"]


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

    @property
    def _dampening(self) -> float:
        """The first velocity is the gradient itself, not dampened."""
        return float(self.dampening) if self.steps > 1 else 0.0

    def _settings(self) -> tuple[float, ...]:
        return sgd_settings(self._lr, self.momentum, self._dampening, self.weight_decay)

    def _update(
        self, p: Array, g: Array | list[Array], averages: Mapping[str, Array], settings: Array | None
    ) -> None:
        kernels_of(p).sgd_update(
            p,
            g,
            averages["velocity"] if self.momentum else None,
            self.lr,
            float(self.momentum),
            self._dampening,
            float(self.weight_decay),
            bool(self.nesterov),
            settings=settings,
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

    def _settings(self) -> tuple[float, ...]:
        return rmsprop_settings(self._lr, self.alpha, self.eps, self.weight_decay, self.momentum)

    def _update(
        self, p: Array, g: Array | list[Array], averages: Mapping[str, Array], settings: Array | None
    ) -> None:
        gradient_average = averages["gradient_average"] if self.centered else None
        velocity = averages["velocity"] if self.momentum else None
        kernels_of(p).rmsprop_update(
            p,
            g,
            averages["square_average"],
            gradient_average,
            velocity,
            self.lr,
            float(self.alpha),
            float(self.eps),
            float(self.weight_decay),
            float(self.momentum),
            settings=settings,
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

    def _settings(self) -> tuple[float, ...]:
        return adam_settings(self.steps, self._lr, *self.betas, self.eps, self.weight_decay)

    def _update(
        self, p: Array, g: Array | list[Array], averages: Mapping[str, Array], settings: Array | None
    ) -> None:
        beta1, beta2 = self.betas
        kernels_of(p).adam_update(
            p,
            g,
            averages["m"],
            averages["v"],
            self.steps,
            self.lr,
            float(beta1),
            float(beta2),
            float(self.eps),
            float(self.weight_decay),
            settings=settings,
        )
