"""The page kit: scripts, styles and templates of the report, the comparison and explore.

The scripts are ES modules. A page that is one file has nowhere to load modules from, so that they
are joined here into one script, each module a function of its own: nothing is built or committed.
Comments and indentation, a quarter of both, stay in the sources.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal

from ..i18n import languages

_HERE = Path(__file__).parent
TEMPLATES = _HERE / "templates"
BACKDROP = _HERE / "style" / "backdrop.webp"
"""A photograph for cut-outs to stand on, which the style leads to by its name."""

_STYLES = {
    "report": "tokens controls zoom report overview bar sheet points viewer review draw compare",
    "explore": "tokens controls zoom explore draw",
}
_STYLE_COMMENT = re.compile(r"\s*/\*.*?\*/", re.DOTALL)
_INDENT = re.compile("^ +", re.MULTILINE)
_COMMENT = re.compile(r"^ *(?://.*|/\*\*(?:(?!\*/)[^\n]|\n)*\*/)\n", re.MULTILINE)
"""One that has its lines to itself; no text of a script has a line within it."""
_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";\n', re.MULTILINE)
_ICON = re.compile(r'^  (\w+): "(.+)",$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.MULTILINE)


@cache
def style(page: Literal["report", "explore"]) -> str:
    """The style of a page (the comparison's is the report's), all of it below `.rmbg`."""
    sources = (_HERE / "style" / f"{name}.css" for name in _STYLES[page].split())
    parts = (_plain(_STYLE_COMMENT, source) for source in sources)
    return "".join((*parts, *(_only(lang) for lang in languages() if page == "report")))


def _plain(comment: re.Pattern[str], source: Path) -> str:
    return _INDENT.sub("", comment.sub("", source.read_text("utf-8")))


def _only(lang: str) -> str:
    """One language at a time: the one chosen by the buttons, which need no script; where a
    browser cannot tell that, the one that the run asked for."""
    others, chosen = f'span[lang]:not([lang="{lang}"])', f'[name="lang"][value="{lang}"]:checked'
    by_script = f'html.script.script[data-lang="{lang}"]'
    by_none = f"html:not(.script):has({chosen})"
    return (
        f'.rmbg[data-lang="{lang}"] {others},\n'
        f"{by_script} .rmbg {others}, {by_none} .rmbg {others} {{ display: none; }}\n"
        f'{by_script} .rmbg span[lang="{lang}"], '
        f'{by_none} .rmbg span[lang="{lang}"] {{ display: inline; }}\n'
    )


@cache
def icon(name: str) -> str:
    """The icon `name` of script/icons.js, as that draws it. Raises KeyError where there is none."""
    source = (_HERE / "script" / "icons.js").read_text("utf-8")
    stroke, _, fill = dict(_ICON.findall(source))[name].partition(";")
    path = f'<path d="{stroke}"></path>'
    path += f'<path d="{fill}" class="solid"></path>' if fill else ""
    return f'<svg class="icon" viewBox="0 0 20 20" aria-hidden="true">{path}</svg>'


@cache
def script(entry: Literal["report", "served", "widget"]) -> str:
    """The module `entry` with all that it imports, as one script without imports.

    Each module is an object of its exports, named `$module`.
    """
    ordered: dict[str, str] = {}

    def add(name: str) -> None:
        if name in ordered:
            return
        source = _plain(_COMMENT, _HERE / "script" / f"{name}.js")
        for _, other in _IMPORT.findall(source):
            add(other)
        exports = ", ".join(_EXPORT.findall(source))
        taken = _IMPORT.sub(lambda m: f"const {m[1].replace(' as ', ': ')} = ${m[2]};\n", source)
        body = _EXPORT.sub("", taken)
        ordered[name] = f"const ${name} = (() => {{\n{body}return {{ {exports} }};\n}})();\n"

    add(entry)
    return '"use strict";\n' + "".join(ordered.values())


def module(entry: Literal["widget"]) -> str:
    """The same as one module, whose default export is `entry`'s exports."""
    return f"{script(entry)}export default ${entry};\n"
