"""How a CUDA source finds the files that it includes."""

from __future__ import annotations

from pathlib import Path

import pytest

from minigrad.kernels.cuda.runtime.including import with_included


def written(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        path = folder / f"{name.replace('__', '/')}.cuh"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder


def test_a_file_stands_once_behind_those_that_it_includes(tmp_path: Path) -> None:
    folder = written(
        tmp_path,
        base="int base;\n",
        one__left='// The left.\n#include "../base.cuh"\nint left;\n',
        one__right='#include "../base.cuh"\n#include "left.cuh"\n\nint right;\n',
        top='#include "one/right.cuh"\n#include "base.cuh"\nint top;\n',
    )
    assert with_included("top.cuh", folder) == {
        "base.cuh": "int base;\n",
        "one/left.cuh": "// The left.\n\nint left;\n",
        "one/right.cuh": "\n\n\nint right;\n",
        "top.cuh": "\n\nint top;\n",
    }


def test_a_file_that_does_not_exist_is_named_with_the_line_that_includes_it(tmp_path: Path) -> None:
    folder = written(tmp_path, one__top='// A comment.\n#include "../two/gone.cuh"\n')
    with pytest.raises(ValueError, match=r"one/top.cuh, line 2: .*two/gone.cuh, which does not exist in .*"):
        with_included("one/top.cuh", folder)


def test_a_circle_of_includes_is_an_error_with_its_files(tmp_path: Path) -> None:
    folder = written(tmp_path, a='#include "b.cuh"\n', b='#include "c.cuh"\n', c='#include "b.cuh"\n')
    with pytest.raises(ValueError, match=r"a.cuh -> b.cuh -> c.cuh -> b.cuh; remove one of the includes"):
        with_included("a.cuh", folder)


@pytest.mark.parametrize(
    "text",
    [
        'int code;\n#include "base.cuh"\n',
        '#if TF32\n#include "base.cuh"\n#endif\n',
        "#include <base.cuh>\n",
        '# include "base.cuh"\n',
        '#include "base.cuh" // why\n',
    ],
)
def test_an_include_in_another_form_or_below_code_is_an_error(tmp_path: Path, text: str) -> None:
    folder = written(tmp_path, base="", top=text)
    with pytest.raises(ValueError, match=r'top.cuh, line [12]: expected #include "file" above all code; got'):
        with_included("top.cuh", folder)
