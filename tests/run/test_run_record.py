"""What of a run is what it found, and what is only how it came to be."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from comparisons import failed, made, point, rule, value
from runs import run_of

from rmbg_eval import Run, Settings
from rmbg_eval.errors import OutputError
from rmbg_eval.i18n import Message
from rmbg_eval.measure.record import Agreement, Delivery, Risk
from rmbg_eval.predictions.prediction import PrecisionCheck, StabilityCost
from rmbg_eval.run.record import SCHEMA_VERSION, once
from rmbg_eval.run.shard import Shard

RISK = Risk(category="portrait", case="ada", model="a", value=0.5)
APART = Agreement(one="a", other="b", cases=1, apart=0.25)
RUN = run_of(
    made("a"), failed("b"), measurements=(value("mad", 0.5),), points=(point(False, 0.5),),
    rules=(rule(False),), risks=(RISK,), agreements=(APART,), delivery=Delivery(name="Shop"),
)  # fmt: skip
CHECK = PrecisionCheck(cases=1, largest=0.5, mean=0.25)
FOUND = {
    "schema_version": 9,
    "complete": False,
    "cases": (RUN.cases[0].model_copy(update={"has_truth": True}),),
    "skipped": (),
    "models": (RUN.models[0].model_copy(update={"precision": CHECK}), RUN.models[1]),
    "predictions": (made("a", cutout="1"), failed("b")),
    "measurements": (value("mad", 0.6),),
    "points": (point(False, 0.6),),
    "delivery": Delivery(name="Another"),
    "rules": (rule(False, 0.6),),
    "risks": (RISK.model_copy(update={"value": 0.6}),),
    "agreements": (APART.model_copy(update={"apart": 0.5}),),
    "shard": Shard(number=1, of=2, cases=2, listing_sha256=""),
}
CIRCUMSTANCES = {
    "settings": Settings(models=["a", "b"], out="elsewhere"),
    "started": datetime(2027, 1, 2, tzinfo=UTC),
    "wall_seconds": 3.0,
    "machine": RUN.machine.model_copy(update={"cores": 8}),
}


def test_two_runs_have_found_the_same_only_if_all_that_was_found_is_equal() -> None:
    assert {*FOUND, *CIRCUMSTANCES, "records"} == {*Run.model_fields}
    outcomes = [RUN.model_copy(update={name: new}).outcome() for name, new in FOUND.items()]
    assert len({RUN.outcome(), *outcomes}) == 1 + len(FOUND)
    assert {RUN.model_copy(update={n: new}).outcome() for n, new in CIRCUMSTANCES.items()} == {
        RUN.outcome()
    }


def test_what_is_computed_once_of_a_run_is_computed_anew_of_a_copy() -> None:
    asked = []

    @once
    def count(run: Run) -> int:
        asked.append(run)
        return len(run.predictions)

    run = RUN.model_copy()
    assert count(run) == count(run) == len(RUN.predictions)
    assert count(run.model_copy(update={"predictions": ()})) == 0
    assert len(asked) == 2
    assert run == RUN


def test_how_long_a_prediction_or_a_model_took_is_no_finding() -> None:
    (first, second), (model, other) = RUN.predictions, RUN.models
    took = {"seconds": {"infer": 1.0}, "peak_memory_bytes": 9, "cached": True}
    about = {"warnings": (Message("slow"),), "stability": StabilityCost(inferences=1, seconds=1.0)}
    again = RUN.model_copy(
        update={
            "predictions": (first.model_copy(update=took), second),
            "models": (model.model_copy(update=about), other),
        }
    )
    assert again.outcome() == RUN.outcome()
    assert again != RUN
    checked, later = (
        RUN.model_copy(update={"models": (model.model_copy(update={"precision": one}), other)})
        for one in (CHECK, CHECK.model_copy(update={"measured": datetime(2026, 1, 2, tzinfo=UTC)}))
    )
    assert checked.outcome() == later.outcome()


def test_a_prediction_is_one_line_with_its_failure_in_words() -> None:
    assert str(RUN.predictions[0]) == "<portrait/ada, a: cutouts/a/portrait/ada.png>"
    assert str(RUN.failures) == "(<portrait/ada, b: failed: ada.png is empty. Copy it again.>,)"


def test_its_lines_are_its_json() -> None:
    text = "".join(RUN.lines())
    assert Run.model_validate_json(text) == RUN
    assert json.loads(text) == RUN.model_dump(mode="json")


@pytest.mark.parametrize("passed", [True, False, None])
def test_what_is_required_is_lost_unless_it_passed(passed: bool | None) -> None:
    lost = run_of(
        points=(point(passed, 0.0, required=True), point(passed, 0.0)),
        rules=(rule(passed, 0.9, required=True), rule(passed, 0.9)),
    )
    assert lost.missed == (() if passed else lost.points[:1])
    assert lost.broken == (() if passed else lost.rules[:1])


def test_a_run_is_first_judged_by_its_truth_if_there_is_any() -> None:
    assert run_of(measurements=(value("mad_unknown", 0.5),)).main_measure == "mad_unknown"
    assert run_of(measurements=(value("mad_unknown", None),)).main_measure == "risk"
    assert run_of(measurements=(value("mad", 0.5),)).main_measure == "risk"


def test_its_failures_are_the_predictions_that_failed() -> None:
    assert RUN.failures == RUN.predictions[1:]
    assert [*RUN.index.by_case] == [("portrait", "ada")]
    assert RUN.index.by_case["portrait", "ada"] == RUN.predictions
    assert RUN.index.points[made("a").key] == {"lens": RUN.points[0]}
    assert RUN.index.rules[made("a").key] == {"fill": RUN.rules[0]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"schema_version": 1, "comp', "is no JSON: it is cut off"),
        ("<<<<<<< ours\n{}\n=======\n[]\n>>>>>>> theirs\n", "holds the conflict markers of git"),
        (f'{{"schema_version": {SCHEMA_VERSION + 1}}}', f"reads 1 to {SCHEMA_VERSION}.* newer one"),
        (
            f'{{"schema_version": {SCHEMA_VERSION}}}',
            "is not a run this version reads: .* places differ",
        ),
        ("[]", "is not a run this version reads"),
    ],
)
def test_what_is_no_run_says_why(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(OutputError, match=words):
        Run.load(tmp_path)


@pytest.mark.parametrize(
    "change",
    [{"width": -5}, {"height": 10**25}, {"seconds": {"infer": 1e308}}, {"seconds": {"infer": -1}}],
    ids=str,
)
def test_a_number_that_no_picture_has_is_not_read(change: dict, tmp_path: Path) -> None:
    data = json.loads("".join(RUN.lines()))
    data["predictions"][0] |= change
    for words in ("reads: 1 place differs", "reads: 2 places differ"):
        (tmp_path / "run.json").write_text(json.dumps(data))
        with pytest.raises(OutputError, match=words):
            Run.load(tmp_path)
        data["started"] = "?"


def test_a_run_is_loaded_from_where_it_lies_with_cut_outs_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("".join(RUN.lines()))
    loaded = Run.load(tmp_path)
    assert loaded.settings.out == str(tmp_path)
    assert loaded.model_copy(update={"settings": RUN.settings}) == RUN
    outside = made("b").model_copy(update={"cutout": "../elsewhere.png"})
    away = RUN.model_copy(update={"predictions": (RUN.predictions[0], outside)})
    (tmp_path / "run.json").write_text("".join(away.lines()))
    with pytest.raises(OutputError, match="names a cut-out that lies elsewhere"):
        Run.load(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such limit")
def test_what_a_hostile_run_json_holds_takes_no_multiple_of_memory(tmp_path: Path) -> None:
    """Of lists that no run has, a kilobyte each was taken."""
    text = f'{{"schema_version": {SCHEMA_VERSION}, "x": [{"[]," * (1 << 21)}0]}}'
    (tmp_path / "run.json").write_text(text)
    code = f"""
import resource
from rmbg_eval import Run
from rmbg_eval.errors import OutputError
resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))
try:
    Run.load({str(tmp_path)!r})
except OutputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "is not a run this version reads" in done.stdout, done.stderr
