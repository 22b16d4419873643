"""The command line's options, from the settings' parameters: a flag, its type, default and help."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from ..settings import Parameter, Parameters

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only what is wrong, to stderr.")]

# How a run is worked on, which changes nothing of what comes out.
Isolate = Annotated[
    bool,
    typer.Option(
        "--isolate",
        help="Each model in a process of its own; a picture that kills it is a failed case.",
    ),
]
TimeLimit = Annotated[
    float,
    typer.Option(
        metavar="S",
        min=0.1,
        help="With --isolate or Ray: seconds without a picture done that end its process.",
    ),
]
Engine = Annotated[
    Literal["local", "ray"],
    typer.Option(help="local, or ray: many workers, on one machine or a cluster."),
]
Address = Annotated[
    str,
    typer.Option(
        metavar="ADDRESS", help="Of a Ray cluster, as ray://HOST:10001; empty: this machine."
    ),
]
WorkerCores = Annotated[
    int, typer.Option(metavar="N", min=0, help="Cores of a worker of Ray; 0: as fits.")
]
ProgressKind = Annotated[
    Literal["bar", "json"],
    typer.Option(help="bar, or json: a line of JSON on stderr, at most one a second."),
]


def takes(
    settings: type[Parameters], *names: str, without: tuple[str, ...] = ()
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the parameters of `settings`: all, or `names`, or not those `without`.

    The command's own first parameter takes the settings, as checked; the others remain options.
    """
    fields = settings.model_fields
    chosen = [name for name in names or fields if name not in without]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def with_settings(**values: Any) -> None:
            given = {name: values.pop(name) for name in chosen}
            command(settings.of(given), **values)

        _, *own = inspect.signature(command, eval_str=True).parameters.values()
        options = [_option(name, fields[name]) for name in chosen]
        every = [*options, *(one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own)]
        with_settings.__signature__ = inspect.Signature(every)  # type: ignore[attr-defined]
        with_settings.__annotations__ = {one.name: one.annotation for one in every}
        return with_settings

    return decorate


def flags(name: str, about: Parameter) -> list[str]:
    """The flags of a parameter; none where it has its place."""
    return [] if about.positional else about.flags.split() or ["--" + name.replace("_", "-")]


def _option(name: str, field: FieldInfo) -> inspect.Parameter:
    """What typer makes an option, or an argument, of."""
    (about,) = (one for one in field.metadata if isinstance(one, Parameter))
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
