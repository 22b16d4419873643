"""Compiled loops: kept in the cache folder, and made anew where nothing can be kept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from rmbg_eval.core import compilation as module
from rmbg_eval.core.compilation import compiled, pixels

SOURCE = """
from rmbg_eval.core.compilation import compiled, pixels

@compiled(pixels("float64", 1))
def total(values):
    found = 0.0
    for value in values:
        found += value
    return found
"""


def _use(folder: Path, cache: Path) -> int:
    """A new process computes with a module in `folder`; how often the kept code was of use."""
    code = (
        "import numpy, numba, counted\n"
        "assert counted.total(numpy.ones(5)) == 5\n"
        "assert not numba.config.CACHE_DIR\n"
        "print(sum(counted.total.stats.cache_hits.values()))"
    )
    paths = os.pathsep.join([str(folder), str(Path(module.__file__).parents[2])])
    environment = {**os.environ, "RMBG_EVAL_CACHE": str(cache), "PYTHONPATH": paths}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_machine_code_is_kept_in_the_cache_folder_until_the_source_changes(tmp_path):
    source, cache = tmp_path / "counted.py", tmp_path / "cache"
    source.write_text(SOURCE)
    assert _use(tmp_path, cache) == 0
    assert list((cache / "compiled").rglob("*.nbc"))
    assert not list((tmp_path / "__pycache__").glob("*.nb*"))
    assert _use(tmp_path, cache) == 1
    source.write_text(SOURCE + "# changed")
    assert _use(tmp_path, cache) == 0


def test_another_folder_is_taken_where_the_cache_cannot_be_written(tmp_path):
    (tmp_path / "counted.py").write_text(SOURCE)
    cache = tmp_path / "a file"
    cache.write_text("in the way")
    assert _use(tmp_path, cache) == 0
    assert _use(tmp_path, cache) == 1


@pytest.mark.parametrize("error", [RuntimeError("cannot cache function"), OSError(28, "disk full")])
def test_without_any_folder_it_is_compiled_all_the_same(monkeypatch, error):
    real = numba.njit

    def njit(*arguments, cache=False, **options):
        if cache:
            raise error
        return real(*arguments, **options)

    monkeypatch.setattr(numba, "njit", njit)

    @compiled(pixels("float32", 1))
    def largest(values):
        return values.max()

    assert largest(np.float32([1, 3, 2])) == 3
    assert not numba.config.CACHE_DIR


def test_arrays_of_any_layout_are_taken_and_compiled_for_once():
    @compiled(pixels("float32", 2))
    def corner(values):
        return values[-1, -1]

    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    frozen = values.copy()
    frozen.flags.writeable = False
    assert [corner(each) for each in (values, values.T, values[::2, 1:3], frozen)] == [
        11,
        11,
        10,
        11,
    ]
    assert len(corner.signatures) == 1


def test_sums_are_rounded_as_they_are_written():
    """No fused multiply–add, which would leave the rounding of the product: equal colours differ
    by exactly 0."""

    @compiled(pixels("float64", 1), pixels("float64", 1))
    def crosses(one, other):
        found = np.empty(len(one) - 1)
        for i in range(len(one) - 1):
            found[i] = one[i] * other[i + 1] - one[i + 1] * other[i]
        return found

    values = np.random.default_rng(0).random(1001)
    assert (crosses(values, values) == 0).all()


def test_no_settings_are_taken_from_the_folder_one_is_in(tmp_path):
    """It may be one of a stranger's pictures: numba would read pickles where they say."""
    (tmp_path / ".numba_config.yaml").write_text("cache_dir: theirs\ndisable_jit: 1\n")
    code = (
        "from rmbg_eval.core import compilation; import numba; numba.config.reload_config()\n"
        "print(numba.config.DISABLE_JIT, repr(numba.config.CACHE_DIR))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(module.__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "0 ''\n"
