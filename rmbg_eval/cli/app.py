"""The command `rmbg-eval`: thin, every line of work is a function that Python can call too.

Exit status: 0 fine; 1 a gate or a required observation point failed; 2 bad usage or input.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from ..core.files import user_path
from ..core.progress import Step
from ..errors import RmbgEvalError, SettingsError, printable
from ..run.record import Run
from ..settings import Settings
from .cases import cases_app
from .gate import approve, compare
from .options import (
    DEFAULT,
    BatchesOption,
    CasesOption,
    CategoryOption,
    CompileOption,
    DecontaminatedOption,
    DeviceOption,
    DevicesOption,
    DtypeName,
    DtypeOption,
    DtypesOption,
    FailOnName,
    FailOnOption,
    FlipOption,
    ForegroundName,
    ForegroundOption,
    LanguageName,
    LanguageOption,
    LayoutName,
    LayoutOption,
    ModelOption,
    OutOption,
    PrecisionOption,
    QuietOption,
)
from .serve import serve
from .terminal import complain, err, out, progress, show_run

app = typer.Typer(
    name="rmbg-eval",
    help="Which background remover is good enough on your own pictures, and where does it fail?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(cases_app, name="cases")
app.command()(compare)
app.command()(approve)


@app.command()
def report(
    model: ModelOption = DEFAULT["models"],
    cases: CasesOption = "",
    category: CategoryOption = DEFAULT["categories"],
    out_folder: OutOption = DEFAULT["out"],
    device: DeviceOption = DEFAULT["device"],
    dtype: DtypeOption = DtypeName.auto,
    compile_: CompileOption = False,
    foreground: ForegroundOption = ForegroundName.raw,
    precision_cases: PrecisionOption = DEFAULT["precision_cases"],
    flip: FlipOption = False,
    decontaminated: DecontaminatedOption = False,
    lang: LanguageOption = LanguageName.en,
    layout: LayoutOption = LayoutName.single,
    fail_on: FailOnOption = FailOnName.required,
    quiet: QuietOption = False,
) -> None:
    """Remove the backgrounds, measure, and make the report: OUT/index.html."""
    settings = Settings.of(
        {
            "models": model,
            "cases": cases,
            "categories": category,
            "out": out_folder,
            "device": device,
            "dtype": dtype.value,
            "compile": compile_,
            "foreground": foreground.value,
            "precision_cases": precision_cases,
            "flip": flip,
            "decontaminated": decontaminated,
            "lang": lang.value,
            "layout": layout.value,
            "fail_on": fail_on.value,
        }
    )
    try:
        run_ = _run(settings)
    except KeyboardInterrupt:
        _partial_page(settings)
        raise
    from ..report.notebooks import LARGE_PAGE, render  # papermill and nbconvert take a second

    with progress() as on_step:
        from ..report import Report

        Report(run_, on_step)
        on_step(Step("report · notebook and page"))
        page = render(settings)
    size = page.stat().st_size
    if size > LARGE_PAGE:
        err.print(
            f"The page has {size / 1e6:.0f} MB and will be slow to open. "
            "Use --layout folder, which keeps the pictures beside it."
        )
    show_run(run_, page, quiet)


@app.command()
def run(
    model: ModelOption = DEFAULT["models"],
    cases: CasesOption = "",
    category: CategoryOption = DEFAULT["categories"],
    out_folder: OutOption = DEFAULT["out"],
    device: DeviceOption = DEFAULT["device"],
    dtype: DtypeOption = DtypeName.auto,
    compile_: CompileOption = False,
    foreground: ForegroundOption = ForegroundName.raw,
    precision_cases: PrecisionOption = DEFAULT["precision_cases"],
    flip: FlipOption = False,
    decontaminated: DecontaminatedOption = False,
    fail_on: FailOnOption = FailOnName.required,
    quiet: QuietOption = False,
) -> None:
    """Remove the backgrounds and measure, without the report: OUT/run.json and the cut-outs."""
    settings = Settings.of(
        {
            "models": model,
            "cases": cases,
            "categories": category,
            "out": out_folder,
            "device": device,
            "dtype": dtype.value,
            "compile": compile_,
            "foreground": foreground.value,
            "precision_cases": precision_cases,
            "flip": flip,
            "decontaminated": decontaminated,
            "fail_on": fail_on.value,
        }
    )
    show_run(_run(settings), settings.out_folder / "run.json", quiet)


@app.command()
def cutout(
    images: Annotated[list[Path], typer.Argument(help="Pictures.", show_default=False)],
    out_folder: Annotated[Path, typer.Option("--out", help="Folder for the cut-outs.")],
    model: Annotated[str, typer.Option("--model", "-m", help="The model to use.")] = "isnet",
    device: DeviceOption = DEFAULT["device"],
    dtype: DtypeOption = DtypeName.auto,
    compile_: CompileOption = False,
    foreground: ForegroundOption = ForegroundName.raw,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files in OUT.")] = False,
) -> None:
    """Just the transparent PNGs of some pictures, at their full size."""
    from ..models import load_model
    from ..predict.cutouts import make_cutouts

    loaded = load_model(model, device, dtype.value, foreground.value, compile_)
    failed = 0
    with progress() as on_step:
        for image, result in make_cutouts(loaded, images, out_folder, overwrite, on_step):
            if isinstance(result, Path):
                out.print(printable(str(result)), markup=False, highlight=False, soft_wrap=True)
            else:
                failed += 1
                complain(f"{printable(str(image))}: {result}")
    for warning in loaded.warnings:
        complain(f"{loaded.info.name}: {warning}")
    if failed:
        raise typer.Exit(2)


_BENCH: dict[str, Any] = {
    "models": ["rmbg-2.0"],
    "devices": ["auto"],
    "dtypes": [DtypeName.auto],
    "batches": [1],
}


@app.command()
def bench(
    model: ModelOption = _BENCH["models"],
    device: DevicesOption = _BENCH["devices"],
    dtype: DtypesOption = _BENCH["dtypes"],
    batch: BatchesOption = _BENCH["batches"],
    compile_: Annotated[
        bool, typer.Option("--compile", help="Every combination compiled by torch as well.")
    ] = False,
    cases: CasesOption = "",
    rounds: Annotated[
        int, typer.Option("--rounds", metavar="N", help="Timed inferences of a combination.")
    ] = 20,
    seconds: Annotated[
        float,
        typer.Option("--seconds", metavar="S", help="Fewer rounds where they would take longer."),
    ] = 60,
    random_weights: Annotated[
        bool,
        typer.Option(
            "--random-weights", help="For RMBG-2.0 and BiRefNet: no licence, no download."
        ),
    ] = False,
    out_folder: OutOption = "reports/bench",
    lang: LanguageOption = LanguageName.en,
) -> None:
    """Latency, throughput and memory by model × device × dtype × batch; the article's claims."""
    from ..bench import bench as measure
    from ..bench.strings import text
    from ..bench.tables import tables

    with progress() as on_step:
        made = measure(
            model,
            device,
            [one.value for one in dtype],
            batch,
            compile_,
            cases,
            rounds,
            seconds,
            random_weights,
            user_path(out_folder, SettingsError),
            lang.value,
            on_step,
        )
    for table in tables(made, lang.value):
        out.print(table)
    if random_weights:
        out.print(text("random", lang.value))
    for name in ("bench.json", "bench.png"):
        path = user_path(out_folder, SettingsError) / name
        out.print(str(path.absolute()), markup=False, highlight=False, soft_wrap=True)
    if all(row.failure for row in made.rows):
        raise typer.Exit(2)


