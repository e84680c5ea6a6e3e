"""grad: gradients are values that you request by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal

from minigrad import hints
from minigrad.arrays import is_array, is_writeable
from minigrad.creation import tensor
from minigrad.devices import xp_of
from minigrad.node import INPUTS, Made, Operation
from minigrad.ops.elementwise import astype
from minigrad.ops.shape import sum_to
from minigrad.tensor import Tensor, describe
from minigrad.tracing import Tracer, mode, using
from minigrad.types import Array

__getattr__ = hints.of_module(__name__)


class StaleGraphError(RuntimeError):
    """A Tensor of the graph was changed in place since, or the graph was released; build the graph again.

    >>> import minigrad as mg
    >>> w = mg.tensor([2.0])
    >>> loss = mg.ops.sum(w * w)
    >>> mg.optim.SGD([w], lr=0.5).step([mg.tensor([1.0])])  # w changes, and the loss is that of the old w
    >>> mg.grad(loss, [w])
    Traceback (most recent call last):
    minigrad.autograd.StaleGraphError: ...
    """


def grad(
    output: Tensor,
    wrt: Tensor | Iterable[Tensor],
    *,
    grad_output: Any = None,
    create_graph: bool = False,
    unused: Literal["error", "zeros"] = "error",
    release: bool = False,
) -> list[Tensor]:
    """The gradients of ``sum(output * grad_output)`` with respect to each Tensor of ``wrt``, in their order.

    output        a float Tensor; of one element unless ``grad_output`` is given
    wrt           Tensors, leaves or intermediate ones; only what lies between them and ``output`` is visited
    grad_output   the incoming gradient, of output's shape; ones for a single element
    create_graph  build the graph of the gradients too, so that they can be differentiated again
    unused        the answer for a Tensor of ``wrt`` that ``output`` was not computed from: "error", a
                  ValueError, or "zeros"
    release       give up the graph between ``output`` and ``wrt`` on the way: each array that nothing else
                  holds is freed as soon as its gradient has been computed, and no later call can
                  differentiate through there. A large step needs less memory so

    Each result has the shape and dtype of its Tensor and an array of its own. Raises TypeError for Tensors
    that are not float, ValueError for shapes that do not fit and for ``release`` with ``create_graph``,
    StaleGraphError if an earlier call has released the graph, or if a Tensor that the gradient needs was
    changed since it was built. Changes by minigrad count (an optimizer, ``modify``, ``load_state_dict``,
    ``t.data = array``), and those that ``t.changed()`` follows; a write into the array itself, as in
    ``t.data[0] = 1.0``, goes unnoticed.

    If there is a path and a rule says that the derivative is zero, the gradient is zeros in both cases. A
    gradient can depend on fewer Tensors than its output: a network's gradient with respect to its input never
    contains the last layer's bias, so a gradient penalty alone depends on the weights and not on that bias.
    Differentiate the sum of loss and penalty, as WGAN-GP does, or take zeros:

    >>> import minigrad as mg
    >>> w, b, x = mg.tensor(3.0), mg.tensor(1.0), mg.tensor(2.0)
    >>> (slope,) = mg.grad(w * x + b, [x], create_graph=True)
    >>> [g.item() for g in mg.grad(slope * slope, [w, b], unused="zeros")]
    [6.0, 0.0]
    >>> mg.grad(slope * slope, [w, b])
    Traceback (most recent call last):
    ValueError: grad: the output (of mul) does not depend on wrt[1], float32 (); ...
    """
    targets = [wrt] if isinstance(wrt, Tensor) else _listed(wrt)
    if unused not in ("zeros", "error"):
        raise ValueError(f'grad: unused is "error" or "zeros", got {unused!r}')
    if release and create_graph:
        raise ValueError("grad: create_graph=True keeps the graph that release=True gives up; choose one")
    seed = _check(output, targets, grad_output)
    order = _topological(output)
    wanted = {id(t) for t in targets}
    used = None if unused == "zeros" else {id(t) for t in order}
    between = set(wanted)
    for t in order:
        if t._made is not None and any(id(x) in between for x in t._made[INPUTS]):
            between.add(id(t))

    grads: dict[int, Tensor] = {id(output): seed}
    tracer = mode().tracer
    with using(building_graph=create_graph), _noted(tracer, output, targets):
        while order:
            y = order.pop()  # from here on a released graph alone holds it
            key = id(y)
            if key not in between or key not in grads or y._made is None:
                continue
            g = grads[key] if key in wanted else grads.pop(key)
            if tracer is not None:
                tracer.pulling(y, g)
            gradients = _pull_back(y, y._made, g, between)
            if tracer is not None:
                tracer.pulled(y, gradients)
            for i, gx in gradients:
                x = y._made[INPUTS][i]
                grads[id(x)] = grads[id(x)] + gx if id(x) in grads else gx
            if release and gradients and not (tracer is not None and tracer.keeps_graphs):
                y._made = y._made[0], (), {}, ()
        results = [_result(t, grads.get(id(t)), output, used, index) for index, t in enumerate(targets)]
        return _with_own_arrays(results, seed)


def _noted(tracer: Tracer | None, output: Tensor, targets: list[Tensor]) -> AbstractContextManager[Any]:
    return nullcontext() if tracer is None else tracer.differentiating(output, targets)


def _pull_back(y: Tensor, made: Made, g: Tensor, between: set[int]) -> list[tuple[int, Tensor]]:
    """(position, gradient) of each input of ``y`` that leads to a wanted Tensor, in the input's shape."""
    op, inputs, _, versions = made
    gradients = []
    needed = [i for i, x in enumerate(inputs) if id(x) in between and x.is_float]
    if needed:
        _check_versions(y, op, inputs, versions)
    for i, gx in _by_the_rules(made, y, g, needed):
        x = inputs[i]
        if not isinstance(gx, Tensor):
            raise TypeError(
                f"grad: {op.name}: the rule of input {i} returned {type(gx).__name__}; return a Tensor"
            )
        if gx.shape != x.shape:
            gx = sum_to(gx, shape=x.shape)
        if gx.dtype != x.dtype:
            gx = astype(gx, dtype=x.dtype)
        gradients.append((i, gx))
    return gradients


