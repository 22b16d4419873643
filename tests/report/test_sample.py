"""The report of many cases: some are shown, and it says which; every figure is over all."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from caches import new_cache
from comparisons import FAILED
from fakes import FakeModel, save_picture, save_truth
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from runs import run_of

from rmbg_eval import Prediction, Report
from rmbg_eval.core.images import Alpha, Picture
from rmbg_eval.core.key import CaseKey
from rmbg_eval.decisions.record import Decisions
from rmbg_eval.decisions.sampling import plan_of
from rmbg_eval.errors import Failure, SettingsError
from rmbg_eval.i18n import Message
from rmbg_eval.measure.record import Agreement, Measurement, PointResult, Risk, Sign
from rmbg_eval.report.by_eye import page_data
from rmbg_eval.run.drawing import draw
from rmbg_eval.run.evaluate import evaluate
from rmbg_eval.run.findings import severity
from rmbg_eval.run.folder import save
from rmbg_eval.run.queue import queue_of
from rmbg_eval.run.record import Run
from rmbg_eval.run.sample import SEED, chance, only, sample_of, shown_of
from rmbg_eval.run.shard import Part, Shard
from rmbg_eval.run.statistics import summarise
from rmbg_eval.settings import Settings

SIZE = 40, 32
CASES = 12


class Picky(FakeModel):
    """It fails where the picture begins with much red."""

    def alpha(self, picture: Picture) -> Alpha:
        if picture.rgb[0, 0, 0] > 50:
            raise ValueError("too red")
        return super().alpha(picture)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of few cases, in one file."""
    root = tmp_path_factory.mktemp("sample")
    for number in range(CASES):
        folder = root / "cases" / ("pet", "zoo")[number % 2] / f"{number:02}"
        save_picture(folder / "image.png", number, SIZE)
        if number % 3 == 0:
            save_truth(folder / "alpha.png", SIZE)
        if number % 4 == 0:
            (folder / "case.toml").write_text(
                '[[points]]\nid = "sky"\nkind = "transparent"\nbox = [0, 0, 8, 8]\n'
            )
    models = {"fake": FakeModel(), "picky": Picky("picky", weights="p")}
    settings = Settings(
        cases=str(root / "cases"), models=[*models], out=str(root / "out"), layout="folder"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RMBG_EVAL_CACHE", str(new_cache(root / "cache")))
        patch.setattr("rmbg_eval.run.evaluate.load_model", lambda name, *_: models[name])
        evaluate(settings)
    return root / "out"


@pytest.fixture
def many(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, of as many cases as have records in files, of which few are shown."""
    monkeypatch.setattr("rmbg_eval.run.parts.ONE_FILE", CASES - 1)
    monkeypatch.setattr("rmbg_eval.run.parts.ROWS", 5)
    monkeypatch.setattr("rmbg_eval.run.sample.WORST", 1)
    monkeypatch.setattr("rmbg_eval.run.sample.RANDOM", 1)
    shutil.copytree(whole, tmp_path / "many")
    save(tmp_path / "many", Run.load(whole))
    return tmp_path / "many"


def test_failures_the_worst_and_some_by_chance_are_shown(whole: Path, many: Path) -> None:
    run = Run.load(many)
    sample = sample_of(run)
    assert sample is not None
    assert sample == sample_of(Run.load(whole))  # in memory as well
    failed = {(p.category, p.case) for p in run.failures}
    assert 0 < len(failed) < 4
    assert (sample.failed, sample.failures) == (len(failed), len(failed))
    by_chance = set()
    for category in ("pet", "zoo"):
        for scored in (True, False):
            some = [
                (c.category, c.id)
                for c in run.cases
                if c.category == category and (bool(c.points) or c.has_truth) is scored
            ]
            by_chance.add(min(some, key=lambda key: chance(*key)))
    rest = {*sample.cases} - failed - by_chance
    assert failed | by_chance < {*sample.cases}
    assert len(rest) <= 2  # the worst, if it is none of the others
    assert len(sample.cases) < CASES
    order = [(case.category, case.id) for case in run.cases]
    assert sorted(sample.cases, key=order.index) == [*sample.cases]
    for part in (shown_of(run), only(run, sample.cases)):
        assert [(c.category, c.id) for c in part.cases] == [*sample.cases]
        assert {p.key[:2] for p in part.predictions} == {*sample.cases}
        assert {key[:2] for key in part.index.measurements} == {*sample.cases}
        for key in part.index.predictions:
            assert part.measurements.values_of(key) == run.measurements.values_of(key)
            assert part.index.points.get(key) == run.index.points.get(key)


def test_a_run_of_few_is_shown_whole(whole: Path) -> None:
    run = Run.load(whole)
    assert sample_of(run) is None
    assert shown_of(run) is run


def test_where_all_failed_the_rest_still_has_room(
    many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rmbg_eval.run.sample.ROOM", 12)
    run = Run.load(many)
    failure = run.failures[0].failure
    update = {"cutout": None, "failure": failure}
    lost = tuple(p.model_copy(update=update) for p in run.predictions)
    monkeypatch.setattr("rmbg_eval.run.sample.LEAST", 6)
    sample = sample_of(run.model_copy(update={"predictions": lost}))
    assert sample is not None
    assert (sample.failed, sample.failures) == (2, CASES)


def test_every_table_is_over_all(whole: Path, many: Path) -> None:
    assert summarise(Run.load(many)) == summarise(Run.load(whole))
    was, now = Run.load(whole), Run.load(many)
    assert was.tally == now.tally
    assert was.tally["picky"].predictions == CASES


def test_the_page_says_what_it_shows(many: Path) -> None:
    run = Run.load(many)
    report = Report(run)
    html = report.overview().html
    shown = len(shown_of(run).cases)
    assert f"Shown are {shown} of {CASES} pictures" in html
    assert f"(seed {SEED})" in html
    assert f"{len(run.failures)} of {2 * CASES} cut-outs failed." in html
    misses = [p.case for p in shown_of(run).points if p.passed is False]
    assert 0 < len(misses) < sum(p.passed is False for p in run.points)
    assert f"All misses shown: {len(misses)} in {len(set(misses))} picture" in html
    assert "All misses:" not in html
    rows = report.categories().html
    assert rows.count("<article") == shown
    about = page_data(run, Decisions(), shown_of(run))
    assert len(about["cases"]) == shown  # type: ignore[arg-type]
    plan, shas = plan_of(run).strata, {p.key: p.cutout_sha256 for p in shown_of(run).predictions}
    for numbers, whole in zip(about["plan"], plan, strict=True):  # type: ignore[call-overload]
        assert len(numbers) <= len(whole)
        assert all(key in shas for key in whole[: len(numbers)])
    offered, every = sum(map(len, about["plan"])), sum(map(len, plan))
    assert offered < every
    assert f"Review {offered} of {every} cut-outs, drawn by chance" in html
    hidden = next(case for case in run.cases if case.key not in shown_of(run).index.cases)
    name = f"{hidden.category}/{hidden.id}"
    assert name in repr(report.case(name))
    with pytest.raises(SettingsError, match="no case"):
        report.case("pet/no such")


def test_pictures_are_drawn_of_what_is_shown(many: Path) -> None:
    run = Run.load(many)
    (many / "assets" / f"{7:020x}-0-result.webp").write_bytes(b"of an earlier run")
    draw(run, ())
    there = {path.stem for path in (many / "assets").glob("*.json")}
    assert len(there) == len(shown_of(run).cases) < CASES
    assert not (many / "assets" / f"{7:020x}-0-result.webp").exists()


@limits(max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_the_worst_are_so_by_points_then_by_the_measure_then_by_risk(seed: int) -> None:
    random = Random(seed)
    worst, apart = random.randint(1, 6), random.random() < 0.5
    metric = random.choice(["mad_unknown", "weighted_f"])
    seen = [
        [
            (
                random.choice([None] * 6 + [0.0, 0.4, 0.9, 1.0]),
                random.choice([None] * 3 + [0.0, 0.25, 0.5]),
                random.choice([None, None, 0.0, 0.2, 0.3, 0.5, 0.7, 0.9]),
                random.random() < 0.5,
            )
            for _ in "ab"
        ]
        for _ in range(10)
    ]
    points, measured, risks, predictions = [], [], [], []
    for number, cut_outs in enumerate(seen):
        for model, (at_point, value, risk, signs) in zip("ab", cut_outs, strict=True):
            about = {"category": "pet", "case": f"{number}", "model": model}
            failure = FAILED if random.random() < 0.2 else None
            predictions.append(Prediction(**about, cutout="a.png", failure=failure))
            if at_point is not None:
                points.append(PointResult(
                    **about, point="p", kind="opaque", measured=at_point, expected=1, tolerance=0.1,
                    unit="1", passed=at_point >= 0.9,
                ))  # fmt: skip
            measured.append(Measurement(
                **about, metric=metric, value=value, unit="1", region="r",
                reason=None if value is not None else "none",
            ))  # fmt: skip
            why = Sign(measure="crumbs", text="crumbs", weight=1)
            if risk is not None:
                risks.append(Risk(**about, value=risk, signs=(why,) if signs else ()))
    like = run_of().cases[0]
    cases = [like.model_copy(update={"category": "pet", "id": f"{n}"}) for n in range(len(seen))]
    far = (("b", "c", 0.01), ("a", "b", 0.5), ("a", "c", 0.5))
    agreements = [Agreement(one=one, other=other, cases=2, apart=x) for one, other, x in far]
    run = run_of(
        *predictions, cases=tuple(cases), points=tuple(points), measurements=measured,
        risks=tuple(risks), agreements=tuple(agreements) if apart else (),
    )  # fmt: skip
    queue = {each.key: each for each in queue_of(run)}
    sign = -1 if metric == "weighted_f" else 1
    errors = {
        n: max(sign * value for _, value, _, _ in own if value is not None)
        for n, own in enumerate(seen)
        if any(value is not None for _, value, _, _ in own)
    }

    def bad(number: int) -> tuple[float, float, float]:
        far = [severity(p) for p in points if p.case == f"{number}" and p.passed is False]
        error = 1 + errors[number] - min(errors.values()) if number in errors else 0
        queued = queue.get(("pet", f"{number}"))
        return 1 + max(far) if far else 0, error, queued.value if queued else 0

    order = sorted(filter(lambda n: any(bad(n)), range(len(seen))), key=bad, reverse=True)
    failed = [int(prediction.case) for prediction in run.failures]
    drawn = min(range(len(seen)), key=lambda n: chance("pet", f"{n}"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rmbg_eval.run.parts.ONE_FILE", 5)
        patch.setattr("rmbg_eval.run.sample.WORST", worst)
        patch.setattr("rmbg_eval.run.sample.RANDOM", 1)
        sample = sample_of(run)
    assert sample is not None
    assert sample.cases == tuple(("pet", f"{n}") for n in sorted({*failed, *order[:worst], drawn}))
    assert sample.levels == Counter(each.level for each in queue.values())


def test_the_page_says_in_utc_when_the_run_began(
    case_set: Path, tmp_path: Path, use_models: Callable[..., None]
) -> None:
    use_models(FakeModel())
    settings = Settings(cases=str(case_set), models=["fake"], out=str(tmp_path / "out"))
    run = evaluate(settings).model_copy(update={"started": datetime(1, 1, 1, tzinfo=UTC)})
    assert "1-01-01 00:00 UTC · " in Report(run).overview()._about["about"]


def test_shards_of_many_draw_little_more_than_is_shown_of_all() -> None:
    random, of, count = Random(0), 8, 5600
    about = [{"category": "pet", "case": f"{n}", "model": "a"} for n in range(count)]
    cutouts = [
        Prediction(**each, cutout="a.png", failure=FAILED if random.random() < 0.1 else None)
        for each in about
    ]
    risks = [Risk(**each, value=random.random(), signs=()) for each in about]
    like = run_of().cases[0]
    cases = [like.model_copy(update={"category": "pet", "id": f"{n}"}) for n in range(count)]

    def shown(numbers: Sequence[int], shard: Shard | None) -> set[CaseKey]:
        own = {
            kind: tuple(of_all[n] for n in numbers)
            for kind, of_all in (("cases", cases), ("predictions", cutouts), ("risks", risks))
        }
        return {case.key for case in shown_of(run_of(shard=shard).model_copy(update=own)).cases}

    whole = shown(range(count), None)
    assert 500 < len(whole) <= 520
    drawn = set[CaseKey]()
    for number in range(1, of + 1):
        own = [n for n in range(count) if Part(number, of).has("pet", f"{n}")]
        drawn |= shown(own, Shard(number=number, of=of, cases=count, listing_sha256="0" * 64))
    assert whole < drawn
    assert len(drawn) < 1100


def test_failures_are_shown_of_every_category_and_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rmbg_eval.run.parts.ONE_FILE", 5)
    monkeypatch.setattr("rmbg_eval.run.sample.ROOM", 0)
    monkeypatch.setattr("rmbg_eval.run.sample.LEAST", 30)
    monkeypatch.setattr("rmbg_eval.run.sample.RANDOM", 1)
    like = run_of().cases[0]
    names = [("pet", f"{n}") for n in range(40)] + [("zoo", f"{n}") for n in range(40)]
    cases = tuple(like.model_copy(update={"category": c, "id": id}) for c, id in names)
    rare = Failure("ModelError", Message("{name} is odd", name="39"), Message("Look at it."))
    predictions = [
        Prediction(
            category=category, case=id, model="a", failure=rare if names[n][1] == "39" else FAILED
        )
        for n, (category, id) in enumerate(names)
    ]
    sample = sample_of(run_of(*predictions, cases=cases))
    assert sample is not None
    assert (sample.failed, sample.failures) == (10, 80)
    expected = {(c, id) for c in ("pet", "zoo") for id in ("0", "1", "2", "3", "39")}
    assert {*sample.cases} >= expected
    assert len(sample.cases) <= 12
