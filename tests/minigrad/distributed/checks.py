"""What each of several ranks computes, beside one process that has the whole batch; a program of ranks, too.

A check returns plain numbers and texts: relative differences from the whole batch by name, and digests.
``python checks.py cuda`` computes on GPUs.
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import Tensor, nn, ops
from minigrad.distributed import Communicator, in_parts, mean_over_ranks, using, world
from minigrad.types import Array

Check = Callable[[Communicator], dict[str, Any]]
BATCH = 12  # of all ranks
EPS = 1e-3
DEVICE = sys.argv[1] if __name__ == "__main__" and len(sys.argv) > 1 else "cpu"


def numbers(seed: int, *shape: int, dtype: Any = np.float64) -> Array:
    """Of the whole batch: each rank's rows are others, around a mean of their own."""
    rows = np.random.default_rng(seed).normal(size=shape)
    return (rows + np.linspace(-1, 1, shape[0]).reshape(-1, *[1] * (len(shape) - 1))).astype(dtype)


def share(ranks: Communicator, whole: Array) -> Array:
    """The rank's rows."""
    n = len(whole) // ranks.size
    return whole[ranks.rank * n : (ranks.rank + 1) * n]


def on_device(array: Array) -> Tensor:
    return mg.tensor(array, device=DEVICE)


def buffers_of(net: nn.Module) -> list[Array]:
    """The running statistics, on the host."""
    return [Tensor(buffer).numpy() for buffer in net.buffers()]


def apart(found: Array, expected: Array) -> float:
    """The largest difference, relative to the largest number if that is not 0."""
    assert found.shape == expected.shape, (found.shape, expected.shape)
    return float(np.abs(found - expected).max() / (np.abs(expected).max() or 1.0))


def digest(arrays: Sequence[Array]) -> str:
    return hashlib.sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)).hexdigest()


def compared(
    ranks: Communicator, mine: Sequence[Tensor], whole: Sequence[Tensor], names: Sequence[str]
) -> dict[str, float]:
    """How far the rank's Tensors are from its rows of those of the whole batch; sums are over the ranks."""
    found = {}
    for name, own, every in zip(names, mine, whole, strict=True):
        if own.shape == every.shape:
            total = ops.all_reduce(own, communicator=ranks)
            found[name] = apart(total.numpy(), every.numpy())
        else:
            found[name] = apart(own.numpy(), share(ranks, every.numpy()))
    return found


def exchanges(ranks: Communicator) -> dict[str, Any]:
    """Sums in the order of the ranks, to the last bit, small and large; rows and objects in their order."""
    right = []
    for size, dtype in (
        (1, "float32"),
        (7, "float64"),
        (1023, "float32"),
        (5001, "float64"),
        (3000, "int64"),
    ):
        every = [(numbers(rank, size) * 1e3).astype(dtype) for rank in range(ranks.size)]
        total = every[0].copy()
        for other in every[1:]:
            total += other
        mine = every[ranks.rank].copy()
        ranks.all_reduce(mine)
        right.append(np.array_equal(mine, total))
        right.append(np.array_equal(ranks.all_gather(every[ranks.rank]), np.stack(every)))
    right.append(ranks.all_gather_object({"rank": ranks.rank}) == [{"rank": r} for r in range(ranks.size)])
    return {"right": all(map(bool, right))}


# -- ops -----------------------------------------------------------------------------------------------------


def all_reduce(ranks: Communicator) -> dict[str, Any]:
    """Three orders through the sum over the ranks of one row each, and through all rows."""

    def orders(x: Tensor, c: Tensor, total: Callable[[Tensor], Tensor]) -> list[Tensor]:
        y = total(ops.sin(x) * c)
        (g,) = mg.grad(ops.sum(ops.cos(y) * c), [x], create_graph=True)
        gg, gc = mg.grad(ops.sum(ops.sin(g) * c), [x, c], create_graph=True)
        return [y, g, gg, gc, *mg.grad(ops.sum(ops.cos(gg)), [x, c])]

    whole = numbers(0, ranks.size, 3, 2), numbers(1, ranks.size, 3, 2)
    mine = orders(
        *(on_device(share(ranks, a)) for a in whole), lambda y: ops.all_reduce(y, communicator=ranks)
    )
    expected = orders(
        *map(on_device, whole), lambda y: ops.broadcast_to(ops.sum(y, axis=0, keepdims=True), y.shape)
    )
    return compared(ranks, mine, expected, ["y", "g", "gg", "gc", "ggg", "ggc"])


