"""Files of decisions, from anybody: read within bounds, merged, and kept in the run folder.

Nothing that can be read is lost: one damaged entry never takes the others of its file with it, what
a run folder holds is never replaced by less, and what is about other content is kept, and not
counted.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ..core.files import read_bounded, user_path, write_atomic
from ..core.json_lines import of_newer
from ..errors import (
    DecisionError,
    OutputError,
    RmbgEvalError,
    check_record,
    explain,
    printable,
    reason_of,
)
from ..i18n import Message
from ..run.folder import locked
from ..run.record import Run
from .applying import Contradiction, applicable, contradictions, mismatch
from .record import (
    KINDS,
    SCHEMA_VERSION,
    Approval,
    Decision,
    Decisions,
    Person,
    Review,
    Side,
    Vote,
    subject,
)

NAME = "decisions.json"
MOST_BYTES = 64 << 20
"""Of one file: about 200,000 decisions."""
MOST = MOST_BYTES // 160
"""Entries of one file: a decision has more bytes."""
MOST_PEOPLE = 200
"""Of a run, whose decisions a page that is served keeps in one folder."""
_WAIT = 10.0
"""Seconds for others that keep decisions in the same folder."""

AHEAD = timedelta(days=2)
"""By how much a decision that is taken may be later than now: nothing said after it would count."""

_ADAPTER: TypeAdapter[Decision] = TypeAdapter(Decision)
_FIELDS = [*dict.fromkeys(
    name for record in (Review, Vote, Approval, Side) for name in record.model_fields
)]  # fmt: skip


@dataclass(frozen=True)
class Refusal:
    """An entry of a file that was not taken, or a file of which none was."""

    file: str
    entry: int | None
    """Its place among the file's decisions, from 1; None for the file."""
    reason: Message
    remedy: Message

    @property
    def message(self) -> Message:
        """In a sentence."""
        if self.entry is None:
            return Message("{problem}. {remedy}", problem=self.reason, remedy=self.remedy)
        return Message(
            "{file}, decision {entry}: {reason}. {remedy}",
            file=self.file,
            entry=self.entry,
            reason=self.reason,
            remedy=self.remedy,
        )


@dataclass(frozen=True)
class Intake:
    """What became of files of decisions."""

    decisions: Decisions
    """All that there is now: the run folder's and the files'."""
    counting: Decisions
    """Those of them about the run's own content."""
    new: tuple[Decision, ...]
    """What the files added."""
    again: int
    """How many of what the files say was there already: a thing that a person decided on several
    times is one."""
    refused: tuple[Refusal, ...]
    stale: int
    """Decisions in the run folder that are about other content than the run has now."""
    contradictions: tuple[Contradiction, ...]


def take(run: Run, files: list[Path], out: Path | None = None) -> Intake:
    """Read `files` and merge them with what the run folder `out` holds; nothing is written.

    Raises DecisionError where the run folder's own decisions.json cannot be read: they must not be
    lost. A file that cannot be read is refused, and the others are taken.
    """
    folder = out or run.settings.out_folder
    before = kept(folder)
    held = {decision.model_dump_json() for decision in before.decisions}
    new: dict[str, Decision] = {}
    refused: list[Refusal] = []
    again = set[tuple[object, ...]]()
    for path in files:
        try:
            entries = _entries(path)
        except RmbgEvalError as error:
            refused.append(Refusal(_shown(path), None, error.problem, error.remedy))
            continue
        for number, entry in enumerate(entries, 1):
            decision = _decision(entry)
            if isinstance(decision, Message):
                refused.append(Refusal(_shown(path), number, decision, _CORRECT))
            elif reason := mismatch(run, decision):
                refused.append(Refusal(_shown(path), number, reason, _LOOK_AGAIN))
            elif (text := decision.model_dump_json()) in held or text in new:
                again.add(subject(decision))
            elif reason := _ahead(decision):
                refused.append(Refusal(_shown(path), number, reason, _SET_CLOCK))
            else:
                new[text] = decision
    after = Decisions.of(before, Decisions(decisions=tuple(new.values())))
    counting = applicable(run, after)
    return Intake(
        decisions=after,
        counting=counting,
        new=tuple(new.values()),
        again=len(again),
        refused=tuple(refused),
        stale=len(after.current) - len(counting.current),
        contradictions=contradictions(counting),
    )


