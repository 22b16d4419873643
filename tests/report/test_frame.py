"""Templates as Python's code: kept, made again where damaged, and never needed."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import Environment

from rmbg_eval.report.frame import environment


def filled() -> str:
    """What a template has, by an environment that has compiled none."""
    environment.cache_clear()
    return environment("en").get_template("notebook/macros.html.j2").module.LEFT


@pytest.fixture(autouse=True)
def _nothing_is_compiled(cache: Path) -> None:
    """What other tests share is not here: what is compiled is damaged and looked for."""
    cache.joinpath("compiled").unlink(missing_ok=True)


def test_a_template_is_compiled_once_and_again_where_its_code_is_damaged(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = []
    compile_it = Environment.compile
    monkeypatch.setattr(
        Environment, "compile", lambda *a, **k: (compiled.append(a[2]), compile_it(*a, **k))[1]
    )
    page = filled()
    count = len(compiled)
    assert count
    assert filled() == page
    assert len(compiled) == count
    for damage in (-40, 30):
        for path in (cache / "compiled").glob("*.template"):
            path.write_bytes(path.read_bytes()[:damage])
        compiled.clear()
        assert filled() == page
        assert len(compiled) == count


def test_where_nothing_can_be_kept_templates_are_compiled_all_the_same(cache: Path) -> None:
    cache.joinpath("compiled").write_text("a file in the folder's place")
    assert filled()
