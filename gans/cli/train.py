"""``gans train``."""

from __future__ import annotations

import os
import shlex
import sys
from argparse import Namespace
from dataclasses import asdict
from typing import Any

from gans import api
from gans.cli.settings import given_settings
from gans.configfile import read_config
from gans.data import data_name
from gans.errors import UserError
from gans.messages import one_line
from gans.systems import settings_for
from gans.systems.own import absolute
from gans.terminal import say
from gans.trainer import Ended, Length, RunConfig, Schedule, resume

LONGEST_PATH = 5_000


def run(arguments: Namespace) -> int:
    """Train; the exit status."""
    return _report(_resume(arguments) if arguments.resume else _start(arguments))


def _start(arguments: Namespace) -> Ended:
    model = arguments.model
    if model is None and arguments.config is not None:
        model = read_config(arguments.config).get("model")
    if model is None:
        raise UserError("which MODEL? For example: gans train dcgan (`gans list` shows all)")
    run = api.train(
        model,
        arguments.data,
        config=arguments.config,
        out=arguments.out,
        epochs=arguments.epochs,
        steps=arguments.steps,
        seed=arguments.seed,
        device=arguments.device,
        capture=arguments.capture,
        **_given(arguments, ("data_dir", "batch_norm", *Schedule._fields)),
        **given_settings(arguments, model),
    )
    assert run.ended is not None
    return run.ended


def _resume(arguments: Namespace) -> Ended:
    if arguments.config is not None:
        raise UserError("a resumed run has its own config; leave --config out, or start another run")
    _check_unchanged(arguments, RunConfig.read(arguments.resume))
    return resume(
        arguments.resume,
        Length(arguments.steps, arguments.epochs),
        arguments.data_dir,
        Schedule(arguments.checkpoint_every, arguments.evaluate_every, arguments.keep_best),
        arguments.device,
        batch_norm=arguments.batch_norm,
        capture=arguments.capture,
    )


def _check_unchanged(arguments: Namespace, config: RunConfig) -> None:
    """Refuse hyper-parameters on the command line that differ from those of the run, each by name."""
    is_now: dict[str, Any] = {**asdict(config.settings), "data": config.data, "seed": config.seed}
    wanted = {**given_settings(arguments, config.model), **_given(arguments, ("model", "data", "seed"))}
    foreign = sorted(wanted.keys() - is_now.keys())
    if foreign:
        settings_for(config.model, config.spec.kind, **{foreign[0]: wanted[foreign[0]]})
    if "model" in wanted:
        wanted["model"] = absolute(wanted["model"])
    if "data" in wanted:
        wanted["data"] = data_name(wanted["data"])
    changed = [
        f"{_option(name)} {value} (the run has {is_now[name]})"
        for name, value in wanted.items()
        if value != is_now[name]
    ]
    if changed:
        raise UserError(
            f"a resumed run cannot change {', '.join(changed)}; leave it out, or start another run"
        )


def _report(ended: Ended) -> int:
    """Print how the run ended and how to go on."""
    if ended.signal is not None:
        again = f"{_program()} train --resume {shlex.quote(str(ended.folder))}"
        message = f"stopped after step {ended.step:,} of {ended.steps:,} and saved; go on with: {again}"
        say(message, LONGEST_PATH)
        return 128 + ended.signal
    folder = one_line(ended.folder)
    if ended.began == ended.step:
        print(f"{folder}: finished already after {ended.steps:,} steps; go on with more --epochs or --steps")
    else:
        print(f"finished: {ended.step:,} steps in {folder} (see samples.gif and losses.png)")
    return 0


def _given(arguments: Namespace, names: tuple[str, ...]) -> dict[str, Any]:
    """Those of the arguments ``names`` that the command line gives."""
    return {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}


def _option(name: str) -> str:
    return "the model:" if name == "model" else f"--{name.replace('_', '-')}"


def _program() -> str:
    """The program as the user typed it."""
    return "python -m gans" if os.path.basename(sys.argv[0]) == "__main__.py" else "gans"
