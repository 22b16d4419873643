"""Looking closely: all models, one model, slider, blink and blend; keys, film, saving."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from pages import CALM, DRESS, Pages, Window, fragment, look, opened, places, served, whole
from PIL import Image
from playwright.sync_api import Page, expect

from rmbg_eval.web import script


def moved_from(page: Page, before: list[str]) -> None:
    """Once the browser has told the page of the wheel, as it does when it comes to it."""
    there = re.compile(re.escape(f"transform: {before[0]};"))
    expect(page.locator("#viewer .canvas").first).not_to_have_attribute("style", there)


def names(page: Page) -> list[str]:
    return page.locator("#viewer .name b").all_inner_texts()


def mode(page: Page, name: str) -> None:
    page.locator(f"#viewer [data-mode={name}]").click()


def choose(page: Page, side: str, value: str) -> None:
    page.locator(f'#viewer [data-part={side}] button[value="{value}"]').click()


def test_all_models_stand_between_the_original_and_the_truth(viewer: Page) -> None:
    assert names(viewer) == ["Original", "grabcut", "By hand", "True alpha"]


def test_keys_are_heard_after_whatever_was_pressed(viewer: Page) -> None:
    """What had the focus may be gone or hidden; on the page behind nothing hears a key."""
    within = "document.querySelector('#viewer').contains(document.activeElement)"
    viewer.keyboard.press("3")
    original = viewer.locator("#viewer [data-part=a] button[value=original]")
    original.focus()
    viewer.keyboard.press("Enter")
    expect(original).to_be_focused()
    error = viewer.locator("#viewer [data-layer=error]")
    for at, key in (
        ("[data-part=a] button", "1"),
        (".film button", "Enter"),
        ("[data-layer=alpha]", "2"),
        (".points a", "p"),
    ):
        viewer.locator(f"#viewer {at}").first.focus()
        viewer.keyboard.press(key)
        viewer.evaluate("new Promise(requestAnimationFrame)")  # what is hidden loses the focus
        assert viewer.evaluate(within), at
        viewer.goto(viewer.url.split("#")[0])
        look(viewer, viewer.locator(f"{DRESS} [data-kind=result] a").nth(1))
        viewer.keyboard.press("3")
    error.focus()
    viewer.keyboard.press("ArrowRight")
    expect(error).to_be_disabled()  # there is no truth
    expect(error).to_be_focused()
    viewer.keyboard.press("Enter")
    expect(error).to_have_attribute("aria-pressed", "false")


def test_one_model_is_seen_in_every_way(viewer: Page) -> None:
    viewer.keyboard.press("2")
    assert names(viewer) == ["Original", "Result", "Alpha", "True alpha", "Error"]
    assert fragment(viewer)["mode"] == "one"
    pressed = viewer.locator("#viewer [data-part=a] [aria-pressed=true]")
    assert pressed.inner_text() == "By hand"  # whose result was opened
    choose(viewer, "a", "result:grabcut")
    assert fragment(viewer)["a"] == "result:grabcut"


def test_layers_are_of_every_model(viewer: Page) -> None:
    shown = "all => all.map(e => e.classList[1])"
    for key, kind in (("a", "alpha"), ("e", "error"), ("r", "result")):
        viewer.keyboard.press(key)
        kinds = viewer.eval_on_selector_all("#viewer .canvas", shown)
        assert kinds == ["original", kind, kind, "truth"]
        assert fragment(viewer).get("layer", "result") == kind


def test_at_full_size_the_pixels_are_those_of_the_cutout(window: Window, pages: Pages) -> None:
    """The alpha layer, one to one, on the screen, against the file of the run folder."""
    for layout in ("single", "folder"):
        page = window(viewport={"width": 1600, "height": 1200})
        opened(page, pages[layout].as_uri())
        page.locator("[id^=case-portrait-ada] [data-kind=result] a").nth(0).click()
        page.keyboard.press("3")
        page.keyboard.press("a")
        choose(page, "b", "result:grabcut")
        page.locator("[data-part=share]").fill("0")
        page.locator("#viewer [data-do=one]").click()
        whole(page)
        box = page.locator("#viewer .canvas.alpha").bounding_box()
        assert (box["width"], box["height"]) == (640, 480)
        page.evaluate("document.querySelectorAll('.name, .pick, .handle').forEach(e => e.remove())")
        picture = Image.open(io.BytesIO(page.screenshot())).convert("L")
        x, y = round(box["x"]), round(box["y"])
        seen = np.asarray(picture.crop((x, y, x + 640, y + 480)))
        cutout = pages[layout].parent / "cutouts" / "grabcut" / "portrait" / "ada.png"
        alpha = np.asarray(Image.open(cutout))[..., 3]
        inside = seen[4:-4, 4:-4], alpha[4:-4, 4:-4]
        assert (np.abs(inside[0].astype(int) - inside[1]) > 1).mean() < 0.001


def test_all_panels_zoom_and_move_together(viewer: Page) -> None:
    before = places(viewer)
    box = viewer.locator("#viewer .pane").first.bounding_box()
    viewer.mouse.move(box["x"] + 40, box["y"] + 30)
    viewer.mouse.wheel(0, -600)
    moved_from(viewer, before)
    closer = places(viewer)
    assert len(set(before)) == len(set(closer)) == 1
    assert len(closer) == 4
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
    before, far = viewer.evaluate(under, [x, y]), places(viewer)
    viewer.mouse.move(x, y)
    viewer.mouse.wheel(0, -300)
    moved_from(viewer, far)
    assert viewer.evaluate(under, [x, y]) == pytest.approx(before, abs=0.01)


def test_single_pixels_are_seen_as_such(viewer: Page) -> None:
    rendering = "getComputedStyle(document.querySelector('#viewer .canvas img')).imageRendering"
    viewer.locator("#viewer [data-do=one]").click()
    assert viewer.locator("#viewer [data-part=percent]").inner_text() == "100\u00a0%"
    assert viewer.evaluate(rendering) == "auto"
    for _ in range(8):
        viewer.keyboard.press("+")
    assert viewer.evaluate(rendering) == "pixelated"


def test_names_and_the_key_of_errors_stand_where_they_belong(viewer: Page) -> None:
    """Over the whole picture, not on it; and in the pane of the error."""
    viewer.set_viewport_size({"width": 1800, "height": 700})
    viewer.keyboard.press("3")
    name = viewer.locator("#viewer .name").first.bounding_box()
    picture = viewer.locator("#viewer .canvas").first.bounding_box()
    assert name["y"] + name["height"] <= picture["y"]
    viewer.keyboard.press("2")
    error = viewer.locator("#viewer .pane:has(.canvas.error)")
    key = error.locator(".error-key")
    expect(key).to_be_visible()
    viewer.set_viewport_size({"width": 390, "height": 844})  # what is chosen lies over nothing
    beneath = error.bounding_box()["y"] + error.bounding_box()["height"]
    assert beneath - 16 < key.bounding_box()["y"] + key.bounding_box()["height"] < beneath
    viewer.set_viewport_size({"width": 1800, "height": 700})
    viewer.keyboard.press("1")
    expect(viewer.locator("#viewer .error-key")).to_be_hidden()
    viewer.keyboard.press("e")
    expect(key).to_be_visible()
    viewer.keyboard.press("Escape")
    look(viewer, viewer.locator(f"{DRESS} [data-kind=result] a").nth(1))
    viewer.keyboard.press("e")
    expect(key).to_be_visible()


@pytest.mark.parametrize("how", ["slider", "blend"])
def test_labels_are_never_swapped(viewer: Page, how: str) -> None:
    mode(viewer, how)
    for a, b, labels in (
        ("original", "result:By hand", ["Original", "By hand"]),
        ("result:grabcut", "result:By hand", ["grabcut", "By hand"]),
        ("result:By hand", "truth", ["By hand", "True alpha"]),
        ("result:By hand", "original", ["By hand", "Original"]),
    ):
        choose(viewer, "a", a)
        choose(viewer, "b", b)
        for share in (0, 30, 100):
            viewer.locator("[data-part=share]").fill(str(share))
            clips = viewer.eval_on_selector_all(
                "#viewer .pane", "all => all.map(e => e.style.clipPath)"
            )
            if how == "slider":
                halves = f"inset(0px {100 - share}% 0px 0px)", f"inset(0px 0px 0px {share}%)"
                assert clips == [*halves]
            assert names(viewer) == labels
            left, right = (n.bounding_box()["x"] for n in viewer.locator("#viewer .name").all())
            assert left < 100 < right
        shown = viewer.eval_on_selector_all("#viewer .canvas", "all => all.map(e => e.dataset.key)")
        assert shown == [a, b]


@pytest.mark.parametrize(("key", "title"), [("ArrowLeft", "杯 子#1"), ("ArrowRight", "ada")])
def test_from_a_case_that_is_not_found_one_comes_to_the_first_or_the_last(
    page: Page, pages: Pages, key: str, title: str
) -> None:
    opened(page, pages["single"].as_uri())
    dress = page.locator(f"article{DRESS}").get_attribute("id")
    page.goto("about:blank")
    opened(page, f"{pages['single'].as_uri()}#view={dress}&q=o")  # all others have one
    expect(page.locator("#viewer")).to_be_visible()
    page.keyboard.press(key)
    expect(page.locator("#viewer-title")).to_have_text(title)


@pytest.mark.parametrize(
    ("size", "count", "columns", "rows"),
    [
        ((100, 100), 4, "repeat(2, 499px)", "299px"), ((100, 300), 3, "repeat(3, 332px)", "600px"),
        ((300, 100), 3, "repeat(1, 1000px)", "199px"), ((100, 100), 5, "repeat(3, 332px)", "299px"),
        ((100, 100), 1, "repeat(1, 1000px)", "600px"), ((100, 120), 2, "repeat(2, 499px)", "600px"),
    ],
    ids=str,
)  # fmt: skip
def test_panes_are_as_large_as_they_can_be_and_of_whole_pixels(
    page: Page, size: tuple[int, int], count: int, columns: str, rows: str
) -> None:
    page.set_content("<div style='width: 1000px; height: 600px'>")
    page.add_script_tag(content=script("sources"))  # type: ignore[arg-type]
    found = page.evaluate(
        """([count, size]) => {
        const stage = document.querySelector("div");
        $sources.arrange(stage, count, size);
        return [stage.style.gridTemplateColumns, stage.style.gridAutoRows];
        }""",
        [count, size],
    )
    assert found == [columns, rows]


def test_blink_shows_one_after_the_other_and_can_be_held(viewer: Page) -> None:
    mode(viewer, "blink")
    seen = "all => all.map(e => getComputedStyle(e).visibility)"
    one = viewer.eval_on_selector_all("#viewer .pane", seen)
    assert sorted(one) == ["hidden", "visible"]
    expect(viewer.locator("#viewer .pane").first).to_be_visible(visible=one[0] == "hidden")
    viewer.locator("#viewer [data-do=pause]").click()
    held = viewer.eval_on_selector_all("#viewer .pane", seen)
    viewer.wait_for_timeout(1000)
    assert viewer.eval_on_selector_all("#viewer .pane", seen) == held


def test_who_asks_for_less_motion_has_one_after_the_other_by_hand_alone(viewer: Page) -> None:
    viewer.emulate_media(reduced_motion="reduce")
    mode(viewer, "blink")
    pause = viewer.locator("#viewer [data-do=pause]")
    seen = "all => all.map(e => getComputedStyle(e).visibility)"
    for _ in range(2):
        expect(pause).to_have_attribute("aria-pressed", "true")
        before = viewer.eval_on_selector_all("#viewer .pane", seen)
        pause.click()
        viewer.wait_for_timeout(900)  # a blink later
        assert viewer.eval_on_selector_all("#viewer .pane", seen) == before[::-1]


def test_with_caps_lock_letters_are_the_same_keys(viewer: Page) -> None:
    viewer.locator("#viewer .stage").focus()
    viewer.keyboard.press("Shift+P")
    expect(viewer.locator("#viewer.without-list")).to_be_visible()
    title = viewer.locator("#viewer-title").inner_text()
    viewer.keyboard.press("Shift+J")
    expect(viewer.locator("#viewer-title")).not_to_have_text(title)


def test_the_handle_is_dragged(viewer: Page) -> None:
    mode(viewer, "slider")
    stage = viewer.locator("#viewer .stage").bounding_box()
    handle = viewer.locator("#viewer .handle").bounding_box()
    viewer.mouse.move(handle["x"] + 20, handle["y"] + 100)
    viewer.mouse.down()
    viewer.mouse.move(stage["x"] + 0.25 * stage["width"], handle["y"] + 100)
    viewer.mouse.up()
    assert float(viewer.locator("[data-part=share]").input_value()) == pytest.approx(25, abs=1)


def test_what_is_only_heard_does_not_move_the_bar_out_of_the_window(viewer: Page) -> None:
    """A reader that visits it scrolls to it; nobody could scroll the dialog back."""
    viewer.set_viewport_size({"width": 1280, "height": 500})
    viewer.keyboard.press("d")
    viewer.locator("#viewer .aside .reader-only").evaluate_all(
        "all => all.forEach(e => e.scrollIntoView())"
    )
    assert viewer.locator("#viewer").evaluate("e => e.scrollTop") == 0


def test_on_a_phone_a_blend_has_a_slider_and_the_slider_its_handle(viewer: Page) -> None:
    viewer.set_viewport_size({"width": 390, "height": 844})
    share = viewer.locator("#viewer [data-part=share]")
    mode(viewer, "blend")
    expect(share).to_be_visible()
    mode(viewer, "slider")
    expect(share).to_be_hidden()
    expect(viewer.locator("#viewer .handle")).to_be_visible()


def test_blend_shows_b_over_a(viewer: Page) -> None:
    mode(viewer, "blend")
    viewer.locator("[data-part=share]").fill("30")
    opacity = viewer.eval_on_selector_all("#viewer .canvas", "all => all.map(e => e.style.opacity)")
    assert opacity[1] == "0.3"


def test_pictures_of_different_sizes_lie_upon_each_other(viewer: Page) -> None:
    """Before they are there at full size, too: all are laid out in the case's pixels."""
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


