"""The tests of the CUDA kernels are tested: every mutant of a kernel must fail them."""

from tests.cuda_mutants.elementwise import ELEMENTWISE
from tests.cuda_mutants.moments import MOMENTS
from tests.cuda_mutants.mutant import Mutant, caught
from tests.cuda_mutants.pipeline import PIPELINE
from tests.cuda_mutants.products import PRODUCTS

MUTANTS = [*MOMENTS, *ELEMENTWISE, *PRODUCTS, *PIPELINE]

__all__ = ["MUTANTS", "Mutant", "caught"]
