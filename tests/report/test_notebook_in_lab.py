"""The executed notebooks as anyone opens them: in JupyterLab, untrusted, away from the run."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import numpy as np
import pytest
from browser import chromium
from caches import new_cache
from fakes import disc, save_picture, save_truth
from hostile import lab
from PIL import Image
from playwright.sync_api import Page

from rmbg_eval import Report, Run, Settings, build_files, evaluate
from rmbg_eval.core.paths import resource
from rmbg_eval.report.notebooks import export
from rmbg_eval.report.plain import Plain
from rmbg_eval.report.views import ImageView

LONG = 120_000
POINTS = """title = { en = "A dress", zh = "连衣裙" }
[[points]]
id = "corner"
kind = "opaque"
title = { en = "The corner is kept", zh = "角落保留" }
box = [2, 2, 8, 6]
"""


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing but the notebooks: bare papermill's, Chinese, and a comparison's."""
    folder = tmp_path_factory.mktemp("moved")
    cases, cutouts = folder / "cases", folder / "cutouts"
    save_picture(cases / "portrait" / "ada.png", 1, (640, 480))
    (cases / "portrait" / "broken.jpg").write_bytes(b"no picture")
    save_picture(cases / "garment" / "dress" / "image.png", 4)
    save_truth(cases / "garment" / "dress" / "alpha.png")
    (cases / "garment" / "dress" / "case.toml").write_text(POINTS, encoding="utf-8")
    save_truth(cutouts / "ada.png", (640, 480))
    save_truth(cutouts / "dress.png")
    settings = Settings(
        cases=str(cases), models=[f"by-hand=folder:{cutouts}"], out=str(folder / "one")
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RMBG_EVAL_CACHE", str(new_cache(folder / "cache")))
        given = {"cases": settings.cases, "out": settings.out, "lang": "zh"}
        run_papermill("evaluate", given, "-y", f"{{models: {list(settings.models)}}}")
        rgb, alpha = disc(4)
        Image.fromarray(np.dstack([rgb, np.roll(alpha, 5, 1)])).save(cutouts / "dress.png")
        again = settings.model_copy(update={"out": str(folder / "two")})
        evaluate(again, on_save=build_files)
    run_papermill(
        "compare",
        {"base": settings.out, "new": again.out, "out": str(folder / "compared"), "lang": "en"},
    )
    export(folder / "compared" / "compare.ipynb")
    (folder / "elsewhere").mkdir()
    for notebook in (*folder.glob("one/*.ipynb"), *folder.glob("compared/*.ipynb")):
        shutil.copy(notebook, folder / "elsewhere")
    return folder


def run_papermill(name: str, given: dict[str, str], *more: str) -> None:
    """Execute a notebook into its `out` as anyone does, without a function of ours."""
    out = Path(given["out"])
    out.mkdir()
    notebook = resource("notebooks", f"{name}.ipynb")
    command = [Path(sys.executable).parent / "papermill", notebook, out / notebook.name, *more]
    for parameter, value in given.items():
        command += ["-p", parameter, value]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(scope="module")
def opened(moved: Path) -> Iterator[tuple[Page, str]]:
    with lab(moved / "elsewhere", moved / "home") as address, chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 5000})
        page.set_default_timeout(LONG)
        yield page, address
        page.close()


def shown(opened: tuple[Page, str], name: str, count: int) -> tuple[str, list[bool]]:
    """The words of a notebook's outputs, and of each of its pictures whether it is seen."""
    page, address = opened
    page.goto(address.format(name=name))
    page.wait_for_selector(".jp-RenderedHTMLCommon h1 >> nth=-1")
    page.wait_for_function(
        f"document.querySelectorAll('.jp-OutputArea img').length >= {count}", timeout=LONG
    )
    page.wait_for_timeout(500)
    outputs = page.locator(".jp-OutputArea")
    assert not page.locator(".jp-OutputArea :is(input, button, select, fieldset)").count()
    seen = page.eval_on_selector_all(
        ".jp-OutputArea img", "all => all.map(i => i.complete && i.naturalWidth > 0)"
    )
    return "\n".join(outputs.all_inner_texts()), seen


def test_the_run_reads_well_untrusted_and_away_from_its_pictures(
    opened: tuple[Page, str], moved: Path
) -> None:
    words, seen = shown(opened, "evaluate.ipynb", 5)
    assert all(seen)
    run = Run.load(moved / "one")
    rows = [p for p in run.predictions if p.cutout]
    findings = 2 * Report(run).overview().plain.count("<br><strong>")
    assert len(seen) == len(rows) * 2 + 1 + findings, "originals, results, one truth, findings"
    assert "连衣裙" in words
    assert "by-hand" in words
    assert "A dress" not in words
    for other in ("Original", "Points passed", "No case is left", "没有剩下", "Language"):
        assert other not in words


def test_the_comparison_reads_well_untrusted_and_away_from_its_pictures(
    opened: tuple[Page, str],
) -> None:
    words, seen = shown(opened, "compare.ipynb", 6)
    assert len(seen) == 6, "BASE, NEW, difference, and all three magnified"
    assert all(seen)
    assert "The gate stops" in words
    assert not re.search("[\u4e00-\u9fff]", words)


def test_the_page_is_the_whole_one(moved: Path) -> None:
    html = (moved / "compared" / "index.html").read_text("utf-8")
    assert '<figure class="tile"' in html
    assert "index.html in this folder" not in html
    notebook = nbformat.read(moved / "one" / "evaluate.ipynb", 4)
    plain = "".join(
        output["data"]["text/html"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "text/html" in output.get("data", {})
    )
    assert not re.search(r"<(style|script|link|input|button|select|svg)\b", plain)
    assert not re.search(r'(src|href)="(?!data:image/webp;base64,)', plain)


def test_beyond_so_many_cases_the_worst_have_pictures(
    moved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rmbg_eval.report.MOST_CASES", 1)
    report = Report(Run.load(moved / "one"))
    assert "角落保留" in report.category("garment").plain
    left_out = report.category("portrait").plain
    assert "<img" not in left_out
    assert "另有 2 项，见 index.html" in left_out
    assert "1 个案例" in report.bar().plain


def test_no_picture_from_elsewhere_and_none_that_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "run" / "assets").mkdir(parents=True)
    save_picture(tmp_path / "secret.png", 1)
    save_picture(tmp_path / "run" / "assets" / "good.png", 1)
    (tmp_path / "run" / "assets" / "bad.webp").write_bytes(b"RIFF no picture")
    plain = Plain(tmp_path / "run", "en")

    def put(path: str) -> str:
        return str(plain._picture(ImageView(path, 9, 9, 'a <b> "c"'), 64))

    assert put("assets/good.png").startswith('<img src="data:image/webp;base64,')
    for path in ("../secret.png", "assets/%2e%2e/%2e%2e/secret.png", "assets/bad.webp", "none"):
        assert put(path) == "[a &lt;b&gt; &#34;c&#34;]"
