"""The fake refuses what it says it refuses: a fake that lets everything pass would prove nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.gpu.fake_cupy import arrays, cuda, functions, nccl

REFUSED: dict[str, Callable[[Any, Any, Any], object]] = {
    "numpy.asarray": lambda cp, x, a: np.asarray(x),
    "a NumPy function": lambda cp, x, a: np.sqrt(x),
    "a NumPy function of both": lambda cp, x, a: np.add(a, x),
    "a NumPy array on the right": lambda cp, x, a: x + a,
    "a NumPy array on the left": lambda cp, x, a: a * x,
    "a NumPy array compared": lambda cp, x, a: x > a,
    "a NumPy array in a function": lambda cp, x, a: cp.add(x, a),
    "a NumPy array without axes": lambda cp, x, a: cp.add(x, a.sum(keepdims=True).reshape(())),
    "a list": lambda cp, x, a: cp.maximum(x, [1.0, 2.0]),
    "a NumPy array assigned": lambda cp, x, a: x.__setitem__(slice(None), a),
    "a NumPy array as an index": lambda cp, x, a: x[np.array([0])],
    "a device array as a NumPy index": lambda cp, x, a: a[cp.arange(1)],
    "a device array as a list's index": lambda cp, x, a: [1, 2][cp.arange(1)[0]],
    "an order where CuPy expects a stream": lambda cp, x, a: x.get("C"),
    "options that are no tuple": lambda cp, x, a: cp.RawModule(code="", options=[], name_expressions=()),
    "concatenate": lambda cp, x, a: cp.concatenate([x, a]),
    "NumPy's concatenate": lambda cp, x, a: np.concatenate([a, x]),
    "an assignment to NumPy": lambda cp, x, a: a.__setitem__(slice(None), x),
    "DLPack of the host": lambda cp, x, a: cp.from_dlpack(a),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_would_copy_numbers_by_itself_is_refused(fake_cupy: ModuleType, what: str) -> None:
    x, a = fake_cupy.array([1.0, 2.0]), np.array([1.0, 2.0])
    with pytest.raises(TypeError):
        REFUSED[what](fake_cupy, x, a)


@pytest.mark.gpu
def test_cupy_has_what_the_fake_has() -> None:
    cupy = pytest.importorskip("cupy")
    own = {"host", "memory"}
    pairs = [
        (arrays.ndarray, cupy.ndarray),
        *(
            (getattr(cuda, name), getattr(cupy.cuda, name))
            for name in ("Event", "Graph", "MemoryPool", "Stream")
        ),
    ]
    for mine, its in pairs:
        names = {name for name in vars(mine) if not name.startswith("_")} - own
        assert names <= set(dir(its)), mine
    for mine in (nccl, nccl.NcclCommunicator):
        its = cupy.cuda.nccl if mine is nccl else cupy.cuda.nccl.NcclCommunicator
        names = {name for name in vars(mine) if name.startswith(("NCCL", "Nccl", "get", "all"))}
        assert names <= set(dir(its)), mine
    assert set(functions.__all__) <= set(dir(cupy))
    assert set(cuda.__all__) <= set(dir(cupy.cuda))


def test_what_cupy_does_not_have(fake_cupy: ModuleType) -> None:
    x = fake_cupy.zeros((2, 2))
    for name in ("writeable", "carray", "aligned"):
        assert not hasattr(x.flags, name)
    assert not hasattr(x, "__array_interface__")
    assert not hasattr(fake_cupy, "split")
    with pytest.raises(NotImplementedError):
        fake_cupy.maximum.reduce(x)


def test_results_stay_arrays_and_name_the_owner_of_their_memory(fake_cupy: ModuleType) -> None:
    x = fake_cupy.array([[1.0, 2.0], [3.0, 4.0]])
    for result in (x.sum(), x[0, 1], x[0, 0] + 1, fake_cupy.add.reduce(x, None), x == x):
        assert type(result) is fake_cupy.ndarray
    assert x[0].base is x[0][:1].base is x.T.base is x.reshape(4).base is x
    assert x.base is x.T.reshape(4).base is x.copy().base is None
    assert x[0].data.ptr + 2 * x.itemsize == x[1].data.ptr


def test_every_copy_is_counted(fake_cupy: ModuleType) -> None:
    device = fake_cupy.memory.device
    x = fake_cupy.asarray(np.ones(2))
    assert (device.writes, device.written, device.reads) == (1, 16, 0)
    x = fake_cupy.asarray(x * 2 + fake_cupy.full((), 3.0))
    assert (device.writes, device.reads) == (1, 0)
    assert bool((x > 1).all())
    assert float(x[0]) == x[1].item() == 5
    assert f"{x.get()}" == "[5. 5.]"
    assert (device.writes, device.reads) == (1, 4)


# -- streams, graphs and their memory --------------------------------------------------------------------


@pytest.fixture
def stream(fake_cupy: ModuleType) -> Iterator[Any]:
    """A stream in whose turn everything is recorded, with a pool of its own."""
    stream, pool = fake_cupy.cuda.Stream(non_blocking=True), fake_cupy.cuda.MemoryPool()
    with stream, fake_cupy.cuda.using_allocator(pool.malloc):
        yield stream
    fake_cupy.streams.still_capturing.clear()


REFUSED_IN_CAPTURE: dict[str, tuple[Callable[[Any, Any, Any], object], type[Exception]]] = {
    "get": (lambda cp, x, stream: x.get(), RuntimeError),
    "float": (lambda cp, x, stream: float(x[0]), RuntimeError),
    "a copy from the host": (lambda cp, x, stream: cp.asarray(np.ones(2)), RuntimeError),
    "a mask": (lambda cp, x, stream: x[x > 0], RuntimeError),
    "cuBLAS": (lambda cp, x, stream: cp.matmul(x, x), NotImplementedError),
    "many arrays": (lambda cp, x, stream: cp.concatenate([x] * 9), RuntimeError),
    "compilation": (
        lambda cp, x, stream: cp.RawModule(code="", options=(), name_expressions=()),
        RuntimeError,
    ),
    "synchronize": (lambda cp, x, stream: stream.synchronize(), RuntimeError),
    "a second capture": (lambda cp, x, stream: stream.begin_capture(), RuntimeError),
}


@pytest.mark.parametrize("what", REFUSED_IN_CAPTURE)
def test_what_a_capture_refuses(fake_cupy: ModuleType, stream: Any, what: str) -> None:
    call, error = REFUSED_IN_CAPTURE[what]
    x = fake_cupy.asarray(np.ones(2))
    stream.begin_capture()
    with pytest.raises(error):
        call(fake_cupy, x, stream)
    assert stream.is_capturing()


def test_a_capture_takes_memory_from_a_private_pool(fake_cupy: ModuleType) -> None:
    x, stream = fake_cupy.asarray(np.ones(2)), fake_cupy.cuda.Stream()
    with pytest.raises(RuntimeError, match="default"):
        fake_cupy.cuda.get_current_stream().begin_capture()
    with stream:
        stream.begin_capture()
        with pytest.raises(RuntimeError, match="default pool"):
            x + 1
    assert fake_cupy.streams.still_capturing.pop() is stream


def test_a_wait_makes_a_capture_invalid(stream: Any) -> None:
    stream.begin_capture()
    with pytest.raises(RuntimeError):
        stream.synchronize()
    with pytest.raises(RuntimeError, match="Invalidated"):
        stream.end_capture()
    assert not stream.is_capturing()


def test_a_graph_does_what_was_recorded(fake_cupy: ModuleType) -> None:
    cuda = fake_cupy.cuda
    x, y = fake_cupy.asarray(np.zeros(3)), fake_cupy.asarray(np.zeros(3))
    stream, pool = cuda.Stream(non_blocking=True), cuda.MemoryPool()
    with stream, cuda.using_allocator(pool.malloc):
        stream.begin_capture()
        x += 1
        y[...] = (x * 2).reshape(3, 1).T[0]
        y[fake_cupy.arange(1)] = -1
        graph = stream.end_capture()
    assert (x.get() == 0).all(), "nothing is done while it is recorded"
    for i in range(1, 4):
        graph.launch()
        assert x.get().tolist() == [i] * 3
        assert y.get().tolist() == [-1, 2 * i, 2 * i]
    assert fake_cupy.memory.device.launches == 3
    with pytest.raises(AssertionError, match="after it was recorded"), cuda.using_allocator(pool.malloc):
        fake_cupy.zeros(3)


@pytest.mark.parametrize("lost", ["an array", "the pool"])
def test_a_graph_that_uses_freed_memory_is_found(fake_cupy: ModuleType, lost: str) -> None:
    cuda = fake_cupy.cuda
    x, y = fake_cupy.asarray(np.zeros(3)), fake_cupy.asarray(np.zeros(3))
    stream, pool = cuda.Stream(non_blocking=True), cuda.MemoryPool()
    with stream, cuda.using_allocator(pool.malloc):
        stream.begin_capture()
        y += x + 1
        graph = stream.end_capture()
    graph.launch()
    if lost == "an array":
        del x
    else:
        del pool
    with pytest.raises(AssertionError, match="uses memory that was freed"):
        graph.launch()


def test_freed_memory_is_spoilt_and_used_again(fake_cupy: ModuleType) -> None:
    x = fake_cupy.asarray(np.ones(3))
    host, address = x.host, x.data.ptr
    del x
    assert np.isnan(host).all()
    assert fake_cupy.zeros(3).data.ptr == address


def test_numbers_that_nobody_waits_for_arrive_with_an_event(fake_cupy: ModuleType) -> None:
    x, event = fake_cupy.asarray(np.ones(3)), fake_cupy.cuda.Event()
    with pytest.raises(AssertionError, match="page-locked"):
        x.get(out=np.empty(3), blocking=False)
    out = np.frombuffer(fake_cupy.cuda.alloc_pinned_memory(24), np.float64, 3)
    x.get(out=out, blocking=False)
    event.record()
    x.fill(2)
    assert np.isnan(out).all()
    event.synchronize()
    assert out.tolist() == [1, 1, 1]
    assert fake_cupy.memory.device.reads == 0
    assert fake_cupy.memory.device.sent == 1
