"""The one exception that a user of the command line ever sees."""

from __future__ import annotations

__all__ = ["UserError"]


class UserError(Exception):
    """Something outside the program is wrong: an argument, a file, the network.

    The message is one line that says what was wrong, what was expected and how to fix it. An argument stands
    between backquotes, as in "try a lower `lr`"; the command line shows its flag there, prints no traceback
    and exits with status 2.
    """
