"""What to show first of a run: where it goes wrong, the worst first.

A finding is a point that was missed, or what anyone sees at once (`rmbg_eval.run.gross`), which
comes before it: a case that is full of crumbs is no case of a hem that is a little soft.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from ..core.key import CaseKey, Key
from ..i18n import N_, Message
from ..measure.agreement import APART
from ..measure.kinds import missed
from ..measure.points import far_off
from ..measure.record import ObservationPoint, PointResult, Sign
from ..measure.table import TITLES
from .agreement import peers_in
from .gross import Gross
from .queue import Queued, queue_of, unscored
from .record import Run
from .risks import two_figures
from .statistics import copies_in

MOST = 6


@dataclass(frozen=True)
class Finding:
    """What is wrong at a place of a case, and with which models."""

    category: str
    case: str
    models: tuple[str, ...]
    """The worst first."""
    kind: str
    """Of point, or a name of `GROSS`."""
    words: Message
    severity: float
    """From 0 to 1 of a point that may fail; above it what is gross, or must not fail."""
    place: Gross | ObservationPoint
    also: tuple[Message, ...] = ()
    """What else is suspicious there, where risk says so."""
    beside: str = ""
    """The other model, where all that is known is that two differ."""

    @property
    def case_key(self) -> CaseKey:
        return self.category, self.case

    @property
    def key(self) -> Key:
        """Of the prediction that is shown."""
        return Key(*self.case_key, self.models[0])

    @property
    def point(self) -> str:
        """Id of the observation point; empty where it is none."""
        return self.place.id if isinstance(self.place, ObservationPoint) else ""


def _loss(amount: float) -> Message:
    if amount > ALL_BUT:
        return Message("The subject is gone")
    return _percent(N_("{share}\u00a0% of the subject is gone"))(amount)


def _percent(words: str) -> Callable[[float], Message]:
    return lambda amount: Message(words, share=f"{100 * amount:.0f}")


ALL_BUT = 0.95
"""Of the subject: what is left of it is nothing to speak of."""


@dataclass(frozen=True)
class _Kind:
    least: float
    """The amount from which it is shown."""
    severity: Callable[[float], float]
    words: Callable[[float], Message]
    area: str = ""
    """The measure of how large they are together, where the amount is a number of pieces: severity
    is of its share of the picture, for fifty specks are less than one patch."""


def _of_one(share: float, half: float) -> float:
    """0 for nothing, 1/2 at `half`, and nearer to 1 the more it is: rounding, too, never lessens
    it."""
    return 1 - half / (share + half)


GROSS = {
    "loss": _Kind(0.25, lambda share: 2 + share, _loss),
    "crumbs": _Kind(30, lambda share: 2 * _of_one(share, 0.001),
        lambda n: Message("{n} stray piece", many="{n} stray pieces", n=round(n)),
        "island_pixels"),
    "excess": _Kind(0.25, lambda share: 1 + _of_one(share, 0.5),
        _percent(N_("Background is left, {share}\u00a0% of the subject's area"))),
    "invented": _Kind(0.002, lambda share: 1 + _of_one(share, 0.1),
        lambda share: Message(
            "There is no subject, and {share}\u00a0% of the picture is left",
            share=two_figures(share))),
    "holes": _Kind(30, lambda share: 2 * _of_one(share, 0.002),
        lambda n: Message("{n} hole in the subject", many="{n} holes in the subject", n=round(n)),
        "pinhole_pixels"),
    "dissent": _Kind(0.02, lambda share: 0.6 + share,
        _percent(N_("Differs from the others in {share}\u00a0% of the picture"))),
    "haze": _Kind(0.02, lambda share: 0.5 + share,
        _percent(N_("{share}\u00a0% of the picture is half see-through"))),
}  # fmt: skip
"""In no order but that of their severity."""


def findings(run: Run, gross: Mapping[Key, Mapping[str, Gross]]) -> list[Finding]:
    """The worst findings, of each kind and each case one before any second one.

    `gross`: of each prediction, what `rmbg_eval.run.gross.gross` says. What several models have in
    common is one finding, named for the one that is worst. Where no truth and no point says what is
    wrong, they are the riskiest of the pictures that need a look; of copies of one, the riskiest.
    """
    if unscored(run):
        copies, suspicious = copies_in(run), dict[CaseKey, Queued]()
        for each in queue_of(run):
            if each.worst.signs:
                suspicious.setdefault(copies.get(each.key, each.key), each)
        return [_risky(each, run) for each in [*suspicious.values()][:MOST]]
    together: dict[tuple[str, str, str, str], Finding] = {}
    for finding in sorted((*_missed(run), *_gross(run, gross)), key=lambda f: -f.severity):
        about = finding.category, finding.case, finding.kind, finding.point
        first = together.setdefault(about, finding)
        if first is not finding:
            together[about] = replace(first, models=(*first.models, *finding.models))
    left = list(together.values())
    chosen: list[Finding] = []
    while left and len(chosen) < MOST:
        cases = [f.case_key for f in chosen]
        kinds = [f.kind for f in chosen]
        # The list is in order of severity, and the first of the least is taken.
        worst = min(left, key=lambda f: kinds.count(f.kind) + cases.count(f.case_key))
        left.remove(worst)
        chosen.append(worst)
    return chosen


def _risky(queued: Queued, run: Run) -> Finding:
    """A picture for its reason that is at a place, or else for its first."""
    risk, signs = queued.worst, queued.worst.signs
    first = next((sign for sign in signs if sign.place), signs[0])
    prediction = run.index.predictions[risk.key]
    whole = (0, 0, prediction.width or 1, prediction.height or 1)
    return Finding(
        risk.category,
        risk.case,
        (risk.model,),
        first.measure,
        first.text,
        queued.value,
        Gross(amount=queued.value, box=first.place or whole),
        tuple(TITLES[s.measure] for s in signs if s is not first and s.measure in TITLES),
        differs_from(run, risk.key, first),
    )


def differs_from(run: Run, key: Key, sign: Sign) -> str:
    """The other model that a sign of a cut-out is about as well, as it differs from that one's
    alone; else nothing."""
    if sign.measure != APART:
        return ""
    picture = run.index.predictions[key].picture_sha256
    there = [
        p.model
        for p in run.index.by_case[key.category, key.case]
        if p.cutout and p.picture_sha256 == picture and p.model != key.model
    ]
    others = peers_in(run).held_against(key.model, there)
    return others[0] if len(others) == 1 else ""


def _missed(run: Run) -> Iterable[Finding]:
    points = {(r.category, r.id, p.id): p for r in run.cases for p in r.points}
    for result in run.points:
        point = points.get((result.category, result.case, result.point))
        if result.passed is False and point:
            yield Finding(
                result.category, result.case, (result.model,), result.kind, missed(result),
                severity(result), point,
            )  # fmt: skip


def severity(result: PointResult) -> float:
    """How bad a missed point is: from 0 to 1, and more where it is required."""
    return far_off(result) + (3 if result.required else 0)


def _gross(run: Run, gross: Mapping[Key, Mapping[str, Gross]]) -> Iterable[Finding]:
    truths = {record.key: record.has_truth for record in run.cases}
    for key in run.index.predictions:
        for name, place in gross.get(key, {}).items():
            kind = GROSS.get(name)
            if kind is None:
                continue
            amount, checked = place.amount, truths.get(key.case_key)
            if name in ("crumbs", "holes") and not checked:
                # What every model leaves is most likely there: single hairs, the gaps of a lace.
                amount -= min(
                    (
                        gross[other.key][name].amount if name in gross.get(other.key, {}) else 0.0
                        for other in run.index.by_case[key.case_key]
                        if other.cutout and other.key != key
                    ),
                    default=0.0,
                )
            if amount >= kind.least:
                shown = _share(run, key, kind.area) if kind.area else amount
                words = kind.words(place.amount)
                if name == "dissent" and len(run.models) == 2:
                    other = N_("Differs from the other model in {share}\u00a0% of the picture")
                    words = _percent(other)(place.amount)
                if checked and name in ("crumbs", "holes"):
                    words = Message("{what}, not in the truth", what=words)
                yield Finding(
                    key.category, key.case, (key.model,), name, words, kind.severity(shown), place
                )


def _share(run: Run, key: Key, measure: str) -> float:
    """An area that was measured of a cut-out, by that of the picture."""
    prediction = run.index.predictions[key]
    pixels = (prediction.width or 1) * (prediction.height or 1)
    return (run.measurements.values_of(key).get(measure) or 0.0) / pixels
