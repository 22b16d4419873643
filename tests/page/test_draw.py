"""Observation points by hand: what is drawn in the viewer is the TOML of a case."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from pages import HOSTILE, Pages, look, opened
from playwright.sync_api import Page, expect

from rmbg_eval.measure.kinds import KINDS
from rmbg_eval.measure.record import ObservationPoint
from rmbg_eval.web import script

DRESS = "article[id^=case-garment-dress]"


@pytest.fixture
def viewer(page: Page, pages: Pages) -> Page:
    """The dress in the viewer, with its panel for points open."""
    opened(page, pages["single"].as_uri())
    look(page, page.locator(f"{DRESS} [data-kind=result] a").nth(1))
    page.locator("#viewer .draw summary").click()
    return page


def at(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a pixel of the picture is in the window, in the first pane."""
    box = page.locator("#viewer .canvas").first.bounding_box()
    width, height = map(int, page.locator(DRESS).get_attribute("data-size").split("x"))
    return box["x"] + x * box["width"] / width, box["y"] + y * box["height"] / height


def drag(page: Page, start: tuple[int, int], end: tuple[int, int]) -> None:
    page.mouse.move(*at(page, *start))
    page.mouse.down()
    page.mouse.move(*at(page, *((a + b) / 2 for a, b in zip(start, end, strict=True))))
    page.mouse.move(*at(page, *end))
    page.mouse.up()


def tool(page: Page, name: str) -> None:
    page.locator(f"#viewer [data-tool={name}]").click()


def drawn(page: Page) -> ObservationPoint:
    """The point that the panel has, as a case reads it."""
    (point,) = tomllib.loads(page.locator("#viewer [data-part=toml]").input_value())["points"]
    return ObservationPoint.model_validate(point)


def outline(page: Page) -> str:
    """What is drawn on the first picture, as SVG has it."""
    return page.locator("#viewer svg.drawn path.dash").first.get_attribute("d") or ""


def test_words_are_an_id_and_a_text_of_toml(page: Page) -> None:
    page.add_script_tag(content=script("draw"))  # type: ignore[arg-type]
    for words, wanted in (
        ("Ärmel, LINKS (2)!", "a-rmel-links-2"), ("左镜片", "point"), ("", "point"), ("-", "point"),
        ("x" * 50, "x" * 40), ("x" * 39 + " y", "x" * 39),
    ):  # fmt: skip
        assert page.evaluate("words => $draw.idOf(words)", words) == wanted
    for words in ("a\\b", 'say "so"', "a\nb\tc\x00d\x7fe"):
        text = page.evaluate("words => $draw.quoted(words)", words)
        plain = "".join(letter if letter.isprintable() else " " for letter in words)
        assert tomllib.loads(f"a = {text}")["a"] == plain


def test_a_region_is_toml_once_it_is_whole(page: Page) -> None:
    page.add_script_tag(content=script("draw"))  # type: ignore[arg-type]
    a, b, c = [1, 2], [1, 9], [5, 2]
    for kind, paths, wanted in (
        ("lines", [[a, b], [a, c]], {"lines": [[a, b], [a, c]]}),
        ("lines", [[a], [b, b], [a, b]], {"lines": [[a, b]]}), ("lines", [[a], [b, b]], {}),
        ("polygon", [[a, b, c]], {"polygon": [a, b, c]}), ("polygon", [[a, b]], {}),
        ("box", [[c, b]], {"box": [1, 2, 4, 7]}), ("box", [[a, b]], {}), ("box", [[a, c]], {}),
        ("box", [], {}),
    ):  # fmt: skip
        assert tomllib.loads(page.evaluate("g => $draw.regionOf(...g)", [kind, paths])) == wanted


