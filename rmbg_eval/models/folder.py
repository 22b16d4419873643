"""Cut-outs that another tool made, a web service or Photoshop: judged like any model."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import numpy as np

from ..cases.names import id_in_shoot, name_of
from ..core.files import folded, user_path
from ..core.images import RGB, SUFFIXES, Alpha, Cutout, Picture, decode_cutout, read_bytes
from ..errors import ModelError, RmbgEvalError, printable
from ..i18n import Message, join
from .entry import Entry
from .info import NOT_STATED, ModelInfo
from .protocol import Model
from .wrapper import Wrapper


class Folder:
    """Finished cut-outs in `PATH/<category>/<stem>.*` or `PATH/<stem>.*`, of a shoot (a folder
    inside a category) also in `PATH/<category>/<shoot>/<stem>.*`: RGBA, or grey mattes."""

    batch_size = 1

    def __init__(self, label: str, path: str) -> None:
        self._root = user_path(path, ModelError)
        if not self._root.is_dir():
            raise ModelError(
                Message("There is no folder {folder} of cut-outs", folder=printable(path)),
                Message("Check the path after folder:."),
            )
        self._listed: dict[Path, _Files] = {}
        self.warnings: list[Message] = []
        self.info = ModelInfo(
            name=label,
            title=f"Cut-outs in {printable(self._root.resolve().name)}",
            licence=NOT_STATED,
            pipeline="finished cut-outs, used as they are",
            runtime="none",
            device="none",
            dtype="as stored",
        )

    def identity(self, name: str) -> str:
        """By the content of the file that belongs to the case; nothing if there is none."""
        try:
            return hashlib.sha256(read_bytes(self._file(name))).hexdigest()
        except RmbgEvalError:
            return "missing"

    def fetch(self, say: Callable[[str], None]) -> None:
        """There are no weights."""

    def load(self) -> bool:
        """There is nothing to load."""
        return False

    def preprocess(self, picture: Picture) -> bytes:
        return read_bytes(self._file(picture.name))

    def infer(self, inputs: list[bytes]) -> list[tuple[RGB | None, Alpha]]:
        return [decode_cutout(data, f"the cut-out in {self.info.name}") for data in inputs]

    def postprocess(self, output: tuple[RGB | None, Alpha], picture: Picture) -> Cutout:
        """The file's own colours where it has them, else the picture's under its matte."""
        return as_cutout(*output, picture)

    def _file(self, name: str) -> Path:
        """The file of the case `category/id`: in its category's folder, else in the root."""
        category, _, stem = name.rpartition("/")
        for folder in (self._folders.get(category), self._root):
            file = self._files_in(folder).of(stem) if folder else None
            if folder and file:
                return folder / file
        raise ModelError(
            Message(
                "There is no cut-out of {name} in {folder}",
                name=name,
                folder=printable(self._root.name),
            ),
            Message("Save it as {name}.png (RGBA, or a grey matte) there.", name=name),
        )

    @cached_property
    def _folders(self) -> dict[str, Path]:
        """By the category that each is of."""
        return {name_of(path.name): path for path in sorted(self._root.iterdir()) if path.is_dir()}

    def _files_in(self, folder: Path) -> _Files:
        """The pictures of the root or of a category's folder, with its shoots, listed once."""
        if folder not in self._listed:
            files = sorted(folder.iterdir(), reverse=True)
            inner = [] if folder == self._root else sorted(folder.glob("*/*"), reverse=True)
            self._listed[folder] = _Files(
                {
                    name_of(_id(path, folder)): str(path.relative_to(folder))
                    for path in (*inner, *files)
                    if path.suffix.lower() in SUFFIXES
                }
            )
        return self._listed[folder]

    def tell_others(self, names: Iterable[str]) -> None:
        """Warn of the files that are of none of all the pictures `category/id`."""
        others: set[Path] = set()
        with suppress(OSError):  # what cannot be read, its own picture says
            inner = (path for path in self._root.iterdir() if not path.name.startswith("."))
            for folder in (self._root, *filter(Path.is_dir, inner)):
                files = self._files_in(folder).exact.values()
                others |= {folder / file for file in files if not _hidden(file)}
        for name in names if others else ():
            with suppress(ModelError):
                others.discard(self._file(name))
        first = [printable(str(path.relative_to(self._root))) for path in sorted(others)[:_NAMED]]
        if others:
            self.warnings.append(
                Message(
                    "{n} file of {folder} matches no picture: {names}",
                    many="{n} files of {folder} match no picture: {names}",
                    n=len(others),
                    folder=printable(self._root.resolve().name),
                    names=join(", ", [*first, *(["…"] if len(others) > _NAMED else [])]),
                )
            )


def _id(path: Path, category: Path) -> str:
    """What `cases.folder` calls the picture of a cut-out in `category` or in a shoot of it."""
    return path.stem if path.parent == category else id_in_shoot(path.parent.name, path.stem)


def _hidden(file: str) -> bool:
    return any(part.startswith(".") for part in Path(file).parts)


class _Files:
    """The files of one folder, as paths from it, by their pictures' ids."""

    def __init__(self, exact: dict[str, str]) -> None:
        self.exact = exact
        self._alike: dict[str, str] = {}
        """By stems without regard to case; empty where several differ in nothing else."""
        for stem, file in exact.items():
            self._alike[folded(stem)] = "" if folded(stem) in self._alike else file

    def of(self, stem: str) -> str | None:
        """The file with that stem, else the one that is alike."""
        return self.exact.get(stem) or self._alike.get(folded(stem))


_NAMED = 3
"""Files that belong to no picture, named one by one."""


def tell_others(model: Model, names: Iterable[str]) -> None:
    """Of finished cut-outs, warn of the files that are of none of all the pictures `category/id`;
    of another model there is nothing to tell."""
    while isinstance(model, Wrapper):
        model = model.base
    if isinstance(model, Folder):
        model.tell_others(names)


def as_cutout(rgb: RGB | None, alpha: Alpha, picture: Picture) -> Cutout:
    """A finished cut-out of `picture`, `(H, W, 3) uint8` or None and `(H, W) float32` in [0, 1]: in
    its own colours where it has them, else in the picture's. ModelError where the sizes differ."""
    if (alpha.shape[1], alpha.shape[0]) != picture.size:
        raise ModelError(
            Message(
                "The cut-out has {width}×{height} pixels, the picture {width2}×{height2}",
                width=alpha.shape[1],
                height=alpha.shape[0],
                width2=picture.size[0],
                height2=picture.size[1],
            ),
            Message("Export the cut-out at the picture's full size: it is never resized."),
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
