"""How far a reduced precision is from fp32: measured on what is stored, or a reason why not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeModel
from PIL import Image

from rmbg_eval.core.images import Alpha, Picture
from rmbg_eval.errors import ModelError
from rmbg_eval.i18n import Message
from rmbg_eval.models.table import load_model
from rmbg_eval.predictions.prediction import PrecisionCheck
from rmbg_eval.report.provenance import precision
from rmbg_eval.run.evaluate import evaluate
from rmbg_eval.run.record import Run
from rmbg_eval.settings import Settings

ERROR = {"portrait/ada": 0.05, "pet/rex": 0.2, "pet/tom": 0.1}
"""Of the pictures that stand in for the reference cases."""


class Reduced(FakeModel):
    """Its alpha is too small by the picture's `ERROR` wherever red is above one half."""

    def __init__(self) -> None:
        super().__init__(dtype="bf16")

    def alpha(self, picture: Picture) -> Alpha:
        exact = super().alpha(picture)
        return np.where(exact > 0.5, exact - np.float32(ERROR[picture.name]), exact)


@pytest.fixture
def settings(case_set: Path, tmp_path: Path) -> Settings:
    return Settings(cases=str(case_set), models=["fake"], out=str(tmp_path / "out"), dtype="bf16")


@pytest.fixture(autouse=True)
def reference(case_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Other pictures than those of the run."""
    folder = tmp_path / "reference"
    shutil.copytree(case_set, folder)
    for picture in folder.rglob("*.png"):
        Image.open(picture).rotate(180).save(picture)
    monkeypatch.setattr("rmbg_eval.predictions.precision.resource", lambda name: folder)
    return folder


@pytest.fixture
def run_against(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Callable[..., Run]:
    """`run_against(exact, **changes)`: a run of a reduced model whose fp32 form is `exact`, or
    cannot be had."""

    def run(exact: FakeModel | Exception, **changes: object) -> Run:
        def load(spec: str, device: str, dtype: str, *_: object) -> FakeModel:
            if dtype == "bf16":
                return Reduced()
            assert dtype == "fp32"
            if isinstance(exact, Exception):
                raise exact
            return exact

        monkeypatch.setattr("rmbg_eval.run.evaluate.load_model", load)
        return evaluate(settings.model_copy(update=changes))

    return run


def test_the_differences_are_those_of_the_stored_alphas(
    run_against: Callable[..., Run], reference: Path
) -> None:
    check = run_against(FakeModel()).models[0].precision
    assert check is not None
    assert (check.cases, check.reason) == (3, None)
    assert check.pictures == tuple(ERROR)
    means = []
    for name, error in ERROR.items():
        path = next(reference.glob(f"{name}.png"), reference / name / "image.png")
        red = np.asarray(Image.open(path))[..., 0] / 255
        means.append(error * (red > 0.5).mean())
    assert check.largest == pytest.approx(0.2, abs=0.5 / 255)
    assert check.mean == pytest.approx(np.mean(means), abs=0.5 / 255)


def test_only_as_many_pictures_as_asked_for_are_compared(run_against: Callable[..., Run]) -> None:
    exact = FakeModel()
    run = run_against(exact, precision_cases=2)
    check = run.models[0].precision
    assert check is not None
    assert check.cases == 2
    assert exact.inferred == ["portrait/ada", "pet/rex"]
    (line,) = precision(run)
    assert "over 2 reference pictures: portrait/ada, pet/rex." in str(line)
    before = check.model_copy(update={"pictures": ()})
    run = run.model_copy(
        update={"models": (run.models[0].model_copy(update={"precision": before}),)}
    )
    (line,) = precision(run)
    assert str(line).endswith("over 2 cases.")


def test_none_asked_for_is_a_reason(run_against: Callable[..., Run]) -> None:
    exact = FakeModel()
    check = run_against(exact, precision_cases=0).models[0].precision
    assert check == PrecisionCheck(cases=0, largest=None, mean=None, reason="not asked for")
    assert exact.inferred == []


def test_failed_cases_are_passed_over(run_against: Callable[..., Run], reference: Path) -> None:
    (reference / "portrait" / "ada" / "image.png").write_text("no picture")
    check = run_against(FakeModel(), precision_cases=2).models[0].precision
    assert check is not None
    assert (check.cases, check.pictures) == (1, ("pet/rex",))


def test_an_fp32_that_fails_on_every_case_is_a_reason(run_against: Callable[..., Run]) -> None:
    class Broken(FakeModel):
        def alpha(self, picture: Picture) -> Alpha:
            raise ValueError("boom")

    check = run_against(Broken()).models[0].precision
    assert check is not None
    assert (check.cases, check.largest, check.mean) == (0, None, None)
    assert str(check.reason) == "no picture could be compared"


def test_an_fp32_that_cannot_be_had_is_a_reason(run_against: Callable[..., Run]) -> None:
    run = run_against(ModelError(Message("There is no fp32"), Message("Use bf16.")))
    check = run.models[0].precision
    assert check is not None
    assert str(check.reason) == "There is no fp32. Use bf16."
    assert run.failures == ()


def test_the_runs_own_cut_outs_stay_those_of_the_reduced_model(
    run_against: Callable[..., Run], settings: Settings
) -> None:
    run = run_against(FakeModel())
    path = settings.out_folder / str(run.predictions[0].cutout)
    assert np.asarray(Image.open(path))[..., 3].max() < 240 - 10
    assert len(list((settings.out_folder / "cutouts").rglob("*.png"))) == 3


def test_the_second_run_compares_without_inference(run_against: Callable[..., Run]) -> None:
    first = run_against(FakeModel())
    again = FakeModel()
    assert run_against(again) == first
    assert again.inferred == []


def test_what_was_measured_is_kept_for_other_pictures(
    run_against: Callable[..., Run],
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    case_set: Path,
) -> None:
    first = run_against(FakeModel()).models[0].precision
    for picture in case_set.rglob("*.png"):
        Image.open(picture).rotate(180).save(picture)
    exact = FakeModel()
    run = run_against(exact, out=settings.out + "2")
    assert run.models[0].precision == first
    assert exact.inferred == []
    assert first is not None
    assert first.measured is not None
    assert first.measured < run.started
    (line,) = list(precision(run))[1:]
    assert f"measured at {first.measured:%Y-%m-%d %H:%M} UTC and is kept" in str(line)
    monkeypatch.setattr("rmbg_eval.predictions.precision.processor", lambda: "another")
    run_against(exact, out=settings.out + "2")
    assert len(exact.inferred) == 3


def test_a_check_of_other_pictures_is_measured_again(run_against: Callable[..., Run]) -> None:
    for cases, new in ((1, 1), (3, 3), (1, 0)):
        exact = FakeModel()
        check = run_against(exact, precision_cases=cases).models[0].precision
        assert check is not None
        assert check.cases == cases
        assert len(exact.inferred) == new


def test_fp32_owes_no_comparison(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr("rmbg_eval.run.evaluate.load_model", lambda *_: FakeModel())
    assert evaluate(settings.model_copy(update={"dtype": "auto"})).models[0].precision is None


def test_isnet_in_bf16_states_a_small_difference(weights: Path, settings: Settings) -> None:
    try:
        load_model("isnet", "auto", "bf16").load()
    except ModelError as error:
        pytest.skip(str(error))
    settings = settings.model_copy(
        update={"models": ["isnet"], "categories": ["portrait"], "precision_cases": 1}
    )
    check = evaluate(settings).models[0].precision
    assert check is not None
    assert check.cases == 1
    assert check.largest is not None
    assert check.mean is not None
    assert 0 < check.mean < check.largest < 0.5
    assert check.mean < 0.01
