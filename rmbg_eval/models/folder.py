"""Cut-outs that another tool made, a web service or Photoshop: judged like any model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from difflib import get_close_matches
from itertools import chain
from os.path import isdir
from pathlib import Path

import numpy as np

from ..cases.names import id_in_shoot, name_of
from ..core.decoding import SUFFIXES, decode_cutout, read_bytes
from ..core.files import folded, user_path
from ..core.images import RGB, Alpha, Cutout, Picture, is_grey, opaque_matte, shows_the_picture
from ..core.remote import sha256_of
from ..errors import MissingCutoutError, ModelError, printable, system_reason
from ..i18n import Message
from ..i18n.message import Value
from .entry import Entry
from .info import NOT_STATED, ModelInfo
from .protocol import Model
from .wrapper import Wrapper

FINISHED = "finished cut-outs, used as they are"
"""What their pipeline begins with: a refinement's follows."""


class Folder:
    """Finished cut-outs in `PATH/<category>/<stem>.*` or `PATH/<stem>.*`, of a shoot (a folder
    inside a category) also in `PATH/<category>/<shoot>/<stem>.*`: RGBA, or grey mattes."""

    batch_size = 1

    def __init__(self, label: str, path: str) -> None:
        self._root = user_path(path, ModelError)
        if not isdir(self._root):
            raise ModelError(
                Message("There is no folder {folder} of cut-outs", folder=printable(path)),
                Message("Check the path after folder:."),
            )
        self._listed: dict[Path, _Files] = {}
        self._inner = sorted(path for path in self._in(self._root) if isdir(path))
        self._folders = _Files((name_of(each.name), each.name) for each in self._inner)
        """By the category that each is of."""
        self.warnings: list[Message] = []
        self.info = ModelInfo(
            name=label,
            title=f"Cut-outs in {printable(self._root.resolve().name)}",
            licence=NOT_STATED,
            pipeline=FINISHED,
            runtime="none",
            device="none",
            dtype="as stored",
        )

    def identity(self, name: str) -> str:
        """By the content of the file that belongs to the case; nothing if there is none."""
        try:
            return sha256_of(self._file(name)) or "missing"
        except ModelError:
            return "missing"

    def fetch(self, say: Callable[[str], None]) -> None:
        """There are no weights."""

    def load(self) -> bool:
        """There is nothing to load."""
        return False

    def preprocess(self, picture: Picture) -> tuple[str, bytes]:
        """What messages call the cut-out, and its bytes."""
        file = self._file(picture.name)
        return self._shown(file), read_bytes(file)

    def infer(self, inputs: list[tuple[str, bytes]]) -> list[tuple[RGB | None, Alpha]]:
        return [decode_cutout(data, name) for name, data in inputs]

    def postprocess(self, output: tuple[RGB | None, Alpha], picture: Picture) -> Cutout:
        """The file's own colours where it has them, else the picture's under its matte."""
        return as_cutout(*output, picture)

    def _file(self, name: str) -> Path:
        """The file of the case `category/id`; ModelError where there is none, or several."""
        files = self._files_of(name)
        if len(files) == 1:
            return files[0]
        folder = printable(self._root.name)
        if files:
            raise ModelError(
                Message(
                    "There are several cut-outs of {name} in {folder}: {files}",
                    name=name,
                    folder=folder,
                    files=[self._shown(file) for file in files],
                ),
                Message("Leave one of them there."),
            )
        raise MissingCutoutError(
            Message("There is no cut-out of {name} in {folder}", name=name, folder=folder),
            Message("Save it as {name}.png (RGBA, or a grey matte) there.", name=name),
        )

    def _files_of(self, name: str) -> list[Path]:
        """What a case's cut-out may be: in its category's folder, else in the root."""
        category, _, stem = name.rpartition("/")
        inner = [self._root / each for each in self._folders.of(category)]
        files = [folder / file for folder in inner for file in self._files_in(folder).ended(stem)]
        return files or [self._root / file for file in self._files_in(self._root).ended(stem)]

    def _in(self, folder: Path) -> list[Path]:
        """What is in it; ModelError where it cannot be listed."""
        try:
            return [*folder.iterdir()]
        except OSError as error:
            raise ModelError(
                Message(
                    "The folder {folder} could not be read: {reason}",
                    folder=printable(str(folder)),
                    reason=system_reason(error),
                ),
                Message("Check its permissions."),
            ) from None

    def _files_in(self, folder: Path) -> _Files:
        """The pictures of the root or of a category's folder, with its shoots, listed once."""
        if folder not in self._listed:
            files = self._in(folder)
            inner = [] if folder == self._root else folder.glob("*/*")
            self._listed[folder] = _Files(
                (name_of(_id(path, folder)), path.relative_to(folder).as_posix())
                for path in sorted((*files, *inner))
                if path.suffix.lower() in SUFFIXES
            )
        return self._listed[folder]

    def _shown(self, file: Path) -> str:
        return printable(file.relative_to(self._root).as_posix())

    def tell_others(self, names: Iterable[str]) -> None:
        """Warn of the files that are of none of all the pictures `category/id`, and of several."""
        others: set[Path] = set()
        inner = (path for path in self._inner if not path.name.startswith("."))
        for folder in (self._root, *inner):
            with suppress(ModelError):  # what cannot be read, its own pictures say
                found = chain.from_iterable(self._files_in(folder).exact.values())
                others |= {folder / file for file in found if not _hidden(file)}
        used, shared, without = set[Path](), set[Path](), list[str]()
        for name in names if others else ():
            with suppress(ModelError):
                files = set(self._files_of(name))
                without += [] if files else [name]
                shared |= files & used
                used |= files
        if others - used:
            self.warnings.append(
                Message(
                    "{n} file of {folder} matches no picture: {names}",
                    many="{n} files of {folder} match no picture: {names}",
                    **self._told(others - used, without),
                )
            )
        if shared:
            self.warnings.append(
                Message(
                    "{n} file of {folder} is taken for several pictures of one name: {names}",
                    many="{n} files of {folder} are each taken for several pictures of one name: "
                    "{names}",
                    **self._told(shared),
                )
            )

    def _told(self, files: set[Path], without: Sequence[str] = ()) -> dict[str, Value]:
        """The first of them, each with the picture of those `without` a cut-out that it is like."""
        first = list[str | Message]()
        for path in sorted(files)[:_NAMED]:
            shown, parts = self._shown(path), path.relative_to(self._root).parts
            in_shoot = id_in_shoot(parts[1], path.stem) if len(parts) > 2 else path.stem
            like = _like(in_shoot, without)
            first.append(
                Message("{file} (is it {name}?)", file=shown, name=like) if like else shown
            )
        return {
            "n": len(files),
            "folder": printable(self._root.resolve().name),
            "names": [*first, *(["…"] if len(files) > _NAMED else [])],
        }


