"""What tests share: a cache folder of their own, the real weights, and a small case set."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Generator, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from caches import REAL_CACHE, new_cache, share
from fakes import FakeModel, save_picture, save_truth
from hypothesis import settings

from rmbg_eval.errors import WeightsError
from rmbg_eval.models import weights as weights_module
from rmbg_eval.models.protocol import Model
from rmbg_eval.models.table import load_model

if TYPE_CHECKING:
    from playwright.sync_api import Browser

collect_ignore = ["without"]
_NUMBERS = count()
_WITHOUT = str(Path(__file__).parent / "without")
if _WITHOUT not in os.environ.get("PYTHONPATH", ""):
    paths = filter(None, (_WITHOUT, os.environ.get("PYTHONPATH")))
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)

# A busy machine fails no test.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Modules and tests stay until the end, so that the garbage collector need not look at them,
    again and again: a tenth of the time of all tests.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In CI a test that drives a browser has a second chance; the summary names who needed it.

    A page is drawn when two busy cores come to it; the same test at a desk has one chance.
    """
    for item in items:
        if os.environ.get("CI") and "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, which RMBG_EVAL_CACHE names: no test sees another's predictions.

    Not by `mktemp`, which looks at the names of all folders that were made before.
    """
    folder = new_cache(tmp_path_factory.getbasetemp() / "caches" / str(next(_NUMBERS)))
    monkeypatch.setenv("RMBG_EVAL_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def real_weights() -> Path:
    """The folder with the real weights, fetched at most once; in CI they must be had."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RMBG_EVAL_CACHE", str(REAL_CACHE))
        try:
            for pinned in weights_module.PINNED:
                weights_module.fetch(pinned, print)
        except WeightsError as error:
            if os.environ.get("CI"):
                pytest.fail(str(error))
            pytest.skip(f"the weights cannot be had: {error}")
    return REAL_CACHE / "weights"


@pytest.fixture
def weights(cache: Path, real_weights: Path) -> Path:
    """This test's own cache, with the real weights in it."""
    folder = cache / "weights"
    folder.mkdir()
    for pinned in weights_module.PINNED:
        share(folder / pinned.name, real_weights / pinned.name)
    return cache


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for the tests of a file."""
    from browser import chromium  # imports playwright

    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small member of the BiRefNet family, in the published layout; nothing is written there."""
    from tiny_rmbg import save_checkpoint  # imports torch

    return save_checkpoint(tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture
def case_set(tmp_path: Path) -> Path:
    """A folder of three cases: portrait/ada with case.toml and truth; pet/rex and pet/tom bare."""
    folder = tmp_path / "cases"
    ada = folder / "portrait" / "ada"
    save_picture(ada / "image.png", 1)
    save_truth(ada / "alpha.png")
    (ada / "case.toml").write_text('title = { en = "Ada" }\nlicence = "CC0-1.0"\n')
    save_picture(folder / "pet" / "rex.png", 2)
    save_picture(folder / "pet" / "tom.png", 3)
    return folder


@pytest.fixture
def use_models(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`use_models(fake, …)`: `evaluate` then finds these under their names, at any dtype."""

    def use(*models: FakeModel) -> None:
        table = {model.info.name: model for model in models}

        def load(spec: str, *how: object) -> Model:
            return table[spec] if spec in table else load_model(spec, *how)

        monkeypatch.setattr("rmbg_eval.run.evaluate.load_model", load)

    return use
