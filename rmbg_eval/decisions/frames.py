"""What people decided of a run, as pandas frames, of the same functions as the report's tables.

What is undefined is missing (pandas' `isna`), and the column `reason` says why. Each reads the
decisions.json beside the run, and raises DecisionError where that cannot be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..run.frames import frame, text_of
from ..run.record import Run
from .acceptance import acceptances
from .files import counting_in
from .lists import HEADS, rows
from .ranking import ranking_of

if TYPE_CHECKING:
    from pandas import DataFrame

ACCEPTANCE = (
    "model", "category", "share", "low", "high", "run_low", "run_high",
    "usable", "decided", "seen", "cutouts", "failed", "reason",
)  # fmt: skip
RANKING = (
    "model", "best_rank", "worst_rank", "share", "low", "high", "won", "lost", "equal", "votes",
    "better_than", "reason",
)  # fmt: skip


def decisions_frame(run: Run) -> DataFrame:
    """What people decided of the run's own content and what holds, a row each, as decisions.csv.

    Columns: `case`, `category`, `model` (of a vote both), `kind`, `says`, `person`, `time` (ISO
    8601), `comment`, `x` and `y` (px of the picture, or missing), `cutout` (its file).

    >>> from rmbg_eval import decisions_frame, load_run
    >>> len(decisions_frame(load_run("reports/latest")))
    0
    """
    return frame(HEADS, rows(run, counting_in(run)))


def acceptance_frame(run: Run) -> DataFrame:
    """The share usable of every model: of all categories (`category` is ""), then of each.

    Columns: `model`, `category`; `share` usable of those decided, in [0, 1], missing while of one
    third by risk none is; `low` and `high`, its interval of 95 % for all pictures like these;
    `run_low` and `run_high`, that for this run's own (in both, undecided ones are refused at the
    low end, usable at the high end); the counts `usable`, `decided`, `seen` (decided, unsure or
    disputed), `cutouts` (all there are) and `failed`; `reason`. A category counts where the run has
    cases of it.

    >>> from rmbg_eval import acceptance_frame, load_run
    >>> frame = acceptance_frame(load_run("reports/latest"))
    >>> frame[frame["category"] == ""][["model", "cutouts", "reason"]].values.tolist()[0]
    ['isnet', 2, 'nobody has looked']
    """
    return frame(
        ACCEPTANCE,
        [
            [
                a.model, a.category, a.share, a.low, a.high, a.run_low, a.run_high,
                a.usable, a.decided, a.decided + a.undecided,
                a.decided + a.undecided + a.unseen, a.failed, text_of(a.reason),
            ]
            for a in acceptances(run, counting_in(run))
        ],
    )  # fmt: skip


def ranking_frame(run: Run) -> DataFrame:
    """Which model people prefer, the best first; a model without a vote has no row.

    Columns: `model`; `best_rank` and `worst_rank`, between which its rank lies; `share`, the
    strength of Bradley and Terry as the share of votes that it would win against the others, in
    [0, 1]; `low` and `high`, its interval of 95 %; the counts `won`, `lost`, `equal` and `votes`;
    `better_than`, the models that it is clearly better than (a tuple); `reason`, why there are no
    ranks.

    >>> from rmbg_eval import load_run, ranking_frame
    >>> ranking_frame(load_run("reports/latest"))["model"].tolist()
    []
    """
    ranking = ranking_of(run, counting_in(run))
    return frame(
        RANKING,
        [
            [
                one.model, one.best_rank, one.worst_rank, one.share, one.low, one.high,
                one.won, one.lost, one.equal,
                one.won + one.lost + one.equal, one.better_than, text_of(ranking.reason),
            ]
            for one in ranking.models
        ],
    )  # fmt: skip
