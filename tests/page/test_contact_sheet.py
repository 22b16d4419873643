"""The contact sheet: cells, sizes, the original in place, keys; nothing is ever covered."""

from __future__ import annotations

import numpy as np
import pytest
from pages import Pages, look, opened, where
from PIL import Image
from playwright.sync_api import Page, expect

DRESS = "article[id^=case-garment-dress]"


@pytest.fixture
def sheet(page: Page, pages: Pages) -> Page:
    opened(page, pages["single"].as_uri())
    return page


def cells(page: Page) -> str:
    return page.locator("[name=cells]:checked").get_attribute("value")


def test_a_row_has_the_original_every_model_and_what_was_missed(sheet: Page) -> None:
    row = sheet.locator(DRESS)
    kinds = row.locator(".tile").evaluate_all("all => all.map(e => e.dataset.kind)")
    assert kinds == ["original", "result", "result", "truth"]
    assert row.locator(".misses li").count() == 1
    assert "The corner is kept" in row.locator(".misses").inner_text()
    pips = row.locator("[data-model='By hand'] .pip")
    assert pips.all_inner_texts() == ["•", "✕"]
    assert pips.nth(1).get_attribute("title") == "The corner is kept"
    assert row.locator("[data-model='By hand'] .count").inner_text() == "1/2"


def test_a_missed_point_leads_into_the_viewer(sheet: Page) -> None:
    link = sheet.locator(f"{DRESS} .misses a")
    assert "point=corner" in link.get_attribute("href")
    look(sheet, link)
    assert "point=corner" in where(sheet)


def test_of_one_model_what_to_look_at_stands_over_the_second_case(sheet: Page) -> None:
    sheet.set_viewport_size({"width": 1440, "height": 900})
    sheet.evaluate(
        "for (const e of document.querySelectorAll('.of-2')) e.classList.replace('of-2', 'of-1')"
    )
    legend = sheet.locator(".heads > .legend").bounding_box()["x"] + 24
    assert sheet.locator(".category dl").first.bounding_box()["x"] == pytest.approx(legend, abs=1)


@pytest.mark.parametrize(
    ("key", "value"),
    [("a", "alpha"), ("e", "error"), ("h", "edge"), ("t", "truth"), ("r", "result")],
)
def test_a_key_changes_what_every_cell_shows(sheet: Page, key: str, value: str) -> None:
    sheet.locator(DRESS).scroll_into_view_if_needed()
    sheet.keyboard.press("a" if key == "r" else "r")
    sheet.keyboard.press(key)
    assert cells(sheet) == value
    assert ("cells=" in where(sheet)) == (value != "result")
    tile = sheet.locator(f"{DRESS} .tile[data-model=grabcut]")
    expect(tile.locator("canvas")).to_have_count(int(value != "result"))
    expect(tile.locator(".crop")).to_have_count(int(value == "edge"))
    head = sheet.locator(".heads [data-kind=original]")
    expect(head).to_have_text("Truth" if value == "truth" else "Original", use_inner_text=True)
    truth = sheet.locator(f"{DRESS} .tile[data-kind=truth]")
    expect(truth).to_be_visible(visible=value == "truth")
    expect(sheet.locator(f"{DRESS} .tile[data-kind=original]")).to_be_visible(
        visible=value != "truth"
    )


def test_the_error_is_orange_where_too_opaque_and_the_alpha_is_grey(sheet: Page) -> None:
    read = """canvas => { const c = canvas.getContext("2d");
        const { data } = c.getImageData(0, 0, canvas.width, canvas.height);
        const seen = new Set();
        for (let i = 0; i < data.length; i += 4) seen.add(data.slice(i, i + 3).join());
        return [...seen]; }"""
    sheet.locator(DRESS).scroll_into_view_if_needed()
    sheet.keyboard.press("e")
    colours = sheet.locator(f"{DRESS} [data-model=grabcut] canvas").evaluate(read)
    assert any(colour in ("213,94,0", "84,39,136") for colour in colours)
    sheet.keyboard.press("a")
    greys = sheet.locator(f"{DRESS} [data-model=grabcut] canvas").evaluate(read)
    assert all(len(set(grey.split(","))) == 1 for grey in greys)


