"""One mistake in a CUDA source, and what the kernel tests say to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from minigrad.kernels.cuda.runtime import loading
from tests.gpu.emulator import Emulator, EmulatorError, Module
from tests.gpu.kernels.directed import CASES

USERS = {  # of a file that several sources have, one that uses all of it
    "conv/geometry.cuh": "conv/pipelined.cu",
    "conv/operands.cuh": "conv/pipelined.cu",
    "conv/taps.cu": "conv/pipelined.cu",
    "product/columns.cu": "bias.cu",
    "product/columns.cuh": "gemm/pipelined.cu",
    "product/fp32.cuh": "gemm/pipelined.cu",
    "product/operands.cuh": "gemm/pipelined.cu",
    "product/pipeline.cuh": "gemm/pipelined.cu",
    "product/shares.cu": "conv/pipelined.cu",
    "product/simple_tile.cuh": "gemm/simple.cu",
    "product/tf32.cuh": "gemm/pipelined.cu",
    "runtime/common.cuh": "norm/batch_norm.cu",
}


class Mutant(NamedTuple):
    """In ``file`` the ``old`` text, the only one or else the first behind ``after``, becomes ``new``.

    The directed case of the file ``by`` must catch it: by default the file's own, or its user's.
    """

    file: str
    what: str
    old: str
    new: str
    after: str = ""
    by: str = ""

    @property
    def name(self) -> str:
        return f"{self.file}: {self.what}"

    @property
    def case(self) -> str:
        """The file whose directed case must catch it."""
        return self.by or USERS.get(self.file, self.file)

    def applied(self, text: str) -> str:
        """A file's text with the mistake. LookupError if the text that it changes is not there."""
        before, mark, behind = text.partition(self.after) if self.after else ("", "", text)
        found = behind.count(self.old)
        if found != 1 and not (self.after and mark and found):
            place = f"behind {self.after!r}" if self.after else "once"
            raise LookupError(
                f"{self.name}: expected {self.old!r} {place} in {self.file}, and found it {found} times: the "
                "kernel has changed. Give the mutant in tests/gpu/mutants/ a text that the kernel has now, "
                "or another mistake of its kind, and run python -m tests.gpu.mutants"
            )
        return before + mark + behind.replace(self.old, self.new, 1)


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

    LookupError if its text is not in the source, EmulatorError if it does not compile: it is then no mutant.
    """
    with loading.use(Mutated(Emulator(check=check, seed=1), mutant)):
        try:
            CASES[mutant.case]()
        except AssertionError:
            return "another result"
        except EmulatorError as error:
            if error.kind == "compile":
                raise
            return error.kind
    return ""
