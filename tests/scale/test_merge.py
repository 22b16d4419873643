"""Shards and what merging makes of them: the run as if there had been none."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from caches import new_cache
from commands import call
from fakes import FakeModel, save_picture, save_truth
from hypothesis import given
from hypothesis import strategies as st
from pictures import make_pipe, refused, time_limit
from PIL import Image

from rmbg_eval.cases.folder import load_cases
from rmbg_eval.cases.manifest import write_manifest
from rmbg_eval.ci.outputs import build_files
from rmbg_eval.core.images import Alpha, Picture
from rmbg_eval.core.records import stored_in
from rmbg_eval.errors import OutputError, SettingsError
from rmbg_eval.run.evaluate import evaluate
from rmbg_eval.run.folder import save
from rmbg_eval.run.record import Run
from rmbg_eval.run.shard import DONE, Part
from rmbg_eval.scale.merge import merge
from rmbg_eval.settings import Settings

Sharded = tuple[Path, list[Path], Settings]
OF = 3
SIZE = 48, 40


class Faint(FakeModel):
    """Its alpha is a part of the picture's red."""

    def __init__(self, name: str, share: float) -> None:
        super().__init__(name, weights=f"{share}", dtype="bf16")
        self._share = np.float32(share)

    def alpha(self, picture: Picture) -> Alpha:
        return super().alpha(picture) * self._share


def test_a_cut_out_of_no_picture_is_told_of_shards_as_of_the_whole(tmp_path: Path) -> None:
    for number in range(6):
        save_picture(tmp_path / "cases" / "pet" / f"{number}.png", number, SIZE)
        rgb = np.asarray(Image.open(tmp_path / "cases" / "pet" / f"{number}.png").convert("RGBA"))
        (tmp_path / "cutouts" / "pet").mkdir(parents=True, exist_ok=True)
        Image.fromarray(rgb).save(tmp_path / "cutouts" / "pet" / f"{number}.png")
    Image.fromarray(rgb).save(tmp_path / "cutouts" / "pet" / "nobody.png")
    settings = Settings(
        cases=str(tmp_path / "cases"), models=[f"folder:{tmp_path / 'cutouts'}"],
        out=str(tmp_path / "whole"),
    )  # fmt: skip
    whole = evaluate(settings).models[0].warnings
    parts = [tmp_path / f"part-{number}" for number in (1, 2)]
    for number, part in enumerate(parts, 1):
        own = settings.model_copy(update={"out": str(part)})
        assert evaluate(own, part=Part(number, 2)).models[0].warnings == whole
    assert merge(parts, tmp_path / "merged").models[0].warnings == whole
    assert "1 file of cutouts matches no picture: pet/nobody.png" in map(str, whole)


