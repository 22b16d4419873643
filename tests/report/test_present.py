"""What the report says: every figure with its unit, nothing that is not so."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from runs import KEY, run_of
from views import Presenter

from rmbg_eval import Prediction, Settings
from rmbg_eval.ci.gate import how_many_failed
from rmbg_eval.ci.junit import junit_of_run
from rmbg_eval.ci.summary_md import summary_of_run
from rmbg_eval.errors import Failure, MissingCutoutError
from rmbg_eval.i18n import Message
from rmbg_eval.models.info import NOT_STATED, ON_ITS_PAGE
from rmbg_eval.predictions.prediction import PrecisionCheck
from rmbg_eval.report.context import Context
from rmbg_eval.report.figures import case_figures
from rmbg_eval.report.frame import environment
from rmbg_eval.report.overview import Overview
from rmbg_eval.report.provenance import brief
from rmbg_eval.run.previews import CasePreviews, ModelPreviews, Preview, Previews
from rmbg_eval.run.record import StabilityCost

SHOWN = Preview(path="assets/x y-result.png", width=10, height=5)


def done(model: str = "a", **changes: object) -> Prediction:
    """A prediction that succeeded."""
    return Prediction(
        category="portrait",
        case="ada",
        model=model,
        picture_sha256="0" * 64,
        width=1000,
        height=500,
        cutout=f"cutouts/{model}/portrait/ada.png",
        cutout_sha256="1" * 64,
        seconds={"decode": 0.1, "load": 9.0, "infer": 0.5, "encode": 0.2},
        peak_memory_bytes=2**30,
    ).model_copy(update=changes)


EMPTY = Message("{name} is empty (0 bytes)", name="ada.jpg")


def failed(model: str = "a", problem: Message = EMPTY) -> Prediction:
    """A prediction that failed."""
    failure = Failure("ImageError", problem, Message("Copy or download the picture again."))
    return Prediction(category="portrait", case="ada", model=model, failure=failure)


def previews(*models: str, **changes: object) -> Previews:
    """What would have been drawn for the case."""
    each = ModelPreviews(result=SHOWN, alpha=SHOWN, edge=SHOWN, opaque=0.25, in_between=0.5)
    drawn = CasePreviews(original=SHOWN, edge=SHOWN, region=(1, 2, 3, 4))
    each = each.model_copy(update=changes)
    return Previews({KEY: drawn.model_copy(update={"models": dict.fromkeys(models, each)})})


def test_overview_counts_failures_and_says_what_to_do() -> None:
    view = Presenter(run_of(done("a"), failed("b")), previews("a")).overview()
    assert view.answer[-1] == "1 of 2 cut-outs failed."
    assert view.failed == "What failed, and what to do"
    (failure,) = view.failures
    assert (failure.who, failure.case) == ("b", "portrait/ada")
    assert str(failure.problem) == "ada.jpg is empty (0 bytes)"
    assert str(failure.remedy) == "Copy or download the picture again."


def test_few_failures_are_counted_beside_the_answer_not_in_it() -> None:
    ada = run_of().cases[0]
    others = [ada.model_copy(update={"id": f"c{number}"}) for number in range(9)]
    made = [done("a", case=case.id) for case in (ada, *others)]
    run = run_of(*made, failed("b"), cases=(ada, *others))
    view = Presenter(run, previews("a")).overview()
    assert not any("failed" in words for words in view.answer)
    assert view.failed == "1 of 11 cut-outs failed."


def test_where_no_model_has_a_cut_out_the_pictures_are_counted() -> None:
    (ada,) = run_of().cases
    cases = (ada, ada.model_copy(update={"id": "bob"}))
    run = run_of(*(failed(m) for m in "ab"), *(done(m, case="bob") for m in "ab"), cases=cases)
    assert Presenter(run, previews()).overview().answer[-1] == "1 of 2 pictures has no cut-out."


def missing(model: str = "b") -> Prediction:
    """A prediction that a folder of finished cut-outs lacks."""
    lacking = MissingCutoutError(Message("There is no cut-out of it"), Message("Save it there."))
    return failed(model).model_copy(update={"failure": Failure.of(lacking)})


def test_what_a_folder_lacks_is_missing_wherever_what_failed_has_failed() -> None:
    run = run_of(done("a"), missing("b"))
    page = Presenter(run, previews("a"))
    assert not any("missing" in str(words) for words in page.overview().answer)
    assert page.overview().failed == "1 of 2 cut-outs is missing."
    assert str(how_many_failed(run)) == "1 of 2 cut-outs is missing"
    assert [row.failed for row in page.overview().matrices[0].rows] == ["", "1 of 1 missing"]
    assert page.bar().facts["flags"] == {"missing": [0]}
    assert [str(flag.words) for flag in page.bar().flags] == ["Missing"]
    (row,) = page.category("portrait").cases
    assert [result.failure and str(result.failure.word) for result in row.results] == [
        None,
        "Missing",
    ]
    assert case_figures(run, KEY, ["b"]).text == "portrait/ada\n  b  missing"
    assert "## Missing (1)" in summary_of_run(run)
    assert "missing, which --fail-on required lets pass" in "".join(junit_of_run(run))


def test_what_failed_and_what_is_missing_are_counted_apart() -> None:
    (ada,) = run_of().cases
    other = {"case": "bob"}
    run = run_of(missing("a"), failed("a").model_copy(update=other), missing("b"), done("b"))
    run = run.model_copy(update={"cases": (ada, ada.model_copy(update={"id": "bob"}))})
    view = Presenter(run, previews()).overview()
    assert view.answer[-1] == "1 of 4 cut-outs failed, 2 are missing."
    assert [row.failed for row in view.matrices[0].rows] == [
        "1 of 2 failed, 1 missing",
        "1 of 2 missing",
    ]
    assert "## Failed or missing (3)" in summary_of_run(run)
    assert Presenter(run_of(missing("a")), previews()).overview().answer == (
        "1 of 1 cut-outs is missing.",
    )


def test_where_everything_failed_that_is_the_answer_and_why_is_read_at_once() -> None:
    run = run_of(*(failed(model, Message(f"{model} broke")) for model in "abcd"))
    view = Presenter(run, previews()).overview()
    assert view.answer == ("All 4 cut-outs failed.",)
    assert view.more == ""
    assert len(view.failures) == 4
    assert view.failures_open


def test_one_bad_picture_is_said_once_for_all_models() -> None:
    view = Presenter(run_of(failed("a"), failed("b")), previews()).overview()
    assert [failure.who for failure in view.failures] == ["all models"]


def test_of_many_failures_each_reason_is_said_once_with_how_many() -> None:
    ada = run_of().cases[0]
    cases = [ada.model_copy(update={"id": f"c{number}"}) for number in range(90)]
    empty = [
        failed(model, Message("{name} is empty", name=case.id)).model_copy(update={"case": case.id})
        for case in cases
        for model in "ab"
    ]
    other = failed("b", Message("b broke"))
    run = run_of(done("a"), *empty, other, cases=(ada, *cases))
    view = Presenter(run, previews("a")).overview()
    said = [(f.case, f.who, str(f.problem), f.alike) for f in view.failures]
    assert said == [
        ("portrait/c0", "all models", "c0 is empty", 89),
        ("portrait/ada", "b", "b broke", 0),
    ]
    assert view.failures_open


def test_two_different_failures_are_both_said() -> None:
    view = Presenter(run_of(failed("a"), failed("b", Message("b broke"))), previews()).overview()
    assert [failure.who for failure in view.failures] == ["a", "b"]


def test_seconds_leave_the_load_out_and_name_their_unit() -> None:
    (a, b) = Presenter(run_of(done("a"), failed("b")), previews("a")).more().models
    assert (a.infer, a.total, a.load, a.memory) == ("0.50 s", "0.80 s", "9.00 s", "1.0 GiB")
    assert (b.infer, b.total, b.load, b.memory) == ("not measured",) * 4
    assert (a.done, b.done) == ("1 of 1", "0 of 1")


def test_what_is_the_models_own_is_said_once() -> None:
    own = {"device": "the program's own", "dtype": "the program's own"}
    one, two = run_of().models
    one = one.model_copy(update={"info": one.info.model_copy(update=own)})
    (row, _) = Presenter(run_of(done("a"), models=(one, two)), previews("a")).more().models
    assert row.runs_on.count("the program's own") == 1


def test_licence_stands_beside_every_model() -> None:
    presenter = Presenter(run_of(done("a"), done("b")), previews("a", "b"))
    assert {row.licence for row in presenter.more().models} == {"CC BY-NC 4.0"}
    (matrix, *_) = presenter.overview().matrices
    assert all(row.about[1] == "CC BY-NC 4.0" for row in matrix.rows)


def test_where_nothing_says_that_it_is_the_licence_its_words_do() -> None:
    info = run_of().models[0].info
    said = {
        licence: str(info.model_copy(update={"licence": licence}).licence_named)
        for licence in ("MIT", NOT_STATED, ON_ITS_PAGE)
    }
    assert [*said.values()] == ["MIT", "licence not stated", "licence: see its page on the hub"]


def test_a_reduced_dtype_states_its_difference_from_fp32() -> None:
    run = run_of(done())
    models = (
        run.models[0].model_copy(
            update={"precision": PrecisionCheck(cases=3, largest=4 / 255, mean=0.1 / 255)}
        ),
        run.models[1].model_copy(
            update={"precision": PrecisionCheck(cases=0, largest=None, mean=None, reason="no room")}
        ),
    )
    lines = Presenter(run.model_copy(update={"models": models}), previews("a")).overview().notes
    assert "at most 4 of 255 levels, 0.10 on average, over 3 cases" in lines[0]
    assert "not measured: no room" in lines[1]


def test_what_a_model_warns_of_and_where_its_difference_was_measured_is_said() -> None:
    run = run_of(done())
    check = PrecisionCheck(
        cases=2, largest=4 / 255, mean=0.1 / 255, pictures=("one", "two"),
        measured=datetime(2025, 12, 31, 23, 59, tzinfo=UTC),
    )  # fmt: skip
    warned = {"precision": check, "warnings": (Message("it is slow here"),)}

    def notes(**changes: object) -> list[str]:
        one = run.models[0].model_copy(update={**warned, **changes})
        view = Presenter(run.model_copy(update={"models": (one,)}), previews("a")).overview()
        return [str(note) for note in view.notes]

    assert notes() == [
        "a: it is slow here",
        "a ran in bf16: its alpha differs from fp32 by at most 4 of 255 levels, 0.10 on average, "
        "over 2 reference pictures: one, two.",
        "a: that was measured at 2025-12-31 23:59 UTC and is kept for its weights, dtype, runtime "
        "and processor.",
    ]
    now = check.model_copy(update={"measured": run.started})
    assert len(notes(precision=now)) == 2
    assert len(notes(precision=None)) == 1


def test_failures_are_said_in_chinese_too() -> None:
    run = run_of(failed("a"), failed("b"), settings=Settings(models=["a", "b"], lang="zh"))
    (failure,) = Presenter(run, previews()).overview().failures
    assert failure.problem == "ada.jpg 是空文件（0 字节）"
    assert failure.remedy == "请重新复制或下载图片。"


def test_details_name_commit_versions_and_every_parameter() -> None:
    view = Presenter(run_of(done()), previews("a")).more()
    rows = dict(view.details)
    assert rows["Commit"] == "c0ffee, with uncommitted changes"
    assert rows["Machine"] == "Test, 2 cores, 1.0 GiB, Linux"
    assert rows["Versions"] == "numpy 2, rmbg_eval 0.1.0"
    assert rows["The run took"] == "2.00 s"
    assert (rows["Pipeline of a"], rows["Pipeline of b"]) == ("as it is",) * 2
    assert "notes.txt" in rows["Files that are no case"]
    assert [name for name, _ in view.parameters] == list(Settings.model_fields)
    values = dict(view.parameters)
    assert (values["cases"], values["categories"]) == ("the reference cases of rmbg-eval", "all")
    assert (values["models"], values["precision_cases"]) == ("a, b", "3")


def test_what_is_not_known_of_a_run_is_said_to_be_so() -> None:
    run = run_of(done())
    bare = {"commit": None, "memory_bytes": None}
    changes = {"machine": run.machine.model_copy(update=bare), "wall_seconds": None, "skipped": ()}
    rows = dict(Presenter(run.model_copy(update=changes), previews("a")).more().details)
    assert rows["Commit"] == "installed without a checkout"
    assert rows["Machine"] == "Test, 2 cores, not measured, Linux"
    assert (rows["The run took"], rows["Files that are no case"]) == ("not measured", "none")
    assert "Risk" not in rows
    clean = run.machine.model_copy(update={"dirty": False})
    details = Presenter(run.model_copy(update={"machine": clean}), previews("a")).more().details
    assert dict(details)["Commit"] == "c0ffee"


def test_weights_and_further_inferences_are_told_of_their_model() -> None:
    run = run_of(done())
    one, two = run.models
    weights = {"weights_sha256": "0123456789abcdef", "weights_from": "https://example.org/w"}
    one = one.model_copy(
        update={
            "info": one.info.model_copy(update=weights),
            "stability": StabilityCost(inferences=4, seconds=2.5),
        }
    )
    more = Presenter(run.model_copy(update={"models": (one, two)}), previews("a")).more()
    rows = dict(more.details)
    assert rows["Weights of a, SHA-256"] == "0123456789abcdef, https://example.org/w"
    assert rows["Stability of a"] == (
        "4 more inferences, 2.50 s in all, which no picture's time has"
    )
    assert not {"Weights of b, SHA-256", "Stability of b"} & rows.keys()
    assert [row.weights for row in more.models] == ["0123456789ab", "none"]


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.123, "0.12"), (2.06, "2.1"), (99.4, "99"), (99.7, "100"), (123.4, "123")],
)
def test_seconds_in_few_figures_have_no_exponent(value: float, words: str) -> None:
    assert brief(value) == f"{words}\N{NO-BREAK SPACE}s"


def test_refinement_is_told_apart_from_the_rest_of_inference() -> None:
    run = run_of(done("a", seconds={"infer": 0.5, "refine": 0.25}))
    (a, _) = Presenter(run, previews("a")).more().models
    assert a.infer == "0.75 s, 0.25 s of it refinement"


@pytest.mark.parametrize(
    ("prediction", "pixels", "words"),
    [
        (failed("a"), "–", "Failed"),
        (missing("a"), "–", "Missing"),
        (done("a"), "1000×500", "0.50 / 0.80"),
        (done("a", seconds={}), "1000×500", "not timed"),
    ],
)
def test_timings_have_a_cell_for_each_model(
    prediction: Prediction, pixels: str, words: str
) -> None:
    view = Presenter(run_of(prediction), previews("a")).more()
    assert view.seconds == (("portrait/ada", pixels, (words, "not measured")),)


def test_what_is_ours_is_chinese_in_chinese_down_to_the_stop() -> None:
    one, two = run_of().models
    two = two.model_copy(update={"info": two.info.model_copy(update={"licence": NOT_STATED})})
    settings = Settings(models=["a", "b"], lang="zh")
    run = run_of(done("a"), failed("b"), models=(one, two), settings=settings)
    assert "许可证未注明" in Presenter(run, previews("a")).overview().matrices[0].rows[1].about
    view = Overview(Context(run, previews("a"))).view()
    html = environment("zh").get_template("overview.html.j2").render(view=view, lang="zh")
    assert "> b：ada.jpg 是空文件（0 字节）。</span> <em>" in html
