"""The report: panels of a run for a notebook's cells, and for the page made from it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..core.files import write_atomic
from ..core.progress import OnStep, Step, ignore
from ..i18n import Message
from ..run.folder import PAGES
from ..run.previews import Previews, has_cards, load
from ..run.record import Run
from ..web import style
from .frame import head_and_foot, render, write_assets
from .present import Presenter

NBCONVERT_TEMPLATES = Path(__file__).parent / "nbconvert"


class Panel:
    """A piece of the report: HTML in a notebook, one line anywhere else."""

    def __init__(self, html: str, title: str, about: dict[str, Any]) -> None:
        self.html = html
        self.title = title
        self._about = about

    def __repr__(self) -> str:
        return f"<{self.title}>"

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        return {"text/html": self.html, "text/plain": repr(self)}, {"rmbg_eval": self._about}


class Report:
    """The panels of a run, as one shows them in a notebook: made from the run folder alone."""

    def __init__(self, run: Run, on_step: OnStep = ignore) -> None:
        folder = run.settings.out_folder
        write_assets(folder)
        previews = load(run, on_step)
        self.run = run
        self._cards = has_cards(run)
        self._presenter = Presenter(run, previews, _base(folder), self._cards)
        if self._cards:
            self._write_pages(folder, previews, on_step)

    def style(self) -> Panel:
        """The report's style, for the notebook itself; the page has it in its head."""
        return Panel(
            f"<style>{style('report')}</style>", "style of the report", {"notebook_only": True}
        )

    def overview(self) -> Panel:
        """The answer, points passed, quality against time, and where it goes wrong."""
        return self._panel("overview", "overview", self._presenter.overview())

    def bar(self) -> Panel:
        """The controls of the rows, and what stands over their columns."""
        return self._panel("bar", "bar", self._presenter.bar())

    def category(self, name: str) -> Panel:
        """One category: what is difficult, what to look at, and a row for each case."""
        return self._panel("sheet", f"category {name}", self._presenter.category(name))

    def categories(self) -> Panel:
        """Every category that has cases, one after the other."""
        names = self._presenter.context.categories(empty=False)
        html = "".join(self.category(name).html for name in names)
        return Panel(html, f"{len(names)} categories", self._about())

    def more(self) -> Panel:
        """Every measure, the models, seconds case by case, and how the run was made."""
        return self._panel("more", "more", self._presenter.more())

    def _panel(self, template: str, title: str, view: object) -> Panel:
        return Panel(render(template, view, self.run.settings.lang), title, self._about())

    def _write_pages(self, folder: Path, previews: Previews, on_step: OnStep) -> None:
        """A page for each case, in a folder beside the report."""
        lang = self.run.settings.lang
        presenter = Presenter(self.run, previews, "../")
        for done, view in enumerate(presenter.pages(), 1):
            (case,) = view.cases
            back = f"../index.html#{case.anchor}"
            head, foot = head_and_foot(case.title, lang, "folder", "../", back)
            html = f"{head}{render('sheet', view, lang)}{foot}"
            write_atomic(folder / PAGES / f"{case.anchor}.html", html)
            on_step(Step("pages", done, len(self.run.cases)))

    def _about(self) -> dict[str, Any]:
        settings = self.run.settings
        return {
            "layout": settings.layout,
            "lang": settings.lang,
            "title": Message("Background removal report").to(settings.lang),
            "about": f"{self.run.started.astimezone():%Y-%m-%d %H:%M} · "
            f"{self.run.machine.processor}",
        }


def _base(folder: Path) -> str:
    """What leads from the notebook to the run folder.

    An executed notebook lies in its run folder. One that is being worked on in
    JupyterLab lies elsewhere: the server says where.
    """
    notebook = os.environ.get("JPY_SESSION_NAME")
    if not notebook:
        return ""
    relative = os.path.relpath(folder.resolve(), Path(notebook).resolve().parent)
    return "" if relative == "." else f"{Path(relative).as_posix()}/"
