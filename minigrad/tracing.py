"""The mode in which ops run, and what a Tracer sees of them: the door of ``minigrad.capture`` and ``trace``.

While a step is traced, all that computes goes through this module: ops through ``Tracer.op``, the rest (an
optimizer's update, a random draw, a check) through ``call``. Both take and return arrays. ``minigrad.grad``
and modules say where they begin and end, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import update_wrapper
from typing import Any, NamedTuple

from minigrad.blocks import Block, Setting


class CaptureError(RuntimeError):
    """A captured step did something that a replay could not repeat; the message says what to do instead.

    >>> import minigrad as mg
    >>> step = mg.capture(lambda x: x * 2.0 if float(x) > 0 else x)
    >>> step(mg.tensor(1.0))
    Traceback (most recent call last):
    minigrad.tracing.CaptureError: ...
    """


class Tracer:
    """What sees a step run. This one notes nothing; ``minigrad.capture`` and ``trace`` have their own.

    ``replays`` says whether the step will be replayed, so that it may read no number; ``keeps_graphs``
    whether it looks at graphs later, so that ``grad`` releases none.
    """

    replays = False
    keeps_graphs = False

    def op(self, op: Any, inputs: tuple[Any, ...], params: dict[str, Any]) -> tuple[Any, Any]:
        """Run an op's forward function on Tensors and note it: the array, and what it saved or None."""
        made: tuple[Any, Any] = op.run(inputs, params)
        return made

    def made(self, tensor: Any) -> None:
        """Note the Tensor that holds the result of the last op."""

    def call(self, function: Callable[..., Any], args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Call a function of arrays and note it."""
        return function(*args, **params)

    def check(self, function: Callable[..., None], args: tuple[Any, ...]) -> None:
        """Call a function that raises where its arrays are wrong, and note it."""
        function(*args)

    def watch(self, function: Callable[[], Any]) -> None:
        """Note that a replay on a GPU can stand for the step while the function returns what it does now."""

    def changed(self, tensor: Any) -> None:
        """Note that a Tensor's array was written in place."""

    def touch(self, owner: Any) -> None:
        """Note that a replay can stand for the step while the attributes of ``owner`` are the same."""

    def inside(self, modules: Sequence[Any]) -> AbstractContextManager[Any]:
        """A block in which the modules, one or several fused ones, are called."""
        return nullcontext()

    def differentiating(self, output: Any, wrt: Sequence[Any]) -> AbstractContextManager[Any]:
        """A block in which ``minigrad.grad`` walks from ``output`` to the Tensors of ``wrt``."""
        return nullcontext()

    def pulling(self, y: Any, g: Any) -> None:
        """Note that the rules of the op that made ``y`` come next, with the gradient ``g`` of ``y``."""

    def pulled(self, y: Any, gradients: Sequence[tuple[int, Any]]) -> None:
        """Note what they gave: (position of the input, its gradient)."""


class Mode(NamedTuple):
    """What holds for a block: whether its ops build a graph and check their results, and what traces them."""

    building_graph: bool = True
    checking: bool = False
    tracer: Tracer | None = None


_mode = Setting("mode", Mode())

mode = _mode.get
"""The Mode that holds now."""


def using(**changes: Any) -> Block[Mode]:
    """Within the block these fields of the Mode have these values."""
    return _mode.changed(lambda mode: mode._replace(**changes))


class Bindable:
    """A function for ``call`` with a short cut for replays, whose arrays always lie in the same places.

    ``bound(*args)`` returns a function without arguments; a replay calls it in place of ``function(*args)``.
    """

    def __init__(self, function: Callable[..., Any], bound: Callable[..., Callable[[], object]]) -> None:
        update_wrapper(self, function)
        self.function = function
        self.bound = bound

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)


def call(function: Callable[..., Any], *args: Any, **params: Any) -> Any:
    """``function(*args, **params)``, of arrays; a captured step calls it again in every replay.

    What it returns is None, an array or a tuple of arrays. If it has a parameter ``out=None``, a replay gives
    it the array to fill.
    """
    tracer = mode().tracer
    if tracer is None:
        return function(*args, **params)
    return tracer.call(function, args, params)


def check(function: Callable[..., None], *args: Any) -> None:
    """``function(*args)``, which raises where its arrays are wrong and does nothing else.

    In a replay on a GPU the host does not wait for the arrays: the function is called later, with copies.
    """
    tracer = mode().tracer
    if tracer is None:
        function(*args)
    else:
        tracer.check(function, args)


def watch(function: Callable[[], Any]) -> None:
    """Make a captured step depend on what ``function()`` returns: another value is another recording.

    A CUDA graph needs it for values of Python that decide a launch; a replay on the CPU reads them itself.
    """
    tracer = mode().tracer
    if tracer is not None:
        tracer.watch(function)


def touch(owner: Any) -> None:
    """Make a captured step depend on the attributes of ``owner``: others are another recording.

    The class of ``owner`` counts each assignment in ``Changes``; a replay compares the attributes only when
    something was counted.
    """
    tracer = mode().tracer
    if tracer is not None:
        tracer.touch(owner)


def not_in_capture(what: str, instead: str) -> None:
    """Raise CaptureError if a step is being captured, because no replay would repeat ``what``."""
    if _captured():
        raise CaptureError(f"{what} inside a captured step, whose replays would not repeat it; {instead}")


def refuse_reading(what: str) -> None:
    """Raise CaptureError in a captured step: a number that Python has seen would be frozen in its replays."""
    if _captured():
        raise CaptureError(
            f"{what} inside a captured step, whose replays would go on with the number of the recording; "
            "compute with ops, return the Tensor and read it outside, or change it in place by "
            "minigrad.modify(tensor, function)"
        )


def _captured() -> bool:
    tracer = mode().tracer
    return tracer is not None and tracer.replays


class Changes:
    """How often something on which recordings rely was replaced: an attribute of a module or of another
    object that a step touches, the array of a Tensor or of an optimizer's running averages.
    """

    count = 0
