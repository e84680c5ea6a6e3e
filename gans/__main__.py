"""``python -m gans``."""

from __future__ import annotations

import sys

from gans.cli import main

if __name__ == "__main__":
    sys.exit(main())
