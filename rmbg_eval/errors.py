"""Everything this package raises on purpose.

.. code-block:: text

    RmbgEvalError              a problem and its remedy; the command line exits 2
    ├── SettingsError          a parameter: unknown name, wrong type, value not allowed
    ├── CaseError              a case set or one of its cases: folder, case.toml, ids
    ├── ImageError             a picture file that cannot be used as it is
    │   └── StorageError       one at a URL that could not be had
    ├── ModelError             a model: unknown name, cannot run here, broke its contract
    │   ├── MissingCutoutError a finished cut-out that its folder lacks
    │   └── WeightsError       weights missing, not obtainable, or not the pinned ones
    ├── DecisionError          a file of decisions that cannot be read
    ├── OutputError            the run folder or the cache cannot be written or is in use
    └── ReportError            a notebook or its export failed
    Ended                      a signal that ends the process, which no model may take for its own

A `CaseError`, `ImageError` or `ModelError` that concerns one picture never
ends a run: it is kept as a `Failure` in that case's prediction.
"""

from __future__ import annotations

import os
import sysconfig
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from reprlib import Repr
from typing import Any, Literal

from pydantic import ValidationError

from .i18n import N_, Message, join


class RmbgEvalError(Exception):
    """A problem a person can act on: what is wrong, with which file or value, and what to do.

    >>> from rmbg_eval import RmbgEvalError, load_run
    >>> try:
    ...     load_run("reports/none")
    ... except RmbgEvalError as error:
    ...     print(error.remedy)
    Give the folder of a finished run.
    """

    def __init__(self, problem: Message | str, remedy: Message | str) -> None:
        """A plain text, as a model from elsewhere may give, is taken as it is."""
        self.problem = problem if isinstance(problem, Message) else Message.of(problem)
        self.remedy = remedy if isinstance(remedy, Message) else Message.of(remedy)
        super().__init__(self.problem, self.remedy)

    def __str__(self) -> str:
        return str(_whole(self.problem, self.remedy))

    def _render_traceback_(self) -> list[str]:
        """What IPython shows of it in place of a traceback through this package; `%debug` and
        `raise` from elsewhere have that."""
        return [f"{type(self).__name__}{place_of(self) or ''}: {self}"]


class SettingsError(RmbgEvalError):
    """A parameter with an unknown name, a wrong type or a value that is not allowed."""


class CaseError(RmbgEvalError):
    """A case set, or one of its cases, is not as it should be."""


class ImageError(RmbgEvalError):
    """A picture file that cannot be used as it is."""


class StorageError(ImageError):
    """A picture at a URL that could not be had: nothing is wrong with it, as far as is known."""


class ModelError(RmbgEvalError):
    """A model that is unknown, cannot run here, or broke the image contract."""


class MissingCutoutError(ModelError):
    """A finished cut-out that its folder lacks: nothing was tried, so nothing failed."""


class WeightsError(ModelError):
    """Weights that are missing, cannot be had, or are not the pinned ones."""


class DecisionError(RmbgEvalError):
    """A file of what people decided that cannot be read."""


class OutputError(RmbgEvalError):
    """The run folder or the cache cannot be written, or is in use."""


class ReportError(RmbgEvalError):
    """A notebook or its export failed."""


class Ended(SystemExit):
    """Who sent a signal ends the process: no fault of the model whose code it interrupts."""


@dataclass(frozen=True, repr=False)
class Failure:
    """What went wrong with one case, in the form that run.json keeps."""

    kind: str
    """Name of the exception's class."""
    problem: Message
    remedy: Message

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """The failure that `error` stands for; foreign exceptions get a general remedy."""
        if isinstance(error, RmbgEvalError):
            return cls(type(error).__name__, error.problem, error.remedy)
        if isinstance(error, MemoryError):
            return cls(
                "MemoryError",
                Message("There was not enough memory for this picture"),
                Message("Close other programs, or make the picture smaller."),
            )
        problem = raised(error, 500)
        place = place_of(error)
        return cls(
            type(error).__name__,
            Message("{problem}{place}", problem=problem, place=place) if place
            else Message.of(problem),
            Message("Correct the model.") if place
            else Message("This was not foreseen: please report it together with the picture."),
        )  # fmt: skip

    @property
    def state(self) -> Literal["missing", "failed"]:
        """What a cut-out is that a folder of finished ones merely lacks, and any other."""
        return "missing" if self.kind == MissingCutoutError.__name__ else "failed"

    @property
    def word(self) -> Message:
        """The same on a page, in the cut-out's place."""
        return Message("Missing") if self.state == "missing" else Message("Failed")

    @property
    def message(self) -> Message:
        """Problem and remedy."""
        return _whole(self.problem, self.remedy)

    def everywhere(self) -> dict[str, dict[str, str]]:
        """Problem and remedy in every language, as pages take them."""
        problem = Message("{problem}.", problem=self.problem)
        return {"problem": problem.everywhere(), "remedy": self.remedy.everywhere()}

    def __str__(self) -> str:
        return str(self.message)

    def __repr__(self) -> str:
        """One line, as a notebook shows it."""
        return f"<Failure: {self}>"


def place_of(error: BaseException) -> Message | None:
    """The last line that somebody's own model or function got to before it raised; None where there
    is none, but only a library's or ours. By the file's name: folders differ from machine to
    machine, and of a notebook's cell by its line alone."""
    others = *map(sysconfig.get_path, ("stdlib", "purelib", "platlib")), _PACKAGE, "<frozen "
    lines = traceback.extract_tb(error.__traceback__)
    own = [line for line in lines if not line.filename.startswith(others)]
    if not own:
        return None
    path, number = Path(own[-1].filename), own[-1].lineno or 0
    if path.parent.name.startswith("ipykernel_") or path.name.startswith("<ipython-input-"):
        return Message(", in line {line} of its cell", line=number)
    return Message(", in {file}:{line}", file=printable(path.name), line=number)


