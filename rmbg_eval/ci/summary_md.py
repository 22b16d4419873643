"""summary.md: what a build's page shows of a run or a comparison, failures first.

GitHub takes 1 MiB of it a step and shows no picture that is not on a server. Whatever is not this
package's own words is put into code spans, in which Markdown has no meaning.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from ..compare.comparison import Comparison
from ..compare.pair import STATES, Pair
from ..core.numbers import figures
from ..core.records import columns, without
from ..decisions.acceptance import Acceptance, acceptances, agreement, percent
from ..decisions.applying import saying
from ..decisions.lists import left_to_do
from ..decisions.ranking import ranking_of
from ..decisions.record import Decisions
from ..errors import printable
from ..i18n import Message
from ..measure.record import PointResult, RuleResult
from ..measure.table import HEADLINES
from ..predictions.prediction import Prediction
from ..run.queue import LEVELS, level_of, unscored
from ..run.record import Result, Run
from ..run.statistics import ALL, Mean, summarise
from ..settings import CompareFailOn as FailOn
from .gate import (
    count_lost,
    how_many_failed,
    kept_rules,
    rules_name,
    stops,
    stops_at,
    why,
    why_broken,
)
from .junit import link, pair_link, share_of
from .outputs import Output

LIMIT = (1 << 20) - (1 << 16)
"""Bytes: GitHub takes 1 MiB of a step's summary, which may say a little more, and nothing of what
is longer."""
_ROOM = LIMIT - 4096
"""For the rows; what else there is comes first and is short."""
_MOST = 1000
"""Changes that are named one by one: of many more, to look each up takes long."""
_LONGEST = 300


def code(text: object) -> str:
    """`text` as a code span: nothing in it has a meaning in Markdown or HTML but, in a table, a bar
    (`cell`).

    A fence longer than any run of backticks inside (CommonMark 0.31, 6.1).

    >>> print(code("a`b|c"))
    `` a`b|c ``
    """
    visible = printable(str(text)).strip() or "–"
    if len(visible) > _LONGEST:
        visible = f"{visible[:_LONGEST]}…"
    runs = [len(run) for run in re.findall("`+", visible)]
    fence = "`" * next(n for n in range(1, len(runs) + 2) if n not in runs)
    pad = " " if runs else ""
    return f"{fence}{pad}{visible}{pad}{fence}"


def cell(text: str) -> str:
    r"""Text in a table, whose own mark, the bar, is escaped, also in a code span: GitHub undoes it.

    >>> cell("`a|b`")
    '`a\\|b`'
    """
    return text.replace("|", "\\|")


def summary_of_run(
    run: Run, decisions: Decisions = Decisions(), unreadable: Message | None = None
) -> str:
    """The summary of a run; `decisions` are those about its own content, or they are `unreadable`
    for that reason."""
    names = [model.info.name for model in run.models] or run.settings.models
    counts = Counter[bool | None](passed for (passed,) in columns(run.points, "passed"))
    lines = ["# Background removal", ""]
    if not run.complete:
        lines += ["**This run was interrupted: what follows is partial.**", ""]
    if run.shard:
        lines += [f"Shard {run.shard.part}, of {run.shard.cases} cases.", ""]
    lines += [
        f"{'❌ Stopped' if stops(run) else '✅ Passed'} (`--fail-on {run.settings.fail_on}`): "
        f"{how_many_failed(run)}"
        f"{_points(run, counts)}{_required_rules(run)}.",
        "",
        f"{len(run.cases)} case{'s' * (len(run.cases) != 1)} · {', '.join(map(code, names))} · "
        f"started {run.started:%Y-%m-%d %H:%M} UTC",
        "",
    ]
    if unreadable:
        lines += [f"What people decided by eye is left out: {code(unreadable)}", ""]
    rows = (_row(p, code(p.failure)) for p in run.failures)
    title = " or ".join(sorted({p.failure.state for p in run.failures if p.failure}))
    heads = ["case", "model", "why", "where"]
    lines += _table(title.capitalize(), heads, rows, len(run.failures))
    point_rows = (
        _row(p, _named(p.point, p.required), code(why(p))) for p in _not_passed(run, run.points)
    )
    tail = [*_rules(run), *_by_eye(run, decisions), *_models(run)]
    budget = _ROOM - _size(lines) - _size(tail)
    lines += _table(
        "Observation points that did not pass",
        ["case", "model", "point", "why", "where"],
        point_rows,
        counts[False] + counts[None],
        budget,
    )
    return _fit([*lines, *tail])


