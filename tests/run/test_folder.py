"""The run folder: for one process, never mixed with other files, and whole at any moment."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from disks import disk
from fakes import FakeModel, some_cases
from numpy.typing import NDArray
from systems import links

from rmbg_eval import Report, load_run
from rmbg_eval.core.paths import resource
from rmbg_eval.errors import OutputError
from rmbg_eval.i18n import Message
from rmbg_eval.run.evaluate import evaluate
from rmbg_eval.run.folder import claim, run_folder
from rmbg_eval.run.record import Run
from rmbg_eval.settings import Settings


def test_a_folder_is_made_with_its_parents(settings: Settings, tmp_path: Path) -> None:
    out = tmp_path / "a" / "b c" / "发丝"
    evaluate(settings.model_copy(update={"out": str(out)}))
    names = {path.name for path in out.iterdir() if not path.name.startswith(".")}
    assert names == {"run.json", "measurements.csv", "cutouts", "assets"}


@pytest.mark.parametrize(
    "name",
    ["thesis.docx", "holiday.webp", "index.html", "assets", "cutouts", "summary.md", "run.json"],
)
def test_a_folder_with_other_files_is_refused_and_left_alone(settings: Settings, name: str) -> None:
    settings.out_folder.mkdir()
    (settings.out_folder / name).write_text("years of work")
    refused = rf"holds other files \({re.escape(name)}\).*--out"
    with pytest.raises(OutputError, match=refused):
        evaluate(settings)
    with pytest.raises(OutputError, match=refused):
        claim(settings.out_folder, "comparison.json", Message("Give another --out."))
    assert [path.name for path in settings.out_folder.iterdir()] == [name]


def test_a_run_that_cannot_be_read_is_not_taken_for_other_files(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> NoReturn:
        raise OSError(errno.EIO, "Input/output error")

    evaluate(settings)
    monkeypatch.setattr(Path, "open", fail)
    with pytest.raises(OutputError, match=r"run\.json cannot be read: Input/output error"):
        evaluate(settings)


@pytest.mark.parametrize("name", [".DS_Store", "evaluate.ipynb"])
def test_what_a_system_or_a_notebook_put_there_is_no_obstacle(
    settings: Settings, name: str
) -> None:
    settings.out_folder.mkdir()
    (settings.out_folder / name).write_text("x")
    assert evaluate(settings).complete
    assert (settings.out_folder / name).read_text() == "x"


@pytest.mark.parametrize("name", ["records", "pictures"])
def test_what_is_written_before_run_json_is_no_obstacle(settings: Settings, name: str) -> None:
    """Whoever is killed between the two gives the same command again."""
    (settings.out_folder / name).mkdir(parents=True)
    (settings.out_folder / name / "mine.parquet").write_text("mine")
    assert evaluate(settings).complete
    assert (settings.out_folder / name / "mine.parquet").read_text() == "mine"


@pytest.mark.parametrize("name", ["notes.txt", "assets/logo.png", "assets/case.json"])
def test_files_added_to_a_run_stay(settings: Settings, name: str) -> None:
    evaluate(settings)
    (settings.out_folder / name).write_text("mine")
    evaluate(settings)
    assert (settings.out_folder / name).read_text() == "mine"


def test_cut_outs_lie_in_the_run_folder_wherever_a_function_goes_meanwhile(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is written while the function works on the next picture."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)

    def red(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        os.chdir(tmp_path / "elsewhere")
        time.sleep(0.1)
        return rgb[..., 0] / np.float32(255)

    run = evaluate(settings.model_copy(update={"out": "out"}), models={"red": red})
    assert all((tmp_path / "out" / str(p.cutout)).exists() for p in run.predictions)
    assert not any((tmp_path / "elsewhere").iterdir())


def test_names_that_end_like_a_picture_are_folders_all_the_same(
    tmp_path: Path, use_models: Callable[..., None]
) -> None:
    """Of a category, of a model, and of what a person put beside the pictures of the report."""
    use_models(FakeModel("v1.png"), FakeModel("v2"))
    some_cases(tmp_path / "cases" / "shots.png", 2)
    settings = Settings(
        cases=str(tmp_path / "cases"), models=["v1.png", "v2"], out=str(tmp_path / "out")
    )
    evaluate(settings)
    mine = settings.out_folder / "assets" / "mine.webp" / "notes"
    mine.parent.mkdir()
    mine.write_text("mine")
    run = evaluate(settings)
    assert run.complete
    assert all((settings.out_folder / (p.cutout or "")).is_file() for p in run.predictions)
    again = evaluate(settings.model_copy(update={"models": ["v1.png"]}))
    left = (settings.out_folder / "cutouts").rglob("0*.png")
    assert {*left} == {settings.out_folder / (p.cutout or "") for p in again.predictions}
    assert mine.read_text() == "mine"


@links
@pytest.mark.parametrize("name", ["cutouts", "cutouts/fake", "cutouts/fake/pet", "assets"])
def test_nothing_is_written_through_a_link_that_leads_out(
    settings: Settings, tmp_path: Path, name: str
) -> None:
    """A run folder may be a stranger's."""
    evaluate(settings)
    moved = (settings.out_folder / name).rename(tmp_path / "elsewhere")
    (settings.out_folder / name).symlink_to(moved)
    before = {path: path.stat().st_mtime_ns for path in moved.rglob("*")}
    with pytest.raises(OutputError, match=f"{name} lies elsewhere: a link leads there.*--out"):
        evaluate(settings)
    with pytest.raises(OutputError, match="lies elsewhere"):
        Report(load_run(settings.out_folder))
    assert {path: path.stat().st_mtime_ns for path in moved.rglob("*")} == before
    (settings.out_folder / name).unlink()
    moved.rename(settings.out_folder / "own")
    (settings.out_folder / name).symlink_to(settings.out_folder / "own")
    evaluate(settings)


