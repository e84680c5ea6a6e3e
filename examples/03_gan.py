"""A GAN without a trainer: two networks, two losses, one loop.

D tells real points from G's, and G moves its points to where D takes them for real (Goodfellow et al.
2014). ``grad`` stops at the parameters that it is given, so neither step touches the other network.

    python examples/03_gan.py [STEPS]

It prints both losses, then how many of 8 modes have samples within 3 standard deviations, and their share.
"""

import sys

import numpy as np

import minigrad as mg
from gans.data.toys import ring
from gans.metrics import mode_coverage
from minigrad import grad, nn, no_grad, ops, optim

STEPS = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
DATA = ring(count=8, std=0.05)
rng = np.random.default_rng(0)
mg.manual_seed(0)


def mlp(inputs, outputs):
    hidden = nn.Linear(inputs, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2)
    return nn.Sequential(*hidden, nn.Linear(64, outputs))


G, D = mlp(8, 2), mlp(2, 1)
adam_g, adam_d = (optim.Adam(net.parameters(), lr=1e-3, betas=(0.5, 0.999)) for net in (G, D))


@mg.capture  # recorded once and replayed: most of so small a step is Python's time (06_capture.py)
def discriminator_step(real, z):
    with no_grad():
        fake = G(z)
    loss = ops.mean(ops.softplus(-D(real)) + ops.softplus(D(fake)))  # -log D(x) - log(1 - D(G(z)))
    adam_d.step(grad(loss, D.parameters()))
    return loss


@mg.capture
def generator_step(z):
    loss = ops.mean(ops.softplus(-D(G(z))))  # -log D(G(z))
    adam_g.step(grad(loss, G.parameters()))
    return loss


for step in range(STEPS + 1):
    loss_d = discriminator_step(mg.tensor(DATA.sample(128, rng)), mg.random.normal((128, 8)))
    loss_g = generator_step(mg.random.normal((128, 8)))
    if step % max(STEPS // 5, 1) == 0:
        print(f"step {step:5}   D {float(loss_d):.3f}   G {float(loss_g):.3f}")

with no_grad():
    samples = G(mg.random.normal((2500, 8))).numpy()
coverage = mode_coverage(samples, DATA.modes, DATA.std)
print(f"modes covered {coverage.covered} of 8, samples near a mode {coverage.high_quality:.0%}")
