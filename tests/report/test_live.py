"""Progress in a notebook: one bar at a time, its text escaped, and nothing left of it."""

from __future__ import annotations

import pytest

from rmbg_eval.core.progress import Step
from rmbg_eval.report import live


def test_the_bar_moves_now_and_then_and_is_gone_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    shown: list[str] = []

    class Handle:
        def update(self, html: object) -> None:
            shown.append(html.data)

    monkeypatch.setattr("IPython.display.display", lambda *_, **__: Handle())
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
