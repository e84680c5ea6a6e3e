"""A training whose process forks: its children do not have its signals, nor its display."""

from __future__ import annotations

import os

import pytest

from tests.processes import python

POOL = """
import multiprocessing, os, signal, sys
from gans.trainer.signals import StopOnSignal

def work(x):
    return 2 * x

if __name__ == "__main__":
    with StopOnSignal() as stopped:
        pool = multiprocessing.get_context("fork").Pool(2)
        assert pool.map(work, [1, 2]) == [2, 4]
        pool.terminate()  # by SIGTERM
        pool.join()
        if (child := os.fork()) == 0:
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                os._exit(7)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert not stopped()
        signal.raise_signal(signal.SIGTERM)
        assert stopped()
"""

AT_ONCE = """
import os, signal, time
from gans.trainer.signals import StopOnSignal

with StopOnSignal() as outer, StopOnSignal() as inner:
    for _ in range(40):
        if (child := os.fork()) == 0:
            time.sleep(20)
            os._exit(0)
        os.kill(child, signal.SIGTERM)  # before the child has begun
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGTERM
    assert not outer() and not inner()
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ())
    signal.raise_signal(signal.SIGTERM)
    assert inner()
"""


DISPLAY = """
import os, signal, threading, time
from rich.console import Console
from gans.trainer.display import LiveDisplay

drawing, drawn = threading.Event(), threading.Event()

class Slow(LiveDisplay):
    def _render(self):
        if threading.current_thread() is not threading.main_thread():
            drawing.set()
            drawn.wait(20)
        return "frame"

with Slow(None, None, Console(force_terminal=True, width=80), lambda: False):
    assert drawing.wait(20)  # the thread that redraws holds the locks
    if (child := os.fork()) == 0:
        print("told by the child", flush=True)
        os._exit(0)
    for _ in range(200):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.05)
    else:
        os.kill(child, signal.SIGKILL)
    drawn.set()
assert done and status == 0
"""


pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def run(code: str) -> str:
    options = ("-W", "ignore::DeprecationWarning")
    done = python(code, options=options, seconds=60, OPENBLAS_NUM_THREADS="1")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_signal_ends_the_children_of_a_training_as_it_would_without_one() -> None:
    run(POOL)


def test_a_signal_that_comes_while_a_child_starts_is_not_lost() -> None:
    run(AT_ONCE)


def test_a_child_prints_whatever_the_live_display_was_doing() -> None:
    assert "told by the child" in run(DISPLAY)