def test_where_there_is_no_truth_no_error_is_shown(viewer: Page) -> None:
    shown = viewer.locator("#viewer [data-layer][aria-pressed=true]")
    viewer.keyboard.press("e")
    expect(shown).to_have_attribute("data-layer", "error")
    viewer.keyboard.press("ArrowRight")
    expect(shown).to_have_attribute("data-layer", "result")
    viewer.keyboard.press("a")
    viewer.keyboard.press("e")
    viewer.locator("#viewer [data-layer=error]").dispatch_event("click")
    viewer.keyboard.press("ArrowLeft")  # alpha there is of every case
    expect(shown).to_have_attribute("data-layer", "alpha")


REFUSES = """const taken = window.taken = { pushState: 0, replaceState: 0 };
for (const name of Object.keys(taken)) {
  const real = history[name];
  history[name] = function (...all) {
    if (++taken[name] > LEAST) throw new DOMException("too many", "SecurityError");
    return real.apply(this, all);
  };
}
"""


def test_a_hand_that_moves_does_not_write_the_address_each_time(page: Page, pages: Pages) -> None:
    """Safari takes a hundred in ten seconds and then throws; here ten."""
    page.add_init_script(REFUSES.replace("LEAST", "10"))
    _, complaints = opened(page, pages["single"].as_uri())
    look(page, page.locator(f"{DRESS} [data-kind=result] a").nth(1))
    box = page.locator("#viewer .pane").first.bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 30)
    page.mouse.wheel(0, -600)
    page.mouse.down()
    for step in range(40):
        page.mouse.move(box["x"] + 40 + step, box["y"] + 60)
    page.mouse.up()
    page.wait_for_timeout(CALM)
    assert page.evaluate("taken.replaceState") < 10
    assert fragment(page)["at"].count(",") == 2
    assert not complaints


