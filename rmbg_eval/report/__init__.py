"""The report: panels of a run for a notebook's cells, and for the page made from it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..core.files import write_atomic
from ..core.progress import OnStep, Step, ignore
from ..errors import SettingsError, check_name, check_record, quoted
from ..i18n import Message
from ..run.drawing import load
from ..run.folder import PAGES
from ..run.frames import check_model
from ..run.previews import Previews, has_cards
from ..run.record import CaseKey, Run
from ..run.sample import only
from .bar import Bar
from .context import Context
from .figures import case_figures
from .frame import foot, head, render
from .more import more
from .overview import Overview
from .plain import MOST_CASES, Plain, side_of
from .sheet import Sheet
from .views import CategoryView

NBCONVERT_TEMPLATES = Path(__file__).parent / "nbconvert"
PAGE = "application/x-rmbg-eval-page"
"""The type of what the page is made of, in a notebook's output; JupyterLab shows another."""


class Panel:
    """A piece of the report: in a notebook plain HTML, one line anywhere else. The notebook keeps
    what the page shows of it as well."""

    def __init__(self, html: str, plain: str, title: str, about: dict[str, Any]) -> None:
        self.html = html
        self.plain = plain
        self.title = title
        self._about = about

    def __repr__(self) -> str:
        return f"<{self.title}>" if self.html else self.title

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        shown = {"text/html": self.plain, "text/plain": repr(self)}
        if not self.html:  # of the notebook alone, and no part of the page
            return shown, {}
        return {**shown, PAGE: self.html}, {"rmbg_eval": self._about}


