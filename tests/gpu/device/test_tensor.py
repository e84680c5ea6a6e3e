"""Tensors on a device: made, moved, read, refused beside others, and drawn."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, ops
from minigrad.devices import device_of, xp_of
from minigrad.dispatch import kernels_of
from minigrad.kernels import cuda
from minigrad.kernels.cuda.runtime import loading
from tests.gpu.device.conftest import Copies


@pytest.fixture
def x(cupy: ModuleType, copies: Copies) -> Tensor:
    t = mg.tensor([[1.0, -2.0], [3.0, 4.0]], device="cuda")
    copies.reset()
    return t


def test_a_tensor_on_the_device(x: Tensor, cupy: ModuleType, copies: Copies) -> None:
    assert (x.device, x.shape, x.dtype) == ("cuda", (2, 2), np.float32)
    assert type(x.data) is cupy.ndarray
    assert device_of(x.data) == "cuda"
    assert xp_of(x.data) is cupy
    assert kernels_of(x.data) is cuda
    assert x.to("cuda") is x
    assert mg.tensor(x).device == "cuda"
    assert mg.tensor(x).data is not x.data
    assert mg.tensor(x, device="cpu").device == "cpu"
    assert mg.tensor([1.0]).device == "cpu"
    assert mg.tensor(np.arange(3), device="cuda").dtype == np.int64
    copies.check(reads=1)


def test_numbers_come_back_when_they_are_read(x: Tensor, cupy: ModuleType, copies: Copies) -> None:
    host = x.numpy()
    assert isinstance(host, np.ndarray)
    assert not host.flags.writeable
    np.testing.assert_array_equal(host, x.to("cpu").numpy())
    assert x[1, 1].item() == float(x[1, 1]) == int(x[1, 1]) == 4
    assert bool(x[0, 0] > 0)
    copies.check(reads=6)
    assert repr(x[0]) == "tensor([ 1., -2.], float32, device='cuda', op=getitem)"
    with pytest.raises(TypeError, match=r"use \.numpy\(\) or \.to\('cpu'\)"):
        np.asarray(x)
    with pytest.raises(ValueError, match="one element"):
        x.item()


def test_methods_stay_on_the_device(x: Tensor, copies: Copies) -> None:
    inside = (x > 0) & (x < 4) | ~(x > -3)
    results = [inside, inside ^ inside, x.copy(), inside.copy(), x // 2.0, x % 2.0, +x, x.flatten(), x.std(0)]
    copies.check(reads=0)
    assert {t.device for t in results} == {"cuda"}
    assert inside.tolist() == [[True, False], [True, False]]
    assert (results[4].tolist(), f"{x[1, 0]:.2f}", round(x[1, 1])) == ([[0, -1], [1, 2]], "3.00", 4)
    copies.check(reads=4)


def test_tensors_are_made_on_the_device(cupy: ModuleType, copies: Copies) -> None:
    like = mg.zeros(2, 3, device="cuda")
    made = [like, mg.ones(3, device="cuda"), mg.full((2,), 0.5, device="cuda"), mg.full_like(like, 2.0)]
    made += [mg.zeros_like(like), mg.ones_like(like)]
    copies.check(reads=0, writes=0)
    made += [mg.arange(3, device="cuda"), mg.linspace(0, 1, 3, device="cuda"), mg.eye(2, device="cuda")]
    assert {t.device for t in made} == {"cuda"}
    assert [t.dtype for t in made] == [np.dtype("f")] * 6 + [np.dtype(np.int64)] + [np.dtype("f")] * 2
    assert (made[3].tolist(), made[8].tolist()) == ([[2.0] * 3] * 2, [[1.0, 0.0], [0.0, 1.0]])


def test_losses_with_options_on_the_device(x: Tensor, copies: Copies) -> None:
    weight = mg.tensor([0.5, 2.0], device="cuda")
    labels = mg.tensor([1, -100], device="cuda")
    functional = mg.nn.functional
    losses = [
        lambda x, w, t: functional.cross_entropy(x, t, w, label_smoothing=0.1),
        lambda x, w, t: functional.nll_loss(x, t, w, reduction="none").sum(),
        lambda x, w, t: functional.kl_div(x, w, reduction="batchmean"),
        lambda x, w, t: functional.mse_loss(x, w, weight=w),
        lambda x, w, t: functional.huber_loss(x, w, reduction="sum"),
        lambda x, w, t: functional.binary_cross_entropy_with_logits(x, 0.5, w, pos_weight=w),
    ]
    for loss in losses:
        there = loss(x, weight, labels)
        (g,) = mg.grad(there, [x])
        assert there.device == g.device == "cuda"
        host = [t.to("cpu").detach() for t in (x, weight, labels)]
        here = loss(*host)
        np.testing.assert_allclose(there.item(), here.item(), rtol=1e-6)
        np.testing.assert_allclose(g.numpy(), mg.grad(here, [host[0]])[0].numpy(), rtol=1e-5)


def test_gradients_flow_through_a_move(cupy: ModuleType) -> None:
    w = mg.tensor([1.0, 2.0])
    (g,) = mg.grad(ops.sum(ops.square(w.to("cuda"))), [w])
    assert (g.device, g.numpy().tolist()) == ("cpu", [2, 4])
    (h,) = mg.grad(ops.sum(ops.square(mg.tensor([3.0], device="cuda").to("cpu"))), [w], unused="zeros")
    assert h.numpy().tolist() == [0, 0]
    x = mg.tensor([3.0], device="cuda")
    (gx,) = mg.grad(ops.square(x.to("cpu")), [x])
    assert (gx.device, gx.item()) == ("cuda", 6)


def test_numbers_and_lists_go_where_the_tensor_is(x: Tensor, cupy: ModuleType, copies: Copies) -> None:
    expected = x.numpy()
    for y, z in [
        (2 * x + 1, 2 * expected + 1),
        (x / [1.0, 2.0], expected / [1, 2]),
        (x - np.float32(3), expected - 3),
        (x**2, expected**2),
        (2.0 ** abs(x), 2 ** abs(expected)),
        (ops.where(x > 0, x, 0.0), np.where(expected > 0, expected, 0)),
        (ops.clip(x, -1, 1), np.clip(expected, -1, 1)),
        (x == [1.0, 4.0], expected == [1, 4]),
        (x != x, expected != expected),
    ]:
        assert y.device == "cuda"
        np.testing.assert_allclose(y.numpy(), z, rtol=1e-6)
    copies.reset()
    (g,) = mg.grad(ops.sum(x * 2 + 1) ** 2 / 3, [x])
    copies.check(reads=0, writes=0)
    assert g.device == "cuda"


def test_functions_of_numpy_stay_on_the_device(x: Tensor, copies: Copies) -> None:
    host = np.array(x.numpy())
    copies.reset()
    made = [
        np.sum(np.exp(x), axis=0), np.stack([x, x]), np.where(np.greater(x, 0), x, 1.0), np.add(x, 2.0),
        np.logical_not(x > 0), np.zeros_like(x), np.isclose(x, 1.0),
    ]  # fmt: skip
    copies.check(reads=0, writes=0)
    expected = [
        np.exp(host).sum(0), np.stack([host, host]), np.where(host > 0, host, 1), host + 2,
        ~(host > 0), np.zeros_like(host), np.isclose(host, 1),
    ]  # fmt: skip
    for ours, theirs in zip(made, expected, strict=True):
        assert ours.device == "cuda"
        np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-6)
    with pytest.raises(ValueError, match="got cpu and cuda"):
        np.logical_and(x > 0, host > 0)
    with pytest.raises(TypeError, match=r"not copied to NumPy unasked"):
        np.allclose(x, host)


MIXED: dict[str, Callable[[Tensor, Any], object]] = {
    "mul": lambda x, a: x * a,
    "add": lambda x, a: a + x,
    "matmul": lambda x, a: x @ a,
    "leaky_gate": lambda x, a: ops.leaky_gate(a, x, slope=0.1),
    "join": lambda x, a: ops.concatenate([x, mg.tensor(a)]),
    "where": lambda x, a: ops.where(x > 0, x, a),
}


@pytest.mark.parametrize("name", MIXED)
@pytest.mark.parametrize("kind", [Tensor, np.asarray])
def test_devices_are_not_mixed(name: str, kind: Callable[[Any], Any], x: Tensor) -> None:
    other = kind(np.ones((2, 2), np.float32))
    with pytest.raises(ValueError, match=rf"^{name}\(.* on cuda.*got cpu and cuda; .*\.to\('cuda'\)"):
        MIXED[name](x, other)


def test_devices_are_not_mixed_elsewhere(x: Tensor) -> None:
    host = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(ValueError, match="got cpu and cuda"):
        _ = x == host
    with pytest.raises(ValueError, match="got cpu and cuda"):
        _ = host < x
    with pytest.raises(ValueError, match=r"grad_output is on cpu, output on cuda; .*g\.to\('cuda'\)"):
        mg.grad(x * 1, [x], grad_output=host)
    with pytest.raises(ValueError, match="grad_output is on cpu"):
        mg.grad(x * 1, [x], grad_output=np.ones((2, 2)))
    with pytest.raises(ValueError, match="index on cuda cannot pick from a Tensor on cpu"):
        host[mg.tensor([0], device="cuda")]
    (g,) = mg.grad(x * 1, [x], grad_output=[[1.0, 0.0], [0.0, 1.0]])
    assert g.device == "cuda"


def test_indices(x: Tensor) -> None:
    for index in (np.array([1, 0]), [1, 0], mg.tensor([1, 0]), mg.tensor([1, 0], device="cuda")):
        assert x[index].numpy().tolist() == [[3, 4], [1, -2]]
        assert x[:, index].numpy().tolist() == [[-2, 1], [4, 3]]
    (g,) = mg.grad(ops.sum(x[np.array([0, 0])]), [x])
    assert g.numpy().tolist() == [[2, 2], [0, 0]]
    assert x[x > 0].numpy().tolist() == [1, 3, 4]
    assert x[mg.tensor([2, -3], device="cuda")].numpy().tolist() == [[1, -2], [3, 4]]  # CuPy wraps around
    for wrong in ([2], (slice(None), np.array([0, -3])), (np.array([0]), [5])):
        with pytest.raises(IndexError, match="out of bounds"):
            x[wrong]


def test_cross_entropy(cupy: ModuleType) -> None:
    logits = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)
    labels = np.array([0, 2, 1, 2])
    expected = ops.cross_entropy(mg.tensor(logits), labels)
    for given in (labels, labels.tolist(), mg.tensor(labels, device="cuda")):
        y = ops.cross_entropy(mg.tensor(logits, device="cuda"), given)
        np.testing.assert_allclose(y.item(), expected.item(), rtol=1e-6)
    with pytest.raises(ValueError, match=r"labels must lie in 0\.\.2, got 0\.\.3"):
        ops.cross_entropy(mg.tensor(logits, device="cuda"), labels + np.array([0, 0, 0, 1]))


def test_gradients_have_arrays_of_their_own(cupy: ModuleType) -> None:
    """CuPy marks what is broadcast by no flag: written in place, one element would be all."""
    x = mg.tensor([1.0, 2.0, 3.0], device="cuda")
    y = mg.tensor([4.0, 5.0, 6.0], device="cuda")
    for g in mg.grad(ops.sum(x + y), [x, y]):
        assert g.data.strides == (4,)
        g.data[...] = 7.0
        assert g.numpy().tolist() == [7, 7, 7]
    (g,) = mg.grad(2 * ops.sum(x), [x])  # twos, broadcast from one that nobody else has
    assert g.data.strides == (4,)
    first, second = mg.grad(ops.sum(x + y), [x, y])
    assert not cupy.may_share_memory(first.data, second.data)


def test_dlpack_both_ways(x: Tensor, cupy: ModuleType) -> None:
    assert x.__dlpack_device__() == (2, 0)
    taken = cupy.from_dlpack(x.data)
    taken[0, 0] = 9.0
    assert x[0, 0].item() == 9


def test_dlpack_from_others(fake_cupy: ModuleType) -> None:
    class Foreign:
        """As PyTorch's tensors on a GPU: nothing but DLPack."""

        host = np.arange(3.0)

        def __dlpack__(self, **options: Any) -> Any:
            raise AssertionError("CuPy asks for it, not minigrad")

        def __dlpack_device__(self) -> tuple[int, int]:
            return 2, 0

    t = mg.tensor(Foreign())
    assert (t.device, t.numpy().tolist()) == ("cuda", [0, 1, 2])
    t.data[...] = 1.0
    assert Foreign.host.tolist() == [0, 1, 2]
    assert mg.tensor(Foreign(), device="cpu").device == "cpu"


