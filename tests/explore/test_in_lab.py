"""The notebook in JupyterLab itself: open, run all, upload, generate, save."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
import numpy as np
import pytest
from browser import free_port
from playwright.sync_api import Browser

from rmbg_eval import load_model
from rmbg_eval.core.decoding import decode_cutout
from rmbg_eval.core.paths import packaged_picture, resource
from rmbg_eval.explore import remove_background

LONG = 180_000  # a kernel starts and IS-Net runs, beside other tests on two cores


@pytest.fixture
def lab(tmp_path: Path, real_weights: Path) -> Iterator[str]:
    """JupyterLab in a folder with the notebook alone; the package is found by its path."""
    folder = tmp_path / "lab"
    folder.mkdir()
    shutil.copy(resource("notebooks", "explore.ipynb"), folder)
    port = free_port()
    home = {name: str(tmp_path / name) for name in ("JUPYTER_CONFIG_DIR", "IPYTHONDIR")}
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"),
            *(f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token="),
            *(f"--ServerApp.root_dir={folder}", "--LabApp.news_url=None"),
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ],
        env={
            **os.environ,
            **home,
            "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "workspaces"),
            "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"),
            "JUPYTER_PREFER_ENV_PATH": "1",
            "RMBG_EVAL_CACHE": str(real_weights.parent),
            "PYTHONPATH": str(Path(__file__).parents[2]),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}/lab/tree/explore.ipynb"
    try:
        for _ in range(300):
            with suppress(URLError):
                urlopen(f"http://127.0.0.1:{port}/api", timeout=5)
                break
            time.sleep(0.2)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def test_run_all_upload_generate_save(lab: str, browser: Browser, weights: Path) -> None:
    photograph = packaged_picture("astronaut")
    assert photograph
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(LONG)
    page.goto(lab)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.wait_for_selector("text=Python 3 (ipykernel) | Idle")
    page.click(".lm-MenuBar-itemLabel:text-is('Run')")
    page.click("text=Run All Cells")
    page.wait_for_selector(".rx-drop")
    page.set_input_files(".rx-file", photograph)
    page.click(".rx-go:enabled")
    page.wait_for_selector(".rx-has")
    with page.expect_download() as download:
        page.click(".rx-save")
    assert download.value.suggested_filename == "astronaut-cutout.png"
    saved = Path(download.value.path()).read_bytes()
    page.close()
    expected = remove_background(load_model("isnet"), photograph)
    assert np.array_equal(decode_cutout(saved, "saved")[1], expected.cutout.alpha)
    assert saved == expected.png


def test_notebook_holds_no_logic_and_its_python_is_three_lines() -> None:
    cells = nbformat.read(resource("notebooks", "explore.ipynb"), as_version=4).cells
    page, python = (cell for cell in cells if cell.cell_type == "code")
    assert re.fullmatch(r"from rmbg_eval\.explore import Explorer\n\nExplorer\(\)", page.source)
    assert "notebook-only" in python.metadata["tags"], "the page does not run it"
    steps = [line for line in python.source.splitlines() if line and "import" not in line]
    assert len(steps) == 3


def test_the_cell_in_python_runs_from_nothing(weights: Path) -> None:
    *_, cell = nbformat.read(resource("notebooks", "explore.ipynb"), as_version=4).cells
    names: dict = {}
    exec(cell.source, names)
    assert names["result"].cutout.alpha.shape == names["case"].picture().rgb.shape[:2]
