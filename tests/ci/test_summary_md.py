"""summary.md: failures first, at most 1 MiB, and nothing in it that a stranger wrote is markup."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from comparisons import FAILED, comparison, failed, made, point, rule, value
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from reviewers import decisions, review, run_over, two_categories, vote
from runs import run_of

from rmbg_eval import Settings
from rmbg_eval.ci.summary_md import cell, code, summary_of_comparison, summary_of_run
from rmbg_eval.compare.comparison import Comparison
from rmbg_eval.compare.pair import Pair
from rmbg_eval.decisions.lists import mend_csv
from rmbg_eval.decisions.record import Decisions, Review
from rmbg_eval.errors import Failure, printable
from rmbg_eval.i18n import Message
from rmbg_eval.measure.record import Delivery, Risk, Sign
from rmbg_eval.run.shard import Shard

MARKDOWN = MarkdownIt("gfm-like", {"linkify": False})


def spans(text: str) -> list[str]:
    """What of a cell is code, and a failure for anything in it that is markup."""
    found = []
    tokens = MARKDOWN.parse(f"| a | b |\n|---|---|\n| {text} | end |\n")
    for token in tokens:
        assert token.type not in ("html_block", "heading_open", "fence")
        for child in token.children or ():
            assert child.type in ("code_inline", "text"), child
            found += [child.content] if child.type == "code_inline" else []
    assert sum(token.type == "td_open" for token in tokens) == 2
    return found


HOSTILE = [
    "<script>alert(1)</script>",
    "![x](data:image/png;base64,AAAA)",
    "[click](javascript:alert(1))",
    "a | b | c",
    "```` ` `` ```",
    "`",
    "\\",
    "\\|",
    "# heading\n\n- list",
    "https://example.com @everyone #1",
    "\x1b[31m\x00\u202e",
    "",
    " ",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_code(text: str) -> None:
    (shown,) = spans(cell(code(text)))
    assert shown.strip() == (printable(text).strip() or "–")


@settings(max_examples=300)
@given(st.text(st.sampled_from("`|\\ a<>[]()!*_#-\n"), max_size=30))
def test_any_text_is_code(text: str) -> None:
    (shown,) = spans(cell(code(text)))
    assert shown.strip() == (printable(text).strip() or "–")


def test_absurdly_long_text_is_cut() -> None:
    assert len(code("x" * 10_000)) < 400


def test_failures_come_first_and_points_next() -> None:
    run = run_of(
        failed("a"),
        made("b"),
        points=(point(False, 0.5, model="b", required=True),),
        measurements=(value("weighted_f", 0.9, "b"), value("weighted_f", None, "a")),
    )
    text = summary_of_run(run)
    assert text.startswith("# Background removal\n\n❌ Stopped (`--fail-on required`): 1 of 2")
    order = ["## Failed (1)", "ada.png is empty", "## Observation points that did not pass (1)",
             "`lens` **required**", "## Models (2)", "0.9 over 1 |"]  # fmt: skip
    assert [text.index(words) for words in order] == sorted(text.index(words) for words in order)
    assert "index.html#case-portrait-ada-" in text


@pytest.mark.parametrize(
    ("fail_on", "stops"), [("required", False), ("error", True), ("point", True)]
)
def test_says_whether_the_build_stops(fail_on: str, stops: bool) -> None:
    run = run_of(failed("a"), made("b"), settings=Settings(models=["a", "b"], fail_on=fail_on))
    assert ("❌ Stopped" in summary_of_run(run)) is stops
    assert ("✅ Passed" in summary_of_run(run)) is not stops


def test_where_nothing_succeeded_it_has_not_passed() -> None:
    """The command then ends with 2, whatever `--fail-on` says."""
    assert "❌ Stopped (`--fail-on required`): 2 of 2" in summary_of_run(
        run_of(failed("a"), failed("b"))
    )


def test_outside_of_a_table_a_bar_is_shown_as_it_is() -> None:
    text = summary_of_run(run_of(made("a"), delivery=Delivery(name="Shop | ours")))
    (shown,) = (line for line in text.splitlines() if line.startswith("Delivery rules"))
    assert "`Shop | ours`" in shown


def test_without_truth_and_points_it_shows_how_many_cut_outs_need_a_look() -> None:
    sign = Sign(measure="crumbs", weight=0.5, text=Message("Crumbs"))
    risks = (
        Risk(category="portrait", case="ada", model="a", value=0.9, signs=(sign,)),
        Risk(category="portrait", case="ada", model="b", value=0.9),
        Risk(category="portrait", case="eve", model="b", value=None, reason=Message("failed")),
    )
    nothing = tuple(value("mad", None, model) for model in "ab")
    text = summary_of_run(run_of(made("a"), made("b"), measurements=nothing, risks=risks))
    assert "| model | cut-outs | to look at first | worth a look |\n" in text
    assert "| `a` | 1 of 1 | 1 | 0 |\n| `b` | 1 of 1 | 0 | 0 |\n" in text
    assert "\n1 case · `a`, `b` · started" in text
    assert "(0)" not in text  # no table without rows
    assert "observation points" not in text
    assert "mad" not in text


def test_who_disagrees_about_a_cut_out_is_said() -> None:
    seen = made("a")
    said = [
        Review(category=seen.category, case=seen.case, model="a", answer=answer, person=person,
               cutout_sha256=seen.cutout_sha256, time=datetime(2026, 1, 2, tzinfo=UTC))
        for person, answer in (("Ada", "usable"), ("Bo", "unusable"))
    ]  # fmt: skip
    text = summary_of_run(run_of(seen, made("b")), Decisions(decisions=tuple(said)))
    assert "## Left to do: to mend, unusable, unsure, disputed, failed or missing (1)" in text
    assert "| disputed | `Ada: usable; Bo: unusable` |" in text


def test_the_list_of_what_is_left_to_do_is_that_of_mend_csv() -> None:
    run = run_over(6)
    lost = {"c4": FAILED, "c5": replace(FAILED, kind="MissingCutoutError")}
    none = {"cutout": None, "cutout_sha256": None}
    predictions = tuple(
        p.model_copy(update={**none, "failure": lost[p.case]}) if p.case in lost else p
        for p in run.predictions
    )
    run = run.model_copy(update={"predictions": predictions})
    answers = ("usable", "mend", "unusable", "unsure")
    some = decisions(*(review(f"c{n}", answer=answer) for n, answer in enumerate(answers)))
    rows = [*csv.DictReader(io.StringIO(mend_csv(run, some)))]
    assert [row["says"] for row in rows] == ["mend", "unusable", "unsure", "failed", "missing"]
    assert rows[-1]["reasons"] == str(FAILED)
    text = summary_of_run(run, some)
    assert "## Left to do: to mend, unusable, unsure, disputed, failed or missing (5)" in text
    table = text.split("## Left to do")[1].split("##")[0]
    assert table.count("| `a` |") == 5
    assert f"| failed | `{FAILED}` |" in table


def test_who_is_preferred_is_told_with_ranks_or_why_there_are_none() -> None:
    run = run_over(12)
    votes = [vote(f"c{number}") for number in range(12)]
    text = summary_of_run(run, decisions(*votes))
    rows = [line for line in text.splitlines() if "/ 12 /" in line or "/ 0 / 0" in line]
    (first, second) = ([part.strip() for part in row.strip("|").split("|")] for row in rows)
    assert (first[:2], first[3:]) == (["1", "`a`"], ["12 / 0 / 0", "`b`"])
    assert (second[:2], second[3:]) == (["2", "`b`"], ["0 / 12 / 0", "–"])
    for row in (first, second):
        share, low, high = map(float, re.findall(r"\d+", row[2]))
        assert low <= share <= high
    assert float(first[2].split()[0]) > 90
    assert "12 votes on 12 pictures. Where none" in text
    text = summary_of_run(run, decisions(*votes[:2]))
    assert "| – | `a` | – | 2 / 0 / 0 | – |" in text
    assert "2 votes on 2 pictures. No ranks: `too few" in text


def test_how_many_are_usable_is_told_of_each_model() -> None:
    said = review("c0", category="pet"), review("c1", answer="unusable")
    text = summary_of_run(two_categories(run_over(6)), decisions(*said))
    assert "## Usable, by eye (2)" in text
    assert "| `a` | 1 of 2 (50 %) | – |" in text
    assert "| `b` | – | – |" in text


def test_points_are_counted_over_all_categories() -> None:
    pet = {"category": "pet", "case": "rex"}
    (ada,) = run_of().cases
    points = (point(True), point(False, 0.5, **pet), point(True, point="sky", **pet))
    cases = ada, ada.model_copy(update={"category": "pet", "id": "rex"})
    run = run_of(made("a"), made("a", **pet), cases=cases, points=points)
    text = summary_of_run(run)
    assert "| `a` | 2 of 2 | 2 of 3 |" in text
    assert "2 of 3 observation points passed, 0 could not be measured" in text


def test_decisions_that_cannot_be_read_are_told_before_all_tables() -> None:
    text = summary_of_run(run_of(failed("a")), Decisions(), Message("it is damaged"))
    told = "What people decided by eye is left out: `it is damaged`"
    assert text.index(told) < text.index("## Failed")


def test_a_partial_run_says_so() -> None:
    shard = Shard(number=2, of=3, cases=9, listing_sha256="")
    text = summary_of_run(run_of(made("a"), complete=False, shard=shard))
    assert "interrupted: what follows is partial" in text
    assert "Shard 2/3, of 9 cases." in text
    assert "❌" in text


def test_a_thousand_failures_fit_and_the_rest_is_counted() -> None:
    failure = Failure("E", Message("<b>" * 90), Message("`" * 200))
    many = [failed(case=f"{n}" * 50).model_copy(update={"failure": failure}) for n in range(9999)]
    text = summary_of_run(run_of(*many))
    assert len(text.encode()) < 1 << 20
    assert "## Failed (9999)" in text
    assert "more, in `junit.xml`" in text
    assert "data:" not in text


def pairs(count: int) -> tuple[Pair, ...]:
    (pair,) = comparison("worse").pairs
    return tuple(
        pair.model_copy(update={"case": f"{n} |<img>", "why": "x" * 200}) for n in range(count)
    )


def test_a_large_comparison_fits_too() -> None:
    found = Comparison(base="b", new="n", notes=("note",) * 10, pairs=pairs(9999))
    text = summary_of_comparison(found, "worse")
    assert len(text.encode()) < 1 << 20
    assert "## What stopped it (9999)" in text
    assert "## By category (1)" in text


def test_what_changed_leaves_room_for_the_counts() -> None:
    worse, better = comparison("worse", "better").pairs
    found = Comparison(base="b", new="n", notes=(), pairs=tuple(
        pair.model_copy(update={"category": f"c{n % 99}", "case": f"{n}" * 60, "why": "é" * 300})
        for pair in (worse, better) for n in range(1000)
    ))  # fmt: skip
    text = summary_of_comparison(found, "worse")
    assert len(text.encode()) < 1 << 20
    assert "more, in `junit.xml`" in text
    assert text.count(" | `m` | 0 |") == 99


def test_what_is_too_much_for_a_summary_is_counted_whatever_it_is() -> None:
    """Failures, points, delivery rules and what people said, each more than there is room for."""
    failure = Failure("E", Message("x"), Message("é" * 250))
    names = [f"{n}" * 40 for n in range(1500)]
    lost = [failed(case=name).model_copy(update={"failure": failure}) for name in names]
    here = [made("b", case=name) for name in names]
    rules = tuple(rule(False, case=name, model="b") for name in names)
    said = tuple(
        Review(category="portrait", case=name, model="b", answer="mend", comment="é" * 250,
               cutout_sha256="0" * 64, time=datetime(2026, 1, 2, tzinfo=UTC))
        for name in names
    )  # fmt: skip
    points = tuple(point(False, case=name, model="b") for name in names * 2)
    run = run_of(*lost, *here, points=points, rules=rules, delivery=Delivery(name="Shop"))
    text = summary_of_run(run, Decisions(decisions=said))
    assert len(text.encode()) < 1 << 20
    assert text.count("more, in `junit.xml`") == 3
    assert text.count("more, in `mend.csv`") == 1
    assert "## Models (2)" in text


def test_a_comparison_says_what_stopped_it_first() -> None:
    text = summary_of_comparison(comparison("worse", "better", "same"), "worse")
    assert "❌ Stopped (`--fail-on worse`): 1 worse, 1 better, 1 same." in text
    assert text.index("What stopped it (1)") < text.index("What else changed (1)")
    assert "✅ Passed" in summary_of_comparison(comparison("worse", "same"), "error")


def test_the_rules_of_a_prediction_that_failed_are_told_as_its_failure_alone() -> None:
    rules = (
        rule(True, 0.9),
        rule(False),
        *[rule(None, model="b", rule=n) for n in ("fill", "veil")],
    )
    text = summary_of_run(run_of(made(), failed("b"), rules=rules, delivery=Delivery(name="Shop")))
    assert "Delivery rules `Shop`: 1 of 2 passed." in text
    assert "1 of 2 predictions failed.\n" in text  # and no required rule did not pass
    assert "## Delivery rules (1)" in text
    assert "`fill`" in text
    assert "`veil`" not in text


def test_the_first_line_says_which_required_rules_stopped_it() -> None:
    rules = (rule(False, required=True), rule(None, model="b", required=True), rule(False))
    text = summary_of_run(run_of(made(), failed("b"), rules=rules, delivery=Delivery(name="Shop")))
    assert "❌ Stopped" in text
    assert "2 required delivery rules did not pass or could not be measured.\n" in text
