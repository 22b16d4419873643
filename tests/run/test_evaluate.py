"""A run: everything found is in run.json and measurements.csv, and is found only once."""

from __future__ import annotations

import csv
import json
import subprocess
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeModel, disc, save_picture, save_truth
from pictures import make_pipe, time_limit
from PIL import Image
from systems import WINDOWS

from rmbg_eval.compare.comparison import Comparison
from rmbg_eval.core.images import Alpha, Picture
from rmbg_eval.core.progress import Step
from rmbg_eval.errors import CaseError, ModelError, OutputError, SettingsError, WeightsError
from rmbg_eval.i18n import Message
from rmbg_eval.measure import agreement
from rmbg_eval.measure.record import Measurement
from rmbg_eval.measure.risk import RISK
from rmbg_eval.predictions.cutouts import make_cutouts
from rmbg_eval.run.drawing import load
from rmbg_eval.run.evaluate import evaluate
from rmbg_eval.run.folder import load_run
from rmbg_eval.run.plan import metrics_of
from rmbg_eval.run.record import Run
from rmbg_eval.settings import Settings

ALWAYS = [*metrics_of(Settings()), *agreement.METRICS, *RISK]
UseModels = Callable[..., None]


def rows(settings: Settings) -> list[dict[str, str]]:
    with (settings.out_folder / "measurements.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_model_whose_weights_cannot_be_had_may_be_left_out(
    settings: Settings, use_models: UseModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = FakeModel("away")

    def fetch(say: Callable[[str], None]) -> None:
        raise WeightsError("They are not there", "Check the network.")

    monkeypatch.setattr(away, "fetch", fetch)
    use_models(FakeModel("one"), FakeModel("two"), away)
    with pytest.raises(WeightsError) as caught:
        evaluate(settings, models=["one", "two", "away"])
    assert str(caught.value.remedy) == (
        "Check the network. Or leave away out: --model one --model two."
    )
    with pytest.raises(WeightsError, match="Check the network.$"):
        evaluate(settings, models=["away", "one"])  # whose weights may not be there, either


@pytest.mark.parametrize(("most", "layout"), [(2, "folder"), (3, "single")])
def test_what_is_too_much_for_one_file_has_its_pictures_beside_the_page(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    most: int,
    layout: str,
) -> None:
    monkeypatch.setattr("rmbg_eval.run.previews.SINGLE_MOST", most)
    for _ in range(2):  # also where nothing is new
        run = evaluate(settings)
        assert run.settings.layout == Run.load(settings.out_folder).settings.layout == layout
        cases = load(run).cases.values()
        assert all(case.full for case in cases)
        alphas = [bool(shown.alpha) for case in cases for shown in case.models.values()]
        assert alphas == [layout == "single"] * 3


def test_a_cache_that_cannot_be_used_is_told_before_anything_is_done(
    settings: Settings,
    use_models: UseModels,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    model = FakeModel()
    use_models(model)
    (tmp_path / "file").write_text("mine")
    unusable: list[tuple[str | Path, str]] = [
        (tmp_path / "file", "file cannot be used.*RMBG_EVAL_CACHE"),
        (tmp_path / "file" / "below", "below cannot be used.*RMBG_EVAL_CACHE"),
    ]
    if not WINDOWS:  # there a folder that nobody has yet
        unusable.append(("~nobody-of-that-name/x", "~nobody-of-that-name/x can be no path"))
    for cache, why in unusable:
        monkeypatch.setenv("RMBG_EVAL_CACHE", str(cache))
        with pytest.raises(OutputError, match=why):
            evaluate(settings)
        with pytest.raises(OutputError, match=why):
            list(make_cutouts(model, [settings.cases_folder / "pet" / "rex.png"], tmp_path))
    assert model.inferred == []
    assert not settings.out_folder.exists()


def measured(run: Run, case: str, metric: str, model: str = "fake") -> Measurement:
    (found,) = [m for m in run.measurements if (m.case, m.metric, m.model) == (case, metric, model)]
    return found


def test_run_json_holds_everything_and_comes_back_equal(settings: Settings) -> None:
    run = evaluate(settings)
    assert run.complete
    assert Run.load(settings.out_folder) == run
    assert run.settings == settings
    names = [(c.category, c.id, c.has_truth) for c in run.cases]
    assert names == [("portrait", "ada", True), ("pet", "rex", False), ("pet", "tom", False)]
    assert run.cases[0].title == {"en": "Ada"}
    assert run.cases[0].licence == "CC0-1.0"
    assert [m.info for m in run.models] == [FakeModel().info]
    assert [(p.category, p.case) for p in run.predictions] == [name[:2] for name in names]
    assert len(run.measurements) == len(run.cases) * len(ALWAYS)
    assert run.wall_seconds is not None
    assert run.failures == ()


def test_every_cut_out_of_run_json_is_in_the_folder(settings: Settings) -> None:
    run = evaluate(settings)
    for prediction, seed in zip(run.predictions, (1, 2, 3), strict=True):
        assert prediction.cutout is not None
        assert "\\" not in prediction.cutout
        stored = np.asarray(Image.open(settings.out_folder / prediction.cutout))
        rgb = disc(seed)[0]
        assert np.array_equal(stored, np.dstack([rgb, rgb[..., 0]]))


def test_the_measures_are_those_of_the_stored_cut_out(settings: Settings) -> None:
    run = evaluate(settings)
    rgb, truth = disc(1)
    red = rgb[..., 0].astype(float)
    assert measured(run, "ada", "mad").value == pytest.approx(
        np.abs(red - truth).mean() / 255, abs=1e-6
    )
    assert measured(run, "ada", "in_between_share").value == ((red >= 13) & (red <= 242)).mean()
    assert measured(run, "rex", "mad").value is None
    assert measured(run, "rex", "mad").reason == Message("the case has no truth")
    assert measured(run, "rex", "in_between_share").value is not None


def test_measurements_csv_is_tidy_and_equal_to_run_json(settings: Settings) -> None:
    run = evaluate(settings)
    found = rows(settings)
    assert set(found[0]) == set("case category model metric value unit region reason".split())
    assert all(None not in row and None not in row.values() for row in found)
    keys = [(row["category"], row["case"], row["model"], row["metric"]) for row in found]
    assert len(set(keys)) == len(keys)
    values = dict(zip(keys, found, strict=True))
    for m in run.measurements:
        row = values.pop((m.category, m.case, m.model, m.metric))
        assert (float(row["value"]) if row["value"] else None) == m.value
        assert (row["unit"], row["region"], row["reason"]) == (
            m.unit,
            m.region,
            str(m.reason or ""),
        )
    for p in run.predictions:
        for stage, seconds in p.seconds.items():
            row = values.pop((p.category, p.case, p.model, f"seconds_{stage}"))
            assert float(row["value"]) == pytest.approx(seconds, abs=1e-4)
            assert row["unit"] == "s"
    assert values == {}


def test_the_second_time_nothing_is_inferred_and_the_first_ones_figures_stay(
    settings: Settings, use_models: UseModels
) -> None:
    first = evaluate(settings)
    files = ("run.json", "measurements.csv")
    before = [(settings.out_folder / name).read_bytes() for name in files]
    again = FakeModel()
    use_models(again)
    assert evaluate(settings) == first
    assert again.inferred == []
    assert [(settings.out_folder / name).read_bytes() for name in files] == before


def test_another_language_changes_the_settings_and_no_figure(settings: Settings) -> None:
    first = evaluate(settings)
    chinese = settings.model_copy(update={"lang": "zh"})
    run = evaluate(chinese)
    assert run == first.model_copy(update={"settings": chinese})
    assert Run.load(settings.out_folder) == run


def test_another_model_is_run_and_the_one_before_is_not_run_again(
    settings: Settings, use_models: UseModels
) -> None:
    first = evaluate(settings)
    old, new = FakeModel(), FakeModel("new", weights="1" * 64)
    use_models(old, new)
    run = evaluate(settings.model_copy(update={"models": ["fake", "new"]}))
    assert (len(old.inferred), len(new.inferred)) == (0, 3)
    kept = [p for p in run.predictions if p.model == "fake"]
    assert [p.model_copy(update={"cached": False}) for p in kept] == list(first.predictions)
    assert run.started > first.started


@pytest.mark.parametrize("change", [{"dtype": "bf16"}, {"pipeline": "other"}])
def test_changed_settings_of_a_model_run_it_again(
    settings: Settings, use_models: UseModels, change: dict
) -> None:
    evaluate(settings)
    changed = FakeModel(**change)
    use_models(changed)
    run = evaluate(settings.model_copy(update={"precision_cases": 0}))
    assert len(changed.inferred) == 3
    assert [m.info for m in run.models] == [changed.info]


def test_a_changed_picture_is_run_again(
    settings: Settings, case_set: Path, use_models: UseModels
) -> None:
    first = evaluate(settings)
    save_picture(case_set / "pet" / "rex.png", 99)
    again = FakeModel()
    use_models(again)
    run = evaluate(settings)
    assert again.inferred == ["pet/rex"]
    assert measured(run, "rex", "in_between_share") != measured(first, "rex", "in_between_share")


def test_a_changed_truth_is_measured_again_without_inference(
    settings: Settings, case_set: Path, use_models: UseModels
) -> None:
    first = evaluate(settings)
    Image.fromarray(np.zeros((64, 96), np.uint8)).save(case_set / "portrait/ada/alpha.png")
    again = FakeModel()
    use_models(again)
    assert measured(evaluate(settings), "ada", "mad") != measured(first, "ada", "mad")
    assert again.inferred == []


def test_cut_outs_that_are_no_part_of_the_run_go(
    settings: Settings, case_set: Path, use_models: UseModels
) -> None:
    use_models(FakeModel(), FakeModel("old", weights="1" * 64))
    evaluate(settings.model_copy(update={"models": ["fake", "old"]}))
    (case_set / "pet" / "tom.png").unlink()
    run = evaluate(settings)
    there = {path for path in (settings.out_folder / "cutouts").rglob("*") if path.is_file()}
    assert there == {settings.out_folder / str(p.cutout) for p in run.predictions}
    assert len(there) == 2


@pytest.mark.parametrize("kind", ["size", "damaged", "colours"])
def test_a_truth_that_cannot_be_used_is_a_reason_and_no_failure(
    settings: Settings, case_set: Path, kind: str
) -> None:
    truth = case_set / "portrait" / "ada" / "alpha.png"
    if kind == "size":
        save_truth(truth, (64, 96))
    elif kind == "damaged":
        truth.write_bytes(truth.read_bytes()[:60])
    else:
        save_picture(truth, 1)
    run = evaluate(settings)
    assert run.failures == ()
    mad = measured(run, "ada", "mad")
    assert mad.value is None
    says = {"size": "64×96 pixels", "damaged": "damaged", "colours": "no alpha channel"}[kind]
    assert mad.reason
    assert says in str(mad.reason)
    assert measured(run, "ada", "in_between_share").value is not None
    assert str(mad.reason) in [row["reason"] for row in rows(settings)]


def test_a_run_in_which_everything_failed_is_a_complete_run(
    settings: Settings, use_models: UseModels
) -> None:
    class Broken(FakeModel):
        def alpha(self, picture: Picture) -> Alpha:
            raise ValueError("boom")

    use_models(Broken())
    steps: list[Step] = []
    run = evaluate(settings, steps.append)
    assert [s.text.rpartition(" · ")[0] for s in steps[1:4]] == [
        f"fake · {n} failed" for n in (1, 2, 3)
    ]
    assert run.complete
    assert len(run.failures) == len(run.predictions) == 3
    assert Run.load(settings.out_folder) == run
    assert rows(settings)
    assert evaluate(settings) == run


def test_a_failed_case_keeps_its_rows_without_value_and_with_the_reason(
    settings: Settings, case_set: Path
) -> None:
    """So that every mean can say how many it leaves out: failures never vanish from a table."""
    (case_set / "pet" / "rex.png").write_text("no picture")
    run = evaluate(settings)
    assert [p.case for p in run.failures] == ["rex"]
    for metric in ALWAYS:
        found = measured(run, "rex", metric.name)
        assert found.value is None
        assert found.reason
        assert "rex.png is not a picture" in str(found.reason)


@pytest.mark.parametrize("path", ["a\\u0000", "/dev/zero", "pipe", "/etc/passwd"])
def test_a_truth_that_a_case_may_not_have_is_not_looked_at(
    settings: Settings, case_set: Path, path: str
) -> None:
    ada = case_set / "portrait" / "ada"
    make_pipe(ada / "pipe")
    (ada / "case.toml").write_text(f'alpha = "{path}"\nforeground = "{path}"\n')
    with time_limit(20):
        run = evaluate(settings)
    assert len(run.predictions) == 3
    assert all(case.truth_sha256 is None for case in run.cases if path != "pipe")


def test_what_is_no_case_is_listed(settings: Settings, case_set: Path) -> None:
    (case_set / "__MACOSX").mkdir()
    of_systems = "desktop.ini", "Thumbs.db", ".DS_Store", "pet/._rex.png", "__MACOSX/._rex.png"
    for name in ("pet/notes.txt", *of_systems):
        (case_set / name).write_text("x")
    assert [*map(str, evaluate(settings).skipped)] == ["pet/notes.txt: not a picture by its name"]


def test_progress_counts_every_case_of_every_model(
    settings: Settings, use_models: UseModels
) -> None:
    use_models(FakeModel(), FakeModel("second"))
    steps: list[Step] = []
    evaluate(settings.model_copy(update={"models": ["fake", "second"]}), steps.append)
    assert [(s.done, s.total) for s in steps] == [
        *[(n, 3) for n in (0, 1, 2, 3)] * 2,
        *((n, 3) for n in (1, 2, 3)),  # pictures
    ]
    assert "fake · portrait/ada" in [s.text for s in steps]


def refused(settings: Settings, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        evaluate(settings)
    assert not settings.out_folder.exists()


def test_a_model_whose_work_is_done_is_let_go(settings: Settings) -> None:
    loaded: list[weakref.ref[FakeModel]] = []

    class Large(FakeModel):
        def load(self) -> bool:
            assert all(each() in (None, self) for each in loaded)
            loaded.append(weakref.ref(self))
            return super().load()

    several = settings.model_copy(update={"models": ["one", "two"]})
    run = evaluate(several, load=lambda spec, *_: Large(spec, pipeline=spec))
    assert [p.model for p in run.predictions if p.cutout] == ["one"] * 3 + ["two"] * 3
    assert loaded
    assert not any(each() for each in loaded)


def test_no_cases_at_all_end_the_run_before_it_begins(settings: Settings, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    refused(settings.model_copy(update={"cases": str(empty)}), CaseError, "no pictures in")
    nowhere = {"cases": str(tmp_path / "gone")}
    refused(settings.model_copy(update=nowhere), CaseError, "There is no folder")
    refused(settings.model_copy(update={"categories": ["cat"]}), CaseError, "category 'cat'.*pet")


def test_an_unknown_model_ends_the_run_before_it_begins(settings: Settings) -> None:
    models = {"models": ["grabcut", "nonet"]}
    refused(settings.model_copy(update=models), ModelError, "no model 'nonet'.*isnet")


def test_what_is_told_of_a_folder_of_cutouts_is_of_this_run(tmp_path: Path) -> None:
    """Also where all that was found is as it was, and the times are those of then."""
    save_picture(tmp_path / "cases" / "pet" / "rex.png")
    for name in ("rex", "tom"):
        save_truth(tmp_path / "cut" / f"{name}.png")
    settings = Settings(cases=str(tmp_path / "cases"), models=[f"folder:{tmp_path / 'cut'}"],
                        out=str(tmp_path / "out"))  # fmt: skip

    def told(run: Run) -> list[str]:
        assert run == Run.load(settings.out_folder)
        return [str(warning) for warning in run.models[0].warnings]

    first = evaluate(settings)
    assert told(first) == ["1 file of cut matches no picture: tom.png"]
    (tmp_path / "cut" / "tom.png").unlink()
    again = evaluate(settings)
    assert told(again) == []
    assert again.started == first.started


def test_objects_and_functions_are_models_too(settings: Settings) -> None:
    def green(rgb: np.ndarray) -> np.ndarray:
        return rgb[..., 1]

    one = FakeModel("one", dtype="bf16")
    run = evaluate(settings, models=[one, green])
    assert run.settings.models == [model.info.name for model in run.models] == ["one", "green"]
    assert not run.failures
    assert str(run.models[0].precision.reason).startswith("a model object has one dtype")
    assert [str(warning) for warning in run.models[1].warnings] == [
        "The function has no VERSION: its cut-outs are not used again in other runs."
    ]
    again = evaluate(settings, models={"mine": one, "yours": green})
    assert [prediction.cached for prediction in again.predictions] == [True] * 3 + [False] * 3
    assert [model.info.name for model in again.models] == ["mine", "yours"]
    assert evaluate(settings, models={10: green}).settings.models == ["10"]
    assert len(one.inferred) == 3
    assert evaluate(settings, models="grabcut").settings.models == ["grabcut"]
    for models, name in ((green, "green"), (one, "one")):
        assert evaluate(settings, models=models).settings.models == [name]
    for models in ([3], 3):
        with pytest.raises(ModelError, match="int is no model"):
            evaluate(settings, models=models)


def test_what_stands_in_the_place_of_another_is_told(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="^on_step: {} cannot be called.*models=…"):
        evaluate(settings, {})
    with pytest.raises(SettingsError, match="^'1/2' is no Part"):
        evaluate(settings, models="grabcut", part="1/2")
    with pytest.raises(SettingsError, match="^'cases' is no CaseSet. Give one: load_cases"):
        evaluate(settings, models="grabcut", case_set="cases")
    with pytest.raises(ModelError, match=r"called '<lambda>'.*label of its own: models={"):
        evaluate(settings, models=[lambda rgb: rgb[..., 0], lambda rgb: rgb[..., 1]])
    assert not settings.out_folder.exists()


def test_two_functions_that_cut_outs_are_kept_under_one_name_of_are_refused(
    settings: Settings,
) -> None:
    class Limit:
        VERSION = "1"

        def __init__(self, limit: int) -> None:
            self.limit = limit

        def __call__(self, rgb: np.ndarray) -> np.ndarray:
            return (rgb[..., 0] < self.limit) * 1.0

    one = Limit(100)
    with pytest.raises(SettingsError, match="^b has the name and VERSION of another.*of its own"):
        evaluate(settings, models={"a": one, "b": Limit(10)})
    assert len(evaluate(settings, models={"a": one, "again": one}).models) == 2


def test_two_models_of_one_name_are_refused(settings: Settings, tmp_path: Path) -> None:
    models = {"models": ["grabcut", f"grabcut=folder:{tmp_path}"]}
    refused(settings.model_copy(update=models), ModelError, "Two models are called 'grabcut'")
    models = {"models": ["grabcut", f"GrabCut=folder:{tmp_path}"]}  # one folder on many disks
    refused(settings.model_copy(update=models), ModelError, "Two models are called 'grabcut'")


def test_the_commit_is_that_of_the_checkout(settings: Settings) -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("these tests lie in no git checkout")
    assert evaluate(settings).machine.commit == done.stdout.strip()


@pytest.mark.parametrize(
    "change",
    [{"schema_version": "x"}, {"surprise": 1}, {"cases": 5}, {"started": "yesterday"}],
    ids=str,
)
def test_a_run_json_of_another_kind_is_not_read(settings: Settings, change: dict) -> None:
    first = evaluate(settings)
    path = settings.out_folder / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(OutputError, match=r"run\.json is not a run this version reads.*again"):
        Run.load(settings.out_folder)
    assert evaluate(settings).outcome() == first.outcome()


def test_a_run_json_that_is_missing_or_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"There is no file .*run\.json"):
        Run.load(tmp_path)
    for read in (Run.load, load_run, Comparison.load):
        with pytest.raises(OutputError, match="^3 can be no path.*Check the path"):
            read(3)
    make_pipe(tmp_path / "run.json")
    with time_limit(5), pytest.raises(OutputError, match=r"run\.json is not a regular file"):
        Run.load(tmp_path)
