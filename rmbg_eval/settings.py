"""Every parameter once: of a run, how it is worked on, a comparison and a benchmark.

The command line is built from these; the notebooks' parameters are these, name for name.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from annotated_types import Ge, Gt, Le, MinLen
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    FiniteFloat,
    ValidationError,
    field_validator,
)
from pydantic.fields import FieldInfo

from .core.choices import Device, Dtype, Foreground, Language
from .core.files import user_path
from .core.paths import resource
from .core.remote import is_url
from .errors import SettingsError, explain, printable
from .i18n import Message, languages

Layout = Literal["single", "folder"]
FailOn = Literal["required", "error", "point"]
CompareFailOn = Literal["worse", "point", "error"]

TIME_LIMIT = 900.0
"""Seconds without a picture done, after which a process is ended; loading the model is in them."""


@dataclass(frozen=True)
class Parameter:
    """What a person is told of a parameter, and how the command line takes it."""

    help: str
    """For the command line and the notebook; names every allowed value."""
    metavar: str | None = None
    """What stands for its value; None: the allowed values, or its type."""
    flags: str = ""
    """Of the command line, separated by spaces; empty: `--name`."""
    positional: bool = False
    """Whether the command line takes it, and needs it, without a flag."""


def parameter_of(field: FieldInfo) -> Parameter:
    """What a person is told of that parameter."""
    (found,) = (one for one in field.metadata if isinstance(one, Parameter))
    return found


class Parameters(BaseModel):
    """Parameters, checked: SettingsError says what is wrong, and what is right."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    def __init__(self, **values: Any) -> None:
        """SettingsError for an unknown name, and for what is not allowed."""
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingsError(
                Message(
                    "The parameters are not usable: {what}",
                    what=explain(error, list(type(self).model_fields)),
                ),
                Message("Correct them."),
            ) from None

    # Those that are part of a record are made without it: where they are, pydantic tells.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def __pydantic_init_subclass__(cls, **about: Any) -> None:
        """`help()` shows names, types and defaults, and what each is."""
        parameter = partial(inspect.Parameter, kind=inspect.Parameter.KEYWORD_ONLY)
        cls.__signature__ = inspect.Signature(
            [
                parameter(name, default=field.default, annotation=field.annotation)
                for name, field in cls.model_fields.items()
            ]
        )
        told = [f"* {name}: {parameter_of(field).help}" for name, field in cls.model_fields.items()]
        cls.__doc__ = "\n".join([f"{inspect.getdoc(cls)}\n", *told])

    @classmethod
    def from_notebook(cls, names: Mapping[str, Any]) -> Self:
        """Parameters from a notebook's `globals()`.

        papermill only warns of a parameter it does not know, and defines it
        all the same: so every plain value that is defined counts as given.
        """
        plain = (str, int, float, bool, list, dict, tuple, set, type(None))
        given = {
            name: value
            for name, value in names.items()
            if (isinstance(value, plain) or name in cls.model_fields)
            and not name.startswith("_")
            and name not in ("In", "Out")
        }
        try:
            return cls(**given)
        except SettingsError as error:
            raise SettingsError(
                error.problem,
                Message(
                    "Correct them. With papermill, give lists and numbers as YAML: -y {example}.",
                    example="'{models: [isnet], precision_cases: 1}'",
                ),
            ) from None


if TYPE_CHECKING:

    class _Path:
        """A text, for which a Path may be given, too."""

        def __get__(self, settings: object, kind: type) -> str: ...

        def __set__(self, settings: object, path: str | os.PathLike[str]) -> None: ...

else:
    _Path = Annotated[
        str,
        BeforeValidator(lambda path: os.fspath(path) if isinstance(path, os.PathLike) else path),
    ]


def _path(default: str) -> Any:
    """The default of a `_Path`, which is none to who checks types."""
    return default


