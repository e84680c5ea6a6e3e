"""HTML for notebooks."""

from __future__ import annotations

import base64

__all__ = ["inline_png"]


def inline_png(content: bytes, height: int) -> str:
    """An image of ``height`` pixels whose PNG is part of the page."""
    return f'<img height="{height}" src="data:image/png;base64,{base64.b64encode(content).decode("ascii")}">'
