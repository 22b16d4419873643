"""Settings refuse unknown names, wrong types and values that are not allowed, saying what is."""

from __future__ import annotations

import inspect
import math
import re
import sys
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest
from pictures import refused
from pydantic import ValidationError, create_model

from rmbg_eval.cases.folder import load_cases
from rmbg_eval.core.paths import resource
from rmbg_eval.errors import RmbgEvalError, SettingsError
from rmbg_eval.settings import (
    BenchSettings,
    CompareSettings,
    Settings,
    WorkSettings,
    parameter_of,
)


def another(field):
    """A value that is allowed, and not the default."""
    if isinstance(field.default, bool):
        return not field.default
    if isinstance(field.default, int):
        return field.default + 1
    value = (get_args(field.annotation) or ("cpu",))[-1]
    return ["cpu"] if isinstance(field.default, list) else value


EVERYTHING = {name: another(field) for name, field in Settings.model_fields.items()}


def test_takes_every_parameter_as_given():
    assert Settings(**EVERYTHING).model_dump() == EVERYTHING
    assert all(EVERYTHING[name] != value for name, value in Settings().model_dump().items())


def test_has_a_default_for_each():
    assert Settings().models == ["isnet", "isnet-matting", "u2netp"]
    assert Settings().cases_folder == resource("cases")
    assert load_cases(Settings().cases_folder).cases


# (parameters, words that the message must have)
MISTAKES = {
    "unknown-name": ({"model": ["isnet"]}, ["'model'", *EVERYTHING]),
    "unknown-name-with-escapes": ({"\x1b[31m": 1}, ["\\x1b", "allowed"]),
    "text-for-list": ({"models": "isnet"}, ["models", "'isnet'"]),
    "text-for-number": ({"precision_cases": "3"}, ["precision_cases", "'3'"]),
    "fraction-for-number": ({"precision_cases": 3.0}, ["precision_cases", "3.0"]),
    "bool-for-number": ({"precision_cases": True}, ["precision_cases", "True"]),
    "negative-number": ({"precision_cases": -1}, ["precision_cases", "-1"]),
    "number-for-text": ({"cases": 1}, ["cases", "1"]),
    "none-for-text": ({"cases": None}, ["cases", "None"]),
    "none-for-list": ({"categories": None}, ["categories"]),
    "numbers-in-list": ({"categories": [1]}, ["categories", "1"]),
    "no-models": ({"models": []}, ["models"]),
    "model-twice": ({"models": ["isnet", "isnet"]}, ["models", "twice"]),
    "no-out": ({"out": ""}, ["out"]),
    "unknown-device": ({"device": "gpu"}, ["device", "'cuda'", "'gpu'"]),
    "devices-of-two-kinds": ({"device": "cuda:0,cpu"}, ["device", "of one kind", "'cuda:0,cpu'"]),
    "auto-among-several": ({"device": "auto,cpu"}, ["device", "'auto,cpu'"]),
    "unknown-foreground": ({"foreground": "blur"}, ["foreground", "'blur-fusion'", "'blur'"]),
    "text-for-switch": ({"compile": "true"}, ["compile", "'true'"]),
    "unknown-dtype": ({"dtype": "float32"}, ["dtype", "'fp32'"]),
    "unknown-language": ({"lang": "de"}, ["lang", "'en'", "'zh'"]),
    "unknown-layout": ({"layout": ""}, ["layout", "'single'"]),
    "two-mistakes": ({"lang": "de", "modells": []}, ["lang", "'modells'"]),
    "value-with-escapes": ({"lang": "\x1b]0;x\x07"}, ["\\x1b"]),
    "endless-value": ({"lang": "x" * 10**6}, ["lang"]),
}


@pytest.mark.parametrize(("values", "words"), MISTAKES.values(), ids=MISTAKES)
@pytest.mark.parametrize(
    "read", [lambda values: Settings(**values), Settings.from_notebook], ids=["python", "notebook"]
)
def test_refuses_and_says_what_is_allowed(read, values, words):
    with pytest.raises(SettingsError) as caught:
        read(values)
    assert caught.value.remedy
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1000
    assert all(word in str(caught.value) for word in words)
    assert ("papermill" in str(caught.value.remedy)) is (read == Settings.from_notebook)


def test_what_is_wrong_with_those_of_a_record_is_told_with_its_place():
    with pytest.raises(ValidationError) as caught:
        create_model("Record", settings=(Settings, ...)).model_validate(
            {"settings": {"lang": "de"}}
        )
    assert caught.value.errors()[0]["loc"] == ("settings", "lang")


