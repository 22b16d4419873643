"""What the page has of decisions: all that its script needs, and what was decided, in tables."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from markupsafe import escape
from reviewers import decisions, review, run_over, sha, two_categories, vote
from run.test_risks import risk, sign

from rmbg_eval import Run
from rmbg_eval.ci.junit import junit_of_run
from rmbg_eval.ci.summary_md import summary_of_run
from rmbg_eval.decisions import files
from rmbg_eval.decisions.acceptance import acceptances, hundredths, percent
from rmbg_eval.decisions.record import Decisions
from rmbg_eval.decisions.sampling import plan_of
from rmbg_eval.measure.record import Risk
from rmbg_eval.report.by_eye import by_eye, page_data
from rmbg_eval.report.context import Context
from rmbg_eval.report.frame import environment
from rmbg_eval.report.views import ByEyeView
from rmbg_eval.run.previews import Previews
from rmbg_eval.run.sample import only

DRAWN = Previews({})
HOSTILE = '"><img src=x onerror="document.title=1">'


def view_of(run: Run, folder: Path, some: Decisions | None = None) -> ByEyeView:
    settings = run.settings.model_copy(update={"out": str(folder)})
    run = run.model_copy(update={"settings": settings})
    if some:
        files.save(folder, some)
    view = by_eye(Context(run, DRAWN))
    assert view is not None
    return view


def html_of(view: ByEyeView) -> str:
    return environment("en").get_template("by_eye.html.j2").render(eye=view)


def test_the_script_has_every_cutout_and_the_plan() -> None:
    run = run_over(5, ("a", "b"), group=2)
    data = page_data(run, Decisions())
    assert data["models"] == ["a", "b"]
    anchor, category, case, group, shas = data["cases"][3]
    assert (category, case, group) == ("portrait", "c3", "g1")
    assert shas == [sha("a", "c3"), sha("b", "c3")]
    assert anchor.startswith("case-portrait-c3")
    (stratum,) = data["plan"]
    keys = [(f"c{n // 2}", "ab"[n % 2]) for n in stratum]
    assert keys == [(key.case, key.model) for key in plan_of(run).strata[0]]
    assert data["risks"] == []


@pytest.mark.parametrize(
    ("out", "folder"),
    [
        ("reports/shop", "reports/shop"),
        ("/data/商店/v1.2-a", "/data/商店/v1.2-a"),
        ("my reports/it's; new & (old)", '"my reports/it\'s; new & (old)"'),
        (r"D:\reports\shop", r'"D:\reports\shop"'),
        *(
            (out, "RUN")
            for out in ("$HOME/a", "a`b`", 'a"b', "100%", "a!b", "-rf", "a b\\", "a\nb")
        ),
        ("a\N{RIGHT-TO-LEFT OVERRIDE}b", "RUN"),
    ],
)
def test_the_command_names_the_folder_where_any_shell_takes_it_for_nothing_else(
    out: str, folder: str
) -> None:
    run = run_over(2)
    settings = run.settings.model_copy(update={"out": out})
    view = by_eye(Context(run.model_copy(update={"settings": settings}), DRAWN))
    assert view is not None
    assert view.folder == folder
    assert f"rmbg-eval decide {escape(folder)} ~/Downloads/decisions.json" in html_of(view)


def test_the_script_has_copies_of_a_picture_as_a_shoot() -> None:
    run = run_over(3)
    same = tuple(
        each.model_copy(update={"picture_sha256": "p"}) if each.case != "c1" else each
        for each in run.predictions
    )
    cases = page_data(run.model_copy(update={"predictions": same}), Decisions())["cases"]
    first, other, copy = (group for *_, group, _ in cases)
    assert (bool(first), first, other) == (True, copy, "")


def test_as_many_are_to_be_reviewed_as_the_plan_has_of_those_shown() -> None:
    run = run_over(9, ("a", "b"))
    cases = [(record.category, record.id) for record in run.cases]
    (stratum,) = plan_of(run).strata
    first = [(key.category, key.case) for key in stratum[:3]]
    others = [case for case in cases if case not in {(k.category, k.case) for k in stratum[:5]}]
    shown = only(run, [case for case in cases if case in {*first, *others[-2:]}])
    view = by_eye(Context(run, DRAWN, shown=shown))
    (offered,) = page_data(run, Decisions(), shown)["plan"]
    assert str(view.review) == f"Review {len(offered)} cut-outs"
    assert 3 <= len(offered) < len(shown.predictions)
    names = [record.id for record in shown.cases]
    keys = [(names[n // 2], "ab"[n % 2]) for n in offered]
    assert keys == [(key.case, key.model) for key in stratum[: len(keys)]]


def test_risks_are_in_the_page_as_closely_as_one_reads_them() -> None:
    run = run_over(1).model_copy(update={"risks": (risk("c0", "a", 0.8153608488712418),)})
    assert page_data(run, Decisions())["risks"][0] == 0.8154


def test_what_needs_a_look_is_told_by_number() -> None:
    risks = [
        risk(f"c{n}", model, value, *[sign("crumbs", 1.0)][: value > 0.5])
        for n, of_case in enumerate([(0.9, 0.1), (0.0, 0.0), (0.2, 0.8)])
        for model, value in zip("ab", of_case, strict=True)
    ]
    run = run_over(3).model_copy(update={"risks": tuple(risks)})
    view = by_eye(Context(run, DRAWN))
    assert view.pairs
    about = view.data
    assert about["risks"] == [0.9, 0.1, 0.0, 0.0, 0.2, 0.8]
    assert about["need"] == [0, 5]
    assert [about["texts"][signs[0][0]]["en"] for signs in about["signs"].values()] == (
        ["The outline is frayed"] * 2
    )


def test_two_cut_outs_that_are_one_are_no_pair() -> None:
    run = run_over(2)
    for cases, pairs in (("c0", True), ("c0 c1", False)):
        alike = (
            each.model_copy(update={"cutout_sha256": "0" * 64}) if each.case in cases else each
            for each in run.predictions
        )  # fmt: skip
        view = by_eye(Context(run.model_copy(update={"predictions": (*alike,)}), DRAWN))
        assert view.pairs is pairs


def test_shares_by_category_are_told_where_there_are_several(tmp_path: Path) -> None:
    some = decisions(
        *(review(f"c{n}", category=("pet", "portrait")[n % 2]) for n in range(5)),
        vote("c1"),
    )
    view = view_of(two_categories(run_over(8)), tmp_path, some)
    assert [(str(row.category), row.model, str(row.counts)) for row in view.categories] == [
        ("Pet", "a", "3 of 3"), ("Portrait", "a", "2 of 2"),
    ]  # fmt: skip
    assert '<td><span lang="en">Pet</span><span lang="zh"> 宠物肖像</span></td>' in html_of(view)
    assert [str(row.counts) for row in view.usable] == ["5 of 5", "–"]
    assert str(view.votes).startswith("1 vote on 1 picture.")
    assert not view_of(run_over(8), tmp_path, decisions(review("c0"))).categories


def test_another_cutout_is_another_content() -> None:
    run = run_over(3)
    first, *others = run.predictions
    changed = first.model_copy(update={"cutout_sha256": "f" * 64})
    other = run.model_copy(update={"predictions": (changed, *others)})
    same, contents = run_over(3), [page_data(each, Decisions())["content"] for each in (run, other)]
    assert contents[0] != contents[1]
    assert contents[0] == page_data(same, Decisions())["content"]


def test_what_was_decided_is_shown_as_it_is_counted(tmp_path: Path) -> None:
    run = run_over(8)
    some = decisions(
        *(review(f"c{n}", "a", "usable" if n else "mend", comment=HOSTILE) for n in range(7)),
        *(vote(f"c{n}", "left" if n % 3 else "equal") for n in range(8)),
    )
    view = view_of(run, tmp_path, some)
    row, other = view.usable
    share = acceptances(run, some)[0]
    said = f"{percent(share.low)} to {percent(share.high)}".replace(" %", "\u00a0%")
    assert (row.model, f"{hundredths(share.share)}\u00a0%") == ("a", str(row.share))
    assert (str(row.interval), row.share.to("zh")) == (said, f"{hundredths(share.share)}%")
    assert (str(row.counts), row.others) == ("6 of 7", ("0", "1"))
    assert (other.share, str(other.note)) == ("–", "nobody has looked")
    assert [(each.model, each.rank) for each in view.preferred] == [("a", "–"), ("b", "–")]
    assert str(view.reason).startswith("No ranks: too few votes")
    assert re.fullmatch("没有名次：[^.: ].*[^.]。", view.reason.everywhere()["zh"])
    html = html_of(view)
    assert "<img" not in html  # people's words are text
    there = view.data["decisions"]
    assert len(there) == 15
    assert (
        there
        == json.loads(files.save(tmp_path, some) or (tmp_path / files.NAME).read_text())[
            "decisions"
        ]
    )


def test_damaged_decisions_are_said_and_nothing_is_shown(tmp_path: Path) -> None:
    (tmp_path / files.NAME).write_text("{")
    view = view_of(run_over(3), tmp_path)
    assert view.usable == ()
    assert "no JSON" in str(view.problem)
    assert 'class="failure"' in html_of(view)


def test_a_share_that_is_weighted_by_risk_says_so_everywhere(tmp_path: Path) -> None:
    risks = tuple(
        Risk(category="portrait", case=f"c{n}", model="a", value=n / 12) for n in range(12)
    )
    run = run_over(12, ("a",)).model_copy(update={"risks": risks})
    answers = {0: "usable", 4: "usable", **dict.fromkeys(range(8, 12), "unusable")}
    some = decisions(*(review(f"c{n}", answer=answer) for n, answer in answers.items()))
    (row,) = view_of(run, tmp_path, some).usable
    assert (str(row.share), str(row.counts)) == ("67\u00a0%", "2 of 6, weighted by risk")
    assert "2 of 6 (67 %, weighted by risk)" in summary_of_run(run, some)
    assert "2 of 6 usable (67 %, weighted by risk)" in "".join(junit_of_run(run, some))