@pytest.fixture(scope="module")
def sharded(tmp_path_factory: pytest.TempPathFactory) -> Sharded:
    """A run of all cases, and that of each shard, all with one cache; the settings of all.

    The second shard has its cases from a table of the folder, the others from the folder itself."""
    root = tmp_path_factory.mktemp("sharded")
    for number in range(7):
        name = f"p{4 * number}.png"  # p4 comes before p12
        save_picture(root / "cases" / ("pet", "zoo")[number % 2] / name, number, SIZE)
    (root / "cases" / "pet" / "broken").mkdir()
    (root / "cases" / "pet" / "broken" / "case.toml").write_text("no TOML")
    ada = root / "cases" / "portrait" / "ada"
    save_picture(ada / "image.png", 11, SIZE)
    save_truth(ada / "alpha.png", SIZE)
    (ada / "case.toml").write_text(
        '[[points]]\nid = "sky"\nkind = "transparent"\nbox = [0, 0, 8, 8]\n'
    )
    (root / "cases" / "zoo" / "notes.txt").write_text("no picture")
    write_manifest(root / "table.parquet", load_cases(root / "cases"))
    odd = {"a": 1.0, "b": 0.9, "odd": 0.4}
    settings = Settings(
        cases=str(root / "cases"),
        models=[*odd],
        flip=True,
        stability=1,
        precision_cases=2,
        rules="amazon",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RMBG_EVAL_CACHE", str(new_cache(root / "cache")))

        def load(name: str, device: str, dtype: str, *_: object) -> FakeModel:
            return Faint(name, odd[name] * (0.95 if dtype == "fp32" else 1))

        patch.setattr("rmbg_eval.run.evaluate.load_model", load)
        for name, part in {"": None, **{str(n): Part(n, OF) for n in range(1, OF + 1)}}.items():
            out = str(root / f"out{name}")
            if part is None:  # so that all others find the same seconds in the cache
                evaluate(settings.model_copy(update={"out": str(root / "first")}))
            cases = str(root / "table.parquet") if name == "2" else settings.cases
            own = settings.model_copy(update={"out": out, "cases": cases})
            evaluate(own, on_save=build_files, part=part)
    return root / "out", [root / f"out{n}" for n in range(1, OF + 1)], settings


def merged(shards: Sequence[Path], out: Path) -> Run:
    return merge(shards, out, on_save=build_files)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file, without the date, the wall time and the place."""
    when = rb'"(started|wall_seconds)": .*|"out":"[^"]*"|started [-0-9: ]+ UTC'
    when += rb'|"measured":"[^"]*"|(?<=,)"seconds":[0-9.]+'  # added up in another order
    return {
        path.relative_to(folder).as_posix(): re.sub(when, b"", path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def test_the_merged_run_is_the_whole_one_to_the_byte(sharded: Sharded, tmp_path: Path) -> None:
    whole, shards, _ = sharded
    run = merged([shards[2], shards[0], shards[1]], tmp_path / "out")
    there, expected = contents(tmp_path / "out"), contents(whole)
    assert there.keys() == expected.keys()
    assert [name for name in expected if there[name] != expected[name]] == []
    whole_run = Run.load(whole)
    assert run.outcome() == whole_run.outcome()
    # What must have been found over all cases, and what the shards by themselves say otherwise.
    assert run.models[0].precision is not None
    assert run.models[0].precision.cases == 2
    assert len(run.failures) == 3
    parts = [Run.load(shard) for shard in shards]
    assert run.started == min(part.started for part in parts)
    assert run.wall_seconds == sum(part.wall_seconds or 0 for part in parts)
    assert {a.cases for part in parts for a in part.agreements} != {a.cases for a in run.agreements}
    assert sorted(len(part.cases) for part in parts)[0] > 0


def in_parts(folder: Path, to: Path) -> Path:
    """The same run with its records in files."""
    shutil.copytree(folder, to)
    save(to, Run.load(folder))
    return to


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """As few cases are many, and as few rows a group."""
    monkeypatch.setattr("rmbg_eval.run.parts.ONE_FILE", 2)
    monkeypatch.setattr("rmbg_eval.run.parts.ROWS", 4)


@pytest.mark.usefixtures("few")
def test_records_in_files_are_merged_to_the_byte(sharded: Sharded, tmp_path: Path) -> None:
    """Of shards of before, in which run.json has them, as well."""
    whole, shards, _ = sharded
    expected = contents(in_parts(whole, tmp_path / "whole"))
    parts = [in_parts(shard, tmp_path / f"part{n}") for n, shard in enumerate(shards)]
    assert stored_in(Run.load(parts[0]).predictions) is not None
    for name, some in (("a", [parts[2], parts[0], parts[1]]), ("b", [shards[0], *parts[1:]])):
        run = merged(some, tmp_path / name)
        there = contents(tmp_path / name)
        assert there.keys() == expected.keys()
        assert [path for path in expected if there[path] != expected[path]] == []
        assert stored_in(run.predictions) is not None
        assert run.outcome() == Run.load(whole).outcome()


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("kind", ["points", "measurements", "pairs", "places", "predictions"])
def test_a_shard_whose_files_do_not_fit_together_is_refused(
    sharded: Sharded, tmp_path: Path, kind: str
) -> None:
    _, shards, _ = sharded
    last = in_parts(shards[2], tmp_path / "last")
    (path,) = (last / "records").glob(f"{kind}-*")
    table = pq.read_table(path)
    turned = table.take(list(reversed(range(len(table)))))
    if turned.column("case").equals(table.column("case")):  # one case alone
        turned = table.set_column(1, "case", pa.array(["no such case"] * len(table)))
    pq.write_table(turned, path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    path.rename(path.with_name(f"{kind}-{sha256[:16]}.parquet"))
    about = json.loads((last / "run.json").read_text())
    about["records"][kind]["sha256"] = sha256
    (last / "run.json").write_text(json.dumps(about))
    with pytest.raises(OutputError, match="does not fit together"):
        merged([*shards[:2], last], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_shard_says_which_it_is_and_that_it_is_done(
    sharded: Sharded,
) -> None:
    whole, shards, _ = sharded
    for number, folder in enumerate(shards, 1):
        run = Run.load(folder)
        assert run.complete
        assert run.shard is not None
        assert (run.shard.number, run.shard.of, run.shard.cases) == (number, OF, 9)
        assert (folder / DONE).read_text() == f"{number}/{OF}\n"
    assert Run.load(whole).shard is None
    assert not (whole / DONE).exists()


def test_merging_into_a_merged_run_is_merging(sharded: Sharded, tmp_path: Path) -> None:
    whole, shards, _ = sharded
    for _ in range(2):
        merged(shards, tmp_path / "out")
        assert contents(tmp_path / "out") == contents(whole)


def copy(of: Path, to: Path, **changes: object) -> Path:
    """A shard's folder, with fields of its run.json as given: values, or what makes them."""
    shutil.copytree(of, to)
    data = json.loads((to / "run.json").read_text("utf-8"))
    for name, value in changes.items():
        data[name] = value(data[name]) if callable(value) else value
    (to / "run.json").write_text(json.dumps(data))
    return to


def put(name: str, value: object) -> Callable[[dict], dict]:
    return lambda data: {**data, name: value}


MISTAKES = {
    "incomplete": ({"complete": False}, "3/3.*not complete", "same command"),
    "whole": ({"shard": None}, "whole run", "--shard"),
    "another number": ({"shard": put("of", 4)}, "number of shards differs", "same command"),
    "another part": ({"shard": put("number", 4)}, "does not fit", "again"),
    "another set": ({"shard": put("listing_sha256", "0")}, "case set differs", "same command"),
    "another setting": ({"settings": put("flip", False)}, "flip differs", "same command"),
    "another version": (
        {"machine": lambda m: {**m, "versions": {**m["versions"], "rmbg_eval": "9"}}},
        "a version differs",
        "same command",
    ),
    "other weights": (
        {"shard": lambda s: put("models", [{**m, "weights_sha256": "1"} for m in s["models"]])(s)},
        "a model differs",
        "weights",
    ),
    "a case left out": ({"cases": lambda c: c[1:]}, "does not fit", "again"),
}


@pytest.mark.parametrize(("changes", "problem", "remedy"), MISTAKES.values(), ids=MISTAKES)
def test_what_is_no_part_of_the_same_run_is_refused(
    sharded: Sharded,
    tmp_path: Path,
    changes: dict[str, object],
    problem: str,
    remedy: str,
) -> None:
    _, shards, _ = sharded
    last = copy(shards[2], tmp_path / "last", **changes)
    with refused(OutputError) as caught:
        merged([*shards[:2], last], tmp_path / "out")
    assert re.search(problem, str(caught.value.problem))
    assert remedy in str(caught.value.remedy)
    assert not (tmp_path / "out").exists()


def test_shards_that_are_not_together_what_each_of_them_listed_are_refused(
    sharded: Sharded, tmp_path: Path
) -> None:
    changes = {"shard": put("listing_sha256", "0" * 64)}
    others = [copy(shard, tmp_path / shard.name, **changes) for shard in sharded[1]]
    for some, words in (
        (others, "not the case set that each of them listed"),
        ([], "no shards"),
        ([tmp_path / "never begun"], "no file .*Give the folders of: rmbg-eval run --shard"),
    ):
        with pytest.raises(OutputError, match=words):
            merged(some, tmp_path / "out")
        assert not (tmp_path / "out").exists()


def test_machines_and_devices_of_shards_are_all_named_and_short_memory_shows(
    sharded: Sharded, tmp_path: Path
) -> None:
    """Three machines; on the second, the second model went on at the CPU in fp32."""

    def on(number: int, device: str, **machine: object) -> Path:
        def infos(of: list[dict]) -> list[dict]:
            return [{**info, "device": device} for info in of]

        def models(of: list[dict]) -> list[dict]:
            made = infos([model["info"] for model in of])
            if number == 1:
                made[1] = {**made[1], "device": "cpu", "dtype": "fp32"}
            return [{**model, "info": info} for model, info in zip(of, made, strict=True)]

        return copy(
            sharded[1][number],
            tmp_path / str(number),
            models=models,
            shard=lambda shard: {**shard, "models": infos(shard["models"])},
            settings=put("device", device),
            machine=lambda m: {**m, "threads": {}, **machine},
        )

    shards = [
        on(0, "cuda:1", system="one", cores=8, memory_bytes=None),
        on(1, "cuda:0", system="other", cores=2, memory_bytes=9),
        on(2, "cuda:1", system="one", cores=4, memory_bytes=5, threads={"OMP_NUM_THREADS": "4"}),
    ]
    run = merged(shards, tmp_path / "out")
    assert [model.info.device for model in run.models] == ["cuda:1,cuda:0", "cpu", "cuda:1,cuda:0"]
    assert [model.info.dtype for model in run.models] == ["bf16", "fp32", "bf16"]
    machine = run.machine
    assert (machine.system, machine.cores, machine.memory_bytes) == ("one; other", 2, 5)
    assert machine.threads == {}
    assert run.settings.device == "cuda:1,cuda:0"


def test_a_shard_that_is_missing_or_there_twice_is_named(sharded: Sharded, tmp_path: Path) -> None:
    _, shards, _ = sharded
    status, text = call("merge", shards[1], "--out", tmp_path / "out")
    assert status == 2
    assert "2 of 3 shards are missing: 1/3, 3/3" in text
    assert "--shard 1/3" in text
    status, text = call("merge", *shards, shards[1], "--out", tmp_path / "out")
    assert status == 2
    assert "Shard 2/3 is there twice" in text
    assert not (tmp_path / "out").exists()


def test_a_cut_out_that_was_cut_short_is_refused(sharded: Sharded, tmp_path: Path) -> None:
    _, shards, _ = sharded
    last = copy(shards[2], tmp_path / "last")
    picture = next((last / "cutouts").rglob("*.png"))
    picture.write_bytes(picture.read_bytes()[:-1])
    with pytest.raises(OutputError, match="not what the shard wrote"):
        merged([*shards[:2], last], tmp_path / "out")
    picture.unlink()
    make_pipe(picture)
    with time_limit(60), pytest.raises(OutputError, match="not what the shard wrote"):
        merged([*shards[:2], last], tmp_path / "out")
    assert not Run.load(tmp_path / "out").complete
    with pytest.raises(OutputError, match="holds a shard itself"):
        merged(shards, shards[0])


def test_close_ups_are_brought_where_no_picture_is_and_nothing_from_elsewhere(
    sharded: Sharded, tmp_path: Path
) -> None:
    whole, shards, _ = sharded
    gone = {"settings": put("cases", str(tmp_path / "gone"))}
    others = [copy(each, tmp_path / "deep" / each.name, **gone) for each in shards]
    merged(others, tmp_path / "out")

    def pictures(folder: Path) -> dict[str, bytes]:
        return {name: data for name, data in contents(folder).items() if name[:7] == "assets/"}

    there, expected = pictures(tmp_path / "out"), pictures(whole)
    # Places that are found over all shards alone have what the run folder shows of the original.
    other = {name for name in {*there, *expected} if there.get(name) != expected.get(name)}
    assert all("-at-" in name for name in other)
    secret = tmp_path / "deep" / "secret.webp"
    secret.write_text("secret")
    for index in (others[0] / "assets").glob("*.json"):
        index.write_text(re.sub('"assets/[^"]*"', '"assets/../../secret.webp"', index.read_text()))
    merged(others, tmp_path / "out")
    assert not (tmp_path / "secret.webp").exists()


def test_a_folder_of_one_shard_takes_no_other(
    sharded: Sharded, use_models: Callable[..., None]
) -> None:
    whole, shards, settings = sharded
    use_models(*(FakeModel(name) for name in settings.models))
    for folder, part in ((shards[0], Part(2, OF)), (shards[0], None), (whole, Part(1, OF))):
        with pytest.raises(OutputError, match=r"holds (shard 1/3|a whole run).*--out"):
            evaluate(settings.model_copy(update={"out": str(folder)}), part=part)


def test_a_shard_without_cases_is_fine(tmp_path: Path, case_set: Path) -> None:
    """Three pictures in fifty shards: most have none, and one run is made of all."""
    where = tmp_path / "shards"
    options = ["--cases", case_set, "--model", "grabcut", "--quiet"]
    for number in range(1, 13):
        done = call("run", *options, "--shard", f"{number}/12", "--out", where / str(number))
        assert done == (0, "")
    assert call("merge", *where.iterdir(), "--out", tmp_path / "out", "--no-page", "-q")[0] == 0
    assert len(Run.load(tmp_path / "out").predictions) == 3


@pytest.mark.parametrize("text", ["", "3", "0/8", "9/8", "-1/8", "1/0", "1/8x", "١/٢"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with refused(SettingsError):
        Part.parse(text)


@given(st.text(max_size=9), st.text(max_size=9), st.integers(1, 50))
def test_every_case_is_in_one_shard(category: str, case: str, of: int) -> None:
    assert sum(Part(number, of).has(category, case) for number in range(1, of + 1)) == 1


def test_shards_are_alike_and_the_same_everywhere() -> None:
    names = [f"{number:05}" for number in range(4000)]
    counts = [sum(Part(n, 8).has("pet", name) for name in names) for n in range(1, 9)]
    assert all(abs(count - 500) < 5 * 500**0.5 for count in counts)
    here = [n for n in range(1, 9) if Part(n, 8).has("pet", "rex")]
    assert here == [7]  # a number that must never change: shards of two versions would mix
