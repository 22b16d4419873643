"""What `predict` keeps, when it infers again, and how reading, inference and writing overlap."""

from __future__ import annotations

import shutil
import threading
import time
import weakref
from collections.abc import Sequence
from pathlib import Path

import pytest
from fakes import FakeModel, predictions, save_picture, some_cases

from rmbg_eval.cases.folder import Case
from rmbg_eval.core.cache import Store
from rmbg_eval.core.images import Alpha, Cutout, Picture
from rmbg_eval.errors import OutputError
from rmbg_eval.models.refinement import Refined
from rmbg_eval.predictions.stages import predict


def cases_inferred(model: FakeModel, cases: Sequence[Case], out: Path) -> list[str]:
    assert not any(prediction.failure for prediction in predictions(model, cases, out))
    return model.inferred


@pytest.fixture
def cases(tmp_path: Path) -> list[Case]:
    return some_cases(tmp_path / "in", 4)


def test_the_second_time_nothing_is_loaded_and_nothing_inferred(
    cases: list[Case], tmp_path: Path
) -> None:
    first = predictions(FakeModel(), cases, tmp_path / "out")
    again = FakeModel()
    second = predictions(again, cases, tmp_path / "other")
    assert again.inferred == []
    assert again.load() is True  # so it was not, before
    assert [p.cached for p in first + second] == [False] * 4 + [True] * 4
    for old, new in zip(first, second, strict=True):
        assert new.model_copy(update={"cached": False}) == old
        data = [(tmp_path / out / str(old.cutout)).read_bytes() for out in ("out", "other")]
        assert data[0] == data[1]


def test_another_label_and_another_case_id_do_not_infer_again(
    cases: list[Case], tmp_path: Path
) -> None:
    predictions(FakeModel("one"), cases, tmp_path / "out")
    moved = Case("elsewhere", "renamed", cases[0].image)
    assert cases_inferred(FakeModel("two"), [moved], tmp_path / "out") == []


@pytest.mark.parametrize(
    "change", [{"weights": "1" * 64}, {"pipeline": "other"}, {"dtype": "bf16"}]
)
def test_a_changed_model_infers_again(
    cases: list[Case], tmp_path: Path, change: dict[str, str]
) -> None:
    predictions(FakeModel(), cases, tmp_path / "out")
    assert len(cases_inferred(FakeModel(**change), cases, tmp_path / "out")) == 4  # type: ignore[arg-type]


def test_a_changed_byte_of_a_picture_infers_it_again(cases: list[Case], tmp_path: Path) -> None:
    predictions(FakeModel(), cases, tmp_path / "out")
    with cases[2].image.open("ab") as file:
        file.write(b"\0")  # after the end: the same pixels, another file
    assert cases_inferred(FakeModel(), cases, tmp_path / "out") == ["c/02"]


