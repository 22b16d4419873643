"""View objects: what the templates print, already formatted and translated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from ..i18n import Message

Text = Message | str
"""What is shown: a message, or a text that is the same in every language."""


@dataclass(frozen=True)
class ImageView:
    """An `<img>`."""

    src: str
    width: int
    height: int
    alt: Text
    link: str | None = None


@dataclass(frozen=True)
class FailureView:
    who: Text
    case: str
    anchor: str
    word: Text
    problem: Text
    remedy: Text
    alike: int = 0
    """How many more failed so."""


@dataclass(frozen=True)
class ModelRow:
    name: Text
    title: Text
    foreground: Text | None
    """How the colours under a soft alpha were estimated, if they were."""
    licence: Text
    runs_on: str
    done: Text
    infer: Text
    total: Text
    load: Text
    memory: Text
    weights: Text


@dataclass(frozen=True)
class CellView:
    """A value in a table: its words, what kind it is, and what is to be said beside it."""

    text: Text
    state: str = ""
    """`passed`, `failed`, `unmeasured`, `best`, or nothing; the text says it too."""
    note: Text = ""


@dataclass(frozen=True)
class Link:
    anchor: str
    title: Text


@dataclass(frozen=True)
class BarCell:
    """A model's count of a column, with its bar."""

    value: str
    of: str
    """What it is out of, with the stroke before it."""
    words: Text
    """The same for who hears it."""
    share: str | None
    """Per cent; None without a bar."""
    best: bool
    """Whether it clearly is."""
    leads: bool = False
    """Whether it is the best of its column, be it clear or not."""
    lost: str = ""
    """Per cent from which on the bar stands for points that could not be measured; empty: none."""


@dataclass(frozen=True)
class MatrixRow:
    model: str
    about: tuple[Text, ...]
    """Seconds and licence."""
    failed: Text
    """How many of its pictures failed or are missing: no point of theirs is in the cells. Empty:
    none."""
    cells: tuple[BarCell, ...]


@dataclass(frozen=True)
class MatrixView:
    """Models × categories, or × kinds of point."""

    name: str
    title: Text
    columns: tuple[Link, ...]
    rows: tuple[MatrixRow, ...]


@dataclass(frozen=True)
class FindingView:
    """One of the worst findings: what it is, and what it looks like."""

    href: str
    words: Text
    case: Text
    who: Text
    """The models that it is about; empty: the only one."""
    original: ImageView | None
    cutout: ImageView | None
    also: tuple[Text, ...] = ()
    """What else is suspicious."""
    level: str = ""
    """How soon to look, where risk says so: `first`, `worth` or `fine`."""
    both: tuple[tuple[str, ImageView], ...] = ()
    """Two models' results, by name, where that they differ is what to see; empty elsewhere."""


@dataclass(frozen=True)
class DotView:
    """Where a dot and its label are."""

    name: str
    words: str
    x: str
    y: str
    whisker: tuple[str, str] | None
    """Top and bottom."""
    best: bool
    """Whether no other is both faster and better."""
    label: tuple[str, str, str] | None
    """Where its name is, and which part of it is there; None where there are too many."""
    line: bool
    """Whether a line leads to it."""


@dataclass(frozen=True)
class ScatterView:
    """The whole picture, in the pixels of its view box."""

    width: int
    dots: tuple[DotView, ...]
    across: tuple[tuple[str, str], ...]
    """Heights of the lines, with their shares."""
    down: tuple[tuple[str, str], ...]
    """Places of the ticks, with their seconds."""
    best: str
    """The path of the best share for each time."""
    alt: Text


@dataclass(frozen=True)
class IntervalView:
    """A share on an axis from 0 to 100, and from where on how far it may lie."""

    share: str
    start: str
    width: str


@dataclass(frozen=True)
class ShareRow:
    """A model's share of cut-outs that people would use, or of votes that it wins."""

    model: str
    share: Text
    bar: IntervalView | None
    counts: Text
    interval: Text
    """Of all pictures like these."""
    note: Text
    near: Text = ""
    """Of these pictures."""
    others: tuple[str, ...] = ()
    """Undecided, not looked at."""
    category: Text = ""
    rank: str = ""


@dataclass(frozen=True)
class AgreementCell:
    """How far two models agree."""

    value: str
    """Per cent."""
    words: Text
    shade: str
    """Per cent of the colour behind it."""


@dataclass(frozen=True)
class AgreementView:
    """How far each two models agree: a triangle, each row with those of the models before it."""

    rows: tuple[tuple[str, tuple[AgreementCell | None, ...]], ...]
    note: Text


