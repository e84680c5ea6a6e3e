"""Convolutions with 4x4 kernels and stride 2 by Winograd's minimal algorithms: fewer multiplications.

Read ``algorithm`` first: the points, the matrices, the tiles of an axis, and when this way pays. ``forward``
is conv2d and conv_transpose2d, by the tables of ``plans``; ``gradient`` is conv2d_weight. ``transform``
applies the matrices to tiles in registers. ``range`` finds the images whose digits this way would lose.
"""
