"""Where one looks: the hardest edge, and what was found, drawn at its place."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeModel, some_cases
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from test_drawing import cases_of, opened

from rmbg_eval import Settings, evaluate
from rmbg_eval.measure.record import ObservationPoint
from rmbg_eval.run.drawing import draw_again, load
from rmbg_eval.run.spots import around, box_of, hardest_edge


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**32 - 1),
    height=st.integers(40, 120),
    width=st.integers(40, 120),
    count=st.integers(1, 3),
)
def test_hardest_edge_is_where_a_search_over_every_square_finds_it(
    seed: int, height: int, width: int, count: int
) -> None:
    rng = np.random.default_rng(seed)
    alphas = [
        (rng.random((height, width)) * (rng.random((height, width)) < 0.1)).astype(np.float32)
        for _ in range(count)
    ]
    x, y, side, other = hardest_edge(alphas)
    assert side == other == min(48, height, width)
    doubt = sum(4 * a.astype(float) * (1 - a.astype(float)) for a in alphas)
    best = max(
        doubt[top : top + side, left : left + side].sum()
        for top in range(height - side + 1)
        for left in range(width - side + 1)
    )
    assert doubt[y : y + side, x : x + side].sum() == pytest.approx(best, rel=1e-5)


@pytest.mark.parametrize(("left", "top"), [(2900, 1500), (900, 400)])
def test_hardest_edge_of_a_large_picture_holds_its_only_soft_pixels(left: int, top: int) -> None:
    alpha = np.zeros((2000, 3000), np.float32)
    alpha[top : top + 20, left : left + 20] = 0.5
    x, y, width, height = hardest_edge([alpha])
    assert x <= left
    assert x + width >= left + 20
    assert y <= top
    assert y + height >= top + 20
    assert x + width <= 3000


@pytest.mark.parametrize(
    ("height", "width", "side"),
    [(600, 1200, 100), (1200, 600, 100), (300, 500, 48), (2000, 1000, 160), (30, 90, 30)],
)
def test_hardest_edge_is_a_square_of_a_twelfth_of_the_long_side(
    height: int, width: int, side: int
) -> None:
    assert hardest_edge([np.full((height, width), 0.5, np.float32)])[2:] == (side, side)


def test_no_edge_where_nothing_is_in_between() -> None:
    assert hardest_edge([np.eye(64, dtype=np.float32)]) is None


@given(
    x=st.integers(0, 90), y=st.integers(0, 50), width=st.integers(1, 10), height=st.integers(1, 10)
)
def test_the_place_shown_is_inside_and_holds_the_point(
    x: int, y: int, width: int, height: int
) -> None:
    point = ObservationPoint.model_validate(
        {"id": "p", "kind": "opaque", "box": [x, y, width, height]}
    )
    left, top, across, down = around(box_of(point), 100, 60)
    assert across == down
    assert 0 <= left <= x
    assert x + width <= left + across <= 100
    assert 0 <= top <= y
    assert y + height <= top + down <= 60


def test_a_finding_is_drawn_of_its_own_model_at_its_place(tmp_path: Path) -> None:
    """Of two models that miss two points at one place, each is seen to."""
    folder = tmp_path / "cases" / "pet" / "rex"
    folder.mkdir(parents=True)
    across, down = np.meshgrid(np.arange(240), np.arange(120))
    picture = np.dstack([across, 2 * down, across]).astype(np.uint8)
    Image.fromarray(picture).save(folder / "image.png")
    (folder / "case.toml").write_text(
        "".join(
            f'[[points]]\nid = "{kind}"\nkind = "{kind}"\nbox = [150, 20, 60, 40]\n'
            for kind in ("opaque", "transparent")
        )
    )
    for model, level in (("all", 255), ("none", 0)):
        alpha = np.full((120, 240), level, np.uint8)
        alpha[:10, :10] = 255 - level
        (tmp_path / model / "pet").mkdir(parents=True)
        Image.fromarray(np.dstack([picture, alpha])).save(tmp_path / model / "pet" / "rex.png")
    models = [f"{model}=folder:{tmp_path / model}" for model in ("all", "none")]
    settings = Settings(cases=str(tmp_path / "cases"), models=models, out=str(tmp_path / "out"))
    run = evaluate(settings)
    for of_model in cases_of(run)["pet", "rex"].models.values():
        assert of_model.gross["dissent"].amount > 0.9  # from the other, not from itself
    spots = {spot.finding.point: spot for spot in load(run).worst if spot.finding.point}
    found = {point: spot.finding.models for point, spot in spots.items()}
    assert found == {"opaque": ("none",), "transparent": ("all",)}
    for point, level in (("opaque", 0), ("transparent", 255)):
        left, top, width, height = spots[point].box
        assert (left, width, height) == (135, 90, 90)
        original = opened(run, spots[point].original).astype(int)
        assert np.abs(original - picture[top : top + height, left : left + width]).mean() < 8
        cutout = opened(run, spots[point].cutout)
        assert (cutout[..., 3:] == level).all()  # without alpha, WebP has no fourth
        assert level == 255 or cutout.shape[2] == 4


def test_a_finding_of_a_run_without_its_case_set_has_the_original_that_was_drawn(
    tmp_path: Path,
) -> None:
    """As one that an earlier version did not show."""
    some_cases(tmp_path / "cases" / "c", 1)
    settings = Settings(cases=str(tmp_path / "cases"), out=str(tmp_path / "out"))
    run = evaluate(settings, models=[FakeModel()])
    draw_again(run)
    shutil.rmtree(tmp_path / "cases")
    for path in (tmp_path / "out" / "assets").glob("*-at-*"):
        path.unlink()
    assert all(spot.original for spot in load(run).worst)
    assert load(run).worst


def test_a_finding_of_a_strangers_run_is_drawn_into_its_own_folder(tmp_path: Path) -> None:
    some_cases(tmp_path / "cases" / "c", 1)
    settings = Settings(cases=str(tmp_path / "cases"), out=str(tmp_path / "out"))
    run = evaluate(settings, models=[FakeModel()])
    assert load(run).worst
    (index,) = (tmp_path / "out" / "assets").glob("case-*.json")
    (name,) = {path.name[:20] for path in index.parent.glob("*-at-*")}
    index.write_text(index.read_text().replace(f'"{name}"', '"../../elsewhere/x"'))
    shutil.rmtree(tmp_path / "cases")
    assert load(run).worst
    assert not (tmp_path / "elsewhere").exists()


def test_where_two_models_differ_both_are_drawn_at_the_place(tmp_path: Path) -> None:
    (tmp_path / "cases" / "pet").mkdir(parents=True)
    picture = np.full((240, 240, 3), 90, np.uint8)
    picture[60:180, 60:180] = 200
    Image.fromarray(picture).save(tmp_path / "cases" / "pet" / "rex.png")
    for model, width in (("whole", 120), ("half", 60)):
        alpha = np.zeros((240, 240), np.uint8)
        alpha[60:180, 60 : 60 + width] = 255
        (tmp_path / model / "pet").mkdir(parents=True)
        Image.fromarray(np.dstack([picture, alpha])).save(tmp_path / model / "pet" / "rex.png")
    models = [f"{model}=folder:{tmp_path / model}" for model in ("whole", "half")]
    settings = Settings(cases=str(tmp_path / "cases"), models=models, out=str(tmp_path / "out"))
    run = evaluate(settings)
    (spot,) = load(run).worst
    assert str(spot.finding.words) == "whole and half differ on 50\u00a0% of the subject"
    kept = {
        model: opened(run, crop)[..., 3].mean()
        for model, crop in (
            (spot.finding.models[0], spot.cutout), (spot.finding.beside, spot.beside),
        )
    }  # fmt: skip
    assert kept["whole"] > kept["half"] + 20
