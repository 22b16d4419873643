"""The command line's options: what several commands take is written once."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from ..settings import Settings


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


class ForegroundName(StrEnum):
    """Values of --foreground."""

    raw = "raw"
    blur_fusion = "blur-fusion"
    pymatting = "pymatting"


class FailOnName(StrEnum):
    """Values of --fail-on of `report` and `run`."""

    required = "required"
    error = "error"
    point = "point"


class CompareFailOnName(StrEnum):
    """Values of --fail-on of `compare`."""

    worse = "worse"
    point = "point"
    error = "error"


DEFAULT = Settings().model_dump()

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
DeviceOption = Annotated[
    str,
    typer.Option(
        "--device",
        metavar="DEVICE",
        help="auto, cpu, cuda, cuda:1 or mps; several of one kind share the cases: cuda:0,cuda:1.",
    ),
]
DtypeOption = Annotated[
    DtypeName,
    typer.Option("--dtype", help="Precision, where a model offers a choice. auto: fp32 on a CPU."),
]
CompileOption = Annotated[
    bool, typer.Option("--compile", help="Let torch compile its models: minutes, once a run.")
]
ForegroundOption = Annotated[
    ForegroundName,
    typer.Option(
        "--foreground",
        help="Colours under a soft alpha: raw leaves them; the others estimate the foreground's.",
    ),
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
FailOnOption = Annotated[
    FailOnName,
    typer.Option(
        "--fail-on",
        help="Exit 1: where a required point did not pass; or also where a prediction failed; "
        "or also where any point did not pass.",
    ),
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print only what is wrong, to stderr.")
]
LanguageOption = Annotated[LanguageName, typer.Option("--lang", help="Language of the report.")]
LayoutOption = Annotated[
    LayoutName,
    typer.Option(
        "--layout",
        help="single: one HTML file with everything in it. folder: full-size pictures beside it.",
    ),
]
DevicesOption = Annotated[
    list[str], typer.Option("--device", metavar="DEVICE", help="Repeat for several.")
]
DtypesOption = Annotated[list[DtypeName], typer.Option("--dtype", help="Repeat for several.")]
BatchesOption = Annotated[
    list[int], typer.Option("--batch", metavar="N", help="Pictures at once; repeat for several.")
]
HostOption = Annotated[
    str,
    typer.Option(
        "--host", metavar="ADDRESS", help="Any but a loopback address gets a token, and says so."
    ),
]
PortOption = Annotated[int, typer.Option("--port", metavar="N", min=1, max=65535)]
TokenOption = Annotated[
    str | None,
    typer.Option(
        "--token", metavar="TEXT", help="What a visitor must know. Default off loopback: made up."
    ),
]
AddToOption = Annotated[
    str,
    typer.Option(
        "--add-to", metavar="DIR", help="Let visitors add pictures to this folder of cases."
    ),
]