def test_errors_have_a_key_and_what_has_no_truth_says_so(sheet: Page) -> None:
    key = sheet.locator(".heads .error-key")
    none = sheet.locator("article[id^=case-portrait-ada] .tile .tag")
    expect(key).to_be_hidden()
    sheet.keyboard.press("e")
    expect(key).to_be_visible()
    expect(key.locator("[lang=en]").first).to_have_text("too opaque")
    expect(none).to_have_count(2)  # two models
    expect(none.first).to_contain_text("no truth")
    expect(sheet.locator("article[id^=case-garment-dress] .tile .tag")).to_have_count(0)
    sheet.keyboard.press("t")
    expect(key).to_be_hidden()
    expect(none).to_have_count(1)  # the original, which stands in the column of truths
    sheet.keyboard.press("r")
    expect(none).to_have_count(0)
    look(sheet, sheet.locator("[id^=case-garment-dress] [data-model=grabcut] a"))
    expect(sheet.locator("#viewer .error-key")).to_be_hidden()
    sheet.keyboard.press("e")
    expect(sheet.locator("#viewer .error-key")).to_be_visible()


@pytest.mark.parametrize(("key", "most"), [("s", 64), ("l", 400)])
def test_a_key_changes_the_size_of_every_picture(sheet: Page, key: str, most: int) -> None:
    ada = "article[id^=case-portrait-ada] .tile img"  # 640×480; others here are smaller than S
    before = sheet.locator(ada).first.bounding_box()["height"]
    sheet.keyboard.press(key)
    after = sheet.locator(ada).first.bounding_box()["height"]
    assert after <= most
    assert after < before if key == "s" else after > before
    assert f"size={key}" in where(sheet)
    sheet.keyboard.press("m")
    assert "size" not in where(sheet)


def test_in_small_rows_values_stand_in_one_place_and_what_is_cut_short_says_so(
    sheet: Page,
) -> None:
    sheet.set_viewport_size({"width": 1440, "height": 900})
    sheet.keyboard.press("s")
    left = sheet.locator(".tile[data-kind=result] figcaption:visible").evaluate_all(
        """all => all.map(caption => {
            caption.insertAdjacentHTML("beforeend", " <span class=value>ΔE 5.0</span>");
            const [own, of] = [caption.lastChild, caption].map(e => e.getBoundingClientRect().x);
            return own - of;
        })"""
    )
    assert left
    assert set(left) == {0}
    sentence = sheet.locator(".misses li:first-child .sentence").first
    sentence.evaluate("e => { e.style.display = 'block'; e.textContent = 'word '.repeat(99); }")
    box = sentence.evaluate(
        "e => [e.clientWidth < e.scrollWidth, getComputedStyle(e).textOverflow]"
    )
    assert box == [True, "ellipsis"]


def test_another_size_leaves_the_first_row_in_sight_where_it_was(sheet: Page) -> None:
    sheet.add_style_tag(content="main { padding-bottom: 2000px !important }")
    row = sheet.locator("article.case").nth(3)
    row.evaluate("e => scrollTo({ top: scrollY + e.getBoundingClientRect().top - 100 })")
    for key in "slm":
        sheet.keyboard.press(key)
        sheet.wait_for_timeout(200)
        assert row.bounding_box()["y"] == pytest.approx(100, abs=2)


