"""While one network is updated, no weight of the other one moves."""

from __future__ import annotations

from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.freezing import changes
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """The largest change of the other network's weights in an update of D, and of G."""
    moved = changes(trial)
    return {"error": max(moved["weights_g"], moved["weights_d"]), **moved}


CLAIM = Claim(
    says="The network that is not trained is frozen: its weights do not move.",
    source="documents 001",
    measured="the largest change of G's weights in an update of D, and of D's in one of G, with batch norm.",
    refuted_by="any change.",
    effect=identity("error", "largest change of a weight", 0.0),
    measure=measure,
    picture=arms("largest change", {"weights_g": "G, as D learns", "weights_d": "D, as G learns"}),
)