@pytest.mark.parametrize("below", ["", "/deeper"])
def test_a_file_in_place_of_the_folder_is_named(settings: Settings, below: str) -> None:
    settings.out_folder.write_text("a file")
    there = settings.model_copy(update={"out": settings.out + below})
    name = re.escape(str(Path(f"out{below}")))
    with pytest.raises(OutputError, match=f"{name} could not be written.*another folder"):
        evaluate(there)
    assert settings.out_folder.read_text() == "a file"


def test_a_folder_that_may_not_be_written_names_the_option(
    settings: Settings, tmp_path: Path
) -> None:
    if not hasattr(os, "geteuid"):
        pytest.skip("this system has no such permissions: os.geteuid is missing")
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="may not be written.*--out"):
            evaluate(settings)
    finally:
        tmp_path.chmod(0o700)


_HOLD = """
import sys
from pathlib import Path
from rmbg_eval.run.folder import run_folder
with run_folder(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_folder_another_process_writes_to_is_refused_until_that_ends(settings: Settings) -> None:
    first = evaluate(settings)
    before = (settings.out_folder / "run.json").read_bytes()
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, settings.out],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(OutputError, match="Another command is writing to .*out.*Wait for it"):
            evaluate(settings)
        assert (settings.out_folder / "run.json").read_bytes() == before
        holder.kill()
    assert evaluate(settings) == first


def test_an_error_inside_frees_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), run_folder(tmp_path / "out"):
        _ = 1 / 0
    with run_folder(tmp_path / "out"):
        pass


def half_written(folder: Path) -> list[Path]:
    return list(folder.rglob(".new-*"))


def no_space(*arguments: object, **more: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("step", ["os.replace", "tempfile.NamedTemporaryFile"])
def test_a_full_disk_says_so_and_leaves_the_run_before(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    evaluate(settings)
    before = (settings.out_folder / "run.json").read_bytes()
    with monkeypatch.context() as full:
        full.setattr(f"rmbg_eval.core.files.{step}", no_space)
        with pytest.raises(OutputError, match="disk is full: .*run.json could not.*Make room"):
            evaluate(settings)
    assert (settings.out_folder / "run.json").read_bytes() == before
    assert half_written(settings.out_folder) == []
    assert evaluate(settings).complete


def test_a_full_disk_in_the_middle_ends_the_run_and_room_completes_it(
    settings: Settings, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some_cases(tmp_path / "many", 20)
    settings = settings.model_copy(update={"cases": str(tmp_path / "many")})
    replace, done = os.replace, 0

    def fills_up(source: object, target: object) -> None:
        nonlocal done
        done += 1
        if done > 12:
            no_space()
        replace(source, target)  # type: ignore[arg-type]

    with monkeypatch.context() as full:
        full.setattr("os.replace", fills_up)
        with pytest.raises(OutputError, match="disk is full"):
            evaluate(settings)
    assert not Run.load(settings.out_folder).complete
    assert half_written(tmp_path) == half_written(cache) == []
    kept = len(list((cache / "predictions").rglob("*.json")))
    assert kept
    run = evaluate(settings)
    assert run.complete
    assert len([p for p in run.predictions if p.cached]) == kept


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 100 KiB."""
    with disk(tmp_path / "disk", "100k") as folder:
        yield folder


@pytest.mark.parametrize("full", ["out", "cache"])
def test_a_really_full_disk_ends_the_run_and_room_completes_it(
    settings: Settings,
    small_disk: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    full: str,
) -> None:
    some_cases(tmp_path / "cases" / "many", 20)
    if full == "out":
        settings = settings.model_copy(update={"out": str(small_disk / "out")})
    else:
        monkeypatch.setenv("RMBG_EVAL_CACHE", str(small_disk / "cache"))
    with pytest.raises(OutputError, match="The disk is full.*Make room"):
        evaluate(settings)
    assert half_written(small_disk) == []
    assert not Run.load(settings.out_folder).complete
    subprocess.run(["mount", "-o", "remount,size=10m", small_disk], check=True)
    run = evaluate(settings)
    assert run.complete
    assert run.failures == ()
    assert Run.load(settings.out_folder) == run


def test_the_folder_of_the_notebooks_is_no_run_folder() -> None:
    with pytest.raises(OutputError, match="holds the notebooks"), run_folder(resource("notebooks")):
        pass
    assert not (resource("notebooks") / "run.json").exists()
