"""When one loss falls, does the other one rise?"""

from __future__ import annotations

import numpy as np

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial
from gans.study.board.watching import watched


def measure(trial: Trial) -> Numbers:
    """The correlation of the changes of both losses from one look to the next."""
    found = watched(trial)
    changes = np.diff(found["loss_d"]), np.diff(found["loss_g"])
    return {"correlation": float(np.corrcoef(*changes)[0, 1]), **found}


CLAIM = Claim(
    says="When D's loss falls, G's rises, and the other way round.",
    source="documents 001",
    measured="the correlation of the changes of both losses, means over 25 steps, in a training of a GAN on "
    "the grid of 25 Gaussians.",
    refuted_by="a correlation above -0.3.",
    effect=Effect(name="correlation", words="correlation of the changes", at_most=-0.3),
    measure=measure,
    picture=curves("step", "loss", {"loss_d": "D", "loss_g": "G"}),
)
