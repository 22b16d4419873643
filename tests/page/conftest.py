"""The pages that the browser opens: one case set in both layouts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import chromium
from fakes import save_picture, save_truth
from pages import HOSTILE
from playwright.sync_api import Browser, Page

from rmbg_eval import Settings, evaluate
from rmbg_eval.report.notebooks import render

POINTS = """title = { en = "<i>Ada</i>", zh = "<script>alert(1)</script>" }
[[points]]
id = "middle"
kind = "opaque"
title = { en = "The middle is kept", zh = "中部保留" }
box = [40, 28, 12, 8]
[[points]]
id = "corner"
kind = "opaque"
title = { en = "The corner is kept", zh = "角落保留" }
box = [2, 2, 8, 6]
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of one case set in both layouts; a hostile name and a broken picture are in it.

    `By hand` is the truth itself for garment/dress, of whose two points one is failed by it.
    """
    folder = tmp_path_factory.mktemp("page")
    cases = folder / "cases"
    save_picture(cases / "portrait" / "ada.png", 1, (640, 480))
    save_picture(cases / "pet" / f"{HOSTILE}.png", 2)
    save_picture(cases / "<b>bold" / "杯 子#1.png", 3)
    (cases / "portrait" / "broken.jpg").write_bytes(b"no picture")
    save_picture(cases / "garment" / "dress" / "image.png", 4)
    save_truth(cases / "garment" / "dress" / "alpha.png")
    (cases / "garment" / "dress" / "case.toml").write_text(POINTS, encoding="utf-8")
    cutouts = folder / "cutouts"
    save_truth(cutouts / "ada.png", (640, 480))
    for name in (HOSTILE, "杯 子#1", "dress"):
        save_truth(cutouts / f"{name}.png")
    made = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RMBG_EVAL_CACHE", str(folder / "cache"))
        for layout, lang in (("single", "en"), ("folder", "zh")):
            settings = Settings.of(
                {
                    "cases": str(cases),
                    "models": ["grabcut", f"By hand=folder:{cutouts}"],
                    "out": str(folder / layout),
                    "layout": layout,
                    "lang": lang,
                }
            )
            evaluate(settings)
            made[layout] = render(settings)
    return made


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()
