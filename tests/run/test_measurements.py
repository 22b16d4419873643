"""What a run measures: kept by content, never lost to one bad case, gated where required."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeModel, disc, save_picture
from PIL import Image
from systems import needs
from typer.testing import CliRunner

from rmbg_eval import Settings, evaluate
from rmbg_eval.cases.case import Case
from rmbg_eval.cases.checks import check_case
from rmbg_eval.cases.folder import load_cases
from rmbg_eval.cli.app import app
from rmbg_eval.core import remote
from rmbg_eval.core.images import Alpha, Picture
from rmbg_eval.errors import CaseError, SettingsError
from rmbg_eval.measure.record import PointResult
from rmbg_eval.measure.subject import TRIMAP, WHOLE, Subject
from rmbg_eval.predictions.stages import stored_alpha
from rmbg_eval.run import agreement, delivery, measurements, stability
from rmbg_eval.run.record import Run
from rmbg_eval.run.statistics import summarise

UseModels = Callable[..., None]

POINTS = """
[[points]]
id = "middle"
kind = "opaque"
title = { en = "The middle is there", zh = "中间还在" }
box = [44, 28, 8, 8]
required = true

[[points]]
id = "corner"
kind = "transparent"
box = [0, 0, 8, 8]

[[points]]
id = "rim"
kind = "no-fringe"
box = [0, 0, 96, 64]
tolerance = 90
"""


class Truthful(FakeModel):
    """Its alpha is the truth of every disc."""

    def alpha(self, picture: Picture) -> Alpha:
        return disc(0, picture.size)[1].astype(np.float32) / np.float32(255)


@pytest.fixture
def settings(case_set: Path, tmp_path: Path, use_models: UseModels) -> Settings:
    """Of a run of the truthful model over the three cases, the first of which has points."""
    use_models(Truthful("fake"))
    ada = case_set / "portrait" / "ada"
    with (ada / "case.toml").open("a", encoding="utf-8") as file:
        file.write(POINTS)
    colours = np.full((64, 96, 3), [180, 120, 40], np.uint8)
    Image.fromarray(colours).save(ada / "foreground.png")
    return Settings(cases=str(case_set), models=["fake"], out=str(tmp_path / "out"))


def value(run: Run, metric: str, case: str = "ada", model: str = "fake"):
    (found,) = [m for m in run.measurements if (m.metric, m.case, m.model) == (metric, case, model)]
    return found.value, found.reason and str(found.reason)


def test_points_and_colours_are_in_run_json_and_in_the_table(settings: Settings) -> None:
    run = evaluate(settings)
    assert Run.load(settings.out_folder) == run
    assert [(p.point, p.passed) for p in run.points] == [
        ("middle", True),
        ("corner", True),
        ("rim", True),
    ]
    assert [p.id for p in run.cases[0].points] == ["middle", "corner", "rim"]
    assert run.cases[0].points[0].title["zh"] == "中间还在"
    assert value(run, "mad") == (0, None)
    assert value(run, "delta_e_white")[0] > 0  # the picture's noise behind the rim
    assert value(run, "delta_e_white", "rex") == (None, "the case has no truth")
    rows = list(csv.DictReader((settings.out_folder / "measurements.csv").open(encoding="utf-8")))
    found = {row["metric"]: row for row in rows if row["metric"].startswith("point:")}
    assert float(found["point:middle"]["value"]) == 1
    assert (found["point:middle"]["unit"], found["point:middle"]["region"]) == (
        "alpha, 0 to 1",
        "opaque",
    )
    assert found["point:middle:passed"]["value"] == "1"


def test_nothing_is_measured_twice_and_a_new_measure_infers_nothing(
    settings: Settings, use_models: UseModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = evaluate(settings)
    read = measurements.read
    seen: list[str] = []
    monkeypatch.setattr(
        measurements, "read", lambda case, *how: seen.append(case.id) or read(case, *how)
    )
    again = Truthful("fake")
    use_models(again)
    assert evaluate(settings).outcome() == first.outcome()
    assert (seen, again.inferred) == ([], [])
    monkeypatch.setattr(measurements, "VERSION", "another")
    assert evaluate(settings).measurements == first.measurements
    assert (sorted(seen), again.inferred) == (["ada", "rex", "tom"], [])


def test_the_truth_is_hashed_once_however_many_models_are_measured_by_it(
    settings: Settings, use_models: UseModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_models(Truthful("one"), Truthful("two"), Truthful("three"))
    monkeypatch.setattr(remote, "_SETTLED", 0)
    hashed: list[str] = []
    hash_of = remote.sha256_file
    monkeypatch.setattr(
        remote, "sha256_file", lambda path: hashed.append(str(path)) or hash_of(path)
    )
    time.sleep(0.05)
    evaluate(settings.model_copy(update={"models": ["one", "two", "three"]}))
    truths = [path for path in hashed if path.endswith("alpha.png")]
    assert truths
    assert len(truths) == len({*truths})


def test_whatever_was_measured_is_measured_anew_where_values_change(
    settings: Settings,
    use_models: UseModels,
    monkeypatch: pytest.MonkeyPatch,
    cache: Path,
    tmp_path: Path,
) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text("[rules.clear]\nleast = 0\n")
    changes = {"models": ["fake", "other"], "flip": True, "rules": str(rules)}
    use_models(Truthful("fake"), FakeModel("other", weights="2" * 64))

    def kept() -> list[Path]:
        evaluate(settings.model_copy(update=changes))
        return [path for path in (cache / "measurements").rglob("*") if path.is_file()]

    before = kept()
    assert kept() == before
    for module in (agreement, delivery, measurements, stability):
        monkeypatch.setattr(module, "VERSION", "another", raising=False)
    assert len(kept()) == 2 * len(before)


@pytest.mark.parametrize("changed", ["alpha.png", "foreground.png", "case.toml"])
def test_what_decides_a_value_is_part_of_what_it_is_known_by(
    changed: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate(settings)
    path = Path(settings.cases) / "portrait" / "ada" / changed
    if changed == "case.toml":
        path.write_text(path.read_text("utf-8").replace("8, 8]", "9, 9]"), "utf-8")
    else:
        pixels = np.asarray(Image.open(path)).copy()
        pixels[30:40] = 77
        Image.fromarray(pixels).save(path)
    read = measurements.read
    seen: list[str] = []
    monkeypatch.setattr(
        measurements, "read", lambda case, *how: seen.append(case.id) or read(case, *how)
    )
    evaluate(settings)
    assert seen == ["ada"]


def test_damaged_findings_are_not_believed(settings: Settings, cache: Path) -> None:
    first = evaluate(settings)
    files = [path for path in (cache / "measurements").rglob("*") if path.is_file()]
    assert len(files) == 3
    for number, path in enumerate(files):
        text = path.read_text("utf-8")
        path.write_text(("", text[:-9], text.replace("1.0", "0.0"))[number], "utf-8")
    assert evaluate(settings).measurements == first.measurements


@pytest.mark.parametrize("name", ["alpha.png", "foreground.png"])
def test_a_truth_of_another_size_or_damaged_costs_only_what_needs_it(
    name: str, settings: Settings
) -> None:
    path = Path(settings.cases) / "portrait" / "ada" / name
    for size in ((40, 40), None):
        if size:
            Image.open(path).resize(size).save(path)
        else:
            path.write_bytes(b"no picture")
        run = evaluate(settings)
        assert run.failures == ()
        colour, reason = value(run, "delta_e_white")
        assert colour is None
        assert reason.startswith(("the truth cannot be used", "the true foreground cannot be used"))
        assert value(run, "in_between_share")[0] is not None
        assert (value(run, "mad")[0] is None) == (name == "alpha.png")
        points = {p.point: p for p in run.points}
        assert points["middle"].passed
        assert points["rim"].passed is None
        assert "cannot be used" in str(points["rim"].reason)


def test_what_cannot_be_measured_has_the_reason_and_is_tried_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(measurements, "measure", fail)
        run = evaluate(settings)
    assert run.failures == ()
    assert value(run, "mad")[1].startswith("it could not be measured: There was not enough memory")
    assert evaluate(settings).measurements != run.measurements


def test_of_a_prediction_that_failed_each_measure_and_point_has_the_reason(
    settings: Settings, use_models: UseModels
) -> None:
    class Failing(FakeModel):
        def alpha(self, picture: Picture) -> Alpha:
            raise ValueError("too red")

    use_models(Failing("fake"))
    run = evaluate(settings)
    assert [p.point for p in run.points] == ["middle", "corner", "rim"]
    reasons = {str(each.reason) for each in (*run.points, *run.measurements.of("mad"))}
    assert len(reasons) == 1
    assert reasons.pop().startswith("the prediction failed: ")
    assert [p.passed for p in run.points] == [None] * 3
    assert [p.point for p in run.missed] == ["middle"]


@pytest.mark.parametrize("changed", ["image.png", "alpha.png"])
def test_what_is_replaced_before_it_is_measured_is_not_kept_as_what_it_was(
    changed: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(settings.cases) / "portrait" / "ada" / changed
    before, read = path.read_bytes(), measurements.read

    def late(case: Case, *how: object) -> Subject:
        if case.id == "ada":
            noise = np.random.default_rng(0).integers(0, 256, (64, 96), np.uint8)
            Image.fromarray(noise).save(path)
        return read(case, *how)

    with monkeypatch.context() as patch:
        patch.setattr(measurements, "read", late)
        run = evaluate(settings)
    if changed == "image.png":
        assert "no longer the picture that was cut out" in value(run, "halo")[1]
    path.write_bytes(before)
    again = evaluate(settings)
    monkeypatch.setenv("RMBG_EVAL_CACHE", f"{settings.out}-empty")
    assert evaluate(settings).outcome() == again.outcome()


def test_a_required_point_that_does_not_pass_is_exit_status_1(
    settings: Settings, use_models: UseModels
) -> None:
    arguments = ["run", "--cases", settings.cases, "--model", "fake", "--out", settings.out]
    assert CliRunner().invoke(app, arguments).exit_code == 0

    class Empty(FakeModel):
        def alpha(self, picture: Picture) -> Alpha:
            return np.zeros(picture.rgb.shape[:2], np.float32)

    use_models(Empty("fake", weights="1" * 64))
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 1
    said = done.output + (done.stderr or "")
    assert "required point not passed: portrait/ada · fake · middle" in said
    assert "measured 0" in said
    assert Run.load(settings.out_folder).complete, "everything was written before"


def test_models_are_compared_with_each_other(settings: Settings, use_models: UseModels) -> None:
    use_models(Truthful("a"), FakeModel("b", weights="2" * 64))
    run = evaluate(settings.model_copy(update={"models": ["a", "b"]}))
    one, other = (value(run, "disagreement", model=name) for name in "ab")
    assert one == other
    assert one[0] == pytest.approx(value(run, "mad", model="b")[0], rel=1e-6)
    alone = evaluate(settings.model_copy(update={"models": ["a"]}))
    assert value(alone, "disagreement", model="a") == (
        None,
        "no other model has a cut-out of this picture",
    )


def test_a_model_that_minds_left_and_right_is_found_where_asked_for(
    settings: Settings, use_models: UseModels
) -> None:
    class Leaning(FakeModel):
        def alpha(self, picture: Picture) -> Alpha:
            return np.tile(
                np.linspace(0, 1, picture.rgb.shape[1], dtype=np.float32),
                (picture.rgb.shape[0], 1),
            )

    class Tired(FakeModel):
        done = False

        def alpha(self, picture: Picture) -> Alpha:
            if self.done:
                raise ValueError("no more")
            return super().alpha(picture)

    names = ["fake", "leaning", "tired"]
    tired = Tired("tired", weights="4" * 64)
    use_models(FakeModel("fake"), Leaning("leaning", weights="3" * 64), tired)
    plain = evaluate(settings.model_copy(update={"models": names}))
    assert "flip_difference" not in {m.metric for m in plain.measurements}
    tired.done = True
    run = evaluate(settings.model_copy(update={"models": names, "flip": True}))
    assert value(run, "flip_difference") == (0, None)
    none, why = value(run, "flip_difference", model="tired")
    assert none is None
    assert str(why).startswith("the mirrored picture failed: ValueError: no more")
    assert value(run, "flip_difference", model="leaning")[0] == pytest.approx(0.5, abs=0.01)
    plain_rows = [m for m in run.measurements if m.metric != "flip_difference"]
    assert plain_rows == list(plain.measurements)


def test_decontaminated_colours_are_measured_where_asked_for(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs("pymatting")
    asked = settings.model_copy(update={"decontaminated": True})
    run = evaluate(asked)
    raw, clean = (value(run, f"delta_e_white_edge{end}")[0] for end in ("", "_decontaminated"))
    assert clean < raw
    monkeypatch.setattr("rmbg_eval.run.plan.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match="pymatting"):
        evaluate(asked)


def test_cases_check_reads_the_foreground_too(settings: Settings) -> None:
    case = load_cases(Path(settings.cases)).cases[0]
    assert check_case(case)[0] == (96, 64)
    save_picture(case.foreground, size=(40, 40))
    with pytest.raises(CaseError, match=r"true foreground foreground.png has 40×40 pixels"):
        check_case(case)
    assert PointResult.model_fields.keys() >= {"measured", "expected", "passed", "reason"}


def test_a_trimap_is_the_unknown_region_and_named(tmp_path: Path, use_models: UseModels) -> None:
    use_models(FakeModel("fake"))
    folder = tmp_path / "set"
    for inner in ("merged", "alpha_copy", "trimaps"):
        (folder / inner).mkdir(parents=True)
    for seed, name in enumerate("ab"):
        rgb, alpha = disc(seed)
        matte = np.rint(255 * alpha).astype(np.uint8)
        trimap = np.zeros((64, 96), np.uint8)
        trimap[:, : 16 << seed] = 128
        for inner, pixels in (("merged", rgb), ("alpha_copy", matte), ("trimaps", trimap)):
            Image.fromarray(pixels).save(folder / inner / f"{name}.png")
    settings = Settings(cases=str(folder), models=["fake"], out=str(tmp_path / "out"))
    run = evaluate(settings)
    cases = {case.id: case for case in load_cases(folder).cases}
    for prediction in run.predictions:
        truth = cases[prediction.case].truth()
        alpha = stored_alpha(tmp_path / "out" / (prediction.cutout or ""))
        width = {"a": 16, "b": 32}[prediction.case]
        expected = np.abs(alpha - truth)[:, :width].mean(dtype=np.float64)
        measured = run.index.measurements[prediction.key]
        assert measured["mad_unknown"].value == pytest.approx(expected, abs=1e-9)
        assert measured["mad_unknown"].region == TRIMAP
        assert measured["mad"].region == WHOLE
    row = summarise(run).row("mad_unknown")
    assert row is not None
    assert row.region == TRIMAP
    Image.fromarray(np.full((64, 96), 255, np.uint8)).save(folder / "trimaps" / "a.png")
    one, other = evaluate(settings).predictions
    again = evaluate(settings).index.measurements
    assert "nothing in it is unknown" in str(again[one.key]["mad_unknown"].reason)
    assert again[other.key]["mad_unknown"].value is not None
    Image.fromarray(np.full((32, 48), 128, np.uint8)).save(folder / "trimaps" / "a.png")
    without = evaluate(settings).index.measurements
    assert "trimap a.png has 48×32 pixels" in str(without[one.key]["mad_unknown"].reason)
    assert without[one.key]["mad"] == again[one.key]["mad"]
    with pytest.raises(CaseError, match=r"trimap a.png has 48×32 pixels"):
        check_case(next(case for case in load_cases(folder).cases if case.id == "a"))