@dataclass(frozen=True)
class ByEyeView:
    """What people decide by eye."""

    data: Mapping[str, Any]
    """For the page's script."""
    folder: str
    """The run's, for a command line."""
    review: Text
    """How many cut-outs there are to review."""
    pairs: bool
    """Whether two models' cut-outs of a picture differ anywhere."""
    problem: Text | None
    """Why the run's decisions cannot be read."""
    usable: tuple[ShareRow, ...]
    categories: tuple[ShareRow, ...]
    preferred: tuple[ShareRow, ...]
    votes: Text
    reason: Text
    """Why there are no ranks."""
    agreement: Text


@dataclass(frozen=True)
class OverviewView:
    answer: tuple[Text, ...]
    more: Text
    """What all models do well and badly."""
    complete: bool
    failed: Text
    """What stands over the failures; empty without any."""
    failures: tuple[FailureView, ...]
    failures_open: bool
    """Whether they are to be read at once."""
    notes: tuple[Text, ...]
    matrices: tuple[MatrixView, ...]
    key: Text
    """What their marks mean."""
    charts: tuple[ScatterView, ...]
    """Quality against time, and the same for where there is less room; empty without it."""
    few: Text
    """What their whiskers are, or why there are none."""
    findings: tuple[FindingView, ...]
    about_findings: Text
    """What is shown of them, in which order."""
    misses: Text
    """How many the sheet shows, and in how many pictures; empty where it shows none."""
    by_eye: ByEyeView | None
    unscored: bool = False
    """Whether the findings are the riskiest pictures, for want of truth and points."""
    agreement: AgreementView | None = None


@dataclass(frozen=True)
class RowView:
    title: Text
    note: Text
    cells: tuple[CellView, ...]
    code: str = ""
    """What it is called in files."""


@dataclass(frozen=True)
class TableView:
    """Rows × models, or × what else stands over its columns."""

    title: Text
    note: Text
    heads: tuple[Text, ...]
    rows: tuple[RowView, ...]


@dataclass(frozen=True)
class CourseView:
    """A line of a chart."""

    name: Text
    number: str
    """Of the model, or `truth`: what it is drawn like."""
    spots: str
    """Points of an SVG polyline."""
    value: str = ""
    """What it comes to, beside its name."""


@dataclass(frozen=True)
class ProfileView:
    """Alpha along a line across an edge."""

    length: str
    courses: tuple[CourseView, ...]
    words: Text


@dataclass(frozen=True)
class HistogramView:
    """How many pixels are at each in-between alpha."""

    top: str
    """The share of the pixels that the top of the chart stands for."""
    courses: tuple[CourseView, ...]
    words: Text


@dataclass(frozen=True)
class MapView:
    """Where the models' alphas differ."""

    image: ImageView
    words: Text


@dataclass(frozen=True)
class MarkView:
    """What a model has at a point."""

    model: str
    state: str
    """`passed`, `failed` or `unmeasured`."""
    value: str
    words: Message
    place: float | None
    """On an axis from 0 to 100."""


@dataclass(frozen=True)
class PointView:
    """An observation point of a case."""

    id: str
    title: Text
    kind: Text
    expected: str
    missed: bool
    """By any model."""
    detailed: bool
    """Whether any model did not pass it, so that each has a line."""
    box: str
    """What its region fits into: left, top, width, height in pixels."""
    shapes: str
    """Its region as SVG path data."""
    given: Mapping[str, object]
    """What its case says of it."""
    band: tuple[float, float] | None
    """What passes: start and width on an axis from 0 to 100."""
    marks: tuple[MarkView, ...]
    """In the order of the models."""
    profile: ProfileView | None


@dataclass(frozen=True)
class PointsView:
    """The observation points of a case, missed ones first."""

    anchor: str
    count: Text
    points: tuple[PointView, ...]


@dataclass(frozen=True)
class MeasuresView:
    """What was measured of one case."""

    points: PointsView | None
    tables: tuple[TableView, ...]
    histogram: HistogramView | None
    disagreement: MapView | None
    plots: tuple[ImageView, ...]
    """What versions before drew in their place."""


@dataclass(frozen=True)
class HeadView:
    """What stands over a model's column."""

    model: str
    count: str
    """Points passed of those measured, over all cases; empty without any."""
    passed: Text
    """The same in words."""
    seconds: Text
    """Median inference, or that these cut-outs were not made here."""


@dataclass(frozen=True)
class Option:
    """A value that a reader may choose, and its words."""

    value: str
    words: Text


