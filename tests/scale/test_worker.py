"""A worker: which shards are done, and which it does again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
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


def shop(**files: str) -> str:
    """The URL of a storage with these files of `pet/`, each as one here."""
    there = fsspec.filesystem("memory")
    there.store.clear()
    for name, path in files.items():
        there.pipe_file(f"/shop/pet/{name.replace('_', '/')}.png", Path(path).read_bytes())
    return "memory://shop"


@contextmanager
def unreachable(ending: str) -> Iterator[None]:
    """While it lasts, files of the storage whose names end so cannot be had."""
    kind = type(fsspec.filesystem("memory"))
    opened = kind._open

    def refuse(self: object, path: str, *more: object, **about: object) -> object:
        if path.endswith(ending):
            raise ConnectionError("reset by peer")
        return opened(self, path, *more, **about)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kind, "_open", refuse)
        yield


def test_a_shard_whose_pictures_could_not_be_had_is_done_again() -> None:
    save_truth(Path("cut/rex.png"))
    url = shop(rex="cases/pet/rex.png")
    with unreachable("rex.png"):
        (lost,) = done("folder:cut", cases=url)[0].failures
    assert lost.failure is not None
    assert "reset by peer" in str(lost.failure.problem)
    second = done("folder:cut", cases=url)
    assert not second[0].failures
    assert done("folder:cut", cases=url) == second


def test_a_shard_whose_truth_could_not_be_had_is_done_again() -> None:
    save_truth(Path("cut/rex.png"))
    url = shop(rex_image="cases/pet/rex.png", rex_alpha="cut/rex.png")
    with unreachable("alpha.png"):
        first, _ = done("folder:cut", cases=url)
    assert first.measurements.values_of(first.predictions[0].key)["mad"] is None
    second = done("folder:cut", cases=url)
    assert second[0].measurements.values_of(second[0].predictions[0].key)["mad"] == 0
    assert done("folder:cut", cases=url) == second