def _by_the_rules(made: Made, y: Tensor, g: Tensor, needed: list[int]) -> Iterator[tuple[int, Any]]:
    """(position, gradient) of the needed inputs of ``y``, except those with a derivative of zero."""
    op, inputs, params, _ = made
    if op.joint_rule is not None and needed:
        together = op.joint_rule(g, y, *inputs, **params)
        for i in needed:
            if together[i] is not None:
                yield i, together[i]() if callable(together[i]) else together[i]
        return
    for i in needed:
        rule = op.derivative(i)
        if rule is not None:
            where = {"position": i} if op.variadic else {}
            yield i, rule(g, y, *inputs, **where, **params)


def _topological(output: Tensor) -> list[Tensor]:
    """Every Tensor that ``output`` was made from, each after its inputs; a loop, for graphs of any depth."""
    order: list[Tensor] = []
    seen = {id(output)}
    stack = [(output, iter(output.inputs))]
    while stack:
        t, inputs = stack[-1]
        for x in inputs:
            if id(x) not in seen:
                seen.add(id(x))
                stack.append((x, iter(() if x._made is None else x._made[INPUTS])))
                break
        else:
            if t._made is not None and not t._made[INPUTS]:
                raise StaleGraphError(
                    f"grad: an earlier call with release=True gave up the graph of what {t._made[0].name} "
                    f"made, {describe(t)}; compute it again, detach() it, or leave out release in that call"
                )
            order.append(t)
            stack.pop()
    return order


def _listed(wrt: Any) -> list[Any]:
    """The Tensors of ``wrt`` as a list; TypeError for a module, in whose place its parameters belong."""
    if callable(getattr(wrt, "parameters", None)):
        kind = type(wrt).__name__
        raise TypeError(
            f"grad: wrt must be Tensors, got a {kind}; write minigrad.grad(loss, net.parameters())"
        )
    if not isinstance(wrt, Iterable):
        raise TypeError(f"grad: wrt must be a Tensor or a list of them, got {type(wrt).__name__}")
    return list(wrt)


