"""The page as a visitor meets it: a real browser, a real network, a real photograph."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import psutil
import pytest
from pictures import HEIC_TURNED
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from rmbg_eval import load_cases, load_model
from rmbg_eval.core.decoding import decode_cutout
from rmbg_eval.core.paths import packaged_picture
from rmbg_eval.explore.texts import strings
from rmbg_eval.predictions.cutouts import make_cutouts

READY = "[data-ready=true]"
LONG = 60_000
"""Milliseconds: a busy machine of two cores takes its time."""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB", viewport={"width": 1300, "height": 900})
    context.set_default_timeout(LONG)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


@pytest.fixture(scope="module")
def photograph() -> Path:
    found = packaged_picture("astronaut")
    assert found
    return found


def visit(page: Page, address: str) -> None:
    page.goto(address, wait_until="commit")
    page.wait_for_selector(".rx-drop")


def result(page: Page) -> bytes:
    """Press the button; the PNG that "Save PNG" saves."""
    page.click(".rx-go")
    page.wait_for_selector(".rx-has .rx-save")
    with page.expect_download() as download:
        page.click(".rx-save")
    return Path(download.value.path()).read_bytes()


def test_four_steps(page: Page, address: str, photograph: Path, weights: Path) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    visit(page, address)
    assert page.is_disabled(".rx-go")
    page.set_input_files(".rx-file", photograph)
    assert page.inner_text(".rx-chosen") == "Chosen: astronaut.png (792 KB)"
    page.wait_for_function("document.querySelector('.rx-stage img')?.naturalWidth == 512")
    assert page.is_enabled(".rx-go")
    page.wait_for_selector(READY)
    page.click(".rx-go")
    assert page.inner_text(".rx-go") == "Working…"
    assert page.is_disabled(".rx-go")
    page.wait_for_selector(".rx-has")
    assert page.inner_text(".rx-tags").split("\n") == ["done", "transparent background"]
    expect(page.locator(".rx-go")).to_have_text("Remove background")
    assert page.is_disabled(".rx-go"), "nothing is left to do"
    source = page.get_attribute("img.rx-cutout", "src")
    assert source.endswith("/astronaut-cutout.png"), "a right click saves it under this name"
    with page.expect_download() as download:
        page.click(".rx-save")
    assert download.value.suggested_filename == "astronaut-cutout.png"
    saved = Path(download.value.path()).read_bytes()
    ((_, written),) = make_cutouts(load_model("u2netp"), [photograph], weights / "out")
    _, alpha = decode_cutout(saved, "saved")
    assert np.array_equal(alpha, decode_cutout(Path(written).read_bytes(), "written")[1])
    assert saved == Path(written).read_bytes()
    assert len(np.unique(alpha)) > 200, "alpha is graded"
    hosts = {urlsplit(url).netloc for url in asked if not url.startswith(("blob:", "data:"))}
    assert hosts == {urlsplit(address).netloc}


def test_looking_closely(page: Page, address: str, photograph: Path) -> None:
    visit(page, address)
    page.wait_for_selector(READY)
    page.get_by_text("Ready: u2netp, grabcut").wait_for()
    page.select_option("[data-number='1']", "grabcut")
    page.set_input_files(".rx-file", photograph)
    page.click(".rx-go")
    page.wait_for_function("document.querySelectorAll('.rx-has').length == 2")
    page.wait_for_selector(".rx-card >> nth=1")
    assert page.locator(".rx-bars").count() == 2
    page.click("text=800 %")
    page.locator(".rx-stage").nth(2).focus()
    page.keyboard.press("ArrowRight")
    moved = page.evaluate(
        "[...document.querySelectorAll('.rx-stage .canvas')].map(layer => layer.style.transform)"
    )
    assert len(moved) == 3
    assert all("scale(8)" in transform for transform in moved)
    places = np.array([re.findall(r"-?[\d.]+(?=px)", each) for each in moved], float)
    # Each on whole pixels of the screen, so that they differ by what their boxes lie between.
    assert np.ptp(places, axis=0).max() < 1, "all panels show the same place"
    page.keyboard.press("0")
    page.check("input[value=alpha]", force=True)
    grey = page.evaluate(
        "[...document.querySelector('canvas').getContext('2d').getImageData(256, 256, 1, 1).data]"
    )
    assert grey == [255, 255, 255, 255]
    seen = (
        "all => all.filter(e => getComputedStyle(e).visibility == 'visible').map(e => e.className)"
    )
    assert page.locator(".rx canvas").evaluate_all(seen) == ["rx-alpha"] * 2
    page.locator(".rx-stage").nth(2).focus()
    page.keyboard.press("e")
    assert page.locator(".rx canvas").evaluate_all(seen) == ["rx-difference"] * 2
    assert page.is_visible(".rx-legend")
    page.keyboard.press("?")
    assert page.is_visible("text=result, alpha, difference of two models")
    page.keyboard.press("Escape")
    page.select_option("[data-number='1']", "")
    assert page.is_checked("input[value=result]"), "one model differs from nothing"
    assert page.is_hidden("label:has(> input[value=difference])")
    page.click("text=Draw a line")
    page.locator(".rx-ends input").nth(0).fill("400")
    page.locator(".rx-ends input").nth(2).press("Enter")
    page.locator(".rx-ends input").nth(0).press("Enter")
    assert page.locator(".rx-course").count() == 1
    assert "u2netp: " in page.inner_text(".rx-card:not([hidden]) [role=status]")


WATCH = """() => {
  window.seen = [];
  const bar = document.querySelector(".rx-arriving"), go = document.querySelector(".rx-go");
  const look = () => {
    const now = [bar.checkVisibility(), go.getBoundingClientRect().top];
    if (String(window.seen.at(-1)) !== String(now)) window.seen.push(now);
    requestAnimationFrame(look);
  };
  look();
}"""
"""Whether an upload's bar is shown, and where the button is, whenever that changes."""


