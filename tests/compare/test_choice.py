"""Changes of a run that a baseline takes one by one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from comparisons import made, point, rule, value
from fakes import Thinner
from pictures import time_limit
from PIL import Image
from reviewers import run_over
from runs import run_of

from rmbg_eval import Run, Settings, evaluate
from rmbg_eval.compare.alpha_change import decoded
from rmbg_eval.compare.baseline import approve, approve_changes
from rmbg_eval.compare.choice import choose
from rmbg_eval.compare.runs import compare
from rmbg_eval.core.key import Key
from rmbg_eval.errors import Failure, OutputError
from rmbg_eval.i18n import Message
from rmbg_eval.measure.record import Risk

UseModels = Callable[..., None]


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
    before = {file: file.read_bytes() for file in base.rglob("*") if file.is_file()}
    key, sha = next(iter(shas(run).items()))
    for change in ((sha, "f" * 64), ("f" * 64, sha), (None, sha), (sha, None)):
        choice = approve_changes(settings.out_folder, base, {key: change})
        assert not choice.taken
        assert [refused for refused, _ in choice.refused] == [key]
    stranger = Key("no", "such", "case")
    assert choose(run, Run.load(base), {stranger: (None, None)}).refused[0][0] == stranger
    assert before == {file: file.read_bytes() for file in base.rglob("*") if file.is_file()}


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
