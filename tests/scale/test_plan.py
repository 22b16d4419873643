"""A plan: which shards there are, what they are called after, and that a worker finds its cases."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import fsspec
import pytest
from pictures import put

from rmbg_eval.cases.folder import load_cases
from rmbg_eval.cases.manifest import write_manifest
from rmbg_eval.run.shard import Listing
from rmbg_eval.scale import plan
from rmbg_eval.scale.plan import Plan, _send
from rmbg_eval.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for number in range(20):
        put(tmp_path / "cases" / "pet" / f"{number}.png")
    put(tmp_path / "cases" / "notes.txt", "words")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plan, "_SMALLEST", 1)
    return Settings(cases="cases", models=["m"], out="out")


def test_a_shard_is_what_it_is_without_a_plan_and_a_worker_reads_it(settings: Settings) -> None:
    sent: list[Plan] = []
    _send(settings, Path("plan"), sent.append)
    made = pickle.loads(pickle.dumps(sent[0]))
    assert made == sent[0]
    assert {shard.pictures == 0 for shard in made.shards} == {False, True}
    for number, planned in enumerate(made.shards):
        listing = Listing(planned.part)
        whole = load_cases("cases", keep=listing.has)
        task = made.task(number, True, 9.0)
        case_set = task.case_set()
        assert [case.name for case in case_set.cases] == [case.name for case in whole.cases]
        assert [case.picture().size for case in case_set.cases] == [(64, 48)] * planned.pictures
        assert case_set.skipped == whole.skipped
        assert task.shard == listing.shard
        assert task.settings.out_folder == planned.folder


@pytest.mark.parametrize("source", ["folder", "table"])
def test_only_the_shard_of_a_replaced_picture_is_another(source: str, settings: Settings) -> None:
    if source == "table":
        write_manifest(Path("m.parquet"), load_cases("cases"))
        settings = settings.model_copy(update={"cases": "m.parquet"})
    before = Plan.of(settings, Path("plan"))
    again = Plan.of(settings, Path("plan"))
    os.utime(Path("cases", "pet", "7.png"), ns=(1, 1))
    after = Plan.of(settings, Path("plan"))
    assert before == again
    changed = [
        [case.id for case in after.task(number, False, 9.0).case_set().cases]
        for number, (one, other) in enumerate(zip(before.shards, after.shards, strict=True))
        if one.folder != other.folder
    ]
    assert len(changed) == 1
    assert "7" in changed[0]
    assert before.manifest != after.manifest


def test_a_worker_with_a_cache_of_its_own_finds_pictures_at_a_url(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = fsspec.filesystem("memory")
    files.store.clear()
    for path in Path("cases", "pet").iterdir():
        files.pipe_file(f"/shop/pet/{path.name}", path.read_bytes())
    monkeypatch.setenv("RMBG_EVAL_CACHE", str(Path("driver").absolute()))
    write_manifest(Path("m.parquet"), load_cases("memory://shop/"))
    for cases in ("memory://shop/", "m.parquet"):
        monkeypatch.setenv("RMBG_EVAL_CACHE", str(Path("driver").absolute()))
        made = Plan.of(settings.model_copy(update={"cases": cases}), Path("plan"))
        for cache in ("driver", "worker"):
            monkeypatch.setenv("RMBG_EVAL_CACHE", str(Path(cache).absolute()))
            for number, planned in enumerate(made.shards):
                found = made.task(number, False, 9.0).case_set().cases
                assert [case.read() for case in found] == [
                    Path("cases", "pet", case.image.name).read_bytes() for case in found
                ]
                assert len(found) == planned.pictures
                assert all(case.image.is_relative_to(Path(cache).absolute()) for case in found)
        # What was copied meanwhile changes no shard; nor is it copied twice on the same machine.
        monkeypatch.setenv("RMBG_EVAL_CACHE", str(Path("driver").absolute()))
        assert Plan.of(settings.model_copy(update={"cases": cases}), Path("plan")) == made
        assert len([*Path("driver").rglob("7.png")]) == 1
