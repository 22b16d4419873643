"""The pages that the browser opens: one case set in both layouts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from caches import new_cache
from fakes import save_picture, save_truth
from pages import DRESS, HOSTILE, Pages, Window, look, opened
from playwright.sync_api import Browser, BrowserContext, Page, expect

from rmbg_eval import Report, Run, Settings, evaluate, load_cases
from rmbg_eval.i18n import Message
from rmbg_eval.measure.columns import Measurements
from rmbg_eval.measure.record import Agreement, Risk, Sign
from rmbg_eval.report.frame import foot, head, write_assets
from rmbg_eval.report.notebooks import render
from rmbg_eval.run.drawing import draw

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


CRUMBS = Sign(
    measure="crumbs", text=Message("{n} stray pieces", n=3), place=(10, 20, 8, 6), weight=2.0
)
VEIL = Sign(measure="kept", text=Message("The whole picture is kept"), weight=1.0)


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
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
        patch.setenv("RMBG_EVAL_CACHE", str(new_cache(folder / "cache")))
        for layout, lang in (("single", "en"), ("folder", "zh")):
            settings = Settings(
                cases=str(cases),
                models=["grabcut", f"By hand=folder:{cutouts}"],
                out=str(folder / layout),
                layout=layout,
                lang=lang,
            )
            evaluate(settings)
            made[layout] = render(settings)
    return made


@pytest.fixture(scope="session")
def own(pages: Pages, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """The same pictures as if they had no truth and no points, with risks, and a third model that
    stands apart: the run, and its page, made of the panels alone."""
    run, out = Run.load(pages["folder"].parent), tmp_path_factory.mktemp("own")
    shutil.copytree(pages["folder"].parent / "cutouts", out / "cutouts")
    one, two = run.models
    third = one.model_copy(update={"info": one.info.model_copy(update={"name": "Apart"})})
    names = [one.info.name, two.info.name, "Apart"]
    ours = [p for p in run.predictions if p.model == names[0]]
    apart = [p.model_copy(update={"model": "Apart"}) for p in ours]
    values = {"ada": (0.2, 0.45, 0.99), "dress": (0.91, 0.1, 0.98)}
    risks = []
    for place, model in enumerate(names):
        for p in ours:
            value = values.get(p.case, (0.05, 0.1, 0.97))[place] if p.cutout else None
            signs = (CRUMBS, VEIL) if value and value > 0.3 else ()
            reason = None if p.cutout else Message("no cut-out")
            risks.append(
                Risk(category=p.category, case=p.case, model=model, value=value, signs=signs,
                     reason=reason)
            )  # fmt: skip
    run = run.model_copy(
        update={
            "cases": tuple(c.model_copy(update={"has_truth": False}) for c in run.cases),
            "models": (*run.models, third),
            "predictions": (*run.predictions, *apart),
            "points": (),
            "measurements": Measurements(m for m in run.measurements if m.metric == "risk"),
            "settings": run.settings.model_copy(update={"lang": "en", "out": str(out)}),
            "risks": tuple(risks),
            "agreements": tuple(
                Agreement(one=a, other=b, cases=4, apart=far)
                for a, b, far in zip(
                    (names[0], *names[:2]), (names[1], "Apart", "Apart"), (0.01, 0.5, 0.5),
                    strict=True,
                )
            ),
        }
    )  # fmt: skip
    draw(run, load_cases(run.settings.cases_folder).cases)
    report = Report(run)
    write_assets(out)
    panels = (report.overview(), report.bar(), report.categories())
    page = out / "index.html"
    html = "".join(panel.html for panel in panels)
    page.write_text(head("Own", "en", "folder") + html + foot("en", "folder"), encoding="utf-8")
    return run, page


@pytest.fixture
def window(browser: Browser) -> Iterator[Window]:
    """`window(**options)`: a page in a window of its own, which is as playwright's options say."""
    contexts: list[BrowserContext] = []

    def opened_window(**options: object) -> Page:
        contexts.append(browser.new_context(**options))
        return contexts[-1].new_page()

    yield opened_window
    for context in contexts:
        context.close()


@pytest.fixture
def page(window: Window) -> Page:
    return window(viewport={"width": 1280, "height": 800})


@pytest.fixture
def report(page: Page, pages: Pages) -> Page:
    """The report, open, in the layout single."""
    opened(page, pages["single"].as_uri())
    return page


@pytest.fixture
def viewer(page: Page, pages: Pages) -> Page:
    """The dress in the viewer, opened by a click on the second model's result."""
    opened(page, pages["single"].as_uri())
    return look(page, page.locator(f"{DRESS} [data-kind=result] a").nth(1))


@pytest.fixture
def reviewing(report: Page) -> Page:
    report.locator("#by-eye [data-do=review]").click()
    expect(report.locator("#review")).to_be_visible()
    return report
