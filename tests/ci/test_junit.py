"""junit.xml: what CI servers read, whatever the names and messages are."""

from __future__ import annotations

import pytest
from comparisons import FAILED, comparison, failed, made, point, rule
from hypothesis import given, settings
from hypothesis import strategies as st
from junit_reader import outcomes, read
from reviewers import decisions, review, run_over, two_categories, vote
from runs import run_of

from rmbg_eval import Settings
from rmbg_eval.ci.gate import exit_status
from rmbg_eval.ci.junit import Checked, junit, junit_of_comparison, junit_of_run, xml_text
from rmbg_eval.errors import Failure
from rmbg_eval.i18n import Message
from rmbg_eval.measure.record import RuleResult


def test_one_test_a_case_and_model() -> None:
    asked = Settings(models=["a", "b"], fail_on="error")
    root = read(junit_of_run(run_of(made("a"), failed("b"), settings=asked)))
    assert outcomes(root) == {"a.portrait/ada": [], "b.portrait/ada": ["error"]}
    (error,) = root.iter("error")
    assert error.get("message") == str(FAILED.problem)
    assert str(FAILED.remedy) in error.text
    assert "index.html#case-portrait-ada-" in error.text


@pytest.mark.parametrize(
    ("required", "fail_on", "tags"),
    [
        (True, "required", ["failure"]),
        (False, "required", ["system-out"]),
        (False, "error", ["system-out"]),
        (False, "point", ["failure"]),
    ],
)
def test_points_are_failures_where_the_build_stops_at_them(
    required: bool, fail_on: str, tags: list[str]
) -> None:
    run = run_of(
        made("a"),
        made("b"),
        points=(point(False, 0.5, required=required), point(None, point="strap")),
        settings=Settings(models=["a", "b"], fail_on=fail_on),
    )
    root = read(junit_of_run(run))
    found = outcomes(root)["a.portrait/ada"]
    assert found[: len(tags)] == tags
    text = "".join(root.itertext())
    assert "lens" in text
    assert "measured 0.5 alpha, 0 to 1, expected 0 ± 0.05" in text
    assert "strap (transparent): no edge" in text
    assert "index.html#case-portrait-ada-" in text
    assert outcomes(root)["b.portrait/ada"] == []


@pytest.mark.parametrize("fail_on", ["required", "error", "point"])
@pytest.mark.parametrize("others", [(), (rule(None, model="b", required=True),)])
@pytest.mark.parametrize("all_of_it", [False, True])
def test_a_failed_prediction_is_an_error_where_the_build_stops_at_it(
    fail_on: str, others: tuple[RuleResult, ...], all_of_it: bool
) -> None:
    run = run_of(
        failed("a") if all_of_it else made("a"),
        failed("b"),
        rules=others,
        settings=Settings(models=["a", "b"], fail_on=fail_on),
    )
    (tag,) = outcomes(read(junit_of_run(run)))["b.portrait/ada"]
    assert (tag == "error") == bool(exit_status(run))
    assert tag in ("error", "skipped")
    if tag == "skipped":
        assert "which --fail-on required lets pass: ada.png is empty" in "".join(junit_of_run(run))


def test_a_delivery_rule_is_not_called_a_point() -> None:
    rules = (rule(False, required=True), rule(None, model="b", required=True))
    run = run_of(made("a"), made("b"), rules=rules)
    failures = [*read(junit_of_run(run)).iter("failure")]
    assert [failure.get("type") for failure in failures] == ["DeliveryRule"] * 2
    start = "Delivery rule fill (required): "
    assert [failure.get("message").removeprefix(start) for failure in failures] == [
        "how far the subject fills the frame is 0.7 share of the frame, at least 0.8 is asked for",
        "nothing is kept",
    ]


def test_of_the_points_of_a_cut_out_those_that_failed_are_told_and_counted() -> None:
    points = (
        point(True, 0.01, point="sky"),
        point(False, 0.5, required=True),
        point(False, 0.6, point="strap"),
    )
    (test,) = read(junit_of_run(run_of(made("a"), points=points, models=run_of().models[:1])))[0]
    (failure,) = test.iter("failure")
    assert failure.get("type") == "ObservationPoint"
    assert failure.get("message").startswith("Point lens (required): ")
    assert "more" not in failure.get("message")
    assert "strap" not in failure.text
    told = test.findtext("system-out")
    assert "strap (transparent): measured 0.6" in told
    assert "sky" not in told
    assert "lens" not in told
    both = run_of(made("a"), points=points, settings=Settings(models=["a"], fail_on="point"))
    (failure,) = read(junit_of_run(both)).iter("failure")
    assert failure.get("message").startswith("Point lens (required): ")
    assert failure.get("message").endswith(" and 1 more")
    lines = [line.partition(" ")[0] for line in failure.text.splitlines()]
    assert lines == ["lens", "strap", "See"]


