"""Lists of mutants with a mistake are refused, with the list, the mutant and the fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gpu.mutants.mutant import LISTS, Mutant, MutantError
from tests.gpu.mutants.reading import load

GOOD = '["a sum"]\nold = "a"\nnew = "b"\n'


def write(folder: Path, text: str, file: str = "product/columns.cu") -> Path:
    path = folder / f"{file}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_a_list_becomes_the_mutants_of_its_file(tmp_path: Path) -> None:
    write(tmp_path, f'by = "bias.cu"\n{GOOD}["none"]\nafter = "c"\nold = "a"\nnew = ""\nby = "loss.cu"\n')
    write(tmp_path, GOOD, "loss.cu")
    assert load(tmp_path) == [
        Mutant("loss.cu", "a sum", "a", "b", by="loss.cu"),
        Mutant("product/columns.cu", "a sum", "a", "b", by="bias.cu"),
        Mutant("product/columns.cu", "none", "a", "", after="c", by="loss.cu"),
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[a\n", r"Expected ']'.* line 1"),
        (GOOD + GOOD, r"declare"),  # a name twice
        ('["a sum"]\nold = "a"\n', r"\[a sum\]: 'new' missing"),
        ("['a sum']\n", r"\[a sum\]: 'new', 'old' missing"),
        (GOOD + 'od = "c"\n', r"\[a sum\]: 'od' unknown; the keys are 'after', 'by', 'new', 'old'"),
        ('["a sum"]\nold = "a"\nnew = 1\n', r"\[a sum\]: 'new' must be a text"),
        ('["a sum"]\nold = ""\nnew = "b"\n', r"\[a sum\]: 'old' must not be empty"),
        ('["a sum"]\nold = "b"\nnew = "b"\n', r"\[a sum\]: 'old' and 'new' are the same text"),
        ('what = "a sum"\n', r"\[what\]: expected a table with 'new', 'old', and found 'a sum'"),
        (GOOD + 'by = "lost.cu"\n', r"\[a sum\]: 'by' must name a directed case, one of activation\.cu, "),
        ("by = 1\n" + GOOD, r"\[a sum\]: 'by' must name a directed case"),
        (GOOD, r"\[a sum\]: 'by' must name a directed case"),  # columns.cuh is no .cu file
    ],
)
def test_a_fault_is_reported_with_its_list(tmp_path: Path, text: str, fault: str) -> None:
    path = write(tmp_path, text, "product/columns.cuh")
    with pytest.raises(MutantError, match=fault) as caught:
        load(tmp_path)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_list_without_its_kernel_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD, "moved.cu")
    with pytest.raises(MutantError) as caught:
        load(tmp_path)
    assert str(caught.value) == (
        f"{path}: there is no minigrad/kernels/cuda/moved.cu; a list has the path of its kernel"
    )


def test_errors_name_the_folder_where_the_lists_are() -> None:
    assert Path(__file__).parent.joinpath("lists").as_posix().endswith(LISTS)
