"""How published data sets lay out their folders: pictures in one, their truth in another beside it.

Each is recognised by the names of its folders and by pictures whose truth has the same name. Names
of folders are as the data sets' own archives have them, or the evaluation code of their papers.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..core.decoding import SUFFIXES
from ..errors import CaseError
from ..i18n import Message


@dataclass(frozen=True)
class Layout:
    """Sub-folders of one folder, which becomes a category."""

    names: tuple[str, ...]
    """Of the data sets, as one names them on the command line."""
    pictures: str
    truth: str
    trimap: str = ""
    """Of trimaps: black, white, and grey where alpha is unknown; empty: there is none."""
    others: tuple[str, ...] = ()
    """What else belongs to it, and is not read."""

    def fits(self, folder: Path) -> bool:
        """Whether a picture in `folder` has its truth there."""
        pictures, truth = folder / self.pictures, folder / self.truth
        return bool(stems(pictures).keys() & stems(truth).keys())

    @property
    def folders(self) -> frozenset[str]:
        """All sub-folders that belong to it."""
        return frozenset({self.pictures, self.truth, self.trimap, *self.others} - {""})


_COMPOSED = ("alpha", "bg", "fg", "trimaps", "trimap")

LAYOUTS = (
    # Qin et al., ECCV 2022; in this layout BiRefNet evaluates on HRSOD and UHRSD as well.
    Layout(("dis5k",), "im", "gt", others=("mask", "depth", "trunk-origin", "struct-origin")),
    # Li et al., IJCAI 2021; Li et al., IJCV 2022.
    Layout(("aim-500", "am-2k"), "original", "mask", "trimap", ("fg", "usr")),
    # Li et al., ACM Multimedia 2021: faces blurred, or people who are no private ones.
    Layout(("p3m-10k",), "blurred_image", "mask", "trimap", ("facemask", "fg_bg")),
    Layout(("p3m-10k",), "original_image", "mask", "trimap", ("facemask", "fg_bg")),
    # Ke et al., AAAI 2022, and as PaddleSeg packs it.
    Layout(("ppm-100",), "image", "matte"),
    Layout(("ppm-100",), "fg", "alpha"),
    # Xie et al., CVPR 2022.
    Layout(("uhrsd",), "image", "mask", others=("boundary",)),
    # Zeng et al., ICCV 2019.
    Layout(("hrsod",), "HRSOD_test", "HRSOD_test_mask"),
    # Xu et al., CVPR 2017, composed; Qiao et al., CVPR 2020, likewise.
    Layout(("composition-1k", "distinctions-646"), "merged", "alpha_copy", "trimaps",
        _COMPOSED),
    Layout(("distinctions-646", "composition-1k"), "merged", "alpha", "trimaps", _COMPOSED),
    Layout(("distinctions-646",), "merged", "GT", "trimap", _COMPOSED),
)  # fmt: skip

NAMES = tuple(sorted({name for layout in LAYOUTS for name in layout.names}))


def layouts_of(name: str) -> tuple[Layout, ...]:
    """Those of the data set `name`, or all where it is empty; CaseError where there is none."""
    if not name:
        return LAYOUTS
    chosen = tuple(layout for layout in LAYOUTS if str(name).lower() in layout.names)
    if not chosen:
        raise CaseError(
            Message("No layout of a data set {name} is known", name=repr(name)),
            Message("Use one of {names}.", names=[*NAMES]),
        )
    return chosen


def stems(folder: Path) -> dict[str, list[Path]]:
    """The pictures of a folder by their names without the ending, in order; none where it is no
    folder, or may not be read."""
    found: dict[str, list[Path]] = {}
    with suppress(PermissionError):
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            named = path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
            if named and not path.is_dir():
                found.setdefault(path.stem, []).append(path)
    return found
