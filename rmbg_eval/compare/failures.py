"""What keeps a run from becoming a baseline: failures that nobody allowed by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice

from ..core.files import in_shell
from ..errors import OutputError, printable
from ..i18n import N_, Message, and_more, join
from ..run.record import Run

_Reason = tuple[str, str]
"""A model, and why: the text of a failure without its values, a rule or a kind of point."""
_Reasons = dict[_Reason, Message]
"""In words, too."""
_MOST_NAMES, _MOST_REASONS = 5, 10
"""Of failed cases that are told at once."""


def refuse_shard(run: Run) -> None:
    """OutputError where `run` is a part of one: as a baseline it would be the whole."""
    if run.shard:
        raise OutputError(
            Message(
                "The run is shard {shard}: it has {n} of {cases} cases",
                shard=str(run.shard.part),
                n=len(run.cases),
                cases=run.shard.cases,
            ),
            Message("Merge all shards with rmbg-eval merge, and approve the merged run."),
        )


def refuse_failures(run: Run, allowed: Collection[str]) -> None:
    """OutputError unless `run` is whole and complete and every failure in it is among `allowed`.

    A failure is a prediction that failed or a required point that did not pass; its name is
    `category/id` of the case.
    """
    refuse_shard(run)
    if not run.complete:
        raise OutputError(
            Message("The run was interrupted and is partial"), Message("Run it again to its end.")
        )
    failed = _failed_cases(run)
    given = {*allowed}
    left = {name: why for name, why in failed.items() if name not in given}
    if left:
        raise _refused(left)
    strangers = [name for name in allowed if name not in failed]
    if strangers:
        names = [printable(name) for name in islice(failed, _MOST_NAMES)]
        raise OutputError(
            Message("{name} is not among the run's failures", name=printable(strangers[0])),
            Message(
                "They are: {names}.",
                names=and_more(names, len(failed) - len(names)) if names else Message("none"),
            ),
        )


def _refused(failed: Mapping[str, _Reasons]) -> OutputError:
    """Of a run of which these cases failed: a few are named each; of more, the first of those that
    failed for the same reasons."""
    option, shown = "--allow-failures", [*failed]
    names: Sequence[str] | Message = [printable(name) for name in failed]
    remedy = N_("Correct them, or approve them by name: {options}.")
    if len(failed) > _MOST_NAMES:
        alike = dict(islice(_alike(failed).items(), _MOST_REASONS))
        option, shown = "--allow-failures-like", [*alike]
        names = join(
            "; ",
            (
                Message("{name}: {reason}", name=and_more(printable(name), more), reason=why)
                for name, (more, why) in alike.items()
            ),
        )
        remedy = N_("Correct them, or approve all that failed for the same reasons: {options}.")
    options = (f"{option} {in_shell(printable(name), 'NAME')}" for name in shown)
    return OutputError(
        Message("The run has failures: {names}", names=names),
        Message(remedy, options=" ".join(options)),
    )


def _alike(failed: Mapping[str, _Reasons]) -> dict[str, tuple[int, Message]]:
    """Of cases that failed each that has a reason first, how many others have none but its own and
    those before, and that reason in words."""
    first: dict[_Reason, str] = {}
    alike: dict[str, tuple[int, Message]] = {}
    for name, reasons in failed.items():
        new = [reason for reason in reasons if reason not in first]
        first.update(dict.fromkeys(new, name))
        if new:
            alike[name] = 0, reasons[new[0]]
        else:
            one = first[next(iter(reasons))]
            alike[one] = alike[one][0] + 1, alike[one][1]
    return alike


def names_in(values: Iterable[str], run: Run, like: Iterable[str] = ()) -> list[str]:
    """The cases that values of `--allow-failures` name, and those of `--allow-failures-like` with
    all that failed for no other reasons than they. A value that is a failure of `run` is one name,
    commas and all; any other is parted at commas."""
    failed = _failed_cases(run)

    def parted(values: Iterable[str]) -> list[str]:
        names = ([value] if value in failed else value.split(",") for value in values)
        return [name for some in names for name in some if name]

    first = parted(like)
    reasons = {reason for name in first for reason in failed.get(name, ())}
    alike = (name for name, own in failed.items() if own.keys() <= reasons)
    return [*parted(values), *dict.fromkeys((*first, *alike))]


def _failed_cases(run: Run) -> dict[str, _Reasons]:
    """As `category/id`, in order. Why a model's cut-out is none, whatever picture that names, is
    one reason; else each rule, or kind of point, that it did not pass."""
    failed: dict[str, _Reasons] = {}
    failures = run.failures
    without = {p.key for p in failures}
    for p in failures:
        problem = p.failure.problem if p.failure else Message("")
        failed.setdefault(p.name, {})[p.model, problem.text] = problem
    for point in run.missed:
        if point.key not in without:
            why = Message("point {name}", name=point.point)
            failed.setdefault(point.name, {})[point.model, f"point {point.kind}"] = why
    for rule in run.broken:
        if rule.key not in without:
            why = Message("delivery rule {name}", name=rule.rule)
            failed.setdefault(rule.name, {})[rule.model, f"rule {rule.rule}"] = why
    return failed