def test_the_original_is_shown_in_place_under_the_pointer_and_while_o_is_held(sheet: Page) -> None:
    result = sheet.locator(f"{DRESS} [data-model=grabcut] a.cut")
    for _ in range(5):  # rows above may still be laid out, and move it from under the pointer
        sheet.mouse.move(2, 200)
        result.hover()
        sheet.wait_for_timeout(300)
        if result.locator(".over").count():
            break
    expect(result.locator(".over")).to_have_count(1)
    original = sheet.locator(f"{DRESS} [data-kind=original] img").get_attribute("src")
    assert result.locator(".over").get_attribute("src") == original
    sheet.keyboard.press("Escape")
    expect(result.locator(".over")).to_have_count(0)
    box = result.bounding_box()
    sheet.mouse.move(box["x"] + 9, box["y"] + 9)
    sheet.wait_for_timeout(100)
    expect(result.locator(".over")).to_have_count(0)  # it stays so while the pointer does
    sheet.mouse.move(2, 200)
    result.hover()
    expect(result.locator(".over")).to_have_count(1)
    sheet.mouse.move(2, 200)
    expect(result.locator(".over")).to_have_count(0)
    sheet.keyboard.down("o")
    expect(sheet.locator(f"{DRESS} .over")).to_have_count(2)
    sheet.keyboard.up("o")
    expect(sheet.locator(".over")).to_have_count(0)
    sheet.keyboard.down("o")
    sheet.evaluate("dispatchEvent(new Event('blur'))")  # it is let go of elsewhere
    expect(sheet.locator(".over")).to_have_count(0)


def test_j_and_k_go_from_case_to_case_under_nothing_and_enter_opens(sheet: Page) -> None:
    names = sheet.locator("article.case").evaluate_all("all => all.map(e => e.id)")
    sheet.keyboard.press("j")
    first = sheet.locator(".case.current").get_attribute("id")
    sheet.keyboard.press("j")
    second = sheet.locator(".case.current").get_attribute("id")
    assert names.index(second) == names.index(first) + 1
    sheet.wait_for_timeout(150)
    bar = sheet.locator("#bar").bounding_box()
    title = sheet.locator(".case.current h3").bounding_box()
    assert title["y"] >= bar["y"] + bar["height"]
    sheet.keyboard.press("k")
    assert sheet.locator(".case.current").get_attribute("id") == first
    sheet.keyboard.press("Enter")
    expect(sheet.locator("#viewer")).to_be_visible()
    sheet.keyboard.press("Escape")
    expect(sheet.locator("#viewer")).to_be_hidden()
    sheet.locator("#find [name=q]").fill(names[-1])
    sheet.locator("#answer").click()
    sheet.keyboard.press("Enter")
    expect(sheet.locator("#viewer")).to_be_hidden()  # it is filtered away


def test_letters_in_the_search_are_letters(sheet: Page) -> None:
    sheet.keyboard.press("/")
    sheet.keyboard.type("also?")
    assert sheet.locator("[name=q]").input_value() == "also?"
    assert cells(sheet) == "result"
    expect(sheet.locator("#keys")).to_be_hidden()
    sheet.keyboard.press("Escape")
    sheet.keyboard.press("a")
    assert cells(sheet) == "alpha"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_edge_of_a_field_is_seen(sheet: Page, theme: str) -> None:
    """WCAG 1.4.11: 3:1 against what is around it."""
    sheet.locator(f"[name=theme][value={theme}]").dispatch_event("click")
    field = sheet.locator("#by-eye [data-part=person]")
    luminance = """(e, [own, of]) => {
      const [r, g, b] = getComputedStyle(own ? e : document.body)[of].match(/[\\d.]+/g).slice(0, 3)
        .map(n => n / 255).map(n => n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4);
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    }"""
    edge, page = (
        field.evaluate(luminance, each)
        for each in ([True, "borderTopColor"], [False, "backgroundColor"])
    )
    assert (max(edge, page) + 0.05) / (min(edge, page) + 0.05) >= 3
    accent = field.evaluate("e => (e.style.color = 'var(--accent)', getComputedStyle(e).color)")
    pressed = sheet.locator("#find .cells label:has(:checked) .icon")
    expect(pressed).to_have_css("color", accent)


