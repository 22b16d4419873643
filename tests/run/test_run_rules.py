"""Delivery rules in a run: kept, gated like points, and told in a build's files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import save_picture

from rmbg_eval import Run, Settings, build_files, evaluate
from rmbg_eval.ci.gate import exit_status
from rmbg_eval.compare.failures import refuse_failures
from rmbg_eval.errors import OutputError
from rmbg_eval.run import delivery
from rmbg_eval.run.measurements import no_prediction


def run_with(
    tmp_path: Path, rules: str, models: dict[str, object] | None = None, **changes: object
) -> Run:
    save_picture(tmp_path / "cases" / "pet" / "rex.png", 1)
    (tmp_path / "rules.toml").write_text(rules)
    settings = Settings(
        cases=str(tmp_path / "cases"), models=[*(models or ["grabcut"])], out=str(tmp_path / "out"),
        rules=str(tmp_path / "rules.toml"), **changes,
    )  # fmt: skip
    return evaluate(settings, models=models, on_save=build_files)


BROKEN = "[rules.longest-side]\nleast = 5000\nrequired = {}\n[rules.clear]\nleast = 0\n"


@pytest.mark.parametrize(
    ("required", "fail_on", "status"),
    [("true", "required", 1), ("false", "required", 0), ("false", "point", 1)],
)
def test_rules_are_gated_like_points(
    tmp_path: Path, required: str, fail_on: str, status: int
) -> None:
    run = run_with(tmp_path, BROKEN.format(required), fail_on=fail_on)
    assert exit_status(run) == status
    assert [(rule.rule, rule.passed) for rule in run.rules] == [
        ("longest-side", False), ("clear", True),
    ]  # fmt: skip
    assert Run.load(tmp_path / "out").rules == run.rules
    summary = (tmp_path / "out" / "summary.md").read_text()
    assert "1 of 2 passed" in summary
    assert "px, at least 5,000 is asked for" in summary
    junit = (tmp_path / "out" / "junit.xml").read_text()
    assert "the longest side is" in junit
    assert ("<failure" in junit) == bool(status)


def test_a_required_rule_that_is_broken_is_no_baseline_by_accident(tmp_path: Path) -> None:
    run = run_with(tmp_path, BROKEN.format("true"))
    with pytest.raises(OutputError, match="has failures: pet/rex"):
        refuse_failures(run, [])
    refuse_failures(run, ["pet/rex"])


def test_without_rules_there_is_nothing(tmp_path: Path) -> None:
    save_picture(tmp_path / "cases" / "pet" / "rex.png", 1)
    run = evaluate(
        Settings(cases=str(tmp_path / "cases"), models=["grabcut"], out=str(tmp_path / "out")),
        on_save=build_files,
    )
    assert (run.delivery, run.rules) == (None, ())
    assert "Delivery rules" not in (tmp_path / "out" / "summary.md").read_text()


def test_a_prediction_that_failed_has_its_failure_for_every_rule(tmp_path: Path) -> None:
    def gone(rgb: object) -> None:
        raise ValueError("no such luck")

    run = run_with(tmp_path, BROKEN.format("true"), models={"gone": gone})
    assert [(rule.rule, rule.passed) for rule in run.rules] == [
        ("longest-side", None), ("clear", None),
    ]  # fmt: skip
    assert {rule.reason for rule in run.rules} == {no_prediction(run.predictions[0])}


def test_a_cut_out_that_cannot_be_judged_says_why_and_one_that_was_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judged(decode: Callable[..., object]) -> list[tuple[bool | None, str | None]]:
        with monkeypatch.context() as patch:
            patch.setattr(delivery, "decode_own", decode)
            rules = run_with(tmp_path, BROKEN.format("true")).rules
        return [(rule.passed, rule.reason and str(rule.reason)) for rule in rules]

    def damaged(*_: object) -> None:
        raise ValueError("no such luck")

    decode = delivery.decode_own
    assert {passed for passed, _ in judged(damaged)} == {None}
    assert all(
        "could not be measured: ValueError: no such luck" in why for _, why in judged(damaged)
    )
    assert judged(decode) == [(False, None), (True, None)]
    assert judged(damaged) == [(False, None), (True, None)]
