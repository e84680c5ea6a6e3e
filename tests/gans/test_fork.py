"""A training whose process forks: what its children do with the signals that it catches."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.gans.running import environment

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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_signal_ends_the_children_of_a_training_as_it_would_without_one() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", POOL],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