_Cases = Annotated[
    _Path,
    Parameter("Folder of pictures, its URL, or a table of them. Empty: reference cases.", "DIR"),
]
_Models = Annotated[
    list[str],
    Parameter("Models to run; see: rmbg-eval models.", "MODEL", "--model -m"),
    MinLen(1),
]
_Out = Annotated[_Path, Parameter("Folder for the results.", "DIR"), MinLen(1)]
_Lang = Annotated[Language, Parameter(f"Language of the report: {' or '.join(languages())}.")]
_Layout = Annotated[
    Layout,
    Parameter("single: one HTML file. folder: full-size pictures beside it."),
]


def _cases_folder(cases: str) -> Path:
    if is_url(cases):
        raise SettingsError(
            Message("{url} is no folder on this machine", url=printable(cases)),
            Message("Here only a folder can be used: copy the pictures into one."),
        )
    return user_path(cases, SettingsError) if cases else resource("cases")


def _cases_source(cases: str) -> Path | str:
    return cases if is_url(cases) else _cases_folder(cases)


class Settings(Parameters):
    """Everything a run can be told. Unknown names and wrong types are errors.

    >>> from rmbg_eval import Settings
    >>> Settings(models=["isnet"], categories=["pet"]).lang
    'en'
    """

    cases: _Cases = _path("")
    models: _Models = ["isnet", "isnet-matting", "u2netp"]
    categories: Annotated[
        list[str], Parameter("Only these categories; empty: all.", "NAME", "--category")
    ] = []
    layout_of: Annotated[
        str,
        Parameter("Published data set that the folder is, as dis5k; empty: found out.", "NAME"),
    ] = ""
    out: _Out = _path("reports/latest")
    device: Annotated[
        Device,
        Parameter(
            "auto, cpu, cuda, cuda:1 or mps; several of one kind: cuda:0,cuda:1.",
            "DEVICE",
        ),
    ] = "auto"
    dtype: Annotated[
        Dtype, Parameter("auto (fp32 on a CPU), fp32, bf16 or fp16, where a model offers a choice.")
    ] = "auto"
    compile: Annotated[bool, Parameter("Let torch compile its models: minutes, once a run.")] = (
        False
    )
    foreground: Annotated[
        Foreground,
        Parameter("Colours under a soft alpha: raw, or as blur-fusion or pymatting estimate."),
    ] = "raw"
    precision_cases: Annotated[
        int, Parameter("With bf16 or fp16: reference pictures compared with fp32.", "N"), Ge(0)
    ] = 3
    flip: Annotated[bool, Parameter("Also infer every picture mirrored, and compare.")] = False
    stability: Annotated[
        int,
        Parameter(
            "Infer each picture N times more, changed a little: how steady is it? 0 to 4.", "N"
        ),
        Ge(0),
        Le(4),
    ] = 0
    decontaminated: Annotated[
        bool,
        Parameter("Also measure colours cleaned of the old background; needs pymatting."),
    ] = False
    papers: Annotated[
        bool,
        Parameter("Also measure what else papers print: F, E, mBA, HCE, masked Grad and Conn."),
    ] = False
    rules: Annotated[
        _Path,
        Parameter("What finished pictures must keep to: amazon, google, or a TOML file.", "RULES"),
    ] = _path("")
    fail_on: Annotated[
        FailOn,
        Parameter("What stops a build: required points; error: failures too; point: any."),
    ] = "required"
    lang: _Lang = "en"
    layout: _Layout = "single"

    @field_validator("models")
    @classmethod
    def _each_once(cls, models: list[str]) -> list[str]:
        if len(set(models)) < len(models):
            raise ValueError(Message("a model is named twice"))
        return models

    @property
    def cases_folder(self) -> Path:
        return _cases_folder(self.cases)

    @property
    def cases_source(self) -> Path | str:
        """The folder of cases, or its URL."""
        return _cases_source(self.cases)

    @property
    def out_folder(self) -> Path:
        return user_path(self.out, SettingsError)


