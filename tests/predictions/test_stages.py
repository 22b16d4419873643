"""Model × cases → predictions: one bad picture is one failure, and no work is done twice."""

from __future__ import annotations

import hashlib
import io
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeModel, predictions, save_picture, some_cases
from PIL import Image

from rmbg_eval.cases.folder import Case
from rmbg_eval.core.cache import Store
from rmbg_eval.core.images import Alpha, Cutout, Picture
from rmbg_eval.core.notes import MASK, MULTIPLIED, NOTES, SOME
from rmbg_eval.errors import Failure, ModelError, OutputError
from rmbg_eval.i18n import Message
from rmbg_eval.predictions.prediction import Prediction
from rmbg_eval.predictions.stages import cutout_path, predict, stored_alpha


def failed(made: Sequence[Prediction]) -> list[str]:
    return [prediction.case for prediction in made if prediction.failure]


def test_predictions_come_in_the_order_of_the_cases(tmp_path: Path) -> None:
    cases, model = some_cases(tmp_path / "in", 9), FakeModel()
    done = list(predict(model, cases, tmp_path / "out", Store.default()))
    assert [case for case, _ in done] == cases
    assert [prediction.case for _, prediction in done] == [case.id for case in cases]
    assert model.inferred == [case.name for case in cases]


def test_no_cases_are_no_predictions(tmp_path: Path) -> None:
    assert predictions(FakeModel(), [], tmp_path) == []


def test_a_prediction_says_what_was_made_of_what(tmp_path: Path) -> None:
    cases = some_cases(tmp_path / "in", 2)
    started = time.perf_counter()
    first, second = predictions(FakeModel("A b"), cases, tmp_path / "out")
    took = time.perf_counter() - started
    assert (first.category, first.case, first.model) == ("c", "00", "A b")
    assert (first.width, first.height, first.cached, first.failure) == (96, 64, False, None)
    assert first.picture_sha256 == hashlib.sha256(cases[0].image.read_bytes()).hexdigest()
    assert first.cutout == cutout_path("A b", "c", "00")
    data = (tmp_path / "out" / first.cutout).read_bytes()
    assert first.cutout_sha256 == hashlib.sha256(data).hexdigest()
    stages = {"decode", "preprocess", "infer", "postprocess", "encode"}
    assert set(first.seconds) == stages | {"load"}
    assert set(second.seconds) == stages
    assert all(0 < spent <= took for made in (first, second) for spent in made.seconds.values())


def test_notes_of_decoding_are_kept_also_in_the_cache(tmp_path: Path) -> None:
    path = tmp_path / "grey.png"
    Image.fromarray(np.arange(64 * 64, dtype=np.uint8).reshape(64, 64)).save(path)
    cases = [Case("c", "grey", path)]
    notes = [predictions(FakeModel(), cases, tmp_path / "out")[0].notes for _ in range(2)]
    assert notes == [(NOTES["grey"],)] * 2


@pytest.mark.parametrize("how", ["straight", "multiplied", "of a black picture"])
def test_colours_that_are_multiplied_by_alpha_are_told(tmp_path: Path, how: str) -> None:
    ramp = np.tile(np.arange(64, dtype=np.float32) / 63, (64, 1))
    bright = np.full((64, 64, 3), (200, 120, 60), np.uint8)
    before_black = (bright * ramp[..., None]).astype(np.uint8)
    picture = before_black if how == "of a black picture" else bright
    Image.fromarray(picture).save(path := tmp_path / "ramp.png")

    class Own(FakeModel):
        def alpha(self, picture: Picture) -> Alpha:
            return ramp

        def postprocess(self, output: Alpha, picture: Picture) -> Cutout:
            return Cutout(bright.copy() if how == "straight" else before_black, output)

    for again in range(2):  # the second is from the cache
        model = Own(pipeline=how)
        (made,) = predictions(model, [Case("c", "ramp", path)], tmp_path / str(again))
        assert made.cached is bool(again)
        assert (MULTIPLIED in made.notes) is (how == "multiplied")
        assert len(model.warnings) == (how == "multiplied")