@app.command()
def models(
    fetch: Annotated[bool, typer.Option("--fetch", help="Fetch the IS-Net weights now.")] = False,
) -> None:
    """The models there are, their licences, and whether their weights are on this machine."""
    from ..models import TABLE
    from ..models.hub import Checkpoint
    from ..models.weights import Pinned
    from ..models.weights import fetch as fetch_weights

    if fetch:
        with progress() as on_step:
            for entry in TABLE:
                if isinstance(entry.weights, Pinned):
                    fetch_weights(entry.weights, lambda text: on_step(Step(text)))
    table = Table("model", "what it is", "licence", "weights")
    for entry in TABLE:
        weights = "none needed"
        if entry.weights:
            weights = "here" if entry.weights.there else "not here yet: fetched when first used"
            if isinstance(entry.weights, Checkpoint) and entry.weights.gated:
                weights += f"; accept the licence at huggingface.co/{entry.weights.repository}"
        table.add_row(entry.name, entry.title, entry.licence, weights)
    table.add_row("onnx:PATH?mean=…&std=…", "an ONNX graph of yours", "yours", "the file itself")
    table.add_row("folder:PATH", "cut-outs that another tool made", "yours", "none needed")
    out.print(table)


app.command()(serve)


def main() -> None:
    """Run the command line; errors are one message on stderr and exit status 2."""
    # Pillow warns of odd metadata; what matters is in the case's notes or its failure.
    warnings.filterwarnings("ignore", module="PIL")
    try:
        app()
    except RmbgEvalError as error:
        complain(f"{error.problem}.\n{error.remedy}")
        sys.exit(2)
    except SystemExit as end:
        if end.code == 130:  # typer's answer to Ctrl-C, which is silent
            complain("Interrupted. What was done is kept: the same command goes on from here.")
        raise


def _run(settings: Settings) -> Run:
    from ..run.evaluate import evaluate

    with progress() as on_step:
        return evaluate(settings, on_step)


def _partial_page(settings: Settings) -> None:
    """The page of what an interrupted run has done, if it has done anything."""
    if not (settings.out_folder / "run.json").exists():
        return
    run_ = Run.load(settings.out_folder)
    if run_.predictions and not run_.complete:
        from ..report.notebooks import render

        complain(f"The report is partial: {render(settings, evaluate=False)}")
