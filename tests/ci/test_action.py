"""The GitHub action: its inputs are settings, and its step calls the commands asked for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from rmbg_eval import CompareSettings, Settings

TEXT = (Path(__file__).parents[2] / "action.yml").read_text("utf-8")
INPUTS = dict(
    re.findall(
        r"^  (\w+):\n    description: .+\n    required: false\n    default: (\S+)$",
        TEXT,
        re.MULTILINE,
    )
)
(RUN,) = re.findall(r"^      run: \|\n((?: {8}.*\n)+)", TEXT, re.MULTILINE)
(ENVIRONMENT,) = re.findall(r"^      id: run\n.*?      env:\n(.*?)      run:", TEXT, re.M | re.S)

STUB = """#!/bin/sh
echo "$@" >> calls
mkdir -p reports/new reports/compare
echo "# of $1" > "reports/$([ "$1" = compare ] && echo compare || echo new)/summary.md"
case "$1" in compare) exit "$COMPARE";; *) exit "$RUN";; esac
"""


def test_inputs_are_settings_with_their_defaults() -> None:
    fields = {**CompareSettings.model_fields, **Settings.model_fields}
    for name, default in INPUTS.items():
        if name != "baseline":  # `compare`'s BASE, which is said without an option
            value = fields[name].default
            assert default in ('""', value), name  # empty: as without the option
            assert default == '""' or isinstance(value, str)
    assert set(re.findall(r"inputs\.(\w+)", ENVIRONMENT)) == INPUTS.keys()


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not there")
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
            1,
            "compare",
        ),
        ({"BASELINE": "b"}, (2, 0), ["run --out reports/new"], 2, "new"),
        (
            {"BASELINE": "b", "TOLERANCES": "t.toml", "CATEGORIES": "pet", "RULES": "amazon"},
            (0, 1),
            [
                "run --out reports/new --rules amazon --category pet",
                "compare b reports/new --out reports/compare --lang en --tolerances t.toml",
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
    stub = tmp_path / "bin" / "rmbg-eval"
    stub.parent.mkdir()
    stub.write_text(STUB)
    stub.chmod(0o755)
    names = re.findall(r"(\w+): \$\{\{ inputs\.(\w+)", ENVIRONMENT)
    asked = {name: INPUTS[field].strip('"') for name, field in names} | given
    report = {"GITHUB_OUTPUT": "output", "GITHUB_STEP_SUMMARY": "summary"}
    path = f"{stub.parent}{os.pathsep}{os.environ['PATH']}"
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
    assert (tmp_path / "summary").read_text() == f"# of {last}\n"
