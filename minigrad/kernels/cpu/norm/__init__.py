"""Batch normalisation, with scale, shift and leaky ReLU or without: ``batch_norm`` and ``standardize``.

Read ``kernels`` first: it checks and launches. ``forward`` has the loops over the images, ``gradient`` those
of the gradient.
"""
