"""Points that are drawn on a report or in explore, without a browser: whose value is whose."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fakes import save_picture

from rmbg_eval import Settings, evaluate
from rmbg_eval.core.anchors import case_anchor
from rmbg_eval.errors import CaseError
from rmbg_eval.explore import remove_background
from rmbg_eval.explore.by_hand import ByHand, PicturePoints
from rmbg_eval.explore.engine import CutoutPng
from rmbg_eval.run.record import Run

POINT = '[[points]]\nid = "drawn"\nkind = "opaque"\nbox = [1, 2, 9, 9]\n'
LEVELS = {"all": 1.0, "half": 0.5}


def level(share: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda rgb: np.full(rgb.shape[:2], share)


@pytest.fixture
def run(case_set: Path, tmp_path: Path) -> Run:
    """Of two models whose alpha is the same everywhere."""
    settings = Settings(cases=str(case_set), out=str(tmp_path / "out"))
    return evaluate(settings, models={name: level(share) for name, share in LEVELS.items()})


def asked(case: str, toml: str = POINT, **more: str) -> bytes:
    return json.dumps({"case": case_anchor(*case.split("/")), "toml": toml, **more}).encode()


def marks(values: dict) -> list[tuple[str, str, str]]:
    return [(m["model"], m["state"], m["value"].replace("\u00a0", " ")) for m in values["marks"]]


@pytest.mark.parametrize("case", ["portrait/ada", "pet/rex"])  # with a truth, and without
def test_a_drawn_point_has_each_models_own_value(run: Run, case_set: Path, case: str) -> None:
    by_hand = ByHand(run, case_set)
    for _ in range(2):  # the second time from what is kept
        found = by_hand.measure(asked(case))
        assert found["expected"].replace("\u00a0", " ") == "≥ 95 %"
        assert marks(found) == [("all", "passed", "100 %"), ("half", "failed", "50 %")]
    clear = POINT.replace("opaque", "transparent")
    assert [state for _, state, _ in marks(by_hand.measure(asked(case, clear)))] == ["failed"] * 2


def test_a_drawn_edge_is_measured_against_the_truth_where_there_is_one(
    run: Run, case_set: Path
) -> None:
    line = '[[points]]\nid = "rim"\nkind = "soft-band"\nlines = [[[48, 32], [20, 32]]]\n'
    by_hand = ByHand(run, case_set)
    for _ in range(2):
        known, bare = (by_hand.measure(asked(case, line)) for case in ("portrait/ada", "pet/rex"))
        assert known["expected"].endswith("px")
        assert [state for _, state, _ in marks(known)] == ["failed"] * 2  # neither falls at all
        assert bare["expected"] == ""
        assert [state for _, state, _ in marks(bare)] == ["unmeasured"] * 2


def test_a_damaged_cut_out_says_why_and_leaves_the_others(run: Run, case_set: Path) -> None:
    lost = next(p for p in run.predictions if (p.case, p.model) == ("rex", "all"))
    (run.settings.out_folder / lost.cutout).write_bytes(b"x")
    found = ByHand(run, case_set).measure(asked("pet/rex"))
    assert marks(found) == [("all", "unmeasured", "–"), ("half", "failed", "50 %")]
    assert "could not be measured" in found["marks"][0]["words"]["en"]


def test_a_drawn_point_goes_into_the_case_and_takes_the_place_of_what_it_was(
    run: Run, case_set: Path
) -> None:
    by_hand, path = ByHand(run, case_set), case_set / "portrait" / "ada" / "case.toml"
    before = path.read_text("utf-8")
    assert by_hand.write(asked("portrait/ada")) == {"file": "portrait/ada/case.toml"}
    assert path.read_text("utf-8") == f"{before}\n{POINT}"
    with pytest.raises(CaseError):
        by_hand.write(asked("portrait/ada"))  # it is there already
    moved = POINT.replace("[1, 2,", "[3, 4,")
    by_hand.write(asked("portrait/ada", moved, was=POINT))
    assert path.read_text("utf-8") == f"{before}\n{moved}"
    for toml in (
        POINT.replace("9]", "99]"),
        POINT * 2,
        "x = [",
        f'title = "x"\n{POINT}',
        " " * 50_001,
    ):
        with pytest.raises(CaseError):
            by_hand.write(asked("portrait/ada", toml))
    assert path.read_text("utf-8") == f"{before}\n{moved}"


def test_no_point_is_written_to_a_case_of_another_picture_or_of_none(
    run: Run, case_set: Path
) -> None:
    by_hand = ByHand(run, case_set)
    save_picture(case_set / "pet" / "rex.png", 9)
    with pytest.raises(CaseError, match="rex has another picture than in this run"):
        by_hand.write(asked("pet/rex"))
    (case_set / "pet" / "tom.png").unlink()
    with pytest.raises(CaseError, match="has no pet/tom"):
        by_hand.write(asked("pet/tom"))
    with pytest.raises(CaseError, match="no such case"):
        by_hand.measure(asked("pet/joe"))
    for said in (b"", b"{}", b'{"case": 1, "toml": ""}'):
        with pytest.raises(CaseError):
            by_hand.measure(said)


def test_in_explore_a_point_is_measured_on_the_picture_that_is_looked_at(tmp_path: Path) -> None:
    picture = save_picture(tmp_path / "rex.png")
    points = PicturePoints(lambda made: made.png or b"", "")
    made = {
        name: CutoutPng(name, {}, "", png=remove_background(level(share), picture).png)
        for name, share in LEVELS.items()
    }
    points.made("one", "all", "raw", made["all"])
    points.made("one", "half", "raw", made["half"])
    points.made("one", "blurred", "blur-fusion", made["half"])
    points.made("two", "all", "raw", made["half"])
    for _ in range(2):
        one, two = (marks(points.measure(id, "raw", POINT)) for id in ("one", "two"))
        assert one == [("all", "passed", "100 %"), ("half", "failed", "50 %")]
        assert two == [("all", "failed", "50 %")]
    assert [model for model, *_ in marks(points.measure("one", "blur-fusion", POINT))] == [
        "blurred"
    ]
    points.forget("one")
    assert marks(points.measure("one", "raw", POINT)) == []
    points.made("one", "all", "raw", made["half"])
    assert marks(points.measure("one", "raw", POINT)) == [("all", "failed", "50 %")]


def test_of_many_pictures_the_cut_outs_made_last_are_kept(tmp_path: Path) -> None:
    png = remove_background(level(1.0), save_picture(tmp_path / "rex.png")).png
    points = PicturePoints(lambda made: made.png or b"", "", most=3 * len(png))
    for id in ("0", "1", "2", "0", "3"):
        points.made(id, f"m{id}", "raw", CutoutPng("all", {}, "", png=png))
    assert [bool(marks(points.measure(id, "raw", POINT))) for id in "0123"] == [
        True, False, True, True,
    ]  # fmt: skip
