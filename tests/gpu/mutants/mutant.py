"""One mistake in a CUDA source."""

from __future__ import annotations

from typing import NamedTuple

SOURCES = "minigrad/kernels/cuda"
LISTS = "tests/gpu/mutants/lists"


class MutantError(Exception):
    """A mutant that cannot be tried: a fault in its list, a text that the kernel lacks, or no compilation."""


class Mutant(NamedTuple):
    """In ``file`` the ``old`` text, the only one or else the first behind ``after``, becomes ``new``.

    The directed case of the file ``by`` must catch it.
    """

    file: str
    what: str
    old: str
    new: str
    by: str
    after: str = ""

    @property
    def name(self) -> str:
        return f"{self.file}: {self.what}"

    def applied(self, text: str) -> str:
        """A file's text with the mistake. Raises MutantError if the text that it changes is not there."""
        before, mark, behind = text.partition(self.after) if self.after else ("", "", text)
        found = behind.count(self.old)
        if found != 1 and not (self.after and mark and found):
            place = f"behind {self.after!r}" if self.after else "once"
            raise MutantError(
                f"{self.name}: expected {self.old!r} {place} in {SOURCES}/{self.file}, and found it {found} "
                f"times: the kernel has changed. {self.remedy}"
            )
        return before + mark + behind.replace(self.old, self.new, 1)

    @property
    def remedy(self) -> str:
        """What to do about a mutant that does not fit its kernel."""
        return (
            f"In {LISTS}/{self.file}.toml, give the mutant a text that the kernel has now, or put another "
            f'mistake of its kind in its place; python -m tests.gpu.mutants "{self.name}" tries it'
        )
