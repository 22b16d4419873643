"""What people decide by eye: what the page's script needs for it, and what was decided so far."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from itertools import takewhile
from typing import Any

from ..cases.categories import category_title
from ..ci.junit import is_weighted
from ..core.anchors import case_anchor
from ..core.files import in_shell
from ..core.key import Key
from ..core.numbers import four_digits
from ..core.records import columns
from ..decisions.acceptance import Acceptance, acceptances, agreement, hundredths
from ..decisions.files import counting_or_why
from ..decisions.ranking import Ranking, Standing, ranking_of
from ..decisions.record import Decisions
from ..decisions.sampling import plan_of
from ..i18n import N_, Message
from ..run.queue import level_of
from ..run.record import Run
from ..run.statistics import ALL, shoots_of
from .context import Context
from .views import ByEyeView, IntervalView, ShareRow, Text


def by_eye(context: Context) -> ByEyeView | None:
    """The panel of a run; None where it has no cut-out to decide on."""
    run, shown = context.run, context.shown
    if not any(p.cutout for p in shown.predictions):
        return None
    decisions, problem = counting_or_why(run)
    shares = acceptances(run, decisions) if decisions.reviews else ()
    ranking = ranking_of(run, decisions) if decisions.votes else None
    agreed = agreement(decisions)
    pairs = any(
        len({p.cutout_sha256 for p in some if p.cutout}) > 1
        for some in shown.index.by_case.values()
    )
    about = {**page_data(run, decisions, shown), "need": _need(context)}
    return ByEyeView(
        data=about,
        folder=in_shell(run.settings.out, "RUN"),
        review=_to_review(context, sum(map(len, about["plan"]))),
        pairs=pairs,
        problem=problem,
        usable=tuple(_accepted(each) for each in shares if each.category == ALL),
        categories=_by_category(context, shares),
        preferred=tuple(map(_standing, ranking.models)) if ranking else (),
        votes=_votes(ranking) if ranking else "",
        reason=Message("No ranks: {reason}.", reason=ranking.reason)
        if ranking and ranking.reason
        else "",
        agreement=""
        if agreed is None
        else Message(
            "Krippendorff's alpha is {alpha} over {shared} cut-outs that several people looked at: "
            "1 where they always say the same.",
            alpha=f"{agreed[0]:.2f}",
            shared=agreed[1],
        ),
    )


def page_data(run: Run, decisions: Decisions, shown: Run | None = None) -> dict[str, Any]:
    """What `script/decisions.js` calls About: every cut-out there is, and what is decided of them;
    of a run of which only a part is `shown`, those there, and as much of the plan as is whole.

    A cut-out is a number: that of its case times the number of models, plus that of its model.
    """
    plan = [
        takewhile(lambda key: shown is None or key in shown.index.predictions, stratum)
        for stratum in plan_of(run).strata
    ]
    shoots = shoots_of(run)
    run = shown or run
    models = [model.info.name for model in run.models]
    cases = [record.key for record in run.cases]
    places = {key: number for number, key in enumerate(cases)}
    numbers = {model: number for number, model in enumerate(models)}

    def number(key: Key) -> int:
        return places[key.case_key] * len(models) + numbers[key.model]

    rows: list[list[object]] = []
    for record in run.cases:
        by_model = {p.model: p for p in run.index.by_case.get(record.key, ())}
        shas = [by_model[m].cutout_sha256 if m in by_model else None for m in models]
        anchor = case_anchor(*record.key)
        rows.append([anchor, record.category, record.id, shoots.get(record.key, ""), shas])
    risks = {
        number(risk.key): four_digits(risk.value) for risk in run.risks if risk.value is not None
    }
    texts: dict[str, int] = {}
    signs = {
        str(number(risk.key)): [
            [texts.setdefault(json.dumps(sign.text.everywhere()), len(texts)), *(sign.place or ())]
            for sign in risk.signs
        ]
        for risk in run.risks
        if risk.value is not None and risk.signs
    }
    return {
        **kept_by([models, rows]),
        "models": models,
        "cases": rows,
        "plan": [[number(key) for key in stratum] for stratum in plan],
        "risks": [risks.get(n) for n in range(len(cases) * len(models))] if risks else [],
        "signs": signs,
        "texts": [json.loads(text) for text in texts],
        "decisions": [each.model_dump(mode="json") for each in decisions.decisions],
    }


def _need(context: Context) -> list[int]:
    """The numbers of the cut-outs that need a look, where that is what is said of the run; none
    where only a sample is shown, in which few of them can be reviewed."""
    if context.sample:
        return []
    places = {c.key: number for number, c in enumerate(context.shown.cases)}
    models = context.models
    return [
        places[picture.key] * len(models) + models.index(risk.model)
        for picture in context.queue.values()
        for risk in picture.risks
        if level_of(risk.value or 0.0, bool(risk.signs)) != "fine"
    ]


def _to_review(context: Context, cutouts: int) -> Message:
    if not context.sample:
        return Message("Review {n} cut-out", many="Review {n} cut-outs", n=cutouts)
    every = sum(bool(cutout) for (cutout,) in columns(context.run.predictions, "cutout"))
    return Message("Review {n} of {all} cut-outs, drawn by chance", n=cutouts, all=every)


def kept_by(content: object) -> dict[str, str]:
    """By what a browser keeps the decisions about some content, and the version of the page."""
    digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    return {"content": digest[:32], "page": version("rmbg-eval")}


_COUNTS = {
    False: N_("{usable} of {decided}"),
    True: N_("{usable} of {decided}, weighted by risk"),
}


def _accepted(each: Acceptance) -> ShareRow:
    counts = Message(_COUNTS[is_weighted(each)], usable=each.usable, decided=each.decided)
    return ShareRow(
        model=each.model,
        share=_percent(each.share),
        bar=_bar(each.share, each.low, each.high),
        counts=counts if each.decided else "–",
        interval=_from_to(each.low, each.high),
        near=_from_to(each.run_low, each.run_high),
        others=(str(each.undecided), str(each.unseen)),
        note=each.reason or "",
    )


def _by_category(context: Context, shares: Sequence[Acceptance]) -> tuple[ShareRow, ...]:
    if len(context.categories()) < 2:
        return ()
    return tuple(
        replace(_accepted(each), category=category_title(each.category))
        for each in shares
        if each.category != ALL and each.decided
    )


def _standing(each: Standing) -> ShareRow:
    return ShareRow(
        model=each.model,
        rank=each.ranks,
        share=_percent(each.share),
        bar=_bar(each.share, each.low, each.high),
        counts=f"{each.won} / {each.lost} / {each.equal}",
        interval=_from_to(each.low, each.high),
        note=", ".join(each.better_than) or "–",
    )


def _votes(ranking: Ranking) -> Message:
    return Message(
        "{votes} on {pictures}. Where none is called better, models may be equal.",
        votes=Message("{n} vote", many="{n} votes", n=ranking.votes),
        pictures=Message("{n} picture", many="{n} pictures", n=ranking.pictures),
    )


def _percent(share: float | None) -> Text:
    return "–" if share is None else Message("{share}\u00a0%", share=hundredths(share))


def _from_to(low: float | None, high: float | None) -> Text:
    if low is None or high is None:
        return "–"
    return Message("{low} to {high}", low=_percent(low), high=_percent(high))


def _bar(share: float | None, low: float | None, high: float | None) -> IntervalView | None:
    if share is None:
        return None
    start, end = (share, share) if low is None or high is None else (low, high)
    return IntervalView(f"{100 * share:.1f}", f"{100 * start:.1f}", f"{100 * (end - start):.1f}")
