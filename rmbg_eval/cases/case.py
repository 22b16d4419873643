"""A case: one picture to be judged on, with what is known about it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ..core.choices import Title
from ..core.decoding import decode, decode_matte, read_bytes
from ..core.images import RGB, Alpha, Picture
from ..core.key import CaseKey
from ..core.paths import packaged_picture
from ..core.remote import Source, source_of
from ..errors import CaseError, Failure, printable
from ..i18n import Message
from ..measure.kinds import check
from ..measure.record import ObservationPoint
from ..measure.subject import Mask
from .categories import category_order


class CaseFile(BaseModel):
    """What case.toml may say. Every key is optional; an unknown one is an error."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    title: Title = {}
    image: str | None = None
    """File beside case.toml; by default the one called image.*."""
    alpha: str | None = None
    """Truth: a grey matte or a cut-out of the same size; by default alpha.png, if it is there."""
    foreground: str | None = None
    """True foreground colours; by default foreground.png, if it is there."""
    source: str | None = None
    """Where the picture is from. `skimage:NAME`, where there is no image file, is the picture of
    that name packaged with scikit-image."""
    group: str | None = None
    """What it shares with others, the shoot: where models are compared, they count as one."""
    licence: str | None = None
    author: str | None = None
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    """Of the picture's bytes; another content is then a failed case."""
    points: Annotated[tuple[ObservationPoint, ...], Field(strict=False)] = ()
    """Where to look in it, and what should be seen there."""

    @field_validator("points")
    @classmethod
    def _each_as_its_kind_and_once(
        cls, points: tuple[ObservationPoint, ...]
    ) -> tuple[ObservationPoint, ...]:
        for point in points:
            check(point)
        ids = [point.id for point in points]
        twice = {id for id in ids if ids.count(id) > 1}
        if twice:
            raise ValueError(Message("two points are called {names}", names=sorted(twice)))
        return points

    @property
    def is_packaged(self) -> bool:
        """Whether the picture is one of scikit-image's, where there is no image file."""
        return (self.source or "").startswith("skimage:")


@dataclass(frozen=True, slots=True, repr=False)
class Case:
    """One picture to be judged on. Nothing is read from `image` until it is asked for.

    >>> from rmbg_eval import load_cases
    >>> case = load_cases("cases").cases[0]
    >>> case.name, case.picture().size, case.truth().shape
    ('product/bottle', (96, 64), (64, 96))
    """

    category: str
    id: str
    image: Path
    about: CaseFile = CaseFile()
    alpha: Path | None = None
    """Truth, or None."""
    foreground: Path | None = None
    trimap: Path | None = None
    """Of a data set that has them: its grey is the unknown region, instead of one computed."""
    failure: Failure | None = None
    """Why this case cannot be used; found while the folder was read."""
    folder: Path | None = None
    """Its own, which has its case.toml or may get one; None of a bare picture."""
    alone: bool = True
    """Whether no case before it has a name that differs in nothing but case or Unicode form."""

    def __repr__(self) -> str:
        """One line; `about` has what its case.toml says."""
        return f"<Case {printable(self.name)}: {printable(str(self.image))}>"

    @property
    def key(self) -> CaseKey:
        return self.category, self.id

    @property
    def name(self) -> str:
        """`category/id`: unique within a case set, plainly visible characters only."""
        return f"{self.category}/{self.id}" if self.category else self.id

    def read(self) -> bytes:
        """The bytes of the picture file, checked against the sha256 that case.toml gives."""
        data = read_bytes(self.image)
        if self.about.sha256 and hashlib.sha256(data).hexdigest() != self.about.sha256:
            raise CaseError(
                Message(
                    "{name} is not the picture whose sha256 is given",
                    name=printable(self.image.name),
                ),
                Message("Restore the picture, or correct the sha256."),
            )
        return data

    def picture(self, data: bytes | None = None) -> Picture:
        """The decoded picture, from its file or from `data` that was read from it.

        CaseError or ImageError where there is none.
        """
        data = self.read() if data is None else data
        return decode(data, printable(self.image.name), self.name)

    def truth(self) -> Alpha | None:
        """The true alpha `(H, W) float32` in [0, 1], as stored, or None; CaseError for a mask of 0
        and 1, where 255 is opaque."""
        if self.alpha is None:
            return None
        name = printable(self.alpha.name)
        alpha = decode_matte(read_bytes(self.alpha), name)
        if 0 < alpha.max() < 1.5 / 255:
            raise CaseError(
                Message("{name} is a mask of 0 and 1, and 255 is opaque", name=name),
                Message("Save it times 255."),
            )
        return alpha

    def unknown(self) -> Mask | None:
        """Where the trimap is grey, `(H, W) bool`, or None where there is no trimap."""
        if self.trimap is None:
            return None
        grey = decode_matte(read_bytes(self.trimap), printable(self.trimap.name))
        return (grey > 0) & (grey < 1)

    def true_foreground(self) -> RGB | None:
        """The true foreground colours `(H, W, 3) uint8`, sRGB, or None; an alpha is left aside."""
        if self.foreground is None:
            return None
        name = printable(self.foreground.name)
        return decode(read_bytes(self.foreground), name, drop_alpha=True).rgb


@dataclass(frozen=True, repr=False)
class CaseSet:
    """The cases of one folder or table, in the order of the report, and what was left out.

    >>> from rmbg_eval import load_cases
    >>> load_cases("cases").categories
    ('product', 'pet')
    """

    folder: Path
    cases: tuple[Case, ...]
    skipped: tuple[Message, ...] = ()
    """Files and folders that are no case, each with the reason."""
    layouts: tuple[Message, ...] = ()
    """Folders that are laid out as a published data set, and how they were read."""

    @property
    def categories(self) -> tuple[str, ...]:
        """Those that have cases, the table's first."""
        return tuple(sorted({case.category for case in self.cases}, key=category_order))

    @property
    def source(self) -> Source | None:
        """Of the URL that the pictures are at; None where they are on this machine."""
        image = next((c.image for c in self.cases if not (c.failure or c.about.is_packaged)), None)
        return source_of(image) if image else None

    def __repr__(self) -> str:
        """One line; `cases` has all of them."""
        return f"<CaseSet of {len(self.cases)} cases: {printable(str(self.folder))}>"


def second_case(file: str, category: str, id: str) -> CaseError:
    """That another case has the id that a picture's is to have."""
    return CaseError(
        Message(
            "{name} is a second case with the id {id}",
            name=printable(file),
            id=f"{category}/{id}",
        ),
        Message("Rename one of the two."),
    )


def packaged(about: CaseFile) -> Path:
    """The file of a picture that is packaged with scikit-image; CaseError where there is none."""
    name = (about.source or "").removeprefix("skimage:")
    path = packaged_picture(name) if re.fullmatch("[a-z0-9_]{1,60}", name) else None
    if path is None:
        raise CaseError(
            Message(
                "{source} is not among the pictures packaged with scikit-image",
                source=printable(about.source or ""),
            ),
            Message(
                "Use one of skimage:astronaut, skimage:chelsea, skimage:coffee, "
                "skimage:rocket, and install scikit-image."
            ),
        )
    return path
