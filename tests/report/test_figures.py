"""The pictures of the report: where the hardest edge is, exact alpha, drawn once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rmbg_eval import Settings, evaluate, load_cases
from rmbg_eval.core.progress import ignore
from rmbg_eval.report.figures import PREVIEW_SIDE, hardest_edge, make_figures
from rmbg_eval.run.record import Run


@settings(max_examples=30, deadline=None)
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


def test_hardest_edge_of_a_large_picture_holds_its_only_soft_pixels() -> None:
    alpha = np.zeros((2000, 3000), np.float32)
    alpha[1500:1520, 2900:2920] = 0.5
    x, y, width, height = hardest_edge([alpha])
    assert x <= 2900
    assert x + width >= 2920
    assert y <= 1500
    assert y + height >= 1520
    assert x + width <= 3000


def test_no_edge_where_nothing_is_in_between() -> None:
    assert hardest_edge([np.eye(64, dtype=np.float32)]) is None


@pytest.fixture
def run(case_set: Path, tmp_path: Path) -> Run:
    return evaluate(Settings(cases=str(case_set), models=["grabcut"], out=str(tmp_path / "out")))


def _figures(run: Run) -> dict:
    cases = {(c.category, c.id): c for c in load_cases(run.settings.cases_folder).cases}
    return make_figures(run, cases, run.settings.out_folder, ignore)


def test_result_preview_has_the_cutouts_alpha_and_no_hidden_colours(run: Run) -> None:
    figures = _figures(run)
    out = run.settings.out_folder
    for prediction in run.predictions:
        shown = figures[prediction.category, prediction.case].models["grabcut"]
        preview = np.asarray(Image.open(out / shown.result.path))
        cutout = np.asarray(Image.open(out / prediction.cutout))
        assert np.array_equal(preview[..., 3], cutout[..., 3])
        seen = cutout[..., 3] > 0
        assert np.abs(preview[seen].astype(int) - cutout[seen]).mean() < 16  # noise, in WebP
        grey = np.asarray(Image.open(out / shown.alpha.path).convert("L"))
        assert np.array_equal(grey, cutout[..., 3])
        assert shown.opaque == pytest.approx((cutout[..., 3] > 242).mean())


def test_truth_is_shown_exactly(run: Run, case_set: Path) -> None:
    shown = _figures(run)["portrait", "ada"].truth
    stored = np.asarray(Image.open(case_set / "portrait" / "ada" / "alpha.png").convert("L"))
    drawn = Image.open(run.settings.out_folder / shown.path).convert("L")
    assert np.array_equal(np.asarray(drawn), stored)
    assert _figures(run)["pet", "rex"].truth is None


def test_figures_are_drawn_once(run: Run) -> None:
    _figures(run)
    assets = run.settings.out_folder / "assets"
    before = {path: path.stat().st_mtime_ns for path in assets.iterdir()}
    _figures(run)
    assert {path: path.stat().st_mtime_ns for path in assets.iterdir()} == before


def test_figures_of_another_content_replace_the_old_ones(run: Run, case_set: Path) -> None:
    _figures(run)
    Image.new("RGB", (96, 64), "white").save(case_set / "pet" / "rex.png")
    Image.new("RGB", (96, 64), "grey").save(case_set / "pet" / "tom.png")
    again = evaluate(run.settings)
    _figures(again)
    names = {path.name[:20] for path in (run.settings.out_folder / "assets").iterdir()}
    assert len(names) == len(again.cases)


def test_pictures_still_show_when_the_case_set_has_gone(run: Run) -> None:
    before = _figures(run)
    assert make_figures(run, {}, run.settings.out_folder, ignore).keys() == before.keys()


def test_large_cutouts_are_shrunk_for_the_page(tmp_path: Path) -> None:
    folder = tmp_path / "cases"
    folder.mkdir()
    rng = np.random.default_rng(1)
    Image.fromarray(rng.integers(0, 255, (30, 60, 3), np.uint8)).resize((2000, 1000)).save(
        folder / "large.jpg"
    )
    run = evaluate(Settings(cases=str(folder), models=["grabcut"], out=str(tmp_path / "out")))
    shown = _figures(run)["pictures", "large"]
    assert (shown.original.width, shown.original.height) == (PREVIEW_SIDE, PREVIEW_SIDE // 2)
    assert shown.models["grabcut"].result.width == PREVIEW_SIDE
