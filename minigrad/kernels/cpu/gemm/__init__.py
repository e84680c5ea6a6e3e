"""Matrix products: ``matmul``, ``linear``, ``matmul_gate`` and ``stacked_matmul``.

Read ``kernels`` first: it checks and chooses. ``large`` packs panels of rows and multiplies them; ``small``
multiplies rows where they lie, with what a linear layer does to the product; ``few`` has products of a few
columns or terms. ``operands`` has the types and the packing that they share.
"""
