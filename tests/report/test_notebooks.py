"""The notebook and its export: bare papermill, bare nbconvert, and our own command's functions."""

from __future__ import annotations

import ast
import base64
import errno
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from notebook_cells import NOTEBOOKS, parameter_cell

from rmbg_eval import Run, Settings, evaluate
from rmbg_eval.core.paths import resource
from rmbg_eval.errors import OutputError, ReportError, SettingsError
from rmbg_eval.report import NBCONVERT_TEMPLATES, PAGE, Report
from rmbg_eval.report.notebooks import export, render
from rmbg_eval.run.folder import locked

NOTEBOOK = resource("notebooks", "evaluate.ipynb")
BIN = Path(sys.executable).parent


def bare_papermill(out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [BIN / "papermill", NOTEBOOK, out / "evaluate.ipynb", "-p", "out", out, *options]
    out.mkdir(parents=True, exist_ok=True)
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_parameters_are_the_settings_name_for_name(name: str) -> None:
    (cell,) = [
        cell
        for cell in nbformat.read(resource("notebooks", f"{name}.ipynb"), as_version=4).cells
        if "parameters" in cell.metadata.get("tags", [])
    ]
    assert cell.source == parameter_cell(NOTEBOOKS[name]), "make format writes it"
    given = {
        node.target.id: ast.literal_eval(node.value)
        for node in ast.parse(cell.source).body
        if isinstance(node, ast.AnnAssign)
    }
    assert given == NOTEBOOKS[name]().model_dump()
    # papermill drops a parameter line that has a second "=", even in its comment.
    assert all(line.count("=") == 1 for line in cell.source.splitlines())


@pytest.mark.parametrize("name", ["evaluate", "compare", "explore"])
def test_notebook_holds_no_logic(name: str) -> None:
    for cell in nbformat.read(resource("notebooks", f"{name}.ipynb"), as_version=4).cells:
        if cell.cell_type == "code":
            allowed = ast.Assign, ast.AnnAssign, ast.ImportFrom, ast.Expr
            assert all(isinstance(node, allowed) for node in ast.parse(cell.source).body)
            assert cell.outputs == []


def test_bare_papermill_and_bare_nbconvert_make_the_page(case_set: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = bare_papermill(out, "-p", "cases", str(case_set), "-y", "{models: [grabcut]}")
    assert done.returncode == 0, done.stderr
    assert all((out / name).is_file() for name in ("junit.xml", "summary.md"))
    assert json.loads((out / "run.json").read_text())["complete"]
    converted = subprocess.run(
        [
            BIN / "jupyter",
            "nbconvert",
            "--to=html",
            "--template=rmbg_eval",
            f"--TemplateExporter.extra_template_basedirs={NBCONVERT_TEMPLATES}",
            out / "evaluate.ipynb",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert converted.returncode == 0, converted.stderr
    html = (out / "evaluate.html").read_text("utf-8")
    assert html.count("data:image/webp;base64,") >= 3
    assert "http:" not in html.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
    assert "https:" not in html


def test_unknown_names_and_wrong_types_fail_in_the_first_cell(tmp_path: Path) -> None:
    wrong = {
        "modle isnet": "unknown name 'modle' (allowed: cases, models, categories",
        "precision_cases many": "precision_cases: input should be a valid integer",
        "models isnet": "models: input should be a valid list, received 'isnet'",
        "lang fr": "lang: input should be 'en' or 'zh', received 'fr'",
    }
    options = [word for given in wrong for word in f"-p {given}".split()]
    done = bare_papermill(tmp_path / "out", *options)
    assert done.returncode == 1
    assert [message for message in wrong.values() if message not in done.stderr] == []
    assert not (tmp_path / "out" / "run.json").exists()


@pytest.fixture
def finished(case_set: Path, tmp_path: Path) -> Settings:
    settings = Settings(cases=str(case_set), models=["grabcut"], out=str(tmp_path / "out"))
    evaluate(settings)
    return settings


def evaluating(notebook: Path) -> str:
    cells = nbformat.read(notebook, 4).cells
    (cell,) = [cell for cell in cells if "evaluate" in cell.metadata.get("tags", [])]
    return cell.source


def test_executed_notebook_is_of_the_run_in_the_folder_stays_small_and_keeps_no_progress(
    finished: Settings,
) -> None:
    """The cell that evaluates, in the notebook as it is, is the one that loads the run."""
    before = (finished.out_folder / "run.json").read_bytes()
    page = render(finished)
    assert page == finished.out_folder / "index.html"
    assert (finished.out_folder / "run.json").read_bytes() == before
    notebook = finished.out_folder / "evaluate.ipynb"
    assert evaluating(NOTEBOOK) == "run = evaluate(settings, notebook_progress(), build_files)"
    assert "Run.load(settings.out_folder)" in evaluating(notebook)
    assert not [each for each in (notebook, page) if "<progress" in each.read_text("utf-8")]
    outputs = [o for c in nbformat.read(notebook, 4).cells for o in c.get("outputs", [])]
    kept = [output["data"] for output in outputs if PAGE in output.get("data", {})]
    assert not any("base64," in each[PAGE] for each in kept), "the page's pictures are files"
    assert sum(each["text/html"].count("base64,") for each in kept) >= 3
    assert notebook.stat().st_size < 250_000
    assert not list(finished.out_folder.glob(".evaluate*"))


def tour(run_folder: str) -> InteractiveShell:
    """The cells of notebooks/analyse.ipynb, run one after the other."""
    shell = InteractiveShell()
    for cell in nbformat.read(resource("notebooks", "analyse.ipynb"), as_version=4).cells:
        if "parameters" in cell.metadata.get("tags", []):
            shell.push({"run_folder": run_folder})
        elif cell.cell_type == "code":
            done = shell.run_cell(cell.source, silent=True)
            done.raise_error()
            shell.display_formatter.format(done.result)
    return shell


@pytest.mark.filterwarnings("error:No artists with labels")
def test_the_tour_of_a_run_without_a_truth_runs(case_set: Path, tmp_path: Path) -> None:
    settings = Settings(cases=str(case_set), categories=["pet"], out=str(tmp_path / "unscored"))
    evaluate(settings, models={"red": lambda rgb: rgb[..., 0] / 255})
    assert tour(settings.out).user_ns["worst"].columns.tolist()[3] == "risk"


@pytest.mark.filterwarnings("error:No artists with labels")
def test_the_tour_of_a_run_in_which_all_failed_runs(case_set: Path, tmp_path: Path) -> None:
    settings = Settings(cases=str(case_set), categories=["pet"], out=str(tmp_path / "failed"))
    evaluate(settings, models={"none": lambda rgb: None})
    assert tour(settings.out).user_ns["worst"].empty


def test_the_tour_of_a_run_runs(finished: Settings) -> None:
    shell = tour(finished.out)
    report = shell.user_ns["report"]
    assert report.case("portrait/ada").plain.count("data:image/webp") == 3
    assert PAGE not in report.case("portrait/ada")._repr_mimebundle_()[0], "the page has no such"
    assert repr(report.compare("portrait/ada", [])) == "portrait/ada"
    assert repr(report.compare("portrait/ada", "grabcut")).count("grabcut") == 1
    with pytest.raises(SettingsError, match="no case 'portrait/eda' .*: portrait/ada"):
        report.case("portrait/eda")
    with pytest.raises(SettingsError, match="no model 'b' .*: grabcut"):
        report.compare("portrait/ada", ["b"])


def test_a_run_that_is_only_looked_at_is_left_as_it_is(finished: Settings) -> None:
    before = {path for path in finished.out_folder.rglob("*")}
    assert Report(Run.load(finished.out_folder)).case("portrait/ada").plain
    assert {path for path in finished.out_folder.rglob("*")} == before


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import os; os._exit(1)", "kernel ended or did not start: Kernel died"),
    ],
)
def test_a_failing_cell_is_an_error_that_names_it(
    source: str, message: str, finished: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = nbformat.read(NOTEBOOK, as_version=4)
    broken.cells[2].source = source
    nbformat.write(broken, tmp_path / "broken.ipynb")
    monkeypatch.setattr("rmbg_eval.report.notebooks.resource", lambda *_: tmp_path / "broken.ipynb")
    page = finished.out_folder / "index.html"
    with pytest.raises(ReportError, match=message):
        render(finished)
    assert not page.exists()


def executed(folder: Path, html: str, layout: str = "single") -> Path:
    """An executed notebook with one output of ours."""
    folder.mkdir(exist_ok=True)
    output = nbformat.v4.new_output(
        "display_data", {"text/html": html}, metadata={"rmbg_eval": {"layout": layout}}
    )
    cell = nbformat.v4.new_code_cell("", outputs=[output])
    path = folder / "evaluate.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    return path


@pytest.mark.parametrize("where", ['<img alt="" src="{}">', '<p class="x" data-full="{}"></p>',
    '<figure data-alpha="{}"></figure>', '<figure data-edge="{}"></figure>'])  # fmt: skip
@pytest.mark.parametrize(
    "address",
    [
        "assets/../../secret.png",
        "assets/%2e%2e/%2e%2e/secret.png",
        "assets/&#46;&#46;/&#46;./secret.png",
        "assets/none.png",
    ],
)
def test_only_pictures_of_the_run_folder_are_put_into_the_page(
    tmp_path: Path, address: str, where: str
) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    (tmp_path / "out" / "assets").mkdir(parents=True)
    notebook = executed(tmp_path / "out", where.format(address))
    with pytest.raises(ReportError, match="is not beside the notebook"):
        export(notebook)


def test_what_the_script_asks_for_is_in_the_page_once(tmp_path: Path) -> None:
    names = ["a b&c.webp", "c.webp"]
    (tmp_path / "assets").mkdir()
    for name in names:
        (tmp_path / "assets" / name).write_bytes(f"picture {name}".encode())
    html = (
        '<figure data-full="assets/a%20b%26c.webp" data-alpha="assets/c.webp"></figure>'
        '<figure data-full="assets/a%20b%26c.webp"></figure>'
        '<p title="data-full=&#34;assets/none.webp&#34;">data-full="assets/none.webp"</p>'
    )
    page = export(executed(tmp_path, html)).read_text("utf-8")
    store = page[page.index('<template id="files">') : page.index("</template>")]
    for name in names:
        assert page.count(base64.b64encode(f"picture {name}".encode()).decode()) == 1
    assert re.findall(r'data-file="(.*?)"', store) == ["assets/a%20b%26c.webp", "assets/c.webp"]
    assert 'id="files"' not in export(executed(tmp_path, html, "folder")).read_text("utf-8")


def test_what_a_person_adds_to_the_notebook_is_in_the_page(tmp_path: Path) -> None:
    nb = nbformat.v4.new_notebook()
    nb.cells = [
        nbformat.v4.new_markdown_cell("A *note* of mine"),
        nbformat.v4.new_code_cell(
            "", outputs=[nbformat.v4.new_output("stream", name="stdout", text="a < b")]
        ),
    ]
    nbformat.write(nb, tmp_path / "evaluate.ipynb")
    html = export(tmp_path / "evaluate.ipynb").read_text("utf-8")
    assert "<em>note</em>" in html
    assert "a &lt; b" in html


def test_folder_layout_keeps_pictures_and_style_beside_the_page(tmp_path: Path) -> None:
    notebook = executed(tmp_path, '<img alt="" src="assets/none.png">', layout="folder")
    html = export(notebook).read_text("utf-8")
    assert 'src="assets/none.png"' in html
    assert '<link rel="stylesheet" href="report.css">' in html
    assert "<style" not in html


def test_the_page_of_an_interrupted_run_says_so_and_evaluates_nothing(
    case_set: Path, tmp_path: Path
) -> None:
    settings = Settings(cases=str(case_set), models=["grabcut"], out=str(tmp_path / "out"))
    run = evaluate(settings)
    partial = run.model_copy(update={"complete": False, "predictions": run.predictions[:1]})
    (settings.out_folder / "run.json").write_text(partial.model_dump_json())
    page = render(settings).read_text("utf-8")
    assert "This run was interrupted: the report is partial." in page
    assert not Run.load(settings.out_folder).complete


def test_a_full_disk_leaves_no_part_of_a_notebook(
    finished: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object, partial: Path, **__: object) -> None:
        partial.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("papermill.execute_notebook", full)
    with pytest.raises(OutputError, match=r"The disk is full: .*evaluate\.ipynb"):
        render(finished)
    assert not [*finished.out_folder.glob(".*.ipynb")]


def test_a_notebook_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"evaluate\.ipynb cannot be read: "):
        export(tmp_path / "evaluate.ipynb")


def test_no_page_is_made_while_another_command_writes_to_its_run(finished: Settings) -> None:
    with (
        locked(finished.out_folder),
        pytest.raises(OutputError, match="Another command is writing to"),
    ):
        render(finished)


def test_no_page_of_another_run_lies_beside_a_run(
    finished: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted when the run is complete, before its page is: the page before has gone."""
    out = finished.out_folder
    page = render(finished).read_text("utf-8")
    (out / "pages").mkdir()
    for name in ("case", "mine"):
        (out / "pages" / f"{name}.html").write_text(page if name == "case" else "mine")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rmbg_eval.run.evaluate.draw", interrupt)
    with pytest.raises(KeyboardInterrupt):
        evaluate(finished)
    assert Run.load(out).complete
    assert not (out / "index.html").exists()
    assert [path.name for path in (out / "pages").iterdir()] == ["mine.html"]


def test_a_run_folder_that_was_moved_renders_whole_without_its_case_set(
    finished: Settings, case_set: Path
) -> None:
    before = render(finished).read_text("utf-8")
    shutil.rmtree(case_set)
    moved = finished.out_folder.rename(finished.out_folder.with_name("moved"))
    after = render(Run.load(moved).settings)
    assert after == moved / "index.html"
    pictures = re.compile(r'src="(data:[^"]+)"')
    assert pictures.findall(after.read_text("utf-8")) == pictures.findall(before) != []
