"""Every mutant must fail the kernel tests: one of each file in every run, the others in the slow tests."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from minigrad.kernels.cuda.runtime import loading
from tests.gpu.kernels.sources import sources
from tests.gpu.mutants import MUTANTS, Mutant, caught
from tests.gpu.mutants.__main__ import MODES, RESULTS

EACH = 1  # mutants of a file that every run tries
SOME = [
    mutant
    for file in {m.file: 0 for m in MUTANTS}
    for mutant in [m for m in MUTANTS if m.file == file][-EACH:]
]


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
    sound = Mutant("loss.cu", "no mistake", "log1p(", "log1p (")
    assert [caught(sound, check) for check in MODES.values()] == ["", ""]


@pytest.mark.parametrize("mutant", MUTANTS, ids=name)
def test_a_mutant_changes_a_text_that_is_there(mutant: Mutant) -> None:
    before = (loading.FOLDER / mutant.file).read_text("utf-8")
    assert mutant.applied(before) != before


def test_a_mutant_of_a_text_that_is_gone_is_an_error() -> None:
    gone = Mutant("loss.cu", "gone", "no such text", "")
    with pytest.raises(LookupError, match=r"loss.cu: gone: .* found it 0 times: the kernel has changed"):
        caught(gone, check=False)


def test_a_mutant_that_does_not_compile_is_an_error() -> None:
    broken = Mutant("loss.cu", "broken", "log1p(", "no_such_function(")
    with pytest.raises(Exception, match="no_such_function"):
        caught(broken, check=False)


def test_every_file_has_mutants_and_every_mutant_its_own_name() -> None:
    files = {file for source in sources().values() for file in source.files}
    counts = Counter(mutant.file for mutant in MUTANTS)
    assert set(counts) == files - {"product/ptx.cuh"}  # for which the emulator has functions of its own
    assert min(counts.values()) > EACH
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 40


def test_the_kept_results_are_those_of_the_list() -> None:
    kept = json.loads(RESULTS.read_text())
    assert sorted(kept["rows"]) == sorted(mutant.name for mutant in MUTANTS), f"run {kept['command']}"
    assert kept["caught"] == kept["mutants"] == len(MUTANTS)
    assert all(any(row.values()) for row in kept["rows"].values())
