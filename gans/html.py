"""Pieces of HTML for notebooks."""

from __future__ import annotations

import base64
import html

__all__ = ["escaped", "inline_png"]


def escaped(text: str) -> str:
    """``text`` as HTML that shows it.

    >>> escaped("a < b")
    'a &lt; b'
    """
    return html.escape(text)


def inline_png(content: bytes, height: int) -> str:
    """An image of ``height`` pixels whose PNG is part of the page."""
    return f'<img height="{height}" src="data:image/png;base64,{base64.b64encode(content).decode("ascii")}">'