def test_a_changed_decoder_infers_again(
    cases: list[Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictions(FakeModel(), cases, tmp_path / "out")
    monkeypatch.setattr("rmbg_eval.core.cache.DECODER", "another")
    assert len(cases_inferred(FakeModel(), cases, tmp_path / "out")) == 4


@pytest.mark.parametrize("refined", [False, True])
def test_what_was_computed_otherwise_than_was_meant_is_kept_as_what_it_is(
    cases: list[Case], tmp_path: Path, refined: bool
) -> None:
    class Short(FakeModel):
        """As a model that has too little memory for its dtype."""

        def infer(self, inputs: list[Picture]) -> list[Alpha]:
            self.info = self.info.model_copy(update={"dtype": "bf16"})
            return super().infer(inputs)

    short = Short()
    (made,) = predictions(Refined(short, "guided") if refined else short, cases[:1], tmp_path)
    assert (made.cached, made.dtype) == (False, "bf16")
    assert cases_inferred(FakeModel(dtype="bf16"), cases[:1], tmp_path) == []
    assert cases_inferred(FakeModel(), cases[:1], tmp_path) == ["c/00"]


def test_each_picture_of_a_batch_that_failed_is_kept_as_what_it_was_computed_in(
    cases: list[Case], tmp_path: Path
) -> None:
    class Short(FakeModel):
        """Has no memory for two at once, and for its dtype until the second picture."""

        def infer(self, inputs: list[Picture]) -> list[Alpha]:
            if len(inputs) > 1:
                raise MemoryError
            if inputs[0].name == "c/01":
                self.info = self.info.model_copy(update={"dtype": "bf16"})
            return super().infer(inputs)

    made = predictions(Short(batch_size=3), cases[:3], tmp_path)
    assert [p.dtype for p in made] == ["fp32", "bf16", "bf16"]
    assert cases_inferred(FakeModel(), cases[:3], tmp_path) == ["c/01", "c/02"]


def test_the_same_picture_twice_in_a_run_is_inferred_once(tmp_path: Path) -> None:
    second_read = threading.Event()

    class Busy(FakeModel):
        def preprocess(self, picture: Picture) -> Picture:
            if picture.name == "d/b":
                second_read.set()
            return picture

        def infer(self, inputs: list[Picture]) -> list[Alpha]:
            second_read.wait(0.5)  # so that it is read before the first one is finished
            return super().infer(inputs)

    picture = save_picture(tmp_path / "a.png")
    shutil.copy(picture, tmp_path / "b.png")
    cases = [Case("c", "a", picture), Case("d", "b", tmp_path / "b.png")]
    model = Busy()
    made = predictions(model, cases, tmp_path / "out")
    assert model.inferred == ["c/a"]
    assert made[0].cutout_sha256 == made[1].cutout_sha256
    assert all((tmp_path / "out" / str(prediction.cutout)).is_file() for prediction in made)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def other_bytes(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def removed(path: Path) -> None:
    path.unlink()


def not_json(path: Path) -> None:
    path.write_text("[]")


@pytest.mark.parametrize(
    ("suffix", "damage"),
    [(suffix, damage) for suffix in ("png", "json") for damage in (cut_short, emptied, removed)]
    + [("png", other_bytes), ("json", not_json)],
)
def test_a_damaged_entry_of_the_cache_is_done_again(
    cases: list[Case], tmp_path: Path, cache: Path, suffix: str, damage
) -> None:
    whole = {p.case: p.cutout_sha256 for p in predictions(FakeModel(), cases, tmp_path / "out")}
    damage(sorted((cache / "predictions").rglob(f"*.{suffix}"))[0])
    model = FakeModel()
    made = predictions(model, cases, tmp_path / "out")
    assert len(model.inferred) == 1
    assert {p.case: p.cutout_sha256 for p in made} == whole
    assert cases_inferred(FakeModel(), cases, tmp_path / "out") == []


def test_a_cut_out_missing_or_altered_in_the_run_folder_is_put_back(
    cases: list[Case], tmp_path: Path
) -> None:
    made = predictions(FakeModel(), cases, tmp_path / "out")
    paths = [tmp_path / "out" / str(prediction.cutout) for prediction in made]
    whole = [path.read_bytes() for path in paths]
    removed(paths[0])
    other_bytes(paths[1])
    emptied(paths[2])
    assert cases_inferred(FakeModel(), cases, tmp_path / "out") == []
    assert [path.read_bytes() for path in paths] == whole


def test_few_pictures_are_alive_at_once_however_many_cases_there_are(tmp_path: Path) -> None:
    alive: weakref.WeakSet[Picture] = weakref.WeakSet()
    most = 0

    class Watched(FakeModel):
        def preprocess(self, picture: Picture) -> Picture:
            nonlocal most
            alive.add(picture)
            most = max(most, len(alive))
            return picture

        def postprocess(self, output: Alpha, picture: Picture) -> Cutout:
            time.sleep(0.005)  # writing is the slowest: what waits for it piles up
            return super().postprocess(output, picture)

    made = predictions(Watched(), some_cases(tmp_path / "in", 60), tmp_path / "out")
    assert not any(prediction.failure for prediction in made)
    assert 2 <= most <= 10


def test_a_caller_that_does_not_listen_stops_the_work(tmp_path: Path) -> None:
    model = FakeModel()
    done = predict(model, some_cases(tmp_path / "in", 60), tmp_path / "out", Store.default())
    next(done)
    time.sleep(0.2)
    assert len(model.inferred) < 10
    done.close()


def test_the_next_picture_is_read_while_the_model_works(cases: list[Case], tmp_path: Path) -> None:
    """Each of the two waits for the other: done in turn, neither would ever go on."""
    inferring = {case.name: threading.Event() for case in cases}
    read = {case.name: threading.Event() for case in cases}
    following = dict(zip((c.name for c in cases), (c.name for c in cases[1:]), strict=False))
    before = {after: name for name, after in following.items()}

    class Overlapping(FakeModel):
        def preprocess(self, picture: Picture) -> Picture:
            if picture.name in before:
                assert inferring[before[picture.name]].wait(10)
            read[picture.name].set()
            return picture

        def infer(self, inputs: list[Picture]) -> list[Alpha]:
            name = inputs[0].name
            inferring[name].set()
            if name in following:
                assert read[following[name]].wait(10)
            return super().infer(inputs)

    assert len(cases_inferred(Overlapping(), cases, tmp_path / "out")) == 4


def test_the_last_picture_is_written_while_the_model_works(
    cases: list[Case], tmp_path: Path
) -> None:
    names = [case.name for case in cases]
    inferring = {name: threading.Event() for name in names}
    writing = {name: threading.Event() for name in names}

    class Overlapping(FakeModel):
        def infer(self, inputs: list[Picture]) -> list[Alpha]:
            at = names.index(inputs[0].name)
            inferring[names[at]].set()
            if at:
                assert writing[names[at - 1]].wait(10)
            return super().infer(inputs)

        def postprocess(self, output: Alpha, picture: Picture) -> Cutout:
            at = names.index(picture.name)
            writing[names[at]].set()
            if at + 1 < len(names):
                assert inferring[names[at + 1]].wait(10)
            return super().postprocess(output, picture)

    assert len(cases_inferred(Overlapping(), cases, tmp_path / "out")) == 4


def test_only_postprocess_runs_in_two_threads_at_a_time(tmp_path: Path) -> None:
    """As the protocol of models promises: a model may keep what it likes between two calls."""
    busy, most, lock = dict.fromkeys(("pre", "infer", "post"), 0), {}, threading.Lock()

    class Counting(FakeModel):
        def preprocess(self, picture: Picture) -> Picture:
            self.stay("pre")
            return picture

        def infer(self, inputs: list[Picture]) -> list[Alpha]:
            self.stay("infer")
            return super().infer(inputs)

        def postprocess(self, output: Alpha, picture: Picture) -> Cutout:
            self.stay("post")
            return super().postprocess(output, picture)

        def stay(self, stage: str) -> None:
            with lock:
                busy[stage] += 1
                most[stage] = max(most.get(stage, 0), busy[stage])
            time.sleep(0.02 if stage == "post" else 0.002)
            with lock:
                busy[stage] -= 1

    predictions(Counting(), some_cases(tmp_path / "in", 12), tmp_path / "out")
    assert most["pre"] == most["infer"] == 1
    assert most["post"] <= 2


@pytest.fixture
def threads_before() -> set[threading.Thread]:
    return set(threading.enumerate())


def test_closing_early_leaves_no_thread_and_nothing_half_written(
    tmp_path: Path, cache: Path, threads_before: set[threading.Thread]
) -> None:
    cases = some_cases(tmp_path / "in", 20)
    done = predict(FakeModel(), cases, tmp_path / "out", Store.default())
    for _ in range(3):
        next(done)
    done.close()
    assert set(threading.enumerate()) <= threads_before
    folders = (tmp_path / "out", cache)
    assert not [path for folder in folders for path in folder.rglob(".new-*")]
    assert len(cases_inferred(FakeModel(), cases, tmp_path / "out")) < 20


def test_closing_early_reads_no_further_picture(tmp_path: Path) -> None:
    read: list[str] = []

    class Slow(FakeModel):
        def preprocess(self, picture: Picture) -> Picture:
            read.append(picture.name)
            time.sleep(0.1)
            return picture

    done = predict(Slow(), some_cases(tmp_path / "in", 20), tmp_path / "out", Store.default())
    next(done)
    before = len(read)
    done.close()
    assert len(read) <= before + 1  # the one that was just beginning


def test_an_error_leaves_no_thread(
    tmp_path: Path, cache: Path, threads_before: set[threading.Thread]
) -> None:
    (cache / "predictions").write_text("in the way")
    with pytest.raises(OutputError):
        predictions(FakeModel(), some_cases(tmp_path / "in", 20), tmp_path / "out")
    assert set(threading.enumerate()) <= threads_before
