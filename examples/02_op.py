"""An op of your own: its formula, its derivative, and the check of both.

The function computes on arrays, the derivative rule on Tensors. Since the rule is written in ops, minigrad
differentiates it again. ``gradcheck`` compares first and second derivatives with finite differences.

    python examples/02_op.py

It prints values and gradients of the new op, and the result of gradcheck for a right and a wrong rule.
"""

import numpy as np

import minigrad as mg
from minigrad import grad, ops


@mg.op
def squareplus(x, *, b):
    """(x + sqrt(x^2 + b)) / 2, elementwise: a smooth ReLU (Barron 2021)."""
    return (x + np.sqrt(x * x + b)) / 2


# dy/dx = (1 + x / s) / 2 = y / s with s = sqrt(x^2 + b); g is the gradient of y.
squareplus.vjp(x=lambda g, y, x, *, b: g * y / ops.sqrt(x * x + b))


@mg.op
def careless(x, *, b):
    """The same function, for a rule with a mistake."""
    return (x + np.sqrt(x * x + b)) / 2


careless.vjp(x=lambda g, y, x, *, b: g * y)

x = mg.tensor([-2.0, 0.0, 2.0])
y = squareplus(x, b=4.0)
(gx,) = grad(ops.sum(y), [x])
print(f"y       {y.numpy().round(4)}")
print(f"dy/dx   {gx.numpy().round(4)}")

points = [np.random.default_rng(0).standard_normal((2, 3))]
print(f"the rule of squareplus holds: {mg.gradcheck(lambda x: squareplus(x, b=4.0), points)}")
try:
    mg.gradcheck(lambda x: careless(x, b=4.0), points)
except mg.GradcheckError as error:
    print(f"the rule of careless does not: {error}")
