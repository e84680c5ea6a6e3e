"""``gans train``."""

from __future__ import annotations

import os
import shlex
import sys
from argparse import Namespace
from typing import Any

from gans.data import load
from gans.errors import UserError
from gans.messages import one_line
from gans.systems import check_device, settings_for
from gans.terminal import say
from gans.trainer import (
    Ended,
    Length,
    RunConfig,
    data_name,
    default_epochs,
    kind_of,
    new_config,
    resume,
    start,
)

CHECKPOINT_EVERY = 100

LONGEST_PATH = 5_000

HYPERPARAMETERS = ("objective", "batch_size", "lr", "critic_steps", "latent")


def run(arguments: Namespace) -> int:
    """Train; the exit status."""
    length = Length(arguments.steps, arguments.epochs)
    ended = _resume(arguments, length) if arguments.resume else _start(arguments, length)
    return _report(ended)


def _start(arguments: Namespace, length: Length) -> Ended:
    if arguments.model is None:
        raise UserError("which MODEL? For example: gans train dcgan (`gans list` shows all)")
    changes = _given(arguments, HYPERPARAMETERS)
    settings_for(arguments.model, "image", **changes)  # a misspelt name should not wait for a download
    check_device(arguments.device or "cpu")
    data = load(arguments.data or "mnist5k", arguments.data_dir)
    kind = kind_of(data)
    settings = settings_for(arguments.model, kind, **changes)
    config = new_config(
        settings,
        data,
        length if any(length) else Length(epochs=default_epochs(settings, kind)),
        name=arguments.data or "mnist5k",
        data_dir=arguments.data_dir,
        seed=arguments.seed or 0,
        checkpoint_every=arguments.checkpoint_every or CHECKPOINT_EVERY,
        device=arguments.device or "cpu",
    )
    return start(config, data, arguments.out, capture=arguments.capture)


def _resume(arguments: Namespace, length: Length) -> Ended:
    return resume(
        arguments.resume,
        length,
        arguments.data_dir,
        arguments.checkpoint_every,
        arguments.device,
        capture=arguments.capture,
        accept=lambda config: _check_unchanged(arguments, config),
    )


def _check_unchanged(arguments: Namespace, config: RunConfig) -> None:
    """Refuse, by name, hyper-parameters on the command line that are not those of the run."""
    is_now: dict[str, Any] = {name: getattr(config.settings, name) for name in ("model", *HYPERPARAMETERS)}
    is_now |= {"data": config.data, "seed": config.seed}
    wanted = _given(arguments, tuple(is_now))
    if "data" in wanted:
        wanted["data"] = data_name(wanted["data"])
    changed = [
        f"{_option(name)} {value} (the run has {is_now[name]})"
        for name, value in wanted.items()
        if value != is_now[name]
    ]
    if changed:
        raise UserError(
            f"a resumed run cannot change {', '.join(changed)}; leave that out, or start another run"
        )


def _report(ended: Ended) -> int:
    """Say how the run ended and what can be done next."""
    if ended.signal is not None:
        again = f"{_program()} train --resume {shlex.quote(str(ended.folder))}"
        told = f"stopped after step {ended.step:,} of {ended.steps:,} and saved; go on with: {again}"
        say(told, LONGEST_PATH)
        return 128 + ended.signal
    folder = one_line(ended.folder)
    if ended.began == ended.step:
        print(f"{folder}: finished already after {ended.steps:,} steps; --epochs or --steps go further")
    else:
        print(f"finished: {ended.step:,} steps in {folder} (see samples.gif and losses.png)")
    return 0


def _given(arguments: Namespace, names: tuple[str, ...]) -> dict[str, Any]:
    """The arguments that the command line holds, of those called ``names``."""
    return {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}


def _option(name: str) -> str:
    return "the model:" if name == "model" else f"--{name.replace('_', '-')}"


def _program() -> str:
    """What the user typed to get here."""
    return "python -m gans" if os.path.basename(sys.argv[0]) == "__main__.py" else "gans"
