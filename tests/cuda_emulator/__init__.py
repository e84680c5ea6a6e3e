"""CUDA kernels on a machine without a GPU; README.md says what is emulated and what is not."""

from tests.cuda_emulator.arguments import uninitialised
from tests.cuda_emulator.emulator import Emulator, Function, Module
from tests.cuda_emulator.errors import CompilerMissing, EmulatorError

__all__ = ["CompilerMissing", "Emulator", "EmulatorError", "Function", "Module", "uninitialised"]
