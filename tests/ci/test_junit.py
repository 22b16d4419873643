"""junit.xml: what CI servers read, whatever the names and messages are."""

from __future__ import annotations

import pytest
from comparisons import FAILED, comparison, failed, made, point, rule
from hypothesis import given, settings
from hypothesis import strategies as st
from junit_reader import outcomes, read
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
    run = run_of(made("a"), made("b"), rules=(rule(False, required=True),))
    (failure,) = read(junit_of_run(run)).iter("failure")
    assert failure.get("type") == "DeliveryRule"
    assert failure.get("message").startswith("Delivery rule fill (required): ")


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
