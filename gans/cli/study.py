"""``gans study``."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from rich.table import Table
from rich.text import Text

from gans.cli.executing import again, executor_of, progress
from gans.cli.tables import show
from gans.errors import UserError
from gans.jobs import StoppedError, carry_out
from gans.messages import one_line
from gans.study.board import Finding, Place, Trial, due_trials, find, judge, names, settle
from gans.study.board.page import said
from gans.study.board.registry import short_name
from gans.study.board.running import measured, shown
from gans.study.museum import exhibit
from gans.study.museum import find as find_bug
from gans.study.museum import names as bugs
from gans.study.museum.page import lines
from gans.terminal import say
from gans.trainer import StopOnSignal

NOWHERE = Path()
QUICK = 0.01
"""The share of a measurement that --quick runs."""

COLOURS = {"supported": "green", "refuted": "red", "unclear": "yellow"}


def run(arguments: Namespace) -> int:
    """Measure claims, or list them; with --bug show a bug. The exit status."""
    if arguments.bug is not None:
        return _bug(arguments)
    if arguments.all and arguments.claims:
        raise UserError(f"--all: {arguments.claims[0]} is among all claims; give --all or names")
    place = Place(arguments.out or NOWHERE)
    if place.base.exists() and not place.base.is_dir():
        raise UserError(f"--out {place.base}: a file is in its place; give a folder")
    chosen = names() if arguments.all else list(dict.fromkeys(arguments.claims))
    if not chosen:
        show(_listed(place))
        return 0
    for name in chosen:
        find(name)  # a mistake should leave no folder behind
    return _quick(chosen) if arguments.quick else _study(chosen, arguments, place)


def _bug(arguments: Namespace) -> int:
    """A bug of the museum, or the list of them."""
    if arguments.all or arguments.claims:
        given = "--all" if arguments.all else arguments.claims[0]
        raise UserError(f"--bug shows a bug, and {given} is about claims; give one of both")
    if arguments.bug:
        print("\n".join(lines(exhibit(arguments.bug))))
        return 0
    table = Table(title="bugs", show_lines=True)
    for words in ("bug", "caught by"):
        table.add_column(words)
    for name in bugs():
        bug = find_bug(name)
        table.add_row(
            Text.assemble((name, "bold"), "\n", (f"{bug.title}: {bug.source}", "dim")), Text(bug.check)
        )
    show(table)
    return 0


def _quick(chosen: list[str]) -> int:
    with StopOnSignal() as stopped:
        for name in chosen:
            try:
                numbers = measured(find(name), Trial(0, QUICK, stopped))
            except StoppedError:
                assert stopped.signal is not None
                return 128 + stopped.signal
            print(f"{short_name(name)}, cut short: {shown(numbers)}", flush=True)
    return 0


def _study(chosen: list[str], arguments: Namespace, place: Place) -> int:
    where = executor_of(arguments)
    due = due_trials(chosen, place, arguments.seeds)
    left = {name: sum(one.claim == name for one in due) for name in chosen}
    findings = {name: settle(name, place)[1] for name in chosen if not left[name]}
    with StopOnSignal() as stopped:
        try:
            for done in carry_out(due, where, place.runs, stopped, progress):
                left[done.claim] -= 1
                print(f"{done.title}: measured", flush=True)
                if not left[done.claim]:
                    findings[done.claim] = settle(done.claim, place)[1]
                    print(_sentence(done.claim, findings[done.claim]), flush=True)
        except StoppedError:
            assert stopped.signal is not None
            say(f"stopped; the same command goes on with the other seeds: {again()}", 5_000)
            return 128 + stopped.signal
    show(_verdicts(findings))
    print(f"written to {one_line(place.results)} and {one_line(place.page)}")
    return 0


def _sentence(name: str, finding: Finding) -> str:
    effect = find(name).effect
    return f"{short_name(name)}: {finding.verdict}; {effect.words} {said(finding)}, needed {effect.needed}"


def _verdicts(findings: dict[str, Finding]) -> Table:
    table = Table(title="claims", show_lines=True)
    for words in ("claim", "verdict", "effect", "needed"):
        table.add_column(words)
    for name, finding in findings.items():
        claim = find(name)
        table.add_row(
            _titled(name, claim.says),
            Text(finding.verdict, COLOURS[finding.verdict]),
            Text(f"{claim.effect.words} {said(finding)}"),
            Text(claim.effect.needed),
        )
    return table


def _listed(place: Place) -> Table:
    """All claims with their verdicts."""
    table = Table(title="claims", show_lines=True)
    for words in ("claim", "seeds", "verdict", "effect"):
        table.add_column(words)
    for name in names():
        claim, document = find(name), place.document(name)
        trials = document.trials if document else []
        finding = judge(document.effect, document.effects) if document else Finding("unclear")
        table.add_row(
            _titled(name, claim.says),
            f"{len(trials)} of {claim.seeds}",
            Text(finding.verdict, COLOURS[finding.verdict]) if trials else Text("not run", "dim"),
            Text(said(finding)),
        )
    return table


def _titled(name: str, says: str) -> Text:
    return Text.assemble((short_name(name), "bold"), "\n", (says, "dim"))