def _points(run: Run, counts: Counter[bool | None]) -> str:
    """What there is to say of the observation points, where there are any."""
    if not counts:
        return ""
    return (
        f"; {counts[True]} of {counts[True] + counts[False]} observation points passed, "
        f"{counts[None]} could not be measured; {count_lost(run.points)} required ones did not pass"
    )


def _row(about: Prediction | PointResult | RuleResult, *cells: str) -> list[str]:
    """Case and model, what there is to say of them, and where they are on the page."""
    case = code(about.name)
    return [case, code(about.model), *cells, code(link(*about.case_key))]


def _named(name: str, required: bool) -> str:
    return code(name) + (" **required**" if required else "")


def _rules(run: Run) -> list[str]:
    """The delivery rules that cut-outs did not keep to."""
    if not run.delivery:
        return []
    failed = {prediction.key for prediction in run.failures}
    rows = (
        _row(r, _named(r.rule, r.required), code(why_broken(r)))
        for r in _not_passed(run, run.rules)
        if r.key not in failed
    )
    passed, judged = kept_rules(run)
    told = [f"Delivery rules {code(rules_name(run))}: {passed} of {judged} passed.", ""]
    heads = ["case", "model", "rule", "why", "where"]
    return [*told, *_table("Delivery rules", heads, rows, judged - passed)]


def _required_rules(run: Run) -> str:
    """What there is to say of the required delivery rules, where a build stops at any."""
    missed = count_lost(run.rules)
    return (
        f"; {missed} required delivery rules did not pass or could not be measured"
        if missed
        else ""
    )


def _not_passed(run: Run, results: Sequence[Result]) -> Iterator[Result]:
    """Those that did not pass, at which a build stops first; they are gone through twice."""
    for stopping in (True, False):
        for each in without(results, "passed"):
            if stops_at(run, each) is stopping:
                yield each


def _by_eye(run: Run, decisions: Decisions) -> list[str]:
    """What people decided: the share usable, the ranking, and what is left to do."""
    if not decisions.current:
        return []
    lines = []
    if decisions.reviews:
        rows = [_accepted(each) for each in acceptances(run, decisions) if each.category == ALL]
        heads = ["model", "usable", "of all pictures like these (95 %)", "of these", "undecided",
                 "not looked at", ""]  # fmt: skip
        lines += _table("Usable, by eye", heads, rows, len(rows))
        if agreed := agreement(decisions):
            lines += [
                f"Krippendorff's alpha is {agreed[0]:.2f} over {agreed[1]} cut-outs that several "
                "people looked at: 1 where they always say the same.",
                "",
            ]
    ranking = ranking_of(run, decisions)
    if ranking.votes:
        rows = [
            [
                each.ranks,
                code(each.model),
                f"{percent(each.share)} ({percent(each.low)} to {percent(each.high)})"
                if each.share is not None
                else "–",
                f"{each.won} / {each.lost} / {each.equal}",
                ", ".join(map(code, each.better_than)) or "–",
            ]
            for each in ranking.models
        ]
        heads = ["rank", "model", "wins against the others (95 %)", "won / lost / equal",
                 "clearly better than"]  # fmt: skip
        lines += _table("Preferred, without names", heads, rows, len(rows))
        votes = Message("{n} vote", many="{n} votes", n=ranking.votes)
        pictures = Message("{n} picture", many="{n} pictures", n=ranking.pictures)
        told = f"{votes} on {pictures}."
        if ranking.reason:
            told += f" No ranks: {code(ranking.reason)}"
        lines += [f"{told} Where none is called better, models may be equal.", ""]
    rows = []
    for prediction, says, reviews in left_to_do(run, decisions):
        said = "; ".join(
            f"{r.who}: {saying(r)}" + (f", {r.comment}" if r.comment else "") for r in reviews
        )
        rows.append(_row(prediction, says, code(prediction.failure or said)))
    heads = ["case", "model", "", "who says what, or why", "where"]
    title = "Left to do: to mend, unusable, unsure, disputed, failed or missing"
    return lines + _table(title, heads, rows, len(rows), where="`mend.csv`")


def _accepted(each: Acceptance) -> list[str]:
    wide = "–" if each.low is None else f"{percent(each.low)} to {percent(each.high)}"
    near = "–" if each.run_low is None else f"{percent(each.run_low)} to {percent(each.run_high)}"
    usable = f"{each.usable} of {each.decided} ({share_of(each)})" if each.decided else "–"
    return [
        code(each.model), usable, wide, near, str(each.undecided), str(each.unseen),
        code(each.reason) if each.reason else "",
    ]  # fmt: skip


