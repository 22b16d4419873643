"""The comparison's page in a real browser, and its notebook."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from axe import source, violations
from caches import new_cache
from comparisons import comparison, one, point, rule, run, value
from comparisons import made as one_cutout
from fakes import disc, save_picture, save_truth
from pages import HOSTILE, Pages, look
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from runs import run_of
from views import told

from rmbg_eval import (
    CompareSettings,
    Comparison,
    ComparisonReport,
    Run,
    Settings,
    build_files,
    compare_folders,
    evaluate,
)
from rmbg_eval.compare.alpha_change import NOTHING, AlphaChange
from rmbg_eval.compare.baseline import approve
from rmbg_eval.compare.choice import choose
from rmbg_eval.compare.runs import compare_runs
from rmbg_eval.compare.tolerances import Tolerances
from rmbg_eval.decisions.files import read
from rmbg_eval.errors import Failure
from rmbg_eval.i18n import Message
from rmbg_eval.measure.record import ObservationPoint
from rmbg_eval.report import comparison_page
from rmbg_eval.report.comparison_pictures import pair_figures
from rmbg_eval.report.notebooks import render_comparison
from rmbg_eval.run.folder import write_run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """Pages of both layouts: one case worse, one changed, one failed, missing, new, the same."""
    folder = tmp_path_factory.mktemp("compare")
    cases, cutouts = folder / "cases", folder / "cutouts"

    def cut(name: str, seed: int, off: int = 0) -> None:
        rgb, alpha = disc(seed)
        path = cutouts / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.dstack([rgb, np.roll(alpha, off, 1)])).save(path)

    save_picture(cases / "portrait" / "ada" / "image.png", 1)
    save_truth(cases / "portrait" / "ada" / "alpha.png")
    cut("portrait/ada", 1)
    for seed, name in enumerate((HOSTILE, "fails", "same", "old"), 2):
        save_picture(cases / "pet" / f"{name}.png", seed)
        cut(f"pet/{name}", seed)
    settings = Settings(
        cases=str(cases), models=[f"shop=folder:{cutouts}"], out=str(folder / "run")
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RMBG_EVAL_CACHE", str(new_cache(folder / "cache")))
        evaluate(settings)
        approve(settings.out_folder, folder / "baseline")
        cut("portrait/ada", 1, off=5)
        cut(f"pet/{HOSTILE}", 2, off=5)
        (cutouts / "pet" / "fails.png").write_bytes(b"no picture")
        for there in (cases, cutouts):
            (there / "pet" / "old.png").unlink()
        save_picture(cases / "pet" / "young.png", 6)
        cut("pet/young", 6)
        evaluate(settings)
    found = {}
    for layout, lang in (("single", "en"), ("folder", "zh")):
        compare = CompareSettings(
            base=str(folder / "baseline"),
            new=str(folder / "run"),
            out=str(folder / layout),
            layout=layout,
            lang=lang,
        )
        compare_folders(compare, on_save=build_files)
        found[layout] = render_comparison(compare)
    return found


@pytest.fixture
def page(browser: Browser) -> Page:
    return browser.new_page()


def opened(page: Page, path: Path) -> list[str]:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(path.as_uri())
    return complaints


@pytest.mark.parametrize("layout", ["single", "folder"])
def test_worst_first_with_pictures_that_are_there(page: Page, made: Pages, layout: str) -> None:
    assert opened(page, made[layout]) == []
    states = page.locator(".pair .state").evaluate_all("all => all.map(e => e.className)")
    assert states == [f"state {s}" for s in ("failed", "missing", "worse", "changed", "new")]
    page.evaluate("document.querySelectorAll('img').forEach(i => i.loading = 'eager')")
    # Not wait_for_function, which polls by eval(), and that is what the page's policy forbids.
    page.evaluate("Promise.all([...document.images].map(i => i.decode()))")
    assert page.evaluate("[...document.images].every(i => i.naturalWidth > 0)")
    assert page.locator("img:not([alt])").count() == 0
    assert HOSTILE in page.locator(".pair h3").nth(3).text_content()
    answer = {
        "single": "The gate stops: of 6 cut-outs, 1 failed, 1 is missing, 1 got worse, "
        "1 changed, 1 is new.",
        "folder": "门禁拦截：6 张抠图中，1 张失败、1 张缺失、1 张变差、1 张有变化、1 张新增。",
    }
    assert page.locator("h1").inner_text() == answer[layout]
    assert page.title() == {"single": "What changed", "folder": "有何变化"}[layout]
    between = {"single": "1 failed, 1 is missing", "folder": "1 张失败，1 张缺失"}[layout]
    assert page.locator(".bars dd").first.inner_text().startswith(between)


@pytest.mark.parametrize("layout", ["single", "folder"])
def test_what_a_picture_is_stands_over_it_and_the_original_beside(
    page: Page, made: Pages, layout: str
) -> None:
    opened(page, made[layout])
    figures = page.locator(".pair figure")
    first = figures.evaluate_all("all => all.map(e => e.firstElementChild.tagName)")
    assert {*first} == {"FIGCAPTION"}
    of = page.locator(".pair:has(.original img) .state").evaluate_all(
        "all => all.map(e => e.classList[1])"
    )
    assert of == ["failed", "worse", "changed", "new"]  # a baseline has no pictures
    missing = page.locator(".pair.lone", has_text=re.compile("missing|缺失"))
    assert missing.bounding_box()["height"] < 240
    words = {"single": "Take it out of the baseline", "folder": "从基线中移除"}[layout]
    assert missing.locator("label").inner_text().strip() == words


def test_pictures_beside_each_other_begin_at_one_height(page: Page, made: Pages) -> None:
    opened(page, made["single"])
    rows = page.locator(".three:has(.original)")
    assert rows.count()
    for row in rows.all():
        boxes = [each.bounding_box() for each in row.locator("img").all()]
        assert len({box["y"] for box in boxes}) == 1
        page.set_viewport_size({"width": 390, "height": 800})
        boxes = [each.bounding_box() for each in row.locator("img").all()]
        assert len({(box["y"], box["height"]) for box in boxes}) == 1


def test_a_sentence_begins_with_a_capital_and_a_name_as_it_is(made: Pages, tmp_path: Path) -> None:
    found, settings = compared(made, tmp_path)
    (failed,) = (pair for pair in found.pairs if pair.state == "failed")
    said = []
    for why in (Message("the case has no truth"), Message("{path} is gone", path="ada.png")):
        pair = failed.model_copy(update={"why": why})
        report = ComparisonReport(found.model_copy(update={"pairs": (pair,)}), settings)
        for panel in (report.header(), report.changes()):
            said += re.findall("(?i)(the case has no truth|ada.png is gone)", panel.html)
    assert said == ["The case has no truth"] * 2 + ["ada.png is gone"] * 2


@pytest.mark.parametrize("layout", ["single", "folder"])
def test_no_line_ends_within_an_option(page: Page, made: Pages, layout: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    opened(page, made[layout])
    said = page.locator(".runs, .hands .unit").filter(has_text="--").locator("span:visible")
    assert [*map(str.strip, said.locator(".option").all_inner_texts())] == [
        "--fail-on", "--to", "--decisions"
    ]  # fmt: skip
    for option in said.locator(".option").all():
        assert option.bounding_box()["height"] < 24


def test_whose_colours_base_is_shown_in_is_said(made: Pages) -> None:
    html = made["single"].read_text("utf-8")
    assert html.count("BASE in the colours of NEW: a baseline keeps none") == 2


def test_every_sentence_is_said_in_chinese(page: Page, made: Pages) -> None:
    opened(page, made["folder"])
    spoken = page.locator(
        ".pair :is(.why, .changes li, small, .note), .worse li > span, .bars dd, .notes li, "
        "details li, .runs, .legend"
    )
    said = spoken.evaluate_all("all => all.map(e => e.textContent)")
    assert len(said) > 40
    assert [s for s in said if not re.search("[\u4e00-\u9fff]", s)] == []
    first = "e => getComputedStyle(e, '::first-letter').textTransform"
    assert page.locator(".worse li > span").first.evaluate(first) == "none", "it may be a name's"


def test_no_latin_comma_stands_beside_chinese_in_a_notebook(made: Pages, tmp_path: Path) -> None:
    found, settings = compared(made, tmp_path)
    report = ComparisonReport(found, settings.model_copy(update={"lang": "zh"}))
    words = re.sub("<[^>]*>|&[#0-9a-z]+;", "", f"{report.header().plain}{report.changes().plain}")
    assert "旧结果 BASE，不透明度变化最大处" in words
    assert re.findall("[,;:(] ?[\u4e00-\u9fff]|[\u4e00-\u9fff] ?[,;:(]", words) == []


@pytest.mark.parametrize("layout", ["single", "folder"])
def test_a_slider_as_wide_as_the_window_lies_between_base_and_new(
    page: Page, made: Pages, layout: str
) -> None:
    complaints = opened(page, made[layout])
    assert page.locator(".closely").count() == 2, "only where there are two to lie on each other"
    page.locator(".closely").first.click()
    assert page.locator("#viewer .stage").bounding_box()["width"] > 900
    names = page.locator("#viewer .name").all_inner_texts()
    assert len(names) == 2
    assert [next(w for w in ("BASE", "NEW") if w in name) for name in names] == ["BASE", "NEW"]
    assert complaints == []


def test_without_a_script_all_of_it_is_there_but_the_viewer(browser: Browser, made: Pages) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(made["folder"].as_uri())
    assert page.locator(".closely").first.is_hidden()
    assert page.locator(".worse li").count() == 5
    assert page.locator(".pair").count() == 5
    assert page.locator(".pair .three figure").count() >= 12


def test_what_got_worse_is_said_as_one_would_say_it(page: Page, made: Pages) -> None:
    opened(page, made["single"])
    worse = page.locator(".worse li").nth(2)
    assert worse.locator("a").inner_text() == "portrait/ada"
    assert page.locator(".runs").first.inner_text().endswith("/run · shop"), "one model, said once"
    said = worse.locator("> span").inner_text()
    ways = "(?:more|less) is better"
    assert re.fullmatch(rf"The hem is soft|[A-Z][a-z ]+ [\d.]+, [\d.]+ before; {ways}", said)
    anchor = worse.locator("a").get_attribute("href")
    assert page.locator(f"article{anchor} .changes li").first.inner_text() == said
    assert page.locator(".bars > div").count() == 3, "all, and two categories"
    assert page.locator("details.drawer[open]").count() <= 1, "tables are folded away"


def test_where_nothing_changed_there_are_no_bars(made: Pages, tmp_path: Path) -> None:
    found, settings = compared(made, tmp_path)
    same = tuple(pair for pair in found.pairs if pair.state == "same")
    found = Comparison(base=found.base, new=found.new, notes=found.notes, pairs=same)
    header = ComparisonReport(found, settings).header()
    assert "bars" not in header.html
    assert "What became of the cut-outs" not in header.plain


def test_where_a_change_stops_it_the_gate_does_not_claim_to_stop_at_worse_alone(
    made: Pages, tmp_path: Path
) -> None:
    found, settings = compared(made, tmp_path)
    changed = tuple(pair for pair in found.pairs if pair.state in ("changed", "same"))
    header = ComparisonReport(found.model_copy(update={"pairs": changed}), settings).header()
    assert "The gate stops: of 2 cut-outs, 1 changed." in header.html
    assert "stops at whatever is neither the same nor better" in header.html


def test_models_of_other_names_are_compared_on_purpose(
    page: Page, made: Pages, tmp_path: Path
) -> None:
    base, run = (made["single"].parent.parent / name for name in ("baseline", "run"))
    renamed = tmp_path / "renamed"
    shutil.copytree(run, renamed)
    record = (renamed / "run.json").read_text("utf-8")
    (renamed / "run.json").write_text(record.replace('"shop"', '"market"'), "utf-8")
    settings = CompareSettings(base=str(base), new=str(renamed), out=str(tmp_path / "out"))
    report = ComparisonReport(compare_folders(settings), settings)
    assert repr(report).startswith("<Report on the Comparison of ")
    page.set_content(report.header().html)
    assert (
        page.locator(".pairing")
        .first.text_content()
        .startswith("shop in BASE is compared with market in NEW: each run has this one model.")
    )
    assert "shop → market" in report.changes().html


def test_axe_finds_nothing(browser: Browser, made: Pages) -> None:
    page = browser.new_page(bypass_csp=True, reduced_motion="reduce")
    opened(page, made["single"])
    page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page, source()) == []


@pytest.mark.parametrize("width", [390, 1920])
def test_no_width_scrolls_sideways(page: Page, made: Pages, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    opened(page, made["folder"])
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_a_row_is_called_is_read_in_a_narrow_window(page: Page, made: Pages) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    opened(page, made["single"])
    page.locator("details").evaluate_all("all => all.forEach(e => e.open = true)")
    widths = page.locator(".data th[scope=row]").evaluate_all("all => all.map(e => e.clientWidth)")
    assert min(widths) > 100


def test_every_pixel_lies_beside_the_page_in_the_layout_folder(made: Pages) -> None:
    html, folder = made["folder"].read_text("utf-8"), made["folder"].parent
    fulls = re.findall(r'data-full="([^"]+)"', html)
    assert len(fulls) == 2 * 3 + 3  # of what failed, is missing or is new, the one there is
    run = made["single"].parent.parent / "run"
    for kind in ("base", "new", "difference"):
        full = next(path for path in fulls if f"-{kind}-full" in path)
        with Image.open(folder / full) as image:
            assert image.size == (96, 64)
    (cutout,) = (run / "cutouts").glob("shop/pet/young*.png")
    alphas = [np.asarray(Image.open(folder / p).convert("RGBA"))[..., 3] for p in fulls]
    kept = np.asarray(Image.open(cutout))[..., 3]
    assert any(np.array_equal(alpha, kept) for alpha in alphas)
    assert not re.search(r"data-full=\"assets", made["single"].read_text("utf-8"))


def test_junit_links_lead_to_the_page(made: Pages) -> None:
    html = made["single"].read_text("utf-8")
    junit = (made["single"].parent / "junit.xml").read_text("utf-8")
    anchors = [line.split("#")[1].split("<")[0] for line in junit.splitlines() if "See " in line]
    assert len(anchors) == 5
    assert all(f'id="{anchor}"' in html for anchor in anchors)


def compared(made: Pages, out: Path) -> tuple[Comparison, CompareSettings]:
    """The two runs once more, without a page."""
    base, run = (made["single"].parent.parent / name for name in ("baseline", "run"))
    settings = CompareSettings(base=str(base), new=str(run), out=str(out))
    return compare_folders(settings), settings


def test_what_is_missing_of_a_case_with_another_name_has_its_original(
    made: Pages, tmp_path: Path
) -> None:
    run = made["single"].parent.parent / "run"
    settings = CompareSettings(base=str(run), new=str(run), out=str(tmp_path))
    pair = next(p for p in compare_folders(settings).pairs if p.base and p.base.cutout)
    missing = pair.model_copy(update={"case": "another", "new": None})
    assert pair_figures(missing, run, run, tmp_path, full=False).original


def test_what_is_missing_takes_no_picture_from_what_changed(
    made: Pages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, settings = compared(made, tmp_path)
    assert [p.state for p in found.pairs][:4] == ["failed", "missing", "worse", "changed"]
    monkeypatch.setattr(comparison_page, "MOST_PICTURES", 2)
    html = ComparisonReport(found, settings).changes().html
    pictured = [bool(re.search("<img", part)) for part in html.split("<article")[1:]]
    assert pictured[:4] == [False, False, True, True]
    assert not any(pictured[4:])


def test_of_many_changes_the_worst_are_shown_and_the_others_counted(
    made: Pages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where more failed than there is room for."""
    found, settings = compared(made, tmp_path)
    states = [pair.state for pair in found.pairs]
    assert states == ["failed", "missing", "worse", "changed", "new", "same"]
    monkeypatch.setattr(comparison_page, "MOST_PAIRS", 3)
    monkeypatch.setattr(comparison_page, "MOST_NAMES", 0)
    report = ComparisonReport(found, settings)
    html = report.changes().html
    assert re.findall('<span class="state ([a-z]+)"', html) == ["failed", "worse", "changed"]
    assert "Shown are 3 of 5, the worst first: the others are in junit.xml." in html
    monkeypatch.setattr(comparison_page, "MOST_SENTENCES", 1)
    header = report.header()
    for words in (header.html, header.plain):
        assert "and 4 more" in words
        assert "more, below" not in words
    assert "Unchanged: 1" in report.unchanged().html
    assert "and 1 more" in report.unchanged().html