def test_where_the_browser_refuses_the_address_the_next_case_is_shown_all_the_same(
    page: Page, pages: Pages
) -> None:
    page.add_init_script(REFUSES.replace("LEAST", "0"))
    _, complaints = opened(page, pages["single"].as_uri())
    look(page, page.locator(f"{DRESS} [data-kind=result] a").nth(1))
    page.keyboard.press("ArrowRight")
    title = page.locator("#viewer-title").inner_text()
    row = page.locator("article.case", has=page.locator("h3", has_text=title))
    words = row.locator("[data-kind=original] img").get_attribute("alt")
    assert (
        page.locator(
            "#viewer .canvas.original [alt], #viewer .canvas.original [aria-label]"
        ).first.evaluate("e => e.ariaLabel || e.alt")
        == words
    )
    page.keyboard.press("Escape")
    expect(page.locator("#viewer")).to_be_hidden()
    assert not complaints


def test_an_address_leads_to_case_point_and_mode_again(viewer: Page) -> None:
    mode(viewer, "slider")
    viewer.locator("#viewer .aside a[data-point=corner]").click()
    address, before = viewer.url, (places(viewer), names(viewer))
    viewer.goto("about:blank")
    opened(viewer, address)
    expect(viewer.locator("#viewer")).to_be_visible()
    assert (places(viewer), names(viewer)) == before