@pytest.mark.parametrize("highest", [0, 1, 2])
def test_a_mask_of_0_and_1_which_is_nothing_of_255_is_told(tmp_path: Path, highest: int) -> None:
    save_picture(path := tmp_path / "pet.png")

    class Labels(FakeModel):
        def alpha(self, picture: Picture) -> Alpha:
            return (picture.rgb[..., 0] > 80) * np.float32(highest / 255)

    for again in range(2):  # the second is from the cache
        model = Labels(pipeline=str(highest))
        (made,) = predictions(model, [Case("c", "pet", path)], tmp_path / str(again))
        assert made.notes == ((MASK,) if highest == 1 else ())
        assert model.warnings == ([SOME[MASK]] if highest == 1 else [])


def test_the_cut_out_has_the_pictures_own_colours_and_the_alpha_to_the_nearest_step(
    tmp_path: Path,
) -> None:
    alpha = np.random.default_rng(7).random((64, 96), np.float32)
    alpha.flat[:6] = [0, 1, 0.499 / 255, 0.501 / 255, 254.499 / 255, 254.501 / 255]

    class Chance(FakeModel):
        def alpha(self, picture: Picture) -> Alpha:
            return alpha

    (case,) = some_cases(tmp_path / "in", 1)
    (made,) = predictions(Chance(), [case], tmp_path / "out")
    path = tmp_path / "out" / str(made.cutout)
    stored, original = Image.open(path), Image.open(case.image)
    assert (stored.format, stored.mode) == ("PNG", "RGBA")
    assert np.array_equal(np.asarray(stored)[..., :3], np.asarray(original))
    steps = np.asarray(stored)[..., 3]
    assert np.array_equal(steps, np.rint(alpha * 255).astype(np.uint8))
    assert list(steps.flat[:6]) == [0, 255, 0, 1, 254, 255]
    assert np.array_equal(stored_alpha(path), steps.astype(np.float32) / np.float32(255))


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:300])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def no_picture(path: Path) -> None:
    path.write_bytes(b"dear diary")


@pytest.mark.parametrize("damage", [Path.unlink, cut_short, emptied, no_picture])
def test_a_bad_picture_is_a_failure_and_the_others_go_on(tmp_path: Path, damage) -> None:
    cases = some_cases(tmp_path / "in", 5)
    damage(cases[2].image)
    made = predictions(FakeModel(), cases, tmp_path / "out")
    assert failed(made) == ["02"]
    failure = made[2].failure
    assert failure is not None
    assert failure.kind == "ImageError"
    assert "02.png" in str(failure.problem)
    assert failure.remedy
    assert made[2].cutout is None
    assert not (tmp_path / "out" / cutout_path("fake", "c", "02")).exists()


def test_a_case_that_failed_while_it_was_read_is_not_looked_at(tmp_path: Path) -> None:
    cases = some_cases(tmp_path / "in", 3)
    problem = Failure(
        "CaseError", Message("x/case.toml: unknown name 'licnce'"), Message("Correct it.")
    )
    cases[1] = Case("c", "01", cases[1].image, failure=problem)
    model = FakeModel()
    made = predictions(model, cases, tmp_path / "out")
    assert made[1].failure == problem
    assert model.inferred == ["c/00", "c/02"]


def fails_in(stage: str, raised: type[Exception]) -> FakeModel:
    """A model whose `stage` raises for the case 02."""

    class Failing(FakeModel):
        def identity(self, name: str) -> str:
            self.perhaps("identity", name)
            return super().identity(name)

        def preprocess(self, picture: Picture) -> Picture:
            self.perhaps("preprocess", picture.name)
            return picture

        def infer(self, inputs: list[Picture]) -> list[Alpha]:
            for picture in inputs:
                self.perhaps("infer", picture.name)
            return super().infer(inputs)

        def postprocess(self, output: Alpha, picture: Picture) -> Cutout:
            self.perhaps("postprocess", picture.name)
            return super().postprocess(output, picture)

        def perhaps(self, now: str, name: str) -> None:
            if now == stage and name == "c/02":
                raise raised("boom")

    return Failing()