def _id(path: Path, category: Path) -> str:
    """What `cases.folder` calls the picture of a cut-out in `category` or in a shoot of it."""
    return path.stem if path.parent == category else id_in_shoot(path.parent.name, path.stem)


def _like(stem: str, names: Sequence[str]) -> str | None:
    """The one picture `category/id` whose id is almost `stem`, or begins it, or is it in a shoot;
    None where there is none, or are several. Pictures of another number are others."""
    stem = _AGAIN.sub("", folded(name_of(stem)))
    digits = _DIGITS.findall(stem)
    found = []
    for name in names:
        own = folded(name.rpartition("/")[2])
        begins = stem.startswith(own) and not stem[len(own) :][:1].isalnum()
        alike = begins or get_close_matches(stem, [own], 1, 0.8)
        if (alike and _DIGITS.findall(own) == digits) or own.endswith(id_in_shoot("", stem)):
            found.append(name)
    return found[0] if len(found) == 1 else None


_DIGITS = re.compile(r"\d+")
_AGAIN = re.compile(r" \(\d+\)$")
"""What browsers put after the name of a file that was there already."""


def _hidden(file: str) -> bool:
    return any(part.startswith(".") for part in Path(file).parts)


class _Files:
    """Files or folders, as paths from the one that they are in, by what they are of."""

    def __init__(self, files: Iterable[tuple[str, str]]) -> None:
        self.exact: dict[str, list[str]] = {}
        self._alike: dict[str, str | None] = {}
        """The one name that is so without regard to case; None where there are several."""
        for name, file in files:
            if name not in self.exact:
                self._alike[folded(name)] = None if folded(name) in self._alike else name
            self.exact.setdefault(name, []).append(file)

    def of(self, name: str) -> list[str]:
        """Those of that name, else of the one that is alike."""
        return self.exact.get(name) or self.exact.get(self._alike.get(folded(name)) or "", [])

    def ended(self, name: str) -> list[str]:
        """`of` the name, else of it with what tools put after names."""
        return self.of(name) or [file for end in _ENDINGS for file in self.of(f"{name}{end}")]


