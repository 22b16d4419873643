"""Baselines: small, exact, never half written, and never made of failures by accident."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeModel, Thinner, some_cases
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from systems import KILLED, links

from rmbg_eval import Run, Settings, evaluate, load_model
from rmbg_eval.compare.alpha_change import decoded
from rmbg_eval.compare.baseline import (
    approve,
    approve_changes,
    changes,
    encode_matte,
    is_baseline,
)
from rmbg_eval.compare.runs import compare
from rmbg_eval.core.decoding import decode_cutout
from rmbg_eval.core.machine import Machine
from rmbg_eval.errors import OutputError
from rmbg_eval.predictions.stages import stored_alpha

UseModels = Callable[..., None]


def files(folder: Path) -> dict[str, bytes]:
    """What git would see."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def test_a_baseline_has_the_numbers_and_the_exact_mattes(settings: Settings, base: Path) -> None:
    run = evaluate(settings)
    approve(settings.out_folder, base)
    kept = Run.load(base)
    assert is_baseline(kept)
    assert not is_baseline(run)
    assert kept.measurements == run.measurements
    assert kept.points == run.points
    for was, now in zip(kept.predictions, run.predictions, strict=True):
        assert was.cutout_sha256 == now.cutout_sha256
        exact = stored_alpha(settings.out_folder / now.cutout)
        assert np.array_equal(decoded(base, was)[1], exact)
    names = set(files(base))
    assert {".gitignore", "run.json"} <= names
    assert all(name.startswith("mattes/fake/") for name in names - {".gitignore", "run.json"})


def test_a_baseline_holds_no_times_and_no_paths(settings: Settings, base: Path) -> None:
    evaluate(settings)
    approve(settings.out_folder, base)
    text = (base / "run.json").read_text("utf-8")
    assert str(settings.out_folder.parent) not in text
    assert Run.load(base).wall_seconds is None
    assert all(p.seconds == {} for p in Run.load(base).predictions)
    assert len(text) < (settings.out_folder / "run.json").stat().st_size
    assert json.loads(text)


def test_a_baseline_names_its_models_without_their_paths(
    case_set: Path, settings: Settings, base: Path, tmp_path: Path
) -> None:
    run = evaluate(settings)
    mattes = settings.out_folder / "cutouts" / run.models[0].info.name
    shop = Settings(
        cases=str(case_set), models=[f"shop=folder:{mattes}"], out=str(tmp_path / "shop")
    )
    evaluate(shop, load=lambda spec, _: load_model(spec))
    approve(tmp_path / "shop", base)
    assert str(tmp_path) not in (base / "run.json").read_text("utf-8")
    assert Run.load(base).settings.models == ["shop"]


def test_a_run_is_the_same_as_its_own_baseline(settings: Settings, base: Path) -> None:
    evaluate(settings)
    approve(settings.out_folder, base)
    found = compare(base, settings.out_folder)
    assert [pair.state for pair in found.pairs] == ["same"] * 3
    assert all(pair.identical for pair in found.pairs)
    assert found.notes == ()


def test_approving_again_changes_no_byte(settings: Settings, base: Path) -> None:
    evaluate(settings)
    approve(settings.out_folder, base)
    before = files(base)
    later = settings.model_copy(update={"out": settings.out + "-again"})
    evaluate(later)
    approve(later.out_folder, base)
    assert files(base) == before


def test_only_what_changed_is_new_and_what_is_not_needed_goes(
    settings: Settings, base: Path, use_models: UseModels
) -> None:
    evaluate(settings)
    approve(settings.out_folder, base)
    before = files(base)
    use_models(Thinner("pet/rex"))
    evaluate(settings)
    assert compare(base, settings.out_folder).count("same") == 2
    approve(settings.out_folder, base)
    after = files(base)
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    mattes = sorted(name.split(".")[0] for name in changed - {"run.json"})
    assert mattes == ["mattes/fake/pet/rex"] * 2
    assert compare(base, settings.out_folder).failing() == ()


def test_what_would_change_is_known_before(
    settings: Settings, base: Path, use_models: UseModels
) -> None:
    evaluate(settings)
    assert changes(settings.out_folder, base) is None
    approve(settings.out_folder, base)
    before = files(base)
    use_models(Thinner("pet/rex"))
    evaluate(settings)
    found = changes(settings.out_folder, base)
    assert [(pair.name, pair.state) for pair in found.failing()] == [("pet/rex", "changed")]
    assert files(base) == before


