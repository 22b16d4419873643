"""The documentation site: `make docs` builds it into docs/_build/html.

What the code knows (commands, layers) and the texts of the repository are written as pages by
`generate.py` before Sphinx reads any.
"""

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import generate  # noqa: E402

import rmbg_eval  # noqa: E402

generate.write()

project = "rmbg_eval"
author = copyright = "The rmbg_eval contributors"
version = release = rmbg_eval.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc"]
exclude_patterns = ["_build", "jupyter_execute"]
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]
nitpicky = False
default_role = "code"

# The tour is executed over the default run, where there is one: `make report`.
REPORT = HERE.parent / "reports" / "latest" / "index.html"
nb_execution_mode = "force" if REPORT.is_file() else "off"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_execution_show_tb = True

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"

html_theme = "furo"
html_title = f"rmbg_eval {release}"
html_static_path: list[str] = []
html_extra_path = ["_extra"]
html_copy_source = False
html_show_sphinx = False

extra = HERE / "_extra"
shutil.rmtree(extra, ignore_errors=True)
extra.mkdir()
if REPORT.is_file():
    shutil.copy(REPORT, extra / "report.html")
else:
    (extra / "report.html").write_text("<p>No report yet: <code>make report</code> makes it.</p>")
