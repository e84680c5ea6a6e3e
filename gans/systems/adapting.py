"""What systems of domain adaptation share: a classifier of the source that is to hold on a target."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.metrics.meaning import Meaning
from gans.systems.settings import Settings, setting
from minigrad import Tensor

Classify = Callable[[Any], NDArray[np.int64]]
"""From images (n, c, h, w) to the class of each, (n,)."""

ACCURACY_MEANINGS: Mapping[str, Meaning] = {
    "target_accuracy": Meaning(
        "share of the target's test images whose class is named", "higher", "test_images"
    ),
    "source_accuracy": Meaning(
        "share of the source's test images whose class is named", "higher", "test_images"
    ),
}


@dataclass(frozen=True, kw_only=True)
class AdaptationSettings(Settings):
    """The weight of features that hide the domain; it rises from 0 to ``adaptation``.

        lambda = adaptation (2 / (1 + exp(-10 p)) - 1)     p from 0 to 1 in ``ramp_steps``

    Ganin et al. 2016, section 5.2.2.

    >>> settings = AdaptationSettings(adaptation=0.5, ramp_steps=100)
    >>> [round(settings.strength(step), 2) for step in (0, 10, 100, 1000)]
    [0.0, 0.23, 0.5, 0.5]
    """

    adaptation: float = setting(
        1.0, "lambda in the end: how strongly features hide the domain; 0 for none", least=0, metavar="LAMBDA"
    )
    ramp_steps: int = setting(1000, "steps in which lambda rises", least=1, most=10**12, metavar="STEPS")

    def strength(self, step: int) -> float:
        """lambda after ``step`` steps."""
        p = min(1.0, step / self.ramp_steps)
        return float(self.adaptation * (2 / (1 + math.exp(-10 * p)) - 1))


def reversed_gradient(x: Tensor, strength: Tensor) -> Tensor:
    """``x``, whose gradient is multiplied by -``strength`` on its way back (Ganin et al. 2016, section 4.2).

    >>> from minigrad import grad, tensor
    >>> x = tensor([3.0])
    >>> y = reversed_gradient(x, tensor(0.5))
    >>> y.tolist(), grad(y, [x])[0].tolist()
    ([3.0], [-0.5])
    """
    return x.detach() * (1.0 + strength) - x * strength


def accuracies(data: Any, classify: Classify) -> dict[str, float]:
    """The share of test images whose class is named, of both sets: the figures of ``ACCURACY_MEANINGS``."""
    source, target = data.test()
    return {
        "target_accuracy": float(np.mean(classify(target) == data.test_labels)),
        "source_accuracy": float(np.mean(classify(source) == data.test_labels)),
    }
