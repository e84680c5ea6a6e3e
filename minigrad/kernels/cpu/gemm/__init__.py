"""Matrix products: ``matmul``, ``linear``, ``matmul_gate`` and ``stacked_matmul``.

Read ``kernels`` first: it checks and chooses. ``blocks`` multiplies panels of rows by blocks of columns, with
what a linear layer does to the product, in the way that ``plan`` finds the cheapest; ``few`` has products of
a few columns or terms. ``operands`` has the types and the packing that they share.
"""
