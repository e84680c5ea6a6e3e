"""If D is a half on all data, has G converged?"""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect
from gans.study.board.pictures import arms
from gans.study.claims.further.half_at_the_end import measure

CLAIM = Claim(
    says="Where D is a half everywhere, G makes the data.",
    source="documents 001 and 002; Goodfellow et al. 2014 say it of the best D alone",
    measured="W1 of samples and N(4, 0.5²) after 2,000 steps, when D is a half to within a hundredth (see "
    "half-at-the-end, after whose run this threshold was written).",
    refuted_by="a W1 above 0.1, a fifth of the data's standard deviation.",
    effect=Effect(name="w1", words="W1 where D is a half", at_most=0.1),
    measure=measure,
    picture=arms("length; distance", {"w1": "W1", "apart": "D from a half"}, line=0.1),
)
