"""Batch norm, and the moments that a convolution passes to it."""