class Report:
    """The panels of a run, as one shows them in a notebook: made from the run folder alone.

    >>> from rmbg_eval import Report, load_run
    >>> report = Report(load_run("reports/latest"))
    >>> report.overview(), report.category("product")
    (<overview>, <category product>)
    """

    def __init__(self, run: Run, on_step: OnStep = ignore) -> None:
        check_record(run, Run)
        folder = run.settings.out_folder
        previews = load(run, on_step)
        self.run = run
        self._cards = has_cards(run)
        self._context = Context(run, previews, cards=self._cards)
        self._sheet = Sheet(self._context)
        self._plain = Plain(folder, run.settings.lang)
        self._pictured = _worst(self._context.shown, self._context.queue)
        if self._cards and os.access(folder, os.W_OK):  # a run to be looked at may lie anywhere
            self._write_pages(folder, previews, on_step)

    def __repr__(self) -> str:
        return f"<Report on the {repr(self.run)[1:]}"

    def overview(self) -> Panel:
        """The answer, points passed, quality against time, and where it goes wrong."""
        view = Overview(self._context).view()
        return self._panel("overview", view, self._plain.render("overview", view, side_of(6)))

    def bar(self) -> Panel:
        """The controls of the rows, and what stands over their columns."""
        view = Bar(self._context).view()
        about = {
            "bar": view,
            "count": len(self._pictured),
            "all": len(self.run.cases),
            "unscored": self._context.unscored,
        }
        return self._panel("bar", view, self._plain.render("bar", about))

    def category(self, name: str) -> Panel:
        """One category: what is difficult, what to look at, and a row for each case. SettingsError
        where the run has no such category."""
        names = [*dict.fromkeys(category for category, _ in self.run.index.cases)]
        problem = Message("There is no category {name} in this run", name=quoted(name))
        check_name(name, names, problem)
        view = self._sheet.category(name)
        with ThreadPoolExecutor(1, "plain") as pool:  # its pictures wait for no text of the page
            rows = pool.submit(self._rows, view)
            html = render("sheet", view, self.run.settings.lang)
        return Panel(html, rows.result(), f"category {name}", self._about())

    def categories(self) -> Panel:
        """Every category that has cases, one after the other."""
        names = self._context.categories()
        panels = [self.category(name) for name in names]
        html, plain = "".join(p.html for p in panels), "".join(p.plain for p in panels)
        return Panel(html, plain, f"{len(names)} categories", self._about())

    def case(self, name: str) -> Panel:
        """One case by its `category/id`: the original, every model's result, the truth, the points
        and the measures. SettingsError where the run has no such case.

        >>> from rmbg_eval import Report, load_run
        >>> Report(load_run("reports/latest")).case("product/bottle")
        product/bottle
          isnet    1 of 1 points, mad_unknown 0.0988
          grabcut  0 of 1 points, mad_unknown 0.366
        """
        return self.compare(name)

    def compare(self, name: str, models: str | Sequence[str] | None = None) -> Panel:
        """The same of some `models` alone, in this order, and larger; None stands for all.

        >>> from rmbg_eval import Report, load_run
        >>> Report(load_run("reports/latest")).compare("product/bottle", ["grabcut"])
        product/bottle
          grabcut  0 of 1 points, mad_unknown 0.366
        """
        run = self.run
        category, _, case = str(name).partition("/")
        if (category, case) not in run.index.cases:
            names = [*map("/".join, run.index.cases)]
            near = get_close_matches(str(name), names, 3, 0.3) or names[:3]
            raise SettingsError(
                Message("There is no case {name} in this run", name=quoted(name)),
                Message("Name one of these: {names}.", names=", ".join(near)),
            )
        own = self._context.models
        if isinstance(models, str) or not isinstance(models, Iterable | None):
            models = [models]
        chosen = [*own] if models is None else [*models]
        for model in chosen:
            check_model(run, model)
        sheet = self._sheet
        if (category, case) not in self._context.shown.index.cases:  # of many, no row
            shown = only(run, [(category, case)])
            sheet = Sheet(Context(run, load(shown), cards=self._cards, shown=shown))
        view = sheet.case(run.index.cases[category, case])
        view = replace(view, results=tuple(view.results[own.index(m)] for m in chosen))
        figures = case_figures(run, (category, case), chosen)
        about = {"case": view, "models": chosen, "rows": figures.rows}
        side = side_of(1 + len(chosen) + bool(view.truth))
        plain = self._plain.render("case", about, side if models is None else max(side, 240))
        return Panel("", plain, figures.text, self._about())

    def more(self) -> Panel:
        """Every measure, the models, seconds case by case, and how the run was made."""
        view = more(self._context)
        return self._panel("more", view, self._plain.render("more", view))

    def _panel(self, template: str, view: object, plain: str) -> Panel:
        html = render(template, view, self.run.settings.lang)
        return Panel(html, plain, template, self._about())

    def _rows(self, view: CategoryView) -> str:
        """A category in the notebook: those of its cases that it has the pictures of."""
        cases = [case for case in view.cases if (case.category, case.name) in self._pictured]
        has_truth = any(case.truth for case in cases)
        models = self._context.models
        about = {
            "category": replace(view, cases=tuple(cases)),
            "models": models,
            "has_truth": has_truth,
            "left_out": view.count - len(cases),
        }
        return self._plain.render("category", about, side_of(1 + len(models) + has_truth))

    def _write_pages(self, folder: Path, previews: Previews, on_step: OnStep) -> None:
        """A page for each case, in a folder beside the report."""
        lang = self.run.settings.lang
        context, end = Context(self.run, previews, "../"), foot(lang, "folder", "../")
        for done, view in enumerate(Sheet(context).pages(), 1):
            (case,) = view.cases
            back = f"../index.html#{case.anchor}"
            start = head(case.title, lang, "folder", "../", back)
            html = f"{start}{render('sheet', view, lang)}{end}"
            write_atomic(folder / PAGES / f"{case.anchor}.html", html)
            on_step(Step("pages", done, len(context.shown.cases)))

    def _about(self) -> dict[str, Any]:
        settings = self.run.settings
        return {
            "layout": settings.layout,
            "lang": settings.lang,
            "title": Message("Background removal report").text,
            "about": f"{self.run.started:%Y-%m-%d %H:%M} UTC · {self.run.machine.processor}",
        }


def _worst(run: Run, queue: Iterable[CaseKey]) -> set[CaseKey]:
    """The cases to look at first, as many as a notebook has the pictures of: those with the most
    points missed; where nothing is scored, the riskiest, as `queue` has them."""
    missed = Counter(p.case_key for p in run.points if p.passed is False)
    by_points = sorted(run.index.cases, key=lambda key: -missed[key])
    return {*[*dict.fromkeys([*queue, *by_points])][:MOST_CASES]}