def test_what_stops_it_for_one_reason_is_one_line_for_each_model(tmp_path: Path) -> None:
    cases = [f"c{n}" for n in range(9)]
    base = run_of(*(one_cutout(model, case) for model in "ab" for case in cases))
    kept = [("a", "c0"), *(("b", case) for case in cases[5:8])]
    lost = [
        one_cutout("b", case).model_copy(
            update={
                "cutout": None,
                "failure": Failure("X", Message("{name} is gone", name=case), Message("Look.")),
            }
        )
        for case in ("c3", "c4", "c8")
    ]
    new = run_of(*(one_cutout(*each) for each in kept), *lost)
    pairs, _ = compare_runs(base, new, Tolerances(), lambda *_: NOTHING)
    found = Comparison(base="base", new="new", notes=(), pairs=tuple(pairs))
    settings = CompareSettings(new=str(tmp_path), out=str(tmp_path / "out"))
    report = ComparisonReport(found, settings)
    said = [(*one.name.split(" · "), one.alike) for one in report._stopping()]
    assert said == [("portrait/c3", "b", 2), ("portrait/c0", "b", 2), ("portrait/c1", "a", 7)]
    header = report.header()
    for words in (header.html, header.plain):
        assert "and 7 more" in words
        assert "more, below" not in words
    chinese = ComparisonReport(found, settings.model_copy(update={"lang": "zh"})).header().plain
    assert "portrait/c1 · a</strong> 另有 7 项 · " in chinese


