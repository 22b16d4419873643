"""The examples of docstrings run where a reader has cases, and a run of them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from _pytest.doctest import DoctestItem

# Other folders' conftest.py have one name, and no examples.
collect_ignore_glob = ["*/conftest.py"]
if not find_spec("triton"):  # for kernels, which comes with torch where that is for CUDA
    collect_ignore_glob.append("rmbg_eval/models/birefnet/*_cuda.py")


@pytest.fixture(scope="session")
def _documented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`cases/` of two pictures, one with its truth and a point, and `reports/latest`, their run."""
    from fakes import save_picture, save_truth

    from rmbg_eval import Settings, evaluate
    from rmbg_eval.report import Report

    folder = tmp_path_factory.mktemp("documented")
    bottle = folder / "cases" / "product" / "bottle"
    save_picture(bottle / "image.png")
    save_truth(bottle / "alpha.png")
    (bottle / "case.toml").write_text(
        'points = [{ id = "glass", kind = "opaque", box = [44, 28, 8, 8],'
        ' title = { en = "The glass is there" } }]\n'
    )
    save_picture(folder / "cases" / "pet" / "rex.png", 2)
    settings = Settings(cases=str(folder / "cases"), out=str(folder / "reports" / "latest"))
    models = {
        "isnet": lambda rgb: rgb[..., 0].clip(0, 200) / 200,
        "grabcut": lambda rgb: rgb[..., 0] * 0.0,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RMBG_EVAL_CACHE", str(folder / "cache"))
        Report(evaluate(settings, models=models))
    return folder


@pytest.fixture(autouse=True)
def _where_examples_run(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Examples that name a file find it, and have no name that a reader has not."""
    if isinstance(request.node, DoctestItem) and "rmbg_eval import" in request.node.dtest.docstring:
        request.node.dtest.globs = {"__name__": "__main__"}
        monkeypatch.chdir(request.getfixturevalue("_documented"))
