"""Does a conditional G ignore its noise even without L1?"""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect
from gans.study.board.pictures import arms
from gans.study.claims.further.noise_is_ignored import measure

CLAIM = Claim(
    says="A conditional G ignores its noise whatever the loss: the condition drowns it.",
    source="documents 003",
    measured="the spread of answers to one input over noise, over that of the two right answers, with a D "
    "alone.",
    refuted_by="a tenth of the right spread or more.",
    effect=Effect(name="alone", words="share of the right spread", at_most=0.1),
    measure=measure,
    picture=arms("share of the right spread", {"heavy": "D and 100 L1", "alone": "D alone"}, line=1.0),
)