def test_when_a_run_started_and_of_which_commit_sets_no_two_branches_baselines_apart(
    settings: Settings,
    base: Path,
    tmp_path: Path,
    use_models: UseModels,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    evaluate(settings)
    approve(settings.out_folder, base)
    sides = []
    for number, name in enumerate(["pet/rex", "portrait/ada"]):
        use_models(Thinner(name))
        later = settings.model_copy(update={"out": f"{settings.out}-{number}"})
        here = Machine.here().model_copy(
            update={"commit": f"{number}" * 40, "dirty": bool(number), "memory_bytes": 1 + number}
        )
        monkeypatch.setattr(Machine, "here", lambda here=here: here)
        evaluate(later)
        shutil.copytree(base, tmp_path / f"side-{number}")
        approve(later.out_folder, tmp_path / f"side-{number}")
        sides.append((tmp_path / f"side-{number}" / "run.json").read_text("utf-8").splitlines())
    was = (base / "run.json").read_text("utf-8").splitlines()
    kept = '"started"', '"machine"', '"settings"'
    heads = [[line for line in side if line.startswith(kept)] for side in (was, *sides)]
    assert heads[0] == heads[1] == heads[2]
    found = compare(tmp_path / "side-0", later.out_folder)
    assert not [note for note in map(str, found.notes) if note.startswith(("commit", "dirty"))]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("<<<<<<< ours\n{}\n=======\n[]\n>>>>>>> theirs\n", "holds the conflict markers of git"),
        ("{", "is no JSON"),
        ("[]", "is not a run this version reads"),
    ],
)
def test_a_baseline_that_cannot_be_read_is_not_overwritten(
    settings: Settings, base: Path, text: str, fault: str
) -> None:
    evaluate(settings)
    approve(settings.out_folder, base)
    (base / "run.json").write_text(text)
    for attempt in (changes, approve):
        with pytest.raises(OutputError, match=f"{fault}.*Or remove it, and approve"):
            attempt(settings.out_folder, base)
    assert (base / "run.json").read_text() == text
    (base / "run.json").unlink()
    approve(settings.out_folder, base)
    assert Run.load(base).complete


def test_a_damaged_matte_is_told_and_never_believed(
    settings: Settings, base: Path, use_models: UseModels
) -> None:
    evaluate(settings)
    approve(settings.out_folder, base)
    for path in (base / "mattes").rglob("rex.*"):
        Image.new("L", (96, 64), 128).save(path, lossless=True)
    use_models(Thinner("pet/rex", "pet/tom", by=0.9975))
    evaluate(settings)
    states = {pair.case: pair for pair in compare(base, settings.out_folder).pairs}
    assert states["tom"].state == "same"
    assert states["rex"].state == "changed"
    assert "is not the file that run.json describes" in str(states["rex"].why)
    approve(settings.out_folder, base)
    assert compare(base, settings.out_folder).failing() == ()


@pytest.mark.parametrize("damage", ["replaced", "gone"])
@pytest.mark.parametrize("case", ["ada", "rex"])  # with a truth, without one
def test_a_damaged_matte_is_no_equal_one(
    settings: Settings, base: Path, case: str, damage: str
) -> None:
    """run.json says of both cut-outs that they are the same, and the measures are."""
    evaluate(settings)
    approve(settings.out_folder, base)
    (path,) = (base / "mattes").rglob(f"{case}.*")
    path.unlink()
    if damage == "replaced":
        Image.new("L", (96, 64), 128).save(path, lossless=True)
    found = compare(base, settings.out_folder)
    (pair,) = found.failing()
    assert (pair.case, pair.state, pair.identical) == (case, "changed", False)
    assert path.name in str(pair.why)


@pytest.mark.parametrize(
    "name",
    ["../elsewhere.png", "/etc/hostname", pytest.param("link/rex.png", marks=links), "a\0b.png"],
)
def test_a_run_whose_cutouts_lie_elsewhere_is_refused(
    settings: Settings, base: Path, tmp_path: Path, name: str
) -> None:
    run = evaluate(settings)
    approve(settings.out_folder, base)
    if name.startswith("link"):
        (settings.out_folder / "link").symlink_to(tmp_path)
    (settings.out_folder / run.predictions[0].cutout).rename(tmp_path / "rex.png")
    moved = run.predictions[0].model_copy(update={"cutout": name})
    changed = run.model_copy(update={"predictions": (moved, *run.predictions[1:])})
    (settings.out_folder / "run.json").write_text(changed.model_dump_json())
    for refused in (compare, approve):
        with pytest.raises(OutputError, match=r"run\.json names a cut-out that lies elsewhere: "):
            refused(*(base, settings.out_folder)[:: 1 if refused is compare else -1])


@links
@pytest.mark.parametrize("link", ["mattes", "mattes/fake", "mattes/fake/pet"])
def test_nothing_is_approved_through_a_link(
    settings: Settings, base: Path, tmp_path: Path, link: str
) -> None:
    evaluate(settings)
    (tmp_path / "elsewhere").mkdir()
    (base / link).parent.mkdir(parents=True)
    (base / link).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match=r"lies elsewhere: a link leads there.*--to"):
        approve(settings.out_folder, base)
    assert files(tmp_path / "elsewhere") == {}
    assert not (base / "run.json").exists()


def test_a_damaged_matte_of_an_unchanged_case_is_written_again(
    settings: Settings, base: Path
) -> None:
    evaluate(settings)
    approve(settings.out_folder, base)
    before = files(base)
    for path in (base / "mattes").rglob("rex.*"):
        path.write_bytes(b"")
    approve(settings.out_folder, base)
    assert files(base) == before


