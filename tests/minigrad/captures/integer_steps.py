"""Steps whose arguments are labels and tokens: what a conditional GAN and a GAN of sequences do with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import nn, ops, optim

CLASSES, VOCABULARY, LENGTH = 4, 7, 5


class Network(nn.Module):
    """Scores of a next token and of a class."""

    def __init__(self) -> None:
        self.tokens = nn.Embedding(VOCABULARY, 6)
        self.labels = nn.Embedding(CLASSES, 3)
        self.lstm = nn.LSTM(6, 8, batch_first=True)
        self.next = nn.Linear(8, VOCABULARY)
        self.classes = nn.Linear(8 + 3 + CLASSES, CLASSES)

    def forward(self, tokens: mg.Tensor) -> mg.Tensor:
        return self.next(self.lstm(self.tokens(tokens))[0])


Step = Callable[..., Any]


def integer_step(net: Network, optimizer: optim.Optimizer) -> Step:
    """(tokens (n, l), labels (n,), generator) -> numbers and integers; the network is updated."""

    def step(tokens: mg.Tensor, labels: mg.Tensor, rng: mg.random.Generator) -> tuple[Any, ...]:
        n, device = tokens.shape[0], tokens.device
        first = mg.zeros((n, 1), dtype=np.int64, device=device)
        shifted = ops.concatenate([first, tokens[:, :-1]], axis=1)
        hidden = net.lstm(net.tokens(shifted))[0]
        logits = net.next(hidden)
        likelihood = ops.cross_entropy(ops.reshape(logits, (-1, VOCABULARY)), ops.reshape(tokens, (-1,)))

        one_hot = nn.functional.one_hot(labels, CLASSES).astype(np.float32)
        condition = ops.concatenate([hidden[:, -1], net.labels(labels), one_hot], axis=1)
        classes = net.classes(condition)
        rows = mg.arange(n, device=device)
        chosen = ops.log_softmax(classes, axis=1)[rows, labels]
        loss = likelihood + ops.cross_entropy(classes, labels, label_smoothing=0.1) - ops.mean(chosen)

        guesses = ops.argmax(classes, axis=1)
        right = ops.mean((guesses == labels).astype(np.float32))
        mixed = ops.where(tokens > 2, tokens, guesses[:, None]) % VOCABULARY
        counts = ops.sum(nn.functional.one_hot(tokens, VOCABULARY), axis=(0, 1))
        drawn = roll_out(net, tokens[:, :2], rng)
        other = labels[mg.random.permutation(n, generator=rng, device=device)]
        optimizer.step(mg.grad(loss, optimizer.params))
        return loss, right, {"guesses": guesses, "mixed": mixed, "counts": counts}, drawn, other

    return step


def roll_out(net: Network, tokens: mg.Tensor, rng: mg.random.Generator) -> mg.Tensor:
    """The sequences that begin with ``tokens``, each further token drawn from the network's scores."""
    with mg.no_grad():
        while tokens.shape[1] < LENGTH:
            logits = net(tokens)[:, -1]
            drawn = mg.random.categorical(logits, generator=rng)
            tokens = ops.concatenate([tokens, drawn[:, None]], axis=1)
    return tokens


def integer_arguments(seed: int, device: str = "cpu") -> tuple[mg.Tensor, mg.Tensor]:
    """Tokens and labels of a batch of 3."""
    rng = np.random.default_rng(seed)
    tokens, labels = rng.integers(0, VOCABULARY, (3, LENGTH)), rng.integers(0, CLASSES, 3)
    return mg.tensor(tokens, device=device), mg.tensor(labels, device=device)


def run(
    wrap: Callable[[Step], Any], rng: mg.random.Generator, device: str, count: int = 6
) -> tuple[Any, ...]:
    """What ``count`` calls return, the network's state after them, and the step that was called."""
    mg.manual_seed(0)
    net = Network().to(device)
    step = wrap(integer_step(net, optim.SGD(net.parameters(), lr=0.1)))
    results = [step(*integer_arguments(i, device), rng) for i in range(count)]
    return results, net.state_dict(), step
