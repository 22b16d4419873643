"""What a long run will take, of a few pictures tried: seconds and bytes, with an interval.

The pictures are one of each stratum of file sizes, drawn by a seed. They are run as the whole would
be, into a folder that goes again and with a cache of their own. What overlaps while they run
belongs to all of them: the wall time is shared out by what each picture's stages took. Where a
report shows some of the pictures only, no more are drawn, whatever is tried.
"""

from __future__ import annotations

import itertools
import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import TypeVar

from ..cases.case import Case, CaseSet
from ..cases.folder import load_cases
from ..core.cache import MeasureCache, Store
from ..core.progress import OnStep, Step, ignore
from ..run.evaluate import evaluate
from ..run.intervals import student
from ..run.parts import in_parts
from ..run.previews import laid_out
from ..run.record import Run
from ..run.sample import room_for
from ..settings import Settings

T = TypeVar("T")

CONFIDENCE = 0.9
"""How often the interval is to hold what the whole takes."""
_STUDENT = 0.96
"""Of Student's distribution, to keep that promise: pictures that take several times as long as
others are rare, and too often not among those tried. `benchmarks/estimates.py` counts."""
_FEWEST, _MOST = 5, 20
"""Pictures tried, where nobody says how many: a quarter of them all."""


@dataclass(frozen=True)
class Interval:
    """An estimate, and between what the truth lies."""

    value: float
    low: float
    high: float

    def plus(self, more: float) -> Interval:
        """With something more that is certain."""
        return Interval(self.value + more, self.low + more, self.high + more)


@dataclass(frozen=True)
class Estimate:
    """What a run will take on this machine, by one process, at the pace of now."""

    pictures: int
    tried: int
    failed: int
    """Predictions of those tried."""
    seconds: Interval
    """Wall time, with listing and start-up."""
    start_seconds: float
    """Of these: listing, loading the models, the first picture; what each shard has anew."""
    folder_bytes: Interval
    """Of the run folder, without the page."""
    cache_bytes: Interval


