"""The losses: their sum or half of it, saturating or not, on logits or after a sigmoid."""

from __future__ import annotations

from gans.study.comparisons.change import ANY, CLASSIFIER, CLASSIFIER_OR_SQUARES, CRITIC, Change, Variant
from gans.study.comparisons.scene import Findings, Scene
from minigrad import Tensor, modify, nn
from minigrad.ops import abs, binary_cross_entropy_with_logits, log, mean, sigmoid, softplus

__all__ = ["CHANGES"]

SURE = 1e6
"""What makes D's logits large."""


def summed(s: Scene) -> Findings:
    fake = s.G(s.z).detach()
    loss = s.objective.discriminator(s.D(s.real), s.D(fake)) + s.penalty(fake)
    gradients = s.gradients(loss, s.D)
    return {"D's step": gradients, "D's first step of Adam": s.adam(gradients)}


def halved(s: Scene) -> Findings:
    fake = s.G(s.z).detach()
    loss = 0.5 * s.objective.discriminator(s.D(s.real), s.D(fake)) + s.penalty(fake)
    gradients = s.gradients(loss, s.D)
    return {"D's step": gradients, "D's first step of Adam": s.adam(gradients)}


def saturating(s: Scene) -> Findings:
    on_fake = s.D(s.G(s.z))
    loss = mean(-softplus(on_fake))  # log(1 - D)
    slopes = s.slopes(loss, {"logits of fakes": on_fake})
    return {"G's step": s.gradients(loss, s.G), "slope at each logit": slopes}


def non_saturating(s: Scene) -> Findings:
    on_fake = s.D(s.G(s.z))
    loss = mean(softplus(-on_fake))  # -log D
    slopes = s.slopes(loss, {"logits of fakes": on_fake})
    return {"G's step": s.gradients(loss, s.G), "slope at each logit": slopes}


def labelled_real(s: Scene) -> Findings:
    on_fake = s.D(s.G(s.z))
    loss = binary_cross_entropy_with_logits(on_fake, 1.0)
    return {"G's step": s.gradients(loss, s.G)}


def minus_log(s: Scene) -> Findings:
    on_fake = s.D(s.G(s.z))
    loss = -mean(log(sigmoid(on_fake)))
    return {"G's step": s.gradients(loss, s.G)}


def on_logits(s: Scene) -> Findings:
    fake = s.G(s.z)
    on_real, on_fake = s.D(s.real), s.D(fake)
    return _both_steps(s, on_real, on_fake, s.objective.discriminator(on_real, on_fake), s.loss_of_g(on_fake))


def on_probabilities(s: Scene) -> Findings:
    fake = s.G(s.z)
    on_real, on_fake = s.D(s.real), s.D(fake)
    p_real, p_fake = sigmoid(on_real), sigmoid(on_fake)
    return _both_steps(s, on_real, on_fake, s.objective.discriminator(p_real, p_fake), s.loss_of_g(p_fake))


def _both_steps(s: Scene, on_real: Tensor, on_fake: Tensor, loss_d: Tensor, loss_g: Tensor) -> Findings:
    logits = {"logits of real samples": on_real, "logits of fakes": on_fake}
    return {
        "D's step": s.gradients(loss_d, s.D),
        "G's step": s.gradients(loss_g, s.G),
        "slope of D's loss at each logit": s.slopes(loss_d, logits),
        "slope of G's loss at each logit": s.slopes(loss_g, {"logits of fakes": on_fake}),
    }


def in_one_function(s: Scene) -> Findings:
    on_fake = -SURE * abs(s.D(s.G(s.z)))
    loss = mean(softplus(-on_fake))
    return {"G's step": s.gradients(loss, s.G)}


def logarithm_of_a_sigmoid(s: Scene) -> Findings:
    on_fake = -SURE * abs(s.D(s.G(s.z)))
    loss = -mean(log(sigmoid(on_fake)))
    return {"G's step": s.gradients(loss, s.G)}


def higher_is_real(s: Scene) -> Findings:
    fake = s.G(s.z)
    loss_d = mean(s.D(fake)) - mean(s.D(s.real)) + s.penalty(fake.detach())
    loss_g = -mean(s.D(fake))
    return {"D's step": s.gradients(loss_d, s.D), "G's step": s.gradients(loss_g, s.G)}


