"""The museum as a page, docs/museum.md, and a bug as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gans.study.museum.checks import CHECKS
from gans.study.museum.exhibit import Exhibit

__all__ = ["lines", "page"]


def page(exhibits: Sequence[Exhibit]) -> str:
    """The tables of all bugs and of the checks, and a section for each bug."""
    parts = [*_table(exhibits), "", "## The checks", ""]
    parts += ["| check | what it holds | catches |", "| --- | --- | --- |"]
    for name, check in CHECKS.items():
        caught = ", ".join(f"[{e.name}](#{e.name})" for e in exhibits if name in e.caught_by)
        parts.append(f"| {name} | {(check.__doc__ or '').splitlines()[0]} | {caught} |")
    for exhibit in exhibits:
        parts += ["", *_entry(exhibit)]
    return "\n".join(parts) + "\n"


def _table(exhibits: Sequence[Exhibit]) -> Iterator[str]:
    yield "| bug | symptom | right | wrong | caught by |"
    yield "| --- | --- | --- | --- | --- |"
    for e in exhibits:
        right, wrong = (f"{e.symptoms[which]:.3g}" for which in ("right", "wrong"))
        title, words = f"[{e.bug.title}](#{e.name})", e.bug.symptom.words
        yield f"| {title} | {words} | {right} | {wrong} | {', '.join(_caught(e))} |"


def _entry(e: Exhibit) -> Iterator[str]:
    yield f"### {e.name}"
    yield ""
    yield f"**{e.bug.title}** ({e.bug.source}). Wrong: {e.bug.is_wrong}. Right: {e.bug.is_right}."
    yield ""
    yield "\n".join(["```diff", *e.bug.difference, "```"])
    yield ""
    yield f"In {e.bug.game.name}: {_symptom(e)}."
    yield ""
    for name in _caught(e):
        yield f"- {name}: {e.checks['wrong'][name].evidence}"


def lines(e: Exhibit) -> Iterator[str]:
    """The bug as the command line prints it."""
    yield f"{e.name}: {e.bug.title}"
    yield f"found in  {e.bug.source}"
    yield f"wrong     {e.bug.is_wrong}"
    yield f"right     {e.bug.is_right}"
    yield ""
    yield from (f"    {line}" for line in e.bug.difference)
    yield ""
    yield f"symptom   {_symptom(e)} ({e.bug.game.name}, {e.bug.symptom.batches} batches)"
    for name, outcome in e.checks["wrong"].items():
        verdict = "CATCHES" if name in e.caught_by else "passes"
        yield f"  {verdict:7}  {name}: {outcome.evidence}"


def _symptom(e: Exhibit) -> str:
    right, wrong = (f"{e.symptoms[which]:.3g}" for which in ("right", "wrong"))
    return f"{e.bug.symptom.words}: {right} with the right code, {wrong} with the wrong"


def _caught(e: Exhibit) -> list[str]:
    """The bug's own check first."""
    return sorted(e.caught_by, key=lambda name: name != e.bug.check)
