"""Measurements of a run: kept small, and the same one by one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from rmbg_eval.core.key import Key, Names
from rmbg_eval.i18n import Message
from rmbg_eval.measure.columns import Column, Measurements
from rmbg_eval.measure.record import Measurement

NAMES = st.sampled_from(["mad", "sad", "iou", "halo", 'a,"b\n'])
WHY = st.sampled_from([Message("the case has no truth"), Message("failed: {why}", why='","')])
JSON = TypeAdapter(Measurements)


def measurement(key: Key, metric: str, value: float | None, reason: Message | None) -> Measurement:
    return Measurement(
        **key._asdict(),
        metric=metric,
        value=value,
        unit=f"unit of {metric}",
        region="whole image",
        reason=reason,
    )


@st.composite
def lists(draw: st.DrawFn) -> list[Measurement]:
    made = {}
    for _ in range(draw(st.integers(0, 12))):
        key = Key(*(draw(st.sampled_from("ab")) for _ in range(3)))
        finite = st.floats(allow_nan=False, allow_infinity=False)
        number = draw(finite.map(lambda value: value + 0.0) | st.none())  # −0.0 is kept as 0.0
        metric, reason = draw(NAMES), draw(WHY)
        made[key, metric] = measurement(key, metric, number, reason if number is None else None)
    return list(made.values())


@limits(max_examples=100)
@given(lists())
def test_they_are_what_they_were_made_of_and_come_back_from_json(given: list[Measurement]) -> None:
    made = Measurements(given)
    assert len(made) == len(given) == len(list(made))
    assert all(m in made for m in given)
    assert {(m.key, m.metric): m for m in made} == {(m.key, m.metric): m for m in given}
    every = list(made)
    assert [made[at] for at in range(-len(made), len(made))] == every + every
    assert made[1:-1:2] == tuple(every[1:-1:2])
    for outside in (len(made), -len(made) - 1):
        with pytest.raises(IndexError):
            made[outside]
    assert list(made.by_key) == list(dict.fromkeys(m.key for m in given))
    some = [*made.by_key][::2]
    assert [*made.only([*some, Key("c", "c", "c")])] == [m for m in every if m.key in some]
    for key in [*made.by_key, Key("c", "c", "c")]:
        assert made.values_of(key) == {m.metric: m.value for m in given if m.key == key}
    for metric in ("mad", "halo", "of another"):
        assert sorted(map(repr, made.of(metric))) == sorted(
            repr(m) for m in given if m.metric == metric
        )
    assert made.scored() == {m.metric for m in given if m.value is not None}
    text = JSON.dump_json(made)
    json.loads(text, parse_constant=pytest.fail)
    assert JSON.validate_json(text) == made
    old = json.dumps([m.model_dump(mode="json") for m in given])
    assert JSON.validate_json(old) == made


@limits(max_examples=60)
@given(lists(), lists(), st.lists(NAMES, unique=True))
def test_what_is_taken_is_what_the_other_has_of_those_metrics(
    mine: list[Measurement], others: list[Measurement], names: list[str]
) -> None:
    made, other = Measurements(mine), Measurements(others)
    for key, row in other.numbers():
        made.take(other, key, names, row)
    taken = [m for m in others if m.metric in names]
    expected = {(m.key, m.metric): m for m in (*mine, *taken)}
    assert len(made) == len(expected)
    assert {(m.key, m.metric): m for m in made} == expected


def test_what_is_added_later_comes_in_the_order_of_the_run() -> None:
    first, other = Key("c", "1", "m"), Key("c", "2", "m")
    mad, iou = (Column(metric=name, unit="1", region="all") for name in ("mad", "iou"))
    made = Measurements()
    made.add(first, [mad, iou], [(0.25, None), (None, Message("no truth"))])
    made.add(other, [iou], [(0.5, None)])
    copy = made.copy()
    made.add(other, [mad], [(0.0, None)])
    assert [(m.case, m.metric, m.value) for m in made] == [
        ("1", "mad", 0.25), ("1", "iou", None), ("2", "mad", 0.0), ("2", "iou", 0.5),
    ]  # fmt: skip
    assert copy != made
    assert len(copy) == 3
    renamed = made.renamed(Names({"m": "n"}))
    assert {key.model for key in renamed.by_key} == {"n"}
    assert [m.value for m in renamed] == [m.value for m in made]


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ('"mad":0.5', '"mad":NaN'),
        ('"mad":0.5', '"mad":null'),
        ('"mad":0.5', '"mad":0.5,"iou":1'),
        ('"values"', '"more":1,"values"'),
        ('"unit"', '"units"'),
        ('"rows"', '"lines"'),
    ],
)
def test_json_that_is_none_of_measurements_is_refused(was: str, now: str) -> None:
    key = Key("c", "1", "m")
    text = JSON.dump_json(Measurements([measurement(key, "mad", 0.5, None)])).decode()
    assert was in text
    with pytest.raises(ValidationError):
        JSON.validate_json(text.replace(was, now))


def test_a_metric_may_be_over_other_pixels_of_some_cases() -> None:
    one, other = (measurement(Key("c", case, "m"), "mad", 0.5, None) for case in "12")
    both = [one, other.model_copy(update={"region": "the data set's trimap"})]
    more = measurement(other.key, "iou", 0.5, None)
    made = Measurements([*both, more])
    assert list(made) == [*both, more]
    assert list(made.of("mad")) == both
    assert made.metrics() == ["mad", "iou"]
    assert JSON.validate_json(JSON.dump_json(made)) == made


def test_a_metric_has_one_unit_in_all_of_a_run() -> None:
    one = measurement(Key("c", "1", "m"), "mad", 0.5, None)
    with pytest.raises(ValueError, match="mad has one unit"):
        Measurements([one, one.model_copy(update={"case": "2", "unit": "px"})])