@pytest.mark.gpu
@pytest.mark.filterwarnings("ignore")  # of PyTorch's import
def test_dlpack_with_pytorch_on_a_gpu() -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("PyTorch sees no GPU")
    x = mg.tensor([[1.0, -2.0], [3.0, 4.0]], device="cuda")
    theirs = torch.from_dlpack(x)
    assert theirs.is_cuda
    theirs[0, 0] = 9.0
    assert x.numpy().tolist() == [[9, -2], [3, 4]]
    y = mg.tensor(theirs.T)
    assert (y.device, y.numpy().tolist()) == ("cuda", [[9, 3], [-2, 4]])
    theirs[0, 0] = 0.0
    assert y[0, 0].item() == 9


def test_modify_and_stale_graphs(x: Tensor) -> None:
    y = ops.sum(x * x)
    mg.modify(x, lambda a: a.clip(0.0, 1.0, out=a))
    assert x.numpy().tolist() == [[1, 0], [1, 1]]
    with pytest.raises(mg.StaleGraphError):
        mg.grad(y, [x])


def test_finite_checks(x: Tensor, cupy: ModuleType, copies: Copies) -> None:
    with mg.check_finite(), pytest.raises(mg.NonFiniteError, match=r"log made .* from float32 .* on cuda"):
        ops.log(x)
    copies.reset()
    mg.require_finite("{} {}", x, ops.sum(x))
    copies.check(reads=1)
    with pytest.raises(mg.NonFiniteError, match="the loss is inf"):
        mg.require_finite("the loss is {1}", x, ops.sum(abs(x) / 0.0))


def test_without_cupy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    message = r"CuPy, which is not installed: pip install 'minigrad-gans\[cuda12\]'"
    for move in (lambda: mg.tensor([1.0], device="cuda"), lambda: mg.tensor([1.0]).to("cuda")):
        with pytest.raises(ModuleNotFoundError, match=message):
            move()


def test_without_a_driver(cupy: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> int:
        raise cupy.cuda.runtime.CUDARuntimeError(35)

    monkeypatch.setattr(loading, "_with_device", None)
    monkeypatch.setattr(cupy.cuda.runtime, "getDeviceCount", missing)
    with pytest.raises(RuntimeError, match=r"CuPy finds none \(cudaErrorInsufficientDriver.*\): install"):
        mg.tensor([1.0], device="cuda")
    monkeypatch.setattr(cupy.cuda.runtime, "getDeviceCount", lambda: 0)
    with pytest.raises(RuntimeError, match="the driver shows none"):
        mg.tensor([1.0], device="cuda")
