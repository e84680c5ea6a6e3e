"""Register tiles: small products and transpositions, each written as the vector instructions themselves.

A matrix product, a convolution and Winograd's sums all end in one of these. Read ``tile`` first: the tile's
shape, the product of packed operands, transposing and packing. The others multiply operands that are
not packed: ``strided`` reads rows where they lie, ``shallow`` rows of a few elements, ``dots`` rows on both
sides. ``magnitude`` finds the greatest of many numbers.
"""
