"""What may be asked for, by name: device, precision, foreground colours, language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BeforeValidator

from ..errors import ModelError, printable, quoted, reason_of
from ..i18n import Message, languages

if TYPE_CHECKING:
    Language = str
else:
    Language = Literal[languages()]
"""A language that there is a catalogue of."""


def _by_language(given: object) -> object:
    if isinstance(given, str):
        raise ValueError(Message("write it by language, as {example}", example='{ en = "…" }'))
    return given


Title = Annotated[dict[Language, str], BeforeValidator(_by_language)]
"""What a person wrote in case.toml, by language."""

_ONE = re.compile(r"auto|cpu|mps|cuda(:[0-9]{1,3})?")


def _checked(device: str) -> str:
    names = device.split(",")
    kinds = {name.partition(":")[0] for name in names}
    if not all(_ONE.fullmatch(name) for name in names) or (len(names) > 1 and "auto" in kinds):
        raise ValueError(
            Message(
                "use 'auto', 'cpu', 'cuda', 'cuda:1', 'mps', or several of one kind as "
                "'cuda:0,cuda:1'"
            )
        )
    if len(kinds) > 1:
        raise ValueError(
            Message("several devices must be of one kind, or their results would differ")
        )
    return device


Device = Annotated[str, AfterValidator(_checked)]
"""`auto`, `cpu`, `cuda`, `cuda:1`, `mps`; or several of one kind, one process each, joined by
commas."""
Dtype = Literal["auto", "fp32", "bf16", "fp16"]
Foreground = Literal["raw", "blur-fusion", "pymatting"]
"""How colours under a soft alpha are estimated: `core.foreground` has the estimators."""


def split(device: str) -> list[str]:
    """The single devices that `device` names; ModelError if it is none."""
    try:
        return _checked(str(device)).split(",")
    except ValueError as error:
        raise ModelError(
            Message("There is no device {device}", device=quoted(device)),
            Message("Name it otherwise: {reason}.", reason=reason_of(error)),
        ) from None


def kind(device: str) -> str:
    """`cuda` for `cuda:1`: which of several equal devices it was does not decide an alpha."""
    return device.partition(",")[0].partition(":")[0]


def require_cpu(name: str, device: str) -> None:
    """Raise ModelError if another device than the CPU was asked of a model that has only that."""
    if device not in ("auto", "cpu"):
        raise ModelError(
            Message(
                "{name} runs on the CPU only; device {device} was asked for",
                name=printable(name),
                device=repr(device),
            ),
            Message("Leave --device at auto: each model then takes the best it can use."),
        )
