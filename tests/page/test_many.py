"""Many cases in the layout `folder`: a card of each, everything about it on a page of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from caches import new_cache
from fakes import save_picture, save_truth
from pages import opened, served, where
from playwright.sync_api import Page, expect

from rmbg_eval import Settings, evaluate
from rmbg_eval.report.notebooks import render
from rmbg_eval.report.sheet import AT_ONCE
from rmbg_eval.run.previews import MANY

POINT = 'title = { en = "First" }\n[[points]]\nid = "corner"\nkind = "opaque"\nbox = [2, 2, 8, 6]\n'


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a hundred small cases; the first one's point is failed by both models."""
    folder = tmp_path_factory.mktemp("many")
    models = []
    for name in ("one", "two"):
        for number in range(MANY):
            save_truth(folder / name / f"c{number:03}.png")
        models.append(f"{name}=folder:{folder / name}")
    for number in range(1, MANY):
        category = ("pet", "portrait")[number % 2]
        save_picture(folder / "cases" / category / f"c{number:03}.png", number)
    first = save_picture(folder / "cases" / "pet" / "c000" / "image.png", 0).parent
    (first / "case.toml").write_text(POINT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RMBG_EVAL_CACHE", str(new_cache(folder / "cache")))
        settings = Settings(
            cases=str(folder / "cases"),
            models=models,
            out=str(folder / "out"),
            layout="folder",
        )
        evaluate(settings)
        return render(settings)


def test_a_thousand_rows_would_be_three_megabytes_at_most(page: Page, many: Path) -> None:
    opened(page, many.as_uri())
    size = page.locator("article.lean").evaluate_all(
        "all => all.concat(document.getElementById('facts'))"
        ".reduce((sum, e) => sum + new Blob([e.outerHTML]).size, 0)"
    )
    assert page.locator("article.lean").count() == MANY
    rest = many.stat().st_size - size
    assert rest + size * 1000 / MANY <= 3_000_000


def test_rows_far_down_have_no_pictures_before_one_comes_there(page: Page, many: Path) -> None:
    page.goto(many.as_uri())
    rows = page.locator("article.lean")
    expect(rows.locator("h3")).to_have_count(MANY)
    made = rows.locator("[data-kind=original] img")
    expect(made).to_have_count(AT_ONCE)
    page.locator("#top [name=lang][value=zh]").check(force=True)
    last = rows.last
    last.scroll_into_view_if_needed()
    expect(last.locator("img")).to_have_count(3)
    assert last.locator("noscript").count() == 0
    expect(last.locator("img").first).to_have_attribute("alt", re.compile("原图"))
    assert made.count() < MANY


def test_the_film_and_paper_have_the_pictures_of_every_row(page: Page, many: Path) -> None:
    page.goto(many.as_uri())
    page.locator("#find [name=with][value=missed]").click()
    page.locator("#find [name=with][value=missed]").click()
    page.locator("article.lean [data-kind=result] a").first.click()
    page.keyboard.press("ArrowLeft")  # to the last
    expect(page.locator("#viewer [data-part=count]")).to_have_text(f"{MANY} / {MANY}")
    expect(page.locator("#viewer .pane img, #viewer .pane canvas")).to_have_count(3)
    page.keyboard.press("Escape")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("article.lean [data-kind=original] img")).to_have_count(MANY)


def test_a_row_leads_to_a_page_with_everything_and_back(page: Page, many: Path) -> None:
    asked, complaints = opened(page, many.as_uri())
    page.locator("article.lean[id^=case-pet-c000] h3 a").click()
    expect(page.locator("article.case")).to_have_count(1)
    assert page.locator("[data-kind=result] img").count() == 2
    expect(page.locator(".misses li")).to_have_count(1)
    assert page.locator(".drawer[open] .found tbody tr").count() > 5
    for name in page.locator("[data-kind=result] .model").all():  # nothing stands over them here
        expect(name).to_be_visible()
    page.locator("[data-kind=result] a").first.click()
    expect(page.locator("#viewer")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("h1 a").click()
    expect(page.locator("article.lean")).to_have_count(MANY)
    assert [url for url in asked if not url.startswith("file:")] == []
    assert complaints == []


def test_the_worst_finding_leads_to_its_spot_on_that_page(page: Page, many: Path) -> None:
    opened(page, many.as_uri())
    page.locator(".findings a").first.click()
    expect(page.locator("#viewer")).to_be_visible()
    assert "pages/" in where(page)
    assert "point=corner" in where(page)
    expect(page.locator("#viewer .name").first).to_contain_text("Original")


def test_the_viewer_of_a_row_has_the_full_size(page: Page, many: Path) -> None:
    opened(page, many.as_uri())
    page.locator("article.lean [data-kind=result] a").first.click()
    expect(page.locator("#viewer .canvas.result").first).to_have_attribute("data-loaded", "96×64")


def test_rows_are_filtered_and_put_in_order(page: Page, many: Path) -> None:
    opened(page, many.as_uri())
    page.locator("#find [name=order]").select_option("-islands")
    expect(page.locator("#ranked article.lean")).to_have_count(MANY)
    page.locator("#find [name=with][value=missed]").click()
    expect(page.locator("article.lean:visible")).to_have_count(1)


def test_rows_and_pages_can_be_read_under_the_policy_of_jenkins(page: Page, many: Path) -> None:
    with served(many.parent) as address:
        opened(page, f"{address}/index.html")
        assert page.locator("article.lean [data-kind=result] img").count() == 2 * MANY
        assert all(page.evaluate("[...document.images].map(i => i.naturalWidth)"))
        link = page.locator("article.lean h3 a").first.get_attribute("href")
        opened(page, f"{address}/{link}")
        assert all(page.evaluate("[...document.images].map(i => i.naturalWidth)"))
        assert page.locator("article.case").evaluate("e => getComputedStyle(e).display") == "grid"
