"""The table of models, and the model that a spec names.

A spec names a model, as `--model` and `Settings.models` take it:

* a name of `TABLE`: `isnet`, `u2netp`, `grabcut`, `rmbg-2.0`, `birefnet`, …;
* a member of the BiRefNet family with options: `rmbg-2.0:FOLDER?pipeline=letterbox`;
* `onnx:PATH?mean=…&std=…`: an ONNX graph of yours;
* `folder:PATH`: cut-outs that another tool made, judged like any model;
* `command:PROGRAM … {in} {out}`: any program;
* `callable:MODULE:FUNCTION`, `python:MODULE:FUNCTION`: a function or a model object of Python;
* a name that an installed package brings, in the entry-point group `rmbg_eval.models`;
* any of these with `refine=closed-form` or `refine=guided` among its options after `?`;
* any of these under a label of your own: `Studio A=folder:/cutouts/a`. A label has 1 to 80
  characters that can be seen; what names a model without one is never taken for a label.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points

from ..core.choices import Device, Dtype, Foreground, split
from ..core.modules import modules
from ..errors import Ended, ModelError, printable, quoted, reason_of
from ..i18n import Message, join
from .decontamination import Decontaminated
from .entry import Entry, LoadOptions
from .function import Function, making, model_of
from .protocol import Model
from .refinement import Refined, taken


def _entries() -> Iterator[Entry]:
    for module in modules(__package__, without=("table",)):
        yield from getattr(module, "ENTRIES", ())


TABLE = tuple(sorted(_entries(), key=lambda entry: entry.place))
"""The `ENTRIES` of each module of this package."""

GROUP = "rmbg_eval.models"
"""Of entry points: each names an `Entry`, or a sequence of them."""

_LONGEST_LABEL = 80
_CUTOUTS = Message("Finished cut-outs of a folder are given as folder:PATH.")
_RESERVED = "truth"
"""What pictures and descriptions name the truth by, among the models."""


@dataclass(frozen=True)
class PlugIns:
    """What installed packages bring."""

    entries: tuple[Entry, ...]
    problems: tuple[Message, ...]
    """Why some of it cannot be used; the rest can."""


@cache
def plug_ins() -> PlugIns:
    """The models of installed packages; a name of `TABLE` stays what it is."""
    found: list[Entry] = []
    problems: list[Message] = []
    for point in entry_points(group=GROUP):
        name = printable(point.name)
        try:
            thing = point.load()
            for entry in [thing] if isinstance(thing, Entry) else list(thing):
                if not isinstance(entry, Entry) or not all(
                    isinstance(text, str) for text in (entry.name, entry.title, entry.licence)
                ):
                    raise TypeError(Message("it is no Entry"))
                if entry.name in {other.name for other in (*TABLE, *found)}:
                    raise ValueError(
                        Message("there is a model {name} already", name=printable(entry.name))
                    )
                found.append(entry)
        except Ended:
            raise
        except (Exception, SystemExit) as error:  # another's mistake ends no run without it
            problems.append(
                Message(
                    "The plug-in {name} cannot be used: {reason}",
                    name=name,
                    reason=reason_of(error),
                )
            )
    return PlugIns(tuple(found), tuple(problems))


def load_model(
    spec: str,
    device: Device = "auto",
    dtype: Dtype = "auto",
    foreground: Foreground = "raw",
    compiled: bool = False,
) -> Model:
    """The model that `spec` names; neither its runtime nor its weights are loaded yet.

    >>> from rmbg_eval import load_model
    >>> load_model("Mine=grabcut").info.name
    'Mine'

    `dtype` and `compiled` (by torch) are for the models that offer a choice; the others run in the
    one way they have, and their `info` says so. `foreground` says how the colours under a soft
    alpha are estimated. Raises ModelError for an unknown spec, or a device, dtype or estimator that
    cannot be used.
    """
    if not isinstance(spec, str):
        raise ModelError(
            Message("{value} is no spec of a model", value=quoted(spec)),
            Message(
                "Give a text, such as isnet; functions and objects are for "
                "evaluate(SETTINGS, models=…)."
            ),
        )
    if len(split(device)) > 1:
        raise ModelError(
            Message("One model runs on one device; {device} was asked for", device=repr(device)),
            Message("Name one with --device; run and report share their cases out among several."),
        )
    return _with_foreground(_load_model(spec, device, dtype, compiled), foreground)


def load_object(thing: object, label: str | None = None, foreground: Foreground = "raw") -> Model:
    """A model object, or a function from a picture to its alpha, as a model; ModelError.

    It runs as it is: on its own device, in its own dtype. `label` is what the report calls it;
    None: as it calls itself.
    """
    if label is not None:
        _check_label(label)
    if isinstance(thing, os.PathLike):
        raise ModelError(Message("{value} is no spec of a model", value=quoted(thing)), _CUTOUTS)
    return _with_foreground(model_of(label, thing), foreground)


OneModel = str | Model | Function
"""A spec, a model object, or a function from a picture to its alpha."""


def model_from(given: OneModel, device: Device = "auto", dtype: Dtype = "auto") -> Model:
    """What was given, as a model; ModelError."""
    return load_model(given, device, dtype) if isinstance(given, str) else load_object(given)


def _with_foreground(model: Model, foreground: Foreground) -> Model:
    return model if foreground == "raw" else Decontaminated(model, foreground)


def _load_model(spec: str, device: Device, dtype: Dtype, compiled: bool) -> Model:
    for label, bare in _readings(spec):
        name = re.split("[:?]", bare, maxsplit=1)[0]
        for entry in _all():
            if entry.name != name:
                continue
            options, how = taken(bare[len(name) :], leading=entry.options and bool(entry.path))
            if entry.takes(options):
                if label is not None:
                    _check_label(label)
                named = printable(spec) if label is None else label
                model = _made(entry, LoadOptions(named, options, device, dtype, compiled))
                return model if how is None else Refined(model, how)
    what = Message("There is no model {spec}", spec=repr(printable(spec)))
    for problem in plug_ins().problems:
        what = join("; ", [what, problem])
    names = [entry.spec for entry in _all()]
    remedy = Message("Use one of {models}.", models=names)
    if any(os.path.isdir(os.path.expanduser(bare)) for _, bare in _readings(spec)):
        remedy = _CUTOUTS
    raise ModelError(what, remedy)


def _made(entry: Entry, asked: LoadOptions) -> Model:
    """The model of an entry; ModelError for whatever another package's raises, or is no model."""
    if entry in TABLE:
        return entry.make(asked)
    with making(asked.label, Message("It is of another package, whose makers can mend it.")):
        return model_of(None, entry.make(asked))


def _all() -> Iterator[Entry]:
    """The table, then what packages bring: they are imported only where nothing of it fits."""
    yield from TABLE
    yield from plug_ins().entries


def _readings(spec: str) -> Iterator[tuple[str | None, str]]:
    """`spec` as label and rest: without a label, then with each that an equals sign may end."""
    yield None, spec
    for sign in re.finditer("=", spec):
        yield spec[: sign.start()], spec[sign.end() :]


def _check_label(label: str) -> None:
    """ModelError for a label that could not be told from others in a report."""
    if not label.strip():
        what = Message("it is empty")
    elif not label.isprintable():
        what = Message("it has characters that cannot be seen")
    elif len(label) > _LONGEST_LABEL:
        what = Message("it has {n} characters", n=len(label))
    elif label == _RESERVED:
        what = Message("the truth itself is called so")
    else:
        return
    raise ModelError(
        Message("{label} cannot be a label: {what}", label=repr(printable(label)), what=what),
        Message("Use 1 to {most} characters that can be seen.", most=_LONGEST_LABEL),
    )
