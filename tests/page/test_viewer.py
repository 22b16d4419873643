"""Looking closely: panels that zoom together, slider and blend, points, keys, and the address."""

from __future__ import annotations

from pathlib import Path

import pytest
from pages import opened
from playwright.sync_api import Page, expect

DRESS = "[id^=case-garment-dress]"


@pytest.fixture
def viewer(page: Page, pages: dict[str, Path]) -> Page:
    """The dress in the viewer, opened by a click on the second model's result."""
    opened(page, pages["single"].as_uri())
    page.locator(f"{DRESS} [data-kind=result] a").nth(1).click()
    expect(page.locator("#viewer")).to_be_visible()
    return page


def places(page: Page) -> list[str]:
    return page.eval_on_selector_all(
        "#viewer .canvas", "all => all.map(each => each.style.transform)"
    )


def fragment(page: Page) -> dict[str, str]:
    return page.evaluate("Object.fromEntries(new URLSearchParams(location.hash.slice(1)))")


def names(page: Page) -> list[str]:
    found = page.locator("#viewer .name").all_inner_texts()
    return [name.partition(" · preview")[0].removesuffix(" · 预览图，小于原尺寸") for name in found]


def test_original_result_alpha_and_error_stand_side_by_side(viewer: Page) -> None:
    assert names(viewer) == [
        "Original",
        "Result · By hand",
        "Alpha · By hand",
        "Error · By hand",
    ]


def test_all_panels_zoom_and_move_together(viewer: Page) -> None:
    before = places(viewer)
    box = viewer.locator("#viewer .pane").first.bounding_box()
    viewer.mouse.move(box["x"] + 40, box["y"] + 30)
    viewer.mouse.wheel(0, -600)
    viewer.wait_for_timeout(50)
    closer = places(viewer)
    assert len(set(before)) == len(set(closer)) == 1
    assert len(closer) == 4
    assert closer != before
    viewer.mouse.down()
    viewer.mouse.move(box["x"] + 90, box["y"] + 60)
    viewer.mouse.up()
    assert len(set(places(viewer))) == 1
    assert places(viewer) != closer


def test_the_pixel_under_the_pointer_stays_there(viewer: Page) -> None:
    box = viewer.locator("#viewer .pane").nth(1).bounding_box()
    x, y = box["x"] + 70, box["y"] + 50
    under = (
        "([x, y]) => { const r = document.querySelectorAll('#viewer .canvas')[1]"
        ".getBoundingClientRect(); return [(x - r.left) / r.width, (y - r.top) / r.height]; }"
    )
    before = viewer.evaluate(under, [x, y])
    viewer.mouse.move(x, y)
    viewer.mouse.wheel(0, -300)
    viewer.wait_for_timeout(50)
    assert viewer.evaluate(under, [x, y]) == pytest.approx(before, abs=0.01)


def test_single_pixels_are_seen_as_such(viewer: Page) -> None:
    rendering = "getComputedStyle(document.querySelector('#viewer .canvas img')).imageRendering"
    viewer.keyboard.press("1")
    assert viewer.evaluate(rendering) == "auto"
    for _ in range(8):
        viewer.keyboard.press("+")
    assert viewer.evaluate(rendering) == "pixelated"


def test_a_point_is_zoomed_to_and_marked_by_shape(viewer: Page) -> None:
    link = viewer.locator("#viewer .aside a[data-point=corner]")
    link.click()
    assert fragment(viewer)["point"] == "corner"
    x, y, _ = (float(part) for part in fragment(viewer)["at"].split(","))
    assert (x, y) == (6, 5)
    shapes = viewer.locator("#viewer .pane").first.locator("svg")
    dash = "getComputedStyle(e).strokeDasharray"
    assert shapes.locator(".failed").evaluate(f"e => {dash}") != "none"
    assert shapes.locator(".passed").evaluate(f"e => {dash}") == "none"


def test_a_wide_point_is_not_seen_smaller_than_the_whole_picture(viewer: Page) -> None:
    row = viewer.locator("#viewer .aside tr[data-point=corner]")
    row.evaluate("e => e.dataset.box = '0,0,96,64'")
    row.locator("a").click()
    scale = float(fragment(viewer)["at"].split(",")[2])
    pane = viewer.locator("#viewer .pane").first
    whole = pane.evaluate("e => Math.min(e.clientWidth / 96, e.clientHeight / 64)")
    assert scale == pytest.approx(min(16, whole), abs=0.002)


def test_a_click_on_the_shape_zooms_to_its_point(viewer: Page) -> None:
    viewer.locator("#viewer .pane").first.locator("[data-point=middle]").click()
    assert fragment(viewer)["point"] == "middle"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("original", "result:By hand"),
        ("result:grabcut", "result:By hand"),
        ("result:By hand", "true-cutout"),
    ],
)
def test_the_slider_never_swaps_its_labels(viewer: Page, a: str, b: str) -> None:
    viewer.locator("[name=viewer-mode][value=slider]").check()
    viewer.locator("[data-part=a]").select_option(a)
    viewer.locator("[data-part=b]").select_option(b)
    left, right = names(viewer)
    assert left.startswith("A ")
    assert right.startswith("B ")
    for share in (0, 30, 100):
        viewer.locator("[data-part=share]").fill(str(share))
        clips = viewer.eval_on_selector_all(
            "#viewer .pane", "all => all.map(e => e.style.clipPath)"
        )
        assert clips == [f"inset(0px {100 - share}% 0px 0px)", f"inset(0px 0px 0px {share}%)"]
        assert names(viewer) == [left, right]
    shown = viewer.eval_on_selector_all(
        "#viewer .canvas", "all => all.map(e => [...e.classList].filter(c => c !== 'pixels')[1])"
    )
    assert shown == [a.partition(":")[0], b.partition(":")[0]]


