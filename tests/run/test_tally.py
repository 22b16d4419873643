"""What is counted of every prediction."""

from __future__ import annotations

import pytest
from comparisons import failed, lacking, made

from rmbg_eval.core.notes import MASK, MULTIPLIED, SOME
from rmbg_eval.i18n import Message
from rmbg_eval.run.tally import tally_of, warnings_of


def test_what_a_folder_lacks_is_missing_and_not_failed() -> None:
    tally = tally_of("a", [made(), failed(), lacking(), lacking()])["a"]
    assert (tally.predictions, tally.cutouts, tally.failed, tally.missing) == (4, 1, 1, 2)


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "of some cut-outs, colours look"),
        (2, "of 2 of 6 cut-outs (portrait/0, portrait/1), colours look"),
        (5, "of 5 of 6 cut-outs (portrait/0, portrait/1, portrait/2 and 2 more), colours look"),
    ],
)
def test_of_how_many_cut_outs_colours_look_multiplied_and_of_which(
    count: int, expected: str
) -> None:
    notes = [(MULTIPLIED,)] * count + [(MASK,)] * (6 - count)
    predictions = [made(case=str(n), notes=each) for n, each in enumerate(notes)]
    tally = tally_of("a", predictions)["a"]
    other = Message("it was slow")
    told = ("a", (other, SOME[MULTIPLIED], SOME[MASK]))
    first, second, third = map(str, warnings_of([told], {"a": tally}))
    assert first == "a: it was slow"
    assert second.startswith(f"a: {expected}")
    assert third.startswith(f"a: of {6 - count} of 6 cut-outs (portrait/{count}")


def test_what_several_models_warned_of_is_said_once() -> None:
    slow = Message("it was slow")
    told = [(name, (slow, Message("it was {name}", name=name))) for name in "abcde"]
    first, *others = map(str, warnings_of(told, tally_of("abcde", ())))
    assert first == "a, b, c, d, e: it was slow"
    assert others == [f"{name}: it was {name}" for name in "abcde"]
