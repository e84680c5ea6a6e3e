"""Weight norm gives the same functions other parameters: a length, and a direction."""

from __future__ import annotations

import copy

import numpy as np

import minigrad as mg
from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial
from minigrad import Tensor, grad, nn, tensor
from minigrad.ops import mean, square
from minigrad.ops import sum as total


def measure(trial: Trial) -> Numbers:
    """What weight norm changes in a layer's function, and two equations of its gradients."""
    mg.manual_seed(trial.seed)
    plain = nn.Linear(8, 5).astype(np.float64)
    layer = nn.utils.weight_norm(copy.deepcopy(plain))
    x, y = (tensor(trial.rng.normal(size=(64, size))) for size in (8, 5))
    named = dict(layer.named_parameters())
    g, v = named["weight_g"], named["weight_v"]
    (of_w,) = grad(_loss(plain, x, y), [plain.weight])
    of_g, of_v = grad(_loss(layer, x, y), [g, v])
    length = np.linalg.norm(v.numpy(), axis=1, keepdims=True)
    direction = v.numpy() / length
    along = (of_w.numpy() * direction).sum(axis=1, keepdims=True)
    errors = {
        "function": np.abs(layer(x).numpy() - plain(x).numpy()),
        "of_g": np.abs(of_g.numpy() - along),
        "of_v": np.abs(of_v.numpy() - g.numpy() / length * (of_w.numpy() - along * direction)),
        "radial": np.abs(total(of_v * v, axis=1).numpy()),
    }
    found = {name: float(error.max()) for name, error in errors.items()}
    return {"error": max(found.values()), **found}


def _loss(layer: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return mean(square(layer(x) - y))


CLAIM = Claim(
    says="Weight norm changes no function: g has the gradient along the weight, v the one across it.",
    source="Salimans and Kingma 2016, equations 2 and 3",
    measured="a linear layer's outputs before and after, the gradients in g and v against the formulas from "
    "that in w, and the part of v's gradient along v.",
    refuted_by="a number that differs.",
    effect=identity("error", "largest difference", 1e-12),
    measure=measure,
    picture=arms(
        "largest difference",
        {"function": "function", "of_g": "gradient\nin g", "of_v": "gradient\nin v", "radial": "along v"},
    ),
)
