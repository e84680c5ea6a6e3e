"""f-GAN: D estimates an f-divergence by its variational bound, and G lowers it (Nowozin et al. 2016)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from gans.objectives.objective import Objective, score
from minigrad import Tensor
from minigrad.ops import exp, log_sigmoid, mean, softplus, square

__all__ = ["f_divergence"]

LOG_2 = math.log(2)


class _Bound(NamedTuple):
    """T = ``activation(v)`` of a logit v, and ``conjugate(v)``, which is f*(T) without a detour through T."""

    activation: Callable[[Tensor], Tensor]
    conjugate: Callable[[Tensor], Tensor]


BOUNDS: dict[str, _Bound] = {
    "kl": _Bound(lambda v: v, lambda v: exp(v - 1.0)),
    "reverse-kl": _Bound(lambda v: -exp(-v), lambda v: v - 1.0),
    "pearson": _Bound(lambda v: v, lambda v: square(v) * 0.25 + v),
    "squared-hellinger": _Bound(lambda v: 1.0 - exp(-v), lambda v: exp(v) - 1.0),
    "jensen-shannon": _Bound(lambda v: LOG_2 + log_sigmoid(v), lambda v: softplus(v) - LOG_2),
    "gan": _Bound(log_sigmoid, softplus),
}


def f_divergence(name: str, *, saturating: bool = True) -> Objective:
    """The losses of the divergence ``name``, of a convex f:

    D_f(P || Q) = integral q f(p / q) >= E_P T - E_Q f*(T),  f*(t) = sup over u of (u t - f(u))

    The bound is the divergence where T = f'(p / q). A logit v becomes T = g(v), within the domain of f*:

    | name | f(u) | g(v) | f*(t) |
    |---|---|---|---|
    | kl | u log u | v | exp(t - 1) |
    | reverse-kl | -log u | -exp(-v) | -1 - log(-t) |
    | pearson | (u - 1)^2 | v | t^2 / 4 + t |
    | squared-hellinger | (sqrt(u) - 1)^2 | 1 - exp(-v) | t / (1 - t) |
    | jensen-shannon | u log u - (u + 1) log((u + 1) / 2) | log 2 - log(1 + exp(-v)) | -log(2 - exp(t)) |
    | gan | u log u - (u + 1) log(u + 1) | -log(1 + exp(-v)) | -log(1 - exp(t)) |

    D: mean(f*(g(D(G(z))))) - mean(g(D(x))), minus the bound
    G: -mean(f*(g(D(G(z))))); with ``saturating=False`` -mean(g(D(G(z)))), the trick of section 3.2

    P is the data, Q what G makes. jensen-shannon is twice the Jensen-Shannon divergence. gan is that minus
    log 4, and its losses are those of ``minimax`` and ``non_saturating_gan``. The readout is v. Where g is
    exponential, v below -88 overflows: of reverse-kl and squared-hellinger only the first loss of G is safe
    from fakes that D rejects by far. Raises ValueError for another name.

    Nowozin et al. 2016, equation 4, tables 1 and 2, section 3.2.

    >>> import minigrad as mg
    >>> losses = f_divergence("pearson")
    >>> losses.discriminator(mg.tensor([[2.0]]), mg.tensor([[-2.0]])).item()
    -3.0
    """
    if name not in BOUNDS:
        raise ValueError(f"f_divergence: there is no {name!r} (choose from {', '.join(BOUNDS)})")
    activation, conjugate = BOUNDS[name]

    def discriminator(real: Tensor, fake: Tensor) -> Tensor:
        return mean(conjugate(fake)) - mean(activation(real))

    def generator(fake: Tensor) -> Tensor:
        return -mean(conjugate(fake) if saturating else activation(fake))

    return Objective(discriminator, generator, readout=score)
