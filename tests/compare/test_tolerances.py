"""Tolerances: defaults with reasons, and one file in which nothing unknown passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from rmbg_eval.compare.tolerances import (
    ALPHA_MEAN,
    ALPHA_TILE,
    DEFAULTS,
    POINT,
    Tolerances,
)
from rmbg_eval.core.key import Key
from rmbg_eval.errors import SettingsError
from rmbg_eval.measure.table import TABLE
from rmbg_eval.measure.tolerance import Tolerance

REX = Key("pet", "rex", "a")


def test_every_score_has_a_default_with_a_reason_and_nothing_else_has() -> None:
    scores = {metric.name for metric in TABLE if metric.higher_is_better is not None}
    assert set(DEFAULTS) == scores | {ALPHA_MEAN, ALPHA_TILE}
    assert all(tolerance.reason for tolerance in DEFAULTS.values())


def test_the_larger_of_absolute_and_relative_is_allowed() -> None:
    tolerance = Tolerance(absolute=0.5, relative=0.1, reason="x")
    assert tolerance.allowed(1) == 0.5
    assert tolerance.allowed(-10) == 1.0


FILE = """
[metric.mad]
absolute = 0.1
reason = "everywhere"

[category.pet.mad]
absolute = 0.2
relative = 0.5
reason = "fur"

[case."pet/rex".mad]
absolute = 0.3
reason = "rex moves"

[case."pet/rex".islands]
absolute = 2
reason = "rex sheds"

[point."pet/rex/ear"]
absolute = 0.4
reason = "the ear too"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "tolerances.toml"
    path.write_text(text, "utf-8")
    return path


def test_the_nearest_to_the_value_counts(tmp_path: Path) -> None:
    found = Tolerances.load(write(tmp_path, FILE))

    def reason(metric: str, category: str, case: str) -> str | None:
        tolerance = found.of(metric, Key(category, case, "a"))
        return tolerance.reason if tolerance else None

    assert reason("mad", "portrait", "ada") == "everywhere"
    assert reason("mad", "pet", "tom") == "fur"
    assert reason("mad", "pet", "rex") == "rex moves"
    assert reason("iou", "pet", "rex") == DEFAULTS["iou"].reason
    assert reason("islands", "pet", "rex") == "rex sheds"
    assert reason("islands", "pet", "tom") is None
    assert found.of_point("ear", REX, 9).absolute == 0.4
    assert found.of_point("eye", REX, 9) == Tolerance(absolute=9, reason=POINT)


def test_without_a_file_there_are_the_defaults() -> None:
    assert Tolerances.load(None).of("mad", REX) == DEFAULTS["mad"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[metrics.mad]\nabsolute = 1\nreason = 'x'", "unknown name 'metrics'.*metric, category"),
        ("[metric.mud]\nabsolute = 1\nreason = 'x'", "'mud'.*Name one of these: mad"),
        ("[category.pet.mud]\nabsolute = 1\nreason = 'x'", "unknown measure 'mud'"),
        ("[case.'pet/rex'.mud]\nabsolute = 1\nreason = 'x'", "unknown measure 'mud'"),
        ("[metric.mad]\nabsolute = 1\nreasons = 'x'", "unknown name 'metric.mad.reasons'"),
        ("[metric.mad]\nabsolute = 1", "metric.mad.reason is missing"),
        ("[metric.mad]\nabsolute = 1\nreason = ''", "metric.mad.reason"),
        ("[metric.mad]\nreason = 'x'", "metric.mad.absolute is missing"),
        ("[metric.mad]\nabsolute = -1\nreason = 'x'", "absolute.*greater than or equal.*-1"),
        ("[metric.mad]\nabsolute = inf\nreason = 'x'", "absolute.*finite.*inf"),
        ("[metric.mad]\nabsolute = '1'\nreason = 'x'", "absolute.*number.*'1'"),
        ("[point.x]\nabsolute = true\nreason = 'x'", "point.x.absolute"),
        ("absolute = ", "not TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        Tolerances.load(write(tmp_path, text))


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("mda", "Name one of these: mba, mad."), ("iuo", "Name one of these: iou."),
     ("whiskers", "Known are: sad, ")],
)  # fmt: skip
def test_of_a_slip_of_the_pen_only_what_is_near_is_named(
    name: str, remedy: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError) as caught:
        Tolerances.load(write(tmp_path, f"[metric.{name}]\nabsolute = 1\nreason = 'x'"))
    assert str(caught.value.remedy).startswith(remedy)


def test_names_that_no_run_has_are_told(tmp_path: Path) -> None:
    found = Tolerances.load(write(tmp_path, FILE))
    assert not [*found.strangers({"pet"}, {"pet/rex"}, {"pet/rex/ear"})]
    told = list(map(str, found.strangers({"pets"}, {"pet/tom"}, {"pet/rex/eye"})))
    assert told == [
        "the tolerances name the category pet, which neither run has",
        "the tolerances name the case pet/rex, which neither run has",
        "the tolerances name the point pet/rex/ear, which neither run has",
    ]
