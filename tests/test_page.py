"""The page in a real browser: opened from disk, and under Jenkins' policy."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from browser import chromium
from fakes import save_picture, save_truth
from PIL import Image
from playwright.sync_api import Browser, Page

from rmbg_eval import Report, Settings, evaluate
from rmbg_eval.notebooks import render

HOSTILE = '"><img src=x onerror="document.title=1">'
JENKINS = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self';"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of one case set in both layouts; a hostile name and a broken picture are in it."""
    folder = tmp_path_factory.mktemp("page")
    cases = folder / "cases"
    save_picture(cases / "portrait" / "ada.png", 1, (640, 480))
    save_picture(cases / "pet" / f"{HOSTILE}.png", 2)
    save_picture(cases / "<b>bold" / "杯 子#1.png", 3)
    (cases / "portrait" / "broken.jpg").write_bytes(b"no picture")
    toml = 'title = { en = "<i>Ada</i>", zh = "<script>alert(1)</script>" }'
    save_picture(cases / "garment" / "dress" / "image.png", 4)
    (cases / "garment" / "dress" / "case.toml").write_text(toml)
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
            Report(evaluate(settings))
            made[layout] = render(settings)
    return made


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def opened(page: Page, address: str) -> tuple[list[str], list[str]]:
    """Open the page with every picture loaded; what it asked for, and what it complained of."""
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    # Not wait_for_function, which polls by eval(), and that is what the page's policy forbids.
    page.evaluate("document.querySelectorAll('img').forEach(i => i.loading = 'eager')")
    page.evaluate("Promise.all([...document.images].map(i => i.decode().catch(() => 0)))")
    return asked, complaints


@pytest.mark.parametrize("layout", ["single", "folder"])
def test_nothing_is_asked_of_the_network(page: Page, pages: dict[str, Path], layout: str) -> None:
    asked, complaints = opened(page, pages[layout].as_uri())
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert complaints == []
    if layout == "single":
        assert [url for url in asked if url.startswith("file:")] == [pages[layout].as_uri()]


@pytest.mark.parametrize("layout", ["single", "folder"])
def test_every_picture_is_there(page: Page, pages: dict[str, Path], layout: str) -> None:
    opened(page, pages[layout].as_uri())
    widths = page.evaluate("[...document.images].map(i => i.naturalWidth)")
    assert len(widths) == 4 * 8
    assert all(widths)
    assert all(page.evaluate("[...document.images].map(i => i.alt)"))


@pytest.mark.parametrize("layout", ["single", "folder"])
def test_hostile_names_are_text(page: Page, pages: dict[str, Path], layout: str) -> None:
    opened(page, pages[layout].as_uri())
    shown = page.inner_text("body")
    assert f"pet/{HOSTILE}" in shown
    assert "<b>bold" in shown
    assert ("<i>Ada</i>" if layout == "single" else "<script>alert(1)</script>") in shown
    assert page.title() in ("Background removal report", "抠图效果报告")
    assert page.query_selector("b, i, [onerror]") is None
    assert page.locator("script").count() == 1


def test_the_result_that_is_saved_is_a_transparent_png(page: Page, pages: dict[str, Path]) -> None:
    opened(page, pages["single"].as_uri())
    source = page.locator("[id^=case-portrait-ada] img.checker").first.get_attribute("src")
    assert source.startswith("data:image/png;base64,")
    saved = Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2])))
    cutout = Image.open(pages["single"].parent / "cutouts" / "grabcut" / "portrait" / "ada.png")
    assert saved.mode == "RGBA"
    assert np.array_equal(np.asarray(saved)[..., 3], np.asarray(cutout)[..., 3])


def test_folder_layout_links_the_full_size_cutout(page: Page, pages: dict[str, Path]) -> None:
    opened(page, pages["folder"].as_uri())
    href = page.locator("#category-portrait a[download]").first.get_attribute("href")
    assert href == "cutouts/grabcut/portrait/ada.png"
    assert (pages["folder"].parent / href).is_file()


def test_failed_case_says_why_and_is_linked_from_the_top(
    page: Page, pages: dict[str, Path]
) -> None:
    opened(page, pages["single"].as_uri())
    link = page.locator(".failures a")
    assert link.inner_text() == "portrait/broken"
    target = link.get_attribute("href")
    failures = page.locator(f"{target} .failure").all_inner_texts()
    assert len(failures) == 2
    assert all("broken.jpg is not a picture" in text for text in failures)


def test_empty_categories_are_shown_by_name(page: Page, pages: dict[str, Path]) -> None:
    opened(page, pages["single"].as_uri())
    assert "There are no cases" in page.inner_text("#category-still-life")


def test_language_is_declared_and_spoken(page: Page, pages: dict[str, Path]) -> None:
    opened(page, pages["folder"].as_uri())
    assert page.get_attribute("html", "lang") == "zh-CN"
    assert "人像特写" in page.inner_text("#category-portrait h2")


def test_no_code_is_shown(page: Page, pages: dict[str, Path]) -> None:
    opened(page, pages["single"].as_uri())
    shown = page.inner_text("body")
    assert "Settings.from_notebook" not in shown
    assert "Evaluate background removers" not in shown


def test_a_narrow_page_does_not_scroll_sideways(page: Page, pages: dict[str, Path]) -> None:
    page.set_viewport_size({"width": 360, "height": 700})
    opened(page, pages["single"].as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_folder_layout_is_readable_under_the_policy_of_jenkins(
    page: Page, pages: dict[str, Path]
) -> None:
    with served(pages["folder"].parent) as address:
        opened(page, f"{address}/index.html")
    widths = page.evaluate("[...document.images].map(i => i.naturalWidth)")
    assert len(widths) == 4 * 8
    assert all(widths)
    checker = "getComputedStyle(document.querySelector('.checker')).backgroundImage"
    assert "conic-gradient" in page.evaluate(checker)


class served:
    """A folder on loopback, with the header that Jenkins sends for published pages."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> str:
        class Handler(SimpleHTTPRequestHandler):
            def end_headers(self) -> None:
                self.send_header("Content-Security-Policy", JENKINS)
                super().end_headers()

            def log_message(self, *_: object) -> None:
                pass

        handler = partial(Handler, directory=str(self._folder))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
