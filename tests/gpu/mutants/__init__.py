"""The tests of the CUDA kernels are tested: every mutant of a kernel must fail them."""

from tests.gpu.mutants.mutant import Mutant, MutantError
from tests.gpu.mutants.reading import load
from tests.gpu.mutants.trial import MODES, caught

MUTANTS = load()

__all__ = ["MODES", "MUTANTS", "Mutant", "MutantError", "caught"]
