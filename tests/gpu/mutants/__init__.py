"""The tests of the CUDA kernels are tested: every mutant of a kernel must fail them."""

from tests.gpu.mutants.elementwise import ELEMENTWISE
from tests.gpu.mutants.moments import MOMENTS
from tests.gpu.mutants.mutant import Mutant, caught
from tests.gpu.mutants.pipeline import PIPELINE
from tests.gpu.mutants.products import PRODUCTS

MUTANTS = [*MOMENTS, *ELEMENTWISE, *PRODUCTS, *PIPELINE]

__all__ = ["MUTANTS", "Mutant", "caught"]
