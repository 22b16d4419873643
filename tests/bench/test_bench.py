"""`rmbg-eval bench`: every combination measured or told why not; claims answered from rows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO
from math import inf
from pathlib import Path

import pytest
from systems import needs

from rmbg_eval.i18n import Message

needs("torch")

from commands import rmbg
from fakes import FakeModel, save_picture
from PIL import Image
from rich.console import Console
from safetensors.torch import load_file
from tiny_rmbg import member as small

from rmbg_eval.bench import bench, member, timing
from rmbg_eval.bench.claims import answer_claims
from rmbg_eval.bench.records import Bench, Large, Row, Wanted
from rmbg_eval.bench.tables import tables
from rmbg_eval.bench.timing import with_batch
from rmbg_eval.cases.folder import load_cases
from rmbg_eval.core.images import Alpha, Picture
from rmbg_eval.core.machine import Machine
from rmbg_eval.core.progress import OnStep, Step, ignore
from rmbg_eval.errors import ModelError, SettingsError, WeightsError
from rmbg_eval.models.birefnet.family import FAMILY
from rmbg_eval.models.birefnet.member import Member
from rmbg_eval.models.birefnet.random_weights import write_random_weights
from rmbg_eval.models.hub import FILE
from rmbg_eval.models.info import ModelInfo
from rmbg_eval.settings import BenchSettings


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    for seed in range(2):
        save_picture(tmp_path / "cases" / f"{seed}.png", seed)
    return tmp_path / "cases"


def measure(cases: Path, on_step: OnStep = ignore, **values: object) -> Bench:
    """The benchmark on `cases`, into a folder `out` beside them."""
    out = str(cases.parent / "out")
    return bench(BenchSettings(**{"cases": str(cases), "out": out, **values}), on_step)


@pytest.fixture(scope="module")
def lite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """birefnet-lite, the smallest published network, with random weights; used at 64 px."""
    one = next(one for one in FAMILY if one.name == "birefnet-lite")
    return write_random_weights(one, tmp_path_factory.mktemp("lite"))


def test_random_weights_are_the_same_each_time_and_in_the_published_layout(tmp_path: Path) -> None:
    first, second = (
        load_file(write_random_weights(small(tmp_path), tmp_path / name) / FILE) for name in "ab"
    )
    assert first.keys() == second.keys()
    assert all((first[key] == second[key]).all() for key in first)
    assert "model_type" not in json.loads((tmp_path / "a" / "config.json").read_text())


def test_random_weights_are_gone_in_the_end_and_those_of_the_killed_too(
    cases: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in ("9" * 9, "9" * 99):
        (cache / f"random-weights-{number}-x").mkdir()
    monkeypatch.setattr("rmbg_eval.bench._write", write_nothing)
    monkeypatch.setattr("rmbg_eval.bench._fetch", lambda *_: None)
    made = measure(cases, models=["A=birefnet-lite?size=64"], random_weights=True)
    (row,) = made.rows
    assert row.wanted.model.startswith("birefnet-lite random weights=birefnet-lite:")
    assert row.wanted.model.endswith("?patch-order=wg-hg-c&size=64")
    assert "has no weights here" in row.failure
    assert not list(cache.glob("random-weights-*"))


def write_nothing(one: Member, folder: Path, send: object) -> None:
    """In place of a network's weights."""


def time_with_a_small_large_picture(*given: object) -> None:
    """What a process of the benchmark does, in less time."""
    assert max(timing.LARGE) > 4000  # the article's limit
    timing.LARGE = (450, 300)
    timing.time_model(*given)


