"""Adam, and AdamW, whose decay of the weights is no part of the gradient."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from minigrad.dispatch import kernels_of
from minigrad.kernels.coefficients import Coefficients, adam_coefficients, adamw_coefficients
from minigrad.optim.checks import at_least_zero, flag, two_below_one
from minigrad.optim.group import ParameterGroup, Setting
from minigrad.optim.optimizer import Optimizer, Parameters
from minigrad.optim.optimizers import sign_of
from minigrad.types import Array

__all__ = ["Adam", "AdamW"]


class Adam(Optimizer):
    """Adam: gradient and squared gradient as running averages, corrected for their start at zero.

    With ``g <- g + weight_decay p``:  ``m <- beta1 m + (1 - beta1) g``,  ``v <- beta2 v + (1 - beta2) g^2``,
    ``p <- p - lr m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps)`` in step t. With ``amsgrad`` the
    largest v so far stands in its place there. ``maximize`` negates the gradient first. Kingma and Ba
    (2015), algorithm 1; AMSGrad: Reddi et al. (2018), algorithm 2.

    >>> import minigrad as mg
    >>> w = mg.tensor([2.0, 2.0])
    >>> mg.optim.Adam([w], lr=0.1).step([mg.tensor([1.0, -1000.0])])
    >>> [round(value, 3) for value in w.tolist()]  # lr away, whatever the gradient's size
    [1.9, 2.1]
    """

    average_switches: ClassVar[Mapping[str, str | None]] = MappingProxyType(
        {"m": None, "v": None, "v_max": "amsgrad"}
    )
    later = MappingProxyType({"amsgrad": False, "maximize": False})
    checks = MappingProxyType(
        {
            "lr": at_least_zero,
            "betas": two_below_one,
            "eps": at_least_zero,
            "weight_decay": at_least_zero,
            "amsgrad": flag,
            "maximize": flag,
        }
    )
    betas = Setting[tuple[float, float]]()
    eps = Setting[float]()
    weight_decay = Setting[float]()
    amsgrad = Setting[bool]()
    maximize = Setting[bool]()

    _decoupled = False

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            amsgrad=amsgrad,
            maximize=maximize,
        )

    def _is_plain(self, group: ParameterGroup) -> bool:
        return not (self._decoupled or group._settings["amsgrad"])

    def _coefficients(self, group: ParameterGroup) -> Coefficients:
        s = group._settings
        sign, (beta1, beta2) = sign_of(s), s["betas"]
        decay = float(sign * s["weight_decay"])
        within, apart = (0.0, decay) if self._decoupled else (decay, 0.0)  # of the gradient, or from it
        numbers = group.steps, sign * s["lr"], float(beta1), float(beta2), float(s["eps"]), within
        return adam_coefficients(*numbers) if self._is_plain(group) else adamw_coefficients(*numbers, apart)

    def _update(
        self,
        group: ParameterGroup,
        p: Array,
        g: Array | list[Array],
        averages: Mapping[str, Array],
        coefficients: Array,
    ) -> None:
        kernels, m, v = kernels_of(p), averages["m"], averages["v"]
        if self._is_plain(group):
            kernels.adam_update(p, g, m, v, coefficients)
            return
        v_max = averages["v_max"] if group._settings["amsgrad"] else None
        kernels.adamw_update(p, g, m, v, v_max, coefficients)


class AdamW(Adam):
    """Adam with decoupled weight decay: it is not part of the gradient, whose size does not divide it.

    As Adam without decay, but ``p <- p - lr weight_decay p - ...`` in each step. Loshchilov and Hutter
    (2019), algorithm 2, with ``lr`` for their ``eta_t alpha`` in both terms, as in PyTorch.

    >>> import minigrad as mg
    >>> w = mg.tensor([2.0])
    >>> mg.optim.AdamW([w], lr=0.1, weight_decay=0.5).step([mg.tensor([1.0])])
    >>> w  # 2 - 0.1 * 0.5 * 2 - 0.1
    tensor([1.8], float32)
    """

    later = MappingProxyType({})
    _decoupled = True

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)
