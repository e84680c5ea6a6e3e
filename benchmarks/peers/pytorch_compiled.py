"""PyTorch compiled: kernels and networks through ``torch.compile``; losses and optimizers stay eager."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from benchmarks.functions import Networks, critic_step
from benchmarks.peers import NotOffered, pytorch
from benchmarks.peers.pytorch import Call, array, place, set_threads
from benchmarks.peers.pytorch_steps import TorchSampler, TorchSide
from benchmarks.training import start
from benchmarks.workloads import WORKLOADS, Step

__all__ = ["KERNELS", "array", "place", "set_threads", "training"]

EAGER = ("batch_norm_leaky_grad", "sgd_update", "rmsprop_update", "adam_update")
"""Not compiled: a call of autograd, and optimizers' steps."""


def training(step: Step, device: str) -> Any:
    """The work of a step. Raises NotOffered for WGAN-GP's, whose penalty has second derivatives."""
    if WORKLOADS[step.workload].step is critic_step:
        raise NotOffered("torch.compile has no second derivatives")
    started = start(step)
    work: Any = TorchSide(started, device) if started.workload.step else TorchSampler(started, device)
    if isinstance(work, TorchSide):
        work.called = Networks(*(torch.compile(network) for network in work.networks))
    else:
        work.called = torch.compile(work.called)
    return work


def _compiled(twin: Callable[..., Call]) -> Callable[..., Call]:
    def bound(*arguments: Any) -> Call:
        call: Call = torch.compile(twin(*arguments))
        return call

    return bound


KERNELS = {name: _compiled(twin) for name, twin in pytorch.KERNELS.items() if name not in EAGER}