_CORRECT_OR_MOVE = Message("Correct it, or move the file away; nothing was changed.")
_CORRECT = Message("Correct it, or save the page's decisions again.")
_LOOK_AGAIN = Message("Decide on the page of this run.")
_SET_CLOCK = Message("Set the clock of the machine that it was made on, or of this one, right.")


def _ahead(decision: Decision) -> Message | None:
    """What is wrong with a decision of the future."""
    if decision.time <= datetime.now(UTC) + AHEAD:
        return None
    return Message(
        "its time, {time}, is more than {n} days from now",
        time=f"{decision.time:%Y-%m-%d %H:%M}",
        n=AHEAD.days,
    )


def kept(folder: Path) -> Decisions:
    """What a run folder holds; none where it has no decisions.json.

    Raises DecisionError where there is one that cannot be read whole.
    """
    path = folder / NAME
    if not path.exists() and not path.is_symlink():
        return Decisions()
    return read(path)


def read(path: Path) -> Decisions:
    """One file, whole: DecisionError where any of it cannot be read."""
    decisions = []
    for number, entry in enumerate(_entries(path), 1):
        decision = _decision(entry)
        if isinstance(decision, Message):
            raise _refused(_shown(path), number, decision, _CORRECT_OR_MOVE)
        decisions.append(decision)
    return Decisions.of(Decisions(decisions=tuple(decisions)))


def _refused(file: str, number: int, reason: Message, remedy: Message) -> DecisionError:
    """Of an entry that is not taken, and nothing of its file therefore."""
    problem = Message("{file}, decision {entry}: {reason}", file=file, entry=number, reason=reason)
    return DecisionError(problem, remedy)


def counting_in(run: Run) -> Decisions:
    """What people decided of the run's own content, by the decisions.json beside it.

    Raises DecisionError as `kept`.
    """
    check_record(run, Run)
    return applicable(run, kept(run.settings.out_folder))


def counting_or_why(run: Run) -> tuple[Decisions, Message | None]:
    """The same for a build or a page, which never ends because of that file: where it cannot be
    read there are none, and the reason."""
    try:
        return counting_in(run), None
    except DecisionError as error:
        return Decisions(), error.problem


def uncounted(run: Run) -> int:
    """How many decisions beside the run are about cut-outs that it does not have; none is told of a
    file that cannot be read."""
    try:
        every = kept(run.settings.out_folder)
    except DecisionError:
        return 0
    return len(every.current) - len(applicable(run, every).current)


def save(folder: Path, decisions: Decisions) -> None:
    """Write decisions.json, a line each, whole or not at all."""
    _write(folder / NAME, decisions)


def received(run: Run, data: bytes) -> Decisions:
    """What a page of this run sent, as a decisions.json has it, all of it good.

    Raises DecisionError where any of it is damaged, about other content or of the future.
    """
    decisions = []
    for number, entry in enumerate(_parsed(data, NAME), 1):
        decision = _decision(entry)
        if isinstance(decision, Message):
            raise _refused(NAME, number, decision, _LOOK_AGAIN)
        if reason := mismatch(run, decision):
            raise _refused(NAME, number, reason, _LOOK_AGAIN)
        if reason := _ahead(decision):
            raise _refused(NAME, number, reason, _SET_CLOCK)
        decisions.append(decision)
    return Decisions(decisions=tuple(decisions))