PANEL = """<div id=panel>
<select data-part=kind><option value=opaque data-regions="box polygon">
<option value=thin data-regions="lines box"></select>
<input data-part=point-en><input data-part=point-zh><textarea data-part=toml></textarea>
<button data-do=copy-point></button><button data-do=save-point></button>
<button data-do=write-point></button><p data-part=written></p><ul data-part=values></ul>
<p data-part=told></p></div>
<div id=stage><div id=pane style="width: 100px; height: 100px"></div></div>"""
HOST = """() => {
  const later = (all) => (toml, was) =>
    new Promise((resolve, reject) => all.push({ toml, was, resolve, reject }));
  const [panel, stage, pane] = ["panel", "stage", "pane"].map((id) => document.getElementById(id));
  const zoom = {
    size: [96, 64], panels: [{ box: pane, layer: pane }], draw: null, view: {}, looks: [],
    looking: () => ({ x: 48, y: 32, scale: 4 }), look: (there) => zoom.looks.push(there.x),
    point: () => [7, 8],
  };
  Object.assign(window, { asked: [], wrote: [], about: "one", zoom, stage, pane, panel });
  window.points = document.createElement("ul");
  window.byHand = $draw.drawing({
    panel, stage, zoom, focus() {}, about: () => about, points,
    say: (name, values) => [new Text([name, ...Object.values(values ?? {})].join(" "))],
    text: ({ en }) => [new Text(en)], measure: later(asked), write: later(wrote),
  });
  window.box = (...corners) => {
    stage.dispatchEvent(new Event("pointerdown"));
    zoom.draw(corners);
  };
  window.press = (keys, on = stage) => keys.forEach((key) =>
    on.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })));
  const mark = { model: "m", state: "passed", words: { en: "" } };
  window.has = (value) => ({ expected: "", marks: [{ ...mark, value }] });
  byHand.begin("box");
}"""


@pytest.fixture
def alone(page: Page) -> Page:
    """The panel, and nothing around it: `box` drags, `asked` and `wrote` wait for an answer."""
    page.clock.install()
    page.set_content(PANEL)
    page.add_script_tag(content=script("draw"))  # type: ignore[arg-type]
    page.evaluate(HOST)
    return page


def shown(page: Page, name: str) -> str:
    return page.locator(f"[data-part={name}]").inner_text()


def test_the_values_that_are_shown_are_those_of_the_point_as_it_is_now(alone: Page) -> None:
    def wait() -> int:
        alone.clock.run_for(300)
        return alone.evaluate("asked.length")

    for bottom in (20, 21):  # once nothing has changed for a moment
        alone.evaluate("bottom => box(10, 10, 20, bottom)", bottom)
        alone.clock.run_for(200)
        assert alone.evaluate("asked.length") == 0
    assert wait() == 1
    alone.evaluate("box(10, 10, 30, 30)")
    assert wait() == 1  # one at a time
    alone.evaluate("asked[0].resolve(has('of another'))")
    assert (wait(), shown(alone, "values")) == (2, "")
    assert "box = [10, 10, 20, 20]" in alone.evaluate("asked[1].toml")
    alone.evaluate("asked[1].resolve(has('now'))")
    expect(alone.locator("[data-part=values][aria-busy=false]")).to_contain_text("now")
    alone.locator("[data-part=point-en]").fill("Other words are no other values")
    assert (wait(), alone.locator("[aria-busy=true]").count()) == (2, 0)
    alone.evaluate("byHand.again()")  # of other models
    assert wait() == 3
    alone.evaluate("byHand.again(); asked[2].resolve(has('of other models'))")
    assert wait() == 4
    assert "other models" not in shown(alone, "values")
    refusal = "new $offers.Refusal({ en: '<i>problem' }, { en: 'remedy' })"
    alone.evaluate(f"asked[3].reject({refusal})")
    expect(alone.locator("[data-part=values]")).to_have_text("<i>problem remedy")
    alone.locator("[data-part=toml]").fill("by hand")
    assert wait() == 5
    alone.evaluate("asked[4].resolve(null)")  # nobody can measure
    expect(alone.locator("[data-part=values]")).to_have_text("later")
    alone.evaluate("byHand.clear()")
    assert (wait(), shown(alone, "values")) == (5, "")


