"""capture: record a step once, replay it on fixed buffers, with no graph, no rules and no Tensors.

    step = capture(step)        # a function of Tensors, generators and whatever else it needs

>>> import minigrad as mg
>>> w = mg.tensor([1.0, 2.0])
>>> optimizer = mg.optim.SGD([w], lr=0.5)
>>> @mg.capture
... def step(x):
...     loss = mg.ops.mean(mg.ops.square(w - x))
...     optimizer.step(mg.grad(loss, [w]))
...     return loss
>>> [float(step(mg.tensor([3.0, 3.0]))) for _ in range(4)]
[2.5, 0.625, 0.15625, 0.0390625]
>>> step.replays
2

A step runs twice as it is, while a ``Trace`` notes every call on arrays; if both runs did the same, the notes
become a ``Program``, which later calls replay. A call with other shapes, modes or objects is recorded anew.
``captures.cuda`` replays on a GPU. The name is a plural because ``minigrad.capture`` is the function.
"""

from minigrad.captures.captured import Captured, capture
from minigrad.tracing import CaptureError

__all__ = ["CaptureError", "Captured", "capture"]
