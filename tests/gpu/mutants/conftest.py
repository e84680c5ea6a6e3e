"""As the emulator's own tests: skipped without g++, and nothing of these kernels is kept."""

from tests.gpu.emulator.conftest import compiled_kernels, compiler_at_hand

__all__ = ["compiled_kernels", "compiler_at_hand"]
