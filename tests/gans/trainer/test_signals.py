"""Signals that ask a run to stop, and a terminal that goes away."""

from __future__ import annotations

import os
import pty
import signal
import sys
from pathlib import Path

import pytest

import minigrad as mg
from gans.trainer.signals import StopOnSignal
from tests.gans.commands import TOY, environment, gans, line_count, wait_for
from tests.processes import started

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

IN_A_TERMINAL = """\
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "gans", *sys.argv[1:]])
"""
"""Makes standard input the terminal that this process and the next belong to."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_after_the_step_and_a_second_one_interrupts(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with StopOnSignal() as stopped:
        assert not stopped()
        signal.raise_signal(number)
        assert stopped()
        assert stopped.signal == number
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert signal.getsignal(number) is before


def test_what_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopOnSignal() as stopped:
            signal.raise_signal(signal.SIGHUP)
            assert not stopped()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("fingerprints")
@pytest.mark.parametrize("live", [True, False])
def test_a_terminal_that_is_closed_ends_the_run_in_order(tmp_path: Path, live: bool) -> None:
    """With a live display, whose every redrawing fails from then on, and with lines.

    The streams have buffers, as they have for most users; their rest must not fail again at exit.
    """
    ours, theirs = pty.openpty()
    kernel = {} if live else {"JPY_PARENT_PID": "1"}
    process = started(
        *("-c", IN_A_TERMINAL, *TOY, "--steps", 100_000, "--out", "run"),
        cwd=tmp_path,
        env=environment(PYTHONUNBUFFERED="", TERM="xterm", **kernel),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    wait_for(lambda: line_count(tmp_path / "run") > 5, process)
    os.close(ours)
    assert process.wait(60) == 128 + signal.SIGHUP
    run = tmp_path / "run"
    assert mg.load(run / "checkpoint.safetensors")["step"] == line_count(run) > 5
    assert gans("train", "--resume", run, "--steps", line_count(run) + 1) == 0
