"""The page's script without a kernel: what it computes is what Python computes; drop and paste."""

from __future__ import annotations

import base64
import io
import re
import struct
import zipfile

import numpy as np
import pytest
from pictures import error_map
from PIL import Image
from playwright.sync_api import Page, expect

from rmbg_eval.explore.server import shell
from rmbg_eval.measure.places import band_width, profile
from rmbg_eval.web import script

MAP = """async ([source, line]) => {
  const image = new Image();
  image.src = source;
  await image.decode();
  const map = new $alpha.AlphaMap(image);
  const values = map.profile(line);
  return [values.map((v) => v.alpha), $alpha.softBand(values), [...map.histogram()]];
}"""


@pytest.fixture
def blank(page: Page) -> Page:
    """A page with nothing but the script."""
    page.set_content("<p>")
    page.add_script_tag(content=script("served"))
    return page


def png(alpha: np.ndarray) -> str:
    rgba = np.dstack([np.full((*alpha.shape, 3), 200, np.uint8), alpha])
    buffer = io.BytesIO()
    Image.fromarray(rgba).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def test_profile_band_and_histogram_are_those_of_the_measures(blank: Page) -> None:
    random = np.random.default_rng(7)
    noise = random.integers(0, 256, (40, 60), np.uint8)
    ramp = np.clip(np.arange(60) * 12 - 200, 0, 255)[::-1]
    soft = np.clip(ramp + random.integers(-20, 20, (40, 60)), 0, 255).astype(np.uint8)
    for alpha in (noise, soft, np.full((40, 60), 128, np.uint8)):
        for line in (
            (2, 5, 57, 33),
            (57, 33, 2, 5),
            (0, 20, 60, 20),
            (10, 10, 10.4, 10),
            (20, 10, 60, 40),
            (7, 7, 7, 7),
        ):
            x1, y1, x2, y2 = line
            seen, band, histogram = blank.evaluate(MAP, [png(alpha), list(line)])
            distances, values = profile(alpha.astype(np.float32) / 255, ((x1, y1), (x2, y2)))
            assert np.allclose(seen, values, atol=1e-6)
            assert histogram == np.bincount(alpha.ravel(), minlength=256).tolist()
            if values[0] < values[-1]:  # drawn from outside to inside
                distances, values = distances[-1] - distances[::-1], values[::-1]
            expected = band_width(distances, values)
            assert band == (None if np.isinf(expected) else pytest.approx(expected, abs=1e-5))


@pytest.mark.parametrize(
    "alphas",
    [(0.5, 0, 1, 0), (0.91, 0.05, 0.95, 0.02), (0.8, 0.5, 0.2), (0.8, 0.05),
     (0.95, 0.5, 0.95, 0.5, 0.05, 0), (0.92, 0.08), (1, 0.5, 0.1)],
    ids=str,
)  # fmt: skip
def test_a_soft_band_of_any_course_is_that_of_the_measures(
    blank: Page, alphas: tuple[float, ...]
) -> None:
    distances = np.arange(len(alphas)) * 1.5
    expected = band_width(distances, np.array(alphas, float))
    course = [{"distance": float(d), "alpha": a} for d, a in zip(distances, alphas, strict=True)]
    for each in (course, [{**p, "alpha": a} for p, a in zip(course, alphas[::-1], strict=True)]):
        band = blank.evaluate("course => $alpha.softBand(course)", each)
        assert band == (None if np.isinf(expected) else pytest.approx(expected))


PLOT = """([kind, ...given]) => {
  const plot = $alpha[kind]("x", ...given);
  document.body.replaceChildren(plot);
  const all = (selector, of) => [...plot.querySelectorAll(selector)].map(of);
  return {
    words: all("text", (e) => [e.textContent, Number(e.getAttribute("x"))]),
    lines: all("line", (e) => Number(e.getAttribute("y1"))),
    courses: all("polyline", (e) => [e.getAttribute("class"), e.getAttribute("points")]),
    bars: all("path", (e) => [e.getAttribute("class"), e.getAttribute("d")]),
  };
}"""


