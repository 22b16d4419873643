"""The report: panels of a run for a notebook's cells, and for the page made from it."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..cases import load_cases
from ..errors import CaseError
from ..files import write_atomic
from ..progress import OnStep, ignore
from ..records import Run
from .figures import bars_name, make_bars, make_figures
from .present import Presenter
from .strings import text

_TEMPLATES = Path(__file__).parent / "templates"
CSS = _TEMPLATES / "report.css"
SCRIPTS = (Path(__file__).parent / "script" / "compare.js",)
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
    """The panels of a run, as one shows them in a notebook.

    Making one draws the pictures that are not there yet, into the run folder.
    """

    def __init__(self, run: Run, on_step: OnStep = ignore) -> None:
        folder = run.settings.out_folder
        try:
            cases = {(c.category, c.id): c for c in load_cases(run.settings.cases_folder).cases}
        except CaseError:  # the set has gone; what was drawn from it is still there
            cases = {}
        write_atomic(folder / "report.css", CSS.read_bytes())
        write_atomic(folder / "report.js", script())
        bars = bars_name(run)
        figures = make_figures(run, cases, folder, on_step, keep=bars.partition(".")[0])
        self.run = run
        self._presenter = Presenter(run, figures, _base(folder))
        self._bars = make_bars(self._presenter.found.bars(), folder, bars)

    def style(self) -> Panel:
        """The report's style, for the notebook itself; the page has it in its head."""
        html = f"<style>{CSS.read_text(encoding='utf-8')}</style>"
        return Panel(html, "style of the report", {"notebook_only": True})

    def header(self) -> Panel:
        """Title, what failed, the models, and links to the categories."""
        return self._panel("header", "header", self._presenter.header())

    def summary(self) -> Panel:
        """Models × categories: points passed, means, differences that are clear."""
        return self._panel("summary", "summary", self._presenter.summary(self._bars))

    def category(self, name: str) -> Panel:
        """One category: what is difficult, what to look at, and a figure for each case."""
        return self._panel("category", f"category {name}", self._presenter.category(name))

    def other_categories(self) -> Panel:
        """Every category that is not among the six."""
        views = [self._presenter.category(name) for name in self._presenter.categories()[6:]]
        html = "".join(self._render("category", view) for view in views)
        return Panel(html, f"{len(views)} other categories", self._about())

    def timings(self) -> Panel:
        """A table of seconds, case by case."""
        return self._panel("timings", "timings", self._presenter.timings())

    def details(self) -> Panel:
        """Pipelines, weights, versions, machine and parameters."""
        return self._panel("details", "details", self._presenter.details())

    def _panel(self, template: str, title: str, view: object) -> Panel:
        return Panel(self._render(template, view), title, self._about())

    def _render(self, template: str, view: object) -> str:
        lang = self.run.settings.lang

        def translate(key: str, **values: object) -> str:
            return text(key, lang, **values)

        return _environment().get_template(f"{template}.html.j2").render(view=view, _=translate)

    def _about(self) -> dict[str, Any]:
        settings = self.run.settings
        return {
            "layout": settings.layout,
            "lang": {"zh": "zh-CN", "en": "en"}[settings.lang],
            "title": text("title", settings.lang),
        }


def script() -> str:
    """What makes the page move, for a file of its own or for the page itself."""
    return "".join(path.read_text(encoding="utf-8") for path in SCRIPTS)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,  # ids, titles and file names are strangers' text
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


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
