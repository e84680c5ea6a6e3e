"""GANs on minigrad: systems, data, training runs, metrics and the command line (``python -m gans``).

    run = gans.train("dcgan", data="mnist5k", epochs=1)
    run.history[-1]["loss_g"]
    gans.sample(run, n=64).save("digits.png")
    gans.evaluate(run)["fd"]

``gans.api`` describes these functions. Modules are imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gans.api import (
        BiasCurve,
        Evaluation,
        Picture,
        Run,
        RunComparison,
        Samples,
        Sweep,
        bias_curve,
        compare_runs,
        evaluate,
        export,
        load,
        plot,
        resume,
        sample,
        sweep,
        train,
    )

_MODULES = (
    "api",
    "data",
    "errors",
    "metrics",
    "networks",
    "objectives",
    "plots",
    "plotting",
    "steps",
    "study",
    "sweeps",
    "systems",
    "trainer",
    "updates",
)

__all__ = [
    "BiasCurve",
    "Evaluation",
    "Picture",
    "Run",
    "RunComparison",
    "Samples",
    "Sweep",
    "bias_curve",
    "compare_runs",
    "evaluate",
    "export",
    "load",
    "plot",
    "resume",
    "sample",
    "sweep",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("gans.api"), name)
    if name in _MODULES:
        return import_module(f"gans.{name}")
    if name == "models":
        raise AttributeError("gans.models is called gans.networks")
    raise AttributeError(
        f"module 'gans' has no attribute {name!r}; it has {', '.join((*__all__, *_MODULES))}"
    )


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})
