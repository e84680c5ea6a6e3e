"""Convolutions: ``conv2d``, ``conv_transpose2d`` and ``conv2d_weight``, with their fused forms.

Read ``kernels`` first, then ``forward`` and ``gradient``: they choose the way with the least work. ``tables``
says which pixels meet which under which tap of the kernel, ``images`` how images and weights lie in memory.
The ways are one file each: ``lanes`` for many images, which lie in the lanes of vectors; ``places`` for few,
with output places in the lanes (``layouts`` says what these read); ``few`` for few channels to read;
``spread`` for few to write, and for large weights that few pixels meet; ``whole`` for kernels as large as
the image; ``taps`` and ``dots`` for the gradient by the weights, with many channels and with few;
``winograd`` for 4x4 kernels with stride 2. ``bands`` cuts large images, whose tables would be too large.
"""
