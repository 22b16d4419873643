"""The files of shards, brought into the folder of the run that they are merged to."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ValidationError

from ..core.anchors import case_anchor
from ..core.decoding import read_bytes
from ..core.files import (
    cannot_read,
    cannot_write,
    inside,
    no_file,
    replace,
    unfinished_prefix,
    write_atomic,
)
from ..core.key import CaseKey
from ..errors import ImageError, OutputError, printable
from ..i18n import Message
from ..predictions.prediction import Prediction
from ..run.previews import CasePreviews, Preview


def bring(
    predictions: Sequence[Prediction], folder: Path, to: Path, shown: Collection[CaseKey] | None
) -> None:
    """The files of one case, from its shard's folder; pictures only of those that are `shown`."""
    if not predictions:
        return
    for prediction in predictions:
        if prediction.cutout:
            _link(folder, to, prediction.cutout, prediction.cutout_sha256)
    category, case, _ = predictions[0].key
    if shown is not None and (category, case) not in shown:
        return
    index = f"assets/{case_anchor(category, case)}.json"
    try:
        data = read_bytes(folder / index)
        previews = CasePreviews.model_validate_json(data)
    except (ImageError, ValidationError):
        return  # it is drawn again, from what is there
    for preview in _previews(previews):
        if preview.path.startswith("assets/") and inside(folder / "assets", preview.path[7:]):
            with suppress(OutputError):
                _link(folder, to, preview.path)
    write_atomic(to / index, data)


def _previews(value: object) -> Iterator[Preview]:
    """Every picture file that a record names."""
    if isinstance(value, Preview):
        yield value
    elif isinstance(value, BaseModel):
        for _, each in value:
            yield from _previews(each)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _previews(each)
    elif isinstance(value, tuple):
        for each in value:
            yield from _previews(each)


def _link(folder: Path, to: Path, name: str, sha256: str | None = None) -> None:
    """One file as a hard link, or a copy where there can be none; OutputError where it is not what
    was written."""
    source, target = folder / name, to / name
    try:
        pipe = no_file(source)
        data = b"" if pipe else source.read_bytes()
    except OSError as error:
        remedy = Message("Bring the whole folder of the shard, or run it again.")
        raise cannot_read(source, error, remedy) from None
    if pipe or (sha256 and hashlib.sha256(data).hexdigest() != sha256):
        raise OutputError(
            Message("{file} is not what the shard wrote", file=printable(str(source))),
            Message("Bring the whole folder of the shard, or run it again."),
        )
    scratch = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            if target.samefile(source):
                return
        scratch = Path(tempfile.mktemp(prefix=unfinished_prefix(), dir=target.parent))  # noqa: S306
        os.link(source, scratch)
        replace(scratch, target)
    except OSError as error:
        if scratch is None:
            raise cannot_write(target, error) from None
        scratch.unlink(missing_ok=True)
        write_atomic(target, data)  # another disk, or one without links