def lower_is_real(s: Scene) -> Findings:
    flip(s.D)
    fake = s.G(s.z)
    loss_d = mean(s.D(s.real)) - mean(s.D(fake)) + s.penalty(fake.detach())
    loss_g = mean(s.D(fake))
    return {"D's step": s.gradients(loss_d, s.D), "G's step": s.gradients(loss_g, s.G)}


def flip(network: nn.Module) -> None:
    """Negate the output of a network whose last layer is linear."""
    last = [layer for layer in network.modules() if isinstance(layer, nn.Linear)][-1]
    for p in last.parameters():
        modify(p, lambda array: array.__imul__(-1))


def blank(network: nn.Module) -> None:
    """Give a network whose last layer is linear the output 0."""
    last = [layer for layer in network.modules() if isinstance(layer, nn.Linear)][-1]
    for p in last.parameters():
        modify(p, lambda array: array.fill(0))


def one_sided(s: Scene) -> Findings:
    on_real, on_fake = s.D(s.real), s.D(s.G(s.z).detach())
    bce = binary_cross_entropy_with_logits
    loss = bce(on_real, 0.9) + bce(on_fake, 0.0)
    slopes = s.slopes(loss, {"logits of fakes": on_fake})
    return {"D's step": s.gradients(loss, s.D), "slope at each logit": slopes}


def two_sided(s: Scene) -> Findings:
    on_real, on_fake = s.D(s.real), s.D(s.G(s.z).detach())
    bce = binary_cross_entropy_with_logits
    loss = bce(on_real, 0.9) + bce(on_fake, 0.1)
    slopes = s.slopes(loss, {"logits of fakes": on_fake})
    return {"D's step": s.gradients(loss, s.D), "slope at each logit": slopes}


def blind_to_bad_fakes(s: Scene) -> Findings:
    blank(s.D)  # D = 1/2 everywhere
    fake = s.G(s.z)
    return {"D's step": s.gradients(s.loss_d(fake.detach()), s.D)}


def blind_to_perfect_fakes(s: Scene) -> Findings:
    blank(s.D)  # D = 1/2 everywhere
    fake = s.real
    return {"D's step": s.gradients(s.loss_d(fake.detach()), s.D)}


CHANGES = (
    Change(
        "mean",
        "D's two losses, on real and on fake samples",
        Variant("their sum", summed),
        Variant("their mean: half the sum", halved),
        ANY,
    ),
    Change(
        "saturating",
        "G's loss",
        Variant("saturating: the mean of log(1 - D(G(z)))", saturating),
        Variant("non-saturating: the mean of -log D(G(z))", non_saturating),
        CLASSIFIER,
    ),
    Change(
        "label",
        "how G's loss is written",
        Variant("cross-entropy of fakes with the label of real samples", labelled_real),
        Variant("the mean of -log D(G(z))", minus_log),
        CLASSIFIER,
    ),
    Change(
        "sigmoid",
        "what the losses get",
        Variant("D's logits", on_logits),
        Variant("their sigmoid", on_probabilities),
        CLASSIFIER_OR_SQUARES,
    ),
    Change(
        "logarithm",
        "how -log D is computed, of a D that is sure of all fakes",
        Variant("in one function of the logit", in_one_function),
        Variant("as the logarithm of a sigmoid", logarithm_of_a_sigmoid),
        CLASSIFIER,
    ),
    Change(
        "signs",
        "what a high score of the critic means",
        Variant("a real sample", higher_is_real),
        Variant("a fake one: both losses and the critic's output have the other sign", lower_is_real),
        CRITIC,
    ),
    Change(
        "smooth-fakes",
        "the labels that D learns",
        Variant("0.9 for real samples, 0 for fakes", one_sided),
        Variant("0.9 for real samples, 0.1 for fakes", two_sided),
        CLASSIFIER,
    ),
    Change(
        "blind",
        "the fakes that a D sees which takes every sample for real with probability 1/2",
        Variant("G's", blind_to_bad_fakes),
        Variant("perfect ones: the real batch itself", blind_to_perfect_fakes),
        CLASSIFIER,
    ),
)
