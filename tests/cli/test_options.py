"""A command's options come from the settings: a parameter, or a command, is added in one place."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Literal

import pytest
import typer
from annotated_types import Ge
from notebook_cells import parameter_cell
from typer.main import get_command
from typer.testing import CliRunner

from rmbg_eval.cli import app
from rmbg_eval.cli.options import Quiet, takes
from rmbg_eval.errors import SettingsError
from rmbg_eval.settings import Parameter, Settings


class Wider(Settings):
    """The settings with parameters more, each added in one place."""

    sharpen: Annotated[int, Parameter("How much.", "N"), Ge(0)] = 2
    tones: Annotated[
        list[Literal["light", "dark"]], Parameter("light or dark.", "TONE", "--tone")
    ] = ["dark"]  # noqa: RUF012


@pytest.fixture
def command():
    """A command with them, which keeps what it was called with."""
    tried, calls = typer.Typer(pretty_exceptions_enable=False), []

    @tried.command()
    @takes(Wider, only=("sharpen", "tones", "models", "lang"))
    def command(settings: Wider, quiet: Quiet = False) -> None:
        """Help of the command."""
        calls.append((settings, quiet))

    def call(*arguments: str):
        done = CliRunner().invoke(tried, arguments, env={"COLUMNS": "100"})
        return done, calls

    return call


@pytest.mark.parametrize("command", ["cutout", "decide", "report", "compare", "cases check"])
def test_help_names_arguments_without_types_of_python(command: str) -> None:
    told = CliRunner().invoke(app.app, [*command.split(), "--help"], env={"COLUMNS": "100"})
    arguments = told.output.split("Arguments:")[1].split("Options:")[0]
    assert "<" not in arguments
    assert re.search(r"^  [A-Z]+  +[A-Z]", arguments, re.MULTILINE)


def test_a_parameter_added_to_the_settings_is_an_option_with_its_help(command) -> None:
    text = " ".join(command("--help")[0].output.split())
    assert "Help of the command." in text
    assert "--sharpen N" in text
    assert "How much. [default: 2]" in text
    assert "--tone TONE" in text
    assert "light or dark. Repeat for several. [default: dark]" in text
    assert "--cases" not in text


def test_the_command_gets_the_settings_and_its_own_options(command) -> None:
    _, calls = command("--sharpen", "3", "--tone", "light", "--tone", "dark", "-m", "x", "-q")
    assert calls == [(Wider(sharpen=3, tones=["light", "dark"], models=["x"]), True)]
    assert command()[1][-1] == (Wider(), False)


def test_one_parameter_may_be_given_without_its_flag_but_not_twice() -> None:
    tried, calls = typer.Typer(pretty_exceptions_enable=False), []

    @tried.command()
    @takes(Settings, only=("cases", "models"), unnamed="cases")
    def command(settings: Settings) -> None:
        calls.append(settings)

    assert "[CASES]" in CliRunner().invoke(tried, ["--help"]).output
    for arguments in (["shop", "-m", "x"], ["--cases", "shop", "-m", "x"], ["-m", "x"]):
        CliRunner().invoke(tried, arguments)
    assert calls == [Settings(cases=cases, models=["x"]) for cases in ("shop", "shop", "")]
    error = CliRunner().invoke(tried, ["shop", "--cases", "other"]).exception
    assert isinstance(error, SettingsError)
    assert "cases is given twice: shop and other" in str(error)
    assert len(calls) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sharpen", "-1"], "sharpen: input should be greater than or equal to 0, received -1"),
        (["--tone", "grey"], "tones.0: input should be 'light' or 'dark', received 'grey'"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_without_a_word_of_papermill(
    command, arguments, message
) -> None:
    error = command(*arguments)[0].exception
    assert isinstance(error, SettingsError)
    assert message in str(error)
    assert "papermill" not in str(error)


@pytest.mark.parametrize("arguments", [["--sharpen", "x"], ["--lang", "fr"], ["--cases", "x"]])
def test_what_is_no_value_or_no_option_exits_2(command, arguments) -> None:
    done, calls = command(*arguments)
    assert done.exit_code == 2
    assert arguments[0] in done.output
    assert not calls


def test_a_parameter_added_to_the_settings_is_in_the_notebooks_cell() -> None:
    assert parameter_cell(Wider).endswith(
        'sharpen: int = 2  # How much.\ntones: list = ["dark"]  # light or dark.'
    )


def test_every_command_has_a_file_of_its_own() -> None:
    folder = Path(app.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "app", "options", "terminal"}
    assert files == set(get_command(app.app).commands) == set(app.FIRST)


def test_help_loads_neither_arrays_nor_tables() -> None:
    """They would take longer than all the rest."""
    code = (
        "import sys; from rmbg_eval.cli.app import app\n"
        "try: app(['report', '--help'])\n"
        "finally: print(sorted({'numpy', 'rich', 'PIL', 'jinja2'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--precision-cases N" in done.stdout
    assert done.stdout.endswith("[]\n")


@pytest.mark.parametrize("name", sorted(get_command(app.app).commands))
def test_options_say_what_they_take_and_no_type_of_python(name: str) -> None:
    shown = CliRunner().invoke(app.app, [name, "--help"], env={"COLUMNS": "100"}).output
    assert not re.search(r"<(list\[|str|path)", shown.partition("\nOptions:")[2])


def test_help_says_what_to_begin_with() -> None:
    shown = " ".join(CliRunner().invoke(app.app, ["--help"]).output.split())
    assert "rmbg-eval report --cases FOLDER" in shown
    assert "reports/latest/index.html" in shown


@pytest.mark.parametrize("group", [[], ["cases"]])
def test_help_lists_each_command_with_a_sentence_that_is_whole(group: list[str]) -> None:
    shown = CliRunner().invoke(app.app, [*group, "--help"], env={"COLUMNS": "80"}).output
    listed = shown.partition("\nCommands:\n")[2].splitlines()
    assert listed
    assert not [line for line in listed if "..." in line]


def test_what_a_command_needs_stands_first_among_its_options() -> None:
    shown = CliRunner().invoke(app.app, ["cutout", "--help"]).output
    assert shown.partition("\nOptions:\n")[2].lstrip().startswith("--out")
