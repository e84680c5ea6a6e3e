"""The flags of a model's hyper-parameters: one for each field of ``gans.systems.Settings``."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gans.cli.numbers import at_least_0, fraction, positive, positive_real, steps_or_0

__all__ = ["FLAGS", "Flag", "add_flags", "with_flags"]

OTHERS = ("data", "data_dir", "device", "epochs", "out", "resume", "seed", "steps")
"""Arguments of ``gans.api`` that are flags too, apart from the settings."""


@dataclass(frozen=True)
class Flag:
    """A setting on the command line: its help, its type, its placeholder."""

    help: str
    type: Callable[[str], Any] = str
    metavar: str = "N"
    choices: tuple[str, ...] | None = None


FLAGS: dict[str, Flag] = {
    "objective": Flag("the losses, where a model has several", metavar="NAME"),
    "batch_size": Flag("samples in each update", positive),
    "lr": Flag("learning rate of G; D's is this times --lr-ratio", positive_real, "RATE"),
    "lr_ratio": Flag("D's learning rate over G's", positive_real, "TIMES"),
    "lr_half_life": Flag("steps after which both rates have halved; 0 for never", steps_or_0, "STEPS"),
    "optimizer": Flag("of both networks", choices=("adam", "rmsprop"), metavar="NAME"),
    "beta1": Flag("Adam's decay of the gradients' mean", fraction, "SHARE"),
    "beta2": Flag("Adam's decay of the gradients' mean square", fraction, "SHARE"),
    "critic_steps": Flag("updates of D for each update of G", positive, "K"),
    "latent": Flag("length of the noise vector z", positive),
    "width": Flag("units of a hidden layer, on toys", positive),
    "depth": Flag("hidden layers, on toys", positive),
    "clip": Flag("bound of a critic's weights (wgan)", positive_real, "BOUND"),
    "penalty": Flag("weight of the gradient penalty (wgan-gp)", at_least_0, "WEIGHT"),
}
"""By the name of the setting."""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add a group with a flag for each setting; one that is not given is None."""
    group = parser.add_argument_group("hyper-parameters", "those that are not given are as `gans list` shows")
    for name, flag in FLAGS.items():
        group.add_argument(
            f"--{name.replace('_', '-')}",
            type=flag.type,
            metavar=flag.metavar,
            choices=flag.choices,
            help=flag.help,
        )


def with_flags(message: str) -> str:
    """``message`` of the library with its arguments' names as the flags of the command line.

    >>> with_flags("try a lower `lr` or `batch_size` (see `gans list`)")
    'try a lower --lr or --batch-size (see `gans list`)'
    """
    return re.sub(r"`([a-z0-9_]+)`", _flag, message)


def _flag(quoted: re.Match[str]) -> str:
    name = quoted[1]
    return f"--{name.replace('_', '-')}" if name in FLAGS or name in OTHERS else quoted[0]
