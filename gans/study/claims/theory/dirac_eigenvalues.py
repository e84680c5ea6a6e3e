"""The eigenvalues of ways of training at the Dirac-GAN's equilibrium are the published ones."""

from __future__ import annotations

from pathlib import Path

from gans.reproductions import Trial as Reproduced
from gans.reproductions.experiments.dirac import DIRAC
from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial

ROWS = {name.replace("-", "_"): row for name, row in DIRAC.rows.items() if row.published}


def measure(trial: Trial) -> Numbers:
    """The error of each row that has a published eigenvalue; nothing is random."""
    errors = {}
    for name, row in ROWS.items():
        found = row.trial(Reproduced(Path(), trial.seed))
        parts = [(found[part] or 0.0) - row.published[part].value for part in ("real", "imaginary")]
        errors[name] = max(abs(part) for part in parts)
    return {"error": max(errors.values()), **errors}


CLAIM = Claim(
    says="At the Dirac-GAN's equilibrium GAN and WGAN have imaginary eigenvalues; noise and R1 move them "
    "left.",
    source="Mescheder et al. 2018, section 2 and appendix",
    measured="the eigenvalues of eight ways of training, fitted to the engine's updates, against the "
    "formulas.",
    refuted_by="an eigenvalue that is off by more than a thousandth.",
    effect=identity("error", "largest error of an eigenvalue", 1e-3),
    measure=measure,
    picture=arms("error of the eigenvalue", {name: name.replace("_", "\n") for name in ROWS}, log=True),
    seeds=1,
)
