"""Voting between two without names: nothing tells which is which; `decide` reads the votes."""

from __future__ import annotations

import json
import re
from html import escape, unescape
from pathlib import Path

import numpy as np
import pytest
from axe import source, violations
from pages import Pages, Window, opened
from PIL import Image
from playwright.sync_api import Page, expect

from rmbg_eval import Run
from rmbg_eval.core.key import Key
from rmbg_eval.decisions.files import read, take
from rmbg_eval.decisions.ranking import expected_shares, rank, strengths
from rmbg_eval.web import script

LAYOUTS = pytest.mark.parametrize("layout", ["single", "folder"])


def voting(page: Page, address: str) -> Page:
    opened(page, address)
    page.locator("#by-eye [data-do=blind]").click()
    return seen(page)


def seen(page: Page) -> Page:
    expect(page.locator("#blind .pane")).to_have_count(2)
    return page


def vote(page: Page, key: str) -> None:
    before = page.locator("#blind [data-part=votes]").inner_text()
    page.keyboard.press(key)
    expect(page.locator("#blind [data-part=votes]")).not_to_have_text(before)


@pytest.fixture
def blank(page: Page) -> Page:
    """A page with nothing but the ranking's script."""
    page.add_script_tag(content=script("ranking"))  # type: ignore[arg-type]
    return page


def panes(page: Page) -> list[str]:
    return page.locator("#blind .pane").evaluate_all("all => all.map(e => e.outerHTML)")


OPACITIES = """[...document.querySelectorAll("#blind .canvas > [role=img]")].map((canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.reduce((sum, value, i) => sum + (i % 4 === 3 ? value : 0), 0) / (data.length / 4);
})"""


def pixels(page: Page) -> list[list[int]]:
    """What either side shows, in short; of a page whose pixels a script may read."""
    return page.locator("#blind .canvas > [role=img]").evaluate_all(
        """all => all.map(canvas => [...canvas.getContext("2d").getImageData(
            0, 0, canvas.width, canvas.height).data].filter((_, i) => i % 97 === 3))"""
    )


def test_keys_vote_after_another_backdrop_was_chosen(page: Page, pages: Pages) -> None:
    voting(page, pages["single"].as_uri())
    page.locator("#blind .swatch.black").click()
    vote(page, "=")
    page.locator("#blind .swatch.grey").click()
    vote(page, "ArrowLeft")
    expect(page.locator("#blind [value=grey]")).to_be_checked()
    page.locator("#blind [value=grey]").focus()
    page.keyboard.press("ArrowRight")  # by keys one chooses on
    expect(page.locator("#blind [value=black]")).to_be_focused()


@LAYOUTS
def test_nothing_but_the_pixels_tells_which_is_which(page: Page, pages: Pages, layout: str) -> None:
    run = Run.load(pages[layout].parent)
    secrets = {model.info.name for model in run.models}
    secrets |= {p.cutout_sha256 for p in run.predictions if p.cutout_sha256}
    secrets |= {p.case for p in run.predictions} | {
        "assets/",
        "cutouts/",
        "data:",
        "blob:",
        "file:",
    }
    voting(page, pages[layout].as_uri())
    for number in range(4):
        html = page.locator("#blind").evaluate("e => e.outerHTML").lower()
        assert [each for each in secrets if each.lower() in html] == []
        left, right = (re.sub(r"translate\([^)]*\)", "", each) for each in panes(page))
        assert left.replace(">A<", "><").replace('"A"', "") == right.replace(">B<", "><").replace(
            '"B"', ""
        )
        fragment = page.evaluate("location.hash") + page.title()
        assert [each for each in secrets if each in fragment] == []
        attributes = page.locator("#blind .canvas > *").evaluate_all(
            "all => all.flatMap(e => [...e.attributes].map(a => a.name))"
        )
        assert set(attributes) <= {"width", "height", "role", "aria-label", "class"}
        if number < 3:
            vote(page, "=")
            if page.locator("#blind.ended").count():
                break
            seen(page)