def test_a_point_is_written_once_however_often_one_presses_and_moved_then(alone: Page) -> None:
    def write() -> dict[str, str]:
        alone.locator("[data-do=write-point]").click()
        return alone.evaluate("(({ toml, was }) => ({ toml, was }))(wrote.at(-1))")

    alone.locator("[data-part=point-en]").fill("Lens")
    alone.evaluate("box(10, 10, 20, 20)")
    first = write()
    assert write() == first
    assert first["was"] == ""
    alone.evaluate("wrote[0].resolve({ file: 'a/case.toml' })")
    expect(alone.locator("[data-part=written]")).to_have_text("written a/case.toml")
    alone.evaluate("byHand.show()")
    expect(alone.locator("[data-do=write-point]")).to_be_disabled()
    expect(alone.locator("[data-do=write-point]")).to_be_focused()
    alone.evaluate("box(10, 10, 30, 30)")
    assert shown(alone, "written") == ""
    for _ in range(2):  # again after a refusal
        moved = write()
        assert moved["was"] == first["toml"]
        assert 'id = "lens"' in moved["toml"]
        alone.evaluate("wrote.at(-1).reject(new Error('away'))")
        expect(alone.locator("[data-part=written]")).to_have_text("no-answer")
    for about, id in (("one", "lens-2"), ("other", "lens")):
        alone.evaluate("id => { byHand.clear(); window.about = id; byHand.begin('box'); }", about)
        alone.locator("[data-part=point-en]").fill("Lens")
        alone.evaluate("box(10, 10, 20, 20)")
        assert f'id = "{id}"' in write()["toml"]
    assert alone.evaluate("wrote.length") == 5


MIDDLE = """points.innerHTML = `<li data-current data-point=middle data-region='${JSON.stringify({
  region: "box", paths: [[[1, 2], [5, 6]]], besides: {}, kind: "thin", title: { en: "M" } })}'>`;
byHand.begin("move")"""


def toml(page: Page) -> str:
    return page.locator("[data-part=toml]").input_value()


def test_a_point_that_was_written_is_moved_from_what_was_written_last(alone: Page) -> None:
    alone.evaluate("points.innerHTML = '<li data-current>'; byHand.begin('move'); byHand.rest()")
    assert toml(alone) == ""  # what is chosen is no region
    alone.evaluate(MIDDLE)
    write = alone.locator("[data-do=write-point]")
    expect(write).to_be_disabled()  # it is where it was
    was = toml(alone)
    for box in ("[2, 2, 4, 4]", "[3, 2, 4, 4]"):
        alone.evaluate("box(4, 4, 5, 4)")
        write.click()
        assert alone.evaluate("wrote.at(-1).was") == was
        was = alone.evaluate("wrote.at(-1).toml")
        assert f"box = {box}" in was
        alone.evaluate("wrote.at(-1).resolve({ file: 'a' })")
        alone.evaluate("byHand.rest(); byHand.begin('move')")
    alone.evaluate("byHand.clear(); byHand.begin('move')")  # as the page has it
    assert "box = [1, 2, 4, 4]" in toml(alone)
    alone.evaluate("box(4, 4, 5, 4)")
    write.click()
    assert alone.evaluate("wrote.at(-1).was") == was


def test_another_tool_begins_anew_the_same_goes_on_and_escape_brings_back(alone: Page) -> None:
    complaints: list[str] = []
    alone.on("pageerror", lambda error: complaints.append(str(error)))

    def after(act: str) -> dict[str, object]:
        alone.evaluate(act)
        return tomllib.loads(toml(alone))["points"][0]

    assert alone.locator(".cross").count() == 2
    alone.evaluate("void (URL.createObjectURL = () => { throw new Error('nothing'); })")
    alone.locator("[data-do=save-point]").dispatch_event("click")
    assert after("box(1, 1, 5, 5)")["kind"] == "opaque"
    assert alone.locator(".cross").count() == 0  # the hand has it
    lines = after("byHand.begin('lines'); box(1, 1, 5, 5); byHand.rest();"
                  "byHand.begin('lines'); box(1, 2, 5, 6)")  # fmt: skip
    assert (lines["kind"], lines["lines"]) == ("thin", [[[1, 1], [5, 5]], [[1, 2], [5, 6]]])
    assert after("byHand.rest(); byHand.begin('polygon'); press(['d', 'Escape'])") == lines
    alone.evaluate("byHand.begin('box'); press([' ', 'd'])")  # a corner was held
    polygon = after("press(['ArrowLeft', ' ', 'ArrowUp', ' ', 'ArrowLeft', ' '])")["polygon"]
    assert polygon == [[47, 32], [47, 31], [46, 31]]
    assert alone.evaluate("zoom.looks") == []
    alone.evaluate("press(Array(9).fill('ArrowLeft'))")
    assert alone.evaluate("zoom.looks") == [37]  # 44 of the 50 pixels to the edge
    assert alone.evaluate("(byHand.begin('box'), byHand.clear(), zoom.draw === null)")
    assert complaints == []


