"""What you switch within a block: whether ops build a graph, and whether they check their results."""

from __future__ import annotations

from minigrad.blocks import Block
from minigrad.tracing import Mode, using

__all__ = ["check_finite", "no_grad"]


def no_grad() -> Block[Mode]:
    """Within the block ops make leaves: no graph is built, and nothing can be differentiated later.

    It is a decorator, too: of functions, generators and coroutines. In a generator it holds while the
    generator runs, not for the code that takes its values.

    >>> import minigrad as mg
    >>> w = mg.tensor(2.0)
    >>> @mg.no_grad()
    ... def doubled():
    ...     yield w * 2.0
    >>> [(y.op, (y * w).op is None) for y in doubled()]
    [(None, False)]
    """
    return using(building_graph=False)


def check_finite() -> Block[Mode]:
    """Within the block an op that makes a NaN or an infinity raises NonFiniteError, which names it.

    It is a decorator, too, as ``no_grad``. Inside a step of ``minigrad.capture`` the replays check as well.
    On a GPU the call after the next one raises the error, or the step's ``check()``, as for
    ``require_finite``. A captured step that you call within the block runs op by op.

    >>> import minigrad as mg
    >>> with mg.check_finite():
    ...     mg.ops.square(mg.tensor([1.0, float("inf")]))
    Traceback (most recent call last):
    minigrad.finite.NonFiniteError: square made a NaN or infinity from float32 (2,) (not finite)
    """
    return using(checking=True)