def test_escape_closes_and_gives_the_focus_back(viewer: Page) -> None:
    mode(viewer, "one")
    viewer.keyboard.press("Escape")
    expect(viewer.locator("#viewer")).to_be_hidden()
    assert viewer.evaluate("!!document.activeElement.closest('article.case')")
    expect(viewer).to_have_url(re.compile("^(?!.*view=)"))
    viewer.keyboard.press("Enter")
    expect(viewer.locator("#viewer")).to_have_attribute("data-mode", "all")


def test_escape_gives_the_focus_back_to_what_was_pressed(viewer: Page) -> None:
    viewer.keyboard.press("Escape")
    model = "document.activeElement.closest('figure').dataset.model"
    assert viewer.evaluate(model) == "By hand"


def test_escape_leads_to_the_case_that_was_open(page: Page, pages: Pages) -> None:
    """Cases between the two are laid out with a guessed height until they come into view."""
    page.set_viewport_size({"width": 1280, "height": 500})
    opened(page, pages["single"].as_uri())
    page.add_style_tag(content=".rmbg article.case { min-height: 1860px }")
    first = page.locator("article.case").first
    first.evaluate("e => e.scrollIntoView()")
    first.locator("[data-kind=result] a").first.click()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    title = page.locator("#viewer-title").inner_text()
    page.keyboard.press("Escape")
    page.wait_for_timeout(700)
    at = page.evaluate("document.elementFromPoint(640, 200).closest('article.case')?.innerText")
    assert title in at
    assert title in page.evaluate("document.activeElement.closest('article.case').innerText")


