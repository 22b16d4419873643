"""Add a picture to a folder of cases. Nothing of its name becomes a file's name."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path, PurePath

from ..cases.categories import CATEGORIES, LOOSE
from ..core.decoding import SUFFIXES
from ..core.files import user_path, write_atomic
from ..errors import CaseError, printable
from ..i18n import Message

_TITLE = 80


def add_case(folder: str, category: str, name: str, data: bytes) -> Path:
    """Write the case `folder/<category>/<hash>`: the picture as it came, and its case.toml.

    The folder is called after the picture's content, so that adding it twice is adding it once: a
    case that is there stays as it is, with the points that its case.toml got since. The name it had
    becomes the title. Raises CaseError for a category that is none, OutputError
    where nothing can be written.
    """
    if category not in (*CATEGORIES, LOOSE):
        raise CaseError(
            Message("There is no category {category}", category=repr(printable(category)[:80])),
            Message("Use one of {names}.", names=[*CATEGORIES, LOOSE]),
        )
    sha256 = hashlib.sha256(data).hexdigest()
    suffix = PurePath(name).suffix.lower()
    case = user_path(folder, CaseError) / category / sha256[:12]
    if os.path.exists(case / "case.toml"):
        return case
    # JSON's strings are TOML's.
    title = json.dumps(printable(PurePath(name).stem)[:_TITLE], ensure_ascii=False)
    write_atomic(case / f"image{suffix if suffix in SUFFIXES else '.jpg'}", data)
    toml = f'title = {{ en = {title}, zh = {title} }}\nsha256 = "{sha256}"\n'
    write_atomic(case / "case.toml", toml)
    return case
