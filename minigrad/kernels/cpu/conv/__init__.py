"""Convolutions: ``conv2d``, ``conv_transpose2d`` and ``conv2d_weight``, with their fused forms.

Read ``kernels`` first: it checks and chooses the way that takes the least work. ``tables`` says which pixels
meet which under which tap of the kernel. The ways are one file each: ``images`` for many images, whose pixels
lie in the lanes of vectors; ``few`` for few channels; ``columns`` for few images; ``weight`` and ``dots`` for
the gradient by the weights, with many and with few channels; ``winograd`` for 4x4 kernels with stride 2.
``bands`` cuts large images, whose tables would be too large.
"""
