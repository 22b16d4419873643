"""Views with their messages told, so that a test reads as the page does."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from rmbg_eval.i18n import Message
from rmbg_eval.report.bar import Bar
from rmbg_eval.report.context import Context
from rmbg_eval.report.more import more
from rmbg_eval.report.overview import Overview
from rmbg_eval.report.sheet import Sheet
from rmbg_eval.run.record import Run


def told(view: Any, lang: str) -> Any:
    """A view whose messages are texts in a language."""
    if isinstance(view, Message):
        return view.to(lang)
    if is_dataclass(view) and not isinstance(view, type):
        changes = {field.name: told(getattr(view, field.name), lang) for field in fields(view)}
        return replace(view, **changes)
    if isinstance(view, tuple):
        return tuple(told(each, lang) for each in view)
    return view


class Presenter:
    """The views of a run, told in its language."""

    def __init__(self, run: Run, *rest: Any, **named: Any) -> None:
        self.context = Context(run, *rest, **named)
        self._lang = run.settings.lang

    def overview(self) -> Any:
        return told(Overview(self.context).view(), self._lang)

    def bar(self) -> Any:
        return told(Bar(self.context).view(), self._lang)

    def more(self) -> Any:
        return told(more(self.context), self._lang)

    def __getattr__(self, name: str) -> Any:
        made = getattr(Sheet(self.context), name)
        return lambda *given: told(made(*given), self._lang)
