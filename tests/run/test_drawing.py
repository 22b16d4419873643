"""The pictures of a run: exact alpha, drawn once, kept in its folder."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from fakes import FakeModel, some_cases
from pictures import encode, make_pipe, time_limit
from PIL import Image

from rmbg_eval import Prediction, Settings, evaluate
from rmbg_eval.cases.case import Case
from rmbg_eval.core import remote
from rmbg_eval.core.anchors import case_anchor
from rmbg_eval.errors import Failure
from rmbg_eval.i18n import Message
from rmbg_eval.run import drawing
from rmbg_eval.run.drawing import THUMB, draw_again, error_shares, load, thumb_in
from rmbg_eval.run.previews import CasePreviews, Plot, Preview
from rmbg_eval.run.record import Run


@pytest.fixture
def run(case_set: Path, tmp_path: Path) -> Run:
    return evaluate(Settings(cases=str(case_set), models=["grabcut"], out=str(tmp_path / "out")))


def cases_of(run: Run) -> Mapping[tuple[str, str], CasePreviews]:
    """What the run folder has of each case."""
    return load(run).cases


def files_of(run: Run) -> dict[Path, int]:
    return {
        path: path.stat().st_mtime_ns for path in (run.settings.out_folder / "assets").iterdir()
    }


def test_result_preview_has_the_cutouts_alpha_and_no_hidden_colours(run: Run) -> None:
    previews = cases_of(run)
    out = run.settings.out_folder
    for prediction in run.predictions:
        shown = previews[prediction.category, prediction.case].models["grabcut"]
        preview = np.asarray(Image.open(out / shown.result.path))
        cutout = np.asarray(Image.open(out / prediction.cutout))
        assert np.array_equal(preview[..., 3], cutout[..., 3])
        seen = cutout[..., 3] > 0
        assert np.abs(preview[seen].astype(int) - cutout[seen]).mean() < 16  # noise, in WebP
        grey = np.asarray(Image.open(out / shown.alpha.path).convert("L"))
        assert np.array_equal(grey, cutout[..., 3])
        assert shown.opaque == pytest.approx((cutout[..., 3] > 242).mean())


def test_truth_is_shown_exactly(run: Run, case_set: Path) -> None:
    shown = cases_of(run)["portrait", "ada"]
    stored = np.asarray(Image.open(case_set / "portrait" / "ada" / "alpha.png").convert("L"))
    for each in (shown.truth, shown.true_alpha):
        drawn = Image.open(run.settings.out_folder / each.path).convert("L")
        assert np.array_equal(np.asarray(drawn), stored)
    assert cases_of(run)["pet", "rex"].truth is None


def test_what_is_said_of_a_cut_out_is_of_its_own_alpha_beside_the_truth(
    case_set: Path, tmp_path: Path
) -> None:
    def level(share: float) -> Callable[[np.ndarray], np.ndarray]:
        return lambda rgb: np.full(rgb.shape[:2], share)

    ada = Settings(cases=str(case_set), categories=["portrait"], out=str(tmp_path / "out"))
    run = evaluate(ada, models={"all": level(1.0), "half": level(0.5), "none": level(0.0)})
    models = cases_of(run)["portrait", "ada"].models
    truth = np.asarray(Image.open(case_set / "portrait" / "ada" / "alpha.png")) / 255
    too_opaque, too_clear = (truth < 0.9).mean(), (truth > 0.1).mean()
    assert models["all"].wrong == (pytest.approx(too_opaque), 0)
    assert models["none"].wrong == (0, pytest.approx(too_clear))
    assert [(each.opaque, each.in_between) for each in models.values()] == [(1, 0), (0, 1), (0, 0)]
    assert {(each.full, each.edge) for each in models.values()} == {(None, None)}


def test_previews_are_drawn_once(run: Run) -> None:
    before = files_of(run)
    load(run)
    draw_again(run)
    again = evaluate(run.settings)
    assert files_of(again) == before


@pytest.mark.parametrize(("name", "read"), [("_read_cutouts", {}), ("or_none", None)])
def test_what_could_not_be_read_is_drawn_the_next_time(
    case_set: Path, tmp_path: Path, name: str, read: object
) -> None:
    settings = Settings(cases=str(case_set), models=["grabcut"], out=str(tmp_path / "out"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, name, lambda *_: read)
        lacking = cases_of(evaluate(settings))
    assert not all(each.models and each.original for each in lacking.values())
    assert all(each.models and each.original for each in cases_of(evaluate(settings)).values())


def test_previews_of_another_content_replace_the_old_ones(run: Run, case_set: Path) -> None:
    Image.new("RGB", (96, 64), "white").save(case_set / "pet" / "rex.png")
    Image.new("RGB", (96, 64), "grey").save(case_set / "pet" / "tom.png")
    before = cases_of(run)
    run = evaluate(run.settings)
    again = cases_of(run)
    changed = {key for key in again if again[key] != before[key]}
    assert changed == {("pet", "rex"), ("pet", "tom")}
    drawn = {path.name[:20] for path in files_of(run) if path.suffix == ".webp"}
    assert drawn == {each.name for each in again.values()}
    indices = {path.name for path in files_of(run) if path.suffix == ".json"}
    assert len(indices) == len(again)


def test_a_picture_replaced_since_the_run_is_not_shown_beside_its_cut_out(tmp_path: Path) -> None:
    picture = some_cases(tmp_path / "cases" / "c", 2)[0].image
    settings = Settings(cases=str(tmp_path / "cases"), out=str(tmp_path / "out"))
    run = evaluate(settings, models=[FakeModel()])
    before = picture.read_bytes()
    Image.new("RGB", (96, 64), "white").save(picture)
    for again in (False, True):
        shutil.rmtree(tmp_path / "out" / "assets")
        draw_again(run)
        shown = load(run)
        assert [bool(each.original) for each in shown.cases.values()] == [again, True]
        spots = {spot.finding.case: bool(spot.original) for spot in shown.worst}
        assert spots == {"00": again, "01": True}
        picture.write_bytes(before)


def test_nor_is_it_where_the_first_model_could_not_read_it(tmp_path: Path) -> None:
    (case,) = some_cases(tmp_path / "cases" / "c", 1)
    settings = Settings(cases=str(tmp_path / "cases"), out=str(tmp_path / "out"))
    run = evaluate(settings, models=[FakeModel("one"), FakeModel("two", weights="2" * 64)])
    first, second = run.predictions
    failure = Failure("ImageError", Message("it cannot be read"), Message("Run again."))
    lost = Prediction(category="c", case=first.case, model="one", failure=failure)
    run = run.model_copy(update={"predictions": (lost, second)})
    Image.new("RGB", (96, 64), "white").save(case.image)
    draw_again(run)
    (shown,) = load(run).cases.values()
    assert shown.original is None
    assert shown.models.keys() == {"two"}


def test_another_truth_or_true_foreground_is_drawn(run: Run, case_set: Path) -> None:
    ada = case_set / "portrait" / "ada"
    before = cases_of(run)["portrait", "ada"]
    Image.open(ada / "image.png").transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(
        ada / "foreground.png"
    )
    between = cases_of(evaluate(run.settings))["portrait", "ada"]
    assert between.name != before.name
    Image.open(ada / "alpha.png").point(lambda level: 255 - level).save(ada / "alpha.png")
    assert cases_of(evaluate(run.settings))["portrait", "ada"].name != between.name


def moved(run: Run, case_set: Path) -> Run:
    """The run from another folder, its case set gone."""
    folder = run.settings.out_folder
    shutil.rmtree(case_set)
    folder.rename(folder.with_name("moved"))
    return Run.load(folder.with_name("moved"))


def test_a_moved_run_folder_shows_all_without_its_case_set(run: Run, case_set: Path) -> None:
    drawn = load(run)
    before = {path.name: path.read_bytes() for path in files_of(run)}
    there = moved(run, case_set)
    assert load(there) == drawn
    assert {path.name: path.read_bytes() for path in files_of(there)} == before


def as_before(run: Run, previews: Mapping[tuple[str, str], CasePreviews]) -> None:
    """What is there under the names, and with the keys, that versions before gave them."""
    for path in files_of(run):
        if path.suffix == ".json":
            path.unlink()
    for number, each in enumerate(previews.values()):
        about = each.model_dump(mode="json", exclude={"picture_sha256", "cutouts"})
        for plot in about["plots"]:
            plot["shown"] = plot.pop("picture")
        path = run.settings.out_folder / "assets" / f"{number:020x}.json"
        path.write_text(json.dumps(about))


def test_a_run_folder_made_before_shows_what_it_has(run: Run, case_set: Path) -> None:
    drawn = dict(cases_of(run))
    ada = drawn["portrait", "ada"]
    picture = Plot(kind="histogram", picture=ada.truth, facts={"grabcut": 0.1, "truth": 0.2})
    drawn["portrait", "ada"] = ada.model_copy(update={"histogram": {}, "plots": (picture,)})
    as_before(run, drawn)
    assert cases_of(moved(run, case_set)) == drawn


def test_of_what_was_drawn_before_no_case_is_shown_as_another(run: Run, case_set: Path) -> None:
    rex, tom = (case_set / "pet" / f"{name}.png" for name in ("rex", "tom"))
    tom.write_bytes(rex.read_bytes())  # one cut-out, of two cases
    run = evaluate(run.settings)
    as_before(run, {key: each for key, each in cases_of(run).items() if key[0] == "pet"})
    there = cases_of(moved(run, case_set))
    assert there["portrait", "ada"].original is None
    assert there["portrait", "ada"].models["grabcut"].alpha
    assert there["pet", "rex"].original is None  # two have the same numbers


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n%%EOF\n"


@pytest.mark.parametrize("damage", ["another format", "cut off", "gone", "outside the folder"])
def test_what_an_index_of_before_names_is_read_as_a_picture_of_the_folder_or_not_at_all(
    run: Run, case_set: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    as_before(run, cases_of(run))
    folder = run.settings.out_folder
    for path in (folder / "assets").glob("*alpha.webp"):
        if damage == "another format":
            path.write_bytes(EPS)
        elif damage == "cut off":
            path.write_bytes(path.read_bytes()[:40])
        else:
            path.rename(folder.parent / path.name)
    for path in (folder / "assets").glob("*.json") if damage == "outside the folder" else ():
        path.write_text(re.sub(r'assets/([^"]*alpha.webp)', r"assets/../../\1", path.read_text()))
    monkeypatch.setattr("PIL.EpsImagePlugin.Ghostscript", lambda *_: pytest.fail("PostScript ran"))
    assert all(each.original is None for each in cases_of(moved(run, case_set)).values())


def test_what_was_drawn_of_other_cutouts_is_not_shown(run: Run) -> None:
    rex = next(p for p in run.predictions if p.case == "rex")
    with_another = rex.model_copy(update={"cutout_sha256": "0" * 64})
    changed = run.model_copy(update={"predictions": (with_another,)})
    drawn = load(changed).cases["pet", "rex"]
    assert drawn.original is None
    assert evaluate(run.settings).complete
    assert cases_of(run)["pet", "rex"].original


def test_of_an_interrupted_run_the_cases_that_were_not_reached_have_an_original(run: Run) -> None:
    partial = run.model_copy(update={"predictions": run.predictions[:1], "complete": False})
    draw_again(partial)
    shown = load(partial).cases
    assert all(each.original for each in shown.values())
    assert [bool(each.models) for each in shown.values()] == [True, False, False]
    draw_again(run)
    assert all(each.models for each in load(run).cases.values())


def test_errors_have_a_sign() -> None:
    truth = np.repeat([[0, 0.5, 1]], 5, axis=0).astype(np.float32)
    more, less = truth.copy(), truth.copy()
    more[:3, 0], less[:2, 2] = 0.2, 0.8
    more[:, 1] += 0.05  # nothing that one sees
    assert error_shares(more, truth) == (0.2, 0)
    assert error_shares(less, truth) == (0, pytest.approx(2 / 15))
    assert error_shares(truth, truth) == (0, 0)


def opened(run: Run, preview: Preview) -> np.ndarray:
    with Image.open(run.settings.out_folder / preview.path) as image:
        assert image.size == (preview.width, preview.height)
        return np.asarray(image)


def large_case(folder: Path, **changes: object) -> Run:
    (folder / "cases").mkdir()
    rng = np.random.default_rng(1)
    picture = Image.fromarray(rng.integers(0, 255, (30, 60, 3), np.uint8)).resize((1000, 500))
    picture.save(folder / "cases" / "large.png")
    ramp = np.tile(np.linspace(0, 255, 1000).astype(np.uint8), (500, 1))
    changed = np.dstack([255 - np.asarray(picture), ramp])
    (folder / "own").mkdir()
    Image.fromarray(changed).save(folder / "own" / "large.png")
    return evaluate(
        Settings(
            cases=str(folder / "cases"),
            models=["grabcut", f"own=folder:{folder / 'own'}"],
            out=str(folder / "out"),
            **changes,
        )
    )


def test_thumbs_are_small_and_the_rest_is_at_full_size(tmp_path: Path) -> None:
    run = large_case(tmp_path)
    shown = cases_of(run)["pictures", "large"]
    assert (shown.original.width, shown.original.height) == (THUMB[0], THUMB[0] // 2)
    assert shown.models["grabcut"].result.width == THUMB[0]
    stored = np.asarray(Image.open(tmp_path / "cases" / "large.png"))
    apart = np.abs(opened(run, shown.full).astype(int) - stored)
    assert apart.shape == (500, 1000, 3)
    assert apart.mean() < 4
    for prediction in run.predictions:
        cutout = np.asarray(Image.open(run.settings.out_folder / prediction.cutout))
        alpha = opened(run, shown.models[prediction.model].alpha)
        assert np.array_equal(alpha[..., 0] if alpha.ndim == 3 else alpha, cutout[..., 3])


def test_only_a_cutout_with_colours_of_its_own_is_kept_whole(tmp_path: Path) -> None:
    run = large_case(tmp_path)
    shown = cases_of(run)["pictures", "large"].models
    assert shown["grabcut"].full is None
    cutout = np.asarray(Image.open(tmp_path / "own" / "large.png"))
    whole = opened(run, shown["own"].full)
    assert np.array_equal(whole[..., 3], cutout[..., 3])
    seen = cutout[..., 3] > 0
    assert np.abs(whole[seen].astype(int) - cutout[seen])[:, :3].mean() < 8


def test_where_cutouts_lie_beside_the_page_none_is_kept_twice(tmp_path: Path) -> None:
    run = large_case(tmp_path, layout="folder")
    shown = cases_of(run)["pictures", "large"]
    assert shown.full
    assert [(each.full, each.alpha) for each in shown.models.values()] == [(None, None)] * 2


def test_no_address_that_a_run_names_is_asked_unless_one_gives_the_cases_oneself(
    run: Run, case_set: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = Case("pet", "rex", case_set / remote._FOLDER / "rex.png")
    here = Case("pet", "tom", case_set / "pet" / "tom.png")
    given: list[str] = []
    monkeypatch.setattr(drawing, "load_cases", lambda *_: SimpleNamespace(cases=(elsewhere, here)))
    monkeypatch.setattr(drawing, "draw", lambda run, cases, _: given.extend(c.id for c in cases))
    draw_again(run)
    assert given == ["tom"]
    draw_again(run, cases=case_set)
    assert given[1:] == ["rex", "tom"]


def test_a_map_is_stored_as_photographs_are_and_what_must_be_exact_without_loss(
    case_set: Path, tmp_path: Path
) -> None:
    settings = Settings(cases=str(case_set), categories=["portrait"], out=str(tmp_path / "out"))
    run = evaluate(settings, models=[FakeModel("one"), FakeModel("two", weights="2" * 64)])
    shown = cases_of(run)["portrait", "ada"]
    for picture, exact in (
        (shown.disagreement.picture, False),
        (shown.true_alpha, True),
        (shown.models["one"].alpha, True),
    ):
        data = (tmp_path / "out" / picture.path).read_bytes()
        assert (data[12:16] == b"VP8L") == exact


def test_a_file_that_somebody_put_in_a_cut_outs_place_is_not_shown_as_it(
    case_set: Path, tmp_path: Path
) -> None:
    settings = Settings(cases=str(case_set), categories=["portrait"], out=str(tmp_path / "out"))
    run = evaluate(settings, models=[FakeModel("one"), FakeModel("two", weights="2" * 64)])
    path = tmp_path / "out" / run.predictions[1].cutout
    whole = Image.open(path)
    for other in (whole.resize((48, 32)), whole.convert("RGB")):
        other.save(path)
        shutil.rmtree(tmp_path / "out" / "assets")
        draw_again(run)
        shown = cases_of(run)["portrait", "ada"]
        assert shown.models.keys() == {"one"}
        assert shown.histogram.keys() == {"one", "truth"}
        assert shown.disagreement is None


def test_a_profile_of_each_edge_is_kept(run: Run, case_set: Path) -> None:
    about = case_set / "portrait" / "ada" / "case.toml"
    text = about.read_text() if about.exists() else ""
    points = """