def test_a_partial_run_is_refused(settings: Settings, base: Path) -> None:
    run = evaluate(settings)
    partial = run.model_copy(update={"complete": False})
    (settings.out_folder / "run.json").write_text(partial.model_dump_json())
    with pytest.raises(OutputError, match="interrupted and is partial"):
        approve(settings.out_folder, base)
    assert not base.exists()


def test_a_lost_cutout_is_told_and_the_baseline_stays(settings: Settings, base: Path) -> None:
    run = evaluate(settings)
    approve(settings.out_folder, base)
    before = files(base)
    (settings.out_folder / run.predictions[0].cutout).unlink()
    approve(settings.out_folder, base)  # it has not changed, so the matte is there
    (base / "run.json").unlink()
    with pytest.raises(Exception, match="does not exist"):
        approve(settings.out_folder, base)
    assert {*files(base)} <= {*before}


@pytest.mark.parametrize("name", ["thesis.docx", "cutouts"])
def test_other_folders_are_refused(settings: Settings, base: Path, name: str) -> None:
    evaluate(settings)
    base.mkdir()
    (base / name).write_text("years of work")
    with pytest.raises(OutputError, match=f"holds other files .{name}.*--to"):
        approve(settings.out_folder, base)
    assert (base / name).read_text() == "years of work"


def test_a_run_folder_is_no_baseline_and_a_baseline_no_run_folder(
    settings: Settings, base: Path
) -> None:
    evaluate(settings)
    with pytest.raises(OutputError, match="holds"):
        approve(settings.out_folder, settings.out_folder)
    with pytest.raises(OutputError, match="holds"):
        approve_changes(settings.out_folder, settings.out_folder, {})
    alone = base.with_name("alone")  # somebody kept the record, and nothing else
    alone.mkdir()
    shutil.copy(settings.out_folder / "run.json", alone)
    with pytest.raises(OutputError, match="alone holds a run"):
        approve(settings.out_folder, alone)
    approve(settings.out_folder, base)
    before = files(base)
    with pytest.raises(OutputError, match="holds a baseline.*--out"):
        evaluate(settings.model_copy(update={"out": str(base)}))
    assert files(base) == before


_APPROVE = """
import os, sys
import psutil
from pathlib import Path
from rmbg_eval.compare.baseline import approve

replace, writes = os.replace, 0

def dies_before_it(source, target):
    global writes
    writes += 1
    if writes == int(sys.argv[3]):
        psutil.Process().kill()
    replace(source, target)

os.replace = dies_before_it
approve(Path(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.mark.parametrize("last_write", [1, 2, 3, 4])
def test_killed_before_any_write_the_old_baseline_is_whole(
    settings: Settings, base: Path, use_models: UseModels, last_write: int
) -> None:
    """Writes where two cases changed: two mattes, .gitignore, run.json."""
    evaluate(settings)
    approve(settings.out_folder, base)
    old = settings.model_copy(update={"out": settings.out + "-old"})
    evaluate(old)
    use_models(Thinner("pet/rex", "pet/tom"))
    evaluate(settings)
    arguments = [sys.executable, "-c", _APPROVE, settings.out, base, str(last_write)]
    done = subprocess.run(arguments, check=False, env={**os.environ})
    assert done.returncode == KILLED
    assert compare(base, old.out_folder).failing() == ()
    for p in Run.load(base).predictions:
        decoded(base, p)
    approve(settings.out_folder, base)
    assert compare(base, settings.out_folder).failing() == ()
    assert len(list((base / "mattes").rglob("*.webp"))) == 3
    assert list(base.rglob(".new-*")) == []


@limits(max_examples=40)
@given(
    arrays(np.uint8, st.tuples(st.integers(32, 50), st.integers(32, 50)), fill=st.integers(0, 255))
)
def test_a_matte_is_without_loss(levels: np.ndarray) -> None:
    alpha = levels.astype(np.float32) / np.float32(255)
    data, suffix = encode_matte(alpha)
    assert suffix == "webp"
    assert np.array_equal(decode_cutout(data, "x.webp")[1], alpha)


def test_a_matte_too_wide_for_webp_is_png() -> None:
    alpha = np.zeros((1000, 16384), np.float32)
    alpha[:, 7] = 1
    data, suffix = encode_matte(alpha)
    assert suffix == "png"
    assert np.array_equal(decode_cutout(data, "x.png")[1], alpha)


def test_names_that_are_no_file_names_stay_in_the_folder(
    tmp_path: Path, base: Path, use_models: UseModels
) -> None:
    use_models(FakeModel(name="../../x"))
    some_cases(tmp_path / "cases" / "..c", 1)
    (tmp_path / "cases" / "..c").rename(tmp_path / "cases" / "c .. d")
    there = Settings(
        cases=str(tmp_path / "cases"), models=["../../x"], out=str(tmp_path / "deep" / "run")
    )
    evaluate(there)
    approve(there.out_folder, base)
    assert all(".." not in Path(name).parts for name in files(base))
    assert compare(base, there.out_folder).failing() == ()