def test_the_handle_of_the_slider_is_not_the_pictures(viewer: Page) -> None:
    mode(viewer, "slider")
    before = places(viewer)
    handle = viewer.locator("#viewer .handle").bounding_box()
    viewer.mouse.move(handle["x"] + 20, handle["y"] + 100)
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


def test_all_of_it_by_keyboard(report: Page) -> None:
    report.locator(f"{DRESS} [data-kind=original] a").focus()
    report.keyboard.press("Enter")
    expect(report.locator("#viewer")).to_be_visible()
    reached = set()
    for _ in range(40):
        report.keyboard.press("Tab")
        reached.add(
            report.evaluate(
                "document.activeElement.dataset.do ?? document.activeElement"
                ".dataset.part ?? document.activeElement.dataset.mode"
            )
        )
    assert {"previous", "next", "close", "fit", "one", "in", "out", "list", "stage"} <= reached
    outline = report.locator("#viewer [data-do=close]")
    outline.focus()
    report.keyboard.press("Shift+Tab")
    report.keyboard.press("Tab")
    assert outline.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"


def test_in_the_folder_layout_everything_is_of_the_files_beside_it(
    page: Page, pages: Pages
) -> None:
    opened(page, pages["folder"].as_uri())
    page.locator("[id^=case-portrait-ada] [data-kind=result] a").first.click()
    page.keyboard.press("a")
    whole(page)
    drawn = page.locator("#viewer .canvas.alpha canvas").first
    assert drawn.evaluate("e => [e.width, e.height]") == [640, 480]
    save = page.locator("#viewer .save a").first
    assert save.get_attribute("href") == "cutouts/grabcut/portrait/ada.png"


