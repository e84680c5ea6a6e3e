"""Matrix products: ``matmul``, ``linear``, ``matmul_gate`` and ``stacked_matmul``.

Read ``kernels`` first: it checks, chooses, and packs and multiplies large operands. ``small`` multiplies
operands that are too small to be packed, with what a linear layer does to the product.
"""