[[points]]
id = "rim"
kind = "soft-band"
lines = [[[4, 8], [24, 8]]]
[[points]]
id = "fall"
kind = "smooth-fall"
lines = [[[4, 12], [24, 12]]]
"""
    about.write_text(text + points)
    profiles = cases_of(evaluate(run.settings))["portrait", "ada"].profiles
    assert [profile.point for profile in profiles] == ["rim", "fall"]
    assert all(set(each.courses) == {"grabcut", "truth"} for each in profiles)
    assert {profile.length for profile in profiles} == {20}
    assert {len(each) for profile in profiles for each in profile.courses.values()} == {41}


def test_of_a_truth_of_another_size_nothing_is_drawn_beside_a_cut_out(
    run: Run, case_set: Path
) -> None:
    ada = case_set / "portrait" / "ada"
    with (ada / "case.toml").open("a") as about:
        about.write('\n[[points]]\nid = "rim"\nkind = "soft-band"\nlines = [[[4, 8], [24, 8]]]\n')
    for fits in (True, False):
        if not fits:
            Image.open(ada / "alpha.png").resize((48, 32)).save(ada / "alpha.png")
        shown = cases_of(evaluate(run.settings))["portrait", "ada"]
        (profile,) = shown.profiles
        assert ("truth" in profile.courses) == ("truth" in profile.widths) == fits
        assert bool(shown.histogram) == fits
        assert (shown.models["grabcut"].wrong is not None) == fits


def test_a_thumb_of_a_run_folder_is_of_the_picture_asked_for_and_lies_in_it(tmp_path: Path) -> None:
    folder, key = tmp_path / "run", ("pet", "rex")
    for path in (folder / "assets" / "own.webp", tmp_path / "other.webp"):
        path.parent.mkdir(exist_ok=True, parents=True)
        Image.new("RGB", (9, 6)).save(path)

    def drawn(path: str) -> None:
        thumb = Preview(path=path, width=9, height=6)
        made = CasePreviews(picture_sha256="1", original=thumb)
        (folder / "assets" / f"{case_anchor(*key)}.json").write_text(made.model_dump_json())

    assert thumb_in(folder, key, "1") is None
    drawn("assets/own.webp")
    assert thumb_in(folder, key, "1").size == (9, 6)
    assert thumb_in(folder, key, "2") is thumb_in(folder, key, None) is None
    bomb = encode(Image.new("L", (16_383, 11_000)), "WEBP", lossless=True, method=0)
    (folder / "assets" / "own.webp").write_bytes(bomb)
    assert thumb_in(folder, key, "1") is None
    drawn("../other.webp")
    assert thumb_in(folder, key, "1") is None
    index = folder / "assets" / f"{case_anchor(*key)}.json"
    index.unlink()
    make_pipe(index)
    with time_limit(5):
        assert thumb_in(folder, key, "1") is None
