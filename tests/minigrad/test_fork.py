"""Kernels, replays and locks in child processes made by fork, and the GPU, which is lost there."""

from __future__ import annotations

import os

import pytest

from tests.processes import ROOT, python

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

START = """
import os, signal, sys, threading, time
import numpy as np
import minigrad as mg

x = np.linspace(-1, 1, 1 << 20, dtype=np.float32)  # enough for all threads

def numbers():
    return mg.ops.leaky_relu(mg.tensor(x), slope=0.2).numpy()

def child(function):
    '''The exit status of a forked child that runs the function; negative if a signal ended it.'''
    if (process := os.fork()) == 0:
        try:
            os._exit(function() or 0)
        except BaseException as error:
            print(type(error).__name__, error, flush=True)
            os._exit(1)
    for _ in range(600):
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    raise AssertionError('the child hangs')

def same():
    np.testing.assert_array_equal(numbers(), expected)
"""

KERNELS = """
expected = numbers()
assert child(same) == 0

def nested():
    return child(lambda: child(same))
assert nested() == 0

def in_a_thread():
    errors = []
    def run():
        try: same()
        except BaseException as error: errors.append(error)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return len(errors)
assert child(in_a_thread) == 0

def more_threads_asked_for():
    import numba
    numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)
    same()
assert child(more_threads_asked_for) == 0

statuses = []
thread = threading.Thread(target=lambda: statuses.append(child(same)))
thread.start()
thread.join()
assert statuses == [0]
same()
"""

REPLAYS = """
expected = numbers()
w = mg.nn.Parameter(np.ones(1 << 20, 'f'))
optimizer = mg.optim.Adam([w], lr=0.1)

@mg.capture
def step(target):
    loss = mg.ops.mean((mg.ops.leaky_relu(w, slope=0.2) - target) ** 2)
    optimizer.step(mg.grad(loss, [w]))
    return loss

losses = [float(step(mg.tensor(x))) for _ in range(3)]
def goes_on():
    values = [float(step(mg.tensor(x))) for _ in range(3)]
    assert step.replays >= 4, step.replays
    print(*values, flush=True)
child(goes_on)
goes_on()
"""

POOL = """
import multiprocessing
expected = numbers()

def total(slope):
    return float(mg.ops.sum(mg.ops.leaky_relu(mg.tensor(x), slope=slope)))

if __name__ == '__main__':
    slopes = [0.1, 0.2, 0.3, 0.4]
    with multiprocessing.get_context('fork').Pool(2) as pool:
        assert pool.map_async(total, slopes).get(60) == [total(slope) for slope in slopes]
"""

WHILE_KERNELS_RUN = """
expected = numbers()
stop = threading.Event()
w = mg.nn.Parameter(np.ones(1 << 20, 'f'))
step = mg.capture(lambda: mg.ops.leaky_relu(w, slope=0.2))
def busy():
    while not stop.is_set():
        step()
        numbers()
threads = [threading.Thread(target=busy) for _ in range(2)]
for thread in threads: thread.start()
def everything():
    same()
    step()
try:
    for _ in range(20):
        assert child(everything) == 0
finally:
    stop.set()
    for thread in threads: thread.join()
"""

FIRST_KERNEL_IN_THE_CHILD = """
expected = np.where(x > 0, x, np.float32(0.2) * x)
assert 'numba' not in sys.modules
def own_pool():
    from minigrad.kernels.cpu.runtime.compiling import threads
    import numba
    same()
    assert threads() == numba.config.NUMBA_NUM_THREADS
assert child(own_pool) == 0
"""

GPU = """
from tests.gpu import fake_cupy
sys.modules['cupy'] = fake_cupy
assert child(lambda: print(mg.tensor([1.0]).to('cuda').device, flush=True)) == 0  # nothing is lost before
t = mg.tensor([1.0, 2.0]).to('cuda').detach()
linear = mg.nn.Linear(2, 2)
twice = mg.capture(lambda: mg.ops.exp(t))
for _ in range(3): twice()
assert twice.replays
for attempt in (
    lambda: mg.tensor([1.0]).to('cuda'),
    lambda: t.numpy(),
    lambda: mg.ops.leaky_relu(t, slope=0.2),
    lambda: mg.ops.exp(t),
    lambda: linear.to('cuda'),
    twice,
):
    assert child(attempt) == 1
assert child(lambda: None if (mg.tensor([1.0]) + 1).numpy() == 2 else 5) == 0
t.numpy()
"""


def run(code: str, **environment: str) -> str:
    """Standard output of a process that must end well within a minute or two."""
    options = ("-W", "ignore::DeprecationWarning")
    result = python(START + code, options=options, cwd=ROOT, seconds=150, **environment)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.mark.parametrize("code", [KERNELS, POOL, WHILE_KERNELS_RUN, FIRST_KERNEL_IN_THE_CHILD])
def test_kernels_run_in_a_forked_child(code: str) -> None:
    run(code, NUMBA_NUM_THREADS="2")


def test_replays_go_on_in_a_forked_child() -> None:
    in_the_child, in_the_parent = run(REPLAYS, NUMBA_NUM_THREADS="2").splitlines()
    assert in_the_child == in_the_parent


def test_a_forked_child_says_at_once_that_the_gpu_is_lost() -> None:
    before, *errors = run(GPU).splitlines()
    assert before == "cuda"
    assert len(errors) == 6
    assert all("does not survive a fork" in line and 'get_context("spawn")' in line for line in errors)
