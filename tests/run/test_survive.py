"""What happens to a run from outside: it ends in words, or goes on, and never believes a half."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from disks import disk
from fakes import FakeModel, save_picture, save_truth, some_cases
from PIL import Image

from rmbg_eval.ci.outputs import build_files
from rmbg_eval.core.decoding import decode_cutout
from rmbg_eval.core.images import Alpha, Picture
from rmbg_eval.core.progress import Step
from rmbg_eval.errors import ModelError, OutputError
from rmbg_eval.measure.agreement import APART
from rmbg_eval.report import Report
from rmbg_eval.run.drawing import draw_again, load
from rmbg_eval.run.evaluate import evaluate
from rmbg_eval.run.record import Run
from rmbg_eval.settings import Settings

UseModels = Callable[..., None]


class Interrupted(FakeModel):
    """Somebody presses Ctrl-C while it looks at its third picture."""

    def infer(self, inputs: list) -> list:
        if len(self.inferred) == 2:
            raise KeyboardInterrupt
        return super().infer(inputs)


def test_ctrl_c_leaves_a_partial_run_that_says_so(
    settings: Settings, use_models: UseModels, tmp_path: Path
) -> None:
    some_cases(tmp_path / "many", 9)
    settings = settings.model_copy(update={"cases": str(tmp_path / "many")})
    use_models(Interrupted())
    with pytest.raises(KeyboardInterrupt):
        evaluate(settings)
    partial = Run.load(settings.out_folder)
    assert not partial.complete
    assert [p.case for p in partial.predictions] == ["00", "01"][: len(partial.predictions)]
    assert len(partial.cases) == 9
    measured = {(m.case, m.model) for m in partial.measurements}
    assert measured == {(p.case, p.model) for p in partial.predictions}
    assert not (settings.out_folder / "measurements.csv").exists()
    report = Report(partial)
    assert "interrupted" in report.overview().html
    for panel in (report.categories(), report.more()):
        assert panel.html
    use_models(FakeModel())
    assert evaluate(settings).complete


def test_ctrl_c_leaves_no_table_of_the_run_before(
    settings: Settings, use_models: UseModels
) -> None:
    evaluate(settings)
    use_models(Interrupted(weights="1" * 64))
    with pytest.raises(KeyboardInterrupt):
        evaluate(settings)
    assert not Run.load(settings.out_folder).complete
    assert not (settings.out_folder / "measurements.csv").exists()


def test_ctrl_c_is_ctrl_c_where_what_is_done_cannot_be_written(
    settings: Settings, use_models: UseModels
) -> None:
    saved = []

    def on_save(_: Path, run: Run) -> None:
        saved.append(run)
        if len(saved) > 1:
            raise OutputError("full", "make room")

    use_models(Interrupted())
    with pytest.raises(KeyboardInterrupt):
        evaluate(settings, on_save=on_save)


class Broken(FakeModel):
    """Its driver is too old, which its maker never thought of."""

    def load(self) -> bool:
        raise RuntimeError("the driver is too old")


def test_what_a_first_model_did_is_kept_when_the_next_ends_the_run(settings: Settings) -> None:
    models = {"good": FakeModel(), "bad": Broken(weights="1" * 64)}
    with pytest.raises(ModelError, match="bad cannot be loaded: RuntimeError: the driver is too"):
        evaluate(settings, models=models)
    partial = Run.load(settings.out_folder)
    assert not partial.complete
    assert [p.model for p in partial.predictions] == ["good"] * 3
    assert {m.case for m in partial.measurements} == {"ada", "rex", "tom"}


@pytest.mark.parametrize("size", [(96, 64), (50, 40)])
def test_a_picture_replaced_between_two_models_is_not_compared(
    settings: Settings, size: tuple[int, int]
) -> None:
    """Its cut-outs are of two pictures, also where those are as large."""

    def replace(step: Step) -> None:
        if step.text.startswith("b") and step.done == 0:
            save_picture(settings.cases_folder / "pet" / "rex.png", 7, size)

    run = evaluate(settings, replace, models={"a": FakeModel(), "b": FakeModel(weights="1" * 64)})
    assert run.complete
    alone = {m.case for m in run.measurements if m.metric == APART and m.value is None}
    assert alone == {"rex"}
    assert [agreement.cases for agreement in run.agreements] == [2]
    drawn = load(run).cases
    assert {key[1] for key, each in drawn.items() if not each.disagreement} == {"rex"}


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A disk that may only be read."""
    with disk(tmp_path / "disk", "1m") as folder:
        yield folder