def all_gather(ranks: Communicator) -> dict[str, Any]:
    """Three orders through a function of all rows."""

    def orders(x: Tensor, own: Callable[[Tensor], Tensor], every: Callable[[Tensor], Tensor]) -> list[Tensor]:
        rows = every(x)
        y = own(ops.sin(rows @ ops.transpose(rows) @ rows))
        (g,) = mg.grad(ops.sum(ops.square(y)), [x], create_graph=True)
        (gg,) = mg.grad(ops.sum(ops.sin(g)), [x], create_graph=True)
        return [y, g, gg, *mg.grad(ops.sum(ops.cos(gg)), [x])]

    whole = numbers(2, BATCH, 3) / 4
    n = BATCH // ranks.size
    mine = orders(
        on_device(share(ranks, whole)),
        lambda rows: rows[ranks.rank * n : (ranks.rank + 1) * n],
        lambda x: ops.all_gather(x, communicator=ranks),
    )
    expected = orders(on_device(whole), lambda rows: rows, lambda x: x)
    return compared(ranks, mine, expected, ["y", "g", "gg", "ggg"])


NORM = ["y", "gx", "gw", "gb", "ggx", "ggw", "ggb", "ggg"]


def norm_orders(function: Callable[..., Tensor], arrays: Sequence[Array], **settings: Any) -> list[Tensor]:
    """The result of a batch norm, its gradients, and those of a function of the gradients."""
    x, w, b, g, u, a = map(on_device, arrays)
    y = function(x, w, b, eps=EPS, **settings)
    first = mg.grad(y, [x, w, b], grad_output=g, create_graph=True)
    total = ops.sum(ops.sin(first[0]) * u) + ops.sum(first[1] * a) + ops.sum(first[2] * a)
    return [y, *first, *mg.grad(total, [x, w, b, g], unused="zeros")]


def norm_inputs(dtype: Any) -> list[Array]:
    whole = [numbers(seed, BATCH, 3, 4, 5, dtype=dtype) for seed in (3, 4, 5)]
    return [
        whole[0],
        *(np.random.default_rng(seed).normal(1, 0.3, 3).astype(dtype) for seed in (6, 7)),
        *whole[1:],
        np.random.default_rng(8).normal(size=3).astype(dtype),
    ]


def batch_norm(ranks: Communicator) -> dict[str, Any]:
    """Against the whole batch, fused and composed, in both dtypes; and the rank alone, which must differ."""
    found: dict[str, Any] = {}
    functions = {"fused": ops.batch_norm, "composed": ops.batch_norm_composed, "without": _standardize}
    for dtype in ("float32", "float64"):
        whole = norm_inputs(dtype)
        mine = [share(ranks, a) if len(a) == BATCH else a for a in whole]
        for name, function in functions.items():
            settings = {} if name == "without" else {"slope": 0.2}
            expected = norm_orders(function, whole, **settings)
            synchronised = norm_orders(function, mine, **settings, communicator=ranks)
            found[f"{name} {dtype}"] = compared(ranks, synchronised, expected, NORM)
        alone = norm_orders(ops.batch_norm, mine, slope=0.2)
        found[f"alone {dtype}"] = compared(ranks, alone, norm_orders(ops.batch_norm, whole, slope=0.2), NORM)
    return found


def unequal(ranks: Communicator) -> dict[str, Any]:
    """What batch norm says on each rank to shares of 2 elements and more."""
    try:
        ops.standardize(Tensor(np.ones((2 + ranks.rank, 3))), eps=EPS, communicator=ranks)
    except ValueError as error:
        return {"said": str(error)}
    return {"said": ""}


