"""Prints one of the README's commands, so that what a reader copies and what CI runs are the same text.

The README marks a command by an HTML comment on the line before its fence:

    <!-- command: test -->
    ```sh
    the command, on one line
    ```
"""

from __future__ import annotations

import re
import sys
from pathlib import Path


def readme_command(text: str, name: str) -> str:
    """The one-line command that `<!-- command: NAME -->` marks in the Markdown `text`.

    Raises ValueError unless exactly one `sh` fence of one line follows exactly one such mark.
    """
    mark = f"<!-- command: {name} -->"
    fence = rf"^{re.escape(mark)}\n```sh\n(.*?)^```$"
    fences: list[str] = re.findall(fence, text, flags=re.MULTILINE | re.DOTALL)
    if text.count(mark) != 1 or len(fences) != 1:
        raise ValueError(f"expected one '{mark}' in the README with a ```sh fence on the next line")
    lines = fences[0].splitlines()
    if len(lines) != 1 or not lines[0].strip():
        raise ValueError(f"the command below '{mark}' must be one line, and has {len(lines)}")
    return lines[0].strip()


def main() -> int:
    if len(sys.argv) != 3:
        print(f"usage: {Path(__file__).name} README NAME", file=sys.stderr)
        return 2
    readme, name = sys.argv[1:]
    try:
        print(readme_command(Path(readme).read_text(encoding="utf-8"), name))
    except (OSError, ValueError) as error:
        print(f"{Path(__file__).name}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
