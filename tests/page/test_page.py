"""The page in a real browser: opened from disk, and under Jenkins' policy."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from pages import DRESS, HOSTILE, Pages, Window, opened, served
from PIL import Image
from playwright.sync_api import Page, expect

from rmbg_eval.i18n import Message


@pytest.mark.parametrize("layout", ["single", "folder"])
def test_nothing_is_asked_of_the_network(page: Page, pages: Pages, layout: str) -> None:
    asked, complaints = opened(page, pages[layout].as_uri())
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert complaints == []
    if layout == "single":
        assert [url for url in asked if url.startswith("file:")] == [pages[layout].as_uri()]


@pytest.mark.parametrize("layout", ["single", "folder"])
def test_every_picture_is_there(page: Page, pages: Pages, layout: str) -> None:
    opened(page, pages[layout].as_uri())
    widths = page.evaluate("[...document.images].map(i => i.naturalWidth)")
    # Of four cases the original and two results, and of one the truth; one is no picture.
    assert page.locator(".tile img").count() == 13
    assert len(widths) >= 13
    assert all(widths)
    assert all(page.evaluate("[...document.images].map(i => i.alt)"))


@pytest.mark.parametrize("layout", ["single", "folder"])
def test_hostile_names_are_text(page: Page, pages: Pages, layout: str) -> None:
    opened(page, pages[layout].as_uri())
    shown = page.text_content("main")  # the inner text leaves out what is far below the window
    assert f"pet/{HOSTILE}" in shown
    assert "<b>bold" in shown
    assert page.locator(".pip[title]").count() > 2
    assert ("<i>Ada</i>" if layout == "single" else "<script>alert(1)</script>") in shown
    assert page.title() in ("Background removal report", "抠图效果报告")
    assert page.query_selector("b, i:not(.pip), [onerror]") is None
    assert page.locator("script:not([type='application/json'])").count() == 1


def test_what_is_heard_is_in_the_language_that_is_shown(report: Page) -> None:
    report.locator("[name=lang][value=zh]").dispatch_event("click")
    report.locator("[id^=case-garment-dress] [data-kind=original] a").dispatch_event("click")
    said = report.evaluate(
        """["aria-label", "title", "alt", "label", "placeholder"].flatMap(name =>
        [...document.querySelectorAll(`[${name}]`)].map(each => each.getAttribute(name)))"""
    )
    assert [each for each in set(said) if Message(each).to("zh") != each] == []


def test_the_result_that_is_saved_has_the_cutouts_alpha(page: Page, pages: Pages) -> None:
    opened(page, pages["single"].as_uri())
    tile = page.locator("article[id^=case-portrait-ada] [data-model=grabcut]").first
    path = tile.get_attribute("data-alpha")
    source = page.evaluate(
        "path => document.getElementById('files').content"
        ".querySelector(`[data-file='${path}']`).getAttribute('src')",
        path,
    )
    assert source.startswith("data:image/webp;base64,")
    saved = Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2])))
    cutout = Image.open(pages["single"].parent / "cutouts" / "grabcut" / "portrait" / "ada.png")
    assert np.array_equal(np.asarray(saved.convert("L")), np.asarray(cutout)[..., 3])


def test_folder_layout_links_the_full_size_cutout(page: Page, pages: Pages) -> None:
    opened(page, pages["folder"].as_uri())
    href = page.locator("#category-portrait a[download]").first.get_attribute("href")
    assert href == "cutouts/grabcut/portrait/ada.png"
    assert (pages["folder"].parent / href).is_file()


def test_failed_case_says_why_and_is_linked_from_the_top(report: Page) -> None:
    link = report.locator(".alerts details a")
    assert link.inner_text() == "portrait/broken"
    target = link.get_attribute("href")
    failures = report.locator(f"{target} .failure").all_text_contents()
    assert len(failures) == 2
    assert all("broken.jpg is not a picture" in text for text in failures)


def test_a_category_without_cases_takes_no_room(report: Page) -> None:
    assert report.locator("#category-still-life").count() == 0
    assert report.locator("section.sheet").count() == 4


def test_language_is_declared_and_spoken(page: Page, pages: Pages) -> None:
    opened(page, pages["folder"].as_uri())
    assert page.get_attribute("html", "lang") == "zh"
    assert "人像特写" in page.inner_text("#category-portrait h2")


def test_no_code_is_shown(report: Page) -> None:
    shown = report.inner_text("body")
    assert "Settings.from_notebook" not in shown
    assert "Evaluate background removers" not in shown


def test_folder_layout_is_readable_under_the_policy_of_jenkins(page: Page, pages: Pages) -> None:
    with served(pages["folder"].parent) as address:
        opened(page, f"{address}/index.html")
    widths = page.evaluate("[...document.images].map(i => i.naturalWidth)")
    # Of four cases the original and two results, and of one the truth; one is no picture.
    assert page.locator(".tile img").count() == 13
    assert len(widths) >= 13
    assert all(widths)
    checker = "getComputedStyle(document.querySelector('.cut')).backgroundImage"
    assert "conic-gradient" in page.evaluate(checker)
    assert page.locator(".with-script:visible").count() == 0  # it lets no script run


def test_latin_letters_are_of_a_latin_font(report: Page) -> None:
    """Fonts of Chinese have quotes and dots as wide as a sign."""
    devtools = report.context.new_cdp_session(report)
    devtools.send("DOM.enable")
    devtools.send("CSS.enable")
    root = devtools.send("DOM.getDocument")["root"]["nodeId"]
    title = {"nodeId": root, "selector": "#answer [lang=en]"}
    node = devtools.send("DOM.querySelector", title)["nodeId"]
    fonts = devtools.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
    assert fonts
    assert [font["familyName"] for font in fonts if "CJK" in font["familyName"]] == []


def test_charts_of_a_case_are_in_the_colours_of_the_page(window: Window, pages: Pages) -> None:
    strokes = {}
    for scheme in ("light", "dark"):
        page = window(color_scheme=scheme)
        opened(page, pages["single"].as_uri())
        drawer = page.locator(f"{DRESS} .drawer")
        drawer.locator("summary").press("Enter")
        chart, apart = drawer.locator(".charts > .figure").all()
        lines = chart.locator("polyline")
        strokes[scheme] = lines.evaluate_all("all => all.map(e => getComputedStyle(e).stroke)")
        assert len({*strokes[scheme]}) == 3, "the truth and two models"
        for line in lines.all():
            assert line.bounding_box()["width"] > 200
        assert re.fullmatch(r"truth \d+\.\d\s%", chart.locator("li").first.inner_text().strip())
        picture, scale = (apart.locator(part) for part in ("img", ".scale"))
        assert picture.evaluate("e => e.complete && e.naturalWidth > 0")
        wide = max(picture.bounding_box()["width"], 200)
        assert abs(scale.bounding_box()["width"] - wide) < 1
    assert not {*strokes["light"]} & {*strokes["dark"]}


@pytest.mark.parametrize(("width", "columns"), [(390, 1), (1440, 2)])
def test_the_measures_of_a_case_stand_side_by_side_where_there_is_room(
    window: Window, pages: Pages, width: int, columns: int
) -> None:
    page = window(viewport={"width": width, "height": 900})
    opened(page, pages["single"].as_uri())
    drawer = page.locator(f"{DRESS} .drawer")
    drawer.locator("summary").press("Enter")
    expect(drawer.locator(".tables")).to_be_visible()
    places = drawer.locator(".tables > section").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect()).map(({x, right}) => [x, right])"
    )
    assert len(places) > 2
    assert len({round(x) for x, _ in places}) == columns, places
    assert all(right <= width for _, right in places)
