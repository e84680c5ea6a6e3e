"""A GPU: the same code on another device.

An array's type picks its kernels, so ``to("cuda")`` moves a network and nothing else changes. The optimizer
is made after the move. Numbers come back where you read them, here at the end.

    python examples/10_gpu.py

It prints the losses of five steps on the CPU and on the GPU, and how far apart they are. Without CuPy or a
GPU it prints one line: what is missing and how to install it.
"""

import numpy as np

import minigrad as mg
from minigrad import grad, nn, ops, optim


def losses(device):
    """Five steps on ``device``, from the same weights and on the same numbers."""
    mg.manual_seed(0)
    net = nn.Sequential(nn.Linear(8, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1)).to(device)
    adam = optim.Adam(net.parameters(), lr=0.01)
    x = mg.tensor(np.random.default_rng(0).standard_normal((64, 8), np.float32), device=device)
    seen = []
    for _ in range(5):
        loss = ops.mean(ops.square(net(x) - 1.0))
        adam.step(grad(loss, net.parameters()))
        seen.append(loss)
    return np.array([float(loss) for loss in seen])


on_cpu = losses("cpu")
print(f"cpu    {on_cpu.round(5)}")
try:
    on_gpu = losses("cuda")
except (ModuleNotFoundError, RuntimeError) as error:
    print(f"no GPU: {error}")
else:
    print(f"cuda   {on_gpu.round(5)}")
    print(f"largest difference {np.abs(on_gpu - on_cpu).max():.1e}")
