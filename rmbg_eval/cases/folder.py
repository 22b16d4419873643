"""Case sets: read a folder of cases, make a new one.

A case set is a folder. `<category>/<case-id>/case.toml` describes a case in
full; a bare picture `<category>/<stem>.jpg` is one too, and so is a picture
that lies in the folder itself. Or it is a table that lists pictures, see
`cases.manifest`. See docs/guide/cases.md.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from ..core.decoding import SUFFIXES
from ..core.files import user_path
from ..core.paths import PACKAGE, resource
from ..core.remote import is_url, mirror
from ..core.toml import read_toml
from ..errors import CaseError, Failure, RmbgEvalError, printable, system_reason
from ..i18n import N_, Message
from ..measure.record import ObservationPoint
from .case import Case, CaseFile, CaseSet, packaged, second_case
from .categories import CATEGORIES, LOOSE, case_order, category_order
from .layouts import Layout, layouts_of, stems
from .manifest import is_manifest, read_manifest
from .names import Names, id_in_shoot, name_of

TRUTH_FOLDERS = ("gt", "alpha")
LIKE_TRUTH = ("alpha", "truth", "matte", "mask", "gt")
"""What people call a truth; in the folder of a case only alpha.png is one, unless its case.toml
says so."""
_WRITTEN = ("run.json", "comparison.json")
_BESIDE = ("readme.md", "desktop.ini", "thumbs.db", "icon\r")
"""Files that nobody takes for pictures: ours, and what Windows and macOS put beside them."""


def load_cases(
    folder: Path | str,
    categories: str | Iterable[str] = (),
    layout_of: str = "",
    keep: Callable[[str, str], bool] = lambda category, id: True,
) -> CaseSet:
    """Read the case set in `folder`, at that URL, or listed in that table (`cases.manifest`), or
    only the named `categories` of it. As in `Settings`, an empty text is the reference cases.

    >>> from rmbg_eval import load_cases
    >>> [case.name for case in load_cases("cases").cases]
    ['product/bottle', 'pet/rex']

    `layout_of`: the data set whose layout it has; empty: whichever fits, if any does. `keep`: asked
    once for each case of these, in their order, with category and id; of a table that
    `write_manifest` wrote, no other is ever in memory. A case that cannot be used is in the set all
    the same, with its `failure`. Raises CaseError if the folder, a named category or the layout
    does not exist or holds no case at all. Of a URL, pictures are copied to the cache as they are
    read (`core.remote`).
    """
    folder = folder or resource("cases")
    if isinstance(categories, str) or not isinstance(categories, Iterable):
        categories = [categories]
    only, there = tuple(name_of(str(category)) for category in categories), set[str]()

    def wanted(category: str, id: str) -> bool:
        there.add(category)
        return (not only or category in only) and keep(category, id)

    place, left_out = printable(str(folder)), list[Message]()
    if isinstance(folder, str) and is_url(folder):
        folder, left_out = mirror(folder)
    folder = user_path(folder, CaseError)
    layouts = layouts_of(layout_of)
    if is_manifest(folder):
        listed = read_manifest(folder, wanted)
    else:
        listed = _listed(folder, place, layouts, wanted)
    if layout_of and not listed.layouts:
        folders = [f"{layout.pictures}/, {layout.truth}/" for layout in layouts]
        raise CaseError(
            Message("{folder} is not laid out as {name}", folder=place, name=layout_of),
            Message("Give a folder, or one above it, that has {folders}.", folders=folders),
        )
    for category in only:
        if category not in there:
            raise CaseError(
                Message(
                    "There are no cases of the category {category}",
                    category=repr(printable(category)),
                ),
                Message(
                    "This case set has: {categories}.",
                    categories=[*sorted(there, key=category_order)],
                ),
            )
    return replace(listed, skipped=(*left_out, *listed.skipped))


def _listed(
    folder: Path, place: str, layouts: tuple[Layout, ...], wanted: Callable[[str, str], bool]
) -> CaseSet:
    """The cases of a folder, which is called `place`, that are `wanted`."""
    reader = _Reader(folder, layouts)
    try:
        if folder.is_file():
            raise CaseError(
                Message("{file} is a file, and no folder of pictures", file=place),
                Message(
                    "Give the folder that it is in, or a table of cases, whose name ends in .csv "
                    "or .parquet; single pictures are for: rmbg-eval cutout."
                ),
            )
        if not folder.is_dir():
            raise CaseError(
                Message("There is no folder {folder}", folder=place),
                Message(
                    "Give a folder of pictures with --cases, or make one with: rmbg-eval cases "
                    "new DIR."
                ),
            )
        if any((folder / name).is_file() for name in _WRITTEN):
            raise CaseError(
                Message("{folder} is what a run or a comparison wrote", folder=place),
                Message(
                    "Give the folder of its pictures; a finished report is its index.html, or is "
                    "served by: rmbg-eval serve RUN."
                ),
            )
        cases = sorted(reader.cases(), key=lambda case: case_order(*case.key))
    except OSError as error:
        raise CaseError(
            Message(
                "The folder {folder} could not be read: {reason}",
                folder=place,
                reason=system_reason(error),
            ),
            Message("Check its permissions."),
        ) from None
    if not cases:
        raise CaseError(
            Message("There are no pictures in {folder}", folder=place),
            Message("Put some into it, or into sub-folders named after their category."),
        )
    chosen = tuple(case for case in cases if wanted(*case.key))
    return CaseSet(folder, chosen, tuple(dict.fromkeys(reader.skipped)), tuple(reader.layouts))


def new_case_set(folder: Path) -> None:
    """Scaffold a case set: a folder a category, an example and a README."""
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise CaseError(
                Message("{folder} exists and is not empty", folder=printable(str(folder))),
                Message("Give the name of a new folder."),
            )
        shutil.copytree(PACKAGE / "cases" / "scaffold", folder, dirs_exist_ok=True)
        for category in CATEGORIES:
            (folder / category).mkdir()
    except OSError as error:  # copytree's own has a list of (from, to, why) instead of a reason
        raise CaseError(
            Message(
                "{folder} cannot be written: {reason}",
                folder=printable(str(folder)),
                reason=error.strerror or printable(str(error.args[0][0][2])),
            ),
            Message("Give a folder you may write to."),
        ) from None


class _Reader:
    """Walks one case set: the folder itself and its sub-folders, two levels deep."""

    def __init__(self, root: Path, layouts: tuple[Layout, ...]) -> None:
        self.root = root
        self.home = root.resolve()
        self.skipped: list[Message] = []
        self.layouts: list[Message] = []
        self.names = Names()
        self._known = layouts
        self._inside: dict[Path, bool] = {}
        """Folders, asked once: of a hundred thousand pictures half the time went into that."""

    def cases(self) -> Iterator[Case]:
        if layout := self._layout(self.root):
            yield from self._laid_out(self.root, layout)
            return
        yield from self._pictures(self.root, LOOSE)
        for folder in _folders(self.root):
            if folder.name in TRUTH_FOLDERS:
                continue
            category = name_of(folder.name)
            if not self._may_read(folder):
                continue
            if layout := self._layout(folder):
                yield from self._laid_out(folder, layout)
                continue
            for inner in _folders(folder):
                if not self._may_read(inner):
                    continue
                if layout := self._layout(inner):
                    yield from self._laid_out(inner, layout)
                elif (inner / "case.toml").exists() or _images_in(inner):
                    yield self._described(inner, category)
                elif inner.name not in TRUTH_FOLDERS:
                    yield from self._shoot(inner, category)
            yield from self._pictures(folder, category)

    def _layout(self, folder: Path) -> Layout | None:
        """The data set's layout that a folder has, if it has one."""
        if (folder / "case.toml").exists():
            return None
        return next((layout for layout in self._known if layout.fits(folder)), None)

    def _laid_out(self, folder: Path, layout: Layout) -> Iterator[Case]:
        """The cases of a folder with a data set's layout: a category of its name."""
        category = name_of(self.home.name if folder == self.root else folder.name)
        pictures, truths = (self._firsts(folder / name) for name in (layout.pictures, layout.truth))
        trimaps: dict[str, Path] = {}
        grey = folder / layout.trimap
        if layout.trimap and grey.is_dir() and self._may_read(grey):
            trimaps = self._firsts(grey)
        for stem, path in sorted(pictures.items()):
            yield self._case(
                category,
                stem,
                path,
                alpha=truths.pop(stem, None),
                trimap=trimaps.get(stem),
            )
        for path in truths.values():
            self._skip(path, N_("truth without its picture"))
        for inner in _folders(folder):
            if inner.name not in layout.folders:
                self._skip(inner, N_("no part of the data set's layout"))
        text = N_("{folder}: as {names}, pictures in {pictures}/ and truth in {truth}/")
        if trimaps:
            text = N_(
                "{folder}: as {names}, pictures in {pictures}/, truth in {truth}/ and the unknown "
                "region in {trimap}/"
            )
        self.layouts.append(
            Message(
                text,
                folder=category,
                names=[*layout.names],
                pictures=layout.pictures,
                truth=layout.truth,
                trimap=layout.trimap,
            )
        )

    def _firsts(self, folder: Path) -> dict[str, Path]:
        """The pictures of a data set's folder by stem; of several with one, the first."""
        found = stems(folder)
        for _, *others in found.values():
            for path in others:
                self._skip(path, N_("not used; another picture here has its name"))
        return {stem: paths[0] for stem, paths in found.items()}

    def _shoot(self, folder: Path, category: str) -> Iterator[Case]:
        """The bare pictures of a folder inside a category: cases of one group."""
        group = f"{category}/{name_of(folder.name)}"
        cases = list(self._pictures(folder, category, CaseFile(group=group)))
        deeper = [inner for inner in _folders(folder) if inner.name not in TRUTH_FOLDERS]
        if cases:
            for inner in deeper:
                self._skip(inner, N_("deeper than a folder inside a category"))
        elif deeper:
            text = N_("what is in its folders is too deep for a case; a table of cases takes it")
            self._skip(folder, text)
        else:
            self._skip(folder, N_("a folder inside a category needs a case.toml or pictures"))
        yield from cases

    def _pictures(
        self, folder: Path, category: str, about: CaseFile = CaseFile()
    ) -> Iterator[Case]:
        """The bare pictures of one folder, with the truth that lies beside them."""
        files = sorted(path for path in folder.iterdir() if not path.is_dir())
        files = [path for path in files if not path.name.startswith(".")]
        pictures = [path for path in files if path.suffix.lower() in SUFFIXES]
        truths = {
            stem: path
            for name in reversed(TRUTH_FOLDERS)
            if (folder / name).is_dir() and self._may_read(folder / name)
            for stem, path in self._truths((folder / name).iterdir()).items()
        } | self._truths(path for path in pictures if _is_truth(path))
        for path in files:
            if path.suffix.lower() not in SUFFIXES:
                if not self._leads_inside(path):
                    away = path if path.is_symlink() else folder
                    self._skip(away, N_("leads out of the case set"))
                elif path.name.lower() not in _BESIDE:
                    self._skip(path, N_("not a picture by its name"))
            elif not _is_truth(path):
                stem = id_in_shoot(folder.name, path.stem) if about.group else path.stem
                truth = truths.pop(name_of(path.stem), None)
                yield self._case(category, stem, path, about, alpha=truth)
        for path in truths.values():
            self._skip(path, N_("truth without its picture"))

    def _truths(self, files: Iterable[Path]) -> dict[str, Path]:
        """The truths among files of one folder, by what the pictures are called."""
        truths: dict[str, Path] = {}
        for path in sorted(files, reverse=True):
            stem = name_of(path.stem.removesuffix(".alpha"))
            if path.suffix.lower() not in SUFFIXES or path.name.startswith("."):
                continue
            if stem in truths:
                self._skip(path, N_("not used; another truth has its name"))
            truths.setdefault(stem, path)
        return truths

    def _described(self, folder: Path, category: str) -> Case:
        """The case of a folder with a case.toml, or with an image.* alone."""
        try:
            about = self._case_toml(folder)
            images = [folder / about.image] if about.image else _images_in(folder)
            image = images[0] if images else None
            for other in images[1:]:
                self._skip(other, N_("not used; another picture of the case is called image"))
            from_package = image is None and about.is_packaged
            if from_package:
                image = packaged(about)
            alpha = folder / (about.alpha or "alpha.png")
            if not about.alpha and not alpha.exists():
                self._no_truth(folder, image)
            colours = folder / (about.foreground or "foreground.png")
            return self._case(
                category,
                folder.name,
                image or folder / "image.jpg",
                about,
                alpha=alpha if about.alpha or alpha.exists() else None,
                foreground=colours if about.foreground or colours.exists() else None,
                from_package=from_package,
                folder=folder if self._leads_inside(folder / "case.toml") else None,
            )
        except CaseError as error:
            return self._case(category, folder.name, folder / "case.toml", failure=error)

    def _no_truth(self, folder: Path, image: Path | None) -> None:
        """Say of what was likely meant as the truth that it is not used."""
        for path in sorted(folder.iterdir()):
            *_, last = re.split("[-_. ]", path.stem.lower())
            named = last in LIKE_TRUTH and not path.name.startswith(".")
            if named and path != image and path.suffix.lower() in SUFFIXES:
                self._skip(path, N_("not used; a truth here is called alpha.png"))

    def _case_toml(self, folder: Path) -> CaseFile:
        path = folder / "case.toml"
        where = f"{printable(folder.name)}/case.toml"
        if not path.exists():
            return CaseFile()
        self._stay_inside(path)
        return read_toml(path, where, CaseFile, ObservationPoint, CaseError)

    def _case(
        self,
        category: str,
        stem: str,
        image: Path,
        about: CaseFile = CaseFile(),
        *,
        alpha: Path | None = None,
        foreground: Path | None = None,
        trimap: Path | None = None,
        failure: RmbgEvalError | None = None,
        from_package: bool = False,
        folder: Path | None = None,
    ) -> Case:
        """A case under a name of its own: a second one with the same id has failed."""
        wanted = name_of(stem)
        name = self.names.take(category, wanted)
        try:
            for path in (image, alpha, foreground, trimap):
                if path and not (from_package and path is image):
                    self._stay_inside(path)
            if name.second:
                raise second_case(image.name, category, wanted)
        except CaseError as error:
            failure = failure or error
        problem = Failure.of(failure) if failure else None
        return Case(
            category, name.id, image, about, alpha, foreground, trimap, problem, folder, name.alone
        )

    def _stay_inside(self, path: Path) -> None:
        """Nothing outside the case set is read, whatever a link or case.toml says."""
        if not self._leads_inside(path):
            raise CaseError(
                Message("{name} leads out of the case set", name=printable(path.name)),
                Message("Copy the file itself into the folder."),
            )

    def _leads_inside(self, path: Path) -> bool:
        folder = path.parent
        try:
            if "\0" in str(path):  # which Windows notices when it opens the file
                return False
            if path.name in ("", "..") or path.is_symlink():
                return path.resolve().is_relative_to(self.home)
            if folder not in self._inside:
                self._inside[folder] = folder.resolve().is_relative_to(self.home)
            return self._inside[folder]
        except (OSError, RuntimeError, ValueError):  # a loop of links
            return False

    def _may_read(self, folder: Path) -> bool:
        """Whether the folder is one of pictures that can be looked into; another is left out, by
        name: a report may be kept in the folder of the pictures that it is about, and a link in it
        may lead in a circle."""
        if folder.is_symlink() and folder.parent.resolve().is_relative_to(folder.resolve()):
            self._skip(folder, N_("a link to a folder that it lies in"))
            return False
        as_who_runs = os.access in os.supports_effective_ids
        if os.access(folder, os.R_OK | os.X_OK, effective_ids=as_who_runs):
            written = any((folder / name).exists() for name in _WRITTEN)
            if written:
                self._skip(folder, N_("what a run or a comparison wrote"))
            return not written
        self._skip(folder, N_("may not be read; check its permissions"))
        return False

    def _skip(self, path: Path, reason: str) -> None:
        name = printable(path.relative_to(self.root).as_posix())
        self.skipped.append(Message("{name}: {reason}", name=name, reason=Message(reason)))


def _folders(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(("_", ".")))


def _images_in(folder: Path) -> list[Path]:
    return sorted(
        p for p in folder.glob("image.*") if p.suffix.lower() in SUFFIXES and not _is_truth(p)
    )


def _is_truth(path: Path) -> bool:
    return path.stem.endswith(".alpha")
