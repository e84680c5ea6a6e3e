"""A conditional GAN: you choose the class of a sample.

Both networks get the class beside their input (Mirza and Osindero 2014). D sees a real point with its class
and a fake one with the class that G was given, so G must make a point of that class.

    python examples/08_conditional.py [STEPS]

It prints both losses, the mean of each class's samples, and the share nearest to the mode of their class.
"""

import sys
from functools import partial

import numpy as np

import minigrad as mg
from minigrad import grad, nn, no_grad, ops, optim

STEPS = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
MODES = np.float32([[1, 0], [0, 1], [-1, 0], [0, -1]])
ONE_HOT = np.eye(4, dtype=np.float32)
rng = np.random.default_rng(0)
mg.manual_seed(0)


def mlp(inputs, outputs):
    hidden = nn.Linear(inputs, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2)
    return nn.Sequential(*hidden, nn.Linear(64, outputs))


G, D = mlp(4 + 4, 2), mlp(2 + 4, 1)  # 4 more inputs for the class, one-hot
adam_g, adam_d = (optim.Adam(net.parameters(), lr=1e-3, betas=(0.5, 0.999)) for net in (G, D))
beside = partial(ops.concatenate, axis=1)


@mg.capture
def update(real, classes, z):
    with no_grad():
        fake = G(beside([z, classes]))
    loss_d = ops.mean(ops.softplus(-D(beside([real, classes]))) + ops.softplus(D(beside([fake, classes]))))
    adam_d.step(grad(loss_d, D.parameters()))
    loss_g = ops.mean(ops.softplus(-D(beside([G(beside([z, classes])), classes]))))
    adam_g.step(grad(loss_g, G.parameters()))
    return loss_d, loss_g


for step in range(STEPS + 1):
    labels = rng.integers(4, size=128)
    real = mg.tensor(MODES[labels] + 0.1 * rng.standard_normal((128, 2), np.float32))
    loss_d, loss_g = update(real, mg.tensor(ONE_HOT[labels]), mg.random.normal((128, 4)))
    if step % max(STEPS // 5, 1) == 0:
        print(f"step {step:5}   D {float(loss_d):.3f}   G {float(loss_g):.3f}")

labels = np.repeat(np.arange(4), 250)
with no_grad():
    samples = G(beside([mg.random.normal((1000, 4)), mg.tensor(ONE_HOT[labels])])).numpy()
for label, mode in enumerate(MODES):
    print(f"class {label}   samples' mean {samples[labels == label].mean(axis=0).round(2)}   real {mode}")
nearest = np.linalg.norm(samples[:, None] - MODES, axis=2).argmin(axis=1)
print(f"samples nearest to the mode of their class {(nearest == labels).mean():.0%}")
