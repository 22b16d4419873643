"""The command `rmbg-eval`: thin, every line of work is a function that Python can call too.

Exit status: 0 fine; 1 a required observation point did not pass; 2 bad usage or input.
"""

from __future__ import annotations

import sys
import warnings
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from .case import CATEGORIES
from .cases import check_case, load_cases, new_case_set
from .errors import RmbgEvalError, printable
from .progress import Step
from .records import Run
from .settings import Settings
from .terminal import complain, err, out, progress, show_run

app = typer.Typer(
    name="rmbg-eval",
    help="Which background remover is good enough on your own pictures, and where does it fail?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
cases_app = typer.Typer(help="Check a folder of pictures, or make a new one.", no_args_is_help=True)
app.add_typer(cases_app, name="cases")


class DeviceName(StrEnum):
    """Values of --device."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"
    mps = "mps"


class DtypeName(StrEnum):
    """Values of --dtype."""

    auto = "auto"
    fp32 = "fp32"
    bf16 = "bf16"
    fp16 = "fp16"


class LanguageName(StrEnum):
    """Values of --lang."""

    en = "en"
    zh = "zh"


class LayoutName(StrEnum):
    """Values of --layout."""

    single = "single"
    folder = "folder"


_DEFAULT = Settings().model_dump()

ModelOption = Annotated[
    list[str],
    typer.Option(
        "--model",
        "-m",
        metavar="MODEL",
        help="A model to run; repeat for several. See: rmbg-eval models.",
    ),
]
CasesOption = Annotated[
    str,
    typer.Option(
        "--cases",
        metavar="DIR",
        help="Folder of pictures, sub-folders are categories. Default: the reference cases.",
    ),
]
CategoryOption = Annotated[
    list[str],
    typer.Option("--category", metavar="NAME", help="Only this category; repeat for several."),
]
OutOption = Annotated[str, typer.Option("--out", metavar="DIR", help="Folder for the results.")]
DeviceOption = Annotated[DeviceName, typer.Option("--device", help="What to compute on.")]
DtypeOption = Annotated[
    DtypeName,
    typer.Option("--dtype", help="Precision, where a model offers a choice. auto: fp32 on a CPU."),
]
PrecisionOption = Annotated[
    int,
    typer.Option(
        "--precision-cases", metavar="N", help="With bf16 or fp16: cases compared with fp32."
    ),
]
FlipOption = Annotated[
    bool, typer.Option("--flip", help="Also infer every picture mirrored, and compare.")
]
DecontaminatedOption = Annotated[
    bool,
    typer.Option(
        "--decontaminated",
        help="Also measure colours with the old background's taken out; needs pymatting.",
    ),
]
LanguageOption = Annotated[LanguageName, typer.Option("--lang", help="Language of the report.")]
LayoutOption = Annotated[
    LayoutName,
    typer.Option(
        "--layout",
        help="single: one HTML file with everything in it. folder: full-size pictures beside it.",
    ),
]


@app.command()
def report(
    model: ModelOption = _DEFAULT["models"],
    cases: CasesOption = "",
    category: CategoryOption = _DEFAULT["categories"],
    out_folder: OutOption = _DEFAULT["out"],
    device: DeviceOption = DeviceName.auto,
    dtype: DtypeOption = DtypeName.auto,
    precision_cases: PrecisionOption = _DEFAULT["precision_cases"],
    flip: FlipOption = False,
    decontaminated: DecontaminatedOption = False,
    lang: LanguageOption = LanguageName.en,
    layout: LayoutOption = LayoutName.single,
) -> None:
    """Remove the backgrounds, measure, and make the report: OUT/index.html."""
    settings = Settings.of(
        {
            "models": model,
            "cases": cases,
            "categories": category,
            "out": out_folder,
            "device": device.value,
            "dtype": dtype.value,
            "precision_cases": precision_cases,
            "flip": flip,
            "decontaminated": decontaminated,
            "lang": lang.value,
            "layout": layout.value,
        }
    )
    run_ = _run(settings)
    from .notebooks import LARGE_PAGE, render  # papermill and nbconvert take a second

    with progress() as on_step:
        from .report import Report

        Report(run_, on_step)
        on_step(Step("report · notebook and page"))
        page = render(settings)
    size = page.stat().st_size
    if size > LARGE_PAGE:
        err.print(
            f"The page has {size / 1e6:.0f} MB and will be slow to open. "
            "Use --layout folder, which keeps the pictures beside it."
        )
    show_run(run_, page)


@app.command()
def run(
    model: ModelOption = _DEFAULT["models"],
    cases: CasesOption = "",
    category: CategoryOption = _DEFAULT["categories"],
    out_folder: OutOption = _DEFAULT["out"],
    device: DeviceOption = DeviceName.auto,
    dtype: DtypeOption = DtypeName.auto,
    precision_cases: PrecisionOption = _DEFAULT["precision_cases"],
    flip: FlipOption = False,
    decontaminated: DecontaminatedOption = False,
) -> None:
    """Remove the backgrounds and measure, without the report: OUT/run.json and the cut-outs."""
    settings = Settings.of(
        {
            "models": model,
            "cases": cases,
            "categories": category,
            "out": out_folder,
            "device": device.value,
            "dtype": dtype.value,
            "precision_cases": precision_cases,
            "flip": flip,
            "decontaminated": decontaminated,
        }
    )
    show_run(_run(settings), settings.out_folder / "run.json")


@app.command()
def cutout(
    images: Annotated[list[Path], typer.Argument(help="Pictures.", show_default=False)],
    out_folder: Annotated[Path, typer.Option("--out", help="Folder for the cut-outs.")],
    model: Annotated[str, typer.Option("--model", "-m", help="The model to use.")] = "isnet",
    device: DeviceOption = DeviceName.auto,
    dtype: DtypeOption = DtypeName.auto,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files in OUT.")] = False,
) -> None:
    """Just the transparent PNGs of some pictures, at their full size."""
    from .cutouts import make_cutouts
    from .models import load_model

    loaded = load_model(model, device.value, dtype.value)
    failed = 0
    with progress() as on_step:
        for image, result in make_cutouts(loaded, images, out_folder, overwrite, on_step):
            if isinstance(result, Path):
                out.print(printable(str(result)), markup=False, highlight=False, soft_wrap=True)
            else:
                failed += 1
                complain(f"{printable(str(image))}: {result}")
    if failed:
        raise typer.Exit(2)


@app.command()
def models(
    fetch: Annotated[bool, typer.Option("--fetch", help="Fetch the IS-Net weights now.")] = False,
) -> None:
    """The models there are, their licences, and whether their weights are on this machine."""
    from .models import TABLE
    from .models.hub import Checkpoint
    from .models.weights import Pinned
    from .models.weights import fetch as fetch_weights

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


@cases_app.command("check")
def cases_check(
    folder: Annotated[Path, typer.Argument(help="Folder of pictures.", show_default=False)],
) -> None:
    """Read every picture and its truth, and say what a run would meet."""
    found = load_cases(folder)
    table = Table("case", "pixels", "truth", "points", "licence", "")
    broken = 0
    with progress() as on_step:
        for done, case in enumerate(found.cases, 1):
            try:
                size, truth = check_case(case)
                table.add_row(
                    escape(case.name),
                    f"{size[0]}×{size[1]}",
                    "none" if truth is None else "yes",
                    str(len(case.about.points)),
                    escape(printable(case.about.licence or "not stated")),
                    "ok",
                )
            except RmbgEvalError as error:
                broken += 1
                table.add_row(escape(case.name), "", "", "", "", escape(str(error)))
            on_step(Step("checking", done, len(found.cases)))
    out.print(table)
    for line in found.skipped:
        out.print(f"skipped: {line}", markup=False, highlight=False)
    empty = [name for name in CATEGORIES if name not in found.categories]
    if empty:
        out.print(f"empty: {', '.join(empty)}")
    if broken:
        complain(f"{broken} of {len(found.cases)} cases cannot be used")
        raise typer.Exit(2)


@cases_app.command("new")
def cases_new(
    folder: Annotated[Path, typer.Argument(help="Folder to make.", show_default=False)],
) -> None:
    """Make a folder with the six categories, an example and a README."""
    new_case_set(folder)
    out.print(f"Made {printable(str(folder))}. Put pictures into its folders, then run:")
    out.print(f"  rmbg-eval report --cases {printable(str(folder))}", markup=False)


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
    from .run import evaluate

    with progress() as on_step:
        return evaluate(settings, on_step)
