"""When kernels are compiled and who hears of it, how many threads they use, and what memory they keep."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import numba
import numpy as np
import pytest

from minigrad.kernels import cpu, reference
from minigrad.kernels.cpu.runtime.compiling import Workspace, launch, threads
from minigrad.kernels.geometry import Geometry
from tests.minigrad.kernels.updates import end_of_call
from tests.processes import python

NOTICE = "compiling the CPU kernels"


def run(code: str, cache: Path) -> subprocess.CompletedProcess[str]:
    done = python(code, NUMBA_CACHE_DIR=str(cache))
    assert done.returncode == 0, done.stderr
    return done


def test_import_compiles_nothing(tmp_path: Path) -> None:
    code = "import minigrad, sys; assert 'numba' not in sys.modules; import minigrad.kernels.cpu"
    result = run(code, tmp_path)
    assert result.stderr == ""
    assert not list(tmp_path.rglob("*.nbi"))


def test_compiling_is_announced_once_and_kept_on_disk(tmp_path: Path) -> None:
    code = (
        "import numpy as np; from minigrad.kernels import cpu\n"
        "for dtype in ('f', 'd'): cpu.leaky_relu(np.ones(3, dtype), 0.2)"
    )
    assert run(code, tmp_path).stderr.count(NOTICE) == 1
    assert list(tmp_path.rglob("*.nbi"))
    assert run(code, tmp_path).stderr == ""


@pytest.mark.slow
def test_the_dcgan_step_compiles_each_kernel_for_one_signature(tmp_path: Path) -> None:
    code = (
        "from collections import Counter\n"
        "from numba.core import event\n"
        "from benchmarks.sides import open_side\n"
        "from benchmarks.workloads import step\n"
        "with event.install_recorder('numba:compile') as recorder:\n"
        "    open_side('minigrad', step('dcgan')).step(0)\n"
        "functions = [e.data['dispatcher'].py_func for _, e in recorder.buffer if e.is_start]\n"
        "own = [f for f in functions if f.__module__.startswith('minigrad')]\n"
        "for f, count in Counter(own).items(): print(count, f.__module__, f.__name__)"
    )
    compiled = run(code, tmp_path).stdout.splitlines()
    assert len(compiled) > 10
    assert [line for line in compiled if not line.startswith("1 ")] == []
    assert len(compiled) <= 25, "more for a cold start to compile: see CONTRIBUTING, What a kernel costs"


def test_users_own_compiled_functions_are_not_announced(tmp_path: Path) -> None:
    code = (
        "import minigrad.kernels.cpu, numba; numba.njit(lambda x: x + 1)(1)\n"
        "made = {}; exec('def f(x): return x + 2', made); numba.njit(made['f'])(1)"
    )
    assert run(code, tmp_path).stderr == ""


needs_two = pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="needs two threads")


@needs_two
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kernel", [3, 4, 5])
def test_ways_to_convolve_do_not_depend_on_the_number_of_threads(kernel: int, dtype: type) -> None:
    """They round differently: a choice that counted the threads would show."""
    rng, stride = np.random.default_rng(0), 1 if kernel == 3 else 2
    geometry = Geometry((stride, stride), (kernel // 3, kernel // 3))
    for n, c, o, size in (
        (1, 64, 128, 8),
        (4, 64, 128, 16),
        (29, 48, 64, 12),
        (4, 256, 256, 4),
        (64, 1, 64, 8),
    ):
        x = rng.normal(size=(n, c, size, size)).astype(dtype)
        w = rng.normal(size=(o, c, kernel, kernel)).astype(dtype)
        g = rng.normal(size=reference.conv2d(x[:1], w, geometry).shape).astype(dtype).repeat(n, 0)
        found = []
        for number in (1, 2):
            numba.set_num_threads(number)
            found.append(
                [
                    cpu.conv2d(x, w, geometry),
                    cpu.conv_transpose2d(g, w, (size, size), geometry),
                    cpu.conv2d_weight(x, g, (kernel, kernel), geometry),
                ]
            )
        for one, two in zip(*found, strict=True):
            np.testing.assert_array_equal(one, two, err_msg=f"{n} images {c}x{size}x{size}, {o} outputs")


@needs_two
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_results_do_not_depend_on_the_number_of_threads(dtype: type) -> None:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(29, 48, 12, 12)).astype(dtype), rng.normal(size=(64, 48, 4, 4)).astype(dtype)
    geometry = Geometry((2, 2), (1, 1))
    rows, parameter = rng.normal(size=(1400, 100)).astype(dtype), rng.normal(size=99999).astype(dtype)

    def everything() -> list[np.ndarray]:
        y = cpu.conv2d(x, w, geometry)
        results = [
            y,
            cpu.conv_transpose2d(y, w, (12, 12), geometry),
            cpu.conv2d_weight(x, y, (4, 4), geometry),
            cpu.conv2d_weight(x[:, :1], y, (4, 4), geometry),
            cpu.conv2d(x[:, :1], w[:, :1], geometry),
            cpu.conv_transpose2d(y, w[:, :1], (12, 12), geometry),
            cpu.conv2d(x, w[:, :24], geometry._replace(groups=2)),
            cpu.conv2d_bias_leaky_relu(x, w, w[:, 0, 0, 0], geometry, 0.2),
            cpu.sum_squares([x, rows, parameter]),
            *[draw(np.zeros(3, np.uint64), 99999, dtype) for draw in (cpu.philox_uniform, cpu.philox_normal)],
        ]
        for a in (x, rows):
            standard = cpu.standardize(a, 1e-5)
            biased = cpu.bias_leaky_relu(a, standard[1], 0.2)
            results += [biased, *cpu.bias_leaky_relu_grad(a[::-1], biased, 0.2)]
            weight, bias = 1 + standard[2], standard[1]
            results += cpu.batch_norm(a, weight, bias, 1e-5, 0.2)
            results += cpu.batch_norm_grad(a[::-1], a, weight, bias, standard[1], standard[3], 0.2)
            results += [*standard, cpu.standardize_grad(a[::-1], a, standard[1], standard[3])]
            results += [cpu.leaky_relu(a, 0.2), cpu.leaky_gate(a[::-1], a, 0.2)]
        for name, state, numbers in (
            ("sgd_update", 1, (0.1, 0.9, 0.0, 0.01, True)),
            ("rmsprop_update", 3, (0.1, 0.9, 1e-8, 0.01, 0.9)),
            ("adam_update", 2, (3, 0.1, 0.5, 0.9, 1e-8, 0.01)),
            ("adamw_update", 3, (3, 0.1, 0.5, 0.9, 1e-8, 0.01, 0.02)),
        ):
            arrays = [parameter.copy(), *(0.1 + np.abs(parameter) for _ in range(state))]
            end = end_of_call(name, numbers, dtype)
            getattr(cpu, name)(arrays[0], parameter[::-1], *arrays[1:], *end)
            results += arrays
        return results

    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        alone = everything()
        numba.set_num_threads(2)
        together = everything()
    finally:
        numba.set_num_threads(before)
    for a, b in zip(alone, together, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity")
def test_threads_follow_affinity_and_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = sorted(os.sched_getaffinity(0))
    code = "; from minigrad.kernels.cpu.runtime.compiling import threads; print(threads())"
    restricted = f"import os; os.sched_setaffinity(0, {allowed[:1]})" + code
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    assert run("pass" + code, tmp_path).stdout == f"{len(allowed)}\n"
    assert run(restricted, tmp_path).stdout == "1\n"
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    assert run("pass" + code, tmp_path).stdout == "1\n"


def test_python_threads_may_call_at_once() -> None:
    rng = np.random.default_rng(0)
    x, w = (
        rng.normal(size=(8, 16, 16, 16)).astype(np.float32),
        rng.normal(size=(32, 16, 3, 3)).astype(np.float32),
    )
    expected = cpu.conv2d(x, w, Geometry(padding=(1, 1)))
    results: list[np.ndarray] = []

    def work() -> None:
        results.extend(cpu.conv2d(x, w, Geometry(padding=(1, 1))) for _ in range(5))

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(results) == 20
    for result in results:
        np.testing.assert_array_equal(result, expected)


def test_small_work_stays_on_one_thread_and_restores_the_rest() -> None:
    before = threads()
    with launch(1) as allowed:
        assert allowed == threads() == 1
    assert threads() == before


def test_workspace_keeps_memory_up_to_its_limit() -> None:
    workspace = Workspace(limit=1000)
    first, second = workspace.take(np.dtype(np.float32), 10, 20)
    assert (first.size, second.size) == (10, 20)
    assert first.ctypes.data % 64 == second.ctypes.data % 64 == 0
    assert not np.shares_memory(first, second)
    (again,) = workspace.take(np.dtype(np.float64), 10)
    assert np.shares_memory(again, first)
    (large,) = workspace.take(np.dtype(np.float32), 1000)
    assert not np.shares_memory(large, first)
    (kept,) = workspace.take(np.dtype(np.float32), 10)
    assert np.shares_memory(kept, first)