_ENDINGS = (
    "-removebg", "-removebg-preview", "-no-bg", "-nobg", "_no_bg", "_nobg", "-Photoroom", "-cutout",
    "_cutout", "_rgba", "-rgba", "_mask", "-mask", "_matte", "-matte", "_alpha", "-alpha", ".alpha",
    " copy", " Background Removed", *sorted(SUFFIXES),
)  # fmt: skip
"""What web services and programs put after the name of a picture; or they leave its own ending, as
a shell's loop does: rex.jpg.png."""


_NAMED = 3
"""Files that belong to no picture, named one by one."""


def tell_others(model: Model, names: Iterable[str]) -> None:
    """Of finished cut-outs, warn of the files that are of none of all the pictures `category/id`;
    of another model there is nothing to tell."""
    if folder := finished(model):
        folder.tell_others(names)


def finished(model: Model) -> Folder | None:
    """The finished cut-outs that a model takes its own from; None for one that computes them."""
    while isinstance(model, Wrapper):
        model = model.base
    return model if isinstance(model, Folder) else None


def as_cutout(rgb: RGB | None, alpha: Alpha, picture: Picture) -> Cutout:
    """A finished cut-out of `picture`, `(H, W, 3) uint8` or None and `(H, W) float32` in [0, 1]: in
    its own colours where it has them, else in the picture's: so where it is grey and opaque
    throughout and the picture is not grey. ModelError where the sizes differ, and for a grey
    picture over white, which has no alpha."""
    if (alpha.shape[1], alpha.shape[0]) != picture.size:
        turned = alpha.shape == picture.size
        raise ModelError(
            Message(
                "The cut-out has {width}×{height} pixels, the picture {width2}×{height2}",
                width=alpha.shape[1],
                height=alpha.shape[0],
                width2=picture.size[0],
                height2=picture.size[1],
            ),
            Message(
                "Export the cut-out upright, as the picture is shown: it is never turned to fit."
            )
            if turned
            else Message("Export the cut-out at the picture's full size: it is never resized."),
        )
    matte = alpha if rgb is None else opaque_matte(rgb, alpha)
    if matte is not None and not is_grey(picture.rgb):
        rgb, alpha = None, matte
    elif rgb is None and shows_the_picture(alpha, picture):
        raise ModelError(
            Message("The cut-out is the black-and-white picture itself, laid over white"),
            Message("Save the cut-out as RGBA (PNG or WebP), or the matte as a grey picture."),
        )
    return Cutout(picture.rgb if rgb is None else np.ascontiguousarray(rgb), alpha)


ENTRIES = (
    Entry(
        "folder",
        "cut-outs that another tool made",
        "yours",
        lambda asked: Folder(asked.label, asked.options.removeprefix(":")),
        path=":PATH",
        place=9,
    ),
)
