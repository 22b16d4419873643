"""Finished predictions and findings, by the content of what made them: no work is done twice.

`<cache>/predictions/<2 hex>/<key>.png` is the cut-out and `<key>.json` says
what belongs to it, its SHA-256 among it. The JSON is written last and the
picture's hash is checked when it is used, so that neither a killed process nor a
damaged disk leaves anything that is believed. `<cache>/measurements/` keeps what was measured,
each file behind its own SHA-256. The folders may be deleted at any time.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from ..errors import OutputError, printable, system_reason
from ..i18n import Message
from .decoding import DECODER
from .files import try_to_write, write_atomic
from .frozen import Frozen
from .paths import cache_folder

T = TypeVar("T")


class Entry(Frozen):
    """What is kept beside a cut-out."""

    cutout_sha256: str
    width: int
    height: int
    notes: tuple[Message, ...]
    seconds: dict[str, float]
    peak_memory_bytes: int | None


@dataclass(frozen=True)
class Store:
    """The predictions kept in `folder`."""

    folder: Path

    @classmethod
    def default(cls) -> Store:
        return cls(_usable_cache() / "predictions")

    @staticmethod
    def key(picture_sha256: str, model_identity: str) -> str:
        """The name of a prediction: same picture, same model in every respect, same decoding."""
        return hashlib.sha256(f"{DECODER} {picture_sha256} {model_identity}".encode()).hexdigest()

    def get(self, key: str) -> tuple[Entry, bytes] | None:
        """What is kept under `key`, whole and unaltered, or None."""
        try:
            entry = Entry.model_validate_json(self._path(key, "json").read_bytes())
            png = self._path(key, "png").read_bytes()
        except (OSError, ValidationError):
            return None
        return (entry, png) if hashlib.sha256(png).hexdigest() == entry.cutout_sha256 else None

    def put(self, key: str, entry: Entry, png: bytes) -> None:
        """Keep a cut-out; OutputError if it cannot be written."""
        _keep(self._path(key, "png"), png)
        _keep(self._path(key, "json"), entry.model_dump_json())

    def _path(self, key: str, suffix: str) -> Path:
        return self.folder / key[:2] / f"{key}.{suffix}"


@dataclass(frozen=True)
class MeasureCache:
    """What was measured, kept in `folder`: text by the content of all that decides it."""

    folder: Path

    @classmethod
    def default(cls) -> MeasureCache:
        return cls(_usable_cache() / "measurements")

    @staticmethod
    def key(*parts: object) -> str:
        """The name of what was found from `parts`."""
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def get(self, key: str) -> str | None:
        """What is kept under `key`, whole and unaltered, or None."""
        try:
            hashed, _, text = self._path(key).read_text("utf-8").partition("\n")
        except (OSError, UnicodeDecodeError):
            return None
        return text if hashlib.sha256(text.encode()).hexdigest() == hashed else None

    def read(self, key: str, kind: TypeAdapter[T]) -> T | None:
        """The same as what `kind` reads from JSON; None for what is no such thing."""
        text = self.get(key)
        try:
            return None if text is None else kind.validate_json(text)
        except ValidationError:
            return None

    def put(self, key: str, text: str) -> None:
        """Keep a text; OutputError if it cannot be written."""
        _keep(self._path(key), f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}")

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key


def _keep(path: Path, data: bytes | str) -> None:
    """Write a file, again where its folder goes meanwhile: somebody may be emptying the cache."""
    for _ in range(_TRIES - 1):
        with suppress(OutputError):
            return write_atomic(path, data)
    return write_atomic(path, data)


_TRIES = 5


def _usable_cache() -> Path:
    """The cache folder, made if need be; OutputError where nothing can be written into it.

    Asked before any work is done, which otherwise would be lost at its end.
    """
    folder = cache_folder()
    try:
        try_to_write(folder)
    except OSError as error:
        raise OutputError(
            Message(
                "The cache {folder} cannot be used: {reason}",
                folder=printable(str(folder)),
                reason=system_reason(error),
            ),
            Message("Let the environment variable RMBG_EVAL_CACHE name a folder of your own."),
        ) from None
    return folder
