"""The nouns of what people decided, as decisions.json keeps them. Loads with pydantic alone.

A decision names the content that was seen: said of one cut-out, it never counts for another. What
was decided is never changed; a later decision of the same person about the same takes its place.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, AwareDatetime, Field, field_validator, model_validator

from ..core.frozen import Frozen
from ..core.key import CaseKey, Key
from ..errors import printable
from ..i18n import N_, Message

SCHEMA_VERSION: Literal[1] = 1
"""Raised with every change of what decisions.json holds; older ones still load."""

ANONYMOUS = "anonymous"
"""Who typed no name. Each browser's is somebody else."""

LONGEST_COMMENT = 2000
"""Characters."""

Answer = Literal["usable", "mend", "unusable", "unsure"]
ANSWERS: dict[Answer, str] = {
    "usable": N_("usable"),
    "mend": N_("to mend"),
    "unusable": N_("unusable"),
    "unsure": N_("unsure"),
}
"""What may be said of a cut-out, each as it is shown."""

Choice = Literal["left", "right", "equal"]

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Name = Annotated[str, Field(min_length=1, max_length=4096)]
"""Of a category, a case or a model: a spec without a label, which may have a path in it, is one."""
_Count = Annotated[int, Field(ge=0, le=1_000_000)]


class _Record(Frozen, strict=True):
    """As the file has it: no number is read from a text."""


class Person(NamedTuple):
    """Whose a decision is."""

    name: str
    session: str
    """Of a browser, for whoever gave no name; empty for those who did."""

    def __str__(self) -> str:
        return printable(self.name)


def _one_spelling(person: str) -> str:
    return unicodedata.normalize("NFC", " ".join(person.split())) or ANONYMOUS


class _Decision(_Record):
    """What every kind of decision has."""

    category: _Name
    case: _Name
    person: Annotated[
        str, Field(min_length=1), AfterValidator(_one_spelling), Field(max_length=80)
    ] = ANONYMOUS
    """A name that they typed."""
    session: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{0,64}$")] = ""
    """Drawn by chance by the page for each browser: tells those apart who gave no name."""
    time: Annotated[AwareDatetime, Field(strict=False)]
    """When, in UTC; a text with its zone in JSON."""
    page: Annotated[str, Field(max_length=40)] = ""
    """The version of the page on which it was decided."""
    undone: bool = False
    """Whether it takes back what the same person said of the same before."""

    @field_validator("time", mode="before")
    @classmethod
    def _is_a_date(cls, time: object) -> object:
        if not isinstance(time, str | datetime):
            raise ValueError(Message("a time is a text such as 2026-11-02T09:30:00Z"))
        return time

    @field_validator("time")
    @classmethod
    def _in_utc(cls, time: datetime) -> datetime:
        try:
            time = time.astimezone(UTC)
        except OverflowError:
            time = datetime.min
        if not 2000 <= time.year < 2200:  # what is written is read again
            raise ValueError(Message("a time lies between the years 2000 and 2200"))
        return time

    @property
    def who(self) -> Person:
        return Person(self.person, self.session if self.person == ANONYMOUS else "")

    @property
    def case_key(self) -> CaseKey:
        return self.category, self.case

    @property
    def name(self) -> str:
        """`category/case`."""
        return f"{self.category}/{self.case}"


class Review(_Decision):
    """What a person says of one cut-out."""

    kind: Literal["review"] = "review"
    model: _Name
    cutout_sha256: Sha256
    """Of the file that was seen."""
    answer: Answer
    comment: Annotated[str, Field(max_length=LONGEST_COMMENT)] = ""
    place: Annotated[tuple[_Count, _Count], Field(strict=False)] | None = None
    """What the comment is about, in pixels of the picture: x to the right, y down."""

    @property
    def key(self) -> Key:
        return Key(self.category, self.case, self.model)

    @property
    def about(self) -> tuple[object, ...]:
        """What it is a decision about: two of a person with the same are one after the other."""
        return self.kind, self.key, self.cutout_sha256

    @property
    def says(self) -> str:
        """What counts of it where two people's are compared."""
        return self.answer


class Side(_Record):
    """A cut-out that was shown without its name."""

    model: _Name
    cutout_sha256: Sha256


class Vote(_Decision):
    """Which of two cut-outs of one picture a person prefers, not knowing whose they are."""

    kind: Literal["vote"] = "vote"
    left: Side
    right: Side
    choice: Choice
    seed: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    """What the sides were drawn with."""

    @model_validator(mode="after")
    def _two_models(self) -> Vote:
        if self.left.model == self.right.model:
            raise ValueError(Message("a vote is between two models, not {model} and itself",
                                     model=printable(self.left.model)))  # fmt: skip
        return self

    @property
    def about(self) -> tuple[object, ...]:
        """As above; which side a cut-out was on does not matter."""
        sides = sorted((side.model, side.cutout_sha256) for side in (self.left, self.right))
        return self.kind, self.category, self.case, *sides

    @property
    def winner(self) -> str | None:
        """The model that was preferred; None where neither was."""
        return None if self.choice == "equal" else getattr(self, self.choice).model

    @property
    def says(self) -> str:
        return self.winner or ""


class Approval(_Decision):
    """That a case's new result, and no other, becomes the baseline's."""

    kind: Literal["approval"] = "approval"
    model: _Name
    """As the run calls it."""
    base_sha256: Sha256 | None
    """The baseline's cut-out; None where it has none."""
    new_sha256: Sha256 | None
    """The run's; None where it has none."""

    @property
    def key(self) -> Key:
        return Key(self.category, self.case, self.model)

    @property
    def about(self) -> tuple[object, ...]:
        """As above."""
        return self.kind, self.key, self.base_sha256, self.new_sha256


Decision = Annotated[Review | Vote | Approval, Field(discriminator="kind")]
KINDS = tuple(each.model_fields["kind"].default for each in (Review, Vote, Approval))


def subject(decision: Decision) -> tuple[object, ...]:
    """Whose it is, and about what: of those of one subject the last holds."""
    return decision.who, *decision.about


class Decisions(_Record):
    """All that was decided of a run; decisions.json is its JSON, in the order of time."""

    schema_version: Literal[1] = SCHEMA_VERSION
    decisions: Annotated[tuple[Decision, ...], Field(strict=False)] = ()

    @classmethod
    def of(cls, *some: Decisions) -> Decisions:
        """All of them as one: each once, in the order of time, whoever is named first."""
        once = {
            decision.model_dump_json(): decision for each in some for decision in each.decisions
        }
        ordered = sorted(once, key=lambda text: (once[text].time, text))
        return cls(decisions=tuple(once[text] for text in ordered))

    @cached_property
    def current(self) -> tuple[Decision, ...]:
        """What holds: of each person, about each thing, the last said; nothing where undone.

        Of two at the same moment, the one that comes last in `of`.
        """
        last: dict[tuple[object, ...], Decision] = {}
        for decision in Decisions.of(self).decisions:
            last[subject(decision)] = decision
        return tuple(decision for decision in last.values() if not decision.undone)

    @property
    def reviews(self) -> tuple[Review, ...]:
        """Those that hold."""
        return tuple(d for d in self.current if isinstance(d, Review))

    @property
    def votes(self) -> tuple[Vote, ...]:
        """Those that hold."""
        return tuple(d for d in self.current if isinstance(d, Vote))

    @property
    def approvals(self) -> tuple[Approval, ...]:
        """Those that hold."""
        return tuple(d for d in self.current if isinstance(d, Approval))