def summary_of_comparison(comparison: Comparison, fail_on: FailOn) -> str:
    """The summary of a comparison."""
    stopped = comparison.stopped(fail_on).total()
    lines = [
        "# Background removal: compared with the baseline",
        "",
        f"{'❌ Stopped' if stopped else '✅ Passed'} (`--fail-on {fail_on}`): "
        f"{comparison.counts()}.",
        "",
        f"BASE {code(comparison.base)} → NEW {code(comparison.new)}",
        "",
    ]
    lines += [*(f"- {code(note)}" for note in comparison.notes), ""] if comparison.notes else []
    heads = ["case", "model", "state", "why", "where"]
    gate = map(_pair_row, islice(comparison.stopping(fail_on), _MOST))
    lines += _table("What stopped it", heads, gate, stopped, _ROOM // 2)
    rest = map(_pair_row, islice(comparison.passing(fail_on), _MOST))
    tail = _categories(comparison)
    budget = _ROOM - _size(lines) - _size(tail)
    left = comparison.changed - stopped
    lines += _table("What else changed", heads, rest, left, budget)
    return _fit([*lines, *tail])


def _pair_row(pair: Pair) -> list[str]:
    return [code(pair.name), code(pair.model), pair.state, code(pair.why), code(pair_link(pair))]


def _categories(comparison: Comparison) -> list[str]:
    """States by category and model."""
    rows = [
        [code(category), code(model), *(str(states[state]) for state in STATES)]
        for (category, model), states in comparison.groups.items()
    ]
    return _table("By category", ["category", "model", *STATES], rows, len(rows))


def _models(run: Run) -> list[str]:
    """Cut-outs, points passed and a few means, by model; without a truth, how many need a look."""
    summary = summarise(run, HEADLINES, whole=True)
    counts = {p.model: p for p in summary.points if p.category == ALL}
    found = (row for metric in HEADLINES if (row := summary.row(metric.name)))
    visible = [row for row in found if any(mean.value is not None for mean in row.means)]
    levels = _levels(run) if unscored(run) else None
    rows = []
    for number, model in enumerate(run.models):
        name, cells = model.info.name, list[str]()
        if counts:
            cells = [f"{counts[name].passed} of {counts[name].measured}" if name in counts else "–"]
        if levels:
            cells += [str(levels[name, level]) for level in LEVELS[:2]]
        tally = run.tally[name]
        rows.append(
            [code(name), f"{tally.cutouts} of {tally.predictions}", *cells,
             *(_mean(row.means[number]) for row in visible)]
        )  # fmt: skip
    heads = ["model", "cut-outs", *(["points passed"] if counts else [])]
    heads += ["to look at first", "worth a look"] if levels else []
    heads += [f"{row.metric}, {row.unit}" for row in visible]
    return _table("Models", heads, rows, len(rows))


def _levels(run: Run) -> Counter[tuple[str, str]]:
    """How many cut-outs of each model are of which of `LEVELS` of risk."""
    about = columns(run.risks, "model", "value", "signs")
    return Counter(
        (model, level_of(value, bool(signs))) for model, value, signs in about if value is not None
    )


def _mean(mean: Mean) -> str:
    if mean.value is None:
        return "–"
    out = sum(count for _, count in mean.left_out)
    return f"{figures(mean.value, 4)} over {mean.scored}" + (f", {out} left out" if out else "")


def _table(
    title: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    count: int,
    budget: int = _ROOM // 4,
    where: str = "`junit.xml`",
) -> list[str]:
    """A titled table of `count` rows, of at most `budget` bytes; it says how many it leaves out,
    which are `where`."""
    if not count:
        return []
    fitting, size = [], 0
    for row in rows:
        line = f"| {' | '.join(map(cell, row))} |"
        size += len(line.encode()) + 1
        if size > budget:
            break
        fitting.append(line)
    left = count - len(fitting)
    more = ["", f"… and {left} more, in {where}."] if left else []
    return [
        f"## {title} ({count})", "", f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}",
        *fitting, *more, "",
    ]  # fmt: skip


def _size(lines: Iterable[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)


def _fit(lines: Sequence[str]) -> str:
    """The lines as one text of at most LIMIT bytes, whole lines only."""
    fitting, size = [], 0
    for line in lines:
        size += len(line.encode()) + 1
        if size > LIMIT:
            break
        fitting.append(line)
    return "\n".join(fitting) + "\n"


OUTPUT = Output("summary.md", summary_of_run, summary_of_comparison)