def _remount(folder: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", folder], check=True)


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("out", r"may not be written.*--out.*RMBG_EVAL_CACHE"),
        ("cache", r"cache .* cannot be used: Read-only.*RMBG_EVAL_CACHE"),
    ],
)
def test_a_read_only_disk_ends_in_words_and_leaves_what_is_there(
    settings: Settings, read_only: Path, monkeypatch: pytest.MonkeyPatch, where: str, words: str
) -> None:
    if where == "out":
        settings = settings.model_copy(update={"out": str(read_only / "out")})
        first = evaluate(settings)
    else:
        monkeypatch.setenv("RMBG_EVAL_CACHE", str(read_only / "cache"))
        (read_only / "cache").mkdir()
        first = None
    _remount(read_only, "ro")
    with pytest.raises(OutputError, match=words):
        evaluate(settings)
    if first:
        assert Run.load(settings.out_folder) == first
    _remount(read_only, "rw")
    again = evaluate(settings)
    assert again.complete
    assert first is None or again.outcome() == first.outcome()


class Clock:
    """A clock that says what it is told."""

    def __init__(self, year: int) -> None:
        self.year = year

    def now(self, zone: object) -> datetime:
        return datetime(self.year, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("years", [(2026, 1971), (2026, 2999), (1970, 2026)], ids=str)
def test_a_clock_that_jumps_changes_nothing_that_was_found(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, years: tuple[int, int]
) -> None:
    """Nothing goes by dates: not what is kept, not what is fresh, not the files' times."""
    monkeypatch.setattr("rmbg_eval.run.evaluate.datetime", Clock(years[0]))
    first = evaluate(settings)
    for path in [*settings.out_folder.rglob("*"), *settings.cases_folder.rglob("*")]:
        os.utime(path, (0, 0) if years[1] < 2000 else (4e9, 4e9))
    monkeypatch.setattr("rmbg_eval.run.evaluate.datetime", Clock(years[1]))
    assert evaluate(settings).outcome() == first.outcome()
    assert all(p.cached for p in evaluate_elsewhere(settings).predictions)


def evaluate_elsewhere(settings: Settings) -> Run:
    return evaluate(settings.model_copy(update={"out": settings.out + "-elsewhere"}))


class Meddler(FakeModel):
    """While it looks at the first picture, somebody works on the case set."""

    def __init__(self, meddle: Callable[[], None]) -> None:
        super().__init__()
        self.meddle = meddle

    def infer(self, inputs: list) -> list:
        if not self.inferred:
            self.meddle()
        return super().infer(inputs)


def test_a_case_set_that_changes_in_mid_run_is_a_run_of_what_it_was(
    tmp_path: Path, use_models: UseModels
) -> None:
    folder = tmp_path / "cases" / "c"
    some_cases(folder, 20)
    for number in range(20):
        save_truth(folder / "gt" / f"{number:02}.png")

    def meddle() -> None:
        (folder / "16.png").unlink()
        (folder / "17.png").write_bytes(b"half a pict")
        save_picture(folder / "18.png", 99, (64, 96))  # another one, of another size
        (folder / "gt" / "15.png").unlink()
        save_picture(folder / "new.png", 7)

    use_models(Meddler(meddle))
    settings = Settings(cases=str(tmp_path / "cases"), models=["fake"], out=str(tmp_path / "out"))
    run = evaluate(settings)
    assert run.complete
    assert [p.case for p in run.predictions] == [f"{n:02}" for n in range(20)]
    assert {p.case: p.failure.kind for p in run.failures} == {
        "16": "ImageError",
        "17": "ImageError",
    }
    reasons = {m.case: str(m.reason) for m in run.measurements if m.metric == "mad" and m.reason}
    assert "15.png does not exist" in reasons["15"]
    assert "96" in reasons["18"]
    assert Report(run).overview().html
    use_models(FakeModel())
    again = evaluate(settings)
    assert [c.id for c in again.cases][-1] == "new"
    assert [p.case for p in again.failures] == ["17"]


def test_a_case_set_that_goes_in_mid_run_is_a_run_of_failures(
    tmp_path: Path, use_models: UseModels
) -> None:
    some_cases(tmp_path / "cases" / "c", 30)
    use_models(Meddler(lambda: (tmp_path / "cases").rename(tmp_path / "gone") and None))
    settings = Settings(cases=str(tmp_path / "cases"), models=["fake"], out=str(tmp_path / "out"))
    run = evaluate(settings)
    assert run.complete
    assert 1 < len(run.failures) < 30
    assert all("does not exist" in str(p.failure) for p in run.failures)
    assert Report(run).overview().html


_STARVED = """
import resource, sys
from pathlib import Path
import numpy as np
from fakes import FakeModel
import rmbg_eval.run.evaluate
from rmbg_eval.settings import Settings

class Hungry(FakeModel):
    def alpha(self, picture):
        if picture.name == "pet/rex":
            np.ones(1 << 40, np.uint8)
        return super().alpha(picture)

rmbg_eval.run.evaluate.load_model = lambda *_: Hungry()
now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (now + (1 << 34), now + (1 << 34)))
rmbg_eval.run.evaluate.evaluate(Settings(cases=sys.argv[1], models=["fake"], out=sys.argv[2]))
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no such limit here")
def test_a_picture_that_takes_more_memory_than_there_is_fails_alone(
    case_set: Path, tmp_path: Path
) -> None:
    path = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-c", _STARVED, case_set, tmp_path / "out"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    run = Run.load(tmp_path / "out")
    assert run.complete
    (failed,) = run.failures
    assert (failed.case, failed.failure.kind) == ("rex", "MemoryError")
    assert "Close other programs" in str(failed.failure.remedy)


class Wrong(FakeModel):
    """Each picture is answered in another wrong way."""

    def alpha(self, picture: Picture) -> Alpha:
        alpha = super().alpha(picture)
        if picture.name == "pet/rex":
            alpha[0, 0] = np.nan
        elif picture.name == "pet/tom":
            return alpha[:-1]
        elif picture.name == "portrait/ada":
            raise RuntimeError("the model gave up")
        return alpha


def test_whatever_a_model_does_the_run_ends_and_its_folder_is_whole(
    settings: Settings, use_models: UseModels
) -> None:
    save_picture(settings.cases_folder / "pet" / "well.png", 9)
    use_models(Wrong())
    run = evaluate(settings, on_save=build_files)
    assert run.complete
    assert {p.case: p.failure.kind for p in run.failures} == {
        "ada": "RuntimeError",
        "rex": "ModelError",
        "tom": "ModelError",
    }
    for p in run.predictions:
        if p.cutout:
            decode_cutout((settings.out_folder / p.cutout).read_bytes(), p.case)
    junit = (settings.out_folder / "junit.xml").read_text("utf-8")
    assert junit.count("<skipped ") == 3  # which --fail-on required lets pass


@pytest.mark.parametrize("mode", ["L", "RGB", "I;16"])
def test_a_run_whose_cut_out_somebody_replaced_has_a_report_all_the_same(
    settings: Settings, mode: str
) -> None:
    run = evaluate(settings)
    shutil.rmtree(settings.out_folder / "assets")
    Image.new(mode, (96, 64)).save(settings.out_folder / run.predictions[0].cutout)
    draw_again(run)
    shown = [case.models.keys() for case in load(run).cases.values()]
    assert shown == [set(), {"fake"}, {"fake"}]
    assert Report(run).overview().html


def test_a_damaged_cache_is_noticed_by_its_hash_and_done_again(
    settings: Settings, cache: Path, use_models: UseModels
) -> None:
    first = evaluate(settings)
    chance = np.random.default_rng(0)
    files = [path for path in cache.rglob("*") if path.is_file()]
    assert len(files) >= 9
    for path in files:
        data = bytearray(path.read_bytes())
        data[int(chance.integers(len(data)))] ^= 1 << int(chance.integers(8))
        path.write_bytes(data)
    model = FakeModel()
    use_models(model)
    again = evaluate_elsewhere(settings)
    assert len(model.inferred) == 3
    assert again.outcome() == first.outcome()
