"""The pages that are made: the reference, of the code; texts of the repository; the layers, drawn.

`python docs/generate.py` writes them below docs/, where git ignores them.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import tomllib
from html import escape
from itertools import groupby
from pathlib import Path

from typer.main import get_command

from rmbg_eval.cli.app import app
from rmbg_eval.cli.options import flags
from rmbg_eval.compare.tolerances import DEFAULTS
from rmbg_eval.measure.kinds import KINDS
from rmbg_eval.measure.table import TABLE
from rmbg_eval.settings import (
    BenchSettings,
    CompareSettings,
    Parameter,
    Settings,
    WorkSettings,
)

HERE = Path(__file__).parent
ROOT = HERE.parent
PAGES = {
    "reference": HERE / "reference" / "generated",
    "texts": HERE / "texts",
}
"""What is made, each in a folder of its own."""


def write() -> None:
    """Write every page again."""
    for folder in PAGES.values():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    for name, make in REFERENCE.items():
        (PAGES["reference"] / name).write_text(make(), "utf-8")
    for name, source in TEXTS.items():
        (PAGES["texts"] / f"{name}.md").write_text(text_of(source), "utf-8")
    shutil.copy(ROOT / "notebooks" / "analyse.ipynb", PAGES["texts"] / "analyse.ipynb")
    path = PAGES["texts"] / "analyse.ipynb"
    text = path.read_text("utf-8").replace("../reports/latest", "../../reports/latest")
    path.write_text(text, "utf-8")  # it runs where it lies
    contact = ROOT / "cases" / "_render" / "contact_sheet.webp"
    shutil.copy(contact, PAGES["texts"] / contact.name)


# Texts of the repository


TEXTS = {
    "contributing": "CONTRIBUTING.md",
    "changelog": "CHANGELOG.md",
    "security": "SECURITY.md",
    "conduct": "CODE_OF_CONDUCT.md",
    "reference-cases": "cases/README.md",
}


def text_of(source: str) -> str:
    """A text of the repository, with links that hold in the site."""
    text, folder = (ROOT / source).read_text("utf-8"), str(Path(source).parent)
    return re.sub(r"\]\(([^)\s]+)\)", lambda m: f"]({_moved(m[1], folder)})", text)


def _moved(link: str, folder: str = ".") -> str:
    """Where a link of a text in `folder` of the repository leads from a page two folders down."""
    path, _, anchor = link.partition("#")
    if not path or "://" in path:
        return link
    file = os.path.normpath(Path(folder) / path)
    known = {
        "GUIDE.md": "guide/index.md",
        "cases/_render/contact_sheet.webp": "texts/contact_sheet.webp",
    }
    known |= {source: f"texts/{name}.md" for name, source in TEXTS.items()}
    if file == "GUIDE.md" and anchor:
        return f"../guide/{anchor}.md"
    if file in known:
        return f"../{known[file]}{'#' * bool(anchor)}{anchor}"
    if file.startswith("docs/"):
        return f"../{file.removeprefix('docs/')}"
    return f"../../{file}"  # a file to be downloaded


# The reference


def commands() -> str:
    """Every command with its help and options."""
    lines = ["# Commands", "", "As `--help` says them.", ""]

    def walk(name: str, command: object) -> None:
        inner = getattr(command, "commands", None)
        if inner:
            for part, child in inner.items():
                walk(f"{name} {part}", child)
            return
        lines.extend([f"## `{name}`", "", _plain(command.help or ""), ""])  # type: ignore[attr-defined]
        options = []
        for parameter in command.params:  # type: ignore[attr-defined]
            if parameter.name == "help":
                continue
            argument = parameter.param_type_name == "argument"
            shown = (parameter.metavar or parameter.name.upper()) if argument else ""
            shown += "…" * (argument and parameter.nargs == -1)
            shown = shown or ", ".join(parameter.opts)
            options.append(f"| `{shown}` | {_cell(getattr(parameter, 'help', '') or '')} |")
        lines.extend(["| argument, option | meaning |", "|---|---|", *options, ""])

    walk("rmbg-eval", get_command(app))
    return "\n".join(lines)


def parameters() -> str:
    """The fields of every Settings."""
    lines = [
        "# Parameters",
        "",
        "Fields of the settings in Python, cells of the notebook, options; of `WorkSettings` "
        "options alone.",
        "",
    ]
    for settings in (Settings, WorkSettings, CompareSettings, BenchSettings):
        lines += [f"## {settings.__name__}", "", "| parameter | option | default | meaning |"]
        lines += ["|---|---|---|---|"]
        for name, field in settings.model_fields.items():
            (about,) = (one for one in field.metadata if isinstance(one, Parameter))
            option = ", ".join(f"`{one}`" for one in flags(name, about)) or "–"
            lines.append(f"| `{name}` | {option} | `{field.default!r}` | {_cell(about.help)} |")
        lines.append("")
    return "\n".join(lines)


_MEASURES = "rmbg_eval.measure."


def measures() -> str:
    """The table of measures, by family."""
    better = {True: "higher", False: "lower", None: "no score"}
    about = (
        "**Bold**: shown by category and compared between models. Definitions and sources are in "
        "the docstrings of the functions, below rmbg_eval.measure."
    )
    lines = ["# Measures", "", about, ""]
    for family, rows in groupby(TABLE, key=lambda metric: metric.family):
        heading = getattr(family, "title", getattr(family, "name", family))
        lines += [f"## {heading}", ""]
        lines += ["| measure | is | unit | region | better | needs | function |", "|" + "---|" * 7]
        for m in rows:
            function = f"{m.function.__module__.removeprefix(_MEASURES)}.{m.function.__name__}"
            name = f"**`{m.name}`**" if m.headline else f"`{m.name}`"
            cells = [name, m.title, m.unit, m.region, better[m.higher_is_better], m.needs]
            lines.append("| " + " | ".join(_cell(str(c)) for c in cells) + f" | `{function}` |")
        lines.append("")
    return "\n".join(lines)


def points() -> str:
    """The kinds of observation points."""
    lines = ["# Kinds of observation points", "", "| kind | measured | unit | where | expected |"]
    lines[-1] += " tolerance | needs |"
    lines.append("|" + "---|" * 7)
    for kind in KINDS.values():
        right = f"{kind.expected:g}" if isinstance(kind.expected, float) else "of the point"
        right = "the truth's" if kind.expected is None else right
        cells = [f"`{kind.name}`", kind.measures, kind.unit, ", ".join(kind.regions), right]
        cells += [f"{kind.tolerance:g}", kind.needs]
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return "\n".join([*lines, ""])


def tolerances() -> str:
    """How far what may move between two runs."""
    lines = ["# Tolerances", "", "| value | absolute | relative | because |", "|---|---|---|---|"]
    for name, one in DEFAULTS.items():
        share = f"{one.relative:.0%}" if one.relative else "–"
        lines.append(f"| `{name}` | {one.absolute:g} | {share} | {_cell(str(one.reason))} |")
    return "\n".join([*lines, ""])


def _cell(text: str) -> str:
    """A cell of a table: one line, no bar, no tag."""
    return escape(" ".join(_plain(text).split()), quote=False).replace("|", "\\|")


def _plain(text: str) -> str:
    return text.replace("\b", "").strip()


# The layers


def layers() -> str:
    """The layers of pyproject.toml as an SVG: a row a layer, its modules, and what they import."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    (contract,) = (c for c in project["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    rows = [[name.strip(" ()") for name in row.split("|")] for row in contract["layers"]]
    imports = {name: _imports(name) for row in rows for name in row}
    high, below_it, wide, parts = 34, 28, 736, []
    for number, row in enumerate(rows):
        top = 10 + number * (high + below_it)
        width = (wide - 20 - 10 * (len(row) - 1)) / len(row)
        for place, name in enumerate(row):
            left = 10 + place * (width + 10)
            count = len([*(ROOT / "rmbg_eval" / name).rglob("*.py")]) or 1
            parts.append(
                f'<rect x="{left:g}" y="{top}" width="{width:g}" height="{high}" rx="6"/>'
                f'<text x="{left + 14:g}" y="{top + 22}" class="name">{name}</text>'
                f'<text x="{left + width - 14:g}" y="{top + 22}" class="count">{count}</text>'
            )
        below = [other for r in rows[number + 1 :] for other in r]
        used = [o for o in below if any(o in imports[name] for name in row)]
        words = f"imports {', '.join(used)}" if used else "imports none of them"
        parts.append(f'<text x="24" y="{top + high + 16}" class="uses">{words}</text>')
    height = 10 + len(rows) * (high + below_it)
    style = (
        "text{font:14px sans-serif;fill:#223}rect{fill:#e8f1fa;stroke:#0072b2}"
        ".name{font-weight:600}"
        ".count{text-anchor:end}.count,.uses{fill:#555;font-size:11px}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {height}" role="img">'
        f"<title>The layers of rmbg_eval, each with its number of modules</title>"
        f'<style>{style}</style><rect width="{wide}" height="{height}" '
        f'style="fill:#fff;stroke:none"/>{"".join(parts)}</svg>\n'
    )


def _imports(layer: str) -> set[str]:
    """The layers that a layer's modules import, wherever in them."""
    package = ROOT / "rmbg_eval"
    files = [*(package / layer).rglob("*.py")] or [package / f"{layer}.py"]
    found: set[str] = set()
    for file in files:
        depth = len(file.relative_to(package).parts)
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == depth and node.module:
                found.add(node.module.partition(".")[0])
    return found


REFERENCE = {
    "commands.md": commands,
    "parameters.md": parameters,
    "measures.md": measures,
    "points.md": points,
    "tolerances.md": tolerances,
    "layers.svg": layers,
}

if __name__ == "__main__":
    write()