def test_a_picture_that_cannot_be_loaded_says_so(page: Page, pages: Pages) -> None:
    page.route("**/cutouts/**", lambda route: route.abort())
    with served(pages["folder"].parent, policy="") as address:
        page.goto(f"{address}/index.html")
        page.locator("[id^=case-portrait-ada] [data-kind=result] a").first.click()
        expect(page.locator("#viewer .pane .lost")).to_have_count(2)
        expect(page.locator("#viewer .lost [lang=zh]").first).to_be_in_viewport()


def test_what_is_under_the_pointer_is_read(viewer: Page, pages: Pages) -> None:
    box = viewer.locator("#viewer .canvas").first.bounding_box()
    viewer.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    under = viewer.locator("#viewer .under")
    expect(under).to_contain_text("x 48 y 32")
    expect(under).to_contain_text("RGB")
    cutout = pages["single"].parent / "cutouts" / "grabcut" / "garment" / "dress.png"
    alpha = np.asarray(Image.open(cutout))[32, 48, 3] / 255
    expect(under).to_contain_text(f"grabcut α {alpha:.3f}")
    viewer.mouse.move(1, 1)
    expect(under).to_be_empty()


def test_beside_files_only_the_place_is_said_and_why(page: Page, pages: Pages) -> None:
    opened(page, pages["folder"].as_uri())
    page.locator("[name=lang][value=en]").check(force=True)
    page.locator("[id^=case-portrait-ada] [data-kind=result] a").first.click()
    whole(page)
    box = page.locator("#viewer .canvas").first.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    expect(page.locator("#viewer .under")).to_contain_text("lets no page read")
    with served(pages["folder"].parent, policy="") as address:
        page.goto(f"{address}/index.html")
        page.locator("[id^=case-portrait-ada] [data-kind=result] a").first.click()
        page.mouse.move(box["x"] + 30, box["y"] + 30)
        expect(page.locator("#viewer .under")).to_contain_text("grabcut α")


def test_a_saved_png_has_the_alpha_and_the_colours_that_the_page_keeps(
    viewer: Page, pages: Pages
) -> None:
    path = viewer.locator(f"{DRESS} [data-kind=original]").get_attribute("data-full")
    kept = np.asarray(Image.open(pages["single"].parent / path).convert("RGB"))
    between = 0
    for model, files in (("grabcut", "grabcut"), ("By hand", "By-hand-*")):
        with viewer.expect_download() as download:
            viewer.locator(f"#viewer [data-save='{model}']").click()
        saved = np.asarray(Image.open(download.value.path()))
        (cutout,) = pages["single"].parent.glob(f"cutouts/{files}/garment/dress.png")
        alpha = np.asarray(Image.open(cutout))[..., 3]
        assert np.array_equal(saved[..., 3], alpha)
        seen = alpha > 0
        apart = np.abs(saved[seen][:, :3].astype(int) - kept[seen])
        assert apart.max() <= 1  # browsers turn WebP's colours into RGB in their own way
        assert not saved[~seen].any()
        between += (seen & (alpha < 64)).sum()
    assert between > 10  # where a canvas would lose colours
    said = viewer.locator("#viewer .save").inner_text()
    assert "cutouts/grabcut/garment/dress.png" in said


