"""The microscope's page: one file of HTML with all that it shows, which needs no network."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from gans.study.microscope.pictures import SAMPLES

__all__ = ["page_of"]

FOLDER = Path(__file__).parent

WORDS = (
    "Each update is drawn as its graph: boxes are layers and ops. An orange number is the norm of the "
    "gradient that came back there, in parentheses where the update did not ask for it. A red, broken "
    "line is a cut, where no gradient passes."
)


def page_of(title: str, source: str, updates: list[dict[str, Any]], samples: int, verdict: str) -> str:
    """The page of a step; ``verdict`` says what was checked, "" if nothing was."""
    content = {"samples": max(1, min(samples, SAMPLES)), "updates": updates}
    text = json.dumps(_rounded(content), separators=(",", ":"), allow_nan=False)
    return Template(_part("page.html")).substitute(
        title=escape(title),
        source=escape(source),
        words=WORDS,
        verdict=f'<p id="verdict">{escape(verdict)}.</p>' if verdict else "",
        style=_part("page.css"),
        script=_part("page.js"),
        data=text.replace("</", "<\\/"),
    )


def _part(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


def _rounded(value: Any) -> Any:
    """The values with seven digits, which a page does not need more of; what is not finite is null."""
    if isinstance(value, float):
        return float(f"{value:.7g}") if abs(value) < float("inf") else None
    if isinstance(value, dict):
        return {str(key): _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value