def test_a_delivery_rule_that_passes_now_is_named(tmp_path: Path) -> None:
    sides = [run(rules=(rule(passed, far),)) for passed, far in ((False, 0.7), (True, 0.9))]
    write_run(tmp_path, sides[1])
    found = Comparison(base="one", new="two", notes=(), pairs=(one(*sides),))
    settings = CompareSettings(base=str(tmp_path), new=str(tmp_path), out=str(tmp_path / "out"))
    (view,) = ComparisonReport(found, settings)._views
    said = [(str(change.sentence), str(change.what)) for change in view.changes]
    assert said == [("passes now; 0.7 before", "delivery rule fill")]


def test_what_takes_the_ticked_changes_names_the_run(made: Pages) -> None:
    html = made["single"].read_text("utf-8")
    new = made["single"].parents[1] / "run"
    assert f"rmbg-eval approve {new} " in html


def test_what_failed_in_both_is_no_change_to_tick(made: Pages, tmp_path: Path) -> None:
    found, settings = compared(made, tmp_path)
    failed, *others = found.pairs
    still = failed.model_copy(update={"state": "still-failed", "base": failed.new})
    html, before = (
        ComparisonReport(found.model_copy(update={"pairs": (pair, *others)}), settings)
        .changes()
        .html
        for pair in (still, failed)
    )
    assert html.count("data-tick=") == before.count("data-tick=") - 1 > 0
    assert html.count("<article") == before.count("<article")


