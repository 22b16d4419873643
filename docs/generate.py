"""The pages that are made: commands, of the code; texts of the repository; the layers, drawn.

`python docs/generate.py` writes them below docs/, where git ignores them.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import tomllib
from html import escape
from pathlib import Path
from textwrap import dedent

from typer.main import get_command

from rmbg_eval.cli.app import app

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


# The commands


def commands() -> str:
    """Every command with its help and options."""
    lines = ["# All options", "", "Every command, as its `--help` says it.", ""]

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


def _cell(text: str) -> str:
    """A cell of a table: one line, no bar, no tag."""
    return escape(" ".join(_plain(text).split()), quote=False).replace("|", "\\|")


def _plain(text: str) -> str:
    """Help as it stands on a page: options as code; what is not to be wrapped are examples."""
    lines = text.splitlines()
    text = "\n".join(x if x[:2] == "  " else re.sub("--[a-z-]+", r"`\g<0>`", x) for x in lines)
    examples = r"\x08\n.*\n((?:  .+\n?)+)"
    return re.sub(examples, lambda found: f"```sh\n{dedent(found[1])}```\n", f"{text}\n").strip()


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
    "layers.svg": layers,
}

if __name__ == "__main__":
    write()