class SheetFacts(TypedDict):
    """What the rows of a sheet are found by and put in order by; a row is its number."""

    words: list[str]
    """Of each row, what a search finds it by, in small letters."""
    flags: dict[str, list[int]]
    """The rows that have it."""
    kinds: dict[str, list[int]]
    """The rows in which a point of the kind failed."""
    values: dict[str, list[list[float | None]]]
    """Of each measure, model and row; None where there is none."""


@dataclass(frozen=True)
class BarView:
    """The controls of the sheet, and what stands over its columns."""

    columns: str
    """The class that lays out as many columns as there are models."""
    heads: tuple[HeadView, ...]
    has_truth: bool
    has_points: bool
    flags: tuple[Option, ...]
    categories: tuple[Option, ...]
    kinds: tuple[Option, ...]
    """Of points that were missed; or else, `by_reason`, of signs of risk."""
    by_reason: bool
    orders: tuple[Option, ...]
    measures: tuple[Option, ...]
    facts: SheetFacts


@dataclass(frozen=True)
class PipView:
    """One point of one result, as a mark."""

    state: str
    """`passed`, `failed` or `unmeasured`."""
    title: Text


@dataclass(frozen=True)
class TileView:
    """A picture of a row: the original, a model's result, the truth."""

    kind: str
    model: str = ""
    image: ImageView | None = None
    """Small; its `link` leads to the full size, where that is a file beside the page."""
    full: str = ""
    alpha: str = ""
    edge: str = ""
    """Files of the run folder that a script asks for."""
    cutout: str = ""
    """Where the cut-out lies, which the page does not lead to."""
    failure: FailureView | None = None
    pips: tuple[PipView, ...] = ()
    count: str = ""
    words: Text = ""
    """What the pips show."""
    value: Text = ""


@dataclass(frozen=True)
class MissView:
    """A point that some model failed."""

    point: str
    title: Text
    marks: tuple[PipView, ...]
    """One for each model."""
    sentence: Text
    model: str
    """Whose result the sentence is of: the farthest off."""


@dataclass(frozen=True)
class ReasonView:
    """Why to look at a cut-out."""

    model: str
    """Empty where the text names both of two, or there is one alone."""
    text: Text
    href: str
    """What leads there."""


@dataclass(frozen=True)
class DrawerView:
    """What else is to be said of a case."""

    title: Text
    facts: tuple[tuple[Text, tuple[Text, ...]], ...]
    downloads: tuple[tuple[str, str, str], ...]
    """Model, address of the full-size cut-out, and the name to save it under."""
    measures: MeasuresView


@dataclass(frozen=True)
class CaseView:
    anchor: str
    category: str
    title: Text
    name: str
    pixels: str
    size: str
    """Width x height in pixels."""
    region: str
    """Left, top, width and height of the hardest edge in pixels, where a script cuts it from the
    full-size pictures that the page has; empty elsewhere."""
    no_truth: bool
    """Whether to say that it has none; where nothing is scored, the first screen does, of all."""
    row: int | None
    """Where its facts are in those of the sheet; None on a page of its own."""
    original: TileView
    results: tuple[TileView, ...]
    truth: TileView | None
    misses: tuple[MissView, ...]
    """The gravest first."""
    top: int
    """Misses that are shown while the drawer, which has the others too, is closed."""
    passed: Text
    """That every point is passed by every model; empty where that is not so."""
    level: str
    """How soon to look, and why, where only risk says so; empty elsewhere."""
    reasons: tuple[ReasonView, ...]
    page: str
    """The case's own page, where the sheet has only what finds it; empty elsewhere."""
    later: bool
    """Whether its pictures are made only where they are looked at, if a script can do that."""
    drawer: DrawerView | None


@dataclass(frozen=True)
class CategoryView:
    name: Text
    anchor: str
    title: Text
    count: int
    difficulty: Text | None
    look: Text | None
    columns: str
    cases: tuple[CaseView, ...]
    alone: bool = False
    """Whether it is the page of a case."""


@dataclass(frozen=True)
class MoreView:
    """What the drawers at the end hold."""

    measures: tuple[TableView, ...]
    models: tuple[ModelRow, ...]
    differences: TableView | None
    names: tuple[str, ...]
    seconds: tuple[tuple[str, str, tuple[Text, ...]], ...]
    """Case, pixels, and a cell for each of the models `names`."""
    details: tuple[tuple[Text, Text], ...]
    parameters: tuple[tuple[str, Text], ...]