def test_a_pairs_table_has_both_values_their_difference_and_what_is_allowed(
    tmp_path: Path,
) -> None:
    was = run(value("mad", 0.125), value("iou", 0.9), points=(point(True, 0.02),))
    now = run(
        value("mad", 0.25), value("iou", 0.95), points=(point(False, 0.9),), cutout="1"
    )  # fmt: skip
    found = Comparison(base="one", new="two", notes=(), pairs=(one(was, now),))
    settings = CompareSettings(base=str(tmp_path), new=str(tmp_path), out=str(tmp_path))
    report = ComparisonReport(found, settings)
    (pair,) = report._views
    table = told(pair.table, "en")
    assert table.heads == ("BASE", "NEW", "Difference", "Verdict")
    rows = [(row.title, *[(each.text, each.state) for each in row.cells]) for row in table.rows]
    assert rows[:3] == [
        ("lens", ("0.02", "passed"), ("0.9", "failed"), ("+0.88", ""), ("worse", "failed")),
        ("mean error", ("0.125", ""), ("0.25", ""), ("+0.125", ""), ("worse", "failed")),
        ("overlap of the shapes", ("0.9", ""), ("0.95", ""), ("+0.05", ""), ("better", "passed")),
    ]
    assert table.rows[0].note == "lens, alpha, 0 to 1, should be transparent"
    assert table.rows[0].cells[2].note == "allowed ±0.05: the point's own tolerance"
    assert [(each.verdict, told(each.what, "en")) for each in pair.changes] == [
        ("worse", "lens"), ("worse", ""),
    ]  # fmt: skip


