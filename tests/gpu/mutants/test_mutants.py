"""Every mutant must fail the kernel tests: one of each file in every run, the others in the slow tests."""

from __future__ import annotations

from collections import Counter

import pytest

from minigrad.kernels.cuda.runtime import loading
from tests.gpu.kernels.sources import sources
from tests.gpu.mutants import MODES, MUTANTS, Mutant, MutantError, caught

EACH = 1  # mutants of a file that every run tries
SOME = [
    mutant
    for file in {m.file: 0 for m in MUTANTS}
    for mutant in [m for m in MUTANTS if m.file == file][-EACH:]
]


def loss_mutant(what: str, old: str, new: str) -> Mutant:
    return Mutant("loss.cu", what, old, new, by="loss.cu")


def name(mutant: Mutant) -> str:
    return mutant.name


@pytest.mark.parametrize("mutant", SOME, ids=name)
def test_some_mutants_fail_the_kernel_tests(mutant: Mutant) -> None:
    assert any(caught(mutant, check) for check in MODES.values())


@pytest.mark.slow
@pytest.mark.parametrize("mutant", [m for m in MUTANTS if m not in SOME], ids=name)
def test_all_other_mutants_fail_the_kernel_tests(mutant: Mutant) -> None:
    assert any(caught(mutant, check) for check in MODES.values())


def test_without_a_mistake_the_kernel_tests_pass() -> None:
    sound = loss_mutant("no mistake", "log1p(", "log1p (")
    assert [caught(sound, check) for check in MODES.values()] == ["", ""]


@pytest.mark.parametrize("mutant", MUTANTS, ids=name)
def test_a_mutant_changes_a_text_that_is_there(mutant: Mutant) -> None:
    before = (loading.FOLDER / mutant.file).read_text("utf-8")
    assert mutant.applied(before) != before


def test_a_mutant_of_a_text_that_is_gone_is_an_error() -> None:
    gone = loss_mutant("gone", "no such text", "")
    message = (
        r"^loss\.cu: gone: expected 'no such text' once in minigrad/kernels/cuda/loss\.cu, and found it 0 "
        r"times: the kernel has changed\. In tests/gpu/mutants/lists/loss\.cu\.toml, give the mutant a text"
    )
    with pytest.raises(MutantError, match=message):
        caught(gone, check=False)


def test_a_mutant_that_does_not_compile_is_an_error() -> None:
    broken = loss_mutant("broken", "log1p(", "no_such_function(")
    with pytest.raises(MutantError, match=r"(?s)^loss\.cu: broken: does not compile\. .*no_such_function"):
        caught(broken, check=False)


def test_every_file_has_mutants_and_every_mutant_its_own_name() -> None:
    files = {file for source in sources().values() for file in source.files}
    counts = Counter(mutant.file for mutant in MUTANTS)
    assert set(counts) == files - {"product/ptx.cuh"}  # for which the emulator has functions of its own
    assert min(counts.values()) > EACH
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 40
