"""Write docs/museum.md: every bug of the museum played and checked.

python -m tools.museum
"""

from __future__ import annotations

from pathlib import Path

from gans.files import write
from gans.study.museum import exhibit, names
from gans.study.museum.page import page

PAGE = Path(__file__).parents[1] / "docs" / "museum.md"

HEAD = """\
# The bug museum

Gradient bugs that others published, each planted in a small game of G against D. The wrong code runs, prints
losses that look alive, and trains something else. `gans study --bug` lists the bugs, `gans study --bug NAME`
plays one again, and each is a file of `gans/study/museum/bugs/`. Most are one line; find it before you look.

A check is for any game, and for no bug alone. All of them look at every bug, and a bug is caught where the
right code passes and the wrong code does not. The first check named is the one to write if you write one.
`python -m tools.museum` makes this page, and tests hold that each bug is caught by its check.
"""


if __name__ == "__main__":
    write(PAGE, f"{HEAD}\n{page([exhibit(name) for name in names()])}".encode())
