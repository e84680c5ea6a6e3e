"""The directed cases; between them they launch every kernel."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from minigrad.kernels.cuda.runtime import loading
from tests.gpu.emulator import Emulator
from tests.gpu.kernels.directed import CASES
from tests.gpu.kernels.sources import sources


@pytest.mark.usefixtures("launched")
@pytest.mark.parametrize("file", CASES)
def test_directed_cases_equal_reference(file: str) -> None:
    CASES[file]()


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


def test_the_cases_launch_every_kernel(emulator_at_hand: None) -> None:
    noting = Noting(Emulator())
    with loading.use(noting):
        for case in CASES.values():
            case()
    kernels = {(file, name.partition("<")[0]) for file, name in noting.launched}
    wanted = {
        (source.name, name.partition("<")[0]) for source in sources().values() for name in source.instances
    }
    assert kernels == wanted
