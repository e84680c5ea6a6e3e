"""The gradient penalty of WGAN-GP: a loss that contains a gradient.

The penalty 10 (|dD/dx| - 1)^2 keeps a critic's slope near 1 (Gulrajani et al. 2017, equation 3). Its own
gradient goes through ``grad`` twice, which takes no more than ``create_graph=True``.

    python examples/05_gradient_penalty.py

It prints the gradient of the penalty beside the formula for a linear critic. Then it trains a critic on two
Gaussians whose distance W1 is 2. The slope s that maximises 2 s - 10 (s - 1)^2 is 1.1, so the estimate 2 s
comes near 2.2.
"""

import numpy as np

import minigrad as mg
from minigrad import grad, nn, ops, optim


def gradient_penalty(critic, real, fake):
    t = mg.random.uniform((len(real), 1))
    between = t * real + (1 - t) * fake
    (slope,) = grad(ops.sum(critic(between)), [between], create_graph=True)
    norm = ops.norm_per_sample(slope)
    return ops.mean((norm - 1) ** 2) * 10, ops.mean(norm)


mg.manual_seed(0)
points = mg.random.normal((64, 2)), mg.random.normal((64, 2))

# D(x) = w . x has the slope w everywhere, so d penalty / dw = 20 (|w| - 1) w / |w|.
w = mg.tensor([[3.0], [4.0]])
penalty, _ = gradient_penalty(lambda x: x @ w, *points)
(gw,) = grad(penalty, [w])
formula = 20 * (5 - 1) * w.numpy() / 5
print(f"linear critic: penalty {float(penalty):.3f}, its gradient {gw.numpy().ravel().round(3)}")
print(f"the formula:   penalty {10 * (5 - 1) ** 2:.3f}, its gradient {formula.ravel().round(3)}")

critic = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
adam = optim.Adam(critic.parameters(), lr=5e-3, betas=(0.5, 0.9))
for step in range(201):
    real = mg.random.normal((256, 2)) + mg.tensor(np.float32([2, 0]))
    fake = mg.random.normal((256, 2))
    penalty, norm = gradient_penalty(critic, real, fake)
    distance = ops.mean(critic(real)) - ops.mean(critic(fake))
    adam.step(grad(penalty - distance, critic.parameters()))
    if step % 50 == 0:
        print(f"step {step:3}   estimate of W1 {float(distance):.3f}   mean slope {float(norm):.3f}")
