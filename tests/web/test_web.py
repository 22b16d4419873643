"""The page kit: modules joined into one script, styles, and tools of exact versions."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from rmbg_eval import web
from rmbg_eval.core.decoding import SUFFIXES

ROOT = Path(__file__).parent.parent.parent
SCRIPTS = sorted((Path(web.__file__).parent / "script").glob("*.js"))
STYLES = sorted((Path(web.__file__).parent / "style").glob("*.css"))
ENTRIES = ("report", "served", "widget")


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_module_comes_once_and_after_those_that_it_imports(entry: str) -> None:
    script = web.script(entry)
    names = re.findall(r"^const \$(\w+) = \(\(\) => \{$", script, re.MULTILINE)
    assert len(names) == len(set(names)) > 5
    assert names[-1] == entry
    for position, part in enumerate(script.split("const $")[1:]):
        used = set(re.findall(r"= \$(\w+);$", part, re.MULTILINE))
        assert used <= set(names[:position])


@pytest.mark.parametrize("entry", ENTRIES)
def test_nothing_of_a_module_is_left_that_a_page_has_no_loader_for(entry: str) -> None:
    assert not re.search(r"^(import|export)\b", web.script(entry), re.MULTILINE)
    assert "</script" not in web.script(entry)


def test_a_page_has_the_comments_of_neither_scripts_nor_styles() -> None:
    lines = [line.strip() for entry in ENTRIES for line in web.script(entry).splitlines()]
    assert not [line for line in lines if line.startswith(("//", "*", "/*")) and "*/ " not in line]
    assert "/*" not in web.style("report") + web.style("explore")
    assert "\n " not in web.style("report") + web.script("report")
    for source in SCRIPTS:  # or a line of a text could look like a comment
        code = re.sub(r"^ *//.*$", "", source.read_text("utf-8"), flags=re.MULTILINE)
        assert all(line.count("`") % 2 == 0 for line in code.splitlines()), source


def test_the_explorer_takes_what_no_browser_knows_as_a_picture() -> None:
    unknown = {name for name in SUFFIXES if name.startswith((".hei", ".hif", ".tif"))}
    script = web.script("served")
    (taken,) = re.findall('accept: "(.*)"', script)
    assert unknown <= {*taken.split(",")}
    (unshown,) = re.findall(r"\bUNSHOWABLE = /(.*)/i;", script)
    assert all(re.search(unshown, name) for name in unknown)


def test_a_module_may_call_what_it_imports_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "script").mkdir()
    (tmp_path / "script" / "stage.js").write_text("export const pane = 1;\n")
    lines = 'import { pane as one } from "./stage.js";\nconsole.log(one);\n'
    (tmp_path / "script" / "report.js").write_text(lines)
    monkeypatch.setattr(web, "_HERE", tmp_path)
    assert "const { pane: one } = $stage;\n" in web.script.__wrapped__("report")


def test_every_module_and_style_is_of_some_page() -> None:
    scripts = "".join(web.script(entry) for entry in ENTRIES)
    assert [path.stem for path in SCRIPTS if f"const ${path.stem} = " not in scripts] == []
    styles = web.style("report") + web.style("explore")
    rules = {path.name: web._plain(web._STYLE_COMMENT, path) for path in STYLES}
    assert [name for name, text in rules.items() if text not in styles] == []


def test_one_set_of_tokens_has_every_colour_of_the_pages() -> None:
    for page in ("report", "explore"):
        style = web.style(page)
        names = set(re.findall(r"^(--[\w-]+):", style, re.MULTILINE))
        used = set(re.findall(r"var\((--[\w-]+)\)", style))
        assert used - {"--scale"} <= names  # zoom.js sets it; others have a value beside them


def test_an_icon_of_a_template_is_that_of_the_scripts() -> None:
    source = (Path(web.__file__).parent / "script" / "icons.js").read_text("utf-8")
    paths = re.findall(r'^  (\w+): "([^"]+)",$', source, re.MULTILINE)
    assert len(paths) > 25
    for name, drawn in paths:
        assert re.findall(r' d="([^"]+)"', web.icon(name)) == drawn.split(";")
    # Biome keeps each in a line: what is in none of these lines no template could show.
    assert len(paths) == source.count(': "M')
    with pytest.raises(KeyError):
        web.icon("unicorn")


def test_the_widget_is_a_module_that_anywidget_takes() -> None:
    assert web.module("widget").endswith("export default $widget;\n")
    assert "return { initialize, render };" in web.module("widget")


def test_tools_come_in_exact_versions_and_from_no_address_of_the_lock() -> None:
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert [name for name, package in packages.items() if "resolved" in package] == []
