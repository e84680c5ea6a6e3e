"""A Tensor and its gradient.

``grad(output, wrt)`` is the only differentiation call, and a gradient is a Tensor like any other. So it can
be differentiated again, and a step down the gradient is one subtraction.

    python examples/01_tensor.py

It prints y = sum(x^3), its gradient 3 x^2, the derivative 6 x of that, and a line fitted by gradient descent.
"""

import minigrad as mg
from minigrad import grad, ops

x = mg.tensor([1.0, 2.0, 3.0])
y = ops.sum(x**3)
(gx,) = grad(y, [x], create_graph=True)  # create_graph: the gradient is to be differentiated itself
(gxx,) = grad(ops.sum(gx), [x])

print(f"x          {x.numpy()}")
print(f"y          {float(y)}")
print(f"dy/dx      {gx.numpy()}")
print(f"d2y/dx2    {gxx.numpy()}")

# Points on the line y = 2 x - 1, from which a and b are found.
target = mg.tensor([1.0, 3.0, 5.0])
a, b = mg.tensor(0.0), mg.tensor(0.0)
for step in range(201):
    loss = ops.mean((a * x + b - target) ** 2)
    if step % 50 == 0:
        print(f"step {step:3}   loss {float(loss):.6f}   a {float(a):.3f}   b {float(b):.3f}")
    ga, gb = grad(loss, [a, b])
    a, b = (a - 0.1 * ga).detach(), (b - 0.1 * gb).detach()  # detach: the next step starts a new graph