def test_only_a_baseline_takes_what_is_ticked(tmp_path: Path) -> None:
    pair = one(run(), run(cutout="1"), AlphaChange(0.2, 0.5))
    settings = CompareSettings(base=str(tmp_path), new=str(tmp_path), out=str(tmp_path))
    approvals = []
    for cutout in ("cutouts/a/portrait/ada.png", "mattes/a/portrait/ada.0123456789abcdef.webp"):
        base = pair.base.model_copy(update={"cutout": cutout})
        new = pair.model_copy(update={"case": "bea", "state": "new", "base": None})
        pairs = (pair.model_copy(update={"base": base}), new)
        found = Comparison(base="one", new="two", notes=(), pairs=pairs)
        approvals.append(ComparisonReport(found, settings)._approvals())
    assert approvals[0] is None
    assert [*approvals[1]["changes"].values()] == [
        ("portrait", "ada", "a", "0" * 64, "1" * 64),
        ("portrait", "bea", "a", None, "1" * 64),
    ]


def test_where_new_is_there_a_change_has_its_points_title_and_words(tmp_path: Path) -> None:
    good, bad = point(True, 0.02), point(False, 0.9)
    was, now = run(points=(good,)), run(points=(bad,), cutout="1")
    lens = {"id": "lens", "kind": "transparent", "title": {"en": "Clear lens"}, "box": [1, 1, 4, 4]}
    record = now.cases[0].model_copy(
        update={"points": (ObservationPoint.model_validate(lens),)}
    )  # fmt: skip
    found = Comparison(base="one", new="two", notes=(), pairs=(one(was, now),))
    write_run(tmp_path, now.model_copy(update={"cases": (record,)}))
    settings = CompareSettings(base=str(tmp_path), new=str(tmp_path), out=str(tmp_path / "out"))
    (pair,) = ComparisonReport(found, settings)._views
    (change,) = pair.changes
    assert str(pair.title) == "Ada"
    assert str(change.what) == "Clear lens"
    assert str(change.sentence).replace("\u00a0", " ") == (
        "90 % is left where it should be clear; 2 % before"
    )
    assert str(told(pair.table, "en").rows[0].title) == "Clear lens"