def keep_by_person(folder: Path, of: str, decisions: Decisions) -> list[Path]:
    """Add decisions to the files of a folder, one a person and run; what these have stays.

    `of`: what tells the run from others. Returns the files that were written. Several servers may
    keep theirs in one folder. Raises OutputError where a file there cannot be read or written, or
    there are too many of the run. Nothing of a person's name but its plain letters is in a file's
    name.
    """
    by: dict[Person, list[Decision]] = {}
    for decision in decisions.decisions:
        by.setdefault(decision.who, []).append(decision)
    with locked(folder, ".decisions.lock", _WAIT):
        return [_kept_of(folder, of, person, own) for person, own in by.items()]


def _kept_of(folder: Path, of: str, person: Person, own: Sequence[Decision]) -> Path:
    """The file of one person, with these too."""
    digest = hashlib.sha256(f"{person.name}\0{person.session}".encode()).hexdigest()
    plain = re.sub(r"[^a-z0-9]+", "-", person.name.lower())[:24].strip("-") or "person"
    path = folder / f"decisions-{of[:12]}-{plain}-{digest[:12]}.json"
    there = path.exists() or path.is_symlink()
    if not there and len([*folder.glob(f"decisions-{of[:12]}-*.json")]) >= MOST_PEOPLE:
        raise OutputError(
            Message("{n} people have decided on this run already", n=MOST_PEOPLE),
            Message("Move their files elsewhere, or name another folder."),
        )
    try:
        before = read(path) if there else Decisions()
    except DecisionError as error:
        raise OutputError(error.problem, _CORRECT_OR_MOVE) from None
    after = Decisions.of(before, Decisions(decisions=tuple(own)))
    if after != before:
        _write(path, after)
    return path


def _write(path: Path, decisions: Decisions) -> None:
    rows = ",\n".join(
        json.dumps(each.model_dump(mode="json"), ensure_ascii=True) for each in decisions.decisions
    )
    write_atomic(
        path,
        f'{{"schema_version": {SCHEMA_VERSION}, "decisions": [\n{rows}\n]}}\n',
    )


def _entries(path: Path) -> list[Any]:
    """The decisions of a file, not yet checked; DecisionError for what is no such file."""
    file = _shown(path)
    remedy = Message(
        "Give a decisions.json that a page has saved, of no more than {most} MiB.",
        most=MOST_BYTES >> 20,
    )
    # Windows leaves `~`, of which pages tell, to the program.
    path = user_path(path, DecisionError)
    return _parsed(read_bounded(path, MOST_BYTES, file, DecisionError, remedy), file)


def _parsed(data: bytes, file: str) -> list[Any]:
    try:
        found = json.loads(
            data.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        reason = _TOO_DEEP if isinstance(error, RecursionError) else reason_of(error)
        raise DecisionError(
            Message("{file} is no JSON that can be read: {reason}", file=file, reason=reason),
            Message("Give a decisions.json that a page has saved; this one is damaged."),
        ) from None
    version = found.get("schema_version") if isinstance(found, dict) else None
    entries = found.get("decisions") if isinstance(found, dict) else None
    if type(version) is int and version > SCHEMA_VERSION:
        raise of_newer(DecisionError, file, version, SCHEMA_VERSION)
    good = type(version) is int and version >= 1
    if not good or not isinstance(entries, list) or len(entries) > MOST:
        raise DecisionError(
            Message("{file} holds no decisions", file=file),
            Message(
                "Give a decisions.json: a table with a schema_version of 1 and a list of decisions."
            ),
        )
    return entries


def _decision(entry: Any) -> Decision | Message:
    """The decision that an entry is, or what is wrong with it."""
    if not isinstance(entry, dict) or entry.get("kind") not in KINDS:
        return Message("it is no review, vote or approval")
    try:
        return _ADAPTER.validate_python(entry)
    except ValidationError as error:
        return explain(error, _FIELDS)
    except RecursionError:
        return _TOO_DEEP
    except (OverflowError, UnicodeError) as error:
        return reason_of(error)


_TOO_DEEP = Message("it is nested too deeply")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(Message("a key is there twice"))
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(Message("{name} is no number", name=name))


def _shown(path: Path) -> str:
    return printable(str(path))[:300]
