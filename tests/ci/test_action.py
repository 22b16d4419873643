"""The GitHub action: its inputs are settings, and its step calls the commands asked for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from systems import WINDOWS

from rmbg_eval import CompareSettings, Settings

TEXT = (Path(__file__).parents[2] / "action.yml").read_text("utf-8")
INPUTS = dict(
    re.findall(
        r"^  ([\w-]+):\n    description: .+\n    required: false\n    default: (\S+)$",
        TEXT,
        re.MULTILINE,
    )
)
(RUN,) = re.findall(r"^      run: \|\n((?: {8}.*\n)+)", TEXT, re.MULTILINE)
(ENVIRONMENT,) = re.findall(r"^      id: run\n.*?      env:\n(.*?)      run:", TEXT, re.M | re.S)

STUB = """#!/bin/sh
echo "$@" >> calls
out="reports/$([ "$1" = compare ] && echo compare || echo new)"
status="$([ "$1" = compare ] && echo "$COMPARE" || echo "$RUN")"
if [ "$status" = 2 ]; then echo "$1 cannot" >&2; exit 2; fi
mkdir -p "$out"
echo "# of $1" > "$out/summary.md"
exit "$status"
"""


def stubbed(folder: Path) -> str:
    """A PATH on which rmbg-eval is the stub."""
    stub = folder / "bin" / "rmbg-eval"
    stub.parent.mkdir()
    stub.write_text(STUB)
    stub.chmod(0o755)
    return f"{stub.parent}{os.pathsep}{os.environ['PATH']}"


def test_inputs_are_settings_with_their_defaults() -> None:
    fields = {**CompareSettings.model_fields, **Settings.model_fields}
    for name, default in INPUTS.items():
        if name != "baseline":  # `compare`'s BASE, which is said without an option
            value = fields[name.replace("-", "_")].default
            assert default in ('""', value), name  # empty: as without the option
            assert default == '""' or isinstance(value, str)
    assert set(re.findall(r"inputs\.([\w-]+)", ENVIRONMENT)) == INPUTS.keys()


@pytest.mark.skipif(WINDOWS or not shutil.which("bash"), reason="bash is not there")
@pytest.mark.parametrize(
    ("given", "statuses", "calls", "status", "shown"),
    [
        ({}, (0, 0), ["report --lang en --out reports/new"], 0, "new"),
        (
            {"MODELS": "isnet\na b=folder:c d\n", "BASELINE": "base line", "CASES": "my pictures"},
            (1, 0),
            [
                "run --out reports/new --cases my pictures --model isnet --model a b=folder:c d",
                "compare base line reports/new --out reports/compare --lang en",
            ],
            0,  # the point that failed is one that the baseline has: the comparison decides
            "compare",
        ),
        (
            {"FAIL_ON": "point"},
            (1, 0),
            ["report --lang en --out reports/new --fail-on point"],
            1,
            "new",
        ),
        ({"BASELINE": "b"}, (2, 0), ["run --out reports/new"], 2, "new"),
        (
            {"BASELINE": "b"},
            (0, 2),
            [
                "run --out reports/new",
                "compare b reports/new --out reports/compare --lang en",
            ],
            2,
            "new",
        ),
        (
            {
                "BASELINE": "b",
                "TOLERANCES": "t.toml",
                "CATEGORIES": "pet",
                "RULES": "amazon",
                "FAIL_ON": "error",
            },
            (0, 1),
            [
                "run --out reports/new --rules amazon --category pet",
                "compare b reports/new --out reports/compare --lang en --fail-on error "
                "--tolerances t.toml",
            ],
            1,
            "compare",
        ),
    ],
)
def test_the_step_calls_what_is_asked_for_and_says_how_it_ended(
    tmp_path: Path,
    given: dict[str, str],
    statuses: tuple[int, int],
    calls: list[str],
    status: int,
    shown: str,
) -> None:
    path = stubbed(tmp_path)
    for earlier in ("new", "compare"):  # of an earlier step of the same job
        (tmp_path / "reports" / earlier).mkdir(parents=True)
        (tmp_path / "reports" / earlier / "summary.md").write_text("# of an earlier one\n")
    names = re.findall(r"(\w+): \$\{\{ inputs\.([\w-]+)", ENVIRONMENT)
    asked = {name: INPUTS[field].strip('"') for name, field in names} | given
    report = {"GITHUB_OUTPUT": "output", "GITHUB_STEP_SUMMARY": "summary"}
    answers = {"RUN": str(statuses[0]), "COMPARE": str(statuses[1])}
    script = re.sub("^ {8}", "", RUN, flags=re.MULTILINE)
    subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={**os.environ, **asked, **report, **answers, "PATH": path},
        check=True,
    )
    assert (tmp_path / "calls").read_text().splitlines() == calls
    said = dict(line.split("=") for line in (tmp_path / "output").read_text().splitlines())
    assert said == {"status": str(status), "shown": f"reports/{shown}"}
    last = "compare" if shown == "compare" else calls[0].split()[0]
    summary = "    run cannot\n" if statuses[0] == 2 else f"# of {last}\n"
    summary = ("    compare cannot\n" if statuses[1] == 2 else "") + summary
    assert (tmp_path / "summary").read_text() == summary


@pytest.mark.skipif(WINDOWS or not shutil.which("bash"), reason="bash is not there")
@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("docs/guide/in-a-build.md", r"^ +sh '(rmbg-eval .+)'$"),
        ("docs/guide/in-a-build.md", r"^ +- (rmbg-eval .+)$"),
        (".github/workflows/report.yml", r"^ +run: (rmbg-eval .+)$"),
        ("docs/zh/builds.md", r"^(rmbg-eval .+\| .+|rmbg-eval compare .+)$"),
    ],
    ids=["jenkins", "gitlab", "github", "zh"],
)
@pytest.mark.parametrize("status", [1, 2])
def test_recipes_compare_a_run_with_failed_points_but_none_that_could_not_be_made(
    tmp_path: Path, file: str, line: str, status: int
) -> None:
    text = (Path(__file__).parents[2] / file).read_text("utf-8")
    run, compare = re.findall(line, text, re.MULTILINE)
    done = subprocess.run(
        ["bash", "-e", "-c", f"{run}\n{compare}"],
        cwd=tmp_path,
        env={**os.environ, "PATH": stubbed(tmp_path), "RUN": str(status), "COMPARE": "0"},
        check=False,
    )
    assert (done.returncode == 0) == (status == 1)
    assert ((tmp_path / "reports" / "compare").exists()) == (status == 1)
