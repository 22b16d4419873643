"""Progress in a notebook: one bar at a time, its text escaped, and nothing left of it."""

from __future__ import annotations

import pytest

from rmbg_eval.core.progress import Step
from rmbg_eval.report import live


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the running cell was told to show."""
    htmls: list[str] = []

    class Handle:
        def update(self, html: object) -> None:
            htmls.append(html.data)

    monkeypatch.setattr("IPython.get_ipython", lambda: "a kernel's")
    monkeypatch.setattr("IPython.display.display", lambda *_, **__: Handle())
    return htmls


def test_the_bar_moves_now_and_then_and_is_gone_in_the_end(
    shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(live, "monotonic", lambda: now[0])
    on_step = live.notebook_progress()
    on_step(Step("a <b>", 1, 3))
    now[0] += 0.1
    on_step(Step("too soon", 2, 3))
    now[0] += 0.15
    on_step(Step("fetched"))
    on_step(Step("the last", 3, 3))
    assert shown == [
        '<progress value="1" max="3"></progress> a &lt;b&gt; 1/3',
        "… fetched",
        "",
    ]


def test_the_next_task_is_shown_at_once(shown: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """One that came from the cache leaves the bar in no time; the next picture may take long."""
    monkeypatch.setattr(live, "monotonic", lambda: 100.0)
    on_step = live.notebook_progress()
    on_step(Step("isnet", 0, 1))
    on_step(Step("isnet", 1, 1, cached=True))
    on_step(Step("grabcut", 0, 1))
    assert shown[1:] == ["", '<progress value="0" max="1"></progress> grabcut 0/1']


def test_a_script_that_was_a_notebook_prints_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    live.notebook_progress()(Step("isnet", 0, 1))
    assert capsys.readouterr() == ("", "")
