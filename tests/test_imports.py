"""What importing loads: records with pydantic alone, and no model runtime for a finished run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from comparisons import comparison

import rmbg_eval
from rmbg_eval import Run

RUN = Path(__file__).parent / "data" / "old" / "2" / "run.json"
HEAVY = (
    "PIL cv2 filelock matplotlib numba numpy onnxruntime openvino psutil scipy skimage torch "
    "transformers"
)
LOAD = f"""
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {HEAVY.split()!r}:
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
from pathlib import Path
from rmbg_eval import Comparison, Run
import rmbg_eval.decisions.record
run = Run.load(Path(sys.argv[1]))
print(len(run.predictions), len(run.index.measurements))
print(Comparison.model_validate_json(sys.stdin.read()).pairs[0].state)
"""


def test_records_load_with_pydantic_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(RUN.parent)],
        input=comparison("worse").model_dump_json(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    run = Run.load(RUN.parent)
    assert done.stdout.split() == [
        str(len(run.predictions)),
        str(len(run.index.measurements)),
        "worse",
    ]


def test_the_public_names_are_there_and_load_no_runtime() -> None:
    code = (
        "import sys, rmbg_eval\n"
        "for name in rmbg_eval.__all__: getattr(rmbg_eval, name)\n"
        "loaded = {'torch', 'transformers', 'onnxruntime', 'openvino'} & sys.modules.keys()\n"
        "assert not loaded, loaded\n"
        "assert callable(rmbg_eval.predict)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_notebooks_and_the_served_page_compile_no_grammar_of_addresses() -> None:
    code = (
        "import sys, rmbg_eval.report.notebooks, rmbg_eval.explore.server\n"
        "assert 'jsonschema' in sys.modules\n"
        "assert 'rfc3987_syntax' not in sys.modules, 'it takes more than a second'\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(rmbg_eval.__file__).parents[1])}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_every_public_name_has_an_example() -> None:
    for name in rmbg_eval.__all__:
        assert ">>> " in (getattr(rmbg_eval, name).__doc__ or ""), name


def test_a_reader_sees_the_public_names_alone() -> None:
    assert not {"Any", "TYPE_CHECKING", "import_module"} & {*dir(rmbg_eval)}
