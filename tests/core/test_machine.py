"""What a run was made with, and how much memory it took."""

from __future__ import annotations

import mmap
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from rmbg_eval.core import machine
from rmbg_eval.core.machine import Machine, peak_memory, reset_peak_memory

ROOT = Path(__file__).parents[2]


def git(folder: Path, *arguments: str) -> str:
    name = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    done = subprocess.run(
        ["git", *name, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of one commit, which this package then takes for its own."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / "a.txt").write_text("a")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "first")
    monkeypatch.setattr(machine, "PACKAGE", tmp_path / "rmbg_eval")
    return tmp_path


def test_a_clean_checkout_gives_its_commit(checkout: Path) -> None:
    here = Machine.here()
    assert (here.commit, here.dirty) == (git(checkout, "rev-parse", "HEAD"), False)


def test_in_a_hook_of_another_checkout_it_gives_its_own(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path_factory.mktemp("other")
    git(other, "init", "--quiet")
    git(other, "commit", "--quiet", "--allow-empty", "-m", "another")
    commit = git(checkout, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    here = Machine.here()
    assert (here.commit, here.dirty) == (commit, False)


@pytest.mark.parametrize("name", ["a.txt", "new.txt"])
def test_a_changed_or_added_file_makes_it_dirty(checkout: Path, name: str) -> None:
    (checkout / name).write_text("b")
    assert Machine.here().dirty is True


@pytest.mark.skipif(sys.platform != "linux", reason="names elsewhere are Unicode")
def test_a_name_that_is_not_utf_8_is_a_change_like_any_other(checkout: Path) -> None:
    git(checkout, "config", "core.quotePath", "false")
    (checkout / os.fsdecode(b"\xff")).write_text("b")
    assert Machine.here().dirty is True


def test_without_a_checkout_there_is_no_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "PACKAGE", tmp_path / "rmbg_eval")
    here = Machine.here()
    assert (here.commit, here.dirty) == (None, None)


def test_a_package_inside_someone_elses_checkout_does_not_claim_its_commit(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = checkout / ".venv" / "lib" / "rmbg_eval"
    installed.mkdir(parents=True)
    monkeypatch.setattr(machine, "PACKAGE", installed)
    assert Machine.here().commit is None


def test_without_git_there_is_no_commit(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(checkout))
    here = Machine.here()
    assert (here.commit, here.dirty) == (None, None)


def test_versions_name_what_computes_the_alpha() -> None:
    versions = Machine.here().versions
    for name in ("numpy", "pillow", "openvino", "onnxruntime", "opencv-python-headless"):
        assert versions[name] == version(name)
    assert versions["rmbg_eval"] == version("rmbg-eval")


def test_it_survives_json() -> None:
    here = Machine.here()
    assert Machine.model_validate_json(here.model_dump_json()) == here
    assert here.cores >= 1
    assert here.processor
    assert here.memory_bytes is None or here.memory_bytes > 1 << 28


def test_only_the_cores_this_process_may_use_are_counted() -> None:
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system has no processor affinity")
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert Machine.here().cores == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert Machine.here().cores == len(allowed)


def test_peak_memory_is_since_the_reset() -> None:
    if not reset_peak_memory():
        assert peak_memory() is None or Path("/proc").exists()
        pytest.skip("this system cannot reset the peak")
    before = peak_memory()
    assert before is not None
    size = 100 << 20
    block = mmap.mmap(-1, size)  # not malloc, which may keep what is freed
    for page in range(0, size, mmap.PAGESIZE):
        block[page] = 1
    during = peak_memory()
    block.close()
    after = peak_memory()
    reset_peak_memory()
    again = peak_memory()
    assert during is not None
    assert after is not None
    assert again is not None
    assert during - before > 0.9 * size
    assert after - before > 0.9 * size
    assert after - again > 0.9 * size


def test_where_the_system_does_not_say_there_is_no_figure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unreadable(*arguments: object, **more: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", unreadable)
    monkeypatch.setattr(Path, "write_text", unreadable)
    assert reset_peak_memory() is False
    assert peak_memory() is None
    assert machine.processor()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another allocator")
def test_what_is_freed_is_what_the_next_arrays_are_made_of() -> None:
    code = """
import resource, sys
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from rmbg_eval.core.machine import keep_freed_memory, peak_memory, reset_peak_memory
keep_freed_memory()
with ThreadPoolExecutor(1) as pool:
    asked = []
    for _ in range(3):
        pool.submit(lambda: np.ones(10_000_000).sum()).result()
        asked.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
print(asked[2] - asked[1])
before = peak_memory()
reset_peak_memory()
print(before - peak_memory())
"""
    environment = {**os.environ, "NUMPY_MADVISE_HUGEPAGE": "0"}
    told = subprocess.check_output([sys.executable, "-c", code], env=environment)
    pages, no_longer = map(int, told.split())
    assert pages < 100  # of 19,500
    assert no_longer > 70_000_000  # of the 80 MB, which are kept for nobody
