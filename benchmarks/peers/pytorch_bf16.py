"""PyTorch in bfloat16: networks under autocast, weights and losses in float32; kernels on its numbers.

bfloat16 has 8 bits for float32's 24: a peer to know how much time that precision buys, not one that computes
the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from benchmarks.functions import Networks
from benchmarks.peers import pytorch
from benchmarks.peers.pytorch import set_threads
from benchmarks.peers.pytorch_steps import TorchSampler, TorchSide
from benchmarks.training import start
from benchmarks.workloads import Step

__all__ = ["KERNELS", "array", "place", "set_threads", "training"]


class Autocast:
    """A network that is called under autocast and returns float32."""

    def __init__(self, network: Any) -> None:
        self.network, self.parameters = network, network.parameters

    def __call__(self, x: Any) -> Any:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return self.network(x).float()


def training(step: Step, device: str) -> Any:
    """The work of a step."""
    started = start(step)
    work: Any = TorchSide(started, device) if started.workload.step else TorchSampler(started, device)
    work.called = Networks(*map(Autocast, work.called)) if started.workload.step else Autocast(work.called)
    return work


def place(a: np.ndarray[Any, Any], device: str) -> Any:
    """A NumPy array as a tensor of bfloat16."""
    return pytorch.place(a, device).bfloat16()


def array(result: Any) -> Any:
    """A result as NumPy's float32."""
    return pytorch.array(result.float())


KERNELS = {
    name: twin
    for name, twin in pytorch.KERNELS.items()
    if name.startswith("conv") or name in ("matmul", "leaky_relu", "leaky_gate", "tanh")
}