@pytest.mark.parametrize("stage", ["identity", "preprocess", "infer", "postprocess"])
@pytest.mark.parametrize("raised", [ValueError, MemoryError])
def test_whatever_a_model_raises_for_a_case_is_that_cases_failure(
    tmp_path: Path, stage: str, raised: type[Exception]
) -> None:
    made = predictions(fails_in(stage, raised), some_cases(tmp_path / "in", 5), tmp_path / "out")
    assert failed(made) == ["02"]
    failure = made[2].failure
    assert failure is not None
    assert failure.kind == raised.__name__
    assert ("not enough memory" if raised is MemoryError else "boom") in str(failure.problem)


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ("infer", "fake returned 0 outputs for 1 inputs. Correct the model: infer"),
        ("postprocess", "fake returned a NoneType. Correct the model: postprocess"),
    ],
)
def test_a_stage_that_returns_nothing_is_named(tmp_path: Path, stage: str, words: str) -> None:
    model = FakeModel()
    setattr(model, stage, lambda *given: None)
    (made,) = predictions(model, some_cases(tmp_path / "in", 1), tmp_path / "out")
    assert str(made.failure).startswith(words)


def test_a_failure_is_not_kept(tmp_path: Path) -> None:
    cases = some_cases(tmp_path / "in", 3)
    predictions(fails_in("infer", ValueError), cases, tmp_path / "out")
    model = FakeModel()
    assert failed(predictions(model, cases, tmp_path / "out")) == []
    assert model.inferred == ["c/02"]


ALPHA = np.zeros((64, 96), np.float32)