def test_thirty_megabytes_arrive(page: Page, address: str, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (3300, 3300, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "large.png", compress_level=0)
    assert (tmp_path / "large.png").stat().st_size > 30_000_000
    visit(page, address)
    page.wait_for_selector(READY)
    page.evaluate(WATCH)
    page.set_input_files(".rx-file", tmp_path / "large.png")
    page.wait_for_selector(".rx-more button[aria-disabled=false]", state="attached")
    seen = page.evaluate("window.seen")
    assert [bar for bar, _ in seen] == [False, True, False], "a bar comes and goes"
    assert len({top for _, top in seen}) == 1, "and the button stays where it is"
    assert page.inner_text(".rx-panel .rx-about >> nth=0") == "3300 × 3300 px"
    assert page.is_hidden(".rx-trouble")


def test_hostile_files_are_refused_in_words(page: Page, address: str, photograph: Path) -> None:
    visit(page, f"{address}?lang=en")
    hostile = {
        '"><img src=x onerror=alert(1)>.svg': b"<svg onload='alert(1)'/>",
        "cut.png": photograph.read_bytes()[:5000],
        "empty.png": b"",
    }
    for words in (["not a picture", "damaged", "empty"], ["不是可识别", "已损坏", "空文件"]):
        for (name, data), word in zip(hostile.items(), words, strict=True):
            file = {"name": name, "mimeType": "image/png", "buffer": data}
            page.set_input_files(".rx-file", files=[file])
            page.wait_for_selector(f".rx-trouble:has-text('{word}')")
            assert page.is_disabled(".rx-go")
            assert page.locator(".rx-stage img").count() == 0, "not even a broken one"
            assert page.is_visible(".rx-original .rx-empty")
        assert page.locator(".rx img[src=x]").count() == 0
        page.set_input_files(".rx-file", photograph)  # the page is none the worse
        page.wait_for_selector(".rx-more button[aria-disabled=false]", state="attached")
        assert page.is_hidden(".rx-trouble")
        page.click(".rx-head button")  # in the other language


def test_chinese_page(page: Page, address: str) -> None:
    visit(page, f"{address}?lang=zh")
    page.wait_for_selector(READY)
    page.wait_for_selector("text=就绪")
    assert page.get_attribute("html", "lang") == "zh-CN"
    assert page.inner_text(".rx-go") == "去除背景"
    page.click(".rx-head button")
    assert page.inner_text(".rx-go") == "Remove background"
    english = {
        text for text, chinese in strings("served")["zh"].items() if text and text != chinese
    }
    page.click(".rx-head button")
    shown = set(page.inner_text(".rx").split("\n"))
    assert not (shown & english - {"English"})


def test_light_and_dark_are_chosen_and_remembered(page: Page, address: str) -> None:
    page.goto(address, wait_until="commit")
    page.locator("[name=theme][value=dark]").check(force=True)
    behind = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(behind) == "rgb(19, 19, 20)"
    page.reload(wait_until="commit")
    page.wait_for_selector("[name=theme]:checked", state="attached")
    assert page.evaluate(behind) == "rgb(19, 19, 20)"
    page.locator("[name=theme][value=light]").check(force=True)
    assert page.evaluate(behind) == "rgb(247, 247, 247)"


def test_several_pictures_come_back_as_a_zip(page: Page, address: str) -> None:
    visit(page, address)
    page.wait_for_selector(READY)
    page.select_option("[data-number='0']", "grabcut")
    names = ["chelsea", "coffee"]
    files = [packaged_picture(name) for name in names]
    broken = {"name": "broken.jpg", "mimeType": "image/jpeg", "buffer": b"no"}
    page.set_input_files(
        ".rx-file",
        [
            *({"name": f.name, "mimeType": "image/png", "buffer": f.read_bytes()} for f in files),
            broken,
        ],
    )
    assert page.inner_text(".rx-go") == "Remove 3 backgrounds"
    page.click(".rx-go")
    page.wait_for_function("document.querySelectorAll('.rx-entry-state.rx-done').length == 2")
    page.wait_for_selector(".rx-entry-state.rx-failed")
    with page.expect_download() as download:
        page.click("text=Save all as ZIP")
    archive = zipfile.ZipFile(download.value.path())
    assert archive.testzip() is None
    assert archive.namelist() == [f"{name}-cutout.png" for name in names]
    for file, name in zip(files, archive.namelist(), strict=True):
        assert Image.open(io.BytesIO(archive.read(name))).size == Image.open(file).size


def test_what_no_browser_shows_is_shown_all_the_same(
    page: Page, address: str, photograph: Path, tmp_path: Path
) -> None:
    Image.open(photograph).save(tmp_path / "scan.tiff")
    (tmp_path / "phone.heic").write_bytes(HEIC_TURNED)
    visit(page, address)
    for name, (width, height) in (("scan.tiff", (512, 512)), ("phone.heic", (32, 48))):  # upright
        page.set_input_files(".rx-file", tmp_path / name)
        page.wait_for_function(
            "wide => document.querySelector('.rx-stage img')?.naturalWidth == wide", arg=width
        )
        page.wait_for_selector(f"text={width} × {height} px")


def test_forty_megapixels_of_a_phone(
    page: Page, address: str, photograph: Path, tmp_path: Path
) -> None:
    with Image.open(photograph) as image:
        large = image.convert("RGB").resize((7728, 5152))
    large.save(tmp_path / "IMG_0001.jpg", quality=90)
    visit(page, address)
    page.wait_for_selector(READY)
    page.set_input_files(".rx-file", tmp_path / "IMG_0001.jpg")
    page.wait_for_selector("text=7728 × 5152 px")
    page.context.set_default_timeout(3 * LONG)
    with Image.open(io.BytesIO(result(page))) as cut:
        assert (cut.size, cut.mode) == ((7728, 5152), "RGBA")
        alpha = np.asarray(cut.getchannel("A"))
    assert alpha[0, -1] == 0
    assert alpha[2576, 3864] == 255


def test_a_session_that_ended_is_said_with_a_way_out(
    page: Page, address: str, photograph: Path
) -> None:
    visit(page, address)
    page.wait_for_selector(READY)
    page.set_input_files(".rx-file", photograph)
    page.wait_for_selector(".rx-more button[aria-disabled=false]", state="attached")
    config = page.evaluate("document.getElementById('jupyter-config-data').textContent")
    kernel = f"kernel-{json.loads(config)['kernelId']}.json"
    (process,) = (
        found
        for found in psutil.process_iter(["cmdline"])
        if any(kernel in part for part in found.info["cmdline"] or ())
    )
    process.kill()
    page.clock.install()
    page.click(".rx-go")
    page.clock.run_for(18_000)
    page.wait_for_selector(".rx-trouble:has-text('connection to the server was lost')")
    page.clock.resume()
    page.click("text=Reload")
    page.wait_for_selector(READY)


def test_two_visitors_at_once_and_one_leaves(
    browser: Browser, page: Page, address: str, photograph: Path
) -> None:
    other = browser.new_context().new_page()
    for visitor in (other, page):
        visit(visitor, address)
        visitor.wait_for_selector(READY, timeout=LONG)
        visitor.set_input_files(".rx-file", photograph)
    other.click(".rx-go")
    page.click(".rx-go")
    other.context.close()  # in mid-work
    page.wait_for_selector(".rx-has")


def test_a_case_is_chosen_and_added_to_the_case_set(page: Page, address: str, mine: Path) -> None:
    visit(page, address)
    page.wait_for_selector(READY)
    page.select_option(".rx-controls > .rx-field select", "pet/chelsea")
    page.wait_for_selector("text=Chosen: chelsea.png")
    page.click("text=Add to my case set")
    assert page.input_value(".rx-more select") == "pet", "the case's own category"
    page.click(".rx-more button")
    page.wait_for_selector("text=Added: pet/")
    (case,) = load_cases(mine).cases
    assert case.category == "pet"
    assert not case.failure
    page.locator(".rx-stage").first.focus()
    for key in ("d", " ", "Shift+ArrowRight", "Shift+ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.wait_for_selector("text=once the background is removed")
    page.select_option("[data-part=kind]", "opaque")
    page.click("[data-do=write-point]")
    page.wait_for_selector("text=Written to ")
    (point,) = load_cases(mine).cases[0].about.points
    assert (point.kind, point.box) == ("opaque", (226, 150, 10, 10))


def test_a_page_starts_also_where_its_widget_is_not_drawn(page: Page, address: str) -> None:
    """As where Jupyter has looked for it in vain: on a busy machine it may come later."""
    page.add_init_script("""new MutationObserver(() => {
      for (const output of document.querySelectorAll("#rendered_cells script")) output.remove();
    }).observe(document, { childList: true, subtree: true });""")
    visit(page, address)
    page.wait_for_selector(READY)


def test_a_narrow_page_does_not_scroll_sideways(page: Page, address: str, photograph: Path) -> None:
    page.set_viewport_size({"width": 360, "height": 700})
    visit(page, address)
    long = {"name": f"{'n' * 200}.png", "mimeType": "image/png", "buffer": photograph.read_bytes()}
    page.set_input_files(".rx-file", files=[long])
    page.wait_for_selector(".rx-tools")
    result(page)
    assert "nnn" in page.inner_text(".rx-status")
    narrow = """[...document.querySelectorAll('.rx *')].filter(e => e.checkVisibility()
        && [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim().length > 2)
        && e.clientHeight > 3 * parseFloat(getComputedStyle(e).lineHeight)
        && e.clientWidth < 40).map(e => e.outerHTML)"""
    for _ in ("English", "中文"):
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.evaluate(narrow) == [], "no text is a column of letters"
        page.click(".rx-head button")


def test_every_control_has_a_name_and_is_reached_by_key(page: Page, address: str) -> None:
    visit(page, address)
    page.wait_for_selector(READY)
    nameless = page.evaluate(
        """[...document.querySelectorAll('.rx button, .rx input, .rx select, .rx a, .rx-stage')]
        .filter(e => !(e.ariaLabel || e.labels?.[0]?.textContent.trim() || e.textContent.trim()))
        .map(e => e.outerHTML)"""
    )
    assert nameless == []
    for _ in ("language", "light or dark", "keys", "file"):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "rx-file"
    assert page.locator(".rx [role=status]").count() >= 2
