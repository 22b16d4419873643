"""A worker: which shards are done, and which it does again."""

from __future__ import annotations

import sys
from pathlib import Path

import fsspec
import pytest
from fakes import save_picture, save_truth

from rmbg_eval.run.record import Run
from rmbg_eval.scale.plan import Plan
from rmbg_eval.scale.worker import Worker
from rmbg_eval.settings import Settings

RULES = "[rules.longest-side]\nleast = {}\n"
PROGRAM = """import sys
from PIL import Image
picture = Image.open(sys.argv[1])
picture.putalpha({})
picture.save(sys.argv[2])
"""


@pytest.fixture(autouse=True)
def _case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RMBG_EVAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    save_picture(Path("cases/pet/rex.png"))


def done(model: str, rules: str = "", cases: str = "cases") -> tuple[Run, int]:
    """The run of the only shard, and when it was written."""
    settings = Settings(cases=cases, models=[f"m={model}"], rules=rules)
    plan = Plan.of(settings, Path("shards"))
    assert Worker(".").do(plan.task(0, False, 900)) is None
    folder = plan.shards[0].folder
    return Run.load(folder), (folder / "run.json").stat().st_mtime_ns


def test_a_shard_is_done_until_a_finished_cutout_is_another() -> None:
    save_truth(Path("cut/rex.png"))
    first = done("folder:cut")
    assert done("folder:cut") == first
    save_picture(Path("cut/rex.png"))
    second = done("folder:cut")
    assert second[0].predictions[0].cutout_sha256 != first[0].predictions[0].cutout_sha256
    assert done("folder:cut") == second


def test_a_shard_is_done_until_a_programs_file_is_another() -> None:
    model = f"command:{sys.executable} program.py {{in}} {{out}}"
    Path("program.py").write_text(PROGRAM.format(200))
    first = done(model)
    assert done(model) == first
    Path("program.py").write_text(PROGRAM.format(90))
    assert done(model)[0].predictions[0].cutout_sha256 != first[0].predictions[0].cutout_sha256


def test_a_shard_is_done_until_the_rules_say_something_else() -> None:
    save_truth(Path("cut/rex.png"))
    Path("rules.toml").write_text(RULES.format(10))
    first = done("folder:cut", "rules.toml")
    assert done("folder:cut", "rules.toml") == first
    Path("rules.toml").write_text(RULES.format(1000))
    second, _ = done("folder:cut", "rules.toml")
    assert [first[0].rules[0].passed, second.rules[0].passed] == [True, False]


def test_a_shard_whose_pictures_could_not_be_had_is_done_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    save_truth(Path("cut/rex.png"))
    files = fsspec.filesystem("memory")
    files.store.clear()
    files.pipe_file("/shop/pet/rex.png", Path("cases/pet/rex.png").read_bytes())
    opened = type(files)._open

    def refuse(*_: object, **__: object) -> object:
        raise ConnectionError("reset by peer")

    monkeypatch.setattr(type(files), "_open", refuse)
    (lost,) = done("folder:cut", cases="memory://shop")[0].failures
    assert lost.failure is not None
    assert "reset by peer" in str(lost.failure.problem)
    monkeypatch.setattr(type(files), "_open", opened)
    second = done("folder:cut", cases="memory://shop")
    assert not second[0].failures
    assert done("folder:cut", cases="memory://shop") == second


def test_a_shard_whose_truth_could_not_be_had_is_done_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    save_truth(Path("cut/rex.png"))
    files = fsspec.filesystem("memory")
    files.store.clear()
    files.pipe_file("/shop/pet/rex/image.png", Path("cases/pet/rex.png").read_bytes())
    files.pipe_file("/shop/pet/rex/alpha.png", Path("cut/rex.png").read_bytes())
    opened = type(files)._open

    def refuse(self: object, path: str, *more: object, **about: object) -> object:
        if path.endswith("alpha.png"):
            raise ConnectionError("reset by peer")
        return opened(self, path, *more, **about)

    monkeypatch.setattr(type(files), "_open", refuse)
    first, _ = done("folder:cut", cases="memory://shop")
    assert first.measurements.values_of(first.predictions[0].key)["mad"] is None
    monkeypatch.setattr(type(files), "_open", opened)
    second = done("folder:cut", cases="memory://shop")
    assert second[0].measurements.values_of(second[0].predictions[0].key)["mad"] == 0
    assert done("folder:cut", cases="memory://shop") == second