@pytest.mark.parametrize("width", [660, 768, 1000])
def test_on_a_tablet_all_of_the_bar_is_in_sight(sheet: Page, width: int) -> None:
    sheet.set_viewport_size({"width": width, "height": 900})
    find = sheet.locator("#find")
    inside = """e => [...e.children].filter(each => each.checkVisibility())
      .every(each => each.getBoundingClientRect().right <= innerWidth)"""
    assert find.evaluate(inside)
    tops = [sheet.locator(f"#find {each}").bounding_box()["y"] for each in (".search", ".cells")]
    assert tops[0] + 20 < tops[1]


def test_what_is_chosen_is_lighter_than_its_track_in_the_dark_too(sheet: Page) -> None:
    sheet.locator("[name=theme][value=dark]").dispatch_event("click")
    shade = "e => getComputedStyle(e).backgroundColor.match(/[0-9]+/g).map(Number)"
    chosen = sheet.locator("#find .cells label:has(:checked)").evaluate(shade)
    assert min(chosen) > max(sheet.locator("#find .cells").evaluate(shade))


def test_what_is_wrong_at_a_point_stands_below_it_in_one_piece_where_it_does_not_fit(
    sheet: Page,
) -> None:
    lines = """e => {
      e.previousElementSibling.textContent = "The outline of both ears is whole";
      return e.getClientRects().length;
    }"""
    sentence = sheet.locator(f"{DRESS} .misses .sentence")
    for width in (1024, 390):
        sheet.set_viewport_size({"width": width, "height": 800})
        assert sentence.evaluate(lines) == 1


def test_between_the_counts_a_long_category_has_two_lines(sheet: Page) -> None:
    many = """() => {
      for (const row of document.querySelectorAll(".by-category tr")) {
        for (let n = 0; n < 4; n++) row.append(row.lastElementChild.cloneNode(true));
      }
      const last = document.querySelector(".by-category th:last-child");
      last.className = "long";
      last.textContent = "Low-quality phone shot";
    }"""
    sheet.evaluate(many)
    for width in (768, 1024):
        sheet.set_viewport_size({"width": width, "height": 800})
        assert sheet.locator(".by-category thead").bounding_box()["height"] < 50


def test_over_a_narrow_column_the_models_name_is_whole(sheet: Page) -> None:
    sheet.set_viewport_size({"width": 660, "height": 800})
    cut = """e => {
      e.textContent = "a-model-with-a-name";
      return [e, e.nextElementSibling].map(each => {
        const text = document.createRange();
        text.selectNodeContents(each);
        const [all, seen] = [text, each].map(box => box.getBoundingClientRect().width);
        return all > seen + 0.01;
      });
    }"""
    assert sheet.locator(".heads [data-model] strong").first.evaluate(cut) == [False, True]


def test_nothing_cuts_the_ring_round_a_models_name(sheet: Page) -> None:
    name = sheet.locator(".heads [data-model] button").first
    for above in ("..", "../.."):
        expect(name.locator(above)).to_have_css("overflow", "visible")


def test_no_line_begins_with_the_dot_between_a_case_and_its_models(sheet: Page) -> None:
    small = sheet.locator(".findings > li > a > small").first
    assert "\u00a0· " in small.text_content()
    assert " · " not in small.text_content()


def test_a_dot_is_as_heavy_as_a_cross(sheet: Page) -> None:
    width = "e => 2 * parseFloat(getComputedStyle(e, '::after').borderTopWidth)"
    for each in sheet.locator(".pip.passed").all()[:3]:
        assert each.evaluate(width) == 6


def test_what_does_not_scroll_is_no_stop_for_keys(sheet: Page) -> None:
    sheet.set_viewport_size({"width": 1440, "height": 900})
    scroll = sheet.locator(".overview .scroll").first
    expect(scroll).not_to_have_attribute("tabindex", "0")
    scroll.evaluate("e => (e.style.width = '80px')")
    expect(scroll).to_have_attribute("tabindex", "0")