def test_a_click_is_a_corner_on_a_picture_that_was_not_just_moved(alone: Page) -> None:
    alone.evaluate("byHand.begin('polygon')")
    assert alone.evaluate("zoom.draw === null")  # a drag moves the picture
    for act, corners in (
        ("pane.click()", 1), ("zoom.moved = true; pane.click()", 1),
        ("zoom.moved = false; stage.click()", 1), ("pane.click()", 2),
    ):  # fmt: skip
        alone.evaluate(act)
        assert (alone.locator(".dash").get_attribute("d") or "").count("7 8") == corners
    alone.evaluate("byHand.begin('box'); byHand.clear()")
    assert alone.evaluate("[zoom.draw === null, stage.className]") == [True, ""]
    alone.evaluate("zoom.draw = () => {}; byHand.clear()")
    assert alone.evaluate("zoom.draw !== null")  # somebody else's


def test_what_one_writes_is_no_key_of_what_is_around(alone: Page) -> None:
    heard = alone.evaluate(
        """() => {
          const heard = [];
          addEventListener("keydown", ({ key }) => heard.push(key));
          press(["a", "Delete", "Escape"], panel.querySelector("input"));
          press(["d", "z"], stage);
          return heard;
        }"""
    )
    assert heard == ["Escape", "z"]


def test_a_box_with_words_of_any_kind(viewer: Page, tmp_path: Path) -> None:
    tool(viewer, "box")
    drag(viewer, (50, 40), (20, 10))
    words = f'{HOSTILE} \\ "left" lens'
    viewer.locator("#viewer [data-part=point-en]").fill(words)
    viewer.locator("#viewer [data-part=point-zh]").fill("左镜片")
    viewer.locator("#viewer [data-part=kind]").select_option("transparent")
    point = drawn(viewer)
    assert point.box == pytest.approx((20, 10, 30, 30), abs=1)
    assert point.kind == "transparent"
    assert point.title == {"en": words, "zh": "左镜片"}
    assert viewer.locator("#viewer svg.drawn").count() == viewer.locator("#viewer .canvas").count()
    with viewer.expect_download() as download:
        viewer.locator("#viewer [data-do=save-point]").click()
    download.value.save_as(tmp_path / "points.toml")
    assert tomllib.loads((tmp_path / "points.toml").read_text("utf-8"))["points"][0]["id"] == (
        point.id
    )
    assert viewer.title() != "1"


def test_corners_of_a_polygon_and_lines(viewer: Page) -> None:
    tool(viewer, "polygon")
    for x, y in ((20, 10), (60, 12)):
        viewer.mouse.click(*at(viewer, x, y))
    assert viewer.locator("#viewer [data-part=toml]").input_value() == ""  # not whole yet
    viewer.mouse.click(*at(viewer, 40, 50))
    polygon = drawn(viewer).polygon
    for spot, wanted in zip(polygon, ((20, 10), (60, 12), (40, 50)), strict=True):
        assert spot == pytest.approx(wanted, abs=1)
    tool(viewer, "lines")
    drag(viewer, (10, 10), (30, 10))
    drag(viewer, (10, 30), (30, 40))
    drag(viewer, (10, 30), (30, 50))  # from the very same place
    point = drawn(viewer)
    assert len(point.lines) == 3
    assert point.lines[1][1] == pytest.approx((30, 40), abs=1)
    off = viewer.locator("#viewer [data-part=kind] option:disabled")
    assert off.evaluate_all("all => all.map(e => e.value)") == [
        kind.name for kind in KINDS.values() if "lines" not in kind.regions
    ]
    viewer.locator("#viewer [data-do=clear-point]").click()
    expect(viewer.locator("#viewer svg.drawn")).to_have_count(0)


