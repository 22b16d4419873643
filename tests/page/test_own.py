"""Pictures without truth and points, in a browser: what needs a look, the riskiest first."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fakes import save_picture
from pages import opened
from playwright.sync_api import Page, expect

from rmbg_eval import Report, Run, Settings, evaluate
from rmbg_eval.report.frame import foot, head
from rmbg_eval.run.queue import queue_of


def test_what_needs_a_look_is_in_order_of_risk_with_reasons_and_the_odd_model_left_out(
    page: Page, own: tuple[Run, Path]
) -> None:
    run, path = own
    _, complaints = opened(page, path.as_uri())
    expect(page.locator("#answer")).to_contain_text("2 of 4 pictures need a look, 1 of them first")
    expect(page.locator(".overview .second [lang=en]").first).to_contain_text(
        "Apart stands apart and is left out of the queue"
    )
    found = page.locator(".findings li")
    queue = queue_of(run)
    assert [each.value for each in queue] == sorted((each.value for each in queue), reverse=True)
    assert [each.worst.model for each in queue[:2]] == ["grabcut", "By hand"]
    risky = [each for each in queue if each.level != "fine"]
    expect(found).to_have_count(len(risky))
    for place, each in enumerate(risky):
        item = found.nth(place)
        expect(item.locator("small")).to_contain_text(f"· {each.worst.model}")
        level = {"first": "Look first", "worth": "Worth a look"}[each.level]
        expect(item.get_by_role("img", name=level, exact=True)).to_have_count(1)
        expect(item.locator("strong")).to_contain_text("3 stray pieces")
    expect(found.first.locator("small [lang=en]").last).to_have_text("also: share that is kept")

    found.first.locator("a").click()  # to the place of the reason
    expect(page.locator("#viewer")).to_be_visible()
    expect(page).to_have_url(re.compile("at=14%2C23%2C"))
    page.keyboard.press("Escape")
    page.locator(".wrong .all").click()
    rows = page.locator("#ranked article")
    expect(rows).to_have_count(5)
    ids = rows.evaluate_all("all => all.map(e => e.id)")
    assert "dress" in ids[0]
    assert "ada" in ids[1]
    page.locator("#find [name=kind]").select_option("kept")
    expect(page.locator("article.case:visible")).to_have_count(2)

    looked = page.locator("[data-part=looked] [lang=en]")
    page.locator("#by-eye [data-do=review]").click()
    expect(looked).to_have_count(0)
    page.keyboard.press("u")  # the riskiest of grabcut
    expect(looked).to_have_text("Left to look at: 1 of 2 risky cut-outs.")
    page.keyboard.press("u")  # no sign: that picture is worth a look for the other model's
    expect(looked).to_have_text("Left to look at: 1 of 2 risky cut-outs.")
    page.keyboard.press("n")
    page.keyboard.press("q")
    expect(looked).to_have_text("All looked at.")
    page.keyboard.press("z")
    expect(looked).to_have_text("Left to look at: 1 of 2 risky cut-outs.")

    page.keyboard.press("Escape")
    part = page.locator("#part [lang=en]")
    expect(part).to_be_hidden()
    page.emulate_media(media="print")
    expect(part).to_have_text("2 of 5 cases: the others are filtered away")
    expect(part).to_be_visible()
    assert page.locator(".matrix caption").bounding_box()["height"] < 2  # its heading is the same
    assert complaints == []


def test_the_viewer_says_why_each_models_picture_is_suspicious_and_outlines_where(
    page: Page, own: tuple[Run, Path]
) -> None:
    _, complaints = opened(page, own[1].as_uri())
    page.locator(".findings li a").nth(1).click()  # of Ada, to what is By hand's
    viewer = page.locator("#viewer")
    heads = viewer.locator(".signs h4")
    expect(heads).to_have_text([re.compile(model) for model in ("By hand", "Apart")])
    assert "Risk 0.45" in heads.first.inner_text()
    expect(viewer.locator("[data-part=no-points]")).to_be_hidden()
    signs = viewer.locator(".signs li")
    assert signs.all_inner_texts() == ["3 stray pieces", "The whole picture is kept"] * 2
    outlined = "all => all.filter(e => e.querySelector('.region')).map(e => e.dataset.key)"

    def outlines() -> list[str]:
        return viewer.locator(".canvas").evaluate_all(outlined)

    expect(signs.first).to_have_attribute("data-current", "")  # to whose place the finding leads
    assert outlines() == ["original", "result:By hand"]
    path = viewer.locator(".canvas.original .dash")
    expect(path).to_have_attribute("d", "M10 20h8v6h-8Z")
    page.keyboard.press("ArrowDown")
    assert outlines() == ["original", "result:Apart"]
    assert complaints == []


def test_nothing_moves_when_the_script_begins(page: Page, own: tuple[Run, Path]) -> None:
    """It stands at the end of the page, which a browser shows long before it has all of it."""
    tops = "all => all.map(e => e.getBoundingClientRect().top)"
    page.route("**/report.js", lambda route: route.abort())
    page.goto(own[1].as_uri())
    places = page.locator(".overview > *, #bar, #bar .heads")
    before = places.evaluate_all(tops)
    page.unroute("**/report.js")
    page.reload()
    expect(page.locator("html.script")).to_have_count(1)
    assert places.evaluate_all(tops) == before


def test_panels_of_models_begin_where_their_headings_do(page: Page, own: tuple[Run, Path]) -> None:
    opened(page, own[1].as_uri())
    for panel, part in ((".agreement", "td"), (".board:has(.matrix)", "tbody th strong")):
        heading, own_part = (
            page.locator(f"{panel} {each}").first.bounding_box() for each in ("h2", part)
        )
        assert own_part["x"] == heading["x"]
    assert page.locator(".matrix thead").bounding_box()["height"] < 2  # over nothing


MANY = """(body, count) => {
  const cell = body.querySelector("td").outerHTML;
  body.innerHTML = Array.from({ length: count }, (_, n) =>
    `<tr>${cell.repeat(n)}<th scope="row" colspan="${count - n}">birefnet-${n}</th></tr>`).join("");
}"""


@pytest.mark.parametrize("width", [390, 1440])
def test_figures_of_how_many_models_agree_never_overlap(
    page: Page, own: tuple[Run, Path], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    opened(page, own[1].as_uri())
    panel = page.locator(".agreement")
    panel.locator("tbody").evaluate(MANY, 17)
    sizes = "all => all.map(e => [e.clientWidth, e.clientHeight])"
    cells = panel.locator("td").evaluate_all(sizes)
    assert min(cell[0] for cell in cells) >= 38
    assert {cell[1] for cell in cells} == {32}
    room = page.locator(".overview").bounding_box()["width"]
    assert panel.bounding_box()["width"] > 0.6 * room


def test_how_five_models_agree_fits_beside_the_pictures(page: Page, own: tuple[Run, Path]) -> None:
    page.set_viewport_size({"width": 1100, "height": 900})
    opened(page, own[1].as_uri())
    panel = page.locator(".agreement")
    panel.locator("tbody").evaluate(MANY, 5)
    assert panel.bounding_box()["width"] == 320
    assert panel.locator(".scroll").evaluate("e => e.scrollWidth <= e.clientWidth")


def test_of_one_model_two_cases_stand_side_by_side_and_no_more_than_a_line_is_about_the_model(
    page: Page, tmp_path: Path
) -> None:
    for number in range(3):
        save_picture(tmp_path / "cases" / f"{number}.png", number, (320, 240))
    out = tmp_path / "out"
    settings = Settings(cases=str(tmp_path / "cases"), models=["grabcut"], out=str(out))
    report = Report(evaluate(settings))
    panels = (report.overview(), report.bar(), report.categories())
    html = head("One", "en", "single") + "".join(panel.html for panel in panels)
    (tmp_path / "page.html").write_text(html + foot("en", "single"), encoding="utf-8")
    opened(page, (tmp_path / "page.html").as_uri())
    model = page.locator(".boards")
    assert model.bounding_box()["height"] < 30
    expect(model).to_contain_text("grabcut")

    def boxes(part: str) -> list[dict[str, int]]:
        found = [each.bounding_box() for each in page.locator(part).all()]
        return [{side: round(value) for side, value in box.items()} for box in found]

    def columns() -> list[int]:
        return [box["x"] for box in boxes("article.case")]

    first, second, third = boxes("article.case")
    assert first["y"] == second["y"] < third["y"]
    assert first["x"] == third["x"] < second["x"]
    tiles = boxes("article.case:first-of-type .tile")
    heads = boxes("#bar .head")
    assert [tile["x"] for tile in tiles] == [head["x"] for head in heads]
    text = page.locator("article.case:first-of-type .about").bounding_box()
    assert text["y"] > tiles[0]["y"] + tiles[0]["height"] - 1
    for size, narrow in (("s", 1440), ("l", 1440), ("m", 900)):
        page.set_viewport_size({"width": narrow, "height": 900})
        page.locator(f"input[name=size][value={size}]").check(force=True)
        assert len(set(columns())) == 1, size
    page.set_viewport_size({"width": 700, "height": 900})
    page.emulate_media(media="print")
    assert len(set(columns())) == 2
    tiles = boxes("article.case:first-of-type .tile")
    assert [tile["x"] for tile in tiles] == [head["x"] for head in boxes("#bar .head")]


def test_measures_without_points_stand_at_even_distances(report: Page) -> None:
    widths = report.locator(".by-category .matrix").evaluate(
        """e => {
            e.querySelectorAll(".bar").forEach(bar => bar.remove());
            e.tHead.rows[0].cells[1].textContent = "Mean error in the unknown region";
            return [...e.tHead.rows[0].cells].slice(1).map(cell => cell.offsetWidth);
        }"""
    )
    assert max(widths) - min(widths) <= 1


def test_without_a_truth_no_key_is_told_that_needs_one(page: Page, own: tuple[Run, Path]) -> None:
    opened(page, own[1].as_uri())
    page.keyboard.press("?")
    told = page.locator("#keys dd:visible").all_inner_texts()
    assert "result, alpha, hardest edge" in told
    assert not any(re.search("error|truth", words) for words in told)
