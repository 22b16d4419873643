"""The table of models, and the model that a spec names.

A spec names a model, as `--model` and `Settings.models` take it:

* a name of `TABLE`: `isnet`, `isnet-quint8`, `grabcut`, `rmbg-2.0`, `birefnet`, …;
* a member of the BiRefNet family with options: `rmbg-2.0:FOLDER?pipeline=letterbox`;
* `onnx:PATH?mean=…&std=…`: an ONNX graph of yours;
* `folder:PATH`: cut-outs that another tool made, judged like any model;
* any of these under a label of your own: `Studio A=folder:/cutouts/a`. A label has 1 to 80
  characters that can be seen; what names a model without one is never taken for a label.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..core.choices import Device, Dtype, Foreground, split
from ..core.modules import modules
from ..errors import ModelError, printable
from ..i18n import Message
from .entry import Entry, LoadOptions
from .protocol import Model


def _entries() -> Iterator[Entry]:
    for module in modules(__package__, without=("table",)):
        yield from getattr(module, "ENTRIES", ())


TABLE = tuple(sorted(_entries(), key=lambda entry: entry.place))
"""The `ENTRIES` of each module of this package."""

_LONGEST_LABEL = 80
_RESERVED = "truth"
"""What pictures and descriptions name the truth by, among the models."""


def load_model(
    spec: str,
    device: Device = "auto",
    dtype: Dtype = "auto",
    foreground: Foreground = "raw",
    compiled: bool = False,
) -> Model:
    """The model that `spec` names; neither its runtime nor its weights are loaded yet.

    `dtype` and `compiled` (by torch) are for the models that offer a choice; the others run in the
    one way they have, and their `info` says so. `foreground` says how the colours under a soft
    alpha are estimated. Raises ModelError for an unknown spec, or a device, dtype or estimator that
    cannot be used.
    """
    if len(split(device)) > 1:
        raise ModelError(
            Message("One model runs on one device; {device} was asked for", device=repr(device)),
            Message("Name one with --device; run and report share their cases out among several."),
        )
    model = _load_model(spec, device, dtype, compiled)
    if foreground == "raw":
        return model
    from .decontamination import Decontaminated

    return Decontaminated(model, foreground)


def _load_model(spec: str, device: Device, dtype: Dtype, compiled: bool) -> Model:
    for label, bare in _readings(spec):
        name = re.split("[:?]", bare, maxsplit=1)[0]
        options = bare[len(name) :]
        for entry in TABLE:
            if entry.name == name and entry.takes(options):
                if label is not None:
                    _check_label(label)
                named = printable(spec) if label is None else label
                return entry.make(LoadOptions(named, options, device, dtype, compiled))
    raise ModelError(
        Message("There is no model {spec}", spec=repr(printable(spec))),
        Message("Use one of {models}.", models=[entry.spec for entry in TABLE]),
    )


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
