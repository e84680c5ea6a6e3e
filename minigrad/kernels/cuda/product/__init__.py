"""Tiles of matrix products, for ``gemm`` and ``conv``, and what follows a product in the same launch."""
