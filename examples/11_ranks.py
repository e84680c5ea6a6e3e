"""Several processes train one network, each on its share of every batch.

    python examples/11_ranks.py
    mpiexec -n 2 python examples/11_ranks.py    # pip install "minigrad-gans[mpi]"

prints the loss every 20 steps, with two processes the same as with one but for rounding.
"""

import minigrad as mg
from minigrad import nn, ops, optim
from minigrad.distributed import mean_over_ranks, using, world

BATCH = 64  # of all processes together

ranks = world()  # this process is one of ranks.size
mg.manual_seed(0)  # the same on all of them: weights and draws are those of one process
net = nn.Sequential(nn.Linear(2, 32), nn.BatchNorm1d(32), nn.Tanh(), nn.Linear(32, 1))
nn.synchronised(net, ranks)  # batch norm uses the whole batch
optimizer = optim.Adam(net.parameters(), lr=0.02)


@mg.capture
def step() -> mg.Tensor:
    """One update towards the product of two numbers; the mean loss of the whole batch."""
    x = mg.random.uniform((BATCH // ranks.size, 2)) * 2.0 - 1.0  # this process's rows
    loss = ops.mse_loss(net(x), x[:, :1] * x[:, 1:])
    gradients = mg.grad(loss, net.parameters())
    loss, *gradients = mean_over_ranks([loss, *gradients])  # one exchange
    optimizer.step(gradients)
    return loss


with using(ranks):
    for number in range(1, 101):
        loss = step()
        if ranks.rank == 0 and number % 20 == 0:
            print(f"step {number:3}  loss {loss.item():.5f}")
