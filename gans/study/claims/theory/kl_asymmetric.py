"""KL is not symmetric, the Jensen-Shannon divergence is."""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.densities import axis, jsd, kl, random_mixture
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """Both directions of both divergences, of two random mixtures."""
    x = axis()
    width = x[1] - x[0]
    p, q = random_mixture(x, trial.rng), random_mixture(x, trial.rng)
    one, other = kl(p, q, width), kl(q, p, width)
    return {
        "asymmetry": abs(one - other) / max(one, other),
        "js_asymmetry": abs(jsd(p, q, width) - jsd(q, p, width)),
        "kl": one,
        "reverse_kl": other,
        "js": jsd(p, q, width),
    }


CLAIM = Claim(
    says="KL is asymmetric: KL(p, q) and KL(q, p) are different numbers; JSD is symmetric.",
    source="documents 003",
    measured="both directions for 20 pairs of random mixtures of three Gaussians on the line.",
    refuted_by="a difference below a twentieth of the larger one.",
    effect=Effect(name="asymmetry", words="difference over the larger one", at_least=0.05),
    measure=measure,
    picture=arms("nats", {"kl": "KL(p, q)", "reverse_kl": "KL(q, p)", "js": "JSD"}),
    seeds=20,
)