def test_the_film_leads_to_a_case(viewer: Page) -> None:
    film = viewer.locator("#viewer .film button")
    assert film.count() == 4  # of the fifth there is no picture
    assert viewer.locator("#viewer .film [aria-current=true]").count() == 1
    bars = viewer.locator("#viewer .film .passes i")
    shares = bars.evaluate_all("all => all.map(i => i.style.getPropertyValue('--share'))")
    assert shares == ["50%", "50%"], "of the one case with points, a bar a model"
    film.first.click()
    current = film.first
    expect(current).to_have_attribute("aria-current", "true")
    there = fragment(viewer)
    assert (there["view"], there["a"]) == (current.get_attribute("value"), "result:By hand")


def test_what_cutouts_stand_on_is_that_of_the_page(viewer: Page) -> None:
    viewer.locator("#viewer .swatch.black").click()
    behind = "e => getComputedStyle(e).backgroundColor"
    for cut in (viewer.locator("#viewer .cut").first, viewer.locator(f"{DRESS} .cut").first):
        assert cut.evaluate(behind) == "rgb(0, 0, 0)"
    assert viewer.locator("#bar [name=backdrop][value=black]").is_checked()


def test_fingers_turn_to_the_next_case_and_pinch(window: Window, pages: Pages) -> None:
    page = window(viewport={"width": 390, "height": 844}, has_touch=True)
    opened(page, pages["single"].as_uri())
    page.locator(f"{DRESS} [data-kind=original] a").tap()
    title = page.locator("#viewer-title").text_content()
    touches = page.context.new_cdp_session(page)

    def touch(kind: str, *spots: tuple[int, int]) -> None:
        points = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(spots)]
        touches.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", (150, 200), (250, 200))
    for apart in (60, 70, 80):
        touch("touchMove", (200 - apart, 200), (200 + apart, 200))
    touch("touchEnd")
    assert float(fragment(page)["at"].split(",")[2]) > 0

    def swiped(down: int) -> str | None:
        touch("touchStart", (300, 200))
        for n in (1, 2, 3):
            touch("touchMove", (300 - 50 * n, 200 + down * n))
        touch("touchEnd")
        return page.locator("#viewer-title").text_content()

    page.locator("#viewer .stage").focus()
    assert swiped(0) == title, "what is zoomed moves"
    page.keyboard.press("0")
    assert swiped(40) == title, "slanted"
    page.keyboard.press("0")
    assert swiped(1) != title
    assert "at" not in fragment(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_on_a_phone_the_bar_has_the_title_and_every_control_within_reach(
    window: Window, pages: Pages
) -> None:
    page = window(viewport={"width": 390, "height": 844}, has_touch=True)
    opened(page, pages["single"].as_uri())
    page.locator(f"{DRESS} [data-kind=original] a").tap()
    for part in ("[data-part=title]", "[data-do=previous]", "[data-do=next]", "[data-do=list]"):
        box = page.locator(f"#viewer {part}").bounding_box()
        assert box["y"] < 44
        assert box["x"] + box["width"] <= 390
    strip = page.locator("#viewer .strip")
    expect(strip).to_have_class(re.compile("more-after"))
    strip.evaluate("e => e.scrollTo(1000, 0)")
    expect(strip).not_to_have_class(re.compile("more-after"))
    expect(strip).to_have_class(re.compile("more-before"))
    mode(page, "slider")
    pick = page.locator("#viewer .pick").bounding_box()
    stage = page.locator("#viewer .stage").bounding_box()
    assert stage["y"] + stage["height"] <= pick["y"], "it covers nothing of the picture"


def test_the_layers_are_named_where_there_is_room(viewer: Page) -> None:
    word = viewer.locator("#viewer [data-layer=alpha] > span")
    viewer.set_viewport_size({"width": 1440, "height": 800})
    assert word.bounding_box()["width"] <= 1  # the title needs it
    title = viewer.locator("#viewer-title")
    assert title.get_attribute("title") == title.inner_text()
    viewer.set_viewport_size({"width": 1720, "height": 800})
    assert word.bounding_box()["width"] > 20


def test_a_place_without_a_picture_is_as_what_is_around_the_others(viewer: Page) -> None:
    colour = "e => getComputedStyle(e).backgroundColor"
    pane = viewer.locator("#viewer .pane").first.evaluate(colour)
    assert viewer.locator("#viewer .stage").evaluate(colour) == pane
