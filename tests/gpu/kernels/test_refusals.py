"""What the launchers refuse, before anything is compiled: no emulator, no GPU."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from minigrad.kernels import cuda
from minigrad.kernels.cuda import activation, optimizer
from minigrad.kernels.cuda.gemm import pipelined as gemm_pipelined
from minigrad.kernels.cuda.product import planning
from minigrad.kernels.cuda.runtime import loading
from tests.gpu.kernels.sources import sources


class Recorder:
    """A maker whose functions note their calls."""

    def __init__(self) -> None:
        self.made: list[tuple[str, Sequence[str], Sequence[str]]] = []
        self.calls: list[tuple[Any, ...]] = []

    def module(self, source: str, options: Sequence[str], name_expressions: Sequence[str]) -> Recorder:
        self.made.append((source, options, name_expressions))
        return self

    def function(self, name: str) -> loading.Function:
        return lambda *args, shared_mem=0: self.calls.append((name, *args))


class Function:
    """A kernel that notes its calls."""

    def __init__(self) -> None:
        self.max_dynamic_shared_size_bytes = 0
        self.calls: list[tuple[Any, ...]] = []

    def __call__(self, grid: Any, block: Any, args: Any, shared_mem: int = 0) -> None:
        self.calls.append((grid, block, args, shared_mem))


@pytest.mark.parametrize("value", [3, 0.5, True, None, np.bool_(True), np.int16(3), np.uint32(3), "x"])
def test_arguments_are_arrays_and_typed_numbers(value: Any) -> None:
    x, recorder = np.zeros(3, np.float32), Recorder()
    with loading.use(recorder), pytest.raises(TypeError, match=r"leaky_relu: argument 1 is .* np.int32\(3\)"):
        activation.SOURCE.launch("leaky_relu", x.dtype, 1, x, value, x, np.int64(3))
    assert recorder.calls == []


def test_a_source_is_compiled_once_for_each_maker() -> None:
    x, first, second = np.ones(300, np.float64), Recorder(), Recorder()
    for recorder in (first, second):
        with loading.use(recorder):
            for _ in range(3):
                cuda.leaky_relu(x, 0.2)
                cuda.leaky_relu(x.astype(np.float32), 0.2)
        assert len(recorder.made) == 1
        names = [call[0] for call in recorder.calls]
        assert names == ["leaky_relu<double>", "leaky_relu<float>"] * 3
        _, grid, block, args = recorder.calls[0]
        assert (grid, block) == ((2,), (loading.THREADS,))
        assert [type(a) for a in args] == [np.ndarray, np.float64, np.ndarray, np.int64]


def test_an_update_of_many_parameters_is_one_launch() -> None:
    sizes, recorder = (700, 5, 1, 4096, 2, 2, 7, 9, 5000, 3, 1), Recorder()
    p, m, v = (np.ones(sum(sizes), np.float32) for _ in range(3))
    with loading.use(recorder):
        cuda.adam_update(p, [np.ones(size, np.float32) for size in sizes], m, v, np.ones(7, np.float32))
    ((name, grid, block, _),) = recorder.calls
    assert (name, block) == ("adam_update<float>", (256,))
    assert grid == (sum(-(-size // optimizer.CHUNK) for size in sizes),)


def test_a_gated_product_is_one_launch_where_a_tile_has_all_rows() -> None:
    for dtype, name in ((np.float32, "rows_by_columns"), (np.float64, "matmul_gate<double>")):
        x, y, own = (np.ones(shape, dtype) for shape in ((64, 70), (70, 300), (64, 300)))
        recorder = Recorder()
        with loading.use(recorder):
            cuda.matmul_gate(x, y, own, 0.2)
            assert [call[0] for call in recorder.calls] == [name]
            cuda.matmul_gate(np.ones((65, 70), dtype), y, np.ones((65, 300), dtype), 0.2)
            sums = f"add_chunks<{'float' if dtype is np.float32 else 'double'}>"
            assert [call[0] for call in recorder.calls[1:]] == [name, sums]
            if dtype is np.float32:  # a long sum is shared out, and gated where its shares are added
                cuda.matmul_gate(np.ones((64, 700), dtype), np.ones((700, 300), dtype), own, 0.2)
                assert [call[0] for call in recorder.calls[3:]] == [name, "gate_shares<float>"]


SOURCES = sources()


def test_every_file_is_part_of_a_source() -> None:
    folder = loading.FOLDER
    used = {name for source in SOURCES.values() for name in source.files}
    assert used == {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix in {".cu", ".cuh"}
    }


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_sources_keep_the_rules_of_the_package(source: loading.Source) -> None:
    assert source.text.startswith('#line 1 "runtime/common.cuh"\n')
    assert f'#line 1 "{source.name}"\n' in source.text
    assert f"-DTHREADS={source.constants['THREADS']}" in source.options
    kinds = 2 if source.templates else 1
    assert len(source.instances) == kinds * source.text.count("__global__") > 0
    own = source.text.replace((loading.FOLDER / "product/ptx.cuh").read_text("utf-8"), "")
    for forbidden in ("#include", "atomic", "asm", r"extern(?! __shared__)"):
        assert not re.search(rf"^(?!\s*//).*{forbidden}", own, re.MULTILINE)


def test_large_shared_memory_is_requested_once() -> None:
    function, recorder = Function(), Recorder()
    recorder.function = lambda name: function  # type: ignore[method-assign]
    source = max(gemm_pipelined.SOURCES, key=lambda source: source.shared)
    x = np.zeros(3, np.float32)
    with loading.use(recorder):
        for _ in range(2):
            source.launch("rows_by_rows", x.dtype, 5, x)
    assert source.shared > loading.PLAIN_SHARED
    assert function.max_dynamic_shared_size_bytes == source.shared
    assert function.calls == [((5,), (source.constants["THREADS"],), (x,), source.shared)] * 2


def test_without_cupy_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'minigrad-gans\[cuda12\]'"):
        cuda.leaky_relu(np.zeros(3), 0.2)


class DriverMissing(Exception):
    pass


def cupy_with(count: int | Exception, **names: Any) -> ModuleType:
    """A CuPy that finds so many devices."""

    def devices() -> int:
        if isinstance(count, Exception):
            raise count
        return count

    module = ModuleType("cupy")
    runtime = SimpleNamespace(getDeviceCount=devices, CUDARuntimeError=DriverMissing)
    vars(module).update(cuda=SimpleNamespace(runtime=runtime), **names)
    return module


@pytest.mark.parametrize(
    ("count", "message"),
    [(DriverMissing("cudaErrorInsufficientDriver"), "install the driver"), (0, "CUDA_VISIBLE_DEVICES")],
)
def test_without_a_device_the_error_names_the_driver(
    monkeypatch: pytest.MonkeyPatch, count: int | Exception, message: str
) -> None:
    monkeypatch.setitem(sys.modules, "cupy", cupy_with(count))
    with pytest.raises(RuntimeError, match=message):
        cuda.leaky_relu(np.zeros(3), 0.2)


def test_a_device_without_cp_async_goes_by_the_kernels_for_every_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cupy = cupy_with(2)
    cupy.cuda.Device = lambda device: SimpleNamespace(compute_capability=("75", "80")[device])
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    loading.compute_capability.cache_clear()
    on_device = [
        SimpleNamespace(dtype=np.dtype(np.float32), size=9, device=SimpleNamespace(id=device))
        for device in (0, 1)
    ]
    assert [planning.serves(a) for a in on_device] == [False, True]
    loading.compute_capability.cache_clear()


def test_cupy_makes_one_module_with_every_instance(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[dict[str, Any]] = []

    class RawModule:
        def __init__(self, **keywords: Any) -> None:
            made.append(keywords)

        def get_function(self, name: str) -> loading.Function:
            assert name in made[-1]["name_expressions"]
            return lambda grid, block, args: None

    monkeypatch.setitem(sys.modules, "cupy", cupy_with(1, RawModule=RawModule))
    with loading.use(loading.CuPy()):
        cuda.leaky_relu(np.zeros(3), 0.2)
        cuda.leaky_gate(np.zeros(3, np.float32), np.zeros(3, np.float32), 0.2)
    kernels = tuple(
        f"{name}<{kind}>" for name in ("leaky_relu", "leaky_gate") for kind in ("float", "double")
    )
    assert made == [
        {"code": activation.SOURCE.text, "options": activation.SOURCE.options, "name_expressions": kernels}
    ]
