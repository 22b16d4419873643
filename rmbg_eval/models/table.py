"""The table of models, and the model that a spec names.

A spec names a model, as `--model` and `Settings.models` take it:

* a name of `TABLE`: `isnet`, `isnet-quint8`, `grabcut`, `rmbg-2.0`, `birefnet`, …;
* a member of the BiRefNet family with options: `rmbg-2.0:FOLDER?pipeline=letterbox`;
* `onnx:PATH?mean=…&std=…`: an ONNX graph of yours;
* `folder:PATH`: cut-outs that another tool made, judged like any model;
* any of these under a label of your own: `Studio A=folder:/cutouts/a`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..core.choices import Device, Dtype, Foreground, split
from ..errors import ModelError, printable
from .birefnet.family import FAMILY, Member
from .hub import Checkpoint
from .protocol import Model
from .weights import ISNET_MEDIUM, ISNET_SMALL, Pinned


@dataclass(frozen=True)
class Entry:
    """A row of the table of models."""

    name: str
    title: str
    licence: str
    make: Callable[[str, str, Device, Dtype, bool], Model]
    """From label, what follows the name in the spec, device, dtype, and whether to compile."""
    weights: Pinned | Checkpoint | None = None
    options: bool = False
    """Whether anything may follow the name."""


def _isnet(label: str, options: str, device: Device, dtype: Dtype, compiled: bool) -> Model:
    from .onnx import isnet

    return isnet(label, device, dtype)


def _isnet_quint8(label: str, options: str, device: Device, dtype: Dtype, compiled: bool) -> Model:
    from .onnx import isnet_quint8

    return isnet_quint8(label, device, dtype)


def _grabcut(label: str, options: str, device: Device, dtype: Dtype, compiled: bool) -> Model:
    from .grabcut import GrabCut

    return GrabCut(label)


def _member(member: Member) -> Entry:
    def make(label: str, options: str, device: Device, dtype: Dtype, compiled: bool) -> Model:
        from .birefnet.rmbg import rmbg

        return rmbg(label, member, options, device, dtype, compiled)

    return Entry(member.name, member.title, member.licence, make, member.checkpoint, options=True)


TABLE: tuple[Entry, ...] = (
    Entry("isnet", "IS-Net, fp16 weights", "MIT", _isnet, ISNET_MEDIUM),
    Entry("isnet-quint8", "IS-Net, quint8 weights", "MIT", _isnet_quint8, ISNET_SMALL),
    Entry("grabcut", "GrabCut, a classical baseline without weights", "Apache-2.0", _grabcut),
    *(_member(member) for member in FAMILY),
)

_SCHEMES = ("onnx", "folder")
_LABEL = re.compile(r"(?P<label>[\w .()+-]{1,40})=(?P<spec>[a-z0-9.-]+([:?].+)?)", re.DOTALL)


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
            f"One model runs on one device; {device!r} was asked for",
            "Name one with --device; run and report share their cases out among several.",
        )
    model = _load_model(spec, device, dtype, compiled)
    if foreground == "raw":
        return model
    from .decontamination import Decontaminated

    return Decontaminated(model, foreground)


def _load_model(spec: str, device: Device, dtype: Dtype, compiled: bool) -> Model:
    labelled = _LABEL.fullmatch(spec)
    label, bare = (labelled["label"], labelled["spec"]) if labelled else (printable(spec), spec)
    scheme, _, rest = bare.partition(":")
    if scheme == "onnx" and rest:
        from .onnx import onnx_file

        return onnx_file(label, rest, device)
    if scheme == "folder" and rest:
        from .folder import Folder

        return Folder(label, rest)
    name = re.split("[:?]", bare, maxsplit=1)[0]
    options = bare[len(name) :]
    for entry in TABLE:
        if entry.name == name and (entry.options or not options) and options != ":":
            return entry.make(label, options, device, dtype, compiled)
    raise ModelError(
        f"There is no model {printable(spec)!r}",
        f"Use one of {', '.join(entry.name for entry in TABLE)}, onnx:PATH?mean=…&std=… "
        "or folder:PATH.",
    )
