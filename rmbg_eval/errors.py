"""Everything this package raises on purpose.

.. code-block:: text

    RmbgEvalError              a problem and its remedy; the command line exits 2
    ├── SettingsError          a parameter: unknown name, wrong type, value not allowed
    ├── CaseError              a case set or one of its cases: folder, case.toml, ids
    ├── ImageError             a picture file that cannot be used as it is
    ├── ModelError             a model: unknown name, cannot run here, broke its contract
    │   └── WeightsError       weights missing, not obtainable, or not the pinned ones
    ├── OutputError            the run folder or the cache cannot be written or is in use
    └── ReportError            a notebook or its export failed

A `CaseError`, `ImageError` or `ModelError` that concerns one picture never
ends a run: it is kept as a `Failure` in that case's prediction.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError


class RmbgEvalError(Exception):
    """A problem a person can act on: what is wrong, with which file or value, and what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem}. {self.remedy}"


class SettingsError(RmbgEvalError):
    """A parameter with an unknown name, a wrong type or a value that is not allowed."""


class CaseError(RmbgEvalError):
    """A case set, or one of its cases, is not as it should be."""


class ImageError(RmbgEvalError):
    """A picture file that cannot be used as it is."""


class ModelError(RmbgEvalError):
    """A model that is unknown, cannot run here, or broke the image contract."""


class WeightsError(ModelError):
    """Weights that are missing, cannot be had, or are not the pinned ones."""


class OutputError(RmbgEvalError):
    """The run folder or the cache cannot be written, or is in use."""


class ReportError(RmbgEvalError):
    """A notebook or its export failed."""


@dataclass(frozen=True)
class Failure:
    """What went wrong with one case, in the form that run.json keeps."""

    kind: str
    """Name of the exception's class."""
    problem: str
    remedy: str

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """The failure that `error` stands for; foreign exceptions get a general remedy."""
        if isinstance(error, RmbgEvalError):
            return cls(type(error).__name__, error.problem, error.remedy)
        if isinstance(error, MemoryError):
            return cls(
                "MemoryError",
                "There was not enough memory for this picture",
                "Close other programs, or make the picture smaller.",
            )
        return cls(
            type(error).__name__,
            printable(f"{type(error).__name__}: {error}")[:500],
            "This was not foreseen: please report it together with the picture.",
        )

    def __str__(self) -> str:
        return f"{self.problem}. {self.remedy}"


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


_MOST = 5
"""Mistakes that one message lists."""


def explain(error: ValidationError, allowed: list[str]) -> str:
    """What pydantic found wrong, in one sentence a person can act on.

    `allowed` are the names that exist, listed when an unknown one was given.
    """
    found, unknown = [], False
    for item in error.errors()[:_MOST]:
        name = printable(".".join(str(part) for part in item["loc"]))[:80]
        if item["type"] == "extra_forbidden":
            unknown = True
            found.append(f"unknown name {name!r}")
        elif item["type"] == "missing":
            found.append(f"{name} is missing")
        else:
            received = printable(repr(item["input"]))[:80]
            message = item["msg"].removeprefix("Value error, ")
            found.append(f"{name}: {message[0].lower() + message[1:]}, received {received}")
    if error.error_count() > _MOST:
        found.append(f"and {error.error_count() - _MOST} more")
    return "; ".join(found) + (f" (allowed: {', '.join(allowed)})" if unknown else "")