def test_courses_of_alpha_are_drawn_between_the_plot_s_own_marks(blank: Page) -> None:
    falls, half = [(0, 1), (4, 0.08), (10, 0)], [(0, 0.5), (4, 0.5), (10, 0.92)]
    courses = [[{"distance": d, "alpha": a} for d, a in each] for each in (falls, half)]
    plot = blank.evaluate(PLOT, ["profilePlot", courses])
    assert [words for words, _ in plot["words"]] == ["1", "", "0.5", "", "0", "0", "10.0 px"]
    one, high, middle, low, none = plot["lines"]
    assert one < high < middle < low < none
    (left, right) = (x for _, x in plot["words"][-2:])
    at = left + 0.4 * (right - left)
    for (name, points), wanted in zip(
        plot["courses"],
        ([(left, one), (at, low), (right, none)], [(left, middle), (at, middle), (right, high)]),
        strict=True,
    ):
        found = [tuple(map(float, point.split(","))) for point in points.split()]
        assert name == f"rx-course rx-course-{'01'[wanted[0][1] == middle]}"
        for spot, mark in zip(found, wanted, strict=True):
            assert spot == pytest.approx(mark, abs=0.06)


def test_a_histogram_s_bars_stand_over_their_values(blank: Page) -> None:
    bars = []
    for alpha in ([[0, 0, 0, 0], [64, 64, 64, 255]], [[255] * 4] * 2):
        source = png(np.array(alpha, np.uint8))
        handle = blank.evaluate_handle(
            """async (source) => {
            const image = new Image();
            image.src = source;
            await image.decode();
            return new $alpha.AlphaMap(image);
            }""",
            source,
        )
        bars.append(handle)
    plot = blank.evaluate(PLOT, ["histogramPlot", bars])
    at = {words: x for words, x in plot["words"]}
    heights = []
    for number, (name, path) in enumerate(plot["bars"]):
        assert name == f"rx-bars rx-bars-{number}"
        found = re.findall(r"L ([\d.]+) ([\d.]+) h ([\d.]+)", path)
        assert len(found) == 256
        left, tops, wide = np.array(found, float).T
        assert left[0] == pytest.approx(at["0"], abs=0.1)
        assert left[64] == pytest.approx(at["0.25"], abs=0.1)
        assert left[255] + wide[255] == pytest.approx(at["1"], abs=0.1)
        heights.append(tops.max() - tops)
    one, other = heights
    counts = np.log10(np.bincount([0] * 4 + [64] * 3 + [255], minlength=256) + 1) / np.log10(9)
    assert one == pytest.approx(counts * other[255], abs=0.1)
    assert np.flatnonzero(other).tolist() == [255]


ZIP = """async (names) => {
  const files = names.map((name) => ({ name, blob: new Blob([name.repeat(5)]) }));
  return [...new Uint8Array(await (await $zip.zip(files)).arrayBuffer())];
}"""