@pytest.mark.parametrize(
    ("settings", "name", "last", "beyond"),
    [
        (Settings, "precision_cases", 0, -1),
        (Settings, "stability", 0, -1),
        (Settings, "stability", 4, 5),
        (WorkSettings, "time_limit", 0.1, 0.09),
        (WorkSettings, "worker_cores", 0, -1),
        (BenchSettings, "batches", [1], [0]),
        (BenchSettings, "rounds", 3, 2),
        (BenchSettings, "seconds", 0.001, 0.0),
        (CompareSettings, "base", "b", ""),
    ],
)
def test_the_last_value_that_is_allowed_is_taken_and_none_beyond(settings, name, last, beyond):
    assert getattr(settings(**{name: last}), name) == last
    with pytest.raises(SettingsError, match=name):
        settings(**{name: beyond})


@pytest.mark.parametrize("settings", [Settings, BenchSettings])
def test_cases_are_read_from_a_folder_or_a_url(settings, tmp_path):
    assert settings(cases=str(tmp_path)).cases_source == tmp_path
    url = "https://example.org/cases"
    assert settings(cases=url).cases_source == url


def test_a_url_is_no_folder():
    with pytest.raises(SettingsError, match="is no folder on this machine"):
        _ = Settings(cases="https://example.org/cases").cases_folder


def test_settings_cannot_be_changed_afterwards():
    with pytest.raises(ValueError, match="frozen"):
        Settings().lang = "zh"


def test_what_a_notebook_defines_besides_parameters_is_ignored():
    """What `globals()` holds in a kernel: modules, functions, classes, IPython's own names."""
    names = EVERYTHING | {
        "math": math,
        "Settings": Settings,
        "load_cases": load_cases,
        "run": object(),
        "_": 5,
        "__name__": "__main__",
        "_dh": ["/"],
        "_i1": "settings = …",
        "In": ["", "settings = …"],
        "Out": {},
        "get_ipython": print,
        "exit": sys.exit,
    }
    assert Settings.from_notebook(names) == Settings(**EVERYTHING)


@pytest.mark.parametrize("value", ["x", 1, 1.5, True, None, [], {}, (), set()], ids=repr)
def test_a_misspelt_notebook_parameter_is_refused_whatever_its_value(value):
    """papermill only warns of it, and defines it all the same."""
    with pytest.raises(SettingsError, match="'modles'"):
        Settings.from_notebook({"modles": value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("lang", Path("en")), ("models", {"isnet"}.__iter__()), ("precision_cases", 3j)],
    ids=["path", "iterator", "complex"],
)
def test_a_notebook_parameter_of_a_foreign_type_is_refused_not_forgotten(name, value):
    with pytest.raises(SettingsError, match=name):
        Settings.from_notebook({name: value})


def test_help_shows_types_and_defaults_of_parameters_alone():
    assert str(inspect.signature(CompareSettings)).startswith(
        "(*, base: str = 'baseline', new: str = 'reports/latest', tolerances: str = '', "
    )


@pytest.mark.parametrize("settings", [Settings, CompareSettings, BenchSettings])
def test_help_says_what_each_parameter_is(settings):
    told = inspect.getdoc(settings)
    for name, field in settings.model_fields.items():
        assert f"\n* {name}: {parameter_of(field).help}" in told
    assert "ValidationError" not in inspect.getdoc(settings.__init__)


@pytest.mark.parametrize("settings", [Settings, CompareSettings, BenchSettings])
def test_the_help_of_a_parameter_names_every_allowed_value(settings):
    for name, field in settings.model_fields.items():
        about = parameter_of(field)
        if get_origin(field.annotation) is Literal:
            words = re.findall(r"[\w-]+", about.help)
            assert set(get_args(field.annotation)) <= set(words), name


def test_a_tilde_is_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = Settings(cases="~/cases", out="~/out")
    assert settings.cases_folder == tmp_path / "cases"
    assert settings.out_folder == tmp_path / "out"


@pytest.mark.parametrize("which", ["cases", "out"])
def test_the_home_of_nobody_is_an_error_with_a_remedy(which):
    with refused(RmbgEvalError, "~no-such-user"):
        _ = getattr(Settings(**{which: "~no-such-user/x"}), f"{which}_folder")


def test_a_path_may_be_a_path() -> None:
    settings = Settings(cases=Path("pics"), out=Path("reports/x"))
    assert (settings.cases, settings.out) == ("pics", str(Path("reports/x")))
    assert CompareSettings(base=Path("b")).base == "b"
    with pytest.raises(SettingsError, match="cases: input should be a valid string, received 3"):
        Settings(cases=3)
