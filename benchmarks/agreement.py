"""Comparison of the rivals' results, which must agree before the rivals are timed."""

from __future__ import annotations

from typing import Any

import numpy as np

Outcome = dict[str, Any]

KERNEL_ERROR = 1e-4
"""Largest difference allowed, relative to the largest element: float32 sums in another order."""

TF32_ERROR = 5e-3
"""The same where products round their operands to TF32, whose numbers have 11 bits."""

STEP_ERRORS = {"losses": 0.01, "gradient": 0.02, "change": 0.15, "images": 0.001}
"""Largest norm of the difference allowed, relative to the norm. Rounding decides on which side of a kink a
value near it falls, and Adam turns the noise of a tiny gradient into a whole step; a wrong term in a
derivative exceeds these many times over."""


class Disagreement(AssertionError):
    """Two sides gave different results for the same work; the message names them and says how far apart."""


def kernels(name: str, side: str, outcome: Outcome, expected: Outcome, allowed: float = KERNEL_ERROR) -> None:
    """Raise Disagreement unless the results of ``side`` are the expected ones within ``allowed``.

    Either may leave out some that the other one has, as PyTorch's batch norm gives no variance.
    """
    shared = outcome.keys() & expected.keys()
    if not shared:
        raise Disagreement(f"{name}: {side} gave no result that was expected")
    for key in sorted(shared):
        _same_shape(f"{name}: {key} of {side}", outcome[key], expected[key])
        scale = np.abs(expected[key]).max(initial=1e-30)
        error = float(np.abs(outcome[key] - expected[key]).max(initial=0.0) / scale)
        if not error <= allowed:
            raise Disagreement(f"{name}: {key} of {side} is {error:.1e} from the expected one, relative")


def steps(name: str, side: str, outcome: Outcome, expected: Outcome, slack: float = 1.0) -> None:
    """Raise Disagreement unless losses, first gradients and changes of the weights agree, or the images.

    ``slack`` times the tolerance of float32 is allowed.
    """
    if set(outcome) != set(expected):
        raise Disagreement(f"{name}: {side} has other weights: {sorted(set(outcome) ^ set(expected))}")
    for key, reference in expected.items():
        _same_shape(f"{name}: {key} of {side}", outcome[key], reference)
        allowed = slack * STEP_ERRORS[key.split()[0]]
        error = float(np.linalg.norm(outcome[key] - reference) / max(np.linalg.norm(reference), 1e-30))
        if not error <= allowed:
            raise Disagreement(f"{name}: {key} of {side} is {error:.1e} from the expected one, relative")


def _same_shape(what: str, actual: Any, expected: Any) -> None:
    if np.shape(actual) != np.shape(expected):
        raise Disagreement(f"{what} has shape {np.shape(actual)}, expected {np.shape(expected)}")
