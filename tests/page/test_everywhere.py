"""Languages, no script, print, dark, narrow and wide, and what axe-core finds."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from axe import source, violations
from pages import Pages, Window, covered, look, opened, served
from PIL import Image
from playwright.sync_api import Page, expect

from rmbg_eval.report.frame import environment

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_the_language_is_changed_and_remembered(page: Page, pages: Pages) -> None:
    with served(pages["single"].parent, policy="") as address:
        opened(page, f"{address}/index.html")
        expect(page.locator("#points-passed")).to_have_text("Points passed", use_inner_text=True)
        page.locator("[name=lang][value=zh]").check()
        expect(page.locator("#points-passed")).to_have_text("通过的观察点", use_inner_text=True)
        assert page.get_attribute("html", "lang") == "zh"
        opened(page, f"{address}/index.html")
        expect(page.locator("#points-passed")).to_have_text("通过的观察点", use_inner_text=True)
        assert page.locator("[name=lang][value=zh]").is_checked()


def test_the_title_and_what_keys_do_change_with_the_language(report: Page) -> None:
    for lang in ("zh", "en"):
        report.locator(f"[name=lang][value={lang}]").check()
        titles = report.locator("[title$=')']").evaluate_all("all => all.map(e => e.title)")
        titles = [each for each in titles if not re.fullmatch(r"[SML] \([SML]\)", each)]
        assert len(titles) > 16
        for title in (report.title(), *titles):
            assert bool(CHINESE.search(title)) == (lang == "zh"), title


def test_in_chinese_nothing_is_left_in_english(report: Page) -> None:
    """Sentences: runs of four or more Latin words that are no name, path or figure."""
    report.locator("[name=lang][value=zh]").check()
    report.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
    words = report.evaluate(
        "[...document.querySelectorAll('h2, h3, h4, p.note, dt, .sheet dd, thead th, legend, "
        "label > span, "
        "figcaption, .about, .legend, .found td, .found th small, .failures li')]"
        ".filter(e => e.checkVisibility()).map(e => e.innerText)"
    )
    assert len(words) > 60
    left = [text for text in words if re.search(r"(?:\b[a-z]{2,}\b[ ,]+){3}[a-z]{2,}", text)]
    assert left == []
    alts = report.locator("img").evaluate_all("all => all.map(e => e.alt)")
    assert all(CHINESE.search(alt) for alt in alts)


def test_in_chinese_a_column_s_name_is_not_broken_within_a_word(report: Page) -> None:
    report.add_style_tag(content=".matrix.matrix { width: 1px }")  # as where columns are many
    report.locator("[name=lang][value=zh]").check()
    names = report.locator(".matrix thead [lang=zh]:visible")
    heights = names.evaluate_all("all => all.map(e => e.getBoundingClientRect().height)")
    assert heights
    assert max(heights) < 24


@pytest.mark.parametrize("layout", ["single", "folder"])
def test_without_script_everything_can_be_read(window: Window, pages: Pages, layout: str) -> None:
    page = window(java_script_enabled=False)
    page.goto(pages[layout].as_uri())
    assert page.locator("article.case").count() == 5
    for hidden in ("[name=cells]", "[name=order]", "[name=q]", ".chip", ".heads button", "#viewer",
                   ".with-script", "button"):  # fmt: skip
        assert (
            page.locator(hidden).evaluate_all("all => all.filter(e => e.checkVisibility())") == []
        )
    expect(page.locator("#answer")).to_be_visible()
    expect(page.locator(".heads")).to_be_visible()
    expect(page.locator(".misses").first).to_be_visible()
    page.locator("article.case").last.scroll_into_view_if_needed()
    assert page.locator(".heads").bounding_box()["y"] < 60  # it stays at the top
    page.set_viewport_size({"width": 390, "height": 800})
    expect(page.locator(".heads")).to_be_hidden()  # each model is there, with its name
    page.set_viewport_size({"width": 1280, "height": 800})
    # The buttons for language and backdrop need none.
    page.locator("[name=lang][value=en]").check()
    expect(page.locator("#points-passed span[lang=en]")).to_be_visible()
    page.locator("[name=backdrop][value=black]").first.check()
    cut = page.locator(".cut").first
    assert cut.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(0, 0, 0)"
    page.locator(".drawer summary").first.click()
    expect(page.locator(".drawer table").first).to_be_visible()
    links = page.locator("main a[href*='#']").evaluate_all(
        "all => all.map(e => e.getAttribute('href'))"
    )
    assert len(links) > 10
    there = page.locator("[id]").evaluate_all("all => all.map(e => '#' + e.id)")
    assert {link for link in links if link.startswith("#")} <= set(there)
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.locator(".case > .about").first.bounding_box()["width"] > 300


def test_backdrops_are_behind_the_real_transparency(report: Page) -> None:
    cut = report.locator(".cut").first
    style = "e => getComputedStyle(e).background"
    seen = [cut.evaluate(style)]
    for backdrop in ("white", "black", "grey", "photo", "colour"):
        report.locator(f"[name=backdrop][value={backdrop}]").first.check()
        seen.append(cut.evaluate(style))
    assert len({*seen}) == 6
    report.locator("#backdrop-colour").fill("#123456")
    assert "rgb(18, 52, 86)" in cut.evaluate(style)


def test_print_has_every_row_whole_and_no_control(report: Page, tmp_path: Path) -> None:
    report.emulate_media(media="print")
    for hidden in ("#find", "#top .segments", "#top a", ".drawer", ".more details"):
        expect(report.locator(hidden).first).to_be_hidden()
    report.set_viewport_size({"width": 703, "height": 1000})
    for said in ("Background removal", "UTC · "):  # what it is, when it was made and on what
        expect(report.locator("#top").get_by_text(said)).to_be_visible()
    assert report.locator("article.case").first.evaluate(
        "e => getComputedStyle(e).breakInside"
    ) == ("avoid")
    heads = report.locator("#bar").evaluate("e => getComputedStyle(e).breakAfter")
    assert heads == "avoid"  # names of columns stand over the first row
    heights = report.locator(".tile img").evaluate_all("all => all.map(e => e.offsetHeight)")
    assert max(heights) <= 150
    report.pdf(path=tmp_path / "report.pdf", format="A4", print_background=True)
    counts = re.findall(rb"/Type\s*/Page\b", (tmp_path / "report.pdf").read_bytes())
    assert 2 <= len(counts) <= 8


MANY = """() => {
  for (const each of document.querySelectorAll(".sheet, .heads"))
    each.className = each.className.replace(/of-\\d beside/, "of-many above");
  for (const row of document.querySelectorAll("article.case"))
    for (const tile of [...row.querySelectorAll("[data-kind=result]")])
      for (let copy = 0; copy < 5; copy++) tile.after(tile.cloneNode(true));
}"""


def test_of_many_models_none_is_cut_off_on_paper(page: Page, pages: Pages) -> None:
    page.set_viewport_size({"width": 703, "height": 1000})
    opened(page, pages["single"].as_uri())
    page.emulate_media(media="print")
    page.evaluate(MANY)
    row = page.locator("article.case").first
    tiles = row.locator(".tile").evaluate_all(
        "all => all.map(e => Math.round(e.getBoundingClientRect().right))"
    )
    assert len(tiles) == 13
    assert max(tiles) <= 703
    for name in row.locator(".model").all():
        expect(name).to_be_visible()
    expect(page.locator("#bar .heads")).to_be_hidden()


def test_print_has_small_copies_also_of_what_was_never_scrolled_to(
    page: Page, pages: Pages
) -> None:
    """Pictures that are not loaded by then would be on paper as large as the file has them."""
    page.goto(pages["single"].as_uri())
    assert page.locator(".tile img[loading=lazy]").count() == 0


def test_print_has_tables_whole_with_their_names_and_white_cut_outs_on_their_backdrop(
    page: Page, pages: Pages
) -> None:
    page.set_viewport_size({"width": 703, "height": 1000})  # A4 less 12 mm on each side
    opened(page, pages["single"].as_uri())
    page.emulate_media(media="print")
    of_kinds = page.locator(".by-kind .matrix")
    of_kinds.evaluate(
        "e => e.querySelectorAll('tr').forEach(tr => {"
        "  while (tr.cells.length < 10) tr.append(tr.cells[1].cloneNode(true)) })"
    )
    room = page.locator(".by-kind .scroll")
    assert room.evaluate("e => [e.scrollWidth <= e.clientWidth, e.clientWidth > 500]") == [True] * 2
    assert of_kinds.locator("caption").bounding_box()["height"] > 15
    for cut in page.locator(".case .cut").all()[:2]:
        expect(cut).to_have_css("print-color-adjust", "exact")
    expect(page.locator(".wrong .title")).to_have_css("break-after", "avoid")


def test_in_the_colours_of_the_system_one_sees_what_is_chosen(window: Window, pages: Pages) -> None:
    page = window(forced_colors="active", viewport={"width": 1280, "height": 800})
    opened(page, pages["single"].as_uri())
    style = "(all, name) => all.map(e => getComputedStyle(e)[name])"
    of = lambda where, name: page.locator(where).evaluate_all(style, name)  # noqa: E731
    assert set(of("#by-eye .primary", "borderTopWidth")) == {"1px"}
    assert "none" not in of(".case .cut", "backgroundImage")
    assert len(set(of("#bar .swatch", "backgroundColor"))) > 3
    rings = of("#bar .swatch", "boxShadow")
    assert (rings.count("none"), len(rings)) == (len(rings) - 1, 8)
    look(page, page.locator("[id^=case-garment-dress] [data-kind=original] a"))
    for where, name in (
        ("#viewer [data-mode]:is(button)", "backgroundColor"),
        ("#viewer [data-layer]", "backgroundColor"),
        ("#viewer .film button", "borderTopColor"),
    ):
        chosen, *others = sorted(of(where, name), key=of(where, name).count)
        assert chosen not in others


def test_who_asks_for_contrast_has_it(report: Page) -> None:
    report.keyboard.press("Tab")
    ring = "getComputedStyle(document.activeElement).outlineWidth"
    for scheme in ("light", "dark"):
        contrasts = {}
        for wanted, width in (("no-preference", "2px"), ("more", "3px")):
            report.emulate_media(color_scheme=scheme, contrast=wanted)
            assert report.evaluate(ring) == width
            contrasts[wanted] = report.evaluate(CONTRASTS)
        plain, more = contrasts["no-preference"], contrasts["more"]
        assert all(more[name] > plain[name] for name in plain)
        assert min(more[name] for name in more if not name.startswith("--line")) >= 7
        assert min(more.values()) > 4.5


CONTRASTS = """() => {
    const probe = document.querySelector(".board").appendChild(document.createElement("i"));
    const canvas = document.createElement("canvas").getContext("2d");
    const light = (name) => {
        probe.style.color = `var(${name})`;
        canvas.fillStyle = getComputedStyle(probe).color;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((n) =>
            n / 255 <= 0.04045 ? n / 255 / 12.92 : ((n / 255 + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
    };
    const contrast = (name) => {
        const both = [light(name), light("--bg")];
        return [name, Math.max(...both) / Math.min(...both)];
    };
    const names = ["ink2", "ink3", "accent", "pass", "fail", "warm", "line", "line2"];
    return Object.fromEntries(names.map((name) => contrast(`--${name}`)));
}"""
"""How far colours are from the page's ground, as WCAG counts it."""


SPACED = """e => {
    const spaced = new CSSStyleSheet();
    spaced.replaceSync("* { line-height: 1.5 !important; letter-spacing: 0.12em !important; "
        + "word-spacing: 0.16em !important } p { margin-bottom: 2em !important }");
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, spaced];
    return e.scrollWidth;
}"""
"""The width of the page with letters and words as far apart as WCAG 1.4.12 lets readers set."""


@pytest.mark.parametrize("width", [320, 768])
def test_letters_set_wider_do_not_make_the_page_wider(page: Page, pages: Pages, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    opened(page, pages["single"].as_uri())
    assert page.locator("html").evaluate(SPACED) <= width


@pytest.mark.parametrize("width", [360, 3840])
def test_no_width_scrolls_sideways(page: Page, pages: Pages, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    opened(page, pages["single"].as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    row = page.locator("[id^=case-garment-dress]")
    words, original = (row.locator(f"{e} >> nth=0").bounding_box()["x"] for e in ("h3", ".tile"))
    assert abs(words - original) < 1500  # one sees both
    page.locator("[id^=case-garment-dress] [data-kind=original] a").click()
    box = page.locator("#viewer").bounding_box()
    assert (box["width"], box["height"]) == (width, 900)
    assert page.locator("#viewer .stage").bounding_box()["height"] > 250


@pytest.mark.parametrize("models", ["6", "many"])
def test_pictures_of_many_models_have_all_of_a_wide_window(
    page: Page, pages: Pages, models: str
) -> None:
    page.set_viewport_size({"width": 3840, "height": 900})
    opened(page, pages["single"].as_uri())
    page.evaluate(
        "models => { for (const e of document.querySelectorAll('.of-2'))"
        "e.classList.replace('of-2', `of-${models}`) }",
        models,
    )
    for part in ("h1", "[id^=case-garment-dress] h3", ".tile img"):
        assert page.locator(part).first.bounding_box()["x"] == pytest.approx(40, abs=1), part


OUT = """all => all.flatMap(part => [...part.querySelectorAll('button')].filter(e => {
    const [own, other] = [e, part].map(each => each.getBoundingClientRect());
    const out = own.left < other.left - 1 || own.right > other.right + 1;
    return e.checkVisibility() && (out || e.scrollWidth > e.clientWidth);
}).map(e => e.textContent))"""
"""The buttons that leave the part that they stand in, or whose words leave them."""
LINES = "all => all.map(e => getComputedStyle(e).strokeDasharray)"


@pytest.mark.parametrize("width", [720, 1024, 1100, 1280, 1440])
def test_every_control_of_what_fills_the_window_can_be_pressed(
    page: Page, pages: Pages, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    opened(page, pages["single"].as_uri())
    for opens, dialog in (
        (".tile a", "#viewer"),
        ("[data-do=review]", "#review"),
        ("[data-do=blind]", "#blind"),
    ):
        page.locator(opens).first.dispatch_event("click")
        expect(page.locator(dialog)).to_be_visible()
        assert covered(page, f"{dialog} .bar") == []
        assert set(page.locator(f"{dialog} .bar .icon path").evaluate_all(LINES)) == {"none"}
        if dialog != "#viewer":
            page.keyboard.press({"#review": "u", "#blind": "="}[dialog])
            expect(page.locator(f"{dialog} [data-part=unsaved] [lang=en]")).not_to_have_text("")
            assert page.locator(f"{dialog} .decide > *").evaluate_all(OUT) == []
        page.keyboard.press("Escape")
        expect(page.locator(dialog)).to_be_hidden()
        expect(page).not_to_have_url(re.compile("view=|blind="))  # it has gone back


LONG = "folder:/a/path/that/is/longer/than/any/column/of-four"
ENDS = """(all, room) => all.map(e => {
    const [start, end] = e.children;
    const [own, most] = [end, e.closest(room)].map(each => each.getBoundingClientRect().right);
    const cut = each => each.scrollWidth > each.clientWidth;
    return cut(start) && !cut(end) && own <= most;
})"""


def test_names_of_folders_keep_the_end_that_tells_them_apart(page: Page, pages: Pages) -> None:
    page.set_viewport_size({"width": 900, "height": 600})
    opened(page, pages["single"].as_uri())
    macro = "{% from 'macros.html.j2' import ended %}{{ ended(name) }}"
    named = environment("en").from_string(macro).render(name=LONG)
    page.evaluate(
        "named => document.querySelectorAll('.heads strong:not(.original, .truth)')"
        ".forEach(e => { e.innerHTML = named; })",
        named,
    )
    look(page, page.locator(".tile a").first)
    page.evaluate(
        "name => document.querySelectorAll('#viewer .name b')"
        ".forEach(e => e.replaceChildren($dom.ended(name)))",
        LONG,
    )
    for where, room, count in ((".heads", "button", 2), ("#viewer .stage", ".pane", 3)):
        names = page.locator(f"{where} .path")
        assert set(names.all_text_contents()) == {LONG}
        assert names.evaluate_all(ENDS, room) == [True] * count


def test_six_models_of_long_names_leave_the_review_its_title_and_controls(
    reviewing: Page,
) -> None:
    page = reviewing
    page.locator("#review [data-part=models]").evaluate(
        """(e, name) => {
            for (const button of e.children) button.replaceChildren($dom.ended(name));
            while (e.children.length < 6) e.append(e.children[0].cloneNode(true));
        }""",
        LONG,
    )
    whole = "e => e.clientWidth > 80 || e.scrollWidth <= e.clientWidth + 1"
    assert page.locator("#review [data-part=title]").evaluate(whole)
    for control in ("[data-part=order]", ".swatches", "[data-do=fit]"):
        box = page.locator(f"#review .bar {control}").first.bounding_box()
        assert box["x"] + box["width"] <= 1280


def test_at_400_percent_pictures_are_seen_and_every_control_is_scrolled_to(
    page: Page, pages: Pages
) -> None:
    page.set_viewport_size({"width": 320, "height": 256})  # 1280 × 1024, four times as large
    opened(page, pages["single"].as_uri())
    for opens, dialog, last in (
        (".tile a", "#viewer", "[data-do=next]"),
        ("[data-do=review]", "#review", "[data-do=comment]"),
        ("[data-do=blind]", "#blind", "[data-do=original]"),
    ):
        page.locator(opens).first.dispatch_event("click")
        whole = page.locator(dialog)
        expect(whole).to_be_visible()
        assert whole.locator("[data-part=stage]").bounding_box()["height"] >= 180
        assert whole.evaluate("e => e.scrollWidth <= e.clientWidth")
        whole.locator(last).click(trial=True)
        page.keyboard.press("Escape")
        expect(whole).to_be_hidden()
        expect(page).not_to_have_url(re.compile("view=|blind="))  # it has gone back
    page.locator("#top [data-do=keys]").click()
    assert page.locator("#keys").evaluate("e => e.scrollWidth <= e.clientWidth")


@pytest.mark.parametrize(("width", "columns", "fits"), [(1024, 7, True), (390, 7, False)])
def test_seven_columns_fit_or_an_edge_says_that_there_are_more(
    page: Page, pages: Pages, width: int, columns: int, fits: bool
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    opened(page, pages["single"].as_uri())
    table = page.locator(".by-category .scroll")
    table.evaluate(
        """(e, columns) => e.querySelectorAll('tr').forEach(row => {
            while (row.children.length > columns + 1) row.lastElementChild.remove();
            row.querySelectorAll('.count').forEach(c => { c.innerHTML = '18<small>/30</small>'; });
            while (row.children.length <= columns) row.append(row.children[2].cloneNode(true));
        })""",
        columns,
    )
    assert table.evaluate("e => e.scrollWidth <= e.clientWidth") == fits
    box = table.bounding_box()
    x, y = box["x"] + box["width"] - 2, box["y"] + 6
    edge = Image.open(io.BytesIO(page.screenshot())).convert("L").getpixel((x, y))
    assert (edge > 250) == fits
    if fits:  # beside the chart, below which only the table of more columns stands
        page.locator(".boards").evaluate("e => e.classList.add('wide-kind')")
        plot = page.locator(".board:has(.scatter)")
        assert plot.bounding_box()["x"] > box["x"] + box["width"]
        page.locator("label:has([name=points-by][value=kind])").click()
        assert plot.bounding_box()["x"] < box["x"]


def test_a_finger_hits_each_link_of_the_misses(window: Window, pages: Pages) -> None:
    page = window(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 800})
    opened(page, pages["single"].as_uri())
    heights = page.locator(".misses a:visible").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect().height)"
    )
    assert min(heights) >= 24


def test_letters_of_the_plot_are_never_small(report: Page) -> None:
    for width in (320, 390, 768, 1024, 1280, 1600):
        report.set_viewport_size({"width": width, "height": 800})
        (scale,) = report.locator(".scatter:visible").evaluate_all(
            "all => all.map(svg => svg.getScreenCTM().a)"
        )
        assert 12 * scale >= 11


def test_names_and_licences_are_not_broken_where_a_line_of_their_own_holds_them(
    page: Page, pages: Pages
) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    opened(page, pages["single"].as_uri())
    licence = page.locator(".by-category tbody th small .whole").last
    licence.evaluate("e => { e.textContent = 'Apache-2.0'; }")
    assert licence.bounding_box()["height"] < 24


def test_how_it_was_made_is_open_where_the_link_leads(page: Page, pages: Pages) -> None:
    opened(page, pages["single"].as_uri())
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate("document.querySelectorAll('details').forEach(e => e.open = false)")
        page.locator("#top a").click()
        expect(page.locator("#details dl")).to_be_in_viewport()
    address = page.url
    page.goto("about:blank")
    opened(page, address)
    expect(page.locator("#details dl")).to_be_in_viewport()


@pytest.fixture(scope="session")
def axe() -> str:
    return source()


@pytest.mark.parametrize("where", ["page", "viewer", "chinese"])
def test_axe_finds_nothing(window: Window, pages: Pages, axe: str, where: str) -> None:
    size = {"width": 1280, "height": 800}
    page = window(bypass_csp=True, reduced_motion="reduce", viewport=size)
    opened(page, pages["folder" if where == "chinese" else "single"].as_uri())
    if where == "viewer":
        page.locator("[id^=case-garment-dress] [data-kind=original] a").click()
    page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page, axe) == []
    assert page.locator("label:has(input, select) :is(output, button, progress)").count() == 0
    summaries = page.locator(".drawer > summary").evaluate_all(
        "all => all.map(e => e.clientHeight)"
    )
    assert min(summaries) >= 24
