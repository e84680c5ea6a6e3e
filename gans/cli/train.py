"""``gans train``."""

from __future__ import annotations

import os
import shlex
import sys
from argparse import Namespace
from typing import Any

from gans import api
from gans.cli.settings import FLAGS
from gans.errors import UserError
from gans.messages import one_line
from gans.terminal import say
from gans.trainer import Ended, Length, RunConfig, data_name, resume

LONGEST_PATH = 5_000


def run(arguments: Namespace) -> int:
    """Train; the exit status."""
    return _report(_resume(arguments) if arguments.resume else _start(arguments))


def _start(arguments: Namespace) -> Ended:
    if arguments.model is None:
        raise UserError("which MODEL? For example: gans train dcgan (`gans list` shows all)")
    run = api.train(
        arguments.model,
        arguments.data or "mnist5k",
        out=arguments.out,
        epochs=arguments.epochs,
        steps=arguments.steps,
        seed=arguments.seed or 0,
        device=arguments.device or "cpu",
        data_dir=arguments.data_dir,
        checkpoint_every=arguments.checkpoint_every,
        capture=arguments.capture,
        **_given(arguments, tuple(FLAGS)),
    )
    assert run.ended is not None
    return run.ended


def _resume(arguments: Namespace) -> Ended:
    _check_unchanged(arguments, RunConfig.read(arguments.resume))
    return resume(
        arguments.resume,
        Length(arguments.steps, arguments.epochs),
        arguments.data_dir,
        arguments.checkpoint_every,
        arguments.device,
        capture=arguments.capture,
    )


def _check_unchanged(arguments: Namespace, config: RunConfig) -> None:
    """Refuse hyper-parameters on the command line that differ from those of the run, each by name."""
    is_now: dict[str, Any] = {name: getattr(config.settings, name) for name in ("model", *FLAGS)}
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
