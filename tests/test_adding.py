"""The guide's "Add a …", followed literally: each touches one file of a copy of the package."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from caches import new_cache
from PIL import Image

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "docs" / "guide"
THINGS = ("model", "measure", "point kind", "category", "command", "CI output")

USE = """
import json, sys
from pathlib import Path
from typer.testing import CliRunner
from rmbg_eval import Report, Settings, build_files, evaluate
from rmbg_eval.cli.app import app
from rmbg_eval.compare.tolerances import NAMES
from rmbg_eval.explore.texts import strings

def call(*arguments):
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "200"}).output

run = evaluate(Settings(cases="cases", out="out", models=["brightness"]), on_save=build_files)
report = Report(run)
print(json.dumps({
    "alpha": [p.seconds["infer"] >= 0 for p in run.predictions if p.cutout],
    "models": call("models"),
    "measure": [m.value for m in run.measurements if m.metric == "clear_share"],
    "tolerated": "clear_share" in NAMES,
    "points": [(p.kind, p.measured, p.passed) for p in run.points],
    "more": report.more().html + report.overview().html,
    "categories": report.categories().html,
    "explore": "Jewellery" in strings("served")["zh"],
    "new": call("cases", "new", "mine"),
    "folders": sorted(path.name for path in Path("mine").iterdir()),
    "help": call("--help"),
    "slowest": call("slowest", "out"),
    "failed": Path("out/failed.txt").read_text(),
    "files": sorted(path.name for path in Path("out").iterdir()),
}))
"""


def follow(thing: str, home: Path) -> str:
    """Do what the section says in the package in `home`; returns the file that it names."""
    name = f"add-a-{thing.lower().replace(' ', '-')}.md"
    section = (GUIDE / name).read_text("utf-8")
    (path,) = dict.fromkeys(re.findall(r"`(rmbg_eval/[\w/]+\.py)`", section))
    blocks = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    file = home / path
    if not file.exists():
        (text,) = blocks
        file.write_text(text, "utf-8")
        return path
    (table,) = dict.fromkeys(re.findall(r"`(TABLE|METRICS)`", section))
    *definitions, row = blocks
    before, opening, rest = file.read_text("utf-8").partition(f"\n{table} = (\n")
    rows, closing, after = rest.partition("\n)")
    assert opening
    assert closing
    above = "".join(f"\n\n{definition}\n\n" for definition in definitions)
    file.write_text(f"{before}{above}{opening}{rows}\n{row.strip()},{closing}{after}", "utf-8")
    return path


def contents(folder: Path) -> dict[str, bytes]:
    """Of each file of the package, by its path."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(folder.parent).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What is seen of all six in a run, its report and the command line."""
    home = tmp_path_factory.mktemp("adding")
    package = home / "rmbg_eval"
    shutil.copytree(ROOT / "rmbg_eval", package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "notebooks", home / "notebooks")
    touched = {}
    for thing in THINGS:
        before = contents(package)
        named = follow(thing, home)
        after = contents(package)
        touched[thing] = [path for path in after if before.get(path) != after[path]]
        assert touched[thing] == [named]
    case = home / "cases" / "jewellery" / "ring"
    case.mkdir(parents=True)
    image = Image.new("RGB", (64, 48), "white")
    image.paste((51, 51, 51), (0, 0, 32, 48))
    image.save(case / "image.png")
    points = ("left", 'kind = "even"\nbox = [0, 0, 32, 48]'), (
        "all", 'kind = "even"\nbox = [0, 0, 64, 48]'
    )  # fmt: skip
    toml = "\n".join(f'[[points]]\nid = "{name}"\n{rest}' for name, rest in points)
    (case / "case.toml").write_text(toml, "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", USE],
        cwd=home,
        env={
            **os.environ,
            "PYTHONPATH": str(home),
            "RMBG_EVAL_CACHE": str(new_cache(home / "cache")),
            "NUMBA_DISABLE_JIT": "1",  # in another folder every loop would be compiled again
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_the_guide_adds_has_no_line_that_is_too_long() -> None:
    for thing in THINGS:
        section = (GUIDE / f"add-a-{thing.lower().replace(' ', '-')}.md").read_text("utf-8")
        for block in re.findall(r"```python\n(.*?)```", section, re.DOTALL):
            assert max(map(len, block.splitlines())) <= 100, thing


def test_a_model_is_one_file(used: dict) -> None:
    assert used["alpha"] == [True]
    assert "the darker, the more opaque" in used["models"]


def test_a_measure_is_one_file(used: dict) -> None:
    assert used["measure"] == [0.5]
    assert used["tolerated"]
    for shown in ("clear_share", "a tight crop has little to lose"):
        assert shown in used["more"]


def test_a_point_kind_is_one_file(used: dict) -> None:
    (_, left, passed), (_, everywhere, failed) = used["points"]
    assert (left, passed, failed) == (0, True, False)
    assert everywhere == pytest.approx(0.4, abs=0.002)
    assert "should be even" in used["categories"]


def test_a_category_is_one_file_and_shown_once(used: dict) -> None:
    assert used["categories"].count('id="category-jewellery"') == 1
    assert "Do stones keep their sparkle?" in used["categories"]
    assert used["explore"]
    assert "jewellery" in used["folders"]
    notebook = (ROOT / "notebooks" / "evaluate.ipynb").read_text("utf-8")
    assert notebook.count("categories()") == 1
    assert "report.category(" not in notebook


def test_a_command_is_one_file(used: dict) -> None:
    assert "slowest" in used["help"]
    assert "The case whose inference took longest." in used["help"]
    assert used["slowest"] == "jewellery/ring, brightness\n"


def test_a_file_for_a_build_is_one_file(used: dict) -> None:
    assert used["failed"] == ""
    assert {"failed.txt", "junit.xml", "summary.md"} <= set(used["files"])