def test_sides_are_drawn_by_chance(blank: Page) -> None:
    """Of many seeds, each model is on the left about as often."""
    swaps = blank.evaluate(
        "Array.from({ length: 2000 }, (_, n) => "
        "$ranking.chance($ranking.seedOf($ranking.seedOf(n, 3), n % 7, 0, 1))() < 0.5)"
    )
    assert 0.45 < np.mean(swaps) < 0.55
    # Nor does one follow from the one before.
    assert 0.45 < np.mean(np.array(swaps[1:]) == np.array(swaps[:-1])) < 0.55


def test_votes_are_what_decide_reads(page: Page, pages: Pages, tmp_path: Path) -> None:
    run = Run.load(pages["single"].parent)
    voting(page, pages["single"].as_uri())
    shown = []
    for key in ("ArrowLeft", "ArrowRight", "="):
        shown.append(page.evaluate(OPACITIES))
        vote(page, key)
        seen(page)
    with page.expect_download() as download:
        page.locator("#blind [data-do=save-decisions]").click()
    download.value.save_as(tmp_path / "d.json")
    intake = take(run, [tmp_path / "d.json"])
    assert intake.refused == ()
    votes = intake.counting.votes
    assert [each.choice for each in votes] == ["left", "right", "equal"]
    assert len({each.case for each in votes}) == 3  # another picture each time
    files = {p.key: pages["single"].parent / p.cutout for p in run.predictions if p.cutout}
    for each, means in zip(votes, shown, strict=True):
        for side, mean in zip((each.left, each.right), means, strict=True):
            with Image.open(files[Key(each.category, each.case, side.model)]) as cutout:
                assert mean == pytest.approx(np.asarray(cutout)[..., 3].mean(), abs=0.1)
    assert max(abs(left - right) for left, right in shown) > 0.6
    blank = page.context.new_page()
    blank.add_script_tag(content=script("ranking"))  # type: ignore[arg-type]
    for each in votes:
        swapped = blank.evaluate("seed => $ranking.chance(seed)() < 0.5", each.seed)
        models = [model.info.name for model in run.models]
        assert [each.left.model, each.right.model] == (models[::-1] if swapped else models)


def test_a_vote_is_taken_back_and_the_same_pair_comes_after_a_reload(
    page: Page, pages: Pages
) -> None:
    voting(page, pages["single"].as_uri())
    first = pixels(page)
    page.reload()
    assert pixels(seen(page)) == first  # the same sides, too
    vote(page, "ArrowLeft")
    assert pixels(seen(page)) != first
    page.keyboard.press("z")
    expect(page.locator("#blind [data-part=votes]")).to_contain_text("Votes: 0")
    assert pixels(seen(page)) == first