def test_what_is_the_same_is_named_and_which_models_are_compared(tmp_path: Path) -> None:
    found = comparison("same").model_copy(update={"renamed": {"old [1]": "m"}})
    settings = CompareSettings(base=str(tmp_path), new=str(tmp_path), out=str(tmp_path))
    report = ComparisonReport(found, settings)
    assert "c/same: because" in report.unchanged().html
    (said,) = report._pairing()
    assert str(said) == ("old [1] in BASE is compared with m in NEW: each run has this one model.")
    (pair,) = found.pairs
    two = (pair, pair.model_copy(update={"model": "n"}))
    found = Comparison(base="a", new="b", notes=(), renamed=found.renamed, pairs=two)
    (said,) = ComparisonReport(found, settings)._pairing()
    assert "the same weights and pipeline, or a folder of the same name" in str(said)


def test_where_nothing_is_in_both_runs_that_is_said_first(tmp_path: Path) -> None:
    settings = CompareSettings(base=str(tmp_path), new=str(tmp_path), out=str(tmp_path))
    (said,) = ComparisonReport(comparison("missing", "new"), settings)._pairing()
    assert str(said).startswith("No cut-out is compared with another: ")
    assert "LABEL" not in str(said)  # which helps where models have other names: a note says so
    for states in (("missing", "new", "same"), ("missing",), ("new",)):
        assert list(ComparisonReport(comparison(*states), settings)._pairing()) == []


