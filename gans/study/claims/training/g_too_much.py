"""Five updates of G for each one of D."""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect
from gans.study.board.comparing import Arm, compared, over_training

ARMS = {
    "without": Arm("5 of G", {"generator_steps": 5}, steps=600),
    "with_it": Arm("1 of G"),
}

CLAIM = Claim(
    says="G trained too much against D collapses (the Helvetica scenario).",
    source="Goodfellow et al. 2014, section 6; documents 000",
    measured="the modes of 25 that samples cover after 1,500 steps, with one update of G a step against "
    "five.",
    refuted_by="fewer than five modes more.",
    effect=Effect(name="more_modes", words="modes more", at_least=5.0),
    measure=compared(ARMS),
    picture=over_training(ARMS),
    seeds=5,
)
