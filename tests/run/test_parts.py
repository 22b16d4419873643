"""Records of many cases in Parquet files: the same run, read as it is asked for."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from caches import new_cache
from commands import call
from fakes import FakeModel, save_picture, save_truth
from pictures import check_message, make_pipe, time_limit

from rmbg_eval import load_run, measurements_frame, points_frame, predictions_frame
from rmbg_eval.ci.gate import exit_status
from rmbg_eval.ci.outputs import build_files
from rmbg_eval.compare.baseline import approve
from rmbg_eval.core.images import Alpha, Picture
from rmbg_eval.core.key import Key, Names
from rmbg_eval.core.records import Records, Stored, keep, stored_in
from rmbg_eval.errors import OutputError, SettingsError
from rmbg_eval.measure.columns import Measurements
from rmbg_eval.run import parts
from rmbg_eval.run.evaluate import evaluate
from rmbg_eval.run.folder import save, write_run
from rmbg_eval.run.record import Run
from rmbg_eval.run.shard import PairDistance, Shard
from rmbg_eval.run.statistics import summarise
from rmbg_eval.settings import Settings

Folders = tuple[Path, Path, Settings]
SIZE = 40, 32


class Weak(FakeModel):
    """It fails on one picture, and its alpha is a part of the other model's."""

    def alpha(self, picture: Picture) -> Alpha:
        if picture.rgb[0, 0, 0] > 50:  # the first picture
            raise ValueError("too red")
        return super().alpha(picture) * np.float32(0.7)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """One run in one file, and the same in parts of two rows; their settings."""
    root = tmp_path_factory.mktemp("parts")
    for number in range(5):
        folder = root / "cases" / ("pet", "zoo")[number % 2] / f"{number}"
        save_picture(folder / "image.png", number, SIZE)
        (folder / "case.toml").write_text(
            f'group = "g{number // 2}"\n[[points]]\nid = "sky"\nkind = "transparent"\n'
            'box = [0, 0, 8, 8]\n[[points]]\nid = "all"\nkind = "opaque"\nbox = [9, 9, 8, 8]\n'
            "required = true\n"
        )
        if number % 2:
            save_truth(folder / "alpha.png", SIZE)
    settings = Settings(cases=str(root / "cases"), models=["fake", "weak"], rules="amazon")
    models = {"fake": FakeModel(), "weak": Weak("weak", weights="w")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RMBG_EVAL_CACHE", str(new_cache(root / "cache")))
        patch.setattr("rmbg_eval.run.parts.ROWS", 2)
        patch.setattr("rmbg_eval.run.evaluate.load_model", lambda name, *_: models[name])
        for name in ("first", "one"):  # the second finds the first one's seconds in the cache
            out = settings.model_copy(update={"out": str(root / name)})
            evaluate(out, on_save=build_files)
        shutil.copytree(root / "one", root / "parts")
        patch.setattr("rmbg_eval.run.parts.ONE_FILE", 3)
        save(root / "parts", Run.load(root / "one"))
        build_files(root / "parts", Run.load(root / "parts"))
    return root / "one", root / "parts", settings


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """As few cases are many, and as few rows a group, as when the runs were made."""
    monkeypatch.setattr("rmbg_eval.run.parts.ONE_FILE", 3)
    monkeypatch.setattr("rmbg_eval.run.parts.ROWS", 2)


def data(folder: Path) -> dict:
    return json.loads((folder / "run.json").read_text("utf-8"))


def test_records_lie_in_parquet_and_the_run_is_the_same(
    folders: Folders,
) -> None:
    one, parts, _ = folders
    kept = data(parts)
    assert kept["records"].keys() == {
        "cases", "predictions", "measurements", "points", "rules", "risks",
    }  # fmt: skip
    assert kept["records"]["predictions"]["rows"] == 10
    for name in ("cases", "predictions", "points", "rules", "risks"):
        assert kept[name] == []
    assert kept["measurements"]["rows"] == []
    names = {path.name for path in (parts / "records").iterdir()}
    assert names == {f"{k}-{v['sha256'][:16]}.parquet" for k, v in kept["records"].items()}
    assert data(one)["records"] is None
    assert not (one / "records").exists()
    assert (one / "measurements.csv").exists()
    assert not (parts / "measurements.csv").exists()

    was, now = Run.load(one), Run.load(parts)
    assert stored_in(now.predictions) is not None
    for name in ("cases", "predictions", "points", "rules", "risks", "agreements", "models"):
        assert getattr(was, name) == getattr(now, name), name
        assert getattr(now, name) == getattr(was, name), name
    assert was.measurements == now.measurements
    assert summarise(was) == summarise(now)
    assert [*was.measurements] == [*now.measurements]
    assert was.outcome() == now.outcome()
    assert was.failures == now.failures
    assert len(now.failures) > 0
    assert (was.missed, was.broken) == (now.missed, now.broken)
    for name in ("junit.xml", "summary.md"):
        assert (one / name).read_bytes() == (parts / name).read_bytes()


def test_the_index_reads_what_is_asked_for(folders: Folders) -> None:
    was, now = (Run.load(folder) for folder in folders[:2])
    for name in ("cases", "predictions", "by_case", "points", "rules", "risks"):
        mine, theirs = getattr(now.index, name), getattr(was.index, name)
        assert {**mine} == {**theirs}, name
        assert [*mine] == [*theirs], name
        assert len(mine) == len(theirs)
        assert ("no", "such") not in mine
    for key in was.index.predictions:
        assert now.measurements.values_of(key) == was.measurements.values_of(key)
        assert now.index.measurements[key] == was.index.measurements[key]
    assert now.measurements.scored() == was.measurements.scored()
    for metric in was.measurements.metrics():
        assert [*now.measurements.of(metric)] == [*was.measurements.of(metric)]
    assert [*now.measurements.of("no")] == []
    assert now.measurements.values_of(Key("no", "such", "case")) == {}
    renamed = Names({"fake": "weak", "weak": "fake"})
    assert now.measurements.renamed(renamed) == was.measurements.renamed(renamed)
    assert now.predictions[-1] == was.predictions[-1]
    assert now.predictions[1:4] == was.predictions[1:4]
    with pytest.raises(IndexError):
        now.predictions[10]
    assert json.loads(now.model_dump_json())["predictions"] == data(folders[0])["predictions"]
    copy = now.model_copy(update={"points": ()})
    assert copy.index.points == {}
    assert {**copy.index.predictions} == was.index.predictions


def test_threads_may_ask_at_once() -> None:
    """A report is served by several; what is kept of rows is made or found by any of them."""
    kept: dict[int, int] = {}

    def ask(step: int) -> None:
        for place in range(0, 20_000 * step, step):
            assert keep(kept, place % 7, 3, lambda place=place: place % 7) == place % 7

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(6) as pool:
            for asked in [pool.submit(ask, step) for step in range(1, 7)]:
                asked.result()
    finally:
        sys.setswitchinterval(before)
    assert len(kept) <= 3


def test_a_consumer_of_one_row_reads_one_group(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.load(folders[1])
    read: list[tuple[str, int]] = []
    stored = stored_in(run.predictions)
    assert stored is not None
    group = type(stored.stored)._read

    def counted(self: Stored, file: object, number: int, columns: list[str] | None) -> object:
        read.append((self.path.name.partition("-")[0], number))
        return group(self, file, number, columns)

    monkeypatch.setattr("rmbg_eval.core.records.Stored._read", counted)
    assert run.predictions[5].case
    assert next(iter(run.points)).point == "sky"
    assert read == [("predictions", 2), ("points", 0)]
    read.clear()
    assert next(run.measurements.of("disagreement"))
    assert read == [("measurements", 0)]


@pytest.mark.usefixtures("small")
def test_frames_and_the_csv_that_is_asked_for(folders: Folders, tmp_path: Path) -> None:
    one, parts, _ = folders
    was, now = load_run(one), load_run(parts / "run.json")
    for made in (measurements_frame, points_frame):
        assert made(now).equals(made(was))
    columns = [name for name in predictions_frame(was) if name != "cutout"]
    assert predictions_frame(now)[columns].equals(predictions_frame(was)[columns])
    assert now.worst(3, "risk")["case"].tolist() == was.worst(3, "risk")["case"].tolist()
    status, text = call("csv", parts, "--out", tmp_path / "m.csv")
    assert (status, (tmp_path / "m.csv").read_bytes()) == (
        0,
        (one / "measurements.csv").read_bytes(),
    ), text


@pytest.mark.usefixtures("small")
def test_compare_approve_and_gates_work_on_it(folders: Folders, tmp_path: Path) -> None:
    one, parts, _ = folders
    assert call("compare", one, parts, "--out", tmp_path / "same", "--no-page")[0] == 0
    was = Run.load(one)
    allowed = [p.name for p in (*was.failures, *was.missed, *was.broken)]
    approve(parts, tmp_path / "base", allowed)
    base = Run.load(tmp_path / "base")
    assert stored_in(base.predictions) is not None
    assert (tmp_path / "base" / "records").is_dir()
    names = {path.name for path in (tmp_path / "base" / "records").iterdir()}
    approve(parts, tmp_path / "base", allowed)
    assert {path.name for path in (tmp_path / "base" / "records").iterdir()} == names
    status, text = call("compare", tmp_path / "base", parts, "--out", tmp_path / "b", "--no-page")
    assert status == 0, text


@pytest.mark.usefixtures("small")
def test_decide_and_the_gate_work_on_it(folders: Folders, tmp_path: Path) -> None:
    parts = tmp_path / "parts"
    shutil.copytree(folders[1], parts)
    run = Run.load(parts)
    rows = [
        {
            "kind": "review", "category": p.category, "case": p.case, "model": p.model,
            "cutout_sha256": p.cutout_sha256, "answer": "usable", "person": "Ada",
            "time": "2026-11-02T09:00:00Z",
        }
        for p in run.predictions
        if p.cutout
    ]  # fmt: skip
    (tmp_path / "of-ada.json").write_text(json.dumps({"schema_version": 1, "decisions": rows}))
    status, text = call("decide", parts, tmp_path / "of-ada.json", "--zip", tmp_path / "u.zip")
    assert status == 0, text
    assert f"taken: {len(rows)} reviews" in text
    assert f"{len(rows)} usable cut-outs" in text
    assert "5 of 5 usable" in (parts / "junit.xml").read_text()
    for fail_on in ("required", "error", "point"):
        for one in (Run.load(folders[0]), run):
            settings = one.settings.model_copy(update={"fail_on": fail_on})
            assert exit_status(one.model_copy(update={"settings": settings})) == 1


@pytest.mark.usefixtures("small")
def test_the_same_command_again_keeps_the_run_and_its_files(
    folders: Folders, tmp_path: Path, use_models: Callable[..., None]
) -> None:
    parts = tmp_path / "parts"
    shutil.copytree(folders[1], parts)
    use_models(FakeModel(), Weak("weak", weights="w"))
    (parts / "records" / "points-0123456789abcdef.parquet").write_bytes(b"of an earlier run")
    settings = folders[2].model_copy(update={"out": str(parts)})
    run = evaluate(settings)
    assert run.started == Run.load(folders[1]).started
    there, before = ({p.name for p in (f / "records").iterdir()} for f in (parts, folders[1]))
    assert there == before


def change_about(folder: Path, kind: str, **changes: object) -> None:
    """Something else in run.json about a file of records."""
    about = data(folder)
    about["records"][kind] |= changes
    (folder / "run.json").write_text(json.dumps(about))


def change(folder: Path, kind: str, table: pa.Table | bytes) -> None:
    """Another file of records, which run.json names as its own."""
    path = folder / "records" / f"{kind}-new.parquet"
    if isinstance(table, bytes):
        path.write_bytes(table)
    else:
        pq.write_table(table, path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    path.rename(path.with_name(f"{kind}-{sha256[:16]}.parquet"))
    change_about(folder, kind, sha256=sha256)


def file_of(folder: Path, kind: str) -> Path:
    (path,) = (folder / "records").glob(f"{kind}-*")
    return path


def change_column(folder: Path, kind: str, name: str, value: pa.Scalar) -> None:
    """The same value in each of the rows."""
    table = pq.read_table(file_of(folder, kind))
    column = pa.repeat(value, len(table))
    change(folder, kind, table.set_column(table.column_names.index(name), name, column))


def _pipe(points: Path) -> None:
    points.unlink()
    make_pipe(points)


def _truncated(points: Path) -> None:
    points.write_bytes(points.read_bytes()[:-40])


def _unnamed(folder: Path) -> None:
    about = data(folder)
    del about["records"]["risks"]
    (folder / "run.json").write_text(json.dumps(about))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a pipe": lambda of: _pipe(file_of(of, "points")),
    "gone": lambda of: file_of(of, "points").unlink(),
    "truncated": lambda of: _truncated(file_of(of, "points")),
    "written again": lambda of: pq.write_table(
        pq.read_table(file_of(of, "points")), file_of(of, "points")
    ),
    "truncated and named": lambda of: change(
        of, "points", file_of(of, "points").read_bytes()[:-40]
    ),
    "no Parquet": lambda of: change(of, "risks", b"PAR1 and so on"),
    "other columns": lambda of: change(
        of, "predictions", pq.read_table(file_of(of, "predictions")).drop_columns(["cutout"])
    ),
    "other types": lambda of: change_column(of, "predictions", "width", pa.scalar(b"x")),
    "fewer rows": lambda of: change(
        of, "predictions", pq.read_table(file_of(of, "predictions")).slice(1)
    ),
    "no JSON": lambda of: change_column(of, "predictions", "notes", pa.scalar("[{")),
    "elsewhere": lambda of: change_column(of, "predictions", "cutout", pa.scalar("../../s.png")),
    "no key": lambda of: change_column(of, "measurements", "model", pa.scalar(None, pa.string())),
    "twice": lambda of: change_column(of, "measurements", "model", pa.scalar("fake")),
    "not finite": lambda of: change_column(of, "measurements", "risk", pa.scalar(float("nan"))),
    "unnamed": _unnamed,
    "above": lambda of: change_about(of, "risks", sha256="../" * 21 + "x"),
}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("damage", DAMAGES)
def test_files_that_are_others_end_with_a_message(
    folders: Folders, tmp_path: Path, damage: str
) -> None:
    folder = tmp_path / "parts"
    shutil.copytree(folders[1], folder)
    DAMAGES[damage](folder)
    with time_limit(60):
        status, text = call("compare", folders[0], folder, "--out", tmp_path / "c", "--no-page")
    assert status == 2
    assert "Traceback" not in text
    with pytest.raises(OutputError) as caught:
        _read_all(folder)
    check_message(caught.value)


def _read_all(folder: Path) -> None:
    run = Run.load(folder)
    assert run.outcome()
    assert [*run.index.measurements]


def test_without_pyarrow_one_is_told_before_any_work(
    folders: Folders, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("rmbg_eval.run.parts.ONE_FILE", 3)
    for name in [name for name in sys.modules if name.startswith("pyarrow")]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(SettingsError, match=r"rmbg-eval\[scale\]"):
        evaluate(folders[2].model_copy(update={"out": str(tmp_path / "out")}))
    assert not (tmp_path / "out").exists()
    with pytest.raises(SettingsError, match="pyarrow"):
        Run.load(folders[1])
    assert len(Run.load(folders[0]).predictions) == 10


def test_an_empty_file_of_records_is_fine(
    folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rmbg_eval.run.parts.ONE_FILE", 3)
    run = Run.load(folders[0])
    nothing = run.model_copy(
        update={"predictions": (), "measurements": Measurements(), "points": (), "risks": ()}
    )
    tmp_path.joinpath("out").mkdir()
    write_run(tmp_path / "out", nothing)
    back = Run.load(tmp_path / "out")
    assert back.predictions == ()
    assert isinstance(back.predictions, Records)
    assert back.index.predictions == {}
    assert len(back.cases) == 5


@pytest.mark.parametrize(("of", "most"), [(1, 1024), (8, 1024), (64, 128), (200, 40), (9999, 32)])
def test_a_shard_of_many_has_smaller_groups_of_rows(tmp_path: Path, of: int, most: int) -> None:
    """So that a group of each is as much to merging, however many there are."""
    shard = Shard(number=1, of=of, cases=10**6, listing_sha256="0")
    with parts.parts(tmp_path, [], shard) as files:
        files.add("pairs", 1100 * [PairDistance(
            category="pet", case="a", one="m", other="n", difference=0, apart=0, place=None
        )])  # fmt: skip
    (path,) = (tmp_path / "records").glob("pairs-*")
    metadata = pq.read_metadata(path)
    assert metadata.num_row_groups == -(-1100 // most)
    assert metadata.row_group(0).num_rows == most