def test_names_come_with_the_ranking_and_go_again(page: Page, pages: Pages, tmp_path: Path) -> None:
    voting(page, pages["single"].as_uri())
    vote(page, "ArrowLeft")
    seen(page)
    page.locator("#blind [data-do=rank]").click()
    expect(page.locator("#blind .ranking")).to_contain_text("Too few for a ranking")
    expect(page.locator("#blind .ranking h3")).to_be_focused()
    names = page.locator("#blind .ranking th")
    expect(names).to_have_count(2)
    with page.expect_download() as download:
        page.locator("#blind [data-do=save-decisions]").click()
    download.value.save_as(tmp_path / "d.json")
    (made,) = read(tmp_path / "d.json").votes
    assert names.all_text_contents() == [made.left.model, made.right.model]
    expect(page.locator("#blind .ranking .number b [lang=en]")).to_have_text(["100 %", "0 %"])
    for used in (".zoom", ".behind"):  # there is nothing to look at closely
        expect(page.locator(f"#blind .bar {used}")).to_be_hidden()
    page.locator("#blind [data-do=go-on]").click()
    expect(page.locator("#blind .ranking th")).to_have_count(0)
    seen(page)
    page.keyboard.down("o")
    expect(page.locator("#blind .canvas .of").first).to_be_visible()
    expect(page.locator("#blind .canvas [role=img]").first).to_be_hidden()
    page.keyboard.up("o")
    expect(page.locator("#blind .canvas .of").first).to_be_hidden()
    page.keyboard.down("o")
    page.evaluate("dispatchEvent(new Event('blur'))")  # it is let go of elsewhere
    expect(page.locator("#blind .canvas .of").first).to_be_hidden()
    for _ in range(3):
        vote(page, "=")
    expect(page.locator("#blind.ended")).to_have_count(1)  # none is left
    expect(page.locator("#blind [data-do=go-on]")).to_be_disabled()
    page.keyboard.down("o")
    page.keyboard.press("Escape")
    expect(page.locator("#by-eye [data-do=blind]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#blind.ended:not(.original)")).to_have_count(1)
    page.keyboard.press("z")  # takes nothing back that was voted before it was opened
    expect(page.locator("#blind [data-part=votes]")).to_contain_text("Votes: 4")