def _standardize(x: Tensor, w: Tensor, b: Tensor, **settings: Any) -> Tensor:
    """standardize, and an affine map of it."""
    return ops.standardize(x, **settings) * ops.reshape(w, (3, 1, 1)) + ops.reshape(b * w, (3, 1, 1))


# -- modules and steps ---------------------------------------------------------------------------------------


ONE_AT_A_TIME = threading.Lock()
"""Held while weights are drawn: ranks that are threads have the generator of the process in common."""


def network(dtype: Any = np.float64) -> nn.Sequential:
    """Every layer that uses its batch, and pairs of layers that Sequential fuses."""
    with ONE_AT_A_TIME:
        mg.manual_seed(0)
        layers = nn.Sequential(
            nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.LeakyReLU(0.2),
            nn.BatchNorm2d(3, affine=False, momentum=None), nn.ReLU(),
            nn.MinibatchStdDev(), nn.Flatten(), nn.Linear(4 * 16, 5, bias=False),
            nn.BatchNorm1d(5), nn.Tanh(), nn.Linear(5, 1),
        )  # fmt: skip
    return layers.astype(dtype).to(DEVICE)


def gradients_of(net: nn.Module, x: Tensor) -> list[Tensor]:
    """A mean loss with a gradient penalty, and its gradients."""
    y = net(x)
    (slope,) = mg.grad(ops.sum(y), [x], create_graph=True)
    loss = ops.mean(ops.softplus(y)) + ops.mean(ops.square(ops.norm_per_sample(slope) - 1.0))
    return [loss.detach(), *mg.grad(loss, net.parameters(), unused="zeros")]


def module(ranks: Communicator) -> dict[str, Any]:
    """A network of such layers, its gradients through a gradient penalty, and its running statistics."""
    images = numbers(9, BATCH, 2, 6, 6)
    alone, net = network(), nn.synchronised(network(), ranks)
    expected = gradients_of(alone, on_device(images))
    with using(ranks):
        means = mean_over_ranks(gradients_of(net, on_device(share(ranks, images))))
    scale = max(float(np.abs(e.numpy()).max()) for e in expected)
    differences = [
        float(np.abs(m.numpy() - e.numpy()).max()) / scale for m, e in zip(means, expected, strict=True)
    ]
    statistics = [
        apart(found, wanted)
        for found, wanted in zip(buffers_of(net), buffers_of(alone), strict=True)
        if np.abs(wanted).max() > 0
    ]
    undone = nn.synchronised(network(), mg.distributed.Alone())
    local = mean_over_ranks(gradients_of(undone, on_device(share(ranks, images))), ranks)
    return {
        "gradients": max(differences),
        "statistics": max(statistics),
        "alone": max(
            float(np.abs(m.numpy() - e.numpy()).max()) / scale for m, e in zip(local, expected, strict=True)
        ),
        "digest": digest(buffers_of(net)),
    }


def halves(ranks: Communicator) -> dict[str, Any]:
    """MinibatchStdDev of a batch that is real samples, then fakes: each rank has rows of both."""
    real, fake = numbers(10, BATCH, 3), numbers(11, BATCH, 3)
    layer = nn.MinibatchStdDev(group_size=3)

    def orders(*batches: Array) -> list[Array]:
        x = on_device(np.concatenate(batches))
        y = layer(x)
        (gx,) = mg.grad(ops.sum(ops.sin(y)), [x])
        return [part for t in (y, gx) for part in np.split(t.numpy(), 2)]

    expected = orders(real, fake)
    nn.synchronised(layer, ranks)
    with in_parts(2):
        found = orders(share(ranks, real), share(ranks, fake))
    return {"apart": max(apart(f, share(ranks, e)) for f, e in zip(found, expected, strict=True))}


def trained(ranks: Communicator, captured: bool, steps: int = 5) -> list[Array]:
    """Weights and statistics after some updates of a synchronised network, in float32."""
    net = nn.synchronised(network(np.float32), ranks)
    optimizer = mg.optim.Adam(net.parameters(), 1e-2)

    def step(x: Tensor) -> Tensor:
        loss, *gradients = mean_over_ranks(gradients_of(net, x))
        optimizer.step(gradients)
        return loss

    run = mg.capture(step) if captured else step
    with using(ranks):
        losses = [
            run(on_device(share(ranks, numbers(20 + i, BATCH, 2, 6, 6, dtype=np.float32)))).numpy()
            for i in range(steps)
        ]
    return [*net.state_dict().values(), *losses]