def test_every_combination_has_a_row(
    lite: Path, cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # threads cost more than so small pictures gain
    monkeypatch.setattr("rmbg_eval.bench.time_model", time_with_a_small_large_picture)
    steps: list[Step] = []
    made = measure(
        cases,
        steps.append,
        models=[f"lite=birefnet-lite:{lite}?size=64"],
        devices=["cpu"],
        dtypes=["fp32", "bf16", "fp16"],
        batches=[2],
        rounds=3,
        seconds=0.1,
    )
    assert [row.wanted.dtype for row in made.rows] == ["fp32", "bf16", "fp16"]
    for row in made.rows[:2]:
        assert row.failure is None
        assert row.info.dtype == row.wanted.dtype
        assert set(row.stages) == {"decode", "preprocess", "infer", "postprocess", "encode"}
        assert row.latency_median > 0
        assert row.forward_per_second == pytest.approx(row.wanted.batch / row.latency_median)
        assert row.rounds == 3
        assert row.pictures >= 3
        assert row.latency_p95 is None
        assert "3 rounds" in row.missing["latency_p95"]
        assert row.peak_device_bytes is None
        assert "cpu" in row.missing["peak_device_bytes"]
        assert row.weights_bytes == (lite / FILE).stat().st_size
        assert (row.large.cutout_width, row.large.cutout_height) == (450, 300)
        assert (row.highest_median is None) == (row.wanted.dtype == "bf16")
    for row in made.rows[2:]:
        assert "fp16 on a CPU" in row.failure
    assert {"2/3 lite · cpu · bf16 · batch 2 · inference"} <= {step.text for step in steps}
    assert Bench.model_validate_json((tmp_path / "out" / "bench.json").read_text()) == made
    with Image.open(tmp_path / "out" / "bench.png") as picture:
        assert picture.format == "PNG"
        assert picture.width > 1000


class Timed(FakeModel):
    """Its clock goes on by as much as it takes: 2 s to load, 1 s to infer, the first time 9 s."""

    now = 100.0

    def load(self) -> bool:
        self.now += 2
        return super().load()

    def infer(self, inputs: list[Picture]) -> list[Alpha]:
        self.now += 1 if self.batches else 9
        return super().infer(inputs)


@pytest.mark.parametrize(
    ("rounds", "seconds", "done"), [(20, 60.0, 20), (30, 7.5, 8), (20, 0.1, 3)]
)
def test_inferences_are_timed_after_one_that_is_not(
    cases: Path, monkeypatch: pytest.MonkeyPatch, rounds: int, seconds: float, done: int
) -> None:
    model = Timed()
    wanted = Wanted(model="rmbg-2.0", device="cpu", dtype="fp32", batch=2, compiled=False)
    asked: list[object] = []

    def load_model(*given: object, **named: object) -> Timed:
        asked.extend([*given, named])
        return model

    monkeypatch.setattr(timing, "load_model", load_model)
    monkeypatch.setattr(timing, "LARGE", (60, 40))
    monkeypatch.setattr(timing, "_PICTURES", 5)
    monkeypatch.setattr(timing.time, "perf_counter", lambda: model.now)
    sent: list[object] = []
    timing.time_model(wanted, load_cases(cases).cases, rounds, seconds, sent.append)
    row = sent[-1]
    assert asked == ["rmbg-2.0?batch=2", "cpu", "fp32", {"compiled": False}]
    assert (row.load_seconds, row.rounds, row.latency_median) == (2, done, 1)
    assert row.forward_per_second == 2  # pictures, of which two are inferred at once
    assert model.batches[: 1 + done] == [2] * (1 + done)
    assert row.latency_p95 == (1 if done == 20 else None)
    assert ("latency_p95" in row.missing) == (done < 20)
    assert row.pictures == max(3, min(rounds * 2, int(seconds * 2)))
    assert (row.large.width, row.large.height) == (60, 40)
    assert (row.large.cutout_width, row.large.cutout_height) == (60, 40)
    assert "only fp32 on torch" in row.missing["highest_median"]


def test_the_command_prints_tables_and_paths(cases: Path, tmp_path: Path) -> None:
    options = "--batch 1 --batch 2 --rounds 3 --seconds 0.1 --lang zh --model grabcut".split()
    paths = "--cases", cases, "--out", tmp_path / "out"
    done = rmbg("bench", *options, *paths, COLUMNS="220")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "grabcut · cpu · fp64 · batch 1" in done.stdout
    assert "grabcut takes one picture at a time" in done.stdout
    assert "后处理" in done.stdout  # a stage
    assert "本机无法测量" not in done.stdout  # the article is of another network
    assert done.stdout.rstrip().endswith(str(tmp_path / "out" / "bench.png"))


def test_without_weights_it_says_how_to_try_the_machine(
    cases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Absent:
        def fetch(self, say: object) -> None:
            raise WeightsError(Message("There are none"), Message("Accept the licence."))

    monkeypatch.setattr("rmbg_eval.bench.load_model", lambda spec: Absent())
    with pytest.raises(WeightsError, match=r"Accept the licence\. Or try .* --random-weights"):
        measure(cases)
    with pytest.raises(WeightsError, match=r"Accept the licence\.$"):
        measure(cases, models=["isnet"])


@pytest.mark.parametrize(
    "wrong",
    [{"rounds": 2}, {"seconds": 0}, {"seconds": inf}, {"batches": [0]}, {"devices": ["cuad"]}],
)
def test_what_cannot_be_measured_is_refused(cases: Path, wrong: dict) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        measure(cases, models=["grabcut"], **wrong)


def test_specs() -> None:
    assert member("rmbg-2.0").name == "rmbg-2.0"
    assert member("Mine=birefnet-lite?size=512").name == "birefnet-lite"
    assert member("rmbg-2.0:/a/folder") is None
    assert member("isnet") is None
    assert with_batch("isnet", 1) == "isnet"
    assert with_batch("rmbg-2.0", 4) == "rmbg-2.0?batch=4"
    assert with_batch("A=rmbg-2.0:x?size=64", 4) == "A=rmbg-2.0:x?size=64&batch=4"
    with pytest.raises(ModelError, match="isnet takes one picture"):
        with_batch("isnet", 2)


def row(**given: object) -> Row:
    """A row of RMBG-2.0 on a GPU that this machine need not have."""
    info = ModelInfo(
        name="rmbg-2.0",
        title=FAMILY[0].title,
        licence="",
        pipeline="resize to 1024×1024",
        runtime="torch",
        device="cuda",
        dtype="fp32",
    )
    stages = dict.fromkeys(("decode", "preprocess", "infer", "postprocess", "encode"), 0.1)
    values = {
        "wanted": Wanted(model="rmbg-2.0", device="cuda", dtype="fp32", batch=1, compiled=False),
        "info": info,
        "device_name": "GPU X",
        "weights_bytes": 885_000_000,
        "load_seconds": 7.0,
        "latency_median": 0.17,
        "forward_per_second": 6.0,
        "end_to_end_per_second": 5.5,
        "stages": stages,
        "peak_device_bytes": 5_000_000_000,
        "highest_median": 0.2,
        "large": Large(width=4500, height=3000, seconds=2, cutout_width=450, cutout_height=300),
    }
    return Row(**(values | given))


def test_claims_are_answered_from_the_rows() -> None:
    claims = {claim.key: claim for claim in answer_claims([row()])}
    assert {claim.verdict for claim in claims.values()} == {"measured"}
    assert "7.0 s" in str(claims["load"].answer)
    assert "885 MB" in str(claims["load"].answer)
    assert "0.50 s a picture" in str(claims["seconds"].answer)
    assert "GPU X" in str(claims["seconds"].answer)
    assert "5.0 GB" in str(claims["memory"].answer)
    assert "15 % saved" in str(claims["matmul"].answer)
    large = str(claims["large"].answer)
    assert "a picture of 4500×3000 takes 2.0 s, its cut-out has 450×300;" in large
    assert large.endswith("the alpha is computed by: resize to 1024×1024")
    assert "5.50 pictures" in str(claims["serial"].answer)


def test_what_was_not_measured_says_why() -> None:
    bare = row(
        peak_device_bytes=None,
        peak_process_bytes=3_000_000_000,
        highest_median=None,
        large=None,
        missing={"large": "too large"},
        weights_bytes=None,
    )
    claims = {claim.key: claim for claim in answer_claims([bare])}
    absent = {key for key, claim in claims.items() if claim.verdict == "not measurable here"}
    assert absent == {"load", "memory", "matmul", "large"}
    assert "at most 3.0 GB" in str(claims["memory"].answer)
    assert "too large" in str(claims["large"].answer)
    none = answer_claims([])
    assert {claim.verdict for claim in none} == {"not measurable here"}


def test_of_several_rows_the_one_speaks_that_serves_the_claim_best() -> None:
    wanted = row().wanted
    slow = row(
        wanted=wanted.model_copy(update={"batch": 2}), load_seconds=30.0,
        stages=dict.fromkeys(row().stages, 0.2), end_to_end_per_second=1.0,
        peak_device_bytes=9_000_000_000, highest_median=None, large=None,
    )  # fmt: skip
    lost = Row(wanted=wanted.model_copy(update={"batch": 8}), failure="no memory")
    other = row(
        info=row().info.model_copy(update={"title": "IS-Net"}), load_seconds=0.1,
        wanted=wanted.model_copy(update={"model": "isnet"}),
    )  # fmt: skip
    claims = {claim.key: claim for claim in answer_claims([lost, other, slow, row()])}
    assert {claim.verdict for claim in claims.values()} == {"measured"}
    said = {key: str(claim.answer) for key, claim in claims.items()}
    fast = {key for key, words in said.items() if words.startswith(f"{wanted.words}: ")}
    assert fast == {"load", "seconds", "matmul", "large", "serial"}
    assert said["memory"] == f"{slow.words}: at most 9.0 GB of the device's memory"


def test_each_number_stands_under_its_head() -> None:
    made = Bench(
        started=datetime(2026, 1, 2, tzinfo=UTC), machine=Machine.here(), rounds=3, seconds=1,
        random_weights=False, claims=answer_claims([row()]),
        rows=(
            row(latency_p95=0.25, stages={**row().stages, "infer": 0.2}),
            Row(wanted=row().wanted.model_copy(update={"batch": 8}), failure="[b] no memory"),
        ),
    )  # fmt: skip
    speed, stages, claims = (
        [[*column.cells] for column in table.columns] for table in tables(made, "en")
    )
    name = made.rows[0].words
    assert [column[0] for column in speed] == [
        name, "7.0 s", "0.170 s / 0.250 s", "6.00/s", "5.50/s", "0.92", "5.0 GB / –",
    ]  # fmt: skip
    assert [speed[0][1], speed[1][1]] == [made.rows[1].words, r"[red]\[b] no memory[/red]"]
    assert stages == [[name], ["0.100"], ["0.100"], ["0.200"], ["0.100"], ["0.100"]]
    assert len(claims[0]) == 6
    assert set(claims[1]) == {"measured"}
    narrow = Console(width=80, file=StringIO())
    for table in [*tables(made, "en")][:2]:
        narrow.print(table)
    assert "…" not in narrow.file.getvalue()
