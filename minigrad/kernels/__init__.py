"""Kernels: functions of arrays and numbers that ``minigrad.ops`` calls.

``reference`` is plain NumPy and the text to read first; ``cpu`` is Numba, ``cuda`` is CUDA C++ through CuPy.
They are siblings that never import each other and export the same names with the same signatures. What all
share is beside them: ``geometry`` of convolutions, ``checks`` of other shapes, ``coefficients`` of updates.

A convolution is one trilinear form in x, w and y (p and i are pairs):

    sum over n, o, c, p, i of  y[n, o, p] * w[o, c, i] * x[n, c, p * stride + i * dilation - padding]

and each of its three kernels is the form's derivative by one of them.
"""
