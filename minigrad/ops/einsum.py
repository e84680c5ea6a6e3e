"""Sums of products, written with an index for each axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from minigrad.creation import tensor
from minigrad.ops.reduce import sum
from minigrad.ops.shape import getitem, reshape, transpose
from minigrad.tensor import Tensor

__all__ = ["einsum"]

Names = tuple[str | int, ...]
"""The index of each axis: letters, and integers for the axes under an ellipsis, counted from the right."""


def einsum(subscripts: str, *operands: Any) -> Tensor:
    """The sum of products that ``subscripts`` describes, as numpy.einsum: "nij,njk->nik" is a matrix product.

    A letter that is missing behind "->" is summed over; one that an operand has twice takes its diagonal;
    "..." stands for axes that broadcast. Without "->" the result has the letters that occur once, in
    alphabetical order, behind the ellipsis. Operands are contracted from left to right, each pair by
    ``matmul``. Raises ValueError for subscripts that do not fit the operands.

    >>> import minigrad as mg
    >>> mg.ops.einsum("ij,j->i", mg.tensor([[1.0, 2.0], [3.0, 4.0]]), mg.tensor([10.0, 1.0])).numpy().tolist()
    [12.0, 34.0]
    """
    tensors = [x if isinstance(x, Tensor) else tensor(x) for x in operands]
    terms, result = _parsed(subscripts, tensors)
    sizes = _sizes(subscripts, terms, tensors)
    parts = [_plain(x, names, sizes) for x, names in zip(tensors, terms, strict=True)]
    y, names = parts[0]
    for index, (other, others) in enumerate(parts[1:], 1):
        needed = set(result).union(*[later for _, later in parts[index + 1 :]])
        y, names = _contracted(y, names, other, others, needed)
    y, names = _summed(y, names, set(result))
    return transpose(y, axes=[names.index(name) for name in result])


def _parsed(subscripts: str, tensors: Sequence[Tensor]) -> tuple[list[Names], Names]:
    """The names of each operand's axes and of the result's."""
    text = "".join(subscripts.split())
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(tensors):
        raise ValueError(f"einsum: {subscripts!r} has {len(terms)} terms for {len(tensors)} operands")
    names = [_named(subscripts, term, x.ndim) for term, x in zip(terms, tensors, strict=True)]
    found = [name for term in names for name in term]
    hidden = sorted((name for name in set(found) if isinstance(name, int)), reverse=True)
    if not arrow:
        once = sorted(name for name in set(found) if isinstance(name, str) and found.count(name) == 1)
        return names, (*hidden, *once)
    letters = len(right.replace("...", ""))
    result = _named(subscripts, right, letters + (len(hidden) if "..." in right else 0))
    unknown = [name for name in result if name not in found]
    if unknown or len(set(result)) != len(result):
        raise ValueError(f"einsum: {subscripts!r}: the result has letters that no operand has, or twice")
    return names, result


def _named(subscripts: str, term: str, ndim: int) -> Names:
    before, dots, after = term.partition("...")
    if not all(letter.isascii() and letter.isalpha() for letter in before + after):
        raise ValueError(f"einsum: {subscripts!r}: an index is a letter, and '...' comes once in a term")
    hidden = ndim - len(before) - len(after)
    if hidden < 0 or (hidden and not dots):
        raise ValueError(f"einsum: {subscripts!r}: the term {term!r} does not fit {ndim} axes")
    return (*before, *range(hidden - 1, -1, -1), *after)


def _sizes(subscripts: str, terms: Sequence[Names], tensors: Sequence[Tensor]) -> dict[str | int, int]:
    """The length of each index; axes of length 1 go with any."""
    sizes: dict[str | int, int] = {}
    for names, x in zip(terms, tensors, strict=True):
        for name, size in zip(names, x.shape, strict=True):
            if sizes.setdefault(name, size) == 1:
                sizes[name] = size
            elif size not in (1, sizes[name]):
                raise ValueError(
                    f"einsum: {subscripts!r}: {name!r} is {sizes[name]} and {size} long, "
                    f"operands of shapes {[x.shape for x in tensors]}"
                )
    return sizes


def _plain(x: Tensor, names: Names, sizes: dict[str | int, int]) -> tuple[Tensor, Names]:
    """x with every index once: diagonals taken, axes dropped that others repeat."""
    for name in dict.fromkeys(names):
        while names.count(name) > 1:
            x, names = _diagonal(x, names, name)
    kept = [i for i, name in enumerate(names) if x.shape[i] == sizes[name]]
    if len(kept) < x.ndim:
        x = reshape(x, shape=tuple(x.shape[i] for i in kept))
    return x, tuple(names[i] for i in kept)


def _diagonal(x: Tensor, names: Names, name: str | int) -> tuple[Tensor, Names]:
    """The diagonal of the first two axes called ``name``, as the first axis; one of length 1 is repeated."""
    first = names.index(name)
    second = names.index(name, first + 1)
    others = [i for i in range(x.ndim) if i not in (first, second)]
    rest = tuple(x.shape[i] for i in others)
    n, m = x.shape[first], x.shape[second]
    x = reshape(transpose(x, axes=[first, second, *others]), shape=(n * m, *rest))
    if n == m:
        x = getitem(x, index=slice(None, None, n + 1))
    return x, (name, *[names[i] for i in others])


def _summed(x: Tensor, names: Names, needed: set[str | int]) -> tuple[Tensor, Names]:
    """x summed over the indices that nothing else needs."""
    axes = tuple(i for i, name in enumerate(names) if name not in needed)
    if not axes:
        return x, names
    return sum(x, axis=axes), tuple(name for name in names if name in needed)


def _contracted(x: Tensor, xs: Names, y: Tensor, ys: Names, needed: set[str | int]) -> tuple[Tensor, Names]:
    """The product of two operands, summed over the indices that are in both and not needed any more."""
    x, xs = _summed(x, xs, needed.union(ys))
    y, ys = _summed(y, ys, needed.union(xs))
    size = dict(zip(xs, x.shape, strict=True)) | dict(zip(ys, y.shape, strict=True))
    both = tuple(name for name in xs if name in ys and name in needed)
    inner = tuple(name for name in xs if name in ys and name not in needed)
    left = tuple(name for name in xs if name not in ys)
    right = tuple(name for name in ys if name not in xs)
    b, k, n, m = (math.prod(size[name] for name in part) for part in (both, inner, left, right))
    x = transpose(x, axes=[xs.index(name) for name in (*both, *left, *inner)])
    y = transpose(y, axes=[ys.index(name) for name in (*both, *inner, *right)])
    if not inner:
        z = reshape(x, shape=(b, n, 1)) * reshape(y, shape=(b, 1, m))
    elif not both:
        z = reshape(x, shape=(n, k)) @ reshape(y, shape=(k, m))  # (n, k) @ (k, m) -> (n, m)
    else:
        z = reshape(x, shape=(b, n, k)) @ reshape(y, shape=(b, k, m))  # -> (b, n, m)
    names = (*both, *left, *right)
    return reshape(z, shape=tuple(size[name] for name in names)), names
