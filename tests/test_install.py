"""Installed without the checkout: templates, notebooks and reference cases are in the package."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from fakes import save_picture

import rmbg_eval

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package as its wheel has it; the dependencies are this environment's."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, ROOT]
    subprocess.run(build, check=True)
    (wheel,) = folder.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "site")
    return folder / "site"


def test_the_wheel_has_what_runs_and_no_more(installed: Path) -> None:
    data = installed / "rmbg_eval" / "_data"
    cases = {path.name for path in (data / "cases").glob("*/*/*")}
    assert cases == {"case.toml", "image.jpg", "alpha.png", "foreground.jpg"}
    assert not (data / "cases" / "_render").exists()
    notebooks = {path.name for path in (data / "notebooks").iterdir()}
    assert notebooks == {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    inside = {path.suffix for path in (installed / "rmbg_eval").rglob("*") if path.is_file()}
    assert inside <= set(
        ".css .ipynb .j2 .jpg .js .json .md .png .po .py .toml .typed .webp".split()
    )
    assert (installed / "rmbg_eval" / "py.typed").is_file()
    (metadata,) = installed.glob("*.dist-info/METADATA")
    assert f"\nVersion: {rmbg_eval.__version__}\n" in metadata.read_text("utf-8")


def test_report_works_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    save_picture(tmp_path / "in" / "pet" / "rex.png")
    command = [sys.executable, "-m", "rmbg_eval", "report", "--model", "grabcut"]
    done = subprocess.run(
        [*command, "--cases", "in", "--out", "out"],
        cwd=tmp_path,
        # In another folder every loop would be compiled again.
        env={**os.environ, "PYTHONPATH": str(installed), "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "data:image/webp" in (tmp_path / "out" / "index.html").read_text("utf-8")


def test_reference_cases_come_with_the_package(installed: Path, tmp_path: Path) -> None:
    code = (
        "import rmbg_eval\n"
        "from rmbg_eval.core.paths import resource\n"
        "print(rmbg_eval.__file__)\n"
        "print(*[c.name for c in rmbg_eval.load_cases(resource('cases')).cases])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    where, names = done.stdout.splitlines()
    assert Path(where).is_relative_to(installed)
    assert "portrait/astronaut" in names
    assert "low-quality/coffee-phone" in names
