"""Models: what turns a picture into an alpha, behind one protocol and one written-out table.

A spec names a model, as `--model` and `Settings.models` take it:

* a name of `TABLE`: `isnet`, `isnet-quint8`, `grabcut`, `rmbg-2.0`, `birefnet`, …;
* a member of the BiRefNet family with options: `rmbg-2.0:FOLDER?pipeline=letterbox`;
* `onnx:PATH?mean=…&std=…`: an ONNX graph of yours;
* `folder:PATH`: cut-outs that another tool made, judged like any model;
* any of these under a label of your own: `Studio A=folder:/cutouts/a`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from ..core.devices import Device, Dtype, kind, split
from ..core.foreground import Foreground
from ..core.images import Cutout, Picture
from ..errors import ModelError, printable
from .birefnet.family import FAMILY, Member
from .hub import Checkpoint
from .weights import ISNET_MEDIUM, ISNET_SMALL, Pinned


class ModelInfo(BaseModel):
    """What a report says of a model: enough to run the same again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    """Label or spec: unique within a run."""
    title: str
    licence: str
    weights_sha256: str | None = None
    weights_from: str | None = None
    """Repository and revision, or folder, where there are several it could be."""
    pipeline: str
    """Every step from RGB to alpha, in words."""
    runtime: str
    """Library and version that computes it."""
    device: str
    dtype: str
    foreground: Foreground = "raw"
    """How the colours under a soft alpha were estimated; `pipeline` has the words."""
    trained_on: tuple[str, ...] = ()
    """Published data sets it is known to have been trained on: figures on them flatter it."""

    @property
    def identity(self) -> str:
        """Hash of all that decides the alpha; the name and the licence do not."""
        weights = self.weights_sha256 or self.weights_from
        fields = (weights, self.pipeline, self.runtime, kind(self.device), self.dtype)
        return hashlib.sha256(repr(fields).encode()).hexdigest()


class Model(Protocol):
    """A background remover. `postprocess(infer([preprocess(p)])[0], p)` is all of it.

    The stages run in different threads at the same time: `infer` in one, `preprocess` and
    `postprocess` in several. What passes between them is the model's own affair.
    """

    @property
    def info(self) -> ModelInfo:
        """What there is to say of it; the weights' hash at the latest after `fetch`."""
        ...

    @property
    def batch_size(self) -> int:
        """How many pictures `infer` takes at once."""
        ...

    @property
    def warnings(self) -> list[str]:
        """What the report has to say of how it ran."""
        ...

    def identity(self, name: str) -> str:
        """Hash of all of this model that decides the cut-out of the picture `name`."""
        ...

    def fetch(self, say: Callable[[str], None]) -> None:
        """Bring the weights onto this machine if they are not there; WeightsError if that fails."""
        ...

    def load(self) -> bool:
        """Make ready to infer, unless that is done; whether anything had to be done."""
        ...

    def preprocess(self, picture: Picture) -> Any:
        """From the picture to what `infer` takes."""
        ...

    def infer(self, inputs: list[Any]) -> list[Any]:
        """The bare model, on at most `batch_size` inputs."""
        ...

    def postprocess(self, output: Any, picture: Picture) -> Cutout:
        """From one output of `infer` to the cut-out, at the picture's full size.

        Its colours are the object `picture.rgb` itself, unless it brings its own.
        """
        ...


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
