"""As in the emulator's own tests, no broken kernel stays in its cache."""

from tests.gpu.emulator.conftest import compiled_kernels

__all__ = ["compiled_kernels"]