def test_the_handle_is_dragged(viewer: Page) -> None:
    viewer.locator("[name=viewer-mode][value=slider]").check()
    stage = viewer.locator("#viewer .stage").bounding_box()
    handle = viewer.locator("#viewer .handle").bounding_box()
    viewer.mouse.move(handle["x"] + 12, handle["y"] + 100)
    viewer.mouse.down()
    viewer.mouse.move(stage["x"] + 0.25 * stage["width"], handle["y"] + 100)
    viewer.mouse.up()
    assert float(viewer.locator("[data-part=share]").input_value()) == pytest.approx(25, abs=1)


def test_blend_shows_b_over_a(viewer: Page) -> None:
    viewer.locator("[name=viewer-mode][value=blend]").check()
    viewer.locator("[data-part=share]").fill("30")
    opacity = viewer.eval_on_selector_all("#viewer .canvas", "all => all.map(e => e.style.opacity)")
    assert opacity[1] == "0.3"


def test_pictures_of_different_sizes_lie_upon_each_other(viewer: Page) -> None:
    """Previews are smaller than what lies beside them: all are laid out in the case's pixels."""
    sizes = viewer.eval_on_selector_all(
        "#viewer .canvas", "all => all.map(e => [e.style.width, e.style.height])"
    )
    assert sizes == [["96px", "64px"]] * 4


def test_arrows_turn_to_the_next_case_and_keep_the_place(viewer: Page) -> None:
    title = viewer.locator("#viewer-title").inner_text()
    for _ in range(3):
        viewer.keyboard.press("+")
    scale = fragment(viewer)["at"].split(",")[2]
    viewer.keyboard.press("ArrowRight")
    assert viewer.locator("#viewer-title").inner_text() != title
    assert fragment(viewer)["at"].split(",")[2] == scale
    viewer.keyboard.press("ArrowLeft")
    assert viewer.locator("#viewer-title").inner_text() == title


def test_an_address_leads_to_case_point_and_mode_again(
    viewer: Page, pages: dict[str, Path]
) -> None:
    viewer.locator("[name=viewer-mode][value=slider]").check()
    viewer.locator("#viewer .aside a[data-point=corner]").click()
    address, before = viewer.url, (places(viewer), names(viewer))
    viewer.goto("about:blank")
    opened(viewer, address)
    expect(viewer.locator("#viewer")).to_be_visible()
    assert (places(viewer), names(viewer)) == before


def test_escape_closes_and_gives_the_focus_back(viewer: Page) -> None:
    viewer.keyboard.press("Escape")
    expect(viewer.locator("#viewer")).to_be_hidden()
    assert viewer.evaluate("!!document.activeElement.closest('article.case')")
    assert "view" not in fragment(viewer)


def test_escape_leads_to_the_case_that_was_open(page: Page, pages: dict[str, Path]) -> None:
    """Cases between the two are laid out with a guessed height until they come into view."""
    page.set_viewport_size({"width": 1280, "height": 360})
    opened(page, pages["single"].as_uri())
    page.add_style_tag(content=".rmbg .case .panels { min-height: 1860px }")
    first = page.locator("article.case").first
    first.evaluate("e => e.scrollIntoView()")
    first.locator("[data-kind=result] a").first.click()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    title = page.locator("#viewer-title").inner_text()
    page.keyboard.press("Escape")
    page.wait_for_timeout(500)
    at = page.evaluate("document.elementFromPoint(640, 120).closest('article.case')?.innerText")
    assert title in at


def test_the_handle_of_the_slider_is_not_the_pictures(viewer: Page) -> None:
    viewer.locator("[name=viewer-mode][value=slider]").check()
    before = places(viewer)
    handle = viewer.locator("#viewer .handle").bounding_box()
    viewer.mouse.move(handle["x"] + 12, handle["y"] + 100)
    viewer.mouse.down()
    viewer.mouse.move(handle["x"] + 90, handle["y"] + 150)
    viewer.mouse.up()
    assert places(viewer) == before


def test_a_double_click_goes_closer_and_back(viewer: Page) -> None:
    before = places(viewer)
    box = viewer.locator("#viewer .pane").first.bounding_box()
    viewer.mouse.dblclick(box["x"] + box["width"] - 40, box["y"] + 60)
    assert places(viewer) != before
    viewer.mouse.dblclick(box["x"] + box["width"] - 40, box["y"] + 60)
    assert places(viewer) == before


def test_all_of_it_by_keyboard(page: Page, pages: dict[str, Path]) -> None:
    opened(page, pages["single"].as_uri())
    page.locator(f"{DRESS} [data-kind=original] a").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#viewer")).to_be_visible()
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "document.activeElement.dataset.do ?? document.activeElement"
                ".dataset.part ?? document.activeElement.name"
            )
        )
    assert {"previous", "next", "close", "fit", "one", "in", "out", "viewer-mode", "a"} <= reached
    outline = page.locator("#viewer [data-do=close]")
    outline.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert outline.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"


def test_in_the_folder_layout_alpha_is_seen_at_full_size(
    page: Page, pages: dict[str, Path]
) -> None:
    opened(page, pages["folder"].as_uri())
    page.locator("[id^=case-portrait-ada] [data-kind=result] a").first.click()
    drawn = page.locator("#viewer .canvas.alpha canvas")
    expect(drawn).to_be_visible()
    assert drawn.evaluate("e => [e.width, e.height]") == [640, 480]
    assert page.locator("#viewer .pane.preview").count() == 0
