"""Reviewing by keyboard: decisions are counted as Python does, and read by `decide`."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from html import escape, unescape
from pathlib import Path

import pytest
from axe import source, violations
from pages import HOSTILE, KEPT, Pages, Window, covered, look, opened, place, saved, where, whole
from playwright.sync_api import Page, expect

from rmbg_eval import Run
from rmbg_eval.decisions.files import read, take

FORGET = """async () => {
    localStorage.clear();
    for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name);
}"""


def run_of(pages: Pages) -> Run:
    return Run.load(pages["single"].parent)


def test_keys_decide_and_the_file_is_what_decide_reads(
    reviewing: Page, pages: Pages, tmp_path: Path
) -> None:
    page, run = reviewing, run_of(pages)
    expect(place(page)).to_have_text("1 / 4")  # the broken picture has no cut-out
    for key in "umx":
        page.keyboard.press(key)
    page.keyboard.press("n")
    expect(place(page)).to_have_text("1 / 4")
    page.keyboard.press("q")
    intake = take(run, [saved(page, tmp_path / "decisions.json")])
    assert intake.refused == ()
    said = [(each.model, each.answer) for each in intake.counting.reviews]
    first, second = (model.info.name for model in run.models)
    assert said == [(first, "usable"), (first, "mend"), (first, "unusable"), (second, "unsure")]
    assert {each.person for each in intake.new} == {"anonymous"}
    assert len({each.session for each in intake.new}) == 1
    expect(page.locator("#review [data-part=unsaved]")).to_have_text("")


def test_nothing_is_lost_on_reload(reviewing: Page, tmp_path: Path) -> None:
    page = reviewing
    page.keyboard.press("u")
    page.keyboard.press("m")
    page.keyboard.press("c")
    page.keyboard.type("half a sent")
    page.reload()
    expect(page.locator("#review")).to_be_visible()  # where one was
    expect(place(page)).to_have_text("3 / 4")
    expect(page.locator("#review [data-part=unsaved] [lang=en]")).to_have_text("2 unsaved")
    page.keyboard.press("c")
    assert page.locator("#review textarea").input_value() == "half a sent"
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    answers = [each.answer for each in read(saved(page, tmp_path / "d.json")).reviews]
    assert answers == ["usable", "mend", "unusable"]
    page.locator("#review [data-part=order]").select_option("chance")
    page.reload()
    assert page.locator("#review [data-part=unsaved]").inner_text() == ""
    assert page.locator("#review [data-part=order]").input_value() == "chance"
    page.keyboard.press("Escape")
    expect(page.locator("#by-eye [data-do=review]")).to_be_focused()
    expect(page).not_to_have_url(re.compile("by="))  # once the browser has gone back


def test_a_decision_of_the_far_future_takes_no_later_one_there(
    window: Window, pages: Pages
) -> None:
    page = window()
    page.clock.set_fixed_time("2199-12-31T23:59:59.999Z")
    opened(page, pages["single"].as_uri())
    page.locator("#by-eye [data-do=review]").click()
    page.keyboard.press("u")
    expect(page.locator(KEPT)).to_have_count(1)
    page.clock.set_fixed_time(datetime.now(UTC))
    page.reload()
    expect(place(page)).to_have_text("2 / 4")
    page.keyboard.press("m")
    expect(page.locator(KEPT)).to_have_count(1)
    page.reload()
    expect(page.locator("#review [data-part=unsaved] [lang=en]")).to_have_text("2 unsaved")


def test_copies_of_a_picture_are_reviewed_once(page: Page, pages: Pages, tmp_path: Path) -> None:
    one, other, *_ = [p.cutout_sha256 for p in run_of(pages).predictions
                      if p.cutout and p.model == "grabcut"]  # fmt: skip
    copied = tmp_path / "index.html"
    copied.write_text(pages["single"].read_text("utf-8").replace(other, one), "utf-8")
    opened(page, copied.as_uri())
    page.locator("#by-eye [data-do=review]").click()
    order = page.locator("#review [data-part=order]")
    order.select_option("set")
    steps = page.locator("#review [data-part=steps] button")
    page.keyboard.press("m")
    expect(steps.locator("visible=true")).to_have_count(4)
    assert steps.evaluate_all("all => all.map(e => e.className)") == ["mend", "mend", "", ""]
    expect(place(page)).to_have_text("3 / 4")
    told = json.loads(saved(page, tmp_path / "d.json").read_text("utf-8"))["decisions"]
    assert [each["answer"] for each in told] == ["mend", "mend"]
    assert len({(each["category"], each["case"]) for each in told}) == 2
    page.keyboard.press("z")
    expect(place(page)).to_have_text("1 / 4")
    assert steps.evaluate_all("all => all.map(e => e.className)") == [""] * 4


def test_a_key_too_many_changes_the_last_one_only(reviewing: Page) -> None:
    page = reviewing
    for key in "uuuux":
        page.keyboard.press(key)
    expect(place(page)).to_have_text("4 / 4")
    steps = page.locator("#review [data-part=steps] button")
    answers = steps.evaluate_all("all => all.map(e => e.className)")
    assert answers == ["usable", "usable", "usable", "unusable"]
    expect(page.locator("#review [data-part=more] [lang=en]")).to_contain_text("Everything of")


def test_undo_brings_back_what_was_before(reviewing: Page, tmp_path: Path) -> None:
    page = reviewing
    page.keyboard.press("u")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("x")
    page.keyboard.press("z")
    expect(place(page)).to_have_text("1 / 4")
    pressed = page.locator("#review [data-answer][aria-pressed=true]")
    assert pressed.get_attribute("data-answer") == "usable"
    expect(page.locator("#review [data-part=unsaved] [lang=en]")).to_have_text("1 unsaved")
    page.keyboard.press("z")
    expect(pressed).to_have_count(0)
    decisions = read(saved(page, tmp_path / "d.json"))
    assert decisions.reviews == ()
    assert [each.undone for each in decisions.decisions] == [False, False, False, True]
    page.keyboard.press("c")
    page.keyboard.type("the hair")
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    page.keyboard.press("n")  # it is another model's
    page.keyboard.press("z")
    expect(page.locator("#review textarea")).to_have_value("the hair")
    page.keyboard.press("Escape")
    expect(page.locator("#by-eye [data-part=state]")).not_to_contain_text("Decisions")


def test_a_model_without_cut_outs_is_not_turned_to(page: Page, pages: Pages) -> None:
    html = pages["single"].read_text(encoding="utf-8")
    (text,) = re.findall("<template id=\"about-decisions\" data-about='([^']*)'", html)
    about = json.loads(unescape(text))
    about["plan"] = [[n for n in stratum if n % 2 == 0] for stratum in about["plan"]]
    html = html.replace(text, escape(json.dumps(about)))
    page.route(
        pages["single"].as_uri(), lambda route: route.fulfill(body=html, content_type="text/html")
    )
    page.goto(f"{pages['single'].as_uri()}#review=By+hand")
    models = page.locator("#review [data-part=models] button")
    expect(models.first).to_have_attribute("aria-pressed", "true")
    expect(models.last).to_be_disabled()
    page.keyboard.press("n")
    expect(models.first).to_have_attribute("aria-pressed", "true")


def test_a_key_that_is_held_decides_once(reviewing: Page) -> None:
    reviewing.keyboard.down("u")
    reviewing.keyboard.down("u")
    reviewing.keyboard.up("u")
    expect(place(reviewing)).to_have_text("2 / 4")


LISTEN = """dialog => {
    window.heard = new Set();
    new MutationObserver(all => all.forEach(({ target }) => {
        const live = target.parentElement?.closest("output, [role=status], [aria-live]") ?? target;
        if (live.matches("output, [role=status], [aria-live]")) heard.add(live);
    })).observe(dialog, { childList: true, subtree: true });
}"""
HEARD = r"""() => {
    const texts = [...heard].map(e => e.textContent.trim().replace(/\s+/g, " "));
    heard.clear();
    return texts;
}"""


def test_another_picture_is_said_once_and_by_its_title(reviewing: Page) -> None:
    page = reviewing
    page.locator("#review").evaluate(LISTEN)
    page.keyboard.press("u")
    (said,) = page.evaluate(HEARD)
    assert "next:" in said
    page.keyboard.press("ArrowLeft")
    title = page.locator("#review [data-part=title]").inner_text()
    assert page.evaluate(HEARD) == [f"{title}, 1 / 4"]
    page.keyboard.press("Escape")
    look(page, page.locator("[id^=case-garment-dress] [data-kind=original] a"))
    page.locator("#viewer").evaluate(LISTEN)
    page.keyboard.press("ArrowRight")
    whole(page)
    title = page.locator("#viewer [data-part=title]").inner_text()
    assert page.evaluate(HEARD) == [
        f"{title} {page.locator('#viewer [data-part=count]').inner_text()}"
    ]


def test_the_mark_of_a_whole_share_is_seen(reviewing: Page) -> None:
    mark = reviewing.locator("#review .interval .mark")
    mark.evaluate("e => { e.setAttribute('x', 100); e.setAttribute('width', 1.5); }")
    box = mark.bounding_box()
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    seen = "(e, [x, y]) => document.elementFromPoint(x, y) === e"
    assert mark.evaluate(seen, middle)


def test_keys_go_on_after_a_model_or_an_order_is_chosen(reviewing: Page) -> None:
    page, told = reviewing, reviewing.locator("#review [data-part=told]")
    page.locator("#review [data-part=models] button").last.click()
    page.keyboard.press("u")
    expect(told).to_contain_text("usable")
    order = page.locator("#review [data-part=order]")
    order.focus()  # by keys: letters choose there, and decide nothing
    order.select_option("risk")
    expect(order).to_be_focused()
    page.keyboard.press("m")
    expect(told).not_to_contain_text("mend")
    expect(page.locator("#review [data-part=unsaved] [lang=en]")).to_have_text("1 unsaved")
    order.dispatch_event("pointerdown")
    order.focus()
    order.select_option("set")
    expect(page.locator("#review [data-part=stage]")).to_be_focused()


def test_the_keys_are_told_over_the_review(reviewing: Page) -> None:
    reviewing.keyboard.press("?")
    expect(reviewing.locator("#keys")).to_be_visible()
    reviewing.keyboard.press("Escape")
    expect(reviewing.locator("#keys")).to_be_hidden()
    reviewing.keyboard.press("u")
    expect(reviewing.locator("#review [data-part=told]")).to_contain_text("usable")
    reviewing.keyboard.press("c")
    reviewing.keyboard.press("?")
    expect(reviewing.locator("#keys")).to_be_hidden()  # it is written


def test_comment_and_place_are_of_the_decision(reviewing: Page, tmp_path: Path) -> None:
    page = reviewing
    box = page.locator("#review .canvas").first.bounding_box()
    percent = page.locator("#review [data-part=percent]")
    all_of_it = percent.inner_text()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 4)
    page.keyboard.press("p")
    page.keyboard.press("c")
    page.keyboard.type(HOSTILE)
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    page.keyboard.press("+")
    page.keyboard.press("ArrowLeft")
    expect(percent).to_have_text(all_of_it)
    expect(page.locator("#review .spot")).to_have_count(2)
    page.keyboard.press("c")
    page.keyboard.type("!")
    page.locator("#review form.comment [type=submit]").click()
    (review,) = read(saved(page, tmp_path / "d.json")).reviews
    frame = page.locator("#review .spot").first.get_attribute("viewBox")
    width, height = map(int, frame.split()[2:])
    assert review.place == pytest.approx((width / 4, height / 4), abs=1)
    assert review.comment == f"{HOSTILE}!"
    expect(page.locator("#review .spot")).to_have_count(2)
    page.keyboard.press("z")
    (review,) = read(saved(page, tmp_path / "d.json")).current
    assert review.comment == HOSTILE
    assert page.title() != "1"


def test_enter_closes_a_comment_but_not_while_a_word_is_composed(
    reviewing: Page, tmp_path: Path
) -> None:
    page = reviewing
    page.keyboard.press("c")
    page.keyboard.type("the strap")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("and the buckle")
    for composing in ("isComposing: true", "keyCode: 229"):  # the latter in Safari
        event = f"new KeyboardEvent('keydown', {{key: 'Enter', bubbles: true, {composing}}})"
        page.evaluate(f"document.activeElement.dispatchEvent({event})")
    expect(page.locator("#review form.comment")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#review form.comment")).to_be_hidden()
    page.keyboard.press("m")
    (review,) = read(saved(page, tmp_path / "d.json")).reviews
    assert (review.answer, review.comment) == ("mend", "the strap\nand the buckle")


def test_a_comment_without_a_decision_is_in_no_file_and_that_is_said(reviewing: Page) -> None:
    page = reviewing
    waiting = "wait for a decision, in no file yet: 1"
    page.keyboard.press("c")
    page.keyboard.type("the strap")
    page.locator("#review form.comment [type=submit]").click()
    expect(page.locator("#review [data-part=more]")).to_contain_text(waiting)
    page.keyboard.press("Escape")
    expect(page.locator("#by-eye [data-part=state]")).to_contain_text(waiting)
    page.locator("#by-eye [data-do=review]").click()
    page.keyboard.press("m")
    expect(page.locator("#review [data-part=more]")).not_to_contain_text("no file")
    expect(page.locator("#by-eye [data-part=state]")).not_to_contain_text("no file")


def test_what_is_being_written_of_a_decided_one_is_saved_too(
    reviewing: Page, tmp_path: Path
) -> None:
    page = reviewing
    page.keyboard.press("m")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("c")
    page.keyboard.type("the strap")
    (review,) = read(saved(page, tmp_path / "d.json")).current
    assert review.comment == "the strap"
    page.locator("#review textarea").fill("the buckle")
    page.locator("#review [data-do=close]").click()
    page.locator("#by-eye [data-do=review]").click()
    (review,) = read(saved(page, tmp_path / "d.json")).current
    assert review.comment == "the buckle"
    for onward, comment in (("ArrowRight", "the buckle!"), ("n", "the buckle!!")):
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("c")
        page.keyboard.type("!")
        page.locator("#review [data-answer=unusable]").click()
        page.keyboard.press("z")  # and it is being written again
        page.keyboard.press(onward)
        (review,) = read(saved(page, tmp_path / "d.json")).current
        assert (review.answer, review.comment) == ("mend", comment)


def test_a_finger_decides_and_places(window: Window, pages: Pages) -> None:
    page = window(viewport={"width": 390, "height": 780}, has_touch=True)
    opened(page, pages["single"].as_uri())
    page.locator("#by-eye [data-do=review]").tap()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("#review [data-do=comment]").tap()
    page.locator("#review [data-do=place]").tap()
    expect(page.locator("#review .stage")).to_have_css("cursor", "crosshair")
    page.locator("#review .stage").tap(position={"x": 100, "y": 100})
    expect(page.locator("#review .spot")).to_have_count(2)
    page.locator("#review [data-do=place]").tap()
    page.locator("#review form.comment [type=submit]").tap()
    expect(page.locator("#review .stage")).not_to_have_css("cursor", "crosshair")
    page.locator("#review [data-answer=mend]").tap()
    expect(place(page)).to_have_text("2 / 4")
    for button in page.locator("#review .answers button").all():
        assert button.bounding_box()["height"] >= 36


def test_on_a_phone_nothing_looks_chosen_that_is_not_and_saving_has_its_name(
    window: Window, pages: Pages
) -> None:
    page = window(viewport={"width": 390, "height": 780}, has_touch=True, is_mobile=True)
    opened(page, pages["single"].as_uri())
    page.locator("#by-eye [data-do=review]").tap()
    title = page.locator("#review-title")
    assert title.evaluate("e => e.scrollWidth <= e.clientWidth && e.clientWidth > 20")
    expect(page.locator("#review [data-do=save-decisions]")).to_have_accessible_name(
        re.compile("Save the decisions")
    )
    page.locator("#review [data-answer=mend]").tap()
    expect(place(page)).to_have_text("2 / 4")
    borders = page.locator("#review [data-answer]").evaluate_all(
        "all => all.map(e => getComputedStyle(e).borderColor)"
    )
    assert len(set(borders)) == 1
    for size in ({"width": 844, "height": 390}, {"width": 720, "height": 450}):  # turned; at 200 %
        page.set_viewport_size(size)
        expect(title).to_be_visible()
        stage = page.locator("#review .stage").bounding_box()
        assert stage["height"] > size["height"] / 2
        assert covered(page, "#review .answers") == []


def test_decisions_do_not_move_the_picture(reviewing: Page) -> None:
    page = reviewing
    page.set_viewport_size({"width": 1440, "height": 900})
    heights = [page.locator("#review .stage").bounding_box()["height"]]
    for key in "umu":
        page.keyboard.press(key)
        heights.append(page.locator("#review .stage").bounding_box()["height"])
    assert len(set(heights)) == 1
    steps = page.locator("#review [data-part=steps] button").all()
    assert min(step.bounding_box()["width"] for step in steps) >= 24
    order = page.locator("#review [data-part=order]")
    shown = order.bounding_box()["width"]
    assert shown < 200
    order.evaluate("e => { e.style.maxWidth = 'none'; }")
    assert order.bounding_box()["width"] == shown  # no word of it is cut


def test_a_file_is_taken_up_again_and_what_is_hostile_is_refused(
    reviewing: Page, tmp_path: Path
) -> None:
    page = reviewing
    page.keyboard.press("u")
    page.keyboard.press("m")
    path = saved(page, tmp_path / "decisions.json")
    page.evaluate(FORGET)
    page.reload()
    expect(place(page)).to_have_text("1 / 4")
    page.keyboard.press("Escape")
    content = json.loads(path.read_text())
    good = content["decisions"][0]
    content["decisions"] += [
        {**good, "answer": "mend", "time": "2025-01-01T00:00:00Z"},  # before, and of the same
        {**good, "cutout_sha256": "0" * 64},
        {**good, "case": HOSTILE * 2},
        {**good, "case": ["a"]},
        {**good, "model": "__proto__"},
        {**good, "kind": "constructor"},
        {**good, "answer": {"a": 1}},
        {**good, "place": [-1, 2]},
        {**good, "comment": "a" * 2001},
        {**good, "time": "yesterday"},
        {**good, "time": "2199-12-31T23:59:59.999Z"},
        {**good, "extra": 1},
        None,
        [],
        7,
    ]
    path.write_text(json.dumps(content))
    (tmp_path / "no.json").write_text("[" * 10000)
    (tmp_path / f"{HOSTILE.replace('/', '')}.json").write_text('{"schema_version": 1}')
    files = [path, tmp_path / "no.json", tmp_path / f"{HOSTILE.replace('/', '')}.json"]
    page.locator("#by-eye [data-part=file]").set_input_files(files)
    state = page.locator("#by-eye [data-part=state]")
    expect(state).to_contain_text("2 taken, 0 were there already, 14 are")
    expect(state).to_contain_text(f"{HOSTILE.replace('/', '')}.json is no decisions file")
    assert page.title() != "1"
    page.locator("#by-eye [data-do=review]").click()
    expect(place(page)).to_have_text("3 / 4")
    expect(page.locator("#review [data-part=unsaved]")).to_have_text("")
    page.reload()  # and it is kept
    expect(place(page)).to_have_text("3 / 4")
    expect(page.locator("#review [data-part=unsaved]")).to_have_text("")


@pytest.mark.parametrize("what", ["review", "blind"])
def test_back_closes_what_is_decided_in_and_forward_opens_it(
    page: Page, pages: Pages, what: str
) -> None:
    opened(page, pages["single"].as_uri())
    entries = page.evaluate("history.length")
    dialog = page.locator(f"#{what}")
    page.locator(f"#by-eye [data-do={what}]").click()
    expect(dialog).to_be_visible()
    if what == "review":
        page.locator("#review [data-part=models] button").nth(1).click()
    expect(dialog.locator(".pane")).to_have_count(2)
    page.keyboard.press({"review": "u", "blind": "="}[what])
    address = where(page)
    page.go_back()
    expect(dialog).to_be_hidden()
    expect(page).to_have_url(pages["single"].as_uri())
    expect(page.locator("#by-eye [data-part=unsaved] [lang=en]")).to_have_text("1 unsaved")
    page.go_forward()
    expect(dialog).to_be_visible()
    assert where(page) == address
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page).to_have_url(pages["single"].as_uri())
    assert page.evaluate("history.length") == entries + 1


def test_what_is_opened_while_the_browser_still_goes_back_stays_open(report: Page) -> None:
    entries = report.evaluate("history.length")
    look(report, report.locator("article.case h3 a").first)
    report.evaluate(
        """() => document.getElementById("viewer").addEventListener("close", () =>
            document.querySelector("#by-eye [data-do=review]").click(), { once: true })"""
    )
    report.keyboard.press("Escape")
    expect(report).to_have_url(re.compile("review="))
    expect(report.locator("#review")).to_be_visible()
    assert "view=" not in where(report).replace("review=", "")
    assert report.evaluate("history.length") == entries + 1
    report.go_back()
    expect(report.locator("#review")).to_be_hidden()
    expect(report.locator("#viewer")).to_be_hidden()


@pytest.mark.parametrize(
    ("what", "opener"),
    [
        ("viewer", "article.case h3 a"),
        ("review", "#by-eye [data-do=review]"),
        ("blind", "#by-eye [data-do=blind]"),
    ],
)
def test_what_is_opened_again_right_after_it_was_closed_stays_open(
    report: Page, what: str, opener: str
) -> None:
    """The browser tells that a dialog was closed in a task of its own, which comes late."""
    entries = report.evaluate("history.length")
    dialog = report.locator(f"#{what}")
    link = report.locator(f"{opener} >> visible=true").first
    link.evaluate("link => link.click()")
    expect(dialog).to_be_visible()
    address = where(report)
    report.evaluate(
        """async ([what, opener]) => {
          document.getElementById(what).close();
          await null; // what is to be done at once is done
          [...document.querySelectorAll(opener)].find((e) => e.checkVisibility()).click();
          await new Promise((later) => setTimeout(later, 300));
        }""",
        [what, opener],
    )
    expect(dialog).to_be_visible()
    expect(report).to_have_url(address)
    assert report.evaluate("history.length") == entries + 1
    report.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(report).to_have_url(re.compile(f"^(?!.*{what[:4]}).*$"))


def test_why_a_cut_out_has_its_risk_is_said_and_marked_but_not_in_a_blind_vote(
    page: Page, own: tuple[Run, Path]
) -> None:
    run, path = own
    opened(page, path.as_uri())
    page.locator("#by-eye [data-do=review]").click()
    model = run.models[0].info.name
    order = sorted(
        (risk for risk in run.risks if risk.model == model and risk.value is not None),
        key=lambda risk: -risk.value,
    )
    for risk in order:
        signs = page.locator("#review [data-part=signs]")
        expect(signs).to_contain_text(f"Risk {risk.value:.2f}")
        for sign in risk.signs:
            expect(signs).to_contain_text(str(sign.text))
        tops = signs.locator("[lang=en]").evaluate_all(
            """all => all.map(e => {
                const words = document.createRange();
                words.selectNode(e.firstChild);
                return Math.round(words.getBoundingClientRect().top);
            })"""
        )
        assert len(set(tops)) == 1, "words of one line are on it"
        places = [sign.place for sign in risk.signs if sign.place]
        shapes = "".join(f"M{x} {y}h{w}v{h}h{-w}Z" for x, y, w, h in places)
        marks = page.locator("#review .pane .region .dash")
        expect(marks).to_have_count(2 if places else 0)
        if places:
            assert marks.first.get_attribute("d") == shapes
            before = page.locator("#review .canvas").first.get_attribute("style")
            page.keyboard.press("ArrowDown")
            expect(signs.locator("button[data-current]")).to_have_count(1)
            assert page.locator("#review .canvas").first.get_attribute("style") != before
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    page.locator("#by-eye [data-do=blind]").click()
    expect(page.locator("#blind .canvas").first).to_be_visible()
    expect(page.locator("#blind :is(.sign, .signs, .region)")).to_have_count(0)
    assert "Risk" not in page.locator("#blind").inner_text()


def test_reasons_that_go_on_beyond_the_edge_fade_there(page: Page, own: tuple[Run, Path]) -> None:
    page.set_viewport_size({"width": 240, "height": 700})
    opened(page, own[1].as_uri())
    page.locator("#by-eye [data-do=review]").click()
    signs = page.locator("#review [data-part=signs]")
    expect(signs).to_have_class(re.compile("more-after"))
    signs.evaluate("e => e.scrollTo(e.scrollWidth, 0)")
    expect(signs).to_have_class(re.compile("more-before"))
    expect(signs).not_to_have_class(re.compile("more-after"))


def test_axe_finds_nothing_in_the_review(window: Window, pages: Pages) -> None:
    page = window(bypass_csp=True)
    page.goto(pages["single"].as_uri())
    page.locator("#by-eye [data-do=review]").click()
    page.keyboard.press("u")
    page.keyboard.press("c")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page, source()) == []


def test_with_files_beside_the_page_in_chinese(page: Page, pages: Pages, tmp_path: Path) -> None:
    opened(page, pages["folder"].as_uri())
    page.locator("#by-eye [data-do=review]").click()
    expect(page.locator("#review .canvas[data-loaded]")).to_have_count(2)
    page.keyboard.press("u")
    assert page.locator("#review [data-answer=usable] span[lang=zh]").is_visible()
    decisions = read(saved(page, tmp_path / "d.json"))
    assert len(decisions.reviews) == 1


def test_keys_are_heard_after_a_cut_out_that_had_the_focus_is_left(reviewing: Page) -> None:
    reviewing.locator("#review [data-part=steps] button").last.focus()
    for number in (2, 3):
        reviewing.keyboard.press("ArrowRight")
        expect(reviewing.locator("#review [data-part=count]")).to_have_text(f"{number} / 4")
        step = reviewing.locator("#review [data-part=steps] [aria-current=true]")
        expect(step).to_have_attribute("value", str(number - 1))