def test_a_bar_has_a_part_for_what_became_of_each(tmp_path: Path) -> None:
    found = comparison("worse", "worse", "better", "same")
    settings = CompareSettings(base=str(tmp_path), new=str(tmp_path), out=str(tmp_path))
    report = ComparisonReport(found, settings)
    (bar,) = report._bars()
    assert bar.parts == (("worse", 0, 50), ("better", 50, 25), ("same", 75, 25))
    counts = told(report._counts(), "en")
    (row,) = counts.rows
    assert {head: cell.text for head, cell in zip(counts.heads, row.cells, strict=True)} == {
        **dict.fromkeys(counts.heads, "0"), "worse": "2", "better": "1", "same": "1",
    }  # fmt: skip
    assert [cell.state for cell in row.cells if cell.text == "2"] == ["failed"]


def test_pictures_of_an_earlier_comparison_go(made: Pages, tmp_path: Path) -> None:
    found, settings = compared(made, tmp_path)
    stray = tmp_path / "assets" / f"{1:020x}-base.webp"
    mine = stray.parent / "mine" / "notes.txt", stray.parent / "logo.webp"
    mine[0].parent.mkdir(parents=True)
    for path in (stray, *mine):
        path.write_text("x")
    ComparisonReport(found, settings)
    assert not stray.exists()
    assert [path.read_text() for path in mine] == ["x", "x"]
    assert len(list((tmp_path / "assets").iterdir())) > 8


def test_a_picture_alone_is_compared_with_none(page: Page, made: Pages) -> None:
    """What is in BASE only has no second picture for a slider."""
    opened(page, made["single"])
    page.locator(".pair:has(.state.missing) [data-kind=base] a").click()
    modes = page.locator("#viewer [data-part=modes]")
    expect(modes).to_be_hidden()
    page.keyboard.press("3")
    assert page.locator("#viewer .name b").all_inner_texts() == ["BASE"]
    page.keyboard.press("ArrowRight")
    expect(modes).to_be_visible()
    page.keyboard.press("3")
    assert page.locator("#viewer .name b").all_inner_texts() == ["BASE", "NEW"]


def test_what_changed_is_looked_at_closely(page: Page, made: Pages) -> None:
    """Base, new and their difference, zoomed together, and side by side under a slider."""
    complaints = opened(page, made["single"])
    pair = page.locator(".pair:has(.closely)").first
    pair.locator("[data-kind=new] a").click()
    panes = page.locator("#viewer .canvas")
    assert panes.evaluate_all("all => all.map(e => e.style.width)") == ["96px"] * 3
    changes = page.locator("#viewer .aside .changes")
    assert changes.inner_text() == pair.locator(".changes").inner_text()
    page.keyboard.press("+")
    moved = panes.evaluate_all("all => all.map(e => e.style.transform)")
    assert len(set(moved)) == 1
    page.locator("#viewer [data-mode=slider]").click()
    assert page.locator("#viewer .name b").all_inner_texts() == ["BASE", "NEW"]
    title = page.locator("#viewer-title").inner_text()
    page.keyboard.press("Escape")
    page.locator("#viewer").wait_for(state="hidden")
    assert title == " ".join(pair.locator("h3").inner_text().split())
    assert re.match("[a-z ]+ · .+ · ", title), "its state, and what it is"
    assert complaints == []


def test_what_is_told_beside_the_pictures_is_there_or_said_where(page: Page, made: Pages) -> None:
    page.goto(made["single"].as_uri())
    pair = page.locator("article.pair:has(.changes .note)").first
    more = pair.locator(".changes .note").inner_text()
    assert more.endswith(f"under {pair.locator('.drawer > summary').inner_text()}")
    look(page, pair.locator("figure.tile a").first)
    assert more in page.locator("#viewer [data-part=points]").inner_text()
    for each in page.locator("#viewer [data-do=list], #viewer [data-mode=all]").all():
        assert not re.search("points|models", each.get_attribute("title"))


