"""How large a share of the cut-outs people would use, and how sure and agreed that is.

What nobody has looked at is never counted as usable. A cut-out that several people looked at is
usable, refused (to mend, or unusable) or unsure where more than half of them say so; else it is
disputed, and counted apart as those are of which people were unsure: in no share, and in intervals
as refused at the low end and as usable at the high end, for they may be either. Intervals are those
of as many pictures as they are worth: pictures of one shoot resemble each other. docs/coverage.md
has how often each interval holds what it is for.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Literal

from ..core.key import CaseKey, Key
from ..core.records import columns
from ..i18n import Message, join
from ..run.intervals import exact_interval, worth
from ..run.record import Run
from ..run.statistics import ALL, shoots_of
from .record import Answer, Decisions, Review
from .sampling import Plan, firsts_of, plan_of

FEWEST = 5
"""Cut-outs, or shoots, without which there is no interval."""

Verdict = Answer | Literal["disputed"]

Bounds = tuple[float, float]


@dataclass(frozen=True)
class Opinion:
    """What people say of one cut-out."""

    answer: Verdict
    """What more than half say; disputed where they do not. See `settle`."""
    reviews: tuple[Review, ...]
    """What each says."""


@dataclass(frozen=True)
class Acceptance:
    """A model's cut-outs in a category, as far as people looked at them."""

    model: str
    category: str
    """Or `ALL`."""
    usable: int
    refused: int
    """To mend, or unusable."""
    undecided: int
    """Unsure or disputed: in no share; in the intervals refused at the low end, usable at the
    high end."""
    unseen: int
    """Cut-outs that nobody has looked at."""
    failed: int
    """Predictions without a cut-out: nothing to look at."""
    shoots: int
    """Of those looked at; a case of no shoot is its own."""
    share: float | None
    """Of those decided, usable: in [0, 1], weighted by how many there are of each risk; None while
    of one risk none is decided."""
    low: float | None
    high: float | None
    """In 95 % of draws, the share of all pictures like these lies from `low` to `high`."""
    run_low: float | None
    run_high: float | None
    """Likewise, the share of this run's own cut-outs; both the share where all are decided."""
    reason: Message | None
    """Why there is no share, or no interval; or what is to be said beside it."""

    @property
    def decided(self) -> int:
        """Those that the share is of."""
        return self.usable + self.refused


def settle(reviews: Iterable[Review]) -> dict[Key, Opinion]:
    """What people say of each cut-out: `reviews` are those that hold, of the run's own content.

    More than half must say usable, or unsure, or refuse it. Of those who refuse it the most say
    whether it is to mend or unusable; as many of both, that it is to mend: somebody can.
    """
    by_key: dict[Key, list[Review]] = {}
    for review in reviews:
        by_key.setdefault(review.key, []).append(review)
    return {
        key: Opinion(_settled([review.answer for review in some]), tuple(some))
        for key, some in by_key.items()
    }


def _settled(answers: Sequence[Answer]) -> Verdict:
    counts = Counter(answers)
    half = len(answers) / 2
    if counts["mend"] + counts["unusable"] > half:
        return "mend" if counts["mend"] >= counts["unusable"] else "unusable"
    sides: tuple[Answer, ...] = ("usable", "unsure")
    return next((answer for answer in sides if counts[answer] > half), "disputed")


def agreement(decisions: Decisions) -> tuple[float, int] | None:
    """How far people say the same of the same cut-outs: Krippendorff's alpha, and of how many.

    1 where they always do, 0 where as often as by chance. Of reviews that are not unsure; computed
    by evalica. None where no two people looked at the same, or all say the same of everything.
    Source: Krippendorff, "Content analysis", 2018.
    """
    answers: dict[tuple[object, ...], dict[object, str]] = {}
    for review in decisions.reviews:
        if review.answer != "unsure":
            answers.setdefault(review.about, {})[review.who] = review.answer
    both = [some for some in answers.values() if len(some) > 1]
    if len({answer for some in both for answer in some.values()}) < 2:
        return None
    from evalica import alpha  # imports pandas: not for who reads no reviews
    from pandas import DataFrame

    words = ("usable", "mend", "unusable")
    people = dict.fromkeys(who for some in both for who in some)
    rows = [[words.index(some[who]) if who in some else None for some in both] for who in people]
    return float(alpha(DataFrame(rows, dtype=float), "nominal").alpha), len(both)


