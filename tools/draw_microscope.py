"""Draw docs/microscope.png: the page of a DCGAN step in Debian's Chromium, after two clicks.

python -m tools.draw_microscope [FILE.png]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from shutil import which

from playwright.sync_api import sync_playwright

from gans.study import microscope

DOCS = Path(__file__).parents[1] / "docs"

STEP = 300
LAYER = "generator.8-9"


def main() -> None:
    """Write the picture."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS / "microscope.png"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page = Path(folder) / "page.html"
        microscope("dcgan", step=STEP).save(page)
        browser = playwright.chromium.launch(
            executable_path=which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        tab = browser.new_context(viewport={"width": 1280, "height": 860}, offline=True).new_page()
        tab.goto(page.as_uri())
        tab.locator('[data-update="1"] [data-node]', has_text=LAYER).first.click()
        tab.locator("#samples button").nth(1).click()
        tab.screenshot(path=target)


if __name__ == "__main__":
    main()
