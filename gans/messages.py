"""Text of any kind as one printable line."""

from __future__ import annotations

__all__ = ["LONGEST", "one_line"]

LONGEST = 300
"""Characters of an error's line."""

_CUT = " ... "


def one_line(text: object, most: int = LONGEST) -> str:
    r"""``text`` as one line of at most ``most`` printable characters, its middle left out if it is longer.

    White space becomes one space; control characters, and bytes of a file's name that are no text, become
    escapes: no terminal obeys them, and every encoding that contains ASCII can show them.

    >>> one_line("cannot\nread \x1b[31m")
    'cannot read \\x1b[31m'
    >>> one_line("0123456789", most=9)
    '01 ... 89'
    """
    shown = str(text)
    if len(shown) > 4 * most:  # escapes lengthen a text, nothing shortens it but white space
        shown = shown[: 2 * most] + _CUT + shown[-2 * most :]
    shown = "".join(map(_printable, " ".join(shown.split())))
    if len(shown) <= most:
        return shown
    kept = most - len(_CUT)
    return shown[: kept - kept // 2] + _CUT + shown[len(shown) - kept // 2 :]


def _printable(character: str) -> str:
    return character if character.isprintable() else ascii(character)[1:-1]