def steps(ranks: Communicator) -> dict[str, Any]:
    """Digests of a training op by op, twice, and captured."""
    return {
        "op by op": digest(trained(ranks, captured=False)),
        "again": digest(trained(ranks, captured=False)),
        "captured": digest(trained(ranks, captured=True)),
    }


def means(ranks: Communicator) -> dict[str, Any]:
    """Means of Tensors of two dtypes, of the same shapes twice in one step, op by op and captured."""

    def step(x: Tensor) -> list[Tensor]:
        first = mean_over_ranks([x, ops.sum(x), ops.astype(x, "float32")], ranks)
        second = mean_over_ranks([-x, ops.sum(-x), ops.astype(-x, "float32")], ranks)
        return [*first, *second]

    def right(results: Sequence[Tensor], factor: float) -> bool:
        mean = factor * (1 + ranks.size) / 2
        wanted = [np.full((2, 3), mean), np.array(6 * mean), np.full((2, 3), mean, np.float32)]
        return all(
            t.dtype == w.dtype and np.array_equal(t.numpy(), w)
            for t, w in zip(results, [*wanted, *(-w for w in wanted)], strict=True)
        )

    captured = mg.capture(step)
    factors = 1.0, 2.0, 4.0, 8.0
    inputs = [on_device(np.full((2, 3), factor * (1.0 + ranks.rank))) for factor in factors]
    return {
        "op by op": all(right(step(x), factor) for x, factor in zip(inputs, factors, strict=True)),
        "captured": all(right(captured(x), factor) for x, factor in zip(inputs, factors, strict=True)),
        "replays": captured.replays,
    }


def home(ranks: Communicator) -> dict[str, Any]:
    """The first rank alone calls a synchronised network, and waits for none: its batch is copies of its rows.

    A captured step goes on with all ranks after that.
    """
    images = numbers(9, BATCH, 2, 6, 6)
    net, alone = nn.synchronised(network(), ranks), network()
    predict = mg.capture(lambda x: net(x))
    x = on_device(share(ranks, images))
    together = [predict(x).numpy() for _ in range(3)]
    difference = 0.0
    if ranks.rank == 0:
        with ranks.at_home():
            own = [predict(x).numpy() for _ in range(3)]
        copies = alone(on_device(np.concatenate([x.numpy()] * ranks.size))).numpy()
        difference = max(apart(y, copies[: len(y)]) for y in own)
    after = predict(x).numpy()
    return {
        "difference": difference,
        "the same after": bool(np.array_equal(after, together[0])),
        "replays": predict.replays,
    }


def anew(ranks: Communicator) -> dict[str, Any]:
    """A captured step follows nn.synchronised."""
    net, x = network(), on_device(share(ranks, numbers(9, BATCH, 2, 6, 6)))
    predict = mg.capture(lambda x: net(x))
    local = [predict(x).numpy() for _ in range(3)][-1]
    nn.synchronised(net, ranks)
    synchronised = [predict(x).numpy() for _ in range(3)][-1]
    nn.synchronised(net, mg.distributed.Alone())
    undone = predict(x).numpy()
    return {"differs": apart(synchronised, local), "undone": bool(np.array_equal(undone, local))}


OP_BY_OP: list[Check] = [exchanges, all_reduce, all_gather, batch_norm, unequal, module, halves]
CAPTURED: list[Check] = [steps, means, home, anew]


def main() -> None:
    """Run the checks on the launcher's ranks; the first prints what all of them found."""
    ranks = world(DEVICE)
    try:
        found = {check.__name__: ranks.all_gather_object(check(ranks)) for check in (*OP_BY_OP, *CAPTURED)}
    except BaseException:  # noqa: BLE001  whatever it is, the other ranks must not wait
        traceback.print_exc()
        ranks.abort(1)
    if ranks.rank == 0:
        sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
