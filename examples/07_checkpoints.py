"""Checkpoints: a training that goes on bit for bit, and weights that PyTorch reads.

A checkpoint holds weights, the optimizer's averages and the state of the random numbers. It is one
safetensors file. A state_dict alone is a plain one with PyTorch's names, so weights go both ways.

    python examples/07_checkpoints.py

It prints whether 3 + 3 steps give the weights of 6, and how far PyTorch's output is from minigrad's (with
PyTorch installed). The files are written into a temporary folder.
"""

from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import minigrad as mg
from minigrad import grad, nn, ops, optim


def fresh():
    net = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
    return net, optim.Adam(net.parameters(), lr=0.01)


def train(net, adam, steps):
    for _ in range(steps):
        x = mg.random.normal((32, 4))
        loss = ops.mean((net(x) - ops.sum(x, axis=1, keepdims=True)) ** 2)
        adam.step(grad(loss, net.parameters()))


with TemporaryDirectory() as folder:
    checkpoint, weights = Path(folder, "checkpoint.safetensors"), Path(folder, "net.safetensors")
    net, adam = fresh()
    train(net, adam, 3)
    mg.save(checkpoint, {"net": net.state_dict(), "adam": adam.state_dict(), "random": mg.random.get_state()})
    train(net, adam, 3)

    other, other_adam = fresh()
    state = mg.load(checkpoint)
    other.load_state_dict(state["net"])
    other_adam.load_state_dict(state["adam"])
    mg.random.set_state(state["random"])
    train(other, other_adam, 3)
    pairs = zip(net.parameters(), other.parameters(), strict=True)
    print(f"3 + 3 steps give the weights of 6: {all(np.array_equal(a.numpy(), b.numpy()) for a, b in pairs)}")

    mg.save(weights, net.state_dict())
    print(f"names in net.safetensors: {', '.join(mg.load(weights))}")
    if find_spec("torch"):
        import torch
        from safetensors.torch import load_file

        theirs = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
        theirs.load_state_dict(load_file(weights))
        x = np.random.default_rng(0).standard_normal((8, 4), np.float32)
        difference = np.abs(theirs(torch.tensor(x)).detach().numpy() - net(mg.tensor(x)).numpy()).max()
        print(f"PyTorch's output differs by at most {difference:.1e}")
