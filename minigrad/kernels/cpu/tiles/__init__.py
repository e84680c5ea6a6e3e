"""Register tiles: small products and transpositions, each written as the vector instructions themselves.

A matrix product, a convolution and Winograd's sums all end in one of these. Read ``registers`` first: the
tile's shape and the instructions. ``packing`` brings operands into order and ``product`` multiplies them.
Others multiply operands that are not packed: ``strided`` reads rows where they lie, ``shallow`` rows of
a few elements, ``dots`` and ``runs`` rows on both sides. ``magnitude`` finds the greatest of many numbers.
"""
