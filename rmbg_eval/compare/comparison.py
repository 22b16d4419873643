"""A comparison, as comparison.json keeps it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from ..cases.categories import case_order, category_order
from ..core.files import user_path
from ..core.frozen import Frozen
from ..core.json_lines import compact, in_lines, line_each, read_json
from ..core.numbers import figures
from ..core.records import OrRecords, RecordFile, columns, stored_in
from ..errors import OutputError, printable
from ..i18n import N_, Message, join
from ..settings import CompareFailOn as FailOn
from .pair import MADE_BY, STATES, Pair, State, Value
from .pairs import WorstFirst


class Comparison(Frozen):
    """What changed from BASE to NEW.

    >>> from rmbg_eval import CompareSettings, compare_folders
    >>> settings = CompareSettings(base="reports/latest", new="reports/latest", out="reports/two")
    >>> [pair.state for pair in compare_folders(settings).pairs]
    ['same', 'same', 'same', 'same']
    """

    schema_version: Literal[1, 2, 3, 4, 5, 6] = 6
    """1 had texts in English where there are messages now; 1 and 2 had no `case-changed`; 1 to 3
    had no delivery rules; 1 to 4 no `renamed`, and every pair in the one file; 1 to 5 no `excess`
    of a value: 5 had that of a pair, in times what is allowed."""
    base: str
    """The folder, as it was given."""
    new: str
    notes: tuple[Message, ...]
    """How the runs themselves differ: models, cases, versions, machines."""
    renamed: dict[str, str] = Field(default={})
    """Models that have another name in NEW: that, by their name in BASE."""
    pairs: Annotated[tuple[Pair, ...], OrRecords()]
    """Worst first. Of many cases they are read as they are asked for."""
    records: dict[Literal["pairs"], RecordFile] | None = None
    """The file of the pairs, where comparison.json does not hold them: by category, case and
    model."""

    def __repr__(self) -> str:
        """One line; `print(comparison.model_dump_json())` has all of it."""
        return f"<Comparison of {printable(self.base)} and {printable(self.new)}: {self.counts()}>"

    __str__ = __repr__

    @classmethod
    def load(cls, folder: Path | str) -> Comparison:
        """The comparison kept in `folder`; OutputError if there is none that can be read.

        >>> from rmbg_eval import Comparison
        >>> Comparison.load("reports/two").count("same")
        4
        """
        path = user_path(folder, OutputError) / "comparison.json"
        remedy = Message("Compare again: rmbg-eval compare BASE NEW.")
        try:
            kept = cls.model_validate(read_json(path, remedy))
        except ValidationError as error:
            raise OutputError(
                Message(
                    "{path} is not a comparison this version reads: {n} place differs",
                    many="{path} is not a comparison this version reads: {n} places differ",
                    path=printable(str(path)),
                    n=error.error_count(),
                ),
                remedy,
            ) from None
        if not kept.records:
            return kept
        return kept.model_copy(update={"pairs": WorstFirst(path.parent, kept.records["pairs"])})

    def lines(self) -> Iterator[str]:
        """Its JSON, piece by piece: a line for each pair, as a run's records have one."""
        return in_lines(self, self._lines)

    def _lines(self, name: str) -> Iterator[str]:
        """Of one field."""
        if name == "pairs":
            return line_each(pair.model_dump_json() for pair in self.pairs)
        return iter([compact(self.model_dump(mode="json", include={name})[name])])

    @cached_property
    def groups(self) -> Mapping[tuple[str, str], Counter[State]]:
        """How many are in which state, by category, in the report's order, and model."""
        groups: dict[tuple[str, str], Counter[State]] = {}
        for category, model, state in columns(self.pairs, "category", "model", "state"):
            groups.setdefault((category, model), Counter())[state] += 1
        order = sorted(groups, key=lambda key: (category_order(key[0]), key[1]))
        return {key: groups[key] for key in order}

    @cached_property
    def states(self) -> Counter[State]:
        """How many case × model are in which state."""
        return sum(self.groups.values(), Counter())

    def count(self, state: State) -> int:
        """How many case × model are in that state."""
        return self.states[state]

    @property
    def changed(self) -> int:
        """How many are not the same: the first ones of `pairs`."""
        return self.states.total() - self.count("same")

    def counts(self) -> str:
        """How many are in which state, worst first: `1 worse, 3 same`."""
        counts = [f"{count} {state}" for state in STATES if (count := self.count(state))]
        return ", ".join(counts) or "nothing to compare"

    def failing(self, fail_on: FailOn = "worse") -> tuple[Pair, ...]:
        """What a gate with `--fail-on` does not let pass, all at once: worst first. Each is a case
        and a model, with its `state`, `why` and `values`.

        >>> from rmbg_eval import Comparison
        >>> comparison = Comparison.load("reports/two")
        >>> [(pair.name, pair.model, str(pair.why)) for pair in comparison.failing()]
        []
        """
        return tuple(self.stopping(fail_on))

    def stopping(self, fail_on: FailOn) -> Iterator[Pair]:
        """The same, one after the other."""
        return self._which(fail_on, True)

    def passing(self, fail_on: FailOn) -> Iterator[Pair]:
        """What it lets pass although it changed, one after the other: worst first."""
        return self._which(fail_on, False)

    def _which(self, fail_on: FailOn, stops: bool) -> Iterator[Pair]:
        start = 0
        for state in STATES[:-1]:
            places = range(start, start + self.states[state])
            start = places.stop
            if state == "worse" and fail_on == "point":
                some = (self.pairs[place] for place in places)
                yield from (pair for pair in some if fails(pair, fail_on) is stops)
            elif (state in _STOPPING[fail_on]) is stops:
                yield from (self.pairs[place] for place in places)

    def stopped(self, fail_on: FailOn) -> Counter[State]:
        """How many of each state a gate with `--fail-on` does not let pass."""
        counts = Counter({s: n for s, n in self.states.items() if s in _STOPPING[fail_on]})
        return counts + Counter({"worse": self._lost}) if fail_on == "point" else counts

    @cached_property
    def _lost(self) -> int:
        """How many got worse in a point or a delivery rule."""
        stored = stored_in(self.pairs)
        some = self.pairs if stored is None else stored.where("state", '"worse"'.__eq__)
        return sum(pair.state == "worse" and fails(pair, "point") for pair in some)

    def by_model(self) -> Iterator[Pair]:
        """The pairs, model by model; of each by category and case."""
        stored = stored_in(self.pairs)
        if stored is None:
            yield from sorted(self.pairs, key=lambda p: (p.model, case_order(*p.case_key)))
            return
        for name in sorted({model for _, model in self.groups}):
            yield from stored.where("model", name.__eq__)


