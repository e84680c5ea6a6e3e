"""Does G's loss say how good the samples are?"""

from __future__ import annotations

from gans.metrics import rank_correlation
from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial
from gans.study.board.watching import watched


def measure(trial: Trial) -> Numbers:
    """The rank correlation of G's loss and the samples' distance over a training."""
    found = watched(trial)
    return {"correlation": rank_correlation(found["loss_g"], found["distance"]), **found}


CLAIM = Claim(
    says="A falling loss of G means better samples.",
    source="documents 001 and 002 (training curves); Arjovsky et al. 2017, section 4.2, say that it does not",
    measured="the rank correlation of G's loss and of the samples' sliced W1 over 1,500 steps on the grid of "
    "25 Gaussians.",
    refuted_by="a correlation below 0.5.",
    effect=Effect(name="correlation", words="rank correlation of loss and distance", at_least=0.5),
    measure=measure,
    picture=curves("step", "G's loss; sliced W1", {"loss_g": "G's loss", "distance": "distance"}, log=True),
)
