"""The convolution and its two adjoints: ``conv2d``, ``conv_transpose2d`` and ``conv2d_weight``."""
