"""Which decisions are about a run's own content, and why the others are not."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.key import Key
from ..errors import printable
from ..i18n import Message
from ..run.record import Run
from .record import ANSWERS, Approval, Decision, Decisions, Review, Vote


def mismatch(run: Run, decision: Decision) -> Message | None:
    """Why a decision does not count for `run`; None where it does."""
    if isinstance(decision, Vote):
        sides = decision.left, decision.right
        why = (_other(run, Key(*decision.case_key, s.model), s.cutout_sha256) for s in sides)
        return next(filter(None, why), None)
    seen = decision.cutout_sha256 if isinstance(decision, Review) else decision.new_sha256
    missing = isinstance(decision, Approval) and seen is None
    return _other(run, decision.key, seen, missing)


def _other(run: Run, key: Key, seen: str | None, may_miss: bool = False) -> Message | None:
    """Why it is about another cut-out. `may_miss`: whether the run may be without a prediction."""
    prediction = run.index.predictions.get(key)
    there = prediction.cutout_sha256 if prediction else None
    if there == seen and (prediction or may_miss):
        return None
    case, model = printable(key.name), printable(key.model)
    if key.case_key not in run.index.cases:
        return Message("the run has no case {case}", case=case)
    if prediction is None:
        return Message("the run has no model {model} for {case}", model=model, case=case)
    if there is None:
        return Message("the run has no cut-out of {case} by {model}", case=case, model=model)
    return Message(
        "it is about another cut-out of {case} by {model} (SHA-256 {seen}…, the run's is {there}…)",
        case=case,
        model=model,
        seen=(seen or "–")[:8],
        there=there[:8],
    )


def applicable(run: Run, decisions: Decisions) -> Decisions:
    """Those about the run's own content; the others never count."""
    return Decisions(decisions=tuple(d for d in decisions.decisions if not mismatch(run, d)))


@dataclass(frozen=True)
class Contradiction:
    """People who say different things of the same; all of it is kept."""

    name: str
    """`category/case`."""
    models: tuple[str, ...]
    says: tuple[tuple[str, Message], ...]
    """Who, and what."""

    @property
    def message(self) -> Message:
        """In a sentence."""
        return Message(
            "{case} · {models}: {says}",
            case=printable(self.name),
            models=[printable(model) for model in self.models],
            says=[Message("{who} says {what}", who=who, what=what) for who, what in self.says],
        )


def contradictions(decisions: Decisions) -> tuple[Contradiction, ...]:
    """Where people do not agree, in the order of the first of them."""
    by_thing: dict[tuple[object, ...], list[Review | Vote]] = {}
    for decision in decisions.current:
        if not isinstance(decision, Approval):
            by_thing.setdefault(decision.about, []).append(decision)
    return tuple(
        Contradiction(
            some[0].name, _models(some[0]), tuple((str(each.who), saying(each)) for each in some)
        )
        for some in by_thing.values()
        if len({each.says for each in some}) > 1
    )


def saying(decision: Decision) -> Message:
    """What a decision says, in words."""
    if isinstance(decision, Review):
        return Message(ANSWERS[decision.answer])
    if isinstance(decision, Approval):
        return Message("approved")
    if decision.winner is None:
        return Message("both alike")
    return Message("{model} is better", model=printable(decision.winner))


def _models(decision: Review | Vote) -> tuple[str, ...]:
    if isinstance(decision, Review):
        return (decision.model,)
    return tuple(sorted((decision.left.model, decision.right.model)))
