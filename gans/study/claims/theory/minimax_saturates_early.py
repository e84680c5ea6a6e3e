"""Early on, when D wins, the non-saturating loss has the stronger gradient."""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.learning_d import NORMS, norms_as_d_learns
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """The ratio of both gradients after 300 updates of D."""
    numbers = norms_as_d_learns(trial)
    at = sum(update <= 300 for update in numbers["updates"]) - 1
    return {"ratio": numbers["other"][at] / numbers["minimax"][at], **numbers}


CLAIM = Claim(
    says="Where D rejects all samples, the non-saturating loss gives G a far stronger gradient than minimax.",
    source="Goodfellow et al. 2014, section 3; documents 000 and 004",
    measured="the ratio of both gradients of an untrained G after 300 updates of D on the ring.",
    refuted_by="a ratio below 10.",
    effect=Effect(name="ratio", words="times the gradient of minimax", at_least=10.0),
    measure=measure,
    picture=NORMS,
)
