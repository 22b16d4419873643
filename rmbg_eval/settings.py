"""Settings: the parameters of a run, which are the notebook's parameters, name for name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from .core.devices import Device, Dtype
from .core.files import user_path
from .core.foreground import Foreground
from .core.paths import resource
from .errors import SettingsError, explain

Language = Literal["en", "zh"]
Layout = Literal["single", "folder"]
FailOn = Literal["required", "error", "point"]
CompareFailOn = Literal["worse", "point", "error"]


class _Parameters(BaseModel):
    """Parameters of a notebook, name for name."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Parameters from names and values; SettingsError says what is wrong, and what is right."""
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise SettingsError(
                f"The parameters are not usable: {explain(error, list(cls.model_fields))}",
                "Correct them. With papermill, give lists and numbers as YAML: "
                "-y '{models: [isnet], precision_cases: 1}'.",
            ) from None

    @classmethod
    def from_notebook(cls, names: Mapping[str, Any]) -> Self:
        """Parameters from a notebook's `globals()`.

        papermill only warns of a parameter it does not know, and defines it
        all the same: so every plain value that is defined counts as given.
        """
        plain = (str, int, float, bool, list, dict, tuple, set, type(None))
        return cls.of(
            {
                name: value
                for name, value in names.items()
                if (isinstance(value, plain) or name in cls.model_fields)
                and not name.startswith("_")
                and name not in ("In", "Out")
            }
        )


class Settings(_Parameters):
    """Everything a run can be told. Unknown names and wrong types are errors."""

    cases: str = ""
    """Folder of cases; empty: the reference cases that come with rmbg-eval."""
    models: list[str] = Field(default=["isnet", "isnet-quint8"], min_length=1)
    """Model specs; see `rmbg-eval models`."""
    categories: list[str] = []
    """Only these categories; empty: all."""
    out: str = Field(default="reports/latest", min_length=1)
    """The run folder."""
    device: Device = "auto"
    """Several of one kind, as `cuda:0,cuda:1`: the cases are shared out, one process each."""
    dtype: Dtype = "auto"
    """Precision, for the models that offer a choice; auto is fp32 on a CPU."""
    compile: bool = False
    """Whether torch compiles its models, which takes minutes and saves time on every picture."""
    foreground: Foreground = "raw"
    """How colours under a soft alpha are estimated; raw leaves them as they are."""
    precision_cases: int = Field(default=3, ge=0)
    """With a dtype below fp32: on how many cases the alpha is compared with fp32."""
    flip: bool = False
    """Also infer every picture mirrored, and measure how far the alpha changes."""
    decontaminated: bool = False
    """Also measure colour differences with the old background's colour taken out (pymatting)."""
    fail_on: FailOn = "required"
    """What ends `report` and `run` with status 1: required points that did not pass; `error`: also
    failed predictions; `point`: also any point that did not pass."""
    lang: Language = "en"
    layout: Layout = "single"
    """One HTML file with everything in it, or a folder with full-resolution pictures beside it."""

    @field_validator("models")
    @classmethod
    def _each_once(cls, models: list[str]) -> list[str]:
        if len(set(models)) < len(models):
            raise ValueError("a model is named twice")
        return models

    @property
    def cases_folder(self) -> Path:
        return user_path(self.cases, SettingsError) if self.cases else resource("cases")

    @property
    def out_folder(self) -> Path:
        return user_path(self.out, SettingsError)


class CompareSettings(_Parameters):
    """Everything a comparison can be told; the parameters of compare.ipynb, name for name."""

    base: str = Field(default="baseline", min_length=1)
    """The folder of a baseline or a run."""
    new: str = Field(default="reports/latest", min_length=1)
    """The folder of a run."""
    tolerances: str = ""
    """A TOML file; empty: the defaults."""
    out: str = Field(default="reports/compare", min_length=1)
    """The comparison's folder."""
    fail_on: CompareFailOn = "worse"
    lang: Language = "en"
    layout: Layout = "single"

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
