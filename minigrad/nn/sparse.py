"""Embedding: a table whose rows are learnt."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from minigrad import ops
from minigrad.nn import init
from minigrad.nn.module import Module, Parameter
from minigrad.nn.naming import named
from minigrad.tensor import Tensor

__all__ = ["Embedding"]


class Embedding(Module):
    """``weight[index]``: integers (...) -> (..., embedding_dim); weight (num_embeddings, embedding_dim).

    The row ``padding_idx`` is 0 at first and gets no gradient. Raises ValueError for integers that are no
    row, TypeError for an index of other numbers.

    >>> import minigrad as mg
    >>> table = mg.nn.Embedding(10, 4, padding_idx=0)
    >>> table(mg.tensor([[1, 5, 0], [9, 1, 1]])).shape
    (2, 3, 4)
    >>> table(mg.tensor([0])).tolist()
    [[0.0, 0.0, 0.0, 0.0]]
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.num_embeddings = operator.index(num_embeddings)
        self.embedding_dim = operator.index(embedding_dim)
        n = self.num_embeddings
        if padding_idx is not None and not -n <= padding_idx < n:
            raise ValueError(f"Embedding: padding_idx must lie in {-n}..{n - 1}, got {padding_idx}")
        self.padding_idx = padding_idx if padding_idx is None else padding_idx % num_embeddings
        self.weight = Parameter(np.empty((self.num_embeddings, self.embedding_dim), dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values from the standard normal distribution."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            self.weight.data[self.padding_idx] = 0
            self.weight.changed()

    def forward(self, index: Any) -> Tensor:
        with named(self):
            return ops.embedding(index, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        return text if self.padding_idx is None else f"{text}, padding_idx={self.padding_idx}"
