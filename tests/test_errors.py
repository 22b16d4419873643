"""Messages: printable, short, with a remedy, whatever strangers put into names and values."""

from __future__ import annotations

import inspect
import re
from functools import partial
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell
from pydantic import BaseModel, ConfigDict, ValidationError

import rmbg_eval
from rmbg_eval import errors
from rmbg_eval.core.files import cannot_write
from rmbg_eval.errors import (
    Failure,
    ImageError,
    RmbgEvalError,
    explain,
    printable,
    system_reason,
)
from rmbg_eval.i18n import Message
from rmbg_eval.report.notebooks import render, render_comparison

many = settings(max_examples=200)
any_text = st.text(st.characters(codec=None, exclude_categories=()), max_size=50)
"""Also control characters and halves of surrogate pairs, which file names can hold."""


def test_ipython_shows_the_message_and_the_line_of_ones_own_cell(capsys):
    shell = InteractiveShell()
    shell.colors = "nocolor"
    shell.run_cell("from rmbg_eval import load_run\n\nload_run('none')")
    assert re.fullmatch(
        r"OutputError, in line 3 of its cell: There is no file \S+run.json. Give the folder of a "
        r"finished run.",
        capsys.readouterr().out.strip(),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text", "plain text"),
        ("发丝 é 🙂", "发丝 é 🙂"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\x1b[31m", "\\x1b[31m"),
        ("gpj\u202eexe", "gpj\\u202eexe"),
        ("caf\udce9", "caf\\udce9"),
        ("\0\x7f\x85", "\\x00\\x7f\\x85"),
        ("\u2028\u200b\ufeff", "\\u2028\\u200b\\ufeff"),
        ("\xa0", "\\xa0"),
        ("", ""),
    ],
    ids=repr,
)
def test_writes_what_cannot_be_seen_as_its_escape(text, expected):
    assert printable(text) == expected


@many
@given(any_text)
def test_what_is_printable_can_be_printed_and_encoded(text):
    shown = printable(text)
    assert shown.isprintable()
    shown.encode("utf-8")
    assert printable(shown) == shown
    assert shown == text or not text.isprintable()


def test_every_error_has_its_place_in_the_tree_and_in_the_docstring():
    drawn, above = {}, ["Exception"]
    for branch, name in re.findall(r"^ {4}([│├└─ ]*)(\w+Error)", errors.__doc__, re.MULTILINE):
        above[1 + len(branch) // 4 :] = [name]
        drawn[name] = above[-2]
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    of_tree = [kind for kind in kinds if issubclass(kind, RmbgEvalError)]
    assert drawn == {kind.__name__: kind.__base__.__name__ for kind in of_tree}


def test_a_problem_never_comes_without_a_remedy():
    assert (
        str(ImageError(Message("x.jpg is empty"), Message("Copy it again.")))
        == "x.jpg is empty. Copy it again."
    )
    with pytest.raises(TypeError):
        RmbgEvalError("only a problem")


# (exception, kind, words of the failure)
FAILURES = {
    "ours": (
        ImageError(Message("x is empty"), Message("Copy it.")),
        "ImageError",
        "x is empty. Copy it.",
    ),
    "memory": (MemoryError(), "MemoryError", "memory"),
    "foreign": (ValueError("bad value"), "ValueError", "ValueError: bad value"),
    "foreign-with-escapes": (OSError("\x1b[31m\nred"), "OSError", "\\x1b[31m\\nred"),
    "foreign-and-endless": (KeyError("x" * 10**6), "KeyError", "xxx"),
    "foreign-without-words": (RuntimeError(), "RuntimeError", "RuntimeError"),
    "undecodable": (FileNotFoundError(2, "gone", "caf\udce9"), "FileNotFoundError", "gone"),
}


@pytest.mark.parametrize(("error", "kind", "words"), FAILURES.values(), ids=FAILURES)
def test_a_failure_keeps_what_happened_and_what_to_do(error, kind, words):
    failure = Failure.of(error)
    assert failure.kind == kind
    assert words in str(failure)
    assert failure.remedy
    assert str(failure).isprintable()
    assert len(str(failure)) < 1000
    assert str(failure).encode("utf-8")


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    number: int = 0
    name: str
    choice: Literal["a", "b"] = "a"


def explained(values):
    with pytest.raises(ValidationError) as caught:
        _Form.model_validate(values)
    return str(explain(caught.value, list(_Form.model_fields)))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": "x", "numbr": 1}, ["unknown name 'numbr'", "allowed: number, name, choice"]),
        ({}, ["name is missing"]),
        ({"name": 7}, ["name: ", "valid string", "7"]),
        ({"name": "x", "number": "3"}, ["number: ", "valid integer", "'3'"]),
        ({"name": "x", "number": True}, ["number: ", "valid integer", "True"]),
        ({"name": "x", "choice": "c"}, ["choice: ", "'a' or 'b'", "'c'"]),
        ({"x\n": 1, "name": None}, ["unknown name", "; ", "name: "]),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_explains_what_pydantic_found(values, words):
    text = explained(values)
    assert text.isprintable()
    assert all(word in text for word in words)


def test_lists_the_allowed_names_only_for_an_unknown_one():
    assert "allowed" not in explained({"name": 7})


@pytest.mark.parametrize(
    "values",
    [
        {"name": ["x" * 10**6]},
        {"name": "x", "k" * 10**6: 1},
        {"name": "x"} | {f"k{i}": 1 for i in range(10_000)},
    ],
    ids=["long-value", "long-name", "many-names"],
)
def test_an_explanation_stays_short(values):
    assert len(explained(values)) < 1000


RAISED = """\
try:
    raise ValueError("oh")
except ValueError as error:
    raised = error
"""


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("/home/ada/mine.py", "oh, in mine.py:2. Correct the model."),
        ("/tmp/ipykernel_7/123456.py", "oh, in line 2 of its cell. Correct the model."),
        (errors.__file__, "oh. This was not foreseen: please report it"),
        (inspect.__file__, "oh. This was not foreseen: please report it"),
    ],
)
def test_what_somebodys_own_code_raises_is_said_with_its_line(file: str, words: str) -> None:
    names: dict[str, Exception] = {}
    exec(compile(RAISED, file, "exec"), names)
    assert str(Failure.of(names["raised"])).startswith(f"ValueError: {words}")
    assert repr(Failure.of(names["raised"])).startswith(f"<Failure: ValueError: {words}")


def test_a_strangers_full_stop_is_not_doubled() -> None:
    assert "instead. This" in str(Failure.of(ValueError("Use x instead.")))
    assert str(errors.reason_of(ValueError("Use x instead."))) == "Use x instead"


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        (
            rmbg_eval.evaluate,
            r"'pics' is no Settings. Give one: Settings\(cases=FOLDER, out=FOLDER\)\.",
        ),
        (rmbg_eval.Report, r"'pics' is no Run. Give one: load_run\(FOLDER\)\."),
        (rmbg_eval.measurements_frame, "is no Run"),
        (rmbg_eval.points_frame, "is no Run"),
        (rmbg_eval.predictions_frame, "is no Run"),
        (rmbg_eval.acceptance_frame, "is no Run"),
        (rmbg_eval.plot_points, "is no Run"),
        (partial(rmbg_eval.plot_time, metric="mad"), "is no Run"),
        (partial(rmbg_eval.build_files, Path("out")), "is no Run"),
        (
            partial(rmbg_eval.ComparisonReport, settings=None),
            "is no Comparison. .* compare_folders",
        ),
        (rmbg_eval.compare_folders, "is no CompareSettings"),
        (render, "is no Settings"),
        (render_comparison, "is no CompareSettings"),
    ],
)
def test_a_path_in_place_of_a_record_is_named_with_what_makes_one(call, fault):
    with pytest.raises(RmbgEvalError, match=fault):
        call("pics")


@pytest.mark.parametrize("stop", ["", ".", "。"])
def test_a_systems_reason_ends_in_no_second_stop(stop):
    """Windows' ends in one where it speaks Chinese."""
    error = OSError(9, f"无效的句柄{stop}")
    assert system_reason(error) == "无效的句柄"
    told = cannot_write(Path("a"), error)
    assert "无效的句柄。请" in Failure.of(told).message.everywhere()["zh"]
    assert "无效的句柄. Choose" in str(told)
    assert Failure.of(error).problem.text.endswith("无效的句柄")
    library = OSError(f"no access{stop}\nmore of it")
    assert system_reason(library) == "no access"
