"""CUDA kernels on a machine without a GPU; README.md says what is emulated and what is not."""

from tests.gpu.emulator.arguments import uninitialised
from tests.gpu.emulator.emulator import Emulator, Function, Module
from tests.gpu.emulator.errors import CompilerMissing, EmulatorError

__all__ = ["CompilerMissing", "Emulator", "EmulatorError", "Function", "Module", "uninitialised"]
