"""What is found of a run at once: from which amount on, in which order, with which words."""

from __future__ import annotations

import math

import pytest
from comparisons import made, point
from hypothesis import example, given
from hypothesis import strategies as st
from runs import run_of

from rmbg_eval.core.key import Key
from rmbg_eval.run.findings import GROSS, Finding, findings, severity
from rmbg_eval.run.gross import Gross
from rmbg_eval.run.record import Run

A, B = (Key("portrait", "ada", model) for model in "ab")
AT_ONCE = ("loss", "crumbs", "excess", "invented", "holes")


def seen(amounts: dict[Key, dict[str, float]], has_truth: bool = False) -> list[Finding]:
    """The findings of two cut-outs of one picture, on which those amounts are gross."""
    run: Run = run_of(made("a"), made("b"))
    (case,) = run.cases
    run = run.model_copy(update={"cases": (case.model_copy(update={"has_truth": has_truth}),)})
    return findings(
        run,
        {
            key: {name: Gross(amount=amount, box=(1, 2, 3, 4)) for name, amount in own.items()}
            for key, own in amounts.items()
        },
    )


@pytest.mark.parametrize(
    ("kind", "least", "words"),
    [
        ("loss", 0.25, "25 % of the subject is gone"),
        ("crumbs", 30, "30 stray pieces"),
        ("excess", 0.25, "Background is left, 25 % of the subject's area"),
        ("invented", 0.002, "There is no subject, and 0.2 % of the picture is left"),
        ("holes", 30, "30 holes in the subject"),
        ("dissent", 0.02, "Differs from the other model in 2 % of the picture"),
        ("haze", 0.02, "2 % of the picture is half see-through"),
    ],
)
def test_each_kind_is_found_from_its_least_amount_on(kind: str, least: float, words: str) -> None:
    assert seen({A: {kind: 0.99 * least}}) == []
    (found,) = seen({A: {kind: least}})
    assert (found.kind, found.models, found.place.box) == (kind, ("a",), (1, 2, 3, 4))
    assert str(found.words).replace("\u00a0", " ") == words


def test_of_three_models_one_differs_from_the_others() -> None:
    run = run_of(made("a"), made("b"))
    three = run.model_copy(update={"models": (*run.models, run.models[0])})
    (found,) = findings(three, {A: {"dissent": Gross(amount=0.5, box=(1, 2, 3, 4))}})
    assert str(found.words).startswith("Differs from the others in 50")


def test_what_is_left_of_a_subject_that_is_gone_is_not_told_as_a_share() -> None:
    told = [str(GROSS["loss"].words(share)).replace("\u00a0", " ") for share in (0.95, 0.96)]
    assert told == ["95 % of the subject is gone", "The subject is gone"]


@example("holes", 1.0, math.nextafter(1.0, 0))
@given(st.sampled_from(sorted(GROSS)), st.floats(0, 1), st.floats(0, 1))
def test_more_is_worse_and_a_required_point_the_worst(kind: str, one: float, other: float) -> None:
    low, high = (GROSS[kind].severity(share) for share in sorted((one, other)))
    assert low <= high <= severity(point(False, 0.06, required=True))
    if kind != "loss":
        assert high < GROSS["loss"].severity(GROSS["loss"].least)
    if kind in ("loss", "excess", "invented"):
        assert low >= severity(point(False, 1.0))


def test_a_subject_that_is_gone_comes_before_what_else_is_seen_at_once() -> None:
    amounts = {kind: 1e6 if kind in ("crumbs", "holes") else 1.0 for kind in AT_ONCE}
    first, *others = seen({A: amounts | {"loss": 0.25}})
    assert first.kind == "loss"
    assert {each.kind for each in others} == {*AT_ONCE} - {"loss"}


def test_what_every_model_leaves_counts_where_the_truth_has_not_got_it() -> None:
    for kind, words in (("crumbs", "300 stray pieces"), ("holes", "300 holes in the subject")):
        both = {A: {kind: 300.0}, B: {kind: 290.0}}
        assert seen(both) == []
        (found,) = seen(both, has_truth=True)
        assert (found.models, str(found.words)) == (("a", "b"), f"{words}, not in the truth")
        (found,) = seen({A: {kind: 300.0}, B: {}})
        assert (found.models, str(found.words)) == (("a",), words)
    both = {A: {"excess": 0.5}, B: {"excess": 0.4}}
    assert [each.models for each in seen(both)] == [("a", "b")]