def acceptances(run: Run, decisions: Decisions) -> tuple[Acceptance, ...]:
    """Of every model: of all categories, then of each.

    `decisions` are those about the run's own content (`applying.applicable`).
    """
    opinions = settle(decisions.reviews)
    plan = plan_of(run)
    shoots = shoots_of(run)
    cutouts = columns(run.predictions, *Key._fields, "cutout_sha256")
    firsts = firsts_of(
        (key, sha256) for *about, sha256 in cutouts if (key := Key(*about)) in opinions
    )
    categories = [ALL, *dict.fromkeys(name for (name,) in columns(run.cases, "category"))]
    failed = Counter(
        (model, within)
        for category, model, cutout in columns(run.predictions, "category", "model", "cutout")
        for within in (ALL, category)
        if not cutout
    )
    return tuple(
        _acceptance(name, category, failed[name, category], opinions, plan, shoots, firsts)
        for category in categories
        for name in (model.info.name for model in run.models)
    )


def _acceptance(
    model: str,
    category: str,
    failed: int,
    opinions: Mapping[Key, Opinion],
    plan: Plan,
    shoots: Mapping[CaseKey, str],
    firsts: Mapping[Key, Key],
) -> Acceptance:
    own = plan.of(model, category)
    there = [key for stratum in own for key in stratum]
    answers = {key: opinions[key].answer for key in there if key in opinions}
    decided = {key: answer == "usable" for key, answer in answers.items()
               if answer in ("usable", "mend", "unusable")}  # fmt: skip
    counts = _by_shoot(decided, shoots, firsts)
    share = weighted_share(_by_stratum(decided, own))
    low = high = run_low = run_high = None
    at_low = {key: answer == "usable" for key, answer in answers.items()}
    at_high = {key: decided.get(key, True) for key in answers}
    lowest, highest = _by_stratum(at_low, own), _by_stratum(at_high, own)
    if share is not None and len(counts) >= FEWEST:
        (low, _), (_, high) = (
            share_interval(_by_shoot(each, shoots, firsts), strata) or (None, None)
            for each, strata in ((at_low, lowest), (at_high, highest))
        )
    whole = len(answers) == len(there)
    if whole and decided:
        run_low, run_high = weighted_share(lowest), weighted_share(highest)
    elif share is not None and len(decided) >= FEWEST:
        (run_low, _), (_, run_high) = (
            of_run_interval(strata, _alone(each, firsts)) or (None, None)
            for each, strata in ((at_low, lowest), (at_high, highest))
        )
    found = Acceptance(
        model=model,
        category=category,
        usable=sum(decided.values()),
        refused=len(decided) - sum(decided.values()),
        undecided=len(answers) - len(decided),
        unseen=len(there) - len(answers),
        failed=failed,
        shoots=len(counts),
        share=share,
        low=low,
        high=high,
        run_low=run_low,
        run_high=run_high,
        reason=None,
    )
    drawn = whole or plan.drawn(answers.keys(), model, category)
    return replace(found, reason=_reason(found, bool(shoots), drawn))


def _by_shoot(
    usable: Mapping[Key, bool], shoots: Mapping[CaseKey, str], firsts: Mapping[Key, Key]
) -> list[tuple[int, int]]:
    """Usable and counted in each shoot, which is that of the first; a case of no shoot is its
    own."""
    cases = ((firsts[key].case_key, each) for key, each in usable.items())
    return _grouped((shoots.get(case, case), each) for case, each in cases)


def _alone(usable: Mapping[Key, bool], firsts: Mapping[Key, Key]) -> float:
    """What one of them is worth, as `worth` has it, where copies were decided on together."""
    drawn = _grouped((firsts[key], each) for key, each in usable.items())
    return worth(drawn) / len(usable)


def _grouped(usable: Iterable[tuple[Hashable, bool]]) -> list[tuple[int, int]]:
    """Usable and counted of each group."""
    by_group: dict[Hashable, list[bool]] = {}
    for group, each in usable:
        by_group.setdefault(group, []).append(each)
    return [(sum(each), len(each)) for each in by_group.values()]


def _by_stratum(
    usable: Mapping[Key, bool], strata: Sequence[Sequence[Key]]
) -> list[tuple[int, int, int]]:
    """Usable, counted, and there in each stratum."""
    counted = ([usable[key] for key in stratum if key in usable] for stratum in strata)
    return [
        (sum(own), len(own), len(stratum)) for own, stratum in zip(counted, strata, strict=True)
    ]


NOBODY = Message("nobody has looked")


def _reason(of: Acceptance, named: bool, drawn: bool) -> Message | None:
    """`named`: whether there are shoots, and not each picture its own; `drawn`: whether those
    looked at were drawn by chance."""
    if not of.decided:
        return Message("of those looked at, none is decided") if of.undecided else NOBODY
    notes = []
    if of.share is None:
        notes.append(Message("to know the share, decide some of low, of middle and of high risk"))
    elif of.shoots < FEWEST:
        notes.append(
            Message(
                "too few for an interval: {n} shoot, {least} are needed",
                many="too few for an interval: {n} shoots, {least} are needed",
                n=of.shoots,
                least=FEWEST,
            )
            if named
            else Message(
                "too few for an interval: {n} picture, {least} are needed",
                many="too few for an interval: {n} pictures, {least} are needed",
                n=of.shoots,
                least=FEWEST,
            )
        )
    elif not drawn:
        notes.append(Message("those looked at were not drawn by chance: others may be unlike them"))
    if of.undecided and (of.low, of.run_low) != (None, None):
        notes.append(Message("undecided ones are refused at the low end, usable at the high end"))
    return join("; ", notes) if notes else None


