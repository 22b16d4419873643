"""Execute the notebook and export the page: the only module that knows papermill and nbconvert."""

from __future__ import annotations

import base64
import json
import mimetypes
import re
from collections.abc import Iterable
from contextlib import suppress
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ..core.decoding import read_bytes
from ..core.files import cannot_read, cannot_write, replace, utf8, write_atomic
from ..core.kernel import Kernel
from ..core.modules import quick_jsonschema
from ..core.paths import resource
from ..errors import ImageError, ReportError, check_record, printable
from ..i18n import Message
from ..run.folder import locked
from ..settings import CompareSettings, Settings
from . import NBCONVERT_TEMPLATES, PAGE
from .frame import foot, head, write_assets

with quick_jsonschema():
    import nbformat
    import papermill
    from nbconvert import HTMLExporter, TemplateExporter
    from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
    from nbconvert.preprocessors import Preprocessor
    from papermill.exceptions import PapermillExecutionError

LARGE_PAGE = 50_000_000
"""Bytes from which a page is slow in browsers (reports of 100 MB have crashed them)."""

_KERNEL_START = 300
"""Seconds that a kernel may take to start; papermill's 60 were not enough on a crowded machine."""

_PICTURE = re.compile(r'(<img [^>]*?\bsrc=")((?:assets|cutouts)/[^"]*)(")')
_TAG = re.compile("<[a-z][a-z0-9]* [^>]*>")
_FILE = re.compile(r'\bdata-(?:full|alpha|edge)="((?:assets|cutouts)/[^"]*)"')
"""What the page's script asks for by its path; `web/script/files.js` gives it."""


_LOAD = """\
from rmbg_eval import Run

# To evaluate here instead: run = evaluate(settings, notebook_progress(), build_files)
run = Run.load(settings.out_folder)"""
_LOAD_COMPARISON = """\
from rmbg_eval import Comparison

# To compare here instead: comparison = compare_folders(settings, notebook_progress(), build_files)
comparison = Comparison.load(settings.out_folder)"""


def render(settings: Settings, kernel: Kernel | None = None) -> Path:
    """Execute evaluate.ipynb over the run of the run folder, be it partial, into that folder, and
    export index.html; returns its path. `kernel`: one that may have been started; it is ended.

    Nothing is evaluated: the cell tagged `evaluate` loads the run. Raises ReportError with the
    cell's own error if the notebook fails, and OutputError where another process writes there.
    """
    check_record(settings, Settings)
    return _executed("evaluate", _LOAD, settings.out_folder, settings.model_dump(), kernel)


def render_comparison(settings: CompareSettings, kernel: Kernel | None = None) -> Path:
    """Execute compare.ipynb over the comparison that its folder holds, into that folder, and export
    index.html; returns its path. Nothing is compared, likewise, and errors are those of `render`.
    """
    check_record(settings, CompareSettings)
    return _executed(
        "compare", _LOAD_COMPARISON, settings.out_folder, settings.model_dump(), kernel
    )


def _executed(
    name: str, load: str, out: Path, parameters: dict[str, Any], kernel: Kernel | None
) -> Path:
    """Execute a notebook into `out/<name>.ipynb`, with `load` in the cell tagged `name`, and export
    index.html; returns its path."""
    source = nbformat.read(resource("notebooks", f"{name}.ipynb"), as_version=4)
    for cell in source.cells:
        if name in cell.metadata.get("tags", []):
            cell.source = load
    notebook = out / f"{name}.ipynb"
    utf8(json.dumps(parameters, ensure_ascii=False), notebook)  # nbformat's error has no words
    with locked(out):
        _execute(source, parameters, notebook, kernel)
        return export(notebook)


def _execute(
    source: nbformat.NotebookNode, parameters: dict[str, Any], notebook: Path, kernel: Kernel | None
) -> None:
    """Execute a notebook into the file `notebook`, which is as it was until that has worked."""
    partial = notebook.with_name(f".{notebook.stem}.partial.ipynb")
    try:
        with kernel or Kernel(__package__) as process:
            process.start()
            papermill.execute_notebook(
                source,
                partial,
                parameters=parameters,
                kernel_name="python3",
                km=process.manager,
                progress_bar=False,
                request_save_on_cell_execute=False,  # twice a cell, all that there is by then
                autosave_cell_every=0,
                start_timeout=_KERNEL_START,
            )
        replace(partial, notebook)
    except PapermillExecutionError as error:
        raise ReportError(
            Message(
                "The notebook failed in cell {cell}: {kind}: {reason}",
                cell=error.exec_count,
                kind=error.ename,
                reason=printable(error.evalue),
            ),
            Message(
                "It is kept as {partial}; open it in JupyterLab.", partial=printable(str(partial))
            ),
        ) from None
    except RuntimeError as error:  # of nbclient: the kernel died, or never answered
        raise ReportError(
            Message(
                "The notebook's kernel ended or did not start: {reason}",
                reason=printable(str(error)),
            ),
            Message("Give it memory or a less busy machine, and render again: the run is kept."),
        ) from None
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise cannot_write(notebook, error) from None


