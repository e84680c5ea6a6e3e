"""How Sphinx builds the site: ``make docs``, without a network."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs" / "_sphinx")]

project = "minigrad"
author = "The minigrad authors"
release = re.search(r'__version__ = "(.+)"', (ROOT / "minigrad" / "__init__.py").read_text("utf-8"))[1]

extensions = ["myst_parser", "sphinx_copybutton", "public_names", "linked_code"]
exclude_patterns = ["_build", "_sphinx"]
nitpicky = True
suppress_warnings = ["config.cache"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

html_theme = "furo"
html_title = "minigrad"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}

toc_object_entries_show_parents = "hide"
python_maximum_signature_line_length = 88
add_module_names = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