def test_a_point_that_is_there_is_moved(viewer: Page) -> None:
    viewer.locator("#viewer li[data-point=middle] a").click()  # box = [40, 28, 12, 8]
    tool(viewer, "move")
    assert drawn(viewer).box == (40, 28, 12, 8)
    drag(viewer, (46, 32), (42, 30))
    point = drawn(viewer)
    assert point.id == "middle"
    assert point.box == pytest.approx((36, 26, 12, 8), abs=1)
    assert point.title == {"en": "The middle is kept", "zh": "中部保留"}
    drag(viewer, (40, 30), (-30, -20))  # no farther than the picture goes
    assert drawn(viewer).box == (0, 0, 12, 8)
    drag(viewer, (6, 4), (110, 80))
    for _ in range(3):  # the tool is put away and taken again
        assert drawn(viewer).box == (84, 56, 12, 8)
        tool(viewer, "move")
    tool(viewer, "box")  # is of another point
    assert viewer.locator("#viewer [data-part=toml]").input_value() == ""
    viewer.locator("#viewer [data-do=clear-point]").click()
    assert viewer.locator("#viewer [data-part=toml]").input_value() == ""
    tool(viewer, "box")
    drag(viewer, (80, 50), (110, 80))
    point = drawn(viewer)
    assert point.box == pytest.approx((80, 50, 16, 14), abs=1)
    assert (point.id, point.title) == ("point", {})
    drag(viewer, (40, 30), (-30, -20))
    assert drawn(viewer).box == pytest.approx((0, 0, 40, 30), abs=1)


def test_what_else_a_case_says_of_a_point_that_is_moved_stays(viewer: Page) -> None:
    row = viewer.locator("#viewer li[data-point=middle]")
    row.evaluate(
        """row => { row.dataset.region = JSON.stringify({
            ...JSON.parse(row.dataset.region), kind: "in-between",
            besides: { expected: 0.25, tolerance: 0.1, required: true } }); }"""
    )
    row.locator("a").click()
    viewer.locator("#viewer [data-tool=move]").press("Enter")
    viewer.keyboard.press("ArrowLeft")
    point = drawn(viewer)
    assert (point.box, point.kind) == ((39, 28, 12, 8), "in-between")
    assert (point.expected, point.tolerance, point.required) == (0.25, 0.1, True)
    tool(viewer, "box")  # another one, of which it says nothing
    drag(viewer, (80, 50), (90, 60))
    point = drawn(viewer)
    assert (point.id, point.expected, point.required) == ("the-middle-is-kept", None, False)


