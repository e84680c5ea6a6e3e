"""Capture: a training step recorded once and replayed, with the same numbers bit for bit.

A replay builds no graph and no Tensors, so a small step takes less time. Tensors and generators among the
arguments, and learning rates, are new in every call; a number that Python holds elsewhere stays as it was;
other shapes and modes are recorded anew; what a replay could not repeat is refused.

    python examples/06_capture.py

It prints one line for each of these, and the time of a step op by op over that of its replay.
"""

from time import perf_counter

import minigrad as mg
from minigrad import grad, nn, ops, optim

mg.manual_seed(0)
net = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 1))
sgd = optim.SGD(net.parameters(), lr=0.0)
factor = 1.0


def update(x):
    loss = factor * ops.mean(ops.square(net(x) - 1.0))
    sgd.step(grad(loss, net.parameters()))
    return loss


step = mg.capture(update)
x = mg.random.normal((64, 2))
losses = [float(step(x)) for _ in range(3)]  # recorded in two calls, replayed from the third on
print(f"replayed       {step.replays} of 3 calls, with the same loss: {len(set(losses)) == 1}")
print(f"new each call  zeros for x: loss {losses[0]:.4f} -> {float(step(mg.zeros((64, 2)))):.4f}", end="")
sgd.lr = 0.1
step(x)
print(f", a step with lr 0.1: loss {losses[0]:.4f} -> {float(update(x)):.4f}")

factor, sgd.lr = 1000.0, 0.0
print(f"frozen         a global factor of 1000: loss {float(step(x)):.4f}, op by op {float(update(x)):.1f}")

replays = step.replays
step(mg.random.normal((32, 2)))
net.eval()
step(x)
print(f"recorded anew  another shape and another mode: {step.replays - replays} replays in 2 calls")

try:
    mg.capture(lambda x: float(update(x)))(x)
except mg.CaptureError as error:
    print(f"refused        {error}")

seconds = []
for run in (update, step):
    start = perf_counter()
    for _ in range(300):
        run(x)
    seconds.append(perf_counter() - start)
plain, replayed = seconds
print(f"300 steps      op by op {plain:.3f} s, replayed {replayed:.3f} s: {plain / replayed:.1f} to 1")
