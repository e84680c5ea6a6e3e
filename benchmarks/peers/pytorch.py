"""PyTorch's side of a kernel: each function takes our kernel's arguments and returns the call to time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from benchmarks.workloads import Step
from minigrad.kernels.geometry import Geometry

Call = Callable[[], Any]
aten = torch.ops.aten


def place(a: np.ndarray[Any, Any], device: str) -> Any:
    """A NumPy array as a tensor on a device; on the CPU of the same memory."""
    return torch.from_numpy(a).to(device)


def training(step: Step, device: str) -> Any:
    """The work of a step, eager."""
    from benchmarks.peers.pytorch_steps import side

    return side(step, device)


set_threads = torch.set_num_threads


def array(result: Any) -> Any:
    """A copy of one result as NumPy's."""
    return np.array(result.detach().cpu().numpy())


def conv2d(x: Any, w: Any, geometry: Geometry) -> Call:
    return lambda: functional.conv2d(x, w, None, *geometry)


def conv2d_input(g: Any, w: Any, size: Any, geometry: Geometry) -> Call:
    x = torch.empty(len(g), w.shape[1] * geometry.groups, *size, device=g.device, dtype=g.dtype)
    settings = (*geometry[:3], False, (0, 0), geometry.groups)
    return lambda: aten.convolution_backward(g, x, w, None, *settings, (True, False, False))[0]


def conv2d_weight(x: Any, g: Any, kernel: Any, geometry: Geometry) -> Call:
    w = torch.empty(g.shape[1], x.shape[1] // geometry.groups, *kernel, device=g.device, dtype=g.dtype)
    settings = (*geometry[:3], False, (0, 0), geometry.groups)
    return lambda: aten.convolution_backward(g, x, w, None, *settings, (False, True, False))[1]


def conv_transpose2d(x: Any, w: Any, size: Any, geometry: Geometry) -> Call:
    stride, padding, dilation, groups = geometry
    assert size[0] == (x.shape[2] - 1) * stride[0] - 2 * padding[0] + dilation[0] * (w.shape[2] - 1) + 1
    return lambda: functional.conv_transpose2d(x, w, None, stride, padding, (0, 0), groups, dilation)


def conv_transpose2d_input(g: Any, w: Any, geometry: Geometry) -> Call:
    x = functional.conv2d(g, w, None, *geometry)
    settings = (*geometry[:3], True, (0, 0), geometry.groups)
    return lambda: aten.convolution_backward(g, x, w, None, *settings, (True, False, False))[0]


def conv_transpose2d_weight(g: Any, x: Any, kernel: Any, geometry: Geometry) -> Call:
    w = torch.empty(x.shape[1], g.shape[1] // geometry.groups, *kernel, device=g.device, dtype=g.dtype)
    settings = (*geometry[:3], True, (0, 0), geometry.groups)
    return lambda: aten.convolution_backward(g, x, w, None, *settings, (False, True, False))[1]


def standardize(x: Any, eps: float) -> Call:
    def run() -> Any:
        y, mean, inv_std = torch.native_batch_norm(x, None, None, None, None, True, 0.0, eps)
        return y, mean, None, inv_std

    return run


def standardize_grad(g: Any, x: Any, mean: Any, inv_std: Any) -> Call:
    settings = (None, None, None, mean, inv_std, True, 1e-5, (True, False, False))
    return lambda: aten.native_batch_norm_backward(g, x, *settings)[0]


def _normed(x: Any, scale: Any, shift: Any, eps: float, slope: float) -> Any:
    running = torch.zeros_like(scale), torch.ones_like(scale)
    return lambda: functional.leaky_relu(
        functional.batch_norm(x, *running, scale, shift, training=True, eps=eps), slope
    )


def batch_norm_leaky(x: Any, scale: Any, shift: Any, eps: float, slope: float) -> Call:
    return torch.no_grad()(_normed(x, scale, shift, eps, slope))


def batch_norm_leaky_grad(g: Any, x: Any, scale: Any, shift: Any, eps: float, slope: float) -> Call:
    wrt = [t.requires_grad_() for t in (x, scale, shift)]
    y = _normed(x, scale, shift, eps, slope)()
    return lambda: torch.autograd.grad(y, wrt, g, retain_graph=True)


def leaky_relu(x: Any, slope: float) -> Call:
    return lambda: functional.leaky_relu(x, slope)


def leaky_gate(g: Any, x: Any, slope: float) -> Call:
    return lambda: aten.leaky_relu_backward(g, x, slope, False)


def tanh(x: Any) -> Call:
    return lambda: torch.tanh(x)


def where(condition: Any, x: Any, y: Any) -> Call:
    return lambda: torch.where(condition, x, y)


def sum_blocks(x: Any, rows: int, columns: int, scale: float) -> Call:
    divisor = round(1 / scale)
    return lambda: functional.avg_pool2d(x, (rows, columns), divisor_override=divisor)


def fill_blocks(x: Any, rows: int, columns: int, scale: float) -> Call:
    assert scale == 1
    return lambda: functional.interpolate(x, scale_factor=(rows, columns))


def matmul(x: Any, y: Any) -> Call:
    return lambda: torch.matmul(x, y)


def sgd_update(
    p: Any, g: Any, velocity: Any, lr: float, momentum: float, dampening: float, decay: float, nesterov: bool
) -> Call:
    p.grad = g
    optimizer = torch.optim.SGD([p], lr, momentum, dampening, decay, nesterov)
    optimizer.state[p] = {"momentum_buffer": velocity}
    return optimizer.step


def rmsprop_update(p: Any, g: Any, square: Any, _average: None, _velocity: None, *settings: float) -> Call:
    p.grad = g
    optimizer = torch.optim.RMSprop([p], *settings)
    optimizer.state[p] = {"step": torch.tensor(9.0), "square_avg": square}
    return optimizer.step


def adam_update(p: Any, g: Any, m: Any, v: Any, step: int, *settings: float) -> Call:
    lr, beta1, beta2, eps, decay = settings
    p.grad = g
    optimizer = torch.optim.Adam([p], lr, (beta1, beta2), eps, decay)
    optimizer.state[p] = {"step": torch.tensor(step - 1.0), "exp_avg": m, "exp_avg_sq": v}
    return optimizer.step


KERNELS: dict[str, Callable[..., Call]] = {
    twin.__name__: twin
    for twin in (
        conv2d, conv2d_input, conv2d_weight,
        conv_transpose2d, conv_transpose2d_input, conv_transpose2d_weight,
        standardize, standardize_grad, batch_norm_leaky, batch_norm_leaky_grad, leaky_relu, leaky_gate, tanh,
        where, sum_blocks, fill_blocks, matmul, sgd_update, rmsprop_update, adam_update,
    )
}  # fmt: skip
