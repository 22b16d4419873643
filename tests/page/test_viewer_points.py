"""Points in the viewer: their list, what was measured, and where they are on the pictures."""

from __future__ import annotations

from pages import fragment, places
from playwright.sync_api import Page, expect


def test_a_point_is_zoomed_to_and_outlined_on_every_picture(viewer: Page) -> None:
    assert viewer.locator("#viewer .region").count() == 0
    viewer.locator("#viewer .aside a[data-point=corner]").click()
    assert fragment(viewer)["point"] == "corner"
    x, y, _ = (float(part) for part in fragment(viewer)["at"].split(","))
    assert (x, y) == (6, 5)
    paths = viewer.eval_on_selector_all("#viewer .region .dash", "all => all.map(e => e.outerHTML)")
    assert len(paths) == 4
    assert all('d="M2,2L10,2L10,8L2,8Z"' in path for path in paths)
    current = viewer.locator("#viewer .point[data-current]")
    assert current.get_attribute("data-point") == "corner"


def test_missed_points_come_first_with_what_was_measured_and_expected(viewer: Page) -> None:
    rows = viewer.locator("#viewer .point")
    assert [row.get_attribute("data-point") for row in rows.all()] == ["corner", "middle"]
    text = rows.first.inner_text()
    assert "≥\u00a095\u00a0%" in text
    assert "By hand" in text
    assert rows.first.locator("svg.range").count() == 2
    assert "missed of 2" in viewer.locator("#viewer .points h4").inner_text()


def test_a_models_name_is_whole_beside_its_values_in_a_small_window(viewer: Page) -> None:
    viewer.set_viewport_size({"width": 1024, "height": 768})
    name = viewer.locator("#viewer .points .missed .model").first
    name.evaluate("e => { e.textContent = 'isnet-matting'; }")
    assert name.evaluate("e => e.scrollWidth <= e.clientWidth")


def test_up_and_down_go_to_the_points(viewer: Page) -> None:
    for key, point in (("ArrowDown", "corner"), ("ArrowDown", "middle"), ("ArrowUp", "corner")):
        viewer.keyboard.press(key)
        assert fragment(viewer)["point"] == point
    expect(viewer.locator("#viewer [data-part=points] [aria-current]")).to_have_count(1)


def test_the_list_of_points_gives_its_place_to_the_pictures(viewer: Page) -> None:
    before = viewer.locator("#viewer .stage").bounding_box()["width"]
    viewer.keyboard.press("p")
    expect(viewer.locator("#viewer .aside")).to_be_hidden()
    assert viewer.locator("#viewer .stage").bounding_box()["width"] > before
    viewer.keyboard.press("p")
    expect(viewer.locator("#viewer .aside")).to_be_visible()


def test_a_point_as_wide_as_the_picture_shows_all_of_it(viewer: Page) -> None:
    """And so, in whichever mode one looks next, as much as that has room for."""
    row = viewer.locator("#viewer .aside li[data-point=corner]")
    row.evaluate("e => e.dataset.box = '0,0,96,64'")
    viewer.keyboard.press("+")
    row.locator("a").click()
    assert "at" not in fragment(viewer)
    viewer.keyboard.press("3")
    before = places(viewer)
    viewer.keyboard.press("0")
    assert places(viewer) == before


def test_an_outline_is_shown_where_the_pointer_is_on_a_point(viewer: Page) -> None:
    viewer.locator("#viewer .point[data-point=middle]").hover()
    assert "M40,28" in viewer.locator("#viewer .region .dash").first.get_attribute("d")
    viewer.locator("#viewer .stage").hover()
    assert viewer.locator("#viewer .region").count() == 0
