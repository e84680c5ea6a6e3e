"""Write docs/questions/: a page for each question about a GAN's gradients that numbers answer.

    python -m tools.questions [NAME ...]

Without names, all pages. Each page has the answer, the lines that differ, the command, and the numbers of
both variants. A page whose numbers are not as its answer says is an error.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from textwrap import fill

from gans.errors import UserError
from gans.files import write
from gans.study.comparisons import Comparison
from gans.study.comparisons.comparison import COLUMNS
from gans.study.comparisons.questions import FAMILIES, QUESTIONS, Case, Question

DOCS = Path(__file__).parents[1] / "docs" / "questions"

WIDTH = 135
"""Characters in a line of a page."""

HEAD = """\
Each page answers a question in its first sentence, and shows it: one training step is computed twice, with
one thing changed, and the tables have the difference in every gradient. `gans compare MODEL --change WHAT`
does the same with your data and settings, and `gans compare` lists the changes. [Questions](../faq.md) has
short answers to these and to further ones. `python -m tools.questions` wrote these pages, and tests compute
each answer again.
"""

FOOT = """\
`s` holds what both variants start from, the same bit for bit: the networks `s.G` and `s.D`, a batch
`s.real` (n, ...) and noise `s.z` (n, latent), in float64. `s.loss_d(fake)` and `s.loss_g(fake)` are the
model's losses, `s.objective.discriminator(on_real, on_fake)` is that of D on its logits, `s.penalty(fake)`
the model's penalty, and `s.gradients(loss, s.D)` the gradients in D's weights. In the code, a line that
begins with `-` is of A alone, one with `+` of B alone. *difference* is the largest difference of two
elements, as a share of the largest element of both.
"""

OWN = """\
A change of your own is a pair of such functions, a [Change](../api/comparisons.md); those of the project
are in `gans/study/comparisons/changes/`. In Python:

```python
import gans

comparison = gans.study.compare("gan", "mean", data="ring", n=8)
print(comparison.verdicts["D's step"])
```

```text
B is A times 0.5 exactly
```"""


def main(names: Sequence[str], folder: Path) -> None:
    """Write the pages of ``names`` and the index; UserError if an answer does not hold."""
    for name in names:
        question = QUESTIONS[name]
        comparisons = [case.compared() for case in question.cases]
        if not question.is_shown_by(comparisons):
            raise UserError(f"{name}: the numbers are not as the answer says: {comparisons}")
        write(folder / f"{name}.md", page(question, comparisons).encode())
        print(f"{name}.md")
    write(folder / "index.md", index().encode())


def index() -> str:
    """The page that lists all others."""
    lists = []
    for heading, family in FAMILIES.items():
        rows = [f"- [{question.title}]({name}.md)" for name, question in family.items()]
        lists += [f"## {heading}", "\n".join(rows)]
    tree = "\n".join(["```{toctree}", ":hidden:", "", *QUESTIONS, "```"])
    parts = [
        "# Questions with numbers",
        filled(HEAD),
        *lists,
        "## How to read a page",
        filled(FOOT),
        OWN,
        tree,
    ]
    return "\n\n".join(parts) + "\n"


def page(question: Question, comparisons: Sequence[Comparison]) -> str:
    """The page of a question, with the numbers of ``comparisons``."""
    parts = [f"# {question.title}", filled(f"{question.answer} {question.more}")]
    for case, comparison in zip(question.cases, comparisons, strict=True):
        parts += section(case, comparison)
    related = ", ".join(f"[{QUESTIONS[name].title}]({name}.md)" for name in question.related)
    return "\n\n".join([*parts, f"Related: {related}"]) + "\n"


def section(case: Case, comparison: Comparison) -> Iterator[str]:
    """What one comparison shows."""
    change, origin = comparison.change, comparison.origin
    trained = f", after {origin['steps']} steps of training" if origin["steps"] else ""
    yield f"## {case.model} on {origin['data']}: {change.what}"
    yield f"A: {change.a.words}. B: {change.b.words}."
    yield code(comparison)
    yield f"A batch of {origin['n']} samples{trained}:"
    yield f"```sh\n{command(case)}\n```"
    losses = comparison.losses()
    for step, rows in groupby(comparison.rows, lambda row: row.step):
        loss = "; loss {:.6g} in A, {:.6g} in B".format(*losses[step]) if step in losses else ""
        yield filled(f"**{step}**: {comparison.verdicts[step]}{loss}.")
        head = [f"| {' | '.join(COLUMNS[1:])} |", "|---|---:|---:|---:|---:|---|"]
        yield "\n".join([*head, *(f"| {' | '.join(row.cells()[1:])} |" for row in rows)])


def code(comparison: Comparison) -> str:
    """Both variants, with the lines of one alone marked."""
    return "\n".join(["```diff", *comparison.change.difference, "```"])


def command(case: Case) -> str:
    """The case on the command line."""
    words = ["gans", "compare", case.model, "--change", case.change]
    for name, value in case.options.items():
        words += [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join(words)


def filled(text: str) -> str:
    """A paragraph in lines of ``WIDTH``."""
    return fill(" ".join(text.split()), WIDTH, break_long_words=False, break_on_hyphens=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(QUESTIONS)}")
    given = parser.parse_args().names
    if unknown := [name for name in given if name not in QUESTIONS]:
        parser.error(f"there is no question {unknown[0]!r} (choose from {', '.join(QUESTIONS)})")
    main(given or list(QUESTIONS), DOCS)
