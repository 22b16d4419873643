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
    first, second, third = warnings_of((other, SOME[MULTIPLIED], SOME[MASK]), tally)
    assert first == other
    assert str(second).startswith(expected)
    assert str(third).startswith(f"of {6 - count} of 6 cut-outs (portrait/{count}")