@pytest.mark.parametrize(
    ("alpha", "received"),
    [
        (np.where(np.arange(96) == 5, np.nan, ALPHA).astype(np.float32), "finite; .*64 of 6144"),
        (ALPHA + np.inf, "finite; .*6144 of 6144"),
        (ALPHA - 0.01, r"\[0, 1\].*-0.01"),
        (ALPHA + 1.01, r"\[0, 1\].*1.01"),
        (ALPHA[:32], r"\(64, 96\) float32; received \(32, 96\) float32"),
        (ALPHA.T, r"received \(96, 64\)"),
        (ALPHA[None], r"received \(1, 64, 96\)"),
        (ALPHA[:0], r"received \(0, 96\)"),
        (ALPHA.astype(np.float64), "received .* float64"),
        (ALPHA.astype(np.uint8), "received .* uint8"),
        (ALPHA > 0, "received .* bool"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_alpha_that_breaks_the_contract_is_a_failure_that_prints_it(
    tmp_path: Path, alpha: np.ndarray, received: str
) -> None:
    class Wrong(FakeModel):
        def alpha(self, picture: Picture) -> Alpha:
            return alpha if picture.name == "c/01" else super().alpha(picture)

    made = predictions(Wrong(), some_cases(tmp_path / "in", 3), tmp_path / "out")
    assert failed(made) == ["01"]
    assert re.search(received, str(made[1].failure))


@pytest.mark.parametrize(
    "rgb", [np.zeros((32, 96, 3), np.uint8), np.zeros((64, 96, 3), np.float32), np.uint8(0)]
)
def test_colours_that_break_the_contract_are_a_failure(tmp_path: Path, rgb: np.ndarray) -> None:
    class Wrong(FakeModel):
        def postprocess(self, output: Alpha, picture: Picture) -> Cutout:
            return Cutout(rgb if picture.name == "c/01" else picture.rgb, output)

    made = predictions(Wrong(), some_cases(tmp_path / "in", 3), tmp_path / "out")
    assert failed(made) == ["01"]


def test_a_cut_out_of_another_size_is_refused_and_never_stretched(tmp_path: Path) -> None:
    class Half(FakeModel):
        def postprocess(self, output: Alpha, picture: Picture) -> Cutout:
            return Cutout(picture.rgb[::2, ::2], output[::2, ::2])

    (made,) = predictions(Half(), some_cases(tmp_path / "in", 1), tmp_path / "out")
    assert re.search(r"\(64, 96\) float32; received \(32, 48\)", str(made.failure))


def test_too_little_memory_to_encode_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def encode(cutout: Cutout) -> bytes:
        raise MemoryError

    monkeypatch.setattr(sys.modules["rmbg_eval.predictions.stages"], "encode_png", encode)
    made = predictions(FakeModel(), some_cases(tmp_path / "in", 2), tmp_path / "out")
    assert [prediction.failure and prediction.failure.kind for prediction in made] == (
        ["MemoryError"] * 2
    )


def test_a_model_that_cannot_be_made_ready_ends_the_run(tmp_path: Path) -> None:
    class Unready(FakeModel):
        def load(self) -> bool:
            raise ModelError(Message("No such graph"), Message("Check the path."))

    with pytest.raises(ModelError, match="No such graph"):
        predictions(Unready(), some_cases(tmp_path / "in", 3), tmp_path / "out")


@pytest.mark.parametrize("where", ["out", "cache"])
def test_what_cannot_be_written_ends_the_run(tmp_path: Path, cache: Path, where: str) -> None:
    in_the_way = tmp_path / "out" / "cutouts" if where == "out" else cache / "predictions"
    in_the_way.parent.mkdir(exist_ok=True)
    in_the_way.write_text("a file")
    model = FakeModel()
    with pytest.raises(OutputError, match="could not be written"):
        predictions(model, some_cases(tmp_path / "in", 40), tmp_path / "out")
    assert len(model.inferred) < 20


def test_batches_are_as_large_as_the_model_takes(tmp_path: Path) -> None:
    model = FakeModel(batch_size=4)
    made = predictions(model, some_cases(tmp_path / "in", 10), tmp_path / "out")
    assert model.batches == [4, 4, 2]
    assert [prediction.case for prediction in made] == [f"{n:02}" for n in range(10)]
    for prediction in made:
        picture = Image.open(tmp_path / "in" / f"{prediction.case}.png")
        stored = Image.open(tmp_path / "out" / str(prediction.cutout))
        assert np.array_equal(np.asarray(stored)[..., 3], np.asarray(picture)[..., 0])


def test_bad_and_cached_pictures_are_not_put_into_a_batch(tmp_path: Path) -> None:
    cases = some_cases(tmp_path / "in", 8)
    predictions(FakeModel(), [cases[1], cases[6]], tmp_path / "out")
    cases[2].image.write_text("no picture")
    model = FakeModel(batch_size=3)
    made = predictions(model, cases, tmp_path / "out")
    assert failed(made) == ["02"]
    assert model.inferred == [f"c/0{n}" for n in (0, 3, 4, 5, 7)]


def test_one_bad_picture_of_a_batch_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    model = fails_in("infer", ValueError)
    model.batch_size = 4
    assert failed(predictions(model, some_cases(tmp_path / "in", 6), tmp_path / "out")) == ["02"]


@pytest.mark.parametrize("more", [-1, 1])
@pytest.mark.parametrize("batch_size", [1, 2])
def test_another_number_of_outputs_than_inputs_is_a_failure(
    tmp_path: Path, more: int, batch_size: int
) -> None:
    class Miscounting(FakeModel):
        def infer(self, inputs: list[Picture]) -> list[Alpha]:
            return [self.alpha(inputs[0])] * (len(inputs) + more)

    model = Miscounting(batch_size=batch_size)
    made = predictions(model, some_cases(tmp_path / "in", 2), tmp_path / "out")
    assert failed(made) == ["00", "01"]


def test_an_unreadable_picture_is_a_failure(tmp_path: Path) -> None:
    cases = some_cases(tmp_path / "in", 2)
    cases[0].image.chmod(0)
    try:
        cases[0].image.read_bytes()
    except PermissionError:
        made = predictions(FakeModel(), cases, tmp_path / "out")
        assert failed(made) == ["00"]
        assert "00.png may not be read" in str(made[0].failure)
    else:
        pytest.skip("this user may read everything")


def test_a_cut_out_is_as_large_as_an_upright_picture(tmp_path: Path) -> None:
    upright, buffer = Image.open(save_picture(tmp_path / "a.png")), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.save(buffer, "PNG", exif=exif)
    (tmp_path / "a.png").write_bytes(buffer.getvalue())
    (made,) = predictions(FakeModel(), [Case("c", "a", tmp_path / "a.png")], tmp_path / "out")
    assert (made.width, made.height, made.notes) == (64, 96, (NOTES["exif-rotated"],))