def test_keys_draw_a_box_and_say_where_they_are(viewer: Page) -> None:
    told = viewer.locator("#viewer [data-part=told]")
    keys = viewer.keyboard
    keys.press("Escape")  # closes the viewer: nothing is drawn
    look(viewer, viewer.locator(f"{DRESS} [data-kind=result] a").nth(1))
    keys.press("d")
    expect(told).to_contain_text("Box: arrows move the cross")
    assert viewer.evaluate("document.activeElement.dataset.part") == "stage"
    count = viewer.locator("#viewer .canvas").count()
    expect(viewer.locator("#viewer .drawn .hand")).to_have_count(count)
    keys.press("ArrowLeft")  # 96 × 64: from the middle
    expect(told).to_have_text("x 47, y 32")
    keys.press(" ")
    keys.press("Shift+ArrowRight")
    keys.press("Shift+ArrowDown")
    keys.press("ArrowUp")
    expect(told).to_have_text("x 57, y 41")
    assert drawn(viewer).box == (47, 32, 10, 9)
    assert outline(viewer) == "M47 32L57 32L57 41L47 41Z"
    cross = viewer.locator("#viewer svg.drawn .cross").last
    assert cross.get_attribute("d") == "M0 41H96M57 0V64"
    keys.press("n")  # the first corner
    keys.press("ArrowLeft")
    keys.press("Enter")
    assert drawn(viewer).box == (46, 32, 11, 9)
    assert viewer.evaluate("document.activeElement.dataset.part") == "kind"
    expect(viewer.locator("#viewer .drawn .hand")).to_have_count(0)
    expect(viewer.locator("#viewer [data-part=values] [lang=en]")).to_contain_text("The next run")
    viewer.locator("#viewer [data-part=stage]").focus()
    keys.press("d")
    keys.press("Delete")
    assert viewer.locator("#viewer [data-part=toml]").input_value() == ""
    keys.press("Escape")
    assert drawn(viewer).box == (46, 32, 11, 9)  # as it was
    expect(viewer.locator("#viewer")).to_be_visible()


def test_keys_draw_corners_and_lines_and_move_what_is_there(viewer: Page) -> None:
    keys = viewer.keyboard
    viewer.locator("#viewer [data-tool=polygon]").press("Enter")  # the keys go to the pictures
    for key in (" ", "Shift+ArrowRight", " ", "Shift+ArrowDown", " ", "ArrowLeft", " "):
        keys.press(key)
    keys.press("Backspace")
    assert drawn(viewer).polygon == ((48, 32), (58, 32), (58, 42))
    assert outline(viewer) == "M48 32L58 32L58 42Z"
    for key in (" ", "n", "n", "Delete"):  # the second of four
        keys.press(key)
    assert drawn(viewer).polygon == ((48, 32), (58, 42), (57, 42))
    keys.press("N")
    keys.press("ArrowDown")
    keys.press(" ")  # lets go of the first
    keys.press("ArrowDown")
    keys.press("Control+ArrowDown")
    assert drawn(viewer).polygon == ((48, 33), (58, 42), (57, 42))
    keys.press("d")
    for key in (" ", "Shift+ArrowRight", " ", "Shift+ArrowUp", " ", "ArrowUp", " "):
        keys.press(key)
    lines = drawn(viewer).lines
    assert lines == (((48, 34), (58, 34)), ((58, 24), (58, 23)))
    assert outline(viewer) == "M48 34L58 34M58 24L58 23"
    keys.press("Escape")
    viewer.locator("#viewer li[data-point=middle] a").click()  # box = [40, 28, 12, 8]
    viewer.locator("#viewer [data-tool=move]").press("Enter")
    for _ in range(6):
        keys.press("Shift+ArrowRight")
    keys.press("ArrowUp")
    point = drawn(viewer)
    assert (point.id, point.box) == ("middle", (84, 27, 12, 8))  # whole, at the picture's edge


def test_a_point_ends_with_the_picture_and_has_an_id_of_its_own(viewer: Page) -> None:
    keys = viewer.keyboard
    viewer.locator("#viewer [data-tool=box]").press("Enter")
    for key in (" ", *["Shift+ArrowRight"] * 6, *["Shift+ArrowDown"] * 4):  # from 48, 32 of 96 × 64
        keys.press(key)
    viewer.locator("#viewer [data-part=point-en]").fill("Middle")
    point = drawn(viewer)
    assert (point.id, point.box) == ("middle-2", (48, 32, 48, 32))
    there = viewer.locator("#viewer li[data-point=middle]")
    there.evaluate("row => { row.dataset.point = 'x'.repeat(40); }")
    viewer.locator("#viewer [data-part=point-en]").fill("x" * 50)
    assert drawn(viewer).id == "x" * 36 + "-2"
    viewer.locator("#viewer [data-part=point-en]").fill(" ")
    viewer.locator("#viewer [data-part=point-zh]").fill("中部")
    assert drawn(viewer).title == {"zh": "中部"}
