"""run.json and comparison.json: the published schemas are those of the code, and old files load."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from comparisons import comparison, failed, made, point, value
from jsonschema import Draft202012Validator
from pydantic import ValidationError
from reviewers import approval, decisions, review, vote
from runs import run_of

from rmbg_eval.ci.schemas import schemas
from rmbg_eval.run.record import SCHEMA_VERSION, Run
from rmbg_eval.run.shard import Shard

ROOT = Path(__file__).parents[2]
OLD = sorted((Path(__file__).parents[1] / "data" / "old").iterdir(), key=lambda f: int(f.name))


@pytest.mark.parametrize(
    "name", ["run.schema.json", "comparison.schema.json", "decisions.schema.json"]
)
def test_the_published_schema_is_that_of_the_code(name: str) -> None:
    """If not: python -m rmbg_eval.ci.schemas docs; and raise the schema version."""
    assert json.loads((ROOT / "docs" / name).read_text("utf-8")) == schemas()[name]
    Draft202012Validator.check_schema(schemas()[name])


def valid(name: str, text: str) -> None:
    Draft202012Validator(schemas()[name]).validate(json.loads(text))


def test_records_are_valid() -> None:
    run = run_of(
        made("a"),
        failed("b"),
        measurements=(value("mad", 0.1), value("iou", None)),
        points=(point(True), point(None)),
    )
    some = decisions(review(comment="hair", place=(3, 4)), vote(seed=7), approval(undone=True))
    valid("run.schema.json", run.model_dump_json())
    valid("comparison.schema.json", comparison("worse", worse_point=True).model_dump_json())
    valid("decisions.schema.json", some.model_dump_json())


@pytest.mark.parametrize("folder", OLD, ids=lambda folder: folder.name)
def test_every_old_version_still_loads(folder: Path) -> None:
    version = int(folder.name)
    run = Run.load(folder)
    assert run.schema_version == version <= SCHEMA_VERSION
    assert len(run.predictions) == 2
    assert run.measurements
    assert run.points
    valid("run.schema.json", run.model_dump_json())


def test_there_is_an_old_file_of_every_version() -> None:
    assert [folder.name for folder in OLD] == [str(n + 1) for n in range(SCHEMA_VERSION)]


def test_a_shard_of_a_version_before_loads_without_its_differences_from_fp32() -> None:
    shard = Shard(number=1, of=2, cases=3, listing_sha256="0" * 64)
    assert Shard.model_validate(shard.model_dump() | {"precision": [{"largest": 0.1}]}) == shard
    with pytest.raises(ValidationError, match="surprise"):
        Shard.model_validate(shard.model_dump() | {"surprise": 1})
