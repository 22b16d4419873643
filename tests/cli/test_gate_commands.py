"""`compare` and `approve` as a build runs them, and `--fail-on` and `--quiet` of `run`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
import pytest
from commands import call, rmbg
from fakes import disc
from junit_reader import read
from lxml import etree
from PIL import Image

from rmbg_eval.report.frame import head
from rmbg_eval.run.record import Run


class Shop:
    """A case set, finished cut-outs that a test edits, and runs of them."""

    def __init__(self, folder: Path, cases: Path) -> None:
        self.cases, self.cutouts = cases, folder / "cutouts"
        self.run, self.base, self.out = folder / "run", folder / "baseline", folder / "compare"
        for name in ("portrait/ada", "pet/rex", "pet/tom"):
            self.cut(name)

    def cut(self, name: str, off: int = 0) -> None:
        """A cut-out that is right, or `off` by so many pixels."""
        rgb, alpha = disc({"portrait/ada": 1, "pet/rex": 2, "pet/tom": 3}[name])
        path = self.cutouts / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.dstack([rgb, np.roll(alpha, off, 1)])).save(path)

    def evaluate(self, *options: object) -> tuple[int, str]:
        model = f"shop=folder:{self.cutouts}"
        return call("run", "-m", model, "--cases", self.cases, "--out", self.run, *options)

    def approve(self, *options: object) -> tuple[int, str]:
        return call("approve", self.run, "--to", self.base, "--yes", *options)

    def compare(self, *options: object) -> tuple[int, str]:
        return call("compare", self.base, self.run, "--out", self.out, "--no-page", *options)

    def failed_tests(self) -> set[str]:
        root = read((self.out / "junit.xml").read_text("utf-8"))
        bad = [test for test in root.iter("testcase") if len(test) and test[0].tag != "system-out"]
        return {f"{test.get('classname')}/{test.get('name')}" for test in bad}


@pytest.fixture
def shop(tmp_path: Path, case_set: Path) -> Iterator[Shop]:
    return Shop(tmp_path, case_set)


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe that is closed is another error there")
def test_the_status_is_the_gate_s_where_nobody_reads_what_is_printed(shop: Shop) -> None:
    shop.evaluate()
    shop.approve()
    compare = ("compare", shop.base, shop.run, "--out", shop.out, "--no-page")
    assert [closed(*compare), full(*compare)] == [(0, ""), (0, "")]
    shop.cut("portrait/ada", off=4)
    shop.evaluate()
    assert closed(*compare)[0] == full(*compare)[0] == 1
    for other in ("models", "--help"):
        assert closed(other) == (2, "")
        status, told = full(other)
        assert status == 2
        assert "cannot be written: No space left" in told
        assert "Traceback" not in told


@pytest.mark.skipif(sys.platform == "win32", reason="a folder that one is in stays there")
def test_a_folder_that_is_gone_is_told(case_set: Path, tmp_path: Path) -> None:
    gone = 'cd "$0" && rmdir "$0" && exec "$1" -m rmbg_eval run --cases "$2" -m grabcut --out x'
    (tmp_path / "gone").mkdir()
    command = ["sh", "-c", gone, tmp_path / "gone", sys.executable, case_set]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("The folder that the command was given in is gone.")


@pytest.mark.parametrize(
    "given",
    [("--rules", f"{'n' * 5000}.toml"), ("--cases", f"{'n' * 5000}.csv")],
    ids=["rules", "cases"],
)
def test_a_file_that_may_not_be_asked_for_is_told(given: tuple[str, str], tmp_path: Path) -> None:
    """Its path is too long, or one of its folders is closed: pathlib raises before 3.14."""
    done = rmbg("run", *given, "-m", "grabcut", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "nnnnn" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a shell closes the streams")
def test_streams_that_are_closed_are_open_to_who_is_started() -> None:
    """The kernel of a report, say; and no file that is written gets what is printed."""
    code = """if True:
        import os, sys
        from rmbg_eval.cli import app

        app._open_streams()
        started = "import sys; sys.exit(None in (sys.stdin, sys.stdout, sys.stderr))"
        sys.exit(os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", started]))
    """
    command = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, "-c", code]
    done = subprocess.run(command, check=False)
    assert done.returncode == 0


def closed(*arguments: object) -> tuple[int, str]:
    """Exit status, and stderr, where stdout is a pipe that nobody reads."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "wb") as stream:
        return printed_to(stream, *arguments)


def full(*arguments: object) -> tuple[int, str]:
    """The same where stdout is a full disk."""
    if not Path("/dev/full").exists():
        pytest.skip("/dev/full is missing")
    with open("/dev/full", "wb") as stream:
        return printed_to(stream, *arguments)


def printed_to(stream: IO[bytes], *arguments: object) -> tuple[int, str]:
    command = [sys.executable, "-m", "rmbg_eval", *map(str, arguments)]
    done = subprocess.run(command, stdout=stream, stderr=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stderr


def test_a_gate_stops_at_exactly_what_changed_until_it_is_approved(shop: Shop) -> None:
    assert shop.evaluate()[0] == 0
    assert shop.approve()[0] == 0
    assert shop.compare()[0] == 0
    shop.cut("portrait/ada", off=4)
    shop.cut("pet/tom", off=4)
    assert shop.evaluate()[0] == 0
    code, printed = shop.compare()
    assert code == 1
    assert "worse: portrait/ada · shop" in printed
    assert "changed: pet/tom · shop" in printed
    assert shop.failed_tests() == {"shop.portrait/ada", "shop.pet/tom"}
    summary = (shop.out / "summary.md").read_text("utf-8")
    assert "`portrait/ada`" in summary
    assert "`pet/tom`" in summary
    assert "`pet/rex`" not in summary
    assert shop.compare("--fail-on", "point")[0] == 0
    code, printed = shop.approve()
    assert code == 0
    assert "portrait/ada" in printed
    assert shop.compare()[0] == 0
    assert shop.failed_tests() == set()


def test_a_page_of_the_comparison_before_goes(shop: Shop) -> None:
    shop.evaluate()
    shop.approve()
    shop.compare()
    (shop.out / "index.html").write_text(head("x", "en", "folder"))
    assert shop.compare()[0] == 0
    assert not (shop.out / "index.html").exists()
    (shop.out / "index.html").write_text("mine")
    shop.compare()
    assert (shop.out / "index.html").read_text() == "mine"


def test_a_missing_and_a_new_case_never_pass_silently(shop: Shop) -> None:
    shop.evaluate()
    shop.approve()
    for there in (shop.cases, shop.cutouts):
        with Image.open(there / "pet" / "rex.png") as picture:
            turned = picture.transpose(Image.Transpose.ROTATE_180)
        turned.save(there / "pet" / "max.png")
        (there / "pet" / "rex.png").unlink()
    shop.evaluate()
    code, printed = shop.compare()
    assert code == 1
    assert "missing: pet/rex · shop: it is in BASE only: bring it back, or approve NEW" in printed
    assert "new: pet/max · shop: it is in NEW only" in printed
    assert shop.compare("--fail-on", "error")[0] == 1  # the missing one


def test_another_truth_or_picture_is_explained_and_no_model_called_worse(shop: Shop) -> None:
    shop.evaluate()
    shop.approve()
    truth = shop.cases / "portrait" / "ada" / "alpha.png"
    with Image.open(truth) as alpha:
        Image.fromarray(np.roll(np.asarray(alpha), 4, 1)).save(truth)
    with Image.open(shop.cases / "pet" / "tom.png") as picture:
        picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM).save(shop.cases / "pet" / "tom.png")
    shop.evaluate()
    code, printed = shop.compare()
    assert code == 1
    assert "2 cases changed between the two runs" in printed
    assert "2 case-changed, 1 same" in printed
    why = {
        "portrait/ada": "the truth of this case changed between the two runs; scores do not",
        "pet/tom": "the picture of this case changed between the two runs",
    }
    summary = (shop.out / "summary.md").read_text("utf-8")
    tests = (shop.out / "junit.xml").read_text("utf-8")
    for name, words in why.items():
        assert f"case-changed: {name} · shop: {words}" in printed
        assert f"`{name}` | `shop` | case-changed | `{words}" in summary
        assert f"case-changed: {words}" in tests
    assert shop.failed_tests() == {"shop.portrait/ada", "shop.pet/tom"}
    assert shop.compare("--fail-on", "point")[0] == 0
    assert shop.approve()[0] == 0
    assert shop.compare()[0] == 0


def test_a_failed_case_stops_every_gate_and_is_approved_only_by_name(shop: Shop) -> None:
    shop.evaluate()
    shop.approve()
    (shop.cutouts / "pet" / "rex.png").unlink()
    shop.evaluate()
    for level in ("worse", "point", "error"):
        assert shop.compare("--fail-on", level)[0] == 1
    assert shop.failed_tests() == {"shop.pet/rex"}
    code, printed = shop.approve()
    assert code == 2
    assert "--allow-failures pet/rex" in printed
    code, printed = shop.approve("--dry-run")
    assert code == 2
    assert printed.index("1 missing, 2 same") < printed.index("--allow-failures pet/rex")
    (shop.cutouts / "pet" / "tom.png").unlink()
    shop.evaluate()
    code, printed = shop.approve("--allow-failures", "pet/rex")
    assert code == 2
    assert "--allow-failures pet/tom" in printed
    assert shop.approve("--allow-failures-like", "pet/rex")[0] == 0
    code, printed = shop.compare()
    assert code == 0
    assert "2 still-failed" in printed
    root = etree.fromstring((shop.out / "junit.xml").read_bytes())
    assert len(list(root.iter("skipped"))) == 2


def test_tolerances_are_read_and_shown(shop: Shop, tmp_path: Path) -> None:
    shop.evaluate()
    shop.approve()
    shop.cut("pet/tom", off=4)
    shop.evaluate()
    file = tmp_path / "tolerances.toml"
    rule = 'absolute = 1\nreason = "tom never sits still"\n'
    file.write_text(
        f'[case."pet/tom".alpha_mean]\n{rule}[case."pet/tom".alpha_tile]\n{rule}'
        f"[category.bird.iou]\n{rule}"
    )
    code, printed = shop.compare("--tolerances", file)
    assert code == 0
    assert "name the category bird, which neither run has" in printed
    assert "tom never sits still" in (shop.out / "comparison.json").read_text("utf-8")
    assert shop.compare()[0] == 1
    file.write_text("[cases]\n")
    code, printed = shop.compare("--tolerances", file)
    assert code == 2
    assert "unknown name 'cases'" in printed


def test_quiet_prints_only_what_is_wrong(shop: Shop) -> None:
    assert shop.evaluate("--quiet") == (0, "")
    shop.approve()
    assert shop.compare("-q") == (0, "")
    shop.cut("pet/tom", off=4)
    shop.evaluate("-q")
    code, printed = shop.compare("-q")
    assert code == 1
    assert printed.startswith("changed: pet/tom · shop: alpha moved by ")
    assert len(printed.splitlines()) == 1


def test_approve_shows_and_changes_nothing_when_it_is_told_to(shop: Shop) -> None:
    shop.evaluate()
    code, printed = call("approve", shop.run, "--to", shop.base, "-n")
    assert code == 0
    assert "no baseline yet" in printed
    assert not shop.base.exists()
    shop.approve()
    before = (shop.base / "run.json").read_bytes()
    shop.cut("pet/tom", off=4)
    shop.evaluate()
    assert "pet/tom" in call("approve", shop.run, "--to", shop.base, "--dry-run")[1]
    code, printed = call("approve", shop.run, "--to", shop.base)
    assert code == 2
    assert "--yes" in printed
    assert (shop.base / "run.json").read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such terminals")
def test_who_is_asked_and_declines_gets_no_gate_s_status(shop: Shop) -> None:
    shop.evaluate()
    mine, its = os.openpty()
    command = [sys.executable, "-m", "rmbg_eval", "approve", shop.run, "--to", shop.base]
    with subprocess.Popen(command, stdin=its, stdout=subprocess.PIPE, stderr=its) as process:
        os.write(mine, b"n\n")
        assert process.wait(60) == 2
    os.close(mine)
    os.close(its)
    assert not shop.base.exists()


def test_what_was_not_shown_is_not_approved(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_again(*_: object) -> None:
        shop.cut("pet/tom", off=4)
        shop.evaluate()

    shop.evaluate()
    shop.approve()
    before = (shop.base / "run.json").read_bytes()
    with monkeypatch.context() as asking:
        asking.setattr("rmbg_eval.cli.approve._ask", run_again)
        code, printed = shop.approve()
    assert code == 2
    assert "holds another run by now than was shown" in printed
    assert (shop.base / "run.json").read_bytes() == before
    code, printed = shop.approve()
    assert code == 0
    assert "pet/tom" in printed


POINT = """
[[points]]
id = "sky"
kind = "opaque"
box = [0, 0, 8, 8]
"""


@pytest.mark.parametrize(
    ("fail_on", "required", "code"),
    [("required", False, 0), ("required", True, 1), ("error", False, 0), ("point", False, 1)],
)
def test_run_fails_on_what_it_is_told_to(
    shop: Shop, fail_on: str, required: bool, code: int
) -> None:
    toml = shop.cases / "portrait" / "ada" / "case.toml"
    toml.write_text(toml.read_text() + POINT + f"required = {str(required).lower()}\n")
    assert shop.evaluate("--fail-on", fail_on)[0] == code
    root = read((shop.run / "junit.xml").read_text("utf-8"))
    assert len(list(root.iter("failure"))) == code
    stopped = "❌" in (shop.run / "summary.md").read_text("utf-8")
    assert stopped is bool(code)


def test_run_fails_on_a_failed_prediction_if_it_is_told_to(shop: Shop) -> None:
    (shop.cutouts / "pet" / "rex.png").unlink()
    assert shop.evaluate()[0] == 0
    assert shop.evaluate("--fail-on", "error")[0] == 1
    assert shop.evaluate("--fail-on", "point")[0] == 1


def test_what_is_no_run_is_an_error_and_no_crash(tmp_path: Path) -> None:
    code, printed = call("compare", tmp_path / "none", tmp_path / "none")
    assert code == 2
    assert "There is no file" in printed
    assert "rmbg-eval approve RUN --to" in printed


def test_a_comparison_overwrites_no_run_and_no_strangers_files(shop: Shop) -> None:
    shop.evaluate()
    shop.approve()
    before = Run.load(shop.run)
    code, printed = call("compare", shop.base, shop.run, "--out", shop.run)
    assert code == 2
    assert "--out" in printed
    assert Run.load(shop.run) == before
    shop.out.mkdir()
    (shop.out / "thesis.docx").write_text("years of work")
    assert shop.compare()[0] == 2
    assert [path.name for path in shop.out.iterdir()] == ["thesis.docx"]


def test_the_exit_status_of_the_process_is_that_of_the_gate(shop: Shop) -> None:
    shop.evaluate()
    shop.approve()
    shop.cut("pet/tom", off=4)
    shop.evaluate()
    done = rmbg("compare", shop.base, shop.run, "--out", shop.out, "--quiet", "--no-page")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("changed: pet/tom · shop")
