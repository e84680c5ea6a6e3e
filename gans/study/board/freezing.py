"""What an update of one network changes in the other one."""

from __future__ import annotations

from typing import Any

import numpy as np

from gans.study.board.networks import NORM_BOTH
from gans.study.board.toys import ring8, started
from gans.study.board.trial import Trial
from gans.systems.two_player import TwoPlayer
from minigrad import Tensor, nn

__all__ = ["changes"]


def changes(trial: Trial) -> dict[str, float]:
    """The largest change of G's weights and running statistics in an update of D, and of D's in one of G."""
    training, toy = started(trial, "gan", ring8(), NORM_BOTH, width=16, batch_size=32)
    gan = training.system
    assert isinstance(gan, TwoPlayer)
    rng = np.random.default_rng(trial.seed)
    numbers = {}
    for name, other in (("g", gan.generator), ("d", gan.discriminator)):
        before = _state(other)
        if name == "g":
            gan.update_discriminator(Tensor(toy.sample(32, rng)), rng)
        else:
            gan.update_generator(rng)
        after = _state(other)
        moved = {key: float(np.abs(after[key] - before[key]).max()) for key in before}
        weights = {key for key, _ in other.named_parameters()}
        numbers[f"weights_{name}"] = max(moved[key] for key in weights)
        numbers[f"statistics_{name}"] = max(moved[key] for key in moved if "running" in key)
    return numbers


def _state(network: nn.Module) -> dict[str, Any]:
    return {name: np.array(value, copy=True) for name, value in network.state_dict().items()}