def test_of_all_keys_those_are_shown_that_do_something_here(page: Page, made: Pages) -> None:
    page.goto(made["single"].as_uri())
    page.keyboard.press("?")
    shown = page.locator("#keys h3:visible").all_inner_texts()
    assert shown == ["In the viewer", "While a point is drawn", "Anywhere"]
    keys = page.locator("#keys section").filter(has_text="In the viewer").locator("dt:visible")
    assert " ".join(" ".join(keys.all_inner_texts()).split()) == "1 3 4 5 + − 0 ← → P D Esc"


@pytest.mark.parametrize(("size", "most"), [((1440, 900), 900), ((390, 844), 780)])
def test_a_pair_is_no_more_than_a_screen(
    page: Page, made: Pages, size: tuple[int, int], most: int
) -> None:
    """Of portraits, which are the highest; a drawer is closed."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    opened(page, made["single"])
    page.evaluate(
        """async () => {
            const canvas = document.createElement("canvas");
            [canvas.width, canvas.height] = [450, 600];
            for (const image of document.querySelectorAll(".three:not(.crops) .tile img")) {
                image.src = canvas.toDataURL();
                await image.decode();
            }
        }"""
    )
    heights = page.locator(".pair").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect().height)"
    )
    assert max(heights) <= most
    wide = page.locator(".pair:not(.lone) .three .tile img").evaluate_all(
        "all => all.map(e => e.width)"
    )
    assert min(wide) >= {1440: 290, 390: 110}[size[0]], "as wide as there is room"


def test_on_paper_there_is_nothing_to_tick(page: Page, made: Pages) -> None:
    opened(page, made["single"])
    assert page.locator("#approve").is_visible()
    page.emulate_media(media="print")
    assert page.locator(":is(#approve, .pair label):visible").count() == 0


def test_a_page_whose_ticks_a_browser_cannot_keep_asks_before_it_is_closed(
    page: Page, made: Pages
) -> None:
    page.add_init_script(
        "Storage.prototype.setItem = IDBFactory.prototype.open = () => { throw new Error('full') }"
    )
    page.goto(made["single"].as_uri())
    page.locator("input[data-tick]").first.click()
    expect(page.locator("#approve [data-part=unsaved]")).to_contain_text("keeps nothing more")
    with page.expect_event("dialog", timeout=5000) as asked:
        page.evaluate("setTimeout(() => location.reload())")
    assert asked.value.type == "beforeunload"
    asked.value.accept()


def test_ticked_changes_are_what_approve_takes(page: Page, made: Pages, tmp_path: Path) -> None:
    page.goto(made["single"].as_uri())
    boxes = page.locator("input[data-tick]")
    assert boxes.count() == page.locator("article.pair").count() >= 4
    page.locator("article.pair", has_text="worse").first.locator("input[data-tick]").check()
    page.locator("article.pair", has_text="fails").first.locator("input[data-tick]").check()
    page.locator("article.pair", has_text="fails").first.locator("input[data-tick]").uncheck()
    page.reload()  # they stay as they were
    expect(page.locator("#approve [data-part=ticked]")).to_contain_text("1 of")
    with page.expect_download() as download:
        page.locator("#approve [data-do=save-decisions]").click()
    download.value.save_as(tmp_path / "decisions.json")
    approvals = read(tmp_path / "decisions.json").approvals
    folder = made["single"].parent.parent
    chosen = {each.key: (each.base_sha256, each.new_sha256) for each in approvals}
    choice = choose(Run.load(folder / "run"), Run.load(folder / "baseline"), chosen)
    assert [key.case for key in choice.taken] == ["ada"]
    assert choice.refused == ()
    page.locator("#approve [data-do=tick-all]").click()
    assert page.locator("input[data-tick]:checked").count() == boxes.count()
    assert page.title() != "1"