def test_what_people_said_is_told_of_the_cut_out_and_of_its_model() -> None:
    said = (review("c0", category="pet", comment="Fine hair"), review("c1", answer="unusable"))
    root = read(junit_of_run(two_categories(run_over(4)), decisions(*said)))
    told = {
        f"{test.get('classname')}/{test.get('name')}": test.findtext("system-out")
        for test in root.iter("testcase")
    }
    assert told["a.pet/c0"] == "By eye:\nAda: usable. Fine hair"
    assert told["a.pet/c2"] is told["b.pet/c0"] is None
    few = "too few for an interval: 2 pictures, 5 are needed"
    assert told["by eye.acceptance/a"] == f"1 of 2 usable (50 %)\n{few}"
    assert told["by eye.acceptance/b"].startswith("0 of 0 usable (–)\n")
    assert len(root[-1]) == 2


@pytest.mark.parametrize("votes", [2, 12])
def test_who_is_preferred_is_told_of_each_model(votes: int) -> None:
    said = decisions(*(vote(f"c{number}") for number in range(votes)))
    tests = read(junit_of_run(run_over(12), said))[-1]
    assert [test.get("name") for test in tests] == ["a", "b"]
    told = [test.findtext("system-out") for test in tests]
    assert f"; {votes} won, 0 lost, 0 equal" in told[0]
    assert f"; 0 won, {votes} lost, 0 equal" in told[1]
    starts = [text.partition(":")[0].partition(";")[0] for text in told]
    assert starts == (["no rank"] * 2 if votes == 2 else ["rank 1", "rank 2"])
    assert all(("\ntoo few" in text) == (votes == 2) for text in told)


def test_what_an_interrupted_run_did_not_do_is_an_error() -> None:
    partial = {"run.status/complete": ["error"]}
    root = read(junit_of_run(run_of(made("a"), complete=False)))
    assert outcomes(root) == {**partial, "a.portrait/ada": [], "b.portrait/ada": ["error"]}
    started = read(junit_of_run(run_of(models=(), complete=False)))
    every = {f"{model}.portrait/ada": ["error"] for model in "ab"}
    assert outcomes(started) == {**partial, **every}


def test_a_comparison_fails_what_the_gate_stops_at() -> None:
    states = ("failed", "missing", "worse", "changed", "case-changed", "new", "still-failed",
              "better", "same")  # fmt: skip
    root = read(junit_of_comparison(comparison(*states), "worse"))
    assert {name.rpartition("/")[2]: tags for name, tags in outcomes(root).items()} == {
        "failed": ["error"],
        "missing": ["failure"],
        "worse": ["failure"],
        "changed": ["failure"],
        "case-changed": ["failure"],
        "new": ["failure"],
        "still-failed": ["skipped"],
        "better": ["system-out"],
        "same": [],
    }
    lost = comparison("worse", worse_point=True)
    (failure,) = read(junit_of_comparison(lost, "worse")).iter("failure")
    said = [line.partition(" ")[0] for line in failure.text.splitlines()]
    assert said == ["worse:", "worse:", "See"], "the state, and what made it"
    lenient = read(junit_of_comparison(comparison(*states), "error"))
    assert outcomes(lenient)["m.c/worse"] == ["system-out"]


def test_tests_that_wait_in_a_file_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    tests = [Checked(suite, "é", "x\ny", "failure", text="a\r\nb") for suite in "aab"]
    whole = "".join(junit(tests, "n"))
    monkeypatch.setattr("rmbg_eval.ci.junit._SPOOLED", 1)
    assert "".join(junit(tests, "n")) == whole


def test_no_test_at_all_is_valid() -> None:
    assert read(junit_of_run(run_of(cases=()))).get("tests") == "0"


@settings(max_examples=200)
@given(st.text(st.characters(codec=None), max_size=40), st.text(max_size=40))
def test_any_text_is_valid_and_read_as_it_is(name: str, message: str) -> None:
    """Also control characters, half surrogate pairs and markup."""
    text = f'<![CDATA[ ]]> & " {message} \x00\x1b'
    tests = [Checked("m" + name, "c" + name, "x" + name, "failure", "k", "m" + message, text)]
    root = read(junit(tests, "n" + name))
    (failure,) = root.iter("failure")
    expected = xml_text(text).replace("\r\n", "\n").replace("\r", "\n")
    assert failure.text == expected


def test_forbidden_characters_are_replaced_and_seen_to_be() -> None:
    assert xml_text("a\x08b\ud800c\ufffe\U0001f600") == "a�b�c�\U0001f600"


def test_absurd_messages_are_cut() -> None:
    failure = Failure("E", Message("x" * 100_000), Message("y"))
    run = run_of(made("a").model_copy(update={"cutout": None, "failure": failure}))
    assert len("".join(junit_of_run(run))) < 50_000
