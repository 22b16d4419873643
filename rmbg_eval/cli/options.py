"""The command line's options, from the settings' parameters: a flag, its type, default and help."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic.fields import FieldInfo
from typer.core import TyperArgument, TyperCommand

from ..errors import SettingsError
from ..i18n import Message
from ..settings import Parameter, Parameters, parameter_of

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only what is wrong, to stderr.")]

ProgressKind = Annotated[
    Literal["bar", "json"],
    typer.Option(help="bar, or json: a line of JSON on stderr, at most one a second."),
]


class Command(TyperCommand):
    """A command whose arguments are named in help without what Python takes them for."""

    def get_params(self, ctx: Any) -> Any:
        params = super().get_params(ctx)
        for param in params:
            if isinstance(param, TyperArgument):
                vars(param)["display_type_rich"] = lambda ctx: None
        return params


ALONE = "alone"
"""By which name typer knows what was given without a flag."""


def takes(
    *settings: type[Parameters],
    only: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
    unnamed: str = "",
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the parameters of `settings`: all, or `only` some, or not those `without`.

    The command's own first parameters take the settings, as checked; the others remain options.
    `unnamed`: a parameter of text that may be given without its flag, too.
    """
    names = [
        [name for name in only or each.model_fields if name not in without] for each in settings
    ]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def with_settings(**values: Any) -> None:
            if alone := values.pop(ALONE, ""):
                values[unnamed] = _once(alone, values[unnamed], unnamed)
            given = [{name: values.pop(name) for name in own} for own in names]
            command(*(each(**own) for each, own in zip(settings, given, strict=True)), **values)

        own = [*inspect.signature(command, eval_str=True).parameters.values()][len(settings) :]
        options = [
            _option(name, each.model_fields[name])
            for each, some in zip(settings, names, strict=True)
            for name in some
        ]
        if unnamed:
            options.insert(0, _argument(unnamed))
        own = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own]
        needed = [one for one in own if one.default is one.empty]
        every = [*needed, *options, *(one for one in own if one not in needed)]
        with_settings.__signature__ = inspect.Signature(every)  # type: ignore[attr-defined]
        with_settings.__annotations__ = {one.name: one.annotation for one in every}
        return with_settings

    return decorate


def _argument(name: str) -> inspect.Parameter:
    """What typer makes an argument of, in place of an option."""
    about = typer.Argument(metavar=name.upper(), help=f"The same as --{name}.", show_default=False)
    return inspect.Parameter(
        ALONE, inspect.Parameter.KEYWORD_ONLY, default="", annotation=Annotated[str, about]
    )


def _once(alone: str, flagged: str, name: str) -> str:
    """What was given without a flag; SettingsError where it was given with one, too."""
    if flagged:
        raise SettingsError(
            Message(
                "{name} is given twice: {one} and {other}", name=name, one=alone, other=flagged
            ),
            Message("Give one of them."),
        )
    return alone


def flags(name: str, about: Parameter) -> list[str]:
    """The flags of a parameter; none where it has its place."""
    return [] if about.positional else about.flags.split() or ["--" + name.replace("_", "-")]


def _option(name: str, field: FieldInfo) -> inspect.Parameter:
    """What typer makes an option, or an argument, of."""
    about = parameter_of(field)
    told: dict[str, Any] = {"metavar": about.metavar, "help": about.help}
    kind: Any = field.annotation
    default = field.default
    if get_origin(kind) is list:  # typer takes lists of plain types only; pydantic checks the rest
        (of,) = get_args(kind)
        plain = {Annotated: get_args(of)[:1], Literal: (str,)}.get(get_origin(of), (of,))
        kind = list[plain]  # type: ignore[valid-type]
        told["help"] += " Repeat for several."
    if about.positional:
        annotation, default = Annotated[kind, typer.Argument(**told)], inspect.Parameter.empty
    else:
        annotation = Annotated[kind, typer.Option(*flags(name, about), **told)]
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )
