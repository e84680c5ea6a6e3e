"""Early on, when D wins, the non-saturating loss has the stronger gradient."""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.learning_d import norms_as_d_learns
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """The ratio of both gradients after 300 updates of D."""
    numbers = norms_as_d_learns(trial)
    places, minimax, other = (numbers[name] for name in ("updates", "minimax", "other"))
    assert isinstance(places, list)
    assert isinstance(minimax, list)
    assert isinstance(other, list)
    at = places.index(300) if 300 in places else -1
    return {"ratio": other[at] / minimax[at], **numbers}


CLAIM = Claim(
    says="Where D rejects all samples, the non-saturating loss gives G a far stronger gradient than minimax.",
    source="Goodfellow et al. 2014, section 3; documents 000 and 004",
    measured="the ratio of both gradients of an untrained G after 300 updates of D on the ring.",
    refuted_by="a ratio below 10.",
    effect=Effect(name="ratio", words="times the gradient of minimax", at_least=10.0),
    measure=measure,
    picture=curves(
        "updates",
        "norm of G's gradient",
        {"minimax": "minimax", "other": "non-saturating"},
        over="updates of D",
        log=True,
        log_x=True,
    ),
)
