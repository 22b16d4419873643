"""Baselines: small, exact, never half written, and never made of failures by accident."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from comparisons import made, point, rule, value
from fakes import FakeModel, some_cases
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pictures import time_limit
from PIL import Image
from reviewers import run_over
from runs import run_of
from systems import KILLED, links

from rmbg_eval import Prediction, Run, Settings, evaluate, load_model
from rmbg_eval.compare.alpha_change import decoded
from rmbg_eval.compare.baseline import (
    approve,
    approve_changes,
    changes,
    choose,
    encode_matte,
    is_baseline,
    names_in,
    refuse_failures,
)
from rmbg_eval.compare.runs import compare
from rmbg_eval.core.decoding import decode_cutout
from rmbg_eval.core.files import sha256_file
from rmbg_eval.core.images import Alpha, Picture
from rmbg_eval.core.key import Key
from rmbg_eval.core.machine import Machine
from rmbg_eval.errors import Failure, OutputError
from rmbg_eval.i18n import Message
from rmbg_eval.measure.record import Risk
from rmbg_eval.predictions.stages import stored_alpha
from rmbg_eval.run.shard import Shard

UseModels = Callable[..., None]


class Thinner(FakeModel):
    """The fake, thinner on the pictures that are named."""

    def __init__(self, *names: str, by: float = 0.5) -> None:
        super().__init__(weights="1" * 64)
        self.names, self.by = names, by

    def alpha(self, picture: Picture) -> Alpha:
        alpha = super().alpha(picture)
        return alpha * np.float32(self.by) if picture.name in self.names else alpha


@pytest.fixture
def settings(case_set: Path, tmp_path: Path, use_models: UseModels) -> Settings:
    use_models(FakeModel())
    return Settings(cases=str(case_set), models=["fake"], out=str(tmp_path / "run"))


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return tmp_path / "baseline"


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
    evaluate(shop, load=load_model)
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


def failing(run: Run) -> Run:
    return run.model_copy(update={"predictions": (*run.predictions[1:], _failed(run))})


def _failed(run: Run) -> Prediction:
    first = run.predictions[0]
    return Prediction(
        category=first.category,
        case=first.case,
        model="fake",
        failure=Failure("E", Message("no"), Message("do")),
    )


def test_failures_are_refused_unless_they_are_named(settings: Settings) -> None:
    run = evaluate(settings)
    broken = failing(run)
    name = f"{run.predictions[0].category}/{run.predictions[0].case}"
    refuse_failures(run, ())
    with pytest.raises(OutputError, match=f"failures: {name}.*--allow-failures {name}"):
        refuse_failures(broken, ())
    with pytest.raises(OutputError, match="failures"):
        refuse_failures(broken, ["pet/other"])
    refuse_failures(broken, [name])
    with pytest.raises(OutputError, match=r"pet/other is not among .*" + name):
        refuse_failures(broken, [name, "pet/other"])


def test_of_many_failures_those_of_one_reason_are_approved_by_one_of_them(
    settings: Settings,
) -> None:
    run = evaluate(settings)
    failed = [_failed(run).model_copy(update={"case": str(n)}) for n in range(2000)]
    for n in (7, 8, 9):
        failure = Failure("E", Message("{file} is empty", file=f"{n}.jpg"), Message("do"))
        failed[n] = failed[n].model_copy(update={"failure": failure})
    rules = tuple(rule(False, 1.0, case=str(n), model="fake", required=True) for n in (9, 2000))
    broken = run.model_copy(update={"predictions": tuple(failed), "rules": rules})
    with pytest.raises(OutputError) as refused:
        refuse_failures(broken, ())
    first, second, third = "portrait/0", "portrait/7", "portrait/2000"
    assert str(refused.value.problem) == (
        f"The run has failures: {first} and 1996 more: no; {second} and 2 more: 7.jpg is empty; "
        f"{third}: delivery rule {rules[0].rule}"
    )
    remedy = str(refused.value.remedy).partition(": ")[2].removesuffix(".").split()
    assert remedy == " ".join(f"--allow-failures-like {n}" for n in (first, second, third)).split()
    allowed = names_in([third], broken, [f"{first},{second}"])
    refuse_failures(broken, allowed)
    with pytest.raises(OutputError, match=f"failures: {second}, portrait/8, portrait/9"):
        refuse_failures(broken, names_in([third], broken, [first]))
    with pytest.raises(OutputError, match=r"pet/x is not .* They are: .*portrait/4 and 1996 more"):
        refuse_failures(broken, names_in([], broken, [first, second, third, "pet/x"]))


def test_a_failure_with_a_comma_in_its_name_is_allowed_as_the_remedy_says(
    settings: Settings,
) -> None:
    run = evaluate(settings)
    names = ["a,b", "it's", "plain"]
    failed = tuple(_failed(run).model_copy(update={"case": name}) for name in names)
    broken = run.model_copy(update={"predictions": failed})
    with pytest.raises(OutputError) as refused:
        refuse_failures(broken, ())
    options = shlex.split(str(refused.value.remedy).partition(": ")[2].removesuffix("."))
    assert options[::2] == ["--allow-failures"] * 3
    assert "'" not in str(refused.value.remedy).replace("it's", "")  # means nothing to Windows' cmd
    refuse_failures(broken, names_in(options[1::2], broken))
    assert names_in(["pet/x,pet/y", ""], broken) == ["pet/x", "pet/y"]


def test_a_partial_run_is_refused(settings: Settings, base: Path) -> None:
    run = evaluate(settings)
    partial = run.model_copy(update={"complete": False})
    (settings.out_folder / "run.json").write_text(partial.model_dump_json())
    with pytest.raises(OutputError, match="interrupted and is partial"):
        approve(settings.out_folder, base)
    assert not base.exists()


def test_only_the_run_that_was_shown_is_approved(settings: Settings, base: Path) -> None:
    evaluate(settings)
    seen = sha256_file(settings.out_folder / "run.json")
    (settings.out_folder / "run.json").write_text(evaluate(settings).model_dump_json())
    with pytest.raises(OutputError, match="holds another run by now than was shown"):
        approve(settings.out_folder, base, seen=seen)
    approve(settings.out_folder, base, seen=sha256_file(settings.out_folder / "run.json"))


def test_a_shard_is_refused() -> None:
    with pytest.raises(OutputError, match="shard 2/3: it has 1 of 9 cases") as caught:
        refuse_failures(run_of(shard=Shard(number=2, of=3, cases=9, listing_sha256="")), ())
    assert "merged run" in str(caught.value.remedy)


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


def shas(run: Run) -> dict[Key, str | None]:
    return {key: p.cutout_sha256 for key, p in run.index.predictions.items()}


def test_exactly_the_chosen_changes_become_the_baseline(
    settings: Settings, base: Path, use_models: UseModels
) -> None:
    was = evaluate(settings)
    approve(settings.out_folder, base)
    use_models(Thinner("pet/rex", "pet/tom"))
    now = evaluate(settings)
    moved = [key for key, sha in shas(now).items() if sha != shas(was)[key]]
    assert len(moved) == 2
    one, other = moved
    choice = approve_changes(settings.out_folder, base, {one: (shas(was)[one], shas(now)[one])})
    assert (choice.taken, choice.refused) == ((one,), ())
    kept = Run.load(base)
    assert shas(kept) == {**shas(was), one: shas(now)[one]}
    assert kept.index.measurements[one] == now.index.measurements[one]
    assert kept.index.measurements[other] == was.index.measurements[other]
    assert [p.key for p in kept.predictions] == [p.key for p in was.predictions]
    states = {pair.key: pair.state for pair in compare(base, settings.out_folder).pairs}
    assert states[one] == "same"
    assert states[other] != "same"
    assert kept.models[0].info == was.models[0].info  # one of its results is still the old one's
    approve_changes(settings.out_folder, base, {other: (shas(was)[other], shas(now)[other])})
    assert shas(Run.load(base)) == shas(now)
    assert Run.load(base).models[0].info == now.models[0].info
    for p in Run.load(base).predictions:
        np.testing.assert_array_equal(
            decoded(base, p)[1], decoded(settings.out_folder, now.index.predictions[p.key])[1]
        )
    mattes = {path.relative_to(base).as_posix() for path in base.rglob("*.webp")}
    assert mattes == {p.cutout for p in Run.load(base).predictions}


def test_changes_of_a_model_that_has_another_name_now_are_taken(
    settings: Settings, base: Path, use_models: UseModels
) -> None:
    was = evaluate(settings)
    approve(settings.out_folder, base)
    thin = Thinner("pet/rex", "pet/tom")
    thin.info = thin.info.model_copy(update={"name": "thin"})
    use_models(thin)
    settings = settings.model_copy(update={"models": ["thin"]})
    evaluate(settings)
    one, other = (p for p in compare(base, settings.out_folder).pairs if p.state != "same")
    assert approve_changes(settings.out_folder, base, {one.key: (None, None)}).refused
    assert [m.info.name for m in Run.load(base).models] == ["fake"]
    change = one.base.cutout_sha256, one.new.cutout_sha256
    choice = approve_changes(settings.out_folder, base, {one.key: change})
    assert (choice.taken, choice.refused) == ((one.key,), ())
    kept = Run.load(base)
    assert {key.model for key in kept.index.predictions} == {"thin"}
    old = was.index.measurements[other.key._replace(model="fake")]
    values = {name: m.value for name, m in old.items()}
    assert values == {name: m.value for name, m in kept.index.measurements[other.key].items()}
    states = {pair.key: pair.state for pair in compare(base, settings.out_folder).pairs}
    assert states[one.key] == "same"
    assert states[other.key] == other.state


def test_of_what_is_chosen_all_is_the_runs_and_of_the_rest_all_the_baselines() -> None:
    def run(number: int, cases: range, models: str) -> Run:
        plain = run_over(4, tuple(models))
        here = [p for p in plain.predictions if int(p.case[1:]) in cases]
        rows: dict[str, list] = {"points": [], "rules": [], "measurements": [], "risks": []}
        for p in here:
            about = p.key._asdict()
            for name in ("lens", "strap"):
                rows["points"].append(point(True, number / 100, point=name, **about))
            for name in ("fill", "margin"):
                rows["rules"].append(rule(True, number / 100, rule=name, **about))
            for name in ("mad", "iou"):
                rows["measurements"].append(value(name, number).model_copy(update=about))
            rows["risks"].append(Risk(**about, value=number / 100))
        info = {"weights_sha256": f"{number}" * 64}
        update = {
            "predictions": tuple(
                p.model_copy(update={"cutout_sha256": f"{number}" * 64}) for p in here
            ),
            "models": tuple(
                model.model_copy(update={"info": model.info.model_copy(update=info)})
                for model in plain.models
            ),
            **rows,
        }
        return Run(**{**dict(plain), **update})

    def rows_of(run: Run, key: Key) -> list[object]:
        rows = (run.predictions, run.points, run.rules, run.risks)
        found = [[each for each in some if each.key == key] for some in rows]
        return [*found, [*run.index.measurements.get(key, {}).values()]]

    was, now = run(1, range(3), "ab"), run(2, range(1, 4), "abc")
    shas_of = [shas(side) for side in (was, now)]
    every = sorted({*shas_of[0], *shas_of[1]})
    for size in range(len(every) + 1):
        chosen = {key: tuple(side.get(key) for side in shas_of) for key in every[:size]}
        choice = choose(now, was, chosen)
        assert (choice.taken, choice.refused) == (tuple(chosen), ())
        made = choice.baseline
        for key in every:
            assert rows_of(made, key) == rows_of(now if key in chosen else was, key)
        assert [model.info.name for model in made.models] == sorted({k.model for k in shas(made)})
        for model in made.models:
            own = {k: sha for k, sha in shas(made).items() if k.model == model.info.name}
            theirs = {k: sha for k, sha in shas_of[1].items() if k.model == model.info.name}
            new = own == theirs or model.info.name == "c"
            assert model.info.weights_sha256 == ("2" if new else "1") * 64
        assert {(c.category, c.id) for c in made.cases} == {k[:2] for k in shas(made)}


def test_a_change_of_other_content_is_refused(settings: Settings, base: Path) -> None:
    run = evaluate(settings)
    approve(settings.out_folder, base)
    before = files(base)
    key, sha = next(iter(shas(run).items()))
    for change in ((sha, "f" * 64), ("f" * 64, sha), (None, sha), (sha, None)):
        choice = approve_changes(settings.out_folder, base, {key: change})
        assert not choice.taken
        assert [refused for refused, _ in choice.refused] == [key]
    stranger = Key("no", "such", "case")
    assert choose(run, Run.load(base), {stranger: (None, None)}).refused[0][0] == stranger
    assert files(base) == before


def test_new_and_missing_cases_are_taken_one_by_one(
    settings: Settings, base: Path, case_set: Path
) -> None:
    was = evaluate(settings)
    approve(settings.out_folder, base)
    (gone,) = [key for key in shas(was) if key.case == "rex"]
    picture = next(case_set.rglob("rex.png"))
    Image.open(picture).transpose(Image.Transpose.ROTATE_180).save(picture.with_name("max.png"))
    picture.unlink()
    now = evaluate(settings)
    (new,) = shas(now).keys() - shas(was).keys()
    approve_changes(settings.out_folder, base, {new: (None, shas(now)[new])})
    assert {*shas(Run.load(base))} == {*shas(was), new}
    approve_changes(settings.out_folder, base, {gone: (shas(was)[gone], None)})
    kept = Run.load(base)
    assert shas(kept) == shas(now)
    assert {(c.category, c.id) for c in kept.cases} == {(c.category, c.id) for c in now.cases}


def test_a_case_that_has_another_name_now_is_taken_by_that(
    settings: Settings, base: Path, case_set: Path, use_models: UseModels
) -> None:
    was = evaluate(settings)
    approve(settings.out_folder, base)
    picture = next(case_set.rglob("rex.png"))
    (picture.parent.parent / "dog").mkdir()
    picture.rename(picture.parent.parent / "dog" / "max.png")
    use_models(Thinner("dog/max"))
    now = evaluate(settings)
    (pair,) = (p for p in compare(base, settings.out_folder).pairs if p.state != "same")
    assert (pair.name, pair.base.name) == ("dog/max", "pet/rex")
    change = pair.base.cutout_sha256, pair.new.cutout_sha256
    assert approve_changes(settings.out_folder, base, {pair.key: change}).taken == (pair.key,)
    kept = Run.load(base)
    assert shas(kept) == shas(now)
    assert len(kept.cases) == len(was.cases)
    assert {p.state for p in compare(base, settings.out_folder).pairs} == {"same"}


def test_a_case_whose_points_changed_is_approved_with_all_its_models() -> None:
    was, now = (run_of(made("a"), made("b")), run_of(made("a", cutout="1"), made("b", cutout="1")))
    record = now.cases[0].model_copy(update={"title": {"en": "Another"}})
    now = now.model_copy(update={"cases": (record,)})
    chosen = {key: ("0" * 64, "1" * 64) for key in now.index.predictions}
    one = next(iter(chosen))
    choice = choose(now, was, {one: chosen[one]})
    assert [key for key, _ in choice.refused] == [one]
    assert "approve all its models" in str(choice.refused[0][1])
    assert len(choose(now, was, chosen).taken) == 2


def test_of_thousands_of_cases_each_is_looked_up_and_not_searched_for() -> None:
    was = run_over(5000)
    now = was.model_copy(
        update={
            "predictions": tuple(
                p.model_copy(update={"cutout_sha256": "1" * 64}) for p in was.predictions
            )
        }
    )
    chosen = {key: (sha, "1" * 64) for key, sha in shas(was).items()}
    with time_limit(10):
        choice = choose(now, was, chosen)
    assert shas(choice.baseline) == shas(now)


def test_a_failure_is_chosen_only_where_it_is_allowed(settings: Settings, base: Path) -> None:
    run = evaluate(settings)
    approve(settings.out_folder, base)
    folder = settings.out_folder
    first = run.predictions[0]
    failure = Failure("ImageError", Message("x"), Message("y"))
    broken = first.model_copy(update={"cutout": None, "cutout_sha256": None, "failure": failure})
    changed = run.model_copy(update={"predictions": (broken, *run.predictions[1:])})
    (folder / "run.json").write_text(changed.model_dump_json())
    chosen = {first.key: (first.cutout_sha256, None)}
    with pytest.raises(OutputError, match="has failures"):
        approve_changes(folder, base, chosen)
    approve_changes(folder, base, chosen, [first.name])
    assert Run.load(base).predictions[0].failure