def test_keys_of_one_letter_can_be_switched_off_and_stay_so(sheet: Page) -> None:
    alpha = sheet.locator("[name=cells][value=alpha]")
    sheet.keyboard.press("?")
    sheet.locator("[name=single-keys]").uncheck()
    sheet.keyboard.press("Escape")
    for _ in range(2):
        sheet.locator("#bar [name=q]").focus()
        sheet.keyboard.type("a")  # it is written all the same
        expect(sheet.locator("#bar [name=q]")).to_have_value("a")
        sheet.locator("#bar [name=q]").fill("")
        sheet.keyboard.press("Escape")
        sheet.keyboard.press("a")
        expect(alpha).not_to_be_checked()
        sheet.keyboard.press("?")
        expect(sheet.locator("#keys")).to_be_hidden()
        sheet.reload()
    sheet.locator("[data-do=keys]").click()
    sheet.locator("[name=single-keys]").check()
    sheet.keyboard.press("Escape")
    sheet.keyboard.press("a")
    expect(alpha).to_be_checked()


def test_all_keys_are_shown_by_one(sheet: Page) -> None:
    sheet.keyboard.press("?")
    expect(sheet.locator("#keys")).to_be_visible()
    assert sheet.locator("#keys kbd").count() > 20
    sheet.keyboard.press("a")
    assert cells(sheet) == "result"
    sheet.keyboard.press("Escape")
    expect(sheet.locator("#keys")).to_be_hidden()


@pytest.mark.parametrize("width", [390, 1440])
def test_a_link_to_a_case_shows_all_of_its_title(page: Page, pages: Pages, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    opened(page, pages["single"].as_uri())
    for anchor in page.locator("article.case, section.sheet").evaluate_all("a => a.map(e => e.id)"):
        page.evaluate("id => { location.hash = id; }", anchor)
        page.wait_for_timeout(60)
        bar = page.locator("#bar").bounding_box()
        title = page.locator(f"[id='{anchor}'] :is(h2, h3)").first.bounding_box()
        assert title["y"] >= bar["y"] + bar["height"] - 1


@pytest.mark.parametrize(("width", "room"), [(1440, 56), (1024, 130), (390, 250)])
def test_a_row_of_many_misses_is_hardly_higher_than_its_pictures(
    page: Page, pages: Pages, width: int, room: int
) -> None:
    """At every width; `room`: for the text over the pictures, what stands under them, and space."""
    page.set_viewport_size({"width": width, "height": 900})
    opened(page, pages["single"].as_uri())
    row = page.locator("article[id^=case-portrait-ada]")
    row.scroll_into_view_if_needed()
    row.evaluate(
        """row => {
          const list = document.querySelector(".misses").cloneNode(true);
          const [first] = list.children;
          first.querySelector(".sentence").append(" in so many words that it takes two lines");
          for (let n = 0; n < 9; n++) list.append(first.cloneNode(true));
          for (const one of [...list.children].slice(3)) one.className = "rest";
          row.querySelector(".about").append(list);
        }"""
    )
    heights = "e => Math.max(...[...e].map(each => each.getBoundingClientRect().height))"
    pictures = row.locator(".tile:visible a").evaluate_all(heights)
    assert pictures > 120
    assert row.bounding_box()["height"] <= pictures + room
    page.emulate_media(media="print")
    assert row.locator(".misses li:visible").count() == 10


def test_on_a_phone_one_model_is_chosen_for_all_rows(page: Page, pages: Pages) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, pages["single"].as_uri())
    visible = page.locator(f"{DRESS} .tile[data-model]:visible")
    assert visible.evaluate_all("all => all.map(e => e.dataset.model)") == ["grabcut"]
    page.locator(".heads button").nth(1).click()
    assert visible.evaluate_all("all => all.map(e => e.dataset.model)") == ["By hand"]
    page.evaluate(
        "document.querySelectorAll('.case').forEach(e => e.style.contentVisibility = 'visible')"
    )
    heights = page.locator("article.case").evaluate_all("all => all.map(e => e.offsetHeight)")
    assert max(heights) <= 600


