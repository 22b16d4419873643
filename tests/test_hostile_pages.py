"""A dozen cases of `hostile.py`: nothing of a stranger's words runs in the pages made of them."""

from __future__ import annotations

from pathlib import Path

import hostile
import pytest
from caches import new_cache
from playwright.sync_api import Browser


def test_nothing_runs_and_nothing_is_asked_for(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RMBG_EVAL_CACHE", str(new_cache(tmp_path / "cache")))
    folder = tmp_path / "in"
    folder.mkdir()
    folders = hostile.pages_of(folder, 12, 3, ("single",))
    counts = hostile.Counts()
    for each in folders:
        hostile.visit(browser, each / "index.html", counts, most=5)
    assert counts.harm == []
    assert counts.pages == 2
    assert counts.pictures >= 2
    assert counts.opened == 2
    assert {path.name for path in tmp_path.iterdir()} == {"in", "cache"}


def test_harm_is_seen(browser: Browser, tmp_path: Path) -> None:
    """What must not happen in a page is caught where it does."""
    page = tmp_path / "index.html"
    page.write_text(
        "<script>window.pwned = 1; setTimeout(() => alert(1))</script>"
        "<main><button><img src=//elsewhere.invalid/x></button></main><script>x.y</script>"
    )
    counts = hostile.Counts()
    hostile.visit(browser, page, counts)
    assert counts.ran == [str(page)]
    assert counts.dialogs == ["alert: 1"]
    assert any("elsewhere.invalid" in each for each in counts.requests)
    assert any("x is not defined" in each for each in counts.errors)
    assert counts.pictures >= 1
