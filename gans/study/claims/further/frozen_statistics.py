"""While one network is updated, do the running statistics of the other one's batch norm move?"""

from __future__ import annotations

from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.freezing import changes
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """The largest change of the other network's running statistics in an update of D, and of G."""
    moved = changes(trial)
    return {"error": max(moved["statistics_g"], moved["statistics_d"]), **moved}


CLAIM = Claim(
    says="The network that is not trained is frozen: its batch norm's statistics do not move either.",
    source="documents 001 (a frozen network); measured because batch norm keeps its own account",
    measured="the largest change of G's running statistics in an update of D, and of D's in one of G.",
    refuted_by="any change: a network in training mode counts each batch that it sees.",
    effect=identity("error", "largest change of a statistic", 0.0),
    measure=measure,
    picture=arms("largest change", {"statistics_g": "G, as D learns", "statistics_d": "D, as G learns"}),
)
