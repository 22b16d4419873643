"""A member of the BiRefNet family as a spec names it: whose weights, in which pipeline."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.util import find_spec
from urllib.parse import parse_qsl

from ...core.files import user_path
from ...errors import ModelError, printable
from ...i18n import Message
from ..entry import LoadOptions
from ..hub import Checkpoint
from ..info import NOT_STATED, ON_ITS_PAGE
from .member import Member
from .patch_order import PATCH_ORDERS
from .pipelines import PIPELINES
from .rmbg import Rmbg

_STRIDE = 32
"""Sides of the network's input are multiples of this."""
_OPTIONS = ("pipeline", "size", "batch", "hub", "revision", "patch-order")
_FIND = "find"


def from_spec(member: Member, asked: LoadOptions) -> Rmbg:
    """A member as a spec names it: `[:FOLDER][?hub=…&revision=…&patch-order=…&pipeline=…&…]`.

    `FOLDER` is that of a checkpoint on this machine, `hub` another repository of the hub, and
    `revision` another commit than the pinned one.
    """
    for package in ("torch", "transformers"):
        if find_spec(package) is None:
            raise ModelError(
                Message(
                    "{name} needs {package}, which is not installed",
                    name=member.name,
                    package=package,
                ),
                Message('Install it: make torch, or pip install "rmbg-eval[torch]".'),
            )
    folder, _, query = asked.options.removeprefix(":").partition("?")
    choices = dict(parse_qsl(query, keep_blank_values=True))
    for key in choices:
        if key not in _OPTIONS:
            raise ModelError(
                Message("{name}: unknown option {key}", name=member.name, key=repr(printable(key))),
                Message("Use {options}.", options=_OPTIONS),
            )
    pipeline = choices.get("pipeline", "official")
    if pipeline not in PIPELINES:
        raise ModelError(
            Message(
                "{name}: there is no pipeline {pipeline}",
                name=member.name,
                pipeline=repr(printable(pipeline)),
            ),
            Message("Use one of {pipelines}.", pipelines=[*PIPELINES]),
        )
    own = _with_weights(member, folder, choices)
    order = _patch_order(member, choices.get("patch-order", ""))
    if order in PATCH_ORDERS:
        own = replace(own, config={**own.config, "patch_order": order})
    model = Rmbg(
        asked.label,
        own,
        pipeline=pipeline,
        size=_size(member, choices["size"]) if "size" in choices else None,
        batch_size=_batch(member, choices.get("batch", "1")),
        device=asked.device,
        dtype=asked.dtype,
        compiled=asked.compiled,
        find_patch_order=order == _FIND,
    )
    foreign = bool(folder) or "hub" in choices
    if foreign and not order and member.checkpoint.sha256 != (model.info.weights_sha256 or ""):
        model.warnings.append(
            Message(
                "the patch order of these weights is taken to be {order}, that of {name}; with "
                "another one edges would be wrong: name it by patch-order=, or let "
                "patch-order=find try both",
                order=member.config["patch_order"],
                name=member.name,
            )
        )
    return model


def _with_weights(member: Member, folder: str, choices: dict[str, str]) -> Member:
    """The member with the weights of a folder, of another repository or of another commit; where it
    cannot be told whose they are, it is called so."""
    pinned = member.checkpoint
    if folder:
        path = user_path(folder, ModelError)
        checkpoint = pinned.local(path)
        if checkpoint.sha256 is None:
            title = f"The network of {member.title}, weights of a folder"
            member = replace(member, title=title, licence=NOT_STATED)
        return replace(member, checkpoint=checkpoint)
    if "hub" in choices:
        checkpoint = _of_hub(member, choices)
        title = f"{checkpoint.repository}, on the network of {member.title}"
        return replace(
            member, title=title, licence=ON_ITS_PAGE, trained_on=(), checkpoint=checkpoint
        )
    if choices.get("revision", pinned.revision) != pinned.revision:
        checkpoint = replace(pinned, revision=choices["revision"], sha256=None)
        return replace(member, checkpoint=checkpoint)
    return member


def _patch_order(member: Member, text: str) -> str:
    """One of `PATCH_ORDERS`, `find`, or nothing."""
    order = text.replace("-", " ")
    if order not in ("", _FIND, *PATCH_ORDERS):
        raise ModelError(
            Message(
                "{name}: patch-order is {orders} or find; received {received}",
                name=member.name,
                orders=[one.replace(" ", "-") for one in PATCH_ORDERS],
                received=repr(printable(text)),
            ),
            Message("Name the one that the weights were trained with."),
        )
    return order


def _of_hub(member: Member, choices: dict[str, str]) -> Checkpoint:
    """Another repository of the hub, at the commit that is named."""
    repository, revision = choices["hub"], choices.get("revision", "")
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository, re.ASCII):
        raise ModelError(
            Message(
                "{name}: hub is OWNER/NAME; received {received}",
                name=member.name,
                received=repr(printable(repository)),
            ),
            Message("Copy it from the repository's page."),
        )
    if not re.fullmatch("[0-9a-f]{40}", revision):
        raise ModelError(
            Message(
                "{name}: what the hub has may change, so {repository} needs its commit",
                name=member.name,
                repository=repository,
            ),
            Message("Add revision= and the 40 hexadecimal digits of a commit."),
        )
    return Checkpoint(repository, revision)


def _size(member: Member, text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{2,4})(?:x(\d{2,4}))?", text)
    width, height = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not match or width % _STRIDE or height % _STRIDE or not width or not height:
        raise ModelError(
            Message(
                "{name}: size is one number or WIDTHxHEIGHT, in multiples of {stride}; "
                "received {received}",
                name=member.name,
                stride=_STRIDE,
                received=repr(printable(text)),
            ),
            Message("Write for example size=1024."),
        )
    return width, height


def _batch(member: Member, text: str) -> int:
    if not re.fullmatch("[0-9]{1,3}", text) or not int(text):
        raise ModelError(
            Message(
                "{name}: batch is a number from 1 to 999; received {received}",
                name=member.name,
                received=repr(printable(text)),
            ),
            Message("Write for example batch=8."),
        )
    return int(text)
