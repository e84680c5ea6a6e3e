"""The directed cases; between them they launch every kernel."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import pytest

from minigrad.kernels.cuda.runtime import loading
from tests.gpu.emulator import Emulator
from tests.gpu.kernels.directed import CASES
from tests.gpu.kernels.sources import sources


class Noting:
    """A maker that notes what is launched, by source and instance."""

    def __init__(self, maker: loading.Maker) -> None:
        self.maker, self.launched = maker, set[tuple[str, str]]()

    def module(self, source: str, options: Sequence[str], name_expressions: Sequence[str]) -> loading.Module:
        return NotingModule(self, source, self.maker.module(source, options, name_expressions))


class NotingModule:
    def __init__(self, noting: Noting, source: str, module: loading.Module) -> None:
        self.noting, self.module, self.file = noting, module, re.findall(r'#line 1 "(.*)"', source)[-1]

    def function(self, name: str) -> loading.Function:
        self.noting.launched.add((self.file, name))
        return self.module.function(name)


@cache
def launches(file: str) -> set[tuple[str, str]]:
    """What the case of a file launches on the fast emulator, where it passes."""
    noting = Noting(Emulator(seed=1))
    with loading.use(noting):
        CASES[file]()
    return noting.launched


@pytest.mark.parametrize("file", CASES)
def test_directed_cases_equal_reference(file: str, launched: bool | None) -> None:
    if launched is False:  # on the fast emulator: the last test needs these launches again
        assert launches(file)
    else:
        CASES[file]()


def test_the_cases_launch_every_kernel(emulator_at_hand: None) -> None:
    launched = set[tuple[str, str]]().union(*(launches(file) for file in CASES))
    wanted = {
        (source.name, name.partition("<")[0]) for source in sources().values() for name in source.instances
    }
    assert {(file, name.partition("<")[0]) for file, name in launched} == wanted