class WorkSettings(Parameters):
    """How a run is worked on, which changes nothing of what comes out.

    >>> from rmbg_eval.settings import WorkSettings
    >>> WorkSettings(isolate=True).time_limit
    900.0
    """

    isolate: Annotated[
        bool,
        Parameter("Each model in a process of its own; a picture that kills it is a failed case."),
    ] = False
    time_limit: Annotated[
        float,
        Parameter(
            "With --isolate or Ray: seconds without a picture done that end its process.", "S"
        ),
        Ge(0.1),
    ] = TIME_LIMIT
    engine: Annotated[
        Literal["local", "ray"],
        Parameter("local, or ray: many workers, on one machine or a cluster."),
    ] = "local"
    address: Annotated[
        str, Parameter("A Ray cluster's, as ray://HOST:10001; empty: this machine.", "ADDRESS")
    ] = ""
    worker_cores: Annotated[int, Parameter("Cores of a worker of Ray; 0: as fits.", "N"), Ge(0)] = 0


class CompareSettings(Parameters):
    """Everything a comparison can be told.

    >>> from rmbg_eval import CompareSettings
    >>> CompareSettings(new="reports/mine").fail_on
    'worse'
    """

    base: Annotated[
        _Path, Parameter("A run's folder, or a baseline.", "BASE", positional=True), MinLen(1)
    ] = _path("baseline")
    new: Annotated[_Path, Parameter("A run's folder.", "NEW", positional=True), MinLen(1)] = _path(
        "reports/latest"
    )
    tolerances: Annotated[
        _Path, Parameter("A TOML file: how far what may move; empty: the defaults.", "FILE")
    ] = _path("")
    out: _Out = _path("reports/compare")
    fail_on: Annotated[
        CompareFailOn,
        Parameter("What stops a build: worse, which includes point, which includes error."),
    ] = "worse"
    lang: _Lang = "en"
    layout: _Layout = "single"

    @property
    def base_folder(self) -> Path:
        return user_path(self.base, SettingsError)

    @property
    def new_folder(self) -> Path:
        return user_path(self.new, SettingsError)

    @property
    def tolerances_file(self) -> Path | None:
        return user_path(self.tolerances, SettingsError) if self.tolerances else None

    @property
    def out_folder(self) -> Path:
        return user_path(self.out, SettingsError)


class BenchSettings(Parameters):
    """Everything a benchmark can be told: every combination of the lists is measured."""

    models: _Models = ["rmbg-2.0"]
    devices: Annotated[
        list[Device], Parameter("Devices, as for a run.", "DEVICE", "--device"), MinLen(1)
    ] = ["auto"]
    dtypes: Annotated[
        list[Dtype],
        Parameter("auto, fp32, bf16 or fp16.", "DTYPE", "--dtype"),
        MinLen(1),
    ] = ["auto"]
    batches: Annotated[
        list[Annotated[int, Ge(1)]],
        Parameter("Pictures at once.", "N", "--batch"),
        MinLen(1),
    ] = [1]
    compile: Annotated[bool, Parameter("Every combination compiled by torch as well.")] = False
    cases: _Cases = _path("")
    rounds: Annotated[int, Parameter("Timed inferences of a combination.", "N"), Ge(3)] = 20
    seconds: Annotated[
        FiniteFloat, Parameter("Fewer rounds where they would take longer.", "S"), Gt(0)
    ] = 60
    random_weights: Annotated[
        bool, Parameter("For RMBG-2.0 and BiRefNet: no licence, no download.")
    ] = False
    out: _Out = _path("reports/bench")
    lang: _Lang = "en"

    @property
    def cases_source(self) -> Path | str:
        """The folder of cases, or its URL."""
        return _cases_source(self.cases)

    @property
    def out_folder(self) -> Path:
        return user_path(self.out, SettingsError)