def test_a_zip_has_each_file_under_a_name_of_its_own(blank: Page) -> None:
    names = ["杯子.png", "a.png", "A.png", "a (2).png", *["c.d.png"] * 2, *["b"] * 2]
    data = blank.evaluate(ZIP, names)
    archive = zipfile.ZipFile(io.BytesIO(bytes(data)))
    assert archive.testzip() is None
    assert archive.namelist() == [
        "杯子.png", "a.png", "A (2).png", "a (2) (2).png", "c.d.png", "c.d (2).png", "b", "b (2)",
    ]  # fmt: skip
    assert [archive.read(each).decode() for each in archive.namelist()] == [n * 5 for n in names]
    assert {each.date_time for each in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_zip_of_many_or_large_files_says_where_they_are_or_that_they_are_too_much(
    blank: Page,
) -> None:
    names = ["杯" * 90 + ".png", *(f"{n}.png" for n in range(300))]
    data = bytes(blank.evaluate(ZIP, names))
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    assert archive.namelist() == names
    assert struct.unpack_from("<HH", data, len(data) - 22 + 8) == (301, 301)
    end = """(sizes) => {
        const arrayBuffer = async () => new ArrayBuffer();
        const files = sizes.map((size, n) => ({ name: `${n}`, blob: { size, arrayBuffer } }));
        return $zip.zip(files).then(
          async (zip) => [...new Uint8Array(await zip.slice(-69).arrayBuffer())],
          ({ name }) => name);
        }"""
    large = 0xFEDCBA98
    tail = bytes(blank.evaluate(end, [large, 7]))  # the second's entry, and the end
    assert struct.unpack_from("<I", tail, 42) == (large + 31,)
    assert struct.unpack_from("<HHII", tail, 47 + 8) == (2, 2, 2 * 47, large + 7 + 2 * 31)
    assert blank.evaluate(end, [2**32]) == "RangeError"


AGAINST = """async (sources) => {
  const images = sources.map((src) => Object.assign(new Image(), { src }));
  await Promise.all(images.map((image) => image.decode()));
  const [grey, truth] = images.map((result) => $pixels.picture("alpha", { result }));
  const apart = $pixels.picture("error", { result: images[0], truth });
  return [apart, grey].map((each) => [...$pixels.pixelsOf(each).data]);
}"""


def test_two_models_differ_in_the_colours_of_an_error_map(blank: Page) -> None:
    one, other = np.random.default_rng(3).integers(0, 256, (2, 20, 30), np.uint8)
    apart, grey = np.array(blank.evaluate(AGAINST, [png(one), png(other)])).reshape(2, 20, 30, 4)
    expected = np.rint(error_map(one / 255, other / 255))
    assert np.abs(apart[..., :3] - np.asarray(expected, int)).max() <= 2
    assert (apart[..., 3] == 255).all()
    assert (grey[..., :3] == one[..., None]).all()


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_dropped_and_pasted_pictures_are_shown_before_there_is_a_kernel(
    page: Page, way: str
) -> None:
    page.set_content(shell())
    page.evaluate(
        """async ([way, source]) => {
        const blob = await (await fetch(source)).blob();
        const data = new DataTransfer();
        data.items.add(new File([blob], "杯子.png", { type: "image/png" }));
        const given = way === "drop" ? { dataTransfer: data } : { clipboardData: data };
        const kind = way === "drop" ? DragEvent : ClipboardEvent;
        document.querySelector(".rx-main").dispatchEvent(
          new kind(way, { ...given, bubbles: true, cancelable: true }));
        }""",
        [way, png(np.full((30, 50), 255, np.uint8))],
    )
    page.wait_for_function("document.querySelector('.rx-stage img')?.naturalWidth == 50")
    assert page.inner_text(".rx-chosen").startswith("Chosen: 杯子.png (1 KB)")
    assert page.is_enabled(".rx-go")


def test_too_many_visitors_are_told(page: Page) -> None:
    page.set_content(shell(full=True))
    assert page.inner_text(".rx-status").startswith("There are as many visitors")


KERNEL = """
(models) => {
  const drawn = async (colour) => {
    const canvas = new OffscreenCanvas(60, 40);
    const context = canvas.getContext("2d");
    context.fillStyle = colour;
    context.fillRect(5, 5, 20, 20);
    return canvas.convertToBlob();
  };
  const reason = { en: "Not today.", zh: "今天不行。" };
  const failure = { type: "failed", kind: "ModelError", problem: reason, remedy: reason };
  window.kernel = {
    there: new Set(), held: null, failures: 0,
    on(_, hear) { this.hear = hear; },
    choose: async (count) => rmbgExplorer.choose(await Promise.all(Array.from({ length: count },
      async (_, n) => new File([await drawn("blue")], `${n}.png`, { type: "image/png" })))),
    async send({ type, id, request, model, foreground }) {
      await 0;
      const about = { id, request, model, foreground };
      const say = (said, parts = []) => this.hear({ ...about, ...said }, parts);
      if (type === "hello") {
        say({ type: "welcome", served: false, part: 1 << 20, most: 1 << 26, adds: false,
              categories: [], foregrounds: ["raw", "blur-fusion"], kinds: [],
              cases: [{ name: "pet/rex", category: "pet", title: { en: "Dog", zh: "狗" } }] });
        say({ type: "models", models });
      }
      if (type === "ping" && !this.gone) say({ type: "pong", working: !this.forgot });
      if (type === "upload") say({ type: "received", count: 0 });
      if (type === "part") this.there.add(id);
      if (type === "part") say(this.refuses ? failure : { type: "picture", width: 60, height: 40 });
      if (type === "forget") this.there.delete(id);
      if (type !== "remove") return;
      const known = this.there.has(id) && models.some((each) => each.model === model);
      if (!known || this.failures-- > 0) return say(failure);
      say({ type: "progress", stage: "infer" });
      this.doing = model;
      await this.held?.promise;
      const blob = await drawn("red");
      const png = new Uint8Array(await blob.arrayBuffer());
      say({ type: "result", name: "0-cutout.png", seconds: { infer: 0.1 }, width: 60, height: 40 },
          [png]);
    },
  };
  rmbgExplorer.wire.connect(window.kernel);
}
"""
"""A kernel of the page alone, whose answers can be held back."""
READY = [{"model": name, "title": name, "stage": "ready"} for name in ("isnet", "grabcut")]


def connected(page: Page, pictures: int, models: object = READY) -> None:
    page.set_content(shell())
    page.evaluate(KERNEL, models)
    page.evaluate("kernel.choose", pictures)
    expect(page.locator(".rx-original img")).to_be_visible()


def test_a_picture_of_several_that_failed_can_be_tried_again(page: Page) -> None:
    connected(page, 2)
    page.evaluate("kernel.failures = 1")
    page.click(".rx-go")
    expect(page.locator(".rx-trouble")).to_contain_text("Not today")
    expect(page.locator(".rx-go")).to_be_enabled()
    page.click(".rx-go")
    expect(page.locator(".rx-done")).to_have_count(2)


def test_that_work_begins_and_ends_is_heard_once_and_the_focus_stays(page: Page) -> None:
    connected(page, 1)
    page.evaluate(
        """() => {
        const status = document.querySelector(".rx-status[role=status]");
        window.heard = [];
        const hear = new MutationObserver(() => heard.push(status.textContent));
        hear.observe(status, { childList: true });
        }"""
    )
    expect(page.locator(".rx-chosen[role=status]")).to_contain_text("Chosen: 0.png")
    go = page.locator(".rx-go")
    go.focus()
    page.evaluate("kernel.held = Promise.withResolvers(); 0")
    page.keyboard.press("Enter")
    expect(go).to_have_text("Working…")
    expect(go).to_be_disabled()
    expect(go).to_be_focused()
    page.keyboard.press("Enter")  # once more is not twice
    page.evaluate("kernel.held.resolve()")
    expect(go).to_have_text("Remove background")
    page.keyboard.press("Enter")  # there is nothing left to do
    expect(go).to_be_focused()
    page.evaluate("rmbgExplorer.ui.foreground.value = 'blur-fusion'; rmbgExplorer.chosen()")
    page.evaluate("kernel.failures = 1")
    page.keyboard.press("Enter")
    expect(page.locator(".rx-trouble[role=alert]")).to_contain_text("Not today")
    expect(go).to_be_focused()
    begun = "Removing the background of 0.png…"
    assert page.evaluate("heard") == [begun, "Done: 0.png", begun, "Not possible: 0.png"]
    page.evaluate("kernel.choose", 3)
    expect(page.locator(".rx-status")).to_have_text("Ready: isnet, grabcut")
    page.evaluate("kernel.failures = 1")
    go.click()
    expect(page.locator(".rx-status")).to_have_text("Done: 2 of 3 pictures")
    page.evaluate("rmbgExplorer.otherLanguage()")
    expect(page.locator(".rx-status")).to_have_text("已完成 3 张图片中的 2 张")


def test_a_file_that_is_gone_before_it_arrived_is_told_and_not_waited_for(page: Page) -> None:
    connected(page, 1)
    page.evaluate("() => void (Blob.prototype.arrayBuffer = () => Promise.reject(Error()))")
    page.evaluate("kernel.choose", 1)
    expect(page.locator(".rx-trouble")).to_contain_text("The file can no longer be read.")
    expect(page.locator(".rx-go")).to_be_disabled()


def test_where_no_picture_is_shown_there_is_nothing_to_look_closely_with(page: Page) -> None:
    connected(page, 1)
    expect(page.locator(".rx-looking")).to_be_visible()
    page.evaluate("rmbgExplorer.drawLine()")
    expect(page.locator(".rx-original .rx-line")).to_have_count(1)
    page.evaluate("kernel.refuses = true; void kernel.choose(1)")
    expect(page.locator(".rx-original .rx-empty")).to_have_text("No picture can be shown")
    expect(page.locator(".rx-looking")).to_be_hidden()
    expect(page.locator(".rx-line")).to_have_count(0)
    page.evaluate("kernel.refuses = false; void kernel.choose(1)")
    expect(page.locator(".rx-looking")).to_be_visible()


def test_what_failed_unseen_is_tried_again_and_what_is_done_is_not_offered(page: Page) -> None:
    connected(page, 3)
    page.locator(".rx-entry").nth(1).click()
    page.evaluate("kernel.failures = 1")
    page.click(".rx-go")
    states = page.locator(".rx-entry-state")
    expect(states).to_have_text(["not possible", "done", "done"])
    expect(page.locator(".rx-trouble")).to_be_hidden()
    page.locator(".rx-entry").first.click()
    expect(page.locator(".rx-trouble")).to_contain_text("Not today")
    page.locator(".rx-entry").nth(1).click()
    expect(page.locator(".rx-trouble")).to_be_hidden()
    page.click(".rx-go")
    expect(states).to_have_text(["done", "done", "done"])
    expect(page.locator(".rx-go")).to_be_disabled()
    page.locator(".rx-entry").first.click()
    expect(page.locator(".rx-cutout")).to_be_visible()
    expect(page.locator(".rx-trouble")).to_be_hidden()
    page.locator("[data-number='0']").select_option("grabcut")
    expect(page.locator(".rx-go")).to_be_enabled()


def test_a_list_of_pictures_keeps_the_focus_while_it_is_worked_on(page: Page) -> None:
    connected(page, 3)
    page.locator("[data-number='1']").select_option("grabcut")
    names = [box.get_attribute("aria-label") for box in page.locator(".rx-stage").all()]
    assert [name.split(".")[0] for name in names] == [
        "Original", "Result by isnet", "Result by grabcut"
    ]  # fmt: skip
    saves = page.locator(".rx-save")
    expect(saves.nth(0)).to_have_attribute("aria-label", "Save PNG · isnet")
    expect(saves.nth(1)).to_have_attribute("aria-label", "Save PNG · grabcut")
    entry = page.locator(".rx-entry").nth(1)
    entry.press("Enter")
    expect(entry).to_have_attribute("aria-current", "true")
    expect(entry).to_be_focused()
    page.evaluate("rmbgExplorer.go()")
    expect(page.locator(".rx-done")).to_have_count(3)
    expect(entry).to_be_focused()
    with page.expect_download() as download:
        page.evaluate("rmbgExplorer.saveZip()")
    names = zipfile.ZipFile(download.value.path()).namelist()
    assert sorted(name.split("/")[0] for name in names) == ["grabcut"] * 3 + ["isnet"] * 3
    page.evaluate("rmbgExplorer.otherLanguage()")
    expect(page.locator(".rx-entry-state")).to_have_text(["完成"] * 3)
    page.evaluate("kernel.choose", 2)
    expect(page.locator(".rx-entry")).to_have_count(2)


def test_another_model_may_be_chosen_while_one_works(page: Page) -> None:
    connected(page, 1)
    page.locator("[data-number='1']").select_option("grabcut")
    page.evaluate("kernel.held = kernel.first = Promise.withResolvers(); 0")
    page.click(".rx-go")
    expect(page.locator(".rx-result").first).to_contain_text("Computing alpha")
    page.locator("[data-number='0']").select_option("grabcut")
    expect(page.locator(".rx-result").first).to_contain_text("The result appears here")
    page.evaluate("kernel.held = Promise.withResolvers(); kernel.first.resolve()")
    expect(page.locator(".rx-result").first).to_contain_text("Computing alpha")
    assert page.locator(".rx-cutout").count() == 0  # that is the other model's
    page.evaluate("kernel.held.resolve()")
    expect(page.locator(".rx-cutout")).to_have_count(1)
    expect(page.locator(".rx-trouble")).to_be_hidden()
    expect(page.locator(".rx-stage[aria-busy]")).to_have_count(0)


def test_in_any_width_two_models_show_the_whole_picture_and_nothing_is_cut(page: Page) -> None:
    connected(page, 1)
    page.locator("[data-number='1']").select_option("grabcut")
    page.click(".rx-go")
    expect(page.locator(".rx-cutout")).to_have_count(2)
    page.evaluate("rmbgExplorer.ui.looking.drawn.open = true; rmbgExplorer.drawLine()")
    page.evaluate("document.querySelector('[data-do=write-point]').hidden = false")
    for width in (1300, 800, 600, 360):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("() => new Promise(requestAnimationFrame)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for stage in page.locator(".rx-stage").all():
            box, picture = stage.bounding_box(), stage.locator("img").bounding_box()
            assert picture["width"] <= box["width"] + 1
            assert picture["height"] <= box["height"] + 1
        for tick in (page.locator(".rx-tick").first, page.locator(".rx-tick").last):
            assert tick.bounding_box()["height"] >= 11, "it can be read"


def test_what_is_shown_is_by_the_model_and_the_colours_that_are_chosen(page: Page) -> None:
    gone = {**READY[0], "model": "gone", "stage": "failed", "problem": {"en": "It is not there."}}
    connected(page, 1, [*READY, gone])
    page.click(".rx-go")
    expect(page.locator(".rx-cutout")).to_be_visible()
    colours = page.locator("select:has([value=raw])")
    colours.select_option("blur-fusion")
    expect(page.locator(".rx-cutout, .rx-save:visible")).to_have_count(0)
    colours.select_option("raw")
    expect(page.locator(".rx-cutout")).to_be_visible()
    second, views = page.locator("[data-number='1']"), page.locator(".rx-looking .segments")
    second.select_option("grabcut")
    page.click(".rx-go")
    views.locator("[value=difference]").dispatch_event("click")
    expect(page.locator(".rx-difference")).to_have_count(2)
    colours.select_option("blur-fusion")
    expect(page.locator(".rx-difference")).to_have_count(0)
    second.select_option("")
    expect(views.locator("[value=result]")).to_be_checked()
    page.locator("[data-number='0']").select_option("gone")
    expect(page.locator(".rx-go")).to_be_disabled()


def test_a_point_and_a_line_are_drawn_one_after_the_other_and_on_one_picture(page: Page) -> None:
    connected(page, 2)
    line, box = page.get_by_role("button", name="Draw a line"), page.locator("[data-tool=box]")
    page.locator(".rx-original .rx-stage").press("d")
    expect(box).to_have_attribute("aria-pressed", "true")
    line.click()
    expect(box).to_have_attribute("aria-pressed", "false")
    line.press("d")
    expect(line).to_have_attribute("aria-pressed", "false")
    for key in ("Space", "Shift+ArrowRight", "Shift+ArrowDown", "Enter"):
        page.keyboard.press(key)
    toml = page.locator("[data-part=toml]")
    expect(toml).to_have_value(re.compile("box = "))
    page.locator(".rx-list button").nth(1).click()
    expect(toml).to_have_value("")
    line.click()
    expect(page.locator(".rx-original .rx-line")).to_have_count(1)
    page.evaluate(  # of another size
        "async (url) => rmbgExplorer.choose([new File([await (await fetch(url)).blob()], 'a')])",
        png(np.zeros((20, 30), np.uint8)),
    )
    expect(page.locator(".rx-original .rx-line")).to_have_count(0)


def test_while_alpha_is_computed_the_one_before_is_not_shown(page: Page) -> None:
    connected(page, 1)
    page.click(".rx-go")
    page.locator(".rx-looking [value=alpha]").dispatch_event("click")
    expect(page.locator(".rx-alpha")).to_be_visible()
    page.locator("select:has([value=raw])").select_option("blur-fusion")
    page.evaluate("kernel.held = Promise.withResolvers(); 0")
    page.click(".rx-go")
    expect(page.locator(".rx-result")).to_contain_text("Computing alpha")
    assert page.locator(".rx-alpha").count() == 0
    page.evaluate("kernel.held.resolve()")
    expect(page.locator(".rx-alpha")).to_be_visible()


def test_of_several_pictures_only_that_which_is_looked_at_is_shown(page: Page) -> None:
    connected(page, 2)
    page.evaluate(
        """() => {
        kernel.held = kernel.first = Promise.withResolvers();
        window.seen = [];
        new MutationObserver((all) => {
          for (const { addedNodes } of all)
            for (const node of addedNodes) if (node.alt) seen.push(node.alt);
        }).observe(document, { childList: true, subtree: true });
        rmbgExplorer.go();
        document.querySelectorAll(".rx-entry")[1].click();
        document.querySelectorAll(".rx-entry")[0].click();
        document.querySelectorAll(".rx-entry")[1].click();
        }"""
    )
    page.wait_for_function("kernel.doing")
    expect(page.locator(".rx-result")).to_contain_text("The result appears here")
    page.evaluate("kernel.held = null; kernel.first.resolve()")
    expect(page.locator(".rx-cutout")).to_be_visible()
    assert page.evaluate("seen") == ["1.png: the original", "1.png, background removed by isnet"]


def test_of_two_models_the_one_that_was_chosen_last_is_shown(page: Page) -> None:
    connected(page, 1)
    for model in ("grabcut", "isnet"):
        page.locator("[data-number='0']").select_option(model)
        page.click(".rx-go")
        expect(page.locator(".rx-cutout")).to_have_attribute("alt", re.compile(model))
    page.evaluate(
        """async () => {
        const choice = document.querySelector("[data-number='0']");
        for (const model of ["grabcut", "isnet", "grabcut"]) {
          choice.value = model;
          choice.dispatchEvent(new Event("change", { bubbles: true }));
        }
        for (let n = 0; n < 5; n++) await new Promise(requestAnimationFrame);
        }"""
    )
    cutout = page.locator(".rx-cutout")
    expect(cutout).to_have_count(1)
    expect(cutout).to_have_attribute("alt", re.compile("grabcut"))


def test_pictures_that_are_replaced_are_let_go_of(page: Page) -> None:
    page.add_init_script(
        """window.addresses = new Set();
        const { createObjectURL, revokeObjectURL } = URL;
        URL.createObjectURL = (blob) => {
          const address = createObjectURL.call(URL, blob);
          window.addresses.add(address);
          return address;
        };
        URL.revokeObjectURL = (address) => {
          window.addresses.delete(address);
          revokeObjectURL.call(URL, address);
        };
        window.canvases = [];
        const { createElement } = document;
        document.createElement = (name) => {
          const made = createElement.call(document, name);
          if (name === "canvas") window.canvases.push(new WeakRef(made));
          return made;
        };"""
    )
    page.goto("about:blank")
    connected(page, 3)
    page.click(".rx-go")
    expect(page.locator(".rx-done")).to_have_count(3)
    page.locator(".rx-looking [value=alpha]").dispatch_event("click")
    for entry in page.locator(".rx-entry").all():
        entry.click()
        expect(page.locator(".rx-entry[aria-current=true] .rx-entry-name")).to_have_text(
            entry.locator(".rx-entry-name").inner_text()
        )
        expect(page.locator(".rx-alpha")).to_be_visible()
    page.evaluate("kernel.choose", 1)
    expect(page.locator(".rx-alpha")).to_have_count(0)
    assert page.evaluate("addresses.size") == 1  # of the picture that is there now
    page.request_gc()
    alive = "canvases.filter(each => each.deref()?.className === 'rx-alpha').length"
    assert page.evaluate(alive) <= 1


def test_what_is_replaced_while_it_is_worked_at_is_let_go_of(page: Page) -> None:
    connected(page, 1)
    page.evaluate("kernel.held = Promise.withResolvers(); 0")
    page.click(".rx-go")
    expect(page.locator(".rx-result")).to_contain_text("Computing alpha")
    page.evaluate(
        """() => {
        window.made = new Set();
        const { createObjectURL, revokeObjectURL } = URL;
        URL.createObjectURL = (blob) => {
          const address = createObjectURL.call(URL, blob);
          if (blob.type === "image/png" && !(blob instanceof File)) window.made.add(address);
          return address;
        };
        URL.revokeObjectURL = (address) => window.made.delete(address) ? window.gone = 1 : 0;
        }"""
    )
    page.evaluate("kernel.choose", 1)
    page.evaluate("kernel.held.resolve()")
    page.wait_for_function("window.gone")
    assert page.evaluate("made.size") == 0
    page.wait_for_function("kernel.there.size == 1")  # the new one


def test_another_language_says_everything_anew(page: Page) -> None:
    reason = {"en": "It has no weights.", "zh": "没有权重。"}
    lost = {"model": "a", "title": "A", "stage": "failed", "problem": reason, "remedy": reason}
    connected(page, 1, [lost, *READY])
    assert "It has no weights." in page.inner_text(".rx-status")
    page.evaluate("rmbgExplorer.otherLanguage()")
    assert page.inner_text(".rx-status") == "a 无法加载。没有权重。"
    assert page.get_attribute(".rx-original img", "alt") == "0.png：原图"
    assert "狗" in page.locator("option[value='pet/rex']").inner_text()
    page.locator("[data-number='0']").select_option("isnet")
    page.evaluate("kernel.failures = 1")
    page.click(".rx-go")
    expect(page.locator(".rx-trouble")).to_contain_text("今天不行")
    page.evaluate("rmbgExplorer.otherLanguage()")
    expect(page.locator(".rx-trouble")).to_contain_text("Not today")


@pytest.mark.parametrize("how", ["gone", "forgot"])
def test_a_kernel_is_lost_by_its_silence_or_what_it_forgot_and_not_by_the_page_s_sleep(
    page: Page, how: str
) -> None:
    page.clock.install()
    connected(page, 1)
    page.evaluate("kernel.held = Promise.withResolvers(); 0")
    page.click(".rx-go")
    expect(page.locator(".rx-result")).to_contain_text("Computing alpha")
    page.clock.run_for(4000)
    page.clock.fast_forward("10:00")  # a machine that sleeps
    page.clock.run_for(4000)
    expect(page.locator(".rx-trouble")).to_be_hidden()
    page.evaluate(f"kernel.{how} = true")
    page.clock.run_for(20_000)
    expect(page.locator(".rx-trouble")).to_contain_text("The connection to the server was lost.")


def test_two_views_of_a_widget_have_pictures_of_their_own(page: Page) -> None:
    ids = set()
    for view in (page, page.context.new_page()):
        connected(view, 1)
        view.wait_for_function("kernel.there.size == 1")
        ids |= {*view.evaluate("[...kernel.there]")}
    assert len(ids) == 2
