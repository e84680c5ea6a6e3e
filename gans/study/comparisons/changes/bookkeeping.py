"""Whose gradients are kept, which weights are constants, and which D it is that G's step uses."""

from __future__ import annotations

from gans.study.comparisons.change import ANY, Change, Variant
from gans.study.comparisons.scene import Findings, Scene
from minigrad import grad
from minigrad.nn import functional_call

__all__ = ["CHANGES"]


def zeroed(s: Scene) -> Findings:
    loss = s.loss_d(s.G(s.z).detach())
    gradients = grad(loss, s.D.parameters())
    return {"D's step": s.weights(s.D, gradients, loss)}


def accumulated(s: Scene) -> Findings:
    left = grad(s.loss_g(s.G(s.z)), s.D.parameters())
    loss = s.loss_d(s.G(s.z).detach())
    gradients = grad(loss, s.D.parameters())
    gradients = [g + before for g, before in zip(gradients, left, strict=True)]
    return {"D's step": s.weights(s.D, gradients, loss)}


def once(s: Scene) -> Findings:
    loss = s.loss_g(s.G(s.z))
    gradients = grad(loss, s.G.parameters())
    return {"G's step": s.weights(s.G, gradients, loss)}


def twice(s: Scene) -> Findings:
    loss = s.loss_g(s.G(s.z))
    gradients = grad(loss, s.G.parameters())
    gradients = [g + h for g, h in zip(gradients, grad(loss, s.G.parameters()), strict=True)]
    return {"G's step": s.weights(s.G, gradients, loss)}


def trainable(s: Scene) -> Findings:
    on_fake = s.D(s.G(s.z))
    loss = s.loss_of_g(on_fake)
    return {"G's step": s.gradients(loss, s.G), "G's loss, in D's weights": s.gradients(loss, s.D)}


def frozen(s: Scene) -> Findings:
    constants = {name: p.detach() for name, p in s.D.named_parameters()}
    on_fake = functional_call(s.D, constants, s.G(s.z))
    loss = s.loss_of_g(on_fake)
    return {"G's step": s.gradients(loss, s.G), "G's loss, in D's weights": s.gradients(loss, s.D)}


def anew(s: Scene) -> Findings:
    s.update_d(s.G(s.z).detach())
    loss = s.loss_g(s.G(s.z))
    return {"G's step": s.gradients(loss, s.G)}


def stale(s: Scene) -> Findings:
    loss = s.loss_g(s.G(s.z))
    return {"G's step": s.gradients(loss, s.G)}


def of_the_sum(s: Scene) -> Findings:
    fake = s.G(s.z).detach()
    on_real, on_fake = s.D(s.real), s.D(fake)
    gradients = grad(s.objective.discriminator(on_real, on_fake), s.D.parameters())
    return {"D's step": s.weights(s.D, gradients)}


def one_by_one(s: Scene) -> Findings:
    fake = s.G(s.z).detach()
    on_real, on_fake = s.D(s.real), s.D(fake)
    of_real = grad(s.objective.discriminator(on_real, on_fake.detach()), s.D.parameters())
    of_fake = grad(s.objective.discriminator(on_real.detach(), on_fake), s.D.parameters())
    gradients = [g + h for g, h in zip(of_real, of_fake, strict=True)]
    return {"D's step": s.weights(s.D, gradients)}


CHANGES = (
    Change(
        "zero-grad",
        "what is in D's gradient when D's step begins",
        Variant("nothing: it was zeroed", zeroed),
        Variant("the gradient of G's loss, as .grad of PyTorch keeps it", accumulated),
        ANY,
    ),
    Change(
        "backward-twice",
        "how often G's loss is differentiated into one .grad",
        Variant("once", once),
        Variant("twice, without zeroing in between", twice),
        ANY,
    ),
    Change(
        "freeze",
        "D's weights in G's step",
        Variant("as they are", trainable),
        Variant("frozen: constants", frozen),
        ANY,
    ),
    Change(
        "stale",
        "D(fake) in G's step, after an update of D",
        Variant("computed anew, with the new D", anew),
        Variant("from before that update, with the old D", stale),
        ANY,
    ),
    Change(
        "two-backwards",
        "how D's gradient is computed",
        Variant("that of the sum of both losses", of_the_sum),
        Variant("the sum of those of each loss", one_by_one),
        ANY,
    ),
)
