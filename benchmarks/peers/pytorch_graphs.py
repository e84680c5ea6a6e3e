"""PyTorch's side of the training steps as one CUDA graph: recorded once, replayed on fixed memory."""

from __future__ import annotations

import copy
from typing import Any

import torch

from benchmarks.peers import NotOffered
from benchmarks.peers.pytorch_steps import TorchSide
from benchmarks.training import Start, start
from benchmarks.workloads import WORKLOADS, Step

WARM = 3  # steps on a stream of their own before one is recorded, as PyTorch's notes on CUDA graphs recommend


def training(step: Step, device: str) -> GraphSide:
    """The work of a step."""
    if WORKLOADS[step.workload].step is None:
        raise NotOffered("sampling is compared with PyTorch's eager one")
    return GraphSide(start(step), device)


class GraphSide(TorchSide):
    """A workload's training whose steps replay a graph; it starts where the eager one does."""

    def __init__(self, started: Start, device: str) -> None:
        super().__init__(started, device, capturable=True)
        state = self.rng.bit_generator.state
        self.static = [None if a is None else a.clone() for a in self.inputs(0)]
        kept = [copy.deepcopy(network.state_dict()) for network in self.networks]
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM):
                self._run()
        torch.cuda.current_stream().wait_stream(stream)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.losses = self._run()
        self._start_again(kept)
        self.rng.bit_generator.state = state

    def _run(self) -> list[Any]:
        return self.function(self.networks, self.optimizers, *self.static, self.penalty)

    def _start_again(self, kept: list[dict[str, Any]]) -> None:
        """First weights and empty averages, in the memory that the graph reads."""
        for network, weights in zip(self.networks, kept, strict=True):
            network.load_state_dict(weights)
        for optimizer in self.optimizers:
            for averages in optimizer.state.values():
                for tensor in averages.values():
                    tensor.zero_()

    def step(self, number: int) -> list[Any]:
        """The step on the batch of this number; its losses are overwritten by the next one."""
        for static, new in zip(self.static, self.inputs(number), strict=True):
            if static is not None:
                static.copy_(new)
        self.graph.replay()
        return self.losses
