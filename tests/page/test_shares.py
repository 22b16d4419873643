"""The share usable, as the page tells it and as it counts it: as Python does."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from pages import Pages, opened, place, saved
from playwright.sync_api import Page, expect
from reviewers import decisions, review, run_over, sha

from rmbg_eval import Run
from rmbg_eval.decisions.acceptance import (
    acceptances,
    more_needed,
    settle,
    share_interval,
    weighted_share,
)
from rmbg_eval.decisions.files import read, save
from rmbg_eval.decisions.sampling import plan_of
from rmbg_eval.measure.record import Risk
from rmbg_eval.report.by_eye import by_eye
from rmbg_eval.report.context import Context
from rmbg_eval.report.frame import environment
from rmbg_eval.run.intervals import exact_interval, worth
from rmbg_eval.run.previews import Previews
from rmbg_eval.run.statistics import ALL
from rmbg_eval.web import script


def test_a_share_is_told_once_each_risk_is_decided_and_whether_it_is_weighted(
    page: Page, own: tuple[Run, Path]
) -> None:
    opened(page, own[1].as_uri())
    page.locator("#by-eye [data-do=review]").click()
    usable = page.locator("#review [data-part=usable]")
    page.keyboard.press("x")
    expect(usable).to_contain_text("0 of 1 decided are usable")
    expect(usable).not_to_contain_text("%")
    expect(page.locator("#review [data-part=more]")).to_contain_text("To know the share")
    page.keyboard.press("u")
    page.keyboard.press("u")
    expect(usable.locator("strong")).to_contain_text("75 % usable")
    expect(usable).to_contain_text("2 of 3, weighted by risk")
    expect(page.locator("#review [data-part=more]")).not_to_contain_text("To know the share")


def test_the_page_tells_the_shares_of_what_was_decided_on_it(
    page: Page, own: tuple[Run, Path]
) -> None:
    opened(page, own[1].as_uri())
    shares = page.locator("#by-eye [data-part=shares] li")
    expect(shares).to_have_count(0)
    page.locator("#by-eye [data-do=review]").click()
    model = page.locator("#review [data-part=models] [aria-pressed=true]").inner_text()
    for letter in "xuu":
        page.keyboard.press(letter)
    page.keyboard.press("Escape")
    expect(shares).to_have_count(1)
    for lang, told in (
        ("en", f"{model}: 75 % usable · 2 of 3, weighted by risk · "),
        ("zh", f"{model}：75% 可用 · 3 张中 2 张，按风险加权 · "),
    ):
        page.locator(f"[name=lang][value={lang}]").dispatch_event("click")
        assert told in shares.inner_text().replace("\N{NO-BREAK SPACE}", " ")


def test_on_paper_no_word_of_the_shares_is_broken_and_no_command_is_told(
    page: Page, own: tuple[Run, Path]
) -> None:
    opened(page, own[1].as_uri())
    page.locator("#by-eye").evaluate(
        """(section) => {
            section.classList.remove("with-script");
            const head = section.appendChild(document.createElement("table")).createTHead();
            head.parentElement.className = "data shares";
            const row = head.insertRow();
            for (let n = 0; n < 8; n++)
                row.appendChild(document.createElement("th")).textContent = "Undecided";
        }"""
    )
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 400, "height": 800})
    heights = page.locator(".shares th").evaluate_all("all => all.map((e) => e.clientHeight)")
    assert max(heights) < 40
    assert page.locator("#by-eye [data-part=in-browser]").is_hidden()


def test_the_share_is_that_of_the_run(reviewing: Page, pages: Pages, tmp_path: Path) -> None:
    page, run = reviewing, Run.load(pages["single"].parent)
    page.locator("#review [data-part=order]").select_option("chance")
    order = [key for key in plan_of(run).order if key.model == run.models[0].info.name]
    for number, (key, letter) in enumerate(zip(order, "umuu", strict=True), 1):
        expect(place(page)).to_have_text(re.compile(rf"^{number} "))
        title = page.locator("#review-title").inner_text()
        assert title in (key.case, *run.index.cases[key.category, key.case].title.values())
        page.keyboard.press(letter)
    decisions = read(saved(page, tmp_path / "d.json"))
    (share, *_) = acceptances(run, decisions)
    assert share.category == ALL
    shown = [float(each) for each in page.locator("#review").get_attribute("data-share").split(",")]
    assert shown == pytest.approx([share.share])  # four are too few for an interval
    expect(page.locator("#review [data-part=usable]")).to_contain_text("3 of 4")


def test_intervals_are_those_of_python(page: Page) -> None:
    page.add_script_tag(content=script("share"))  # type: ignore[arg-type]
    r = np.random.default_rng(5)
    for _ in range(60):
        strata = [(int(r.integers(0, n + 1)), int(n), int(n + r.integers(0, 30)))
                  for n in r.integers(0, 25, r.integers(1, 4))]  # fmt: skip
        strata = [(k, n, max(1, there)) for k, n, there in strata]
        sizes = r.integers(1, r.choice([2, 9, 60]), r.integers(1, 20))
        groups = [(int(r.integers(r.choice([0, n]), n + 1)), int(n)) for n in sizes]
        if not any(n for _, n, _ in strata):
            continue
        js = page.evaluate(
            "([s, g]) => [$share.weightedShare(s), $share.shareInterval(g, s), $share.worth(g)]",
            [strata, groups],
        )
        python = [weighted_share(strata), share_interval(groups, strata), worth(groups)]
        for one, other in zip(js, python, strict=True):
            assert one == (None if other is None else pytest.approx(other, abs=1e-9))
        decided, there = int(r.integers(0, 60)), int(r.integers(60, 400))
        share, alone = float(r.random()), float(r.uniform(0.2, 1))
        for undecided in (0, int(r.integers(1, 30))):
            more = page.evaluate(
                "([a, b, c, d, e]) => $share.moreNeeded(a, b, c, 0.05, d, e)",
                [decided, share, there, alone, undecided],
            )
            assert more == more_needed(decided, share, there, 0.05, alone, undecided)
    for groups in ([(1, 3), (4, 5)], [(1, 2), (25, 50)]):  # two shoots; nearly all in one
        theirs = page.evaluate("groups => $share.worth(groups)", groups)
        assert theirs == pytest.approx(worth(groups))
    theirs = page.evaluate("$share.exactInterval(0.3, 100_000)")
    assert theirs == pytest.approx(exact_interval(0.3, 100_000), abs=1e-9)


def test_copies_are_of_the_shoot_of_the_first_as_in_python(page: Page) -> None:
    page.add_script_tag(content=script("review"))  # type: ignore[arg-type]
    plain = run_over(24, ("a",), group=3)
    shas = [sha("a", f"c{n % 16}") for n in range(24)]  # eight are the same as others
    copies = [p.model_copy(update={"cutout_sha256": s})
              for p, s in zip(plain.predictions, shas, strict=True)]  # fmt: skip
    run = plain.model_copy(update={"predictions": tuple(copies)})
    for whose in (run, run.model_copy(update={"cases": run_over(24).cases})):
        said = ["usable" if n % 16 % 3 else "mend" for n in range(24)]
        python, *_ = acceptances(
            whose, decisions(*(review(f"c{n}", answer=each) for n, each in enumerate(said)))
        )
        about = {
            "models": ["a"],
            "plan": [[int(key.case[1:]) for key in part] for part in plan_of(whose).strata],
        }
        js = page.evaluate(
            """([about, said, shas, shoots]) => $review.shareOf({
                about,
                like: (n) => ({ cutout_sha256: shas[n], n }),
                settled: ({ n }) => said[n],
                shootOf: (n) => shoots[n] ?? `${n}`,
            }, 0)""",
            [about, said, shas, [case.group for case in whose.cases]],
        )
        assert js["interval"] == pytest.approx([python.low, python.high])


def test_what_a_share_is_of_is_counted_as_in_python(page: Page) -> None:
    """Some are unsure, some of a shoot are not decided, and some were not drawn by chance."""
    page.add_script_tag(content=script("share"))  # type: ignore[arg-type]
    run = run_over(24, ("a",), group=2)
    risks = (Risk(category="portrait", case=f"c{n}", model="a", value=n / 24) for n in range(24))
    run = run.model_copy(update={"risks": tuple(risks)})
    plan, of_group = plan_of(run), {case.id: case.group for case in run.cases}
    r = np.random.default_rng(5)
    for seen in (0, 3, 9, 12, 18, 24, 24):
        by_chance = bool(r.integers(2))
        order = [key.case for key in plan.order]
        looked_at = order[:seen] if by_chance else sorted(order)[:seen]
        words = ("usable", "usable", "mend", "unusable", "unsure")
        said = {case: str(r.choice(words)) for case in looked_at}
        answers = [[said.get(key.case, "") for key in stratum] for stratum in plan.of("a")]
        shoots: dict[str, list[str]] = {}
        for case in order:
            shoots.setdefault(str(of_group[case]), []).append(said.get(case, ""))
        js = page.evaluate("all => $share.acceptance(all)", {
            "strata": [*answers, []], "shoots": [*shoots.values()]})  # fmt: skip
        python, *_ = acceptances(run, decisions(*(review(c, "a", a) for c, a in said.items())))
        for name in ("usable", "decided", "undecided", "unseen"):
            assert js[name] == getattr(python, name), name
        assert js["there"] == 24
        assert js["share"] == (None if python.share is None else pytest.approx(python.share))
        interval = js["interval"] or [None, None]
        assert interval == [each and pytest.approx(each) for each in (python.low, python.high)]
        keys = {key for key in plan.order if key.case in said}
        assert js["drawn"] == (python.decided == 24 or plan.drawn(keys, "a"))
        groups = [(each.count("usable"), n) for each in shoots.values()
                  if (n := sum(answer not in ("", "unsure") for answer in each))]  # fmt: skip
        alone = worth(groups) / python.decided if python.decided else 1
        assert js["alone"] == pytest.approx(alone)


def test_what_several_people_say_is_settled_as_in_python(page: Page) -> None:
    page.add_script_tag(content=script("decisions"))  # type: ignore[arg-type]
    words = ("usable", "mend", "unusable", "unsure")
    for answers in (each for n in range(1, 5) for each in product(words, repeat=n)):
        js = page.evaluate(
            "all => $decisions.Decisions.prototype.settled.call("
            "{ of: () => all.map(answer => ({ answer })) })",
            answers,
        )
        reviews = [review(answer=answer, person=f"p{n}") for n, answer in enumerate(answers)]
        (opinion,) = settle(reviews).values()
        assert js == opinion.answer, answers


def test_a_shoot_of_two_categories_is_one(page: Page) -> None:
    page.add_script_tag(content=script("decisions"))  # type: ignore[arg-type]
    cases = [["", "pet", "rex", "monday"], ["", "portrait", "ada", "monday"],
             ["", "pet", "tom", ""], ["", "portrait", "tom", ""]]  # fmt: skip
    shoots = page.evaluate(
        "cases => cases.map((_, number) => "
        "$decisions.Decisions.prototype.shootOf.call({ about: { cases } }, number))",
        cases,
    )
    assert shoots[0] == shoots[1]
    assert len({*shoots}) == 3


def test_rows_of_shares_are_low_on_a_phone_and_begin_where_their_headings_do(
    page: Page, pages: Pages, tmp_path: Path
) -> None:
    """Of a model that nobody looked at, that is a note in the last column."""
    run = run_over(8, ("Studio", "grabcut"))
    settings = run.settings.model_copy(update={"out": str(tmp_path)})
    save(tmp_path, decisions(*(review(f"c{n}", "Studio") for n in range(6))))
    view = by_eye(
        Context(run.model_copy(update={"settings": settings}), Previews.__new__(Previews))
    )
    html = environment("en").get_template("by_eye.html.j2").render(eye=view)
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, pages["single"].as_uri())
    page.locator("#by-eye").evaluate("(e, html) => { e.outerHTML = html; }", html)
    rows = page.locator("#by-eye .shares").first.locator("tbody tr")
    expect(rows.nth(1)).to_contain_text("nobody has looked")
    heights = rows.evaluate_all("all => all.map(e => e.getBoundingClientRect().height)")
    names = rows.locator("th").evaluate_all(
        "all => all.map(e => { const r = document.createRange(); r.selectNodeContents(e);"
        " return r.getClientRects().length; })"
    )
    assert names == [1, 1]
    assert max(heights) < 130
    for media in ("screen", "print"):
        page.emulate_media(media=media)
        edges = page.locator("#by-eye :is(h3, .shares)").evaluate_all(
            "all => all.map(e => e.getBoundingClientRect().x)"
        )
        assert {*edges} == {max(edges[0], 0)}, media