def weighted_share(strata: Sequence[tuple[int, int, int]]) -> float | None:
    """The share usable where each stratum counts as much as there is of it.

    `strata`: usable, decided, and there, of each. None where of one none is decided: nothing is
    known of it.

    >>> weighted_share([(4, 4, 10), (0, 2, 90)]), weighted_share([(4, 4, 10), (0, 0, 90)])
    (0.1, None)
    """
    if not strata or not all(n for _, n, _ in strata):
        return None
    return sum(k / n * there for k, n, there in strata) / sum(there for *_, there in strata)


def share_interval(
    groups: Sequence[tuple[int, int]], strata: Sequence[tuple[int, int, int]]
) -> Bounds | None:
    """Where the share of all pictures like these lies; None where there are too few, or no share.

    `groups`: usable and decided in each shoot; `strata`: usable, decided, and there, of each risk.
    """
    share = weighted_share(strata)
    if share is None or len(groups) < FEWEST:
        return None
    count = sum(n for _, n in groups)
    return exact_interval(share, _worth_of_strata(strata) * worth(groups) / count)


def of_run_interval(strata: Sequence[tuple[int, int, int]], alone: float = 1.0) -> Bounds | None:
    """Where the share of this run's own cut-outs lies, of which some were drawn by chance.

    Shoots do not matter to it, and what was looked at is known: with nearly all seen it is short.
    `alone`: what one of them is worth, less than 1 where copies were drawn together. Its ends are
    whole cut-outs. None where fewer than FEWEST are decided, or there is no share.
    """
    decided = sum(n for _, n, _ in strata)
    there = sum(each for *_, each in strata)
    share = weighted_share(strata)
    if share is None or decided < FEWEST:
        return None
    if decided == there:
        return share, share
    count = _worth_of_strata(strata, of_run=True) * alone
    low, high = (bound * there for bound in exact_interval(share, count))
    seen = sum(k for k, _, _ in strata)
    unseen = there - decided
    return max(floor(low), seen) / there, min(ceil(high), seen + unseen) / there


def more_needed(
    decided: int, share: float, there: int, within: float, alone: float = 1.0, undecided: int = 0
) -> int | None:
    """How many more to decide, by chance, to know the share of `there` cut-outs ± `within`.

    `alone`: what one of them is worth, as `worth` has it. `undecided`: so many more were looked at,
    and are refused at the low end, usable at the high end; None where they alone leave it unknown.
    0 where it is known so well already.

    >>> more_needed(30, 0.9, 200, 0.05), more_needed(30, 0.9, 10_000, 0.05)
    (59, 125)
    >>> more_needed(30, 0.9, 200, 0.05, undecided=5), more_needed(30, 0.9, 200, 0.05, undecided=21)
    (101, None)
    """

    def known(total: int) -> bool:
        seen = total + undecided
        if not seen:
            return False
        low, high = share * total / seen, (share * total + undecided) / seen
        if seen < there:
            count = seen * alone * (there - 1) / (there - seen)
            low, high = exact_interval(low, count)[0], exact_interval(high, count)[1]
        return (high - low) / 2 <= within

    most = max(decided, there - undecided)
    more = bisect_left(range(decided, most), True, key=known)
    return more if known(decided + more) else None


def _worth_of_strata(strata: Sequence[tuple[int, int, int]], of_run: bool = False) -> float:
    """How many pictures drawn from all alike tell as much as these, drawn from their strata.

    `of_run`: of the strata's own share, of which the part that is decided is known.
    """
    whole = sum(there for *_, there in strata)
    share = spread = 0.0
    for k, n, there in strata:
        p, weight = (k + 1) / (n + 2), there / whole
        unknown = (there - n) / max(1, there - 1) if of_run else 1.0
        share += p * weight
        spread += weight**2 * p * (1 - p) / n * unknown
    return share * (1 - share) / spread


def percent(value: float | None) -> str:
    """A share as people read it.

    >>> percent(0.934), percent(None)
    ('93 %', '–')
    """
    return "–" if value is None else f"{hundredths(value)} %"


def hundredths(share: float) -> int:
    """In whole per cent, as the page's script has it."""
    return ceil(share * 100 - 0.5)