def test_a_finger_votes(window: Window, pages: Pages) -> None:
    page = window(viewport={"width": 390, "height": 780}, has_touch=True)
    page.add_init_script("localStorage.setItem('rmbg_eval.blind', 7)")  # each is left once
    opened(page, pages["folder"].as_uri())
    page.locator("#by-eye [data-do=blind]").tap()
    seen(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("#blind [data-choice=equal]").tap()
    expect(page.locator("#blind [data-part=votes] [lang=zh]")).to_contain_text("1")
    page.route("**/cutouts/grabcut/**", lambda route: route.abort())
    page.reload()
    expect(page.locator("#blind.ended")).to_have_count(1)  # on either side it is no pair


def test_axe_finds_nothing_in_the_vote(window: Window, pages: Pages) -> None:
    page = window(bypass_csp=True)
    page.goto(pages["single"].as_uri())
    page.locator("#by-eye [data-do=blind]").click()
    seen(page)
    assert violations(page, source()) == []
    page.locator("#blind [data-do=rank]").click()
    assert violations(page, source()) == []


@pytest.mark.parametrize(("count", "lost"), [(12, 1), (16, 1), (16, 7)])
def test_a_ranking_is_shown_with_its_numbers(
    page: Page, pages: Pages, count: int, lost: int
) -> None:
    """Of pictures of which two are one shoot; one model wins all but few, or about half."""
    html = pages["single"].read_text(encoding="utf-8")
    (text,) = re.findall("<template id=\"about-decisions\" data-about='([^']*)'", html)
    about = json.loads(unescape(text))
    anchor, category, *_ = about["cases"][0]
    one, other = names = about["models"]
    shas = ["0" * 64, "1" * 64]
    about["cases"] = [[anchor, category, f"c{n}", "g" if n < 2 else "", shas] for n in range(count)]
    about["decisions"] = [
        {"kind": "vote", "category": category, "case": f"c{n}", "time": "2026-11-02T09:00:00Z",
         "left": {"model": other, "cutout_sha256": shas[1]},
         "right": {"model": one, "cutout_sha256": shas[0]},
         "choice": "left" if n < lost else "right"}
        for n in range(count)
    ]  # fmt: skip
    html = html.replace(text, escape(json.dumps(about)))
    address = pages["single"].as_uri()
    page.route(address, lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(address)
    page.locator("#by-eye [data-do=blind]").click()
    page.locator("#blind [data-do=rank]").click()
    votes = [[(other, one, float(n < lost))] for n in range(count)]
    ours = rank([votes[0] + votes[1], *votes[2:]], names, count)
    title = page.locator("#blind .ranking h3")
    expect(page.locator("#blind .ranking th")).to_have_text([one, other])
    if count == 12:
        expect(title).to_contain_text("11")
        return
    expect(title).to_contain_text("clearly preferred" if lost == 1 else "too close to call")
    expect(title).to_contain_text(one)
    if lost > 1:
        for also in (" and ", " 和 "):
            expect(title).to_contain_text(re.compile(f"{one}{also}{other}|{other}{also}{one}"))
    for number, model in enumerate(ours.models):
        row = page.locator("#blind .ranking tr").nth(number)
        expect(row.locator("td").first).to_have_text(model.ranks)
        figures = row.locator(".number").inner_text()
        share, low, high = (int(each) / 100 for each in re.findall(r"(\d+)\s*%", figures))
        assert share == pytest.approx(model.share, abs=0.006)
        assert [low, high] == pytest.approx([model.low, model.high], abs=0.03)
        reach, mark = row.locator(".reach"), row.locator(".mark")
        x, width = (float(reach.get_attribute(name)) for name in ("x", "width"))
        assert [x, x + width] == pytest.approx([100 * low, 100 * high], abs=0.6)
        assert float(mark.get_attribute("x")) == pytest.approx(100 * share, abs=0.6)
        better = row.locator(".note")
        expect(better).to_contain_text(other) if model.better_than else expect(better).to_be_empty()
    page.set_viewport_size({"width": 390, "height": 844})
    lines = page.locator("#blind .ranking :is(td:first-child, .number > *)").evaluate_all(
        "all => all.map(e => { const r = document.createRange(); r.selectNodeContents(e);"
        " return new Set([...r.getClientRects()].map(one => Math.round(one.bottom))).size; })"
    )
    assert lines == [1] * 3 * len(names)


def test_the_ranking_is_that_of_python(blank: Page) -> None:
    r = np.random.default_rng(5)  # no pair is so near that the draws decide
    names = ["a", "b", "c", "d"]
    shoots = []
    for _ in range(60):
        one, other = r.permutation(4)[:2]
        shoots.append([[int(one), int(other), float(r.choice([1, 0.5, 0], p=_likely(one, other)))]])
    wins = np.zeros((4, 4))
    for ((one, other, of),) in shoots:
        wins[one, other] += of
        wins[other, one] += 1 - of
    found = blank.evaluate("wins => $ranking.strengths(wins)", wins.tolist())
    assert found / np.exp(np.log(found).mean()) == pytest.approx(
        strengths(wins) / np.exp(np.log(strengths(wins)).mean()), rel=1e-6
    )
    shares = blank.evaluate("found => $ranking.expectedShares(found)", found)
    assert shares == pytest.approx(expected_shares(np.array(found)))
    theirs = blank.evaluate("shoots => $ranking.rank(shoots, 4, 1)", shoots)
    ours = rank([[(names[a], names[b], of)] for ((a, b, of),) in shoots], names, 60)
    assert theirs["reason"] == ""
    for one, other in zip(theirs["standings"], ours.models, strict=True):
        assert names[one["model"]] == other.model
        assert {names[each] for each in one["over"]} == {*other.better_than}
        assert (one["best"], one["worst"]) == (other.best_rank, other.worst_rank)
        assert one["share"] == pytest.approx(other.share, abs=1e-6)
        # Other draws: as far apart as 500 of them leave it.
        assert one["low"] == pytest.approx(other.low, abs=0.02)
        assert one["high"] == pytest.approx(other.high, abs=0.02)
    for of in (1, 0.5):  # no draw differs from another
        alike = [[[0, 1, of]] * n for n in range(1, 14)]
        theirs = blank.evaluate("shoots => $ranking.rank(shoots, 2)", alike)
        ours = rank([[("a", "b", of)] * n for n in range(1, 14)], ["a", "b"], 13)
        for one, other in zip(theirs["standings"], ours.models, strict=True):
            assert [one["low"], one["high"]] == pytest.approx([other.low, other.high], abs=1e-6)


def test_who_is_not_ranked_and_why_is_that_of_python(blank: Page) -> None:
    names = ["unseen", "b", "c", "d"]
    chain = [[[2, 1, 1]], [[3, 2, 0.5]], [[3, 1, 0]]]  # joined backwards, too
    for shoots, said in (
        ([], "none"), (chain * 3 + chain[:2], "few"), ([[[1, 2, 1]], [[0, 3, 0]]] * 6, "apart"),
        ([[[2, 1, 1]], [[3, 2, 0]]] * 6, ""), (chain * 12, ""),
    ):  # fmt: skip
        theirs = blank.evaluate("shoots => $ranking.rank(shoots, 4)", shoots)
        named = [[(names[a], names[b], of) for a, b, of in votes] for votes in shoots]
        ours = rank(named, names, len(shoots))
        assert theirs["reason"] == said
        assert (ours.reason is None) == (said == "")
        assert [names[each["model"]] for each in theirs["standings"]] == [
            each.model for each in ours.models
        ]
        for one, other in zip(theirs["standings"], ours.models, strict=True):
            assert {names[each] for each in one["over"]} == {*other.better_than}
            assert (one["best"], one["worst"]) == (other.best_rank, other.worst_rank)
            plain = (other.won + other.equal / 2) / (other.won + other.lost + other.equal)
            assert one["share"] == pytest.approx(plain if said else other.share)


def test_of_few_shoots_intervals_are_as_wide_as_in_python(
    blank: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On average: each is from draws of its own, which spread less than shoots do by 1 of 12."""
    shoots = [[[0, 1, float(n < 8)]] * 3 for n in range(12)]
    wide = blank.evaluate(
        """shoots => Array.from({ length: 40 }, (_, seed) =>
        $ranking.rank(shoots, 2, seed).standings[0]).map(({ low, high }) => high - low)""",
        shoots,
    )
    named = [[("a", "b", of) for _, _, of in votes] for votes in shoots]
    ours = []
    for seed in range(40):
        monkeypatch.setattr("rmbg_eval.decisions.ranking._SEED", seed)
        ours += rank(named, ["a", "b"], 12).models[:1]
    assert np.std(wide) > 0
    assert np.mean(wide) == pytest.approx(np.mean([m.high - m.low for m in ours]), rel=0.015)


def test_the_order_is_by_ranks_and_then_by_shares(blank: Page) -> None:
    """Who won two of two may be anywhere; who won most of forty is better than the last."""
    shoots = [[[1, 0, float(n < 32)]] for n in range(40)] + [[[2, 1, 1]], [[2, 1, 1]]]
    names = ["last", "sure", "new"]
    ours = rank([[(names[a], names[b], of)] for ((a, b, of),) in shoots], names, 42).models
    theirs = blank.evaluate("shoots => $ranking.rank(shoots, 3)", shoots)["standings"]
    assert [names[each["model"]] for each in theirs] == [each.model for each in ours]
    assert theirs[0]["share"] < theirs[1]["share"]
    for one, other in zip(theirs, ours, strict=True):
        assert [one["low"], one["high"]] == pytest.approx([other.low, other.high], abs=0.03)


@pytest.mark.parametrize(("won", "of", "worst"), [(15, 20, 1), (14, 19, 2)])
def test_two_models_are_apart_where_a_sign_test_says_so(
    blank: Page, won: int, of: int, worst: int
) -> None:
    """Of 20 votes, 15 for one are rare by chance (p = 0.04); of 19, 14 are not (0.06)."""
    shoots = [[[0, 1, float(n < won)]] for n in range(of)]
    (first, _) = blank.evaluate("shoots => $ranking.rank(shoots, 2)", shoots)["standings"]
    assert (first["model"], first["best"], first["worst"]) == (0, 1, worst)


def test_of_more_pairs_what_is_rare_of_one_is_not_rare(blank: Page) -> None:
    """Of two models 15 of 20 are told apart; of three, two of which are alike, they are not."""
    shoots = [[[0, 1, float(n < 15)]] for n in range(20)]
    shoots += [[[0, 2, n % 2], [1, 2, n % 2]] for n in range(20)]
    theirs = blank.evaluate("shoots => $ranking.rank(shoots, 3)", shoots)["standings"]
    ours = rank([[("abc"[a], "abc"[b], of) for a, b, of in each] for each in shoots], "abc", 40)
    assert [each["over"] for each in theirs] == [[], [], []]
    assert [each.better_than for each in ours.models] == [(), (), ()]


def _likely(one: int, other: int) -> list[float]:
    """That the first wins, nobody does, or the other: models of lower number are better."""
    first = 0.8 / (1 + 2.0 ** (int(one) - int(other)))
    return [first, 0.2, 0.8 - first]


def test_the_next_pair_tells_most(blank: Page) -> None:
    ask = (
        "([votes, of]) => $ranking.nextPair(votes, 3, (a, b) => of[`${a}${b}`].map("
        "(votes, place) => ({ votes, place })), 1)"
    )
    votes = [[0, 1, 1]] * 6 + [[0, 2, 1]] * 6  # of 1 and 2 nobody knows
    found = blank.evaluate(ask, [votes, {"01": [0, 0], "02": [0, 0], "12": [2, 0, 3]}])
    assert found == {"one": 1, "other": 2, "place": 1}
    found = blank.evaluate(ask, [votes, {"01": [4], "02": [], "12": []}])
    assert found == {"one": 0, "other": 1, "place": 0}
    assert blank.evaluate(ask, [votes, {"01": [], "02": [], "12": []}]) is None
    even = [[0, 1, 0.5]] * 2 + [[0, 2, 0.5]] + [[1, 2, 0.5]] * 2  # the pair with the fewest votes
    found = blank.evaluate(ask, [even, {"01": [0], "02": [3, 1, 2, 1, *[4] * 7], "12": [0]}])
    assert (found["one"], found["other"]) == (0, 2)
    assert found["place"] in (1, 3)  # and there a picture with the fewest
    none_of_2 = [[0, 1, 1]] * 3  # from one vote for all a strength would be without bounds
    found = blank.evaluate(ask, [none_of_2, {"01": [0], "02": [0], "12": [0]}])
    assert (found["one"], found["other"]) == (0, 2)


def test_a_set_too_small_for_a_ranking_says_so_before_the_first_vote(
    page: Page, pages: Pages, tmp_path: Path
) -> None:
    predictions = Run.load(pages["single"].parent).predictions
    one, other = (p.cutout_sha256 for p in predictions if p.case == "dress")
    alike = tmp_path / "index.html"  # two that are alike to the byte are no pair
    alike.write_text(pages["single"].read_text("utf-8").replace(one, other), "utf-8")
    voting(page, alike.as_uri())
    expect(page.locator("#blind [data-part=few]")).to_contain_text(
        "No ranking comes of these: of 12 pictures or shoots needed, 3 can be voted on"
    )
    for _ in range(3):
        vote(seen(page), "=")
    expect(page.locator("#blind.ended")).to_have_count(1)


def test_votes_are_counted_and_the_pictures_that_they_are_on(page: Page, pages: Pages) -> None:
    vote(voting(page, pages["single"].as_uri()), "ArrowLeft")
    expect(page.locator("#blind [data-part=votes] [lang=en]")).to_have_text(
        "Votes: 1 · pictures: 1"
    )


def test_what_is_told_stands_level_with_the_answers(page: Page, pages: Pages) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    voting(page, pages["single"].as_uri())
    told, answers = (
        page.locator(f"#blind {each}").bounding_box() for each in ("[data-part=votes]", ".answers")
    )
    few = page.locator("#blind [data-part=few]").bounding_box()
    middle = (told["y"] + few["y"] + few["height"]) / 2
    assert middle == pytest.approx(answers["y"] + answers["height"] / 2, abs=2)