def export(notebook: Path) -> Path:
    """The page of an executed notebook, beside it as index.html."""
    exporter = _Exporter(
        template_name="rmbg_eval", extra_template_basedirs=[str(NBCONVERT_TEMPLATES)]
    )
    try:
        html, _ = exporter.from_filename(str(notebook))
    except OSError as error:
        raise cannot_read(notebook, error, Message("Check its permissions.")) from None
    page = notebook.parent / "index.html"
    write_atomic(page, html)
    return page


class _Exporter(HTMLExporter):
    """Without HTMLExporter's second reading of the whole page, for pictures without a description:
    ours have one, and it takes many times the page's size in memory."""

    def from_notebook_node(
        self, nb: nbformat.NotebookNode, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[str, dict[str, Any]]:
        about = self._init_resources(resources)
        chosen = WidgetsDataTypeFilter(
            notebook_metadata=self._nb_metadata, parent=self, resources=about
        )
        self.register_filter("filter_data_type", chosen)
        return TemplateExporter.from_notebook_node(self, nb, about, **options)


class ReportPage(Preprocessor):
    """Makes an executed notebook fit for our page; the template's conf.json calls for it.

    In the layout `single` the pictures beside the notebook are put into the page: those that it
    shows where they are shown, those that its script asks for once, at its end. In the layout
    `folder` style and script are put beside it. What is for the notebook only is left out.
    """

    def preprocess(self, nb: nbformat.NotebookNode, resources: dict[str, Any]) -> tuple[Any, Any]:
        folder = Path(resources.get("metadata", {}).get("path") or ".")
        page: dict[str, Any] = {"title": "rmbg_eval", "lang": "en", "layout": "single", "about": ""}
        cells = []
        for cell in nb.cells:
            if "notebook-only" in cell.metadata.get("tags", []):
                continue
            outputs = []
            for output in cell.get("outputs", []):
                if not _blank(output):
                    page |= output.get("metadata", {}).get("rmbg_eval", {})
                    if PAGE in output.get("data", {}):
                        output["data"]["text/html"] = output["data"].pop(PAGE)
                    outputs.append(output)
            if cell.cell_type == "code":
                cell.outputs = outputs
            cells.append(cell)
        nb.cells = cells
        single = page["layout"] == "single"
        page["files"] = ""
        if single:
            paths: dict[str, None] = {}
            for cell in cells:
                for output in cell.get("outputs", []):
                    if "text/html" in output.get("data", {}):
                        html = output["data"]["text/html"]
                        paths |= dict.fromkeys(_files(html))
                        output["data"]["text/html"] = _inline(html, folder)
            page["files"] = _store(paths, folder)
        else:
            write_assets(folder)
        layout = page["lang"], page["layout"]
        page["head"] = head(Message(page["title"]), *layout, about=page["about"])
        page["foot"] = foot(*layout)
        resources["rmbg_eval"] = page
        return nb, resources


def _blank(output: dict[str, Any]) -> bool:
    """Whether an output shows nothing, as a progress bar does when it is done."""
    return "data" in output and output["data"].get("text/html") == ""


def _inline(html: str, folder: Path) -> str:
    """`html` with the pictures that lie in `folder` put into it as data: addresses."""
    return _PICTURE.sub(lambda match: f"{match[1]}{_data(match[2], folder)}{match[3]}", html)


def _files(html: str) -> list[str]:
    """The paths that the page's script may ask for, as they are written in attributes."""
    return [path for tag in _TAG.findall(html) for path in _FILE.findall(tag)]


def _store(paths: Iterable[str], folder: Path) -> str:
    """A template with a picture for each of the paths; a browser loads nothing of it by itself."""
    pictures = "\n".join(
        f'<img alt="" data-file="{path}" src="{_data(path, folder)}">' for path in paths
    )
    return f'<template id="files">\n{pictures}\n</template>' if pictures else ""


def _data(address: str, folder: Path) -> str:
    """The picture in `folder` that an attribute leads to, as a data: address."""
    path = (folder / unquote(unescape(address))).resolve()
    kind = mimetypes.guess_type(path.name)[0] or "image/webp"
    try:
        if not path.is_relative_to(folder.resolve()):
            raise ImageError(Message("it lies elsewhere"), Message("Keep it in the run folder."))
        data = read_bytes(path)
    except ImageError as error:
        raise ReportError(
            Message(
                "The picture {name} is not beside the notebook: {problem}",
                name=printable(address),
                problem=error.problem,
            ),
            Message(
                "Save the executed notebook in its run folder: papermill … "
                "OUT/evaluate.ipynb -p out OUT."
            ),
        ) from None
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
