"""SeqGAN's networks of tokens: an LSTM that draws them (Hochreiter 1997), a convolutional D (Kim 2014)."""

from __future__ import annotations

from minigrad import Tensor, int64, nn, ops, zeros
from minigrad.distributed import in_parts
from minigrad.random import Generator, categorical, uniform

KERNELS = (1, 2, 3, 4, 5, 10, 20)
"""The lengths of D's convolutions; those longer than a sequence are left out."""

Memory = tuple[Tensor, Tensor]


class Policy(nn.Module):
    """G: an LSTM from the tokens so far to the logits of the next; token 0 stands before the first."""

    def __init__(self, vocabulary: int, length: int, width: int) -> None:
        self.length = length
        self.embedding = nn.Embedding(vocabulary, width)
        self.cell = nn.LSTMCell(width, width)
        self.output = nn.Linear(width, vocabulary)

    def begin(self, n: int) -> Memory:
        """The LSTM's memory before the first token, (n, width) each."""
        return self.read(zeros(n, dtype=int64, device=self.output.weight.device))

    def read(self, tokens: Tensor, memory: Memory | None = None) -> Memory:
        """Its memory after one more token (n,)."""
        return self.cell(self.embedding(tokens), memory)

    def draw(self, memory: Memory, rng: Generator) -> Tensor:
        """The next token of each row, (n,)."""
        return categorical(self.output(memory[0]), generator=rng)

    def forward(self, tokens: Tensor) -> Tensor:
        """-log p(y_t | Y_1:t-1) of each token of (n, length)."""
        n, length = tokens.shape
        memories = [self.begin(n)]
        for t in range(length - 1):
            memories.append(self.read(tokens[:, t], memories[-1]))
        outputs = ops.reshape(ops.stack([h for h, _ in memories], axis=1), (n * length, -1))
        nll = ops.cross_entropy(self.output(outputs), ops.reshape(tokens, -1), reduction="none")
        return ops.reshape(nll, (n, length))

    def sample(self, n: int, rng: Generator) -> Tensor:
        """``n`` sequences (n, length)."""
        memory = self.begin(n)
        tokens = [self.draw(memory, rng)]
        while len(tokens) < self.length:
            memory = self.read(tokens[-1], memory)
            tokens.append(self.draw(memory, rng))
        return ops.stack(tokens, axis=1)

    def complete(self, tokens: Tensor, copies: int, rng: Generator) -> Tensor:
        """``copies`` completions of each beginning of ``tokens`` (n, length): (length - 1, copies n, length).

        Those at t begin with the first t + 1 tokens. All of them grow together, a token at a time.
        """
        length, rows = self.length, copies * len(tokens)
        real = [ops.tile(tokens[:, t], copies) for t in range(length)]
        columns = [ops.tile(real[0], length - 1)]
        memory = self.begin(
            rows
        )  # after beginnings 0 to t - 1 as completed so far; the last rows as they are
        for t in range(1, length):
            h, c = self.read(ops.concatenate([columns[-1][: (t - 1) * rows], real[t - 1]]), memory)
            with in_parts(t * copies):
                drawn = self.draw((h, c), rng)
            columns.append(ops.concatenate([drawn, ops.tile(real[t], length - 1 - t)]))
            memory = ops.concatenate([h, h[-rows:]]), ops.concatenate([c, c[-rows:]])
        return ops.reshape(ops.stack(columns, axis=1), (length - 1, rows, length))


class Classifier(nn.Module):
    """D: tokens (n, length) -> logits (n, 1), from the maxima of convolutions and a highway layer."""

    def __init__(self, vocabulary: int, length: int, features: int, dropout: float) -> None:
        sizes = [size for size in KERNELS if size <= length]
        width = len(sizes) * features
        self.dropout = dropout
        self.embedding = nn.Embedding(vocabulary, features)
        self.convolutions = nn.ModuleList([nn.Conv1d(features, features, size) for size in sizes])
        self.highway, self.gate = nn.Linear(width, width), nn.Linear(width, width)
        self.output = nn.Linear(width, 1)

    def forward(self, tokens: Tensor, rng: Generator | None = None) -> Tensor:
        """With ``rng`` some features are dropped, as in D's own updates."""
        x = ops.swapaxes(self.embedding(tokens), 1, 2)
        x = ops.concatenate([ops.max(ops.relu(layer(x)), axis=2) for layer in self.convolutions], axis=1)
        gate = ops.sigmoid(self.gate(x))
        x = gate * ops.relu(self.highway(x)) + (1 - gate) * x
        if rng is not None and self.dropout:
            kept = uniform(x.shape, generator=rng, device=x.device) >= self.dropout
            x = ops.where(kept, x, 0.0) * (1 / (1 - self.dropout))
        return self.output(x)
