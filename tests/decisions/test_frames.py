"""The frames of a run have what its report says."""

from __future__ import annotations

from pathlib import Path

import pytest
from pandas import isna
from reviewers import decisions, review, run_over, vote

from rmbg_eval import Run, acceptance_frame, decisions_frame, ranking_frame
from rmbg_eval.decisions.acceptance import acceptances
from rmbg_eval.decisions.files import save
from rmbg_eval.decisions.ranking import ranking_of
from rmbg_eval.decisions.record import Decisions
from rmbg_eval.errors import DecisionError

REVIEWS = (
    *(review(f"c{number}", answer="usable" if number else "mend") for number in range(6)),
    review("c6", answer="unsure"),
)
VOTES = tuple(vote(f"c{number}") for number in range(12))


def run_with(folder: Path, some: Decisions) -> Run:
    run = run_over(12)
    if some.decisions:
        save(folder, some)
    return run.model_copy(update={"settings": run.settings.model_copy(update={"out": str(folder)})})


def test_a_frame_has_what_was_decided_how_many_are_usable_and_what_is_preferred(tmp_path) -> None:
    some = decisions(*REVIEWS, *VOTES)
    run = run_with(tmp_path, some)
    assert len(decisions_frame(run)) == len(REVIEWS) + len(VOTES)
    found = acceptance_frame(run).set_index(["model", "category"])
    of_a = found.loc["a", "portrait"]
    assert (of_a.usable, of_a.decided, of_a.seen, of_a.cutouts, of_a.failed) == (5, 6, 7, 12, 0)
    (same,) = (x for x in acceptances(run, some) if (x.model, x.category) == ("a", "portrait"))
    assert (of_a.share, of_a.low, of_a.high) == (same.share, same.low, same.high)
    of_b = found.loc["b", ""]
    assert (isna(of_b.share), of_b.seen, of_b.reason) == (True, 0, "nobody has looked")
    best, other = ranking_frame(run).itertuples()
    assert (best.model, best.won, best.votes) == ("a", 12, 12)
    assert [(each.best_rank, each.worst_rank) for each in (best, other)] == [(1, 1), (2, 2)]
    assert (best.better_than, other.better_than) == (("b",), ())
    assert best.share == ranking_of(run, some).models[0].share
    assert best.low < best.share < best.high
    assert isna(best.reason)


def test_without_decisions_frames_have_columns_and_reasons(tmp_path) -> None:
    run = run_with(tmp_path, Decisions())
    assert decisions_frame(run).empty
    assert [*ranking_frame(run).columns][:3] == ["model", "best_rank", "worst_rank"]
    accepted = acceptance_frame(run)
    assert set(accepted.reason) == {"nobody has looked"}
    assert {str(accepted[name].dtype) for name in ("share", "low", "run_high")} == {"float64"}
    assert accepted.share.round(2).isna().all()
    (tmp_path / "decisions.json").write_text("{")
    with pytest.raises(DecisionError):
        ranking_frame(run)
