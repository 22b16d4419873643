"""Zooming and moving pictures together: by fingers, wheel, hand and keys, to single pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from rmbg_eval.web import script


def panels(page: Page, scrolls: bool, style: str = "") -> None:
    """Two panels of 300 × 300, moved together by `zoom`; the picture has 600 × 600 pixels."""
    page.set_content(
        "<style>.stage { position: relative; width: 300px; height: 300px; float: left; overflow:"
        " hidden; touch-action: pan-x pan-y } img { position: absolute; top: 0; left: 0;"
        f" transform-origin: 0 0 }} body {{ margin: 0; height: 3000px; {style} }}</style>"
        "<div class=stage><img></div><div class=stage><img></div>"
    )
    page.add_script_tag(content=script("served"))
    page.evaluate(
        """scrolls => {
        window.zoom = new $zoom.Zoom({ changed: () => {}, scrolls });
        for (const box of document.querySelectorAll(".stage")) {
          zoom.panels.push({ box, layer: box.firstChild });
          zoom.listen(box);
        }
        zoom.size = [600, 600];
        zoom.place();
        window.scale = () => zoom.looking().scale;
        }""",
        scrolls,
    )


def hand(page: Page) -> Callable[..., None]:
    """What starts, moves and ends a touch by fingers at these places."""
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *fingers: tuple[int, int]) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(fingers)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    return touch


def test_two_fingers_zoom_and_move_all_panels(browser: Browser) -> None:
    context = browser.new_context(has_touch=True, viewport={"width": 700, "height": 400})
    page = context.new_page()
    panels(page, scrolls=True)
    touch = hand(page)

    def seen() -> list[str]:
        return page.evaluate(
            "[...document.querySelectorAll('img')].map(image => image.style.transform)"
        )

    assert seen() == ["translate(0px, 0px) scale(0.5)"] * 2
    touch("touchStart", (100, 150))
    touch("touchStart", (100, 150), (200, 150))
    touch("touchMove", (50, 150), (250, 150))  # twice as far apart, about the middle
    assert seen() == ["translate(-150px, -150px) scale(1)"] * 2
    touch("touchMove", (60, 130), (260, 130))  # as far, elsewhere
    assert seen() == ["translate(-140px, -170px) scale(1)"] * 2
    touch("touchEnd")
    touch("touchStart", (100, 150))
    touch("touchMove", (130, 150))
    touch("touchMove", (150, 150))
    touch("touchEnd")
    assert seen() == ["translate(-90px, -170px) scale(1)"] * 2
    touch("touchStart", (250, 150))
    touch("touchMove", (290, 150))
    touch("touchMove", (350, 150))  # over the other panel by now
    touch("touchEnd")
    assert seen() == ["translate(10px, -170px) scale(1)"] * 2
    assert page.evaluate("[scrollY, visualViewport.scale]") == [0, 1]
    context.close()


def test_one_finger_scrolls_the_page_or_draws_and_two_zoom(browser: Browser) -> None:
    context = browser.new_context(has_touch=True, viewport={"width": 700, "height": 400})
    page = context.new_page()
    panels(page, scrolls=True)
    touch = hand(page)
    page.evaluate("zoom.draw = (line) => { window.line = line; }")
    touch("touchStart", (100, 150))
    touch("touchMove", (130, 150))
    touch("touchMove", (350, 160))  # over the other panel
    touch("touchEnd")
    assert page.evaluate("[line, zoom.view]") == [[200, 300, 700, 320], None]
    page.evaluate("line = null")
    touch("touchStart", (100, 150), (200, 150))
    touch("touchMove", (50, 150), (250, 150))
    touch("touchEnd")
    assert page.evaluate("[line, scale()]") == [None, 1]
    page.evaluate("zoom.draw = null; zoom.fit()")
    touch("touchStart", (100, 150))
    touch("touchMove", (100, 100))
    touch("touchMove", (100, 50))
    touch("touchEnd")
    assert page.evaluate("zoom.view") is None  # all of it is seen: the page's own
    context.close()


@pytest.fixture
def fine(browser: Browser) -> Iterator[Page]:
    """Panels on a screen of two pixels for one of CSS, a quarter of that off its edge."""
    context = browser.new_context(device_scale_factor=2, viewport={"width": 700, "height": 400})
    page = context.new_page()
    panels(page, scrolls=False, style="padding-left: 0.25px")
    yield page
    context.close()


def test_at_100_percent_a_pixel_of_the_picture_is_one_of_the_screen(fine: Page) -> None:
    seen = """(({ style, className }) => [
        zoom.percent, scale(), Number(style.getPropertyValue("--scale")), className
    ])(document.images[0])"""
    assert fine.evaluate(seen) == [100, 0.5, 0.5, ""]  # 600 pixels in 300
    press = "key => zoom.key(new KeyboardEvent('keydown', { key }))"
    for key, percent in (("+", 200), ("+", 400), ("-", 200), ("1", 100), ("-", 50), ("0", 100)):
        assert fine.evaluate(press, key)
        pixels = "pixels" if percent > 100 else ""
        assert fine.evaluate(seen) == [percent, percent / 200, percent / 200, pixels]
    for near, key, percent in (
        (0.995, "+", 200),
        (1.005, "-", 50),
    ):  # that near is as good as there
        fine.evaluate("near => zoom.zoom(near / 2)", near)
        fine.evaluate(press, key)
        assert fine.evaluate("zoom.percent") == percent
    fine.evaluate("zoom.fit()")
    assert not fine.evaluate(press, "ArrowLeft")  # all of it is seen: there is nowhere to go
    assert fine.evaluate("zoom.view") is None
    fine.evaluate("zoom.look({ x: 100.3, y: 50.7, scale: 2.3 })")
    edges = np.array(
        fine.evaluate(
            """[...document.images].map(e => e.getBoundingClientRect()).flatMap(
            ({ left, top }) => [2 * left, 2 * top])"""
        )
    )
    assert edges == pytest.approx(edges.round(), abs=0.01)  # between them pixels would mix


@pytest.mark.parametrize(
    ("size", "least"), [((600, 600), 0.25), ((6000, 3000), 0.025), ((60, 30), 0.5)]
)
def test_a_picture_is_not_seen_farther_or_closer_than_one_can_tell(
    fine: Page, size: tuple[int, int], least: float
) -> None:
    fine.evaluate("size => { zoom.size = size; zoom.zoom(0); }", size)
    assert fine.evaluate("scale()") == least
    fine.evaluate("zoom.zoom(1000)")
    assert fine.evaluate("scale()") == 16  # 32 pixels of the screen
    fine.evaluate("zoom.look({ x: 1e5, y: 1e5, scale: 1 })")
    assert fine.evaluate("[zoom.view.x, zoom.view.y]") == [*size]
    fine.evaluate("zoom.look({ x: -1, y: -1, scale: 1 })")
    assert fine.evaluate("[zoom.view.x, zoom.view.y]") == [0, 0]


WHEEL = """given => {
  zoom.fit();
  const event = new WheelEvent("wheel", {
    deltaY: -100, clientX: 150, clientY: 150, cancelable: true, bubbles: true, ...given });
  document.querySelector(".stage").dispatchEvent(event);
  return [scale() / 0.5, event.defaultPrevented];
}"""


@pytest.mark.parametrize("scrolls", [False, True])
def test_a_wheel_scrolls_what_scrolls_and_else_zooms_as_fast_as_it_turns(
    page: Page, scrolls: bool
) -> None:
    panels(page, scrolls)
    alone = [1, False] if scrolls else [pytest.approx(np.exp(0.2)), True]
    assert page.evaluate(WHEEL, {}) == alone
    for key in ("ctrlKey", "metaKey"):  # a pinch on a touchpad, or asked for
        assert page.evaluate(WHEEL, {key: True}) == [pytest.approx(np.exp(0.5)), True]
    lines = {"deltaY": -3, "deltaMode": 1, "ctrlKey": True}
    assert page.evaluate(WHEEL, lines) == [pytest.approx(np.exp(0.15)), True]


GESTURE = """([type, scale]) => {
  const event = new UIEvent(type, { cancelable: true, bubbles: true });
  document.querySelector(".stage").dispatchEvent(
    Object.assign(event, { scale, clientX: 150, clientY: 150 }));
  return [window.scale() / 0.5, event.defaultPrevented];
}"""


@pytest.mark.parametrize("scrolls", [False, True])
def test_a_pinch_as_safari_tells_it_zooms_and_the_page_keeps_still(
    browser: Browser, scrolls: bool
) -> None:
    page = browser.new_context(has_touch=True).new_page()
    panels(page, scrolls)
    told = [page.evaluate(GESTURE, [f"gesture{kind}", scale])
            for kind, scale in (("start", 1), ("change", 1.5), ("change", 2), ("end", 2),
                                ("start", 1.0), ("change", 0.75))]  # fmt: skip
    assert told == [[1, True], [1.5, True], [2, True], [2, False], [2, True], [1.5, True]]
    touch = hand(page)
    page.evaluate("zoom.fit()")
    touch("touchStart", (100, 150), (200, 150))
    assert page.evaluate(GESTURE, ["gesturestart", 1.0]) == [1, True]
    assert page.evaluate(GESTURE, ["gesturechange", 2.0]) == [1, True]  # the fingers have done it
    page.context.close()


def test_what_lies_under_the_pointer_stays_there_in_whichever_panel(page: Page) -> None:
    panels(page, scrolls=False)
    for x in (100, 400):  # the same place of either
        page.evaluate("x => { zoom.fit(); zoom.zoom(1, { clientX: x, clientY: 60 }); }", x)
        assert page.evaluate("[zoom.view.x, zoom.view.y]") == [250, 210]
        assert page.evaluate("x => zoom.point({ clientX: x, clientY: 60 })", x) == [200, 120]
    page.evaluate("document.querySelector('.stage').style.display = 'none'")
    assert page.evaluate("zoom.fitting()") == 0.5  # by the one that is seen


def test_a_hand_that_trembles_clicks_and_only_the_first_button_drags(page: Page) -> None:
    panels(page, scrolls=False)
    page.evaluate("zoom.zoom(1)")
    moved = "[zoom.moved, zoom.view.x, zoom.view.y]"

    def drag(dx: int, button: str = "left") -> object:
        page.mouse.move(150, 150)
        page.mouse.down(button=button)
        page.mouse.move(150 + dx, 150)
        page.mouse.up(button=button)
        return page.evaluate(moved)

    assert drag(2) == [False, 300, 300]
    assert drag(5) == [True, 295, 300]
    page.mouse.move(200, 200)  # without a button
    assert drag(50, "right") == [False, 295, 300]
    page.mouse.move(150, 150)
    page.mouse.down()
    page.mouse.move(160, 150)
    page.mouse.move(650, 150)  # out of the panels, and let go of there
    page.mouse.up()
    page.mouse.move(150, 150)
    assert page.evaluate(moved) == [True, 0, 300]


def test_what_is_drawn_goes_on_beyond_the_panel_where_it_began(page: Page) -> None:
    panels(page, scrolls=False)
    page.evaluate("zoom.draw = (line) => { window.line = line; }")
    page.mouse.move(250, 150)
    page.mouse.down()
    page.mouse.move(280, 150)
    page.mouse.move(350, 160)  # over the other
    page.mouse.up()
    assert page.evaluate("line") == [500, 300, 700, 320]


def test_a_double_click_goes_to_the_single_pixels_and_back_unless_one_draws(page: Page) -> None:
    panels(page, scrolls=False)
    for size, closer in ((600, 1), (6000, 1), (200, 3)):  # twice as close, or one to one
        page.evaluate("size => { zoom.size = [size, size]; zoom.fit(); }", size)
        page.mouse.dblclick(150, 150)
        assert page.evaluate("scale()") == closer
        page.mouse.dblclick(150, 150)
        assert page.evaluate("zoom.view") is None
    page.evaluate("zoom.draw = () => {}")
    page.mouse.dblclick(150, 150)
    assert page.evaluate("zoom.view") is None


def test_keys_of_the_browser_are_its_own_and_those_of_the_panels_no_one_else_s(page: Page) -> None:
    panels(page, scrolls=False)
    press = """given => {
        const event = new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...given });
        let heard = false;
        document.body.onkeydown = () => { heard = true; };
        document.images[0].addEventListener("keydown", (e) => zoom.key(e), { once: true });
        document.images[0].dispatchEvent(event);
        return [heard, event.defaultPrevented, zoom.view && [zoom.view.x, zoom.view.y, scale()]];
    }"""
    for key in ("ctrlKey", "metaKey", "altKey"):
        assert page.evaluate(press, {"key": "+", key: True}) == [True, False, None]
    assert page.evaluate(press, {"key": "1"}) == [False, True, [300, 300, 1]]
    assert page.evaluate(press, {"key": "ArrowRight"}) == [False, True, [380, 300, 1]]
    assert page.evaluate(press, {"key": "ArrowUp"}) == [False, True, [380, 220, 1]]


def test_a_part_is_visited_with_air_around_it(page: Page) -> None:
    panels(page, scrolls=False)
    for part, view in (
        ((100, 100, 100, 50), (150, 125, 1.442)),  # 300 / (1.6 · 100 + 48)
        ((100, 100, 50, 100), (125, 150, 1.442)),
    ):
        page.evaluate("part => zoom.visit(part)", part)
        assert page.evaluate("[zoom.view.x, zoom.view.y, scale()]") == [*view]
    page.evaluate("zoom.visit([0, 0, 600, 600])")  # which leaves no air
    assert page.evaluate("[zoom.view, scale()]") == [None, 0.5]
    page.evaluate("zoom.size = [10, 10]; zoom.visit([4, 4, 1, 1])")
    assert page.evaluate("[zoom.view, scale()]") == [None, 30], "as near as it is, whole"