def _check(output: Tensor, targets: list[Any], grad_output: Any) -> Tensor:
    """Refuse what cannot be differentiated; return the incoming gradient as a Tensor."""
    if not isinstance(output, Tensor):
        raise TypeError(f"grad: output must be a Tensor, got {type(output).__name__}")
    for index, t in enumerate(targets):
        if not isinstance(t, Tensor):
            instead = "; add its .parameters()" if hasattr(t, "parameters") else ""
            raise TypeError(f"grad: wrt[{index}] must be a Tensor, got {type(t).__name__}{instead}")
        if not t.is_float:
            raise TypeError(
                f"grad: wrt[{index}] is {describe(t)}; gradients need floats, make it with dtype=float32"
            )
    if not output.is_float:
        raise TypeError(f"grad: output is {describe(output)}; only float outputs have gradients")
    if grad_output is None:
        if output.size != 1:
            raise ValueError(
                f"grad: output has shape {output.shape}; reduce it to one element or give grad_output"
            )
        return Tensor(xp_of(output._data).ones(output.shape, output.dtype))
    seed = grad_output if isinstance(grad_output, Tensor) else _as_seed(grad_output, output)
    if seed.shape != output.shape:
        raise ValueError(
            f"grad: grad_output has shape {seed.shape}, output has shape {output.shape}; make them equal"
        )
    if seed.device != output.device:
        raise ValueError(
            f"grad: grad_output is on {seed.device}, output on {output.device}; "
            f"move it, as in g.to({output.device!r})"
        )
    return seed if seed.dtype == output.dtype else astype(seed, dtype=output.dtype)


def _as_seed(grad_output: Any, output: Tensor) -> Tensor:
    """``grad_output`` in ``output``'s dtype; numbers and lists go to its device, arrays stay."""
    if is_array(grad_output):
        return Tensor(xp_of(grad_output).asarray(grad_output, output.dtype))
    return tensor(grad_output, output.dtype, output.device)


def _check_versions(y: Tensor, op: Operation, inputs: tuple[Tensor, ...], versions: tuple[int, ...]) -> None:
    stale = [
        f"input {i}, {describe(x)},"
        for i, (x, v) in enumerate(zip(inputs, versions, strict=True))
        if x.version != v
    ]
    if y.version and y._version is not inputs[0]._version:
        stale.append(f"the output, {describe(y)},")
    if stale:
        raise StaleGraphError(
            f"grad: {op.name}: {stale[0]} was changed in place after the graph was built; "
            "compute the output again with the new values, or ask for the gradient before the change"
        )


def _result(t: Tensor, g: Tensor | None, output: Tensor, used: set[int] | None, index: int) -> Tensor:
    """The gradient ``g`` of ``t``, or zeros if there is none; ValueError if ``t`` must be among ``used``."""
    if g is not None:
        return g
    if used is not None and id(t) not in used:
        made_by = f"of {output.op.name}" if output.op else "a leaf, which no op made"
        raise ValueError(
            f"grad: the output ({made_by}) does not depend on wrt[{index}], {describe(t)}; compute it from "
            'that very Tensor, outside no_grad() and without detach() or copies, or give unused="zeros"'
        )
    return Tensor(xp_of(t._data).zeros(t.shape, t.dtype))


def _with_own_arrays(gradients: list[Tensor], seed: Tensor) -> list[Tensor]:
    """The gradients, copied where one is read-only or shares memory with another or with ``seed``."""
    owners = {id(_owner(seed._data))}
    own = []
    for g in gradients:
        if id(_owner(g._data)) in owners or not is_writeable(g._data):
            g = g * 1.0
        owners.add(id(_owner(g._data)))
        own.append(g)
    return own


def _owner(array: Array) -> Array:
    """The array whose memory ``array`` is a view of."""
    while isinstance(array.base, type(array)):
        array = array.base
    return array
