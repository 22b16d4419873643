"""Public data sets are read as they lie in their archives."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from fakes import disc
from PIL import Image
from systems import links

from rmbg_eval.cases.checks import check_case, likely_truths
from rmbg_eval.cases.folder import load_cases
from rmbg_eval.cases.layouts import LAYOUTS, NAMES, Layout
from rmbg_eval.errors import CaseError


def lay_out(folder: Path, layout: Layout, names: tuple[str, ...] = ("0001", "o_2 b")) -> None:
    """Pictures, their truth and, where the data set has them, trimaps."""
    for seed, name in enumerate(names):
        rgb, alpha = disc(seed)
        matte = np.rint(255 * alpha).astype(np.uint8)
        trimap = np.where(alpha > 0.9, 255, np.where(alpha < 0.1, 0, 128)).astype(np.uint8)
        files = {layout.pictures: (rgb, "jpg"), layout.truth: (matte, "png")}
        files |= {layout.trimap: (trimap, "png")} if layout.trimap else {}
        for inner, (pixels, suffix) in files.items():
            (folder / inner).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(folder / inner / f"{name}.{suffix}")


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda each: f"{each.pictures}+{each.truth}")
@pytest.mark.parametrize("depth", ["", "DIS-TE1", "validation/P3M-500-P"])
def test_every_layout_is_found_with_its_truth(tmp_path: Path, layout: Layout, depth: str) -> None:
    root = tmp_path / "AIM-500"
    lay_out(root / depth, layout)
    found = load_cases(root)
    category = Path(depth).name or "AIM-500"
    assert [case.name for case in found.cases] == [f"{category}/0001", f"{category}/o_2 b"]
    for case in found.cases:
        _, truth = check_case(case)
        assert truth is not None
        assert (case.trimap is not None) == bool(layout.trimap)
    assert found.skipped == ()
    (told,) = map(str, found.layouts)
    for part in (category, layout.pictures, layout.truth, layout.trimap):
        assert part in told


def test_a_data_set_is_read_from_where_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path / "set", LAYOUTS[0])
    (tmp_path / "set" / LAYOUTS[0].pictures / "0001.jpg").unlink()
    for where, folder in ((tmp_path, "set"), (tmp_path / "set", ".")):
        monkeypatch.chdir(where)
        found = load_cases(folder)
        assert [case.name for case in found.cases] == ["set/o_2 b"]
        assert [*map(str, found.skipped)] == ["gt/0001.png: truth without its picture"]


def test_a_layout_can_be_asked_for_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    lay_out(folder, LAYOUTS[0])
    assert len(load_cases(folder, layout_of="DIS5K").cases) == 2
    with pytest.raises(CaseError, match="is not laid out as ppm-100.*image/, matte/"):
        load_cases(folder, layout_of="ppm-100")
    with pytest.raises(CaseError, match="No layout of a data set 'dis6k'.*Use one of aim-500, "):
        load_cases(folder, layout_of="dis6k")
    assert {name for layout in LAYOUTS for name in layout.names} == set(NAMES)


def test_what_has_no_truth_is_a_case_and_what_has_no_picture_is_told(tmp_path: Path) -> None:
    lay_out(tmp_path / "set", LAYOUTS[0])
    (tmp_path / "set" / "gt" / "0001.png").rename(tmp_path / "set" / "gt" / "0009.png")
    (tmp_path / "set" / "notes").mkdir()
    found = load_cases(tmp_path / "set")
    assert [case.alpha is None for case in found.cases] == [True, False]
    assert sorted(map(str, found.skipped)) == [
        "gt/0009.png: truth without its picture",
        "notes: no part of the data set's layout",
    ]


def test_a_second_picture_or_truth_of_a_name_is_told(tmp_path: Path) -> None:
    lay_out(tmp_path / "set", LAYOUTS[0])
    for name in ("im/0001.png", "gt/0001.webp"):
        Image.fromarray(disc(3)[0]).save(tmp_path / "set" / name)
    found = load_cases(tmp_path / "set")
    assert [case.image.name for case in found.cases] == ["0001.jpg", "o_2 b.jpg"]
    assert [str(told) for told in found.skipped] == [
        "im/0001.png: not used; another picture here has its name",
        "gt/0001.webp: not used; another picture here has its name",
    ]


def test_a_category_of_ones_own_is_no_data_set(tmp_path: Path) -> None:
    lay_out(tmp_path / "set", LAYOUTS[0])
    shutil.rmtree(tmp_path / "set" / "gt")
    assert {case.category for case in load_cases(tmp_path / "set").cases} == {"im"}
    for name in ("image", "mask"):  # two categories that no picture is in twice
        (tmp_path / "own" / name).mkdir(parents=True)
        Image.fromarray(disc(1)[0]).save(tmp_path / "own" / name / f"of-{name}.png")
    assert {case.category for case in load_cases(tmp_path / "own").cases} == {"image", "mask"}


def test_a_folder_that_looks_like_the_truth_of_another_is_told(tmp_path: Path) -> None:
    once = "fabric/damask", "fabric/linen", "fabric/wool"
    for own in ("train/images", "train/masks", "own/hat", "own/mask", "own/case/mask", ".", *once):
        (tmp_path / own).mkdir(parents=True, exist_ok=True)
        name = {"own/hat": "2", "own/case/mask": "image"}.get(own, "1")
        Image.fromarray(disc(1)[0]).save(tmp_path / own / f"{name}.png")
    (tmp_path / "GT").mkdir()
    Image.fromarray(disc(1)[0]).save(tmp_path / "GT" / "1.png")
    case_set = load_cases(tmp_path)
    assert {*case_set.categories} == {"train", "own", "pictures", "GT", "fabric"}
    told = [str(each).partition(":")[0] for each in likely_truths(case_set)]
    assert told == [
        "GT/ is read as pictures, whose names are those of ./",
        "fabric/damask/ is read as pictures, whose names are those of fabric/linen/",
        "train/masks/ is read as pictures, whose names are those of train/images/",
    ]


@links
def test_links_lead_nowhere_else_there_either(tmp_path: Path) -> None:
    lay_out(tmp_path / "set", LAYOUTS[1])
    for inner in ("original/0001.jpg", "mask/o_2 b.png"):
        path = tmp_path / "set" / inner
        path.rename(tmp_path / path.name)
        path.symlink_to(tmp_path / path.name)
    assert [str(case.failure.problem) for case in load_cases(tmp_path / "set").cases] == [
        "0001.jpg leads out of the case set",
        "o_2 b.png leads out of the case set",
    ]