_PACKAGE = f"{Path(__file__).parent}{os.sep}"


def _whole(problem: Message, remedy: Message) -> Message:
    return Message("{problem}. {remedy}", problem=problem, remedy=remedy)


def printable(text: str) -> str:
    r"""`text` with every character that is not plainly visible written as its escape.

    File names and metadata are strangers' text: line breaks, terminal control
    sequences, direction overrides and undecodable bytes must not reach a
    terminal, a table or a file name.

    >>> printable('a\nb')
    'a\\nb'
    >>> printable('发丝 ok')
    '发丝 ok'
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def quoted(value: object) -> str:
    """What was given in Python, which may be anything, fit to be named in a sentence."""
    return printable(repr(value))[:100]


_MAKERS = {
    "Axes": "pyplot.subplots()[1]",
    "CaseSet": "load_cases(FOLDER)",
    "Comparison": "compare_folders(SETTINGS)",
    "CompareSettings": "CompareSettings(base=FOLDER, new=FOLDER)",
    "Part": "rmbg_eval.run.shard.Part(NUMBER, OF)",
    "Run": "load_run(FOLDER)",
    "Settings": "Settings(cases=FOLDER, out=FOLDER)",
}


def check_record(given: object, kind: type) -> None:
    """SettingsError where something else, as a folder, is given for one of the objects above."""
    if not isinstance(given, kind):
        name = kind.__name__
        raise SettingsError(
            Message("{value} is no {type}", value=quoted(given), type=name),
            Message("Give one: {maker}.", maker=_MAKERS[name]),
        )


def check_name(given: object, names: Sequence[str], problem: Message) -> None:
    """SettingsError with that problem where something else than one of these names is given."""
    if not isinstance(given, str) or given not in names:
        raise SettingsError(
            problem, Message("Name one of these: {names}.", names=", ".join(names) or "–")
        )


SHORT_OF_MEMORY = Message(
    "Most often the memory did not suffice: close other programs, or take fewer at once."
)
"""What to do where a program was ended by the system, or could not have the memory it asked for."""


def reason_of(error: BaseException, longest: int = 200) -> Message:
    """Why, in an exception's own words: a message as it is, foreign text fit to be shown."""
    if error.args and isinstance(error.args[0], Message):
        return error.args[0]
    return Message.of(_fit(str(error), longest) or type(error).__name__)


def system_reason(error: Exception) -> str:
    """Why the system refused, in its own words; in the first line of a library's, which may have
    several and no number."""
    return _fit(getattr(error, "strerror", None) or str(error).partition("\n")[0], 200)


def raised(error: BaseException, longest: int = 300) -> str:
    """What a stranger's code raised, with its kind."""
    return _fit(f"{type(error).__name__}: {error}", longest)


def _fit(text: str, longest: int) -> str:
    """Foreign text, fit to be shown in a sentence, which goes on, or ends, itself: without the stop
    that it has, as Windows' have in Chinese."""
    return printable(text)[:longest].removesuffix(".").removesuffix("。")


_MOST = 5
"""Mistakes that one message lists."""
_LONGEST = 300
"""Characters of what pydantic says of one."""
_REPR = Repr()
"""Of what was received: a nest may be as deep as a stranger's file has it."""
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = 100

_PYDANTIC = (
    N_("input should be greater than {gt}"),
    N_("input should be greater than or equal to {ge}"),
    N_("input should be less than {lt}"),
    N_("input should be less than or equal to {le}"),
    N_("input should be a valid boolean"),
    N_("input should be a valid integer"),
    N_("input should be a valid list"),
    N_("input should be a valid number"),
    N_("input should be a valid string"),
    N_("input should be a valid tuple"),
    N_("input should be {expected}"),
    N_("extra inputs are not permitted"),
)
"""What pydantic says of a value, as far as catalogues have it."""


def explain(error: ValidationError, allowed: list[str]) -> Message:
    """What pydantic found wrong, in one sentence a person can act on.

    `allowed` are the names that exist, listed when an unknown one was given.
    """
    mistakes, unknown = [], False
    for item in error.errors()[:_MOST]:
        name = printable(".".join(str(part) for part in item["loc"]))[:80]
        if item["type"] == "extra_forbidden":
            unknown = True
            mistakes.append(Message("unknown name {name}", name=repr(name)))
        elif item["type"] == "missing":
            mistakes.append(Message("{name} is missing", name=name))
        else:
            received = printable(_REPR.repr(item["input"]))[:80]
            what = _what(item["msg"], item.get("ctx", {}))
            mistakes.append(
                Message(
                    "{name}: {what}, received {received}", name=name, what=what, received=received
                )
            )
    if error.error_count() > _MOST:
        mistakes.append(Message("and {n} more", n=error.error_count() - _MOST))
    whole = join("; ", mistakes)
    if unknown:
        return Message("{mistakes} (allowed: {allowed})", mistakes=whole, allowed=allowed)
    return whole


def _what(said: str, context: dict[str, Any]) -> Message:
    """Pydantic's sentence, in which what was received may be, as the message it was made of."""
    if isinstance(context.get("error"), ValueError):
        return reason_of(context["error"])
    said = printable(said[0].lower() + said[1:])[:_LONGEST]
    for text in _PYDANTIC:
        message = Message(text, **{key: printable(str(value)) for key, value in context.items()})
        if str(message) == said:
            return message
    return Message.of(said)
