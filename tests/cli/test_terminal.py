"""Progress for programs."""

from __future__ import annotations

import errno
import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from commands import Printed
from comparisons import comparison, failed, made, point, rule
from rich.text import Text
from runs import run_of
from views import Presenter

from rmbg_eval import Prediction, Run
from rmbg_eval.cli import main, terminal
from rmbg_eval.cli.cases import new
from rmbg_eval.cli.models import models
from rmbg_eval.cli.terminal import MOST_ROWS, progress_as, show_comparison, show_run
from rmbg_eval.core.progress import Step
from rmbg_eval.errors import Failure, MissingCutoutError
from rmbg_eval.i18n import Message
from rmbg_eval.measure.record import Delivery
from rmbg_eval.models.table import TABLE, PlugIns
from rmbg_eval.run.previews import Previews
from rmbg_eval.run.statistics import inference


def test_progress_as_json_is_a_line_a_second_and_the_last(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([10.0, 10.0, 10.4, 10.9, 11.25, 11.5])
    monkeypatch.setattr(terminal, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    with progress_as("json") as on_step:
        for done in range(5):
            on_step(Step("宠物\n", done, 5))
    out, err = capsys.readouterr()
    told = [json.loads(line) for line in err.splitlines()]
    assert out == ""
    assert [(each["seconds"], each["done"]) for each in told] == [(0, 0), (1.25, 3), (1.5, 4)]
    assert all(each["text"] == "宠物\n" and each["total"] == 5 for each in told)


def test_progress_that_cannot_be_written_ends_no_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(terminal, "print", full, raising=False)
    with progress_as("json") as on_step:
        on_step(Step("first", 0, 2))
        on_step(Step("last", 1, 2))


def test_the_bar_s_clock_goes_on_and_its_count_is_that_of_the_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = io.StringIO()
    stream = terminal.Stream(file=shown, force_terminal=True, width=100)
    monkeypatch.setattr(terminal, "err", stream)
    clock = [0.0]
    stream.get_time = lambda: clock[0]  # type: ignore[method-assign]

    def line(step: Step, at: float) -> str:
        clock[0] = at
        on_step(step)
        bar.refresh()
        return Text.from_ansi(shown.getvalue()).plain.splitlines()[-1]

    with terminal.progress() as on_step:
        (bar,) = stream._live_stack
        assert line(Step("one", 20, 20), 1).endswith(" 20/20 0:00:01")
        assert line(Step("another", 3, 20), 62).endswith(" 3/20 0:01:02")
        assert "/" not in line(Step("page"), 63)
        assert line(Step("page"), 64).endswith(" 0:01:04")
        assert line(Step("long " * 50, 5, 20), 65).endswith(" 5/20 0:01:05")


def test_of_many_cases_medians_and_the_first_points_are_printed(printed: Printed) -> None:
    names = [f"case-{number}" for number in range(MOST_ROWS + 1)]
    (record,) = run_of().cases
    predictions = [
        made(case=name, seconds={"decode": 0.25, "infer": float(number + 1)})
        for number, name in enumerate(names)
    ]
    points = tuple(point(False, 1.0, case=name, required=True) for name in names)
    run = run_of(*predictions, points=points)
    run = run.model_copy(
        update={"cases": tuple(record.model_copy(update={"id": n}) for n in names)}
    )
    show_run(run, Path("run.json"))
    out, err = printed()
    (line,) = (line for line in out.splitlines() if "101 of 101" in line)
    assert [cell.strip() for cell in line.split("│")[1:-1]] == ["a", "101 of 101", "51.00", "51.25"]
    assert "case-7" not in out
    assert err.count("required point not passed") == MOST_ROWS
    assert "and 1 more such point: see junit.xml" in err


@pytest.mark.parametrize("required", [True, False])
def test_a_point_that_stops_a_build_is_called_what_it_is(required: bool, printed: Printed) -> None:
    settings = run_of().settings.model_copy(update={"fail_on": "point"})
    lost = point(False, 1.0, required=required)
    show_run(run_of(made(), points=(lost,), settings=settings), Path("run.json"), quiet=True)
    what = "required point" if required else "point"
    told = printed().err
    assert told.startswith(f"{what} not passed: portrait/ada · a · lens: ")
    assert "more such points" not in told


@pytest.mark.parametrize("quiet", [False, True])
def test_failures_are_named_where_no_table_does(quiet: bool, printed: Printed) -> None:
    (record,) = run_of().cases
    names = [f"case-{number}" for number in range(MOST_ROWS + 2)]
    cases = tuple(record.model_copy(update={"id": n}) for n in names)

    def run_with(*failures: Prediction) -> Run:
        return run_of(*failures).model_copy(update={"cases": cases})

    show_run(run_with(*(failed(case=name) for name in names[:MOST_ROWS])), Path("run.json"), quiet)
    _, err = printed()
    assert "failed: portrait/case-7 · a: ada.png is empty. Copy it again." in err
    assert err.count("\nfailed: ") == MOST_ROWS
    assert "see summary.md" not in err
    # Of more, each reason once, also the one that comes last.
    other = Failure.of(MissingCutoutError(Message("There is none"), Message("Save it.")))
    last = failed("b", names[0]).model_copy(update={"failure": other})
    show_run(run_with(*(failed(case=name) for name in names), last), Path("run.json"), quiet)
    _, err = printed()
    assert [line for line in err.splitlines() if line.startswith(("failed: ", "missing: "))] == [
        "failed: portrait/case-0 and 101 more · a: ada.png is empty. Copy it again.",
        "missing: portrait/case-0 · b: There is none. Save it.",
    ]
    assert "each that failed: see junit.xml" in err


def test_inference_is_that_of_the_model_and_its_refinement_wherever_it_is_told(
    printed: Printed,
) -> None:
    spent = {"load": 9.0, "decode": 0.25, "infer": 1.0, "refine": 0.5}
    two = [spent, spent | {"infer": 2.0}]
    predictions = [made(case=name, seconds=each) for name, each in zip("xy", two, strict=True)]
    assert [p.inference_seconds for p in predictions] == [1.5, 2.5]
    assert [p.total_seconds for p in predictions] == [1.75, 2.75]
    assert made().inference_seconds is None
    (record,) = run_of().cases
    cases = tuple(
        record.model_copy(update={"category": p.category, "id": p.case}) for p in predictions
    )
    run = run_of(*predictions)
    run = run.model_copy(update={"cases": cases, "models": run.models[:1]})
    assert "<td>2</td>" in run._repr_html_()
    assert inference(run, "a") == 2
    told = Presenter(run, Previews({})).more().seconds
    assert [cells for _, _, cells in told] == [("1.50 / 1.75",), ("2.50 / 2.75",)]
    show_run(run, Path("run.json"))
    shown = printed().out
    assert "1.50 / 1.75" in shown
    assert "2.50 / 2.75" in shown


def test_a_table_s_title_stands_on_one_line_however_narrow_its_columns_are(
    printed: Printed,
) -> None:
    run = run_of(made(seconds={"infer": 1.0}))
    run = run.model_copy(update={"models": run.models[:1]})
    show_run(run, Path("run.json"))
    assert "seconds a picture: inference / all stages" in printed().out


@pytest.mark.parametrize(("count", "by_case"), [(4, True), (5, False)])
def test_seconds_by_case_are_shown_where_no_word_is_broken(
    count: int, by_case: bool, printed: Printed
) -> None:
    terminal.out.width = 80
    names = [f"model-{number}" for number in range(count)]
    one = run_of().models[0]
    models = tuple(
        one.model_copy(update={"info": one.info.model_copy(update={"name": name})})
        for name in names
    )
    timed = [made(name, seconds={"infer": 1.0, "encode": 0.5}) for name in names[:-1]]
    show_run(run_of(*timed, failed(names[-1]), models=models), Path("run.json"))
    out, err = printed()
    assert ("1.00 / 1.50" in out) is by_case
    assert ("0 of 1" in out) is not by_case
    assert ("failed: portrait/ada · model-4: ada.png is empty" in err) is not by_case


def test_finished_cut_outs_have_no_seconds(printed: Printed) -> None:
    run = run_of(made("a", seconds={"infer": 7.0}), failed("b"))
    finished = [
        model.model_copy(update={"info": model.info.model_copy(update={"runtime": "none"})})
        for model in run.models
    ]
    for some in ((finished[0], run.models[1]), tuple(finished)):
        show_run(run.model_copy(update={"models": some}), Path("run.json"))
        out, err = printed()
        assert "7.00" not in out
        assert "ada.png is empty" in out + err


def test_a_models_name_is_text_and_a_time_that_was_not_taken_is_none(
    printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("net [v2]", "[/b] \x1b")
    one = run_of().models[0]
    models = tuple(
        one.model_copy(update={"info": one.info.model_copy(update={"name": name})})
        for name in names
    )
    timed = made(names[0], seconds={"infer": 1.0, "encode": 0.5})
    run = run_of(timed, made(names[1]), models=models)
    for most, cells in ((MOST_ROWS, ["1.00 / 1.50", "–"]), (0, ["net [v2]", "[/b] \\x1b"])):
        monkeypatch.setattr(terminal, "MOST_ROWS", most)
        show_run(run, Path("run.json"))
        shown = printed().out
        assert all(text in shown for text in (*cells, "net [v2]", "[/b] \\x1b"))


def test_what_a_plug_in_says_of_its_model_is_text(
    printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal.out.width = 300
    entry = replace(TABLE[0], name="mine", title="Mine [v2]", licence="[/b]", weights="[none]")
    monkeypatch.setattr("rmbg_eval.models.table.plug_ins", lambda: PlugIns((entry,), ()))
    models()
    shown = printed().out
    assert all(text in shown for text in ("Mine [v2]", "[/b]", "[none]"))


def test_where_a_case_set_was_made_is_told_whole_whatever_its_name(
    printed: Printed, tmp_path: Path
) -> None:
    terminal.out.width = 60
    folder = tmp_path / "[" / "b]" / ("long" * 20)
    new(folder)
    made, use = printed().out.splitlines()
    assert made.startswith(f"Made {folder}. ")
    assert use == f'  rmbg-eval report --cases "{folder}"'


def test_of_many_changes_the_first_are_printed_and_the_others_counted(printed: Printed) -> None:
    changes = comparison(*["worse"] * (MOST_ROWS + 2), *["better"] * 3, "same")
    show_comparison(changes, "worse")
    out, err = printed()
    assert out.count("│") == 5 * 3  # what the gate stops at is not told twice
    assert out.endswith("┘\n102 worse, 3 better, 1 same\n")
    assert err.count("worse: c/worse") == MOST_ROWS
    assert err.endswith("and 2 more\n")
    show_comparison(changes, "error")
    out, err = printed()
    assert out.count("│") == 5 * MOST_ROWS
    assert out.endswith("┘\nand 5 more\n102 worse, 3 better, 1 same\n")
    assert err == ""
    show_comparison(changes, "error", quiet=True)
    assert printed() == ("", "")


def test_what_changed_for_one_reason_is_one_line_for_each_model(printed: Printed) -> None:
    changes = comparison(*["missing"] * (MOST_ROWS + 2), *["worse"] * 2, *["new"] * 3)
    show_comparison(changes, "error")
    out, err = printed()
    rows = [line.split("│")[1].strip() for line in out.splitlines() if line.startswith("│")]
    assert rows == ["c/worse", "c/worse", "c/new and 2 more"]
    assert out.endswith("┘\n102 missing, 2 worse, 3 new\n")
    assert err == "missing: c/missing and 101 more · m: because\n"


def test_a_terminal_without_a_character_gets_its_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Windows has them, where output goes to a file."""
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, "cp1252"))
    monkeypatch.setattr("rmbg_eval.cli.app.app", lambda: print("é发", flush=True))
    main()
    assert shown.getvalue().strip() == b"\xe9\\u53d1"


@pytest.mark.parametrize("command", ["run", "compare"])
def test_ctrl_c_while_a_library_loads_is_answered_without_it(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["rmbg-eval", command])
    monkeypatch.setitem(sys.modules, "rmbg_eval.cli.terminal", None)  # it cannot be imported
    monkeypatch.setattr("rmbg_eval.cli.app.app", lambda: sys.exit(130))
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130
    kept = " Cut-outs that are done are kept, and not made again." if command == "run" else ""
    assert capsys.readouterr().err == f"Interrupted.{kept}\n"


@pytest.mark.parametrize(("passed", "stream"), [(True, 0), (False, 1)])
def test_the_delivery_rules_have_a_line(passed: bool, stream: int, printed: Printed) -> None:
    rules = (rule(True, 0.9), rule(passed))
    show_run(
        run_of(made(seconds={"infer": 1.0}), made("b", seconds={"infer": 1.0}), rules=rules,
               delivery=Delivery(name="Shop", date="2026-11-02")),
        Path("run.json"),
    )  # fmt: skip
    told = printed()[stream]
    assert f"Delivery rules Shop · 2026-11-02: {1 + passed} of 2 passed" in told


def test_what_of_a_folder_is_no_case_is_told_in_a_line_of_a_run_and_in_a_hundred_of_a_list(
    printed: Printed,
) -> None:
    both = made("a"), made("b")
    show_run(run_of(*both), Path("run.json"))
    one = "1 file or folder is no case: notes.txt: not a picture by its name"
    assert one in printed().out
    skipped = tuple(Message.of(f"shoes/{n}: too deep") for n in range(MOST_ROWS + 2))
    run = run_of(*both, skipped=skipped)
    show_run(run, Path("run.json"))
    assert "102 files and folders are no cases, as shoes/0: too deep\n" in printed().out
    show_run(run, Path("run.json"), quiet=True)
    assert printed().out == ""
    terminal.show_skipped(skipped)
    out = printed().out
    assert out.count("skipped: shoes/") == MOST_ROWS
    assert out.endswith("and 2 more that are skipped\n")
    about = dict(Presenter(run, Previews({})).more().details)
    assert about["Files that are no case"].endswith("; shoes/99: too deep; and 2 more")


def test_that_a_required_rule_ends_a_command_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    rules = (rule(True, 0.9), rule(False, required=True))
    show_run(run_of(made(), rules=rules, delivery=Delivery(name="Shop")), Path("run.json"), True)
    said = "1 of 2 passed; 1 required one did not pass or could not be measured: see summary.md"
    assert said in capsys.readouterr().err.replace("\n", " ")


HOSTILE = "x\x1b]0;owned\x07\x1b[31m\n::error file=a.py::owned :cat: ##[error]owned"
SHOWN = "x\\x1b]0;owned\\x07\\x1b[31m\\n::error file=a.py::owned :cat: #\\#[error]owned"


def test_no_text_brings_control_characters_or_commands_to_a_terminal_or_a_builds_log(
    printed: Printed,
) -> None:
    terminal.out.width = terminal.err.width = 300
    changes = comparison("worse", "better")
    pairs = tuple(pair.model_copy(update={"case": HOSTILE}) for pair in changes.pairs)
    told = {"pairs": pairs, "notes": (Message.of(HOSTILE),)}
    show_comparison(changes.model_copy(update=told), "worse")
    terminal.complain("::error::" + HOSTILE)
    terminal.say("3\N{NO-BREAK SPACE}% 小\N{IDEOGRAPHIC SPACE}狗")
    out, err = printed()
    assert all(line[:1] in "·┏┃┡│└13" for line in out.splitlines())
    assert out.count(SHOWN) == 2
    assert out.splitlines()[-1] == "3\N{NO-BREAK SPACE}% 小\N{IDEOGRAPHIC SPACE}狗"
    assert err.splitlines() == [f"worse: c/{SHOWN} · m: because", f"\\::error::{SHOWN}"]


def test_a_long_text_is_one_line_of_a_builds_log(printed: Printed) -> None:
    """Where a line is broken, a command could begin."""
    terminal.out.width = 40
    note = Message.of(f"{'a' * 39} ::error::owned")
    show_comparison(comparison("same").model_copy(update={"notes": (note,)}), "worse")
    assert f"· {note}" in printed().out.splitlines()
