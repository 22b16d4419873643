"""What the comparison's page is given to show: every text and figure of it, ready to be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..i18n import Message
from .views import ImageView, TableView, Text


@dataclass(frozen=True)
class ChangeView:
    """One thing that changed."""

    verdict: str
    what: Text
    """The point's title or the rule's name; empty for a measure, whose sentence names it."""
    sentence: Message


@dataclass(frozen=True)
class PairView:
    """A case × model on the page."""

    anchor: str
    title: Text
    name: str
    model: str
    """Of both runs, where it has two names."""
    state: str
    state_words: Message
    why: Message | None
    """Where no change says it."""
    changes: tuple[ChangeView, ...]
    """Those that made the state, worst first."""
    more: int
    """How many more there are."""
    size: str
    """Width x height in pixels of both cut-outs; empty where they differ: then no two of the
    pictures show the same place."""
    original: ImageView | None
    pictures: tuple[tuple[str, Message, ImageView], ...]
    """Kind, its name, and what is shown."""
    crop_note: Text
    crops: tuple[tuple[str, Message, ImageView], ...]
    matte: bool
    borrowed: bool
    note: Text
    """What is to be said beside the changes."""
    table: TableView | None
    tick: Text
    """What its tick does; empty where it cannot be approved of by itself."""


@dataclass(frozen=True)
class WorseView:
    """A case × model that stops the gate, in a sentence."""

    anchor: str
    name: str
    """Of the case; and of the model, where there are others."""
    sentence: Message
    what: Text
    """The point's title or the rule's name, if it is one."""
    alike: int
    """How many more of the model stop it for the same reason."""


@dataclass(frozen=True)
class BarView:
    """What became of a group of cut-outs: a bar in parts, and the same in words."""

    title: Text
    parts: tuple[tuple[str, float, float], ...]
    """State, where it begins and how long it is, in percent."""
    words: tuple[Message, ...]


@dataclass(frozen=True)
class CompareHeaderView:
    """The top of the page."""

    answer: Message
    runs: Message
    gate: Message
    """What the words mean, and where it stops."""
    pairing: tuple[Message, ...]
    """Which models of other names are compared, and why."""
    worse: tuple[WorseView, ...]
    more: int
    """How many more are worse."""
    below: bool
    """Whether all of them are shown."""
    bars: tuple[BarView, ...]
    notes: tuple[Message, ...]
    counts: TableView


@dataclass(frozen=True)
class ChangesView:
    """The body of the page."""

    pairs: tuple[PairView, ...]
    left: tuple[Message, ...]
    """What is not shown of how many."""
    approvals: Mapping[str, Any] | None
    """What can be approved of, for the page's script."""
    command: str
    """What takes what is ticked into the baseline."""


@dataclass(frozen=True)
class SameView:
    """What is the same, below the body."""

    names: tuple[Message, ...]
    more: int
    """How many more there are."""
