"""The page's own files: plain JavaScript and CSS, no framework, no build step, nothing fetched."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent

_SCRIPTS = (
    *("wire.js", "alpha.js", "panels.js", "zip.js"),
    *("words.js", "layout.js", "looking.js", "explorer.js"),
)
"""In the order in which they make one script, which defines `Explorer`."""


def script() -> str:
    """The script that defines `Explorer`."""
    return "\n".join((FOLDER / name).read_text("utf-8") for name in _SCRIPTS)


def module() -> str:
    """The same as a module with `export default { render }`, as anywidget takes it."""
    return f"{script()}\n{(FOLDER / 'widget.js').read_text('utf-8')}"


def style() -> str:
    """The style, all of it below `.rx`."""
    return (FOLDER / "explorer.css").read_text("utf-8")
