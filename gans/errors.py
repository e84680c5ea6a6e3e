"""The exception for mistakes of the user, which the command line shows as one line."""

from __future__ import annotations

__all__ = ["UserError"]


class UserError(Exception):
    """Something outside the program is wrong: an argument, a file, the network.

    The message is one line that says what was wrong, what was expected and how to fix it. The name of
    an argument stands there between single backquotes; the command line shows its flag instead, prints no
    traceback and exits with status 2.
    """
