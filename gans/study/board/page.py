"""The board as a page, docs/claims.md: made from the JSON files alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gans.study.board.registry import GROUPS
from gans.study.board.results import Document
from gans.study.board.verdict import Finding, judge

__all__ = ["page", "said"]

HEAD = """\
# Claims

Sentences about GANs, from papers and from five texts for learners ("documents" 000 to 004), each with a
measurement that can refute it. `gans study NAME` runs one; more seeds only add to what is here, and the same
command makes this page, from `docs/claims/*.json` alone. A claim is a short file in
`gans/study/claims/`; `gans study FILE.py:NAME` measures one of your own.

A measurement gives one number a seed, the effect, and the claim says on which side of a threshold it lies.
The threshold is the smallest effect that matters and was written before the first run. **Supported**: the
whole 95% interval of the effect's mean (Student's) lies on the claim's side. **Refuted**: none of it does.
**Unclear**: the interval has the threshold in it. Of an equation the largest error decides, and there is no
interval. A verdict holds for the small networks and data of its measurement, which are those that fit in
minutes on two cores. On the grid of 25 Gaussians a mode counts as covered from a fifth of its share of
samples on, within 3 standard deviations, and distances are averages of W1 along 16 directions.
"""


def page(documents: Sequence[Document]) -> str:
    """docs/claims.md."""
    findings = {document.claim: judge(document.effect, document.effects) for document in documents}
    counts = Counter(finding.verdict for finding in findings.values())
    total = ", ".join(f"{counts[name]} {name}" for name in ("supported", "refuted", "unclear"))
    parts = [HEAD, f"{len(documents)} claims: {total}.\n"]
    for group, title in GROUPS.items():
        own = [document for document in documents if document.group == group]
        if own:
            parts.append(_group(title, own, findings))
    return "\n".join(parts)


def _group(title: str, documents: Sequence[Document], findings: dict[str, Finding]) -> str:
    lines = [f"## {title}", "", "| claim | verdict | effect | needed | picture | command |"]
    lines += ["| --- | --- | --- | --- | --- | --- |"]
    for document in documents:
        cells = [
            f"[{document.says}](#{document.claim})",
            f"**{findings[document.claim].verdict}**",
            f"{document.effect.words}: {said(findings[document.claim])}",
            document.effect.needed,
            f"[png](claims/{document.claim}.png)",
            f"`gans study {document.claim}`",
        ]
        lines.append(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")
    return "\n".join([*lines, "", *(_entry(document, findings[document.claim]) for document in documents)])


def _entry(document: Document, finding: Finding) -> str:
    trials, effect = document.trials, document.effect
    verdict = finding.verdict.capitalize()
    seconds, seeds = sum(trial.cpu_seconds for trial in trials), len(trials)
    dates = sorted({trial.date for trial in trials})
    machines = "; ".join(sorted({f"{trial.processor}, {trial.cores} cores" for trial in trials}))
    days = " to ".join(dict.fromkeys([dates[0], dates[-1]])) if dates else ""
    made = f"{days}, on {machines}" if trials else "not run"
    return "\n".join(
        [
            f"### {document.claim}",
            "",
            f"> {document.says}",
            "",
            f"{document.source}. **{verdict}**: {effect.words} {said(finding)}, needed {effect.needed}.",
            "",
            f"Measured: {document.measured} Refuted by: {document.refuted_by}",
            "",
            f"![{document.claim}](claims/{document.claim}.png)",
            "",
            *(
                [f"![{document.claim} over training](claims/{document.claim}.gif)", ""]
                if document.film
                else []
            ),
            f"`{document.command}`: {seeds} seed{'s' * (seeds != 1)}, {_time(seconds)}, {made}.",
            "",
        ]
    )


def said(finding: Finding) -> str:
    """The effect with its interval in words."""
    if finding.value is None:
        return "-"
    if finding.low is None or finding.high is None:
        return f"{finding.value:.3g}"
    return f"{finding.value:.3g} [{finding.low:.3g}, {finding.high:.3g}]"


def _time(seconds: float) -> str:
    if seconds < 1:
        return "below a second of the processor's time"
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.1f} minutes"