_STOPPING: dict[FailOn, Sequence[State]] = {
    "error": ("failed", "missing"),
    "point": ("failed", "missing"),
    "worse": ("failed", "missing", "worse", "changed", "case-changed", "new"),
}
"""States at which a gate stops, whatever the values are."""


def fails(pair: Pair, fail_on: FailOn) -> bool:
    """Whether a gate stops at `pair`. `point` includes `error`, `worse` includes `point`."""
    return pair.state in _STOPPING[fail_on] or (
        fail_on == "point" and any(v.passes and v.verdict == "worse" for v in pair.values)
    )


_TURNS = {
    (True, False): N_("{what}: passed → failed ({more})"),
    (True, None): N_("{what}: passed → not measured ({more})"),
    (False, True): N_("{what}: failed → passed ({more})"),
    (False, None): N_("{what}: failed → not measured ({more})"),
    (None, True): N_("{what}: not measured → passed ({more})"),
    (None, False): N_("{what}: not measured → failed ({more})"),
}


MOST_ALIKE = 2000
"""Pairs among which those that are so for one reason are told in one line."""


def alike(pairs: Iterable[Pair], most: int) -> list[list[Pair]]:
    """`pairs`, worst first, in groups, of which `most` at most: together are those of a model that
    have nothing but one reason, whatever picture it names; any other is alone."""
    groups: dict[object, list[Pair]] = {}
    for place, pair in enumerate(islice(pairs, MOST_ALIKE)):
        alone = pair.state in MADE_BY
        if alone and len(groups) == most:
            break  # what is before them is complete, what is after them would be a group more
        failure = pair.new.failure if pair.new else None
        reason = (pair.state, pair.model, failure.problem.text if failure else pair.why.text)
        group = place if alone else reason
        if group in groups or len(groups) < most:
            groups.setdefault(group, []).append(pair)
    return [*groups.values()]


def describe(value: Value) -> Message:
    """A value's change in a few words."""
    allowed = Message("not judged")
    if value.allowed is not None:
        allowed = Message("allowed ±{allowed}", allowed=number(value.allowed))
    if value.kind == "alpha":
        if value.difference is None:
            return value.reason or Message("alpha could not be compared")
        return Message(
            "alpha moved by {far} ({region}; {allowed})",
            far=number(value.difference),
            region=Message(value.region),
            allowed=allowed,
        )
    name = Message.of(value.name)
    if value.kind == "point":
        name = Message("point {name}", name=value.name)
    if value.kind == "rule":
        name = Message("delivery rule {name}", name=value.name)
    numbers = join(" → ", [number(value.base), number(value.new)])
    if value.passed in _TURNS:
        more = join("", [numbers, " ", Message(value.unit)])
        if value.reason:
            more = Message("{one}; {other}", one=more, other=value.reason)
        return Message(_TURNS[value.passed], what=name, more=more)
    if value.difference is None:
        return Message("{name}: {reason}", name=name, reason=value.reason)
    return Message("{name} {numbers} ({allowed})", name=name, numbers=numbers, allowed=allowed)


def number(value: float | None) -> str:
    """Four digits of it; a dash for None."""
    return "–" if value is None else figures(value, 4)
