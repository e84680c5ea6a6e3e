"""What the directed cases of the kernels say to a mutant."""

from __future__ import annotations

from collections.abc import Sequence

from minigrad.kernels.cuda.runtime import loading
from tests.gpu.emulator import Emulator, EmulatorError, Module
from tests.gpu.kernels.directed import CASES
from tests.gpu.mutants.mutant import Mutant, MutantError

MODES = {"emulated": False, "emulated, checked": True}
"""Whether the emulator checks every access, by the mode's name."""


class Mutated:
    """A maker that compiles the sources of the mutant's file with its mistake, and others as they are."""

    def __init__(self, emulator: Emulator, mutant: Mutant) -> None:
        self.emulator, self.mutant = emulator, mutant

    def module(self, source: str, options: Sequence[str], name_expressions: Sequence[str]) -> Module:
        head = f'#line 1 "{self.mutant.file}"\n'
        before, mark, behind = source.partition(head)
        if mark:
            text, *others = behind.split("#line 1 ", 1)
            source = before + mark + "#line 1 ".join([self.mutant.applied(text), *others])
        return self.emulator.module(source, options, name_expressions)


def caught(mutant: Mutant, check: bool) -> str:
    """How the mutant's directed case fails; "" if it passes.

    Raises MutantError if its text is not in the source or does not compile: it is then no mutant.
    """
    with loading.use(Mutated(Emulator(check=check, seed=1), mutant)):
        try:
            CASES[mutant.by]()
        except AssertionError:
            return "another result"
        except EmulatorError as error:
            if error.kind == "compile":
                raise MutantError(f"{mutant.name}: does not compile. {mutant.remedy}\n{error}") from error
            return error.kind
    return ""