def test_a_picture_of_ones_own_is_behind_the_cutouts_and_stays_here(sheet: Page) -> None:
    picture = (
        b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\x00\x00\x00\x00\x00,"
        b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
    )
    asked: list[str] = []
    sheet.on("request", lambda request: asked.append(request.url))
    sheet.locator("#backdrop-file").set_input_files(
        [{"name": "own.gif", "mimeType": "image/gif", "buffer": picture}]
    )
    expect(sheet.locator("[name=backdrop][value=own]").first).to_be_checked()
    style = sheet.locator("a.cut").first.evaluate("e => getComputedStyle(e).backgroundImage")
    assert style.startswith('url("data:image/jpeg')
    assert [url for url in asked if not url.startswith("data:")] == []


def test_the_theme_is_chosen_and_remembered(sheet: Page) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    light = sheet.evaluate(ground)
    sheet.locator("[name=theme][value=dark]").check()
    assert sheet.evaluate(ground) != light
    sheet.reload()
    assert sheet.locator("[name=theme][value=dark]").is_checked()


def test_the_hardest_edge_is_cut_from_the_full_size_with_the_cut_outs_own_alpha(
    sheet: Page, pages: Pages
) -> None:
    row = sheet.locator(DRESS)
    left, top, width, height = map(int, row.get_attribute("data-region").split(","))
    row.scroll_into_view_if_needed()
    sheet.keyboard.press("h")
    crops = row.locator("canvas.crop")
    expect(crops).to_have_count(3)  # the original and two models; not the truth
    alphas = crops.nth(1).evaluate(
        "e => [...e.getContext('2d').getImageData(0, 0, e.width, e.height).data]"
        ".filter((_, i) => i % 4 == 3)"
    )
    (path,) = (pages["single"].parent / "cutouts" / "grabcut").rglob("dress*.png")
    alpha = np.asarray(Image.open(path))[top : top + height, left : left + width, 3]
    assert np.array_equal(np.array(alphas, np.uint8).reshape(height, width), alpha)
    row.locator("[data-model=grabcut] a").hover()
    expect(row.locator("canvas.over")).to_have_count(1)


def test_a_page_of_one_file_has_no_picture_of_an_edge_twice(pages: Pages) -> None:
    html = pages["single"].read_text("utf-8")
    assert "data-region=" in html
    assert "data-edge=" not in html
    assert "data-edge=" in pages["folder"].read_text("utf-8")


def test_filters_fade_only_where_they_go_on_and_come_before_what_looks_otherwise(
    sheet: Page,
) -> None:
    for width, strip, faded in ((2400, ".chips", False), (1100, ".chips", True), (390, "", True)):
        sheet.set_viewport_size({"width": width, "height": 800})
        whole = expect(sheet.locator(f"#find {strip}"))
        (whole.not_to_have_css if faded else whole.to_have_css)("mask-image", "none")
    swatches = sheet.locator("#find > .swatches").bounding_box()
    for control in ("[name=category]", "[name=q]", "[name=order]"):
        assert sheet.locator(f"#find {control}").bounding_box()["x"] < swatches["x"]


def test_what_cells_show_is_named_where_the_filters_leave_room(sheet: Page) -> None:
    word = sheet.locator("#find .cells label:not(:has(:checked)) span").first
    for width, named in ((1024, False), (1700, True)):
        sheet.set_viewport_size({"width": width, "height": 800})
        expect(word).to_be_visible(visible=named)


def test_the_search_opens_over_no_filter_where_names_can_make_room(sheet: Page) -> None:
    word = sheet.locator("#find .cells label:not(:has(:checked)) span").first
    for width in range(1040, 1700, 20):  # the first at which there is room for names
        sheet.set_viewport_size({"width": width, "height": 800})
        sheet.wait_for_timeout(30)
        if word.is_visible():
            break
    sheet.keyboard.press("/")
    assert sheet.locator("#find .chips").evaluate("e => e.scrollWidth <= e.clientWidth")
    expect(word).to_be_hidden()
    chip = sheet.locator("#find .chip").first
    before = chip.bounding_box()["x"]
    sheet.keyboard.press("Escape")
    sheet.locator("#answer").click()
    assert chip.bounding_box()["x"] == before, "nothing moves under a pointer that leaves it"
