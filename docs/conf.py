"""Sphinx: `make docs`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from affekt import __version__

project = "affekt"
author = copyright = "The affekt authors"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "generate"]
exclude_patterns = ["_build", "generated/fragments"]

myst_enable_extensions = ["deflist", "colon_fence", "attrs_inline"]
myst_heading_anchors = 4

smartquotes = False  # options begin with two hyphens

html_theme = "furo"
html_title = "affekt"
html_static_path = ["static"]
html_css_files = ["affekt.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False

default_role = "code"
autodoc_typehints = "signature"
# Heavy libraries are not imported: signatures and docstrings do not need them.
autodoc_mock_imports = ["torch", "lightning", "jaxtyping", "matplotlib", "sklearn"]
autodoc_member_order = "bysource"
napoleon_numpy_docstring = False
# Types of other packages, and of modules that have no page.
nitpick_ignore_regex = [("py:.*", r".*")]