def estimate(
    settings: Settings, pictures: int | None = None, seed: int = 0, on_step: OnStep = ignore
) -> Estimate:
    """Try at most so many pictures, or as many as `to_try` says; the errors are those of a run."""
    started = time.perf_counter()
    case_set = load_cases(settings.cases_source, settings.categories, settings.layout_of)
    listing = time.perf_counter() - started
    count = len(case_set.cases)
    settings = laid_out(settings, count * len(settings.models))
    sizes = [_size(case) for case in case_set.cases]
    chosen = draw(case_set.cases, sizes, pictures or to_try(count), seed)
    on_step(Step(f"start-up, with one picture; then {len(chosen)} of {count} are tried"))
    first = _tried(settings, case_set, chosen[len(chosen) // 2 :][:1], ignore)
    tried = _tried(settings, case_set, chosen, on_step)
    share = min(1.0, room_for(len(settings.models)) / count) if in_parts(count, None) else 1.0
    seconds, folder, cache = (
        scaled(total, weights, count)
        for total, weights in (
            (tried.seconds + share * tried.drawing_seconds, tried.seconds_each),
            (tried.folder_bytes + share * tried.drawn_bytes, tried.bytes_each),
            (tried.cache_bytes, tried.bytes_each),
        )
    )
    first_alone = first.seconds + first.drawing_seconds + first.load_seconds
    each = (tried.seconds + tried.drawing_seconds) / len(chosen)
    start = listing + tried.planning_seconds + max(0.0, first_alone - each)
    return Estimate(
        pictures=count,
        tried=len(chosen),
        failed=len(tried.run.failures),
        seconds=seconds.plus(start),
        start_seconds=start,
        folder_bytes=folder,
        cache_bytes=cache,
    )


def to_try(count: int) -> int:
    """
    >>> [to_try(count) for count in (3, 25, 1000)]
    [5, 7, 20]
    """
    return min(_MOST, max(_FEWEST, math.ceil(count / 4)))


def draw(cases: Sequence[T], sizes: Sequence[float], count: int, seed: int) -> list[T]:
    """At most `count` cases, the smallest first: one of each stratum of equally many."""
    order = sorted(range(len(cases)), key=lambda place: sizes[place])
    count = min(count, len(order))
    chance = random.Random(seed)  # noqa: S311
    bounds = [round(stratum * len(order) / count) for stratum in range(count + 1)]
    return [cases[order[chance.randrange(low, high)]] for low, high in itertools.pairwise(bounds)]


def scaled(total: float, weights: Sequence[float], count: int) -> Interval:
    """From the total of the pictures tried, and each one's share of it, to that of `count`.

    Those tried are one of each stratum, in the strata's order; a stratum is much like the next, so
    that the differences of neighbours say how much chance is in it (Wolter, Introduction to
    Variance Estimation, 2007, chapter 8). With Student's t, for the degrees of freedom that such
    differences have, and about the logarithm: the whole is oftener more than thought than less.
    """
    tried = len(weights)
    whole = sum(weights)
    values = [total * weight / whole if whole else total / tried for weight in weights]
    mean = fmean(values)
    if tried < 2 or tried >= count:
        return Interval(mean * count, mean * count, mean * count)
    steps = sum((b - a) ** 2 for a, b in itertools.pairwise(values))
    variance = steps / (2 * (tried - 1))
    freedom = 2 * (tried - 1) ** 2 / (3 * tried - 4)
    error = math.sqrt(variance / tried * (1 - tried / count)) * student(freedom, _STUDENT)
    factor = math.exp(error / mean) if mean else 1.0
    return Interval(mean * count, mean * count / factor, mean * count * factor)


@dataclass(frozen=True)
class _Trial:
    run: Run
    planning_seconds: float
    """Wall time before the first picture, as to list finished cut-outs."""
    seconds: float
    """From then on, without loading models and drawing."""
    drawing_seconds: float
    load_seconds: float
    seconds_each: list[float]
    """Of all stages of a picture, with every model."""
    folder_bytes: int
    """Without what was drawn."""
    drawn_bytes: int
    cache_bytes: int
    bytes_each: list[float]
    """Of a picture's cut-outs."""


def _tried(settings: Settings, case_set: CaseSet, cases: Sequence[Case], on_step: OnStep) -> _Trial:
    with TemporaryDirectory() as scratch:
        out, cache = Path(scratch) / "out", Path(scratch) / "cache"
        store, measures = Store(cache / "predictions"), MeasureCache(cache / "measurements")
        own = CaseSet(case_set.folder, tuple(cases), case_set.skipped)
        kept = [time.perf_counter()]
        """And whenever the run was kept: before its first picture, and before it draws."""
        run = evaluate(
            settings.model_copy(update={"out": str(out)}),
            on_step,
            lambda *_: kept.append(time.perf_counter()),
            case_set=own,
            caches=(store, measures),
        )
        ended = time.perf_counter()
        stages = {case.key: 0.0 for case in cases}
        sizes = dict(stages)
        load = 0.0
        for p in run.predictions:
            key = p.case_key
            load += p.seconds.get("load", 0)
            stages[key] += p.total_seconds
            sizes[key] += (out / p.cutout).stat().st_size if p.cutout else 0
        drawn = _bytes_in(out / "assets")
        return _Trial(
            run=run,
            planning_seconds=kept[1] - kept[0],
            seconds=max(0.0, kept[-1] - kept[1] - load),
            drawing_seconds=ended - kept[-1],
            load_seconds=load,
            seconds_each=[*stages.values()],
            folder_bytes=_bytes_in(out) - drawn,
            drawn_bytes=drawn,
            cache_bytes=_bytes_in(cache),
            bytes_each=[*sizes.values()],
        )


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _size(case: Case) -> int:
    try:
        return case.image.stat().st_size
    except OSError:  # the run will say so
        return 0
