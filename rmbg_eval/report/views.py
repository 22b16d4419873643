"""View objects: what the templates print, already formatted and translated."""

from __future__ import annotations

from dataclasses import dataclass

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
    problem: Text
    remedy: Text


@dataclass(frozen=True)
class ModelRow:
    name: Text
    title: Text
    foreground: Text | None
    """How the colours under a soft alpha were estimated, if they were."""
    licence: str
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
    count: int


@dataclass(frozen=True)
class WorstView:
    """One of the worst findings: where it is, and what it looks like."""

    anchor: str
    page: str
    """The case's own page, if it has one."""
    point: str
    case: Text
    title: Text
    model: str
    note: Text
    original: ImageView | None
    cutout: ImageView | None


@dataclass(frozen=True)
class VerdictRow:
    """A model's verdict: points passed and colour at the edge, in all and by category."""

    model: str
    title: Text
    cells: tuple[CellView, ...]
    seconds: Text
    licence: str


@dataclass(frozen=True)
class VerdictView:
    """Models × categories."""

    words: tuple[Text, ...]
    """The verdict in sentences."""
    note: Text
    categories: tuple[Link, ...]
    rows: tuple[VerdictRow, ...]
    worst: tuple[WorstView, ...]
    worst_note: Text


@dataclass(frozen=True)
class HeaderView:
    title: Text
    facts: tuple[Text, ...]
    failed: int
    done: Text
    failures: tuple[FailureView, ...]
    verdict: VerdictView
    precision: tuple[Text, ...]
    complete: bool


@dataclass(frozen=True)
class RowView:
    title: Text
    note: Text
    cells: tuple[CellView, ...]
    point: str = ""
    """Id of the observation point that the row is of."""
    box: str = ""
    """Where it is: left, top, width, height in pixels."""


@dataclass(frozen=True)
class TableView:
    """Rows × models."""

    title: Text
    note: Text
    models: tuple[Text, ...]
    rows: tuple[RowView, ...]


@dataclass(frozen=True)
class SummaryView:
    models: tuple[ModelRow, ...]
    points: TableView | None
    measures: tuple[TableView, ...]
    differences: tuple[Text, ...]
    warnings: tuple[Text, ...]
    bars: ImageView | None


@dataclass(frozen=True)
class RegionView:
    """A shape drawn over a picture."""

    point: str
    state: str
    shape: str
    """`polygon` or `polyline`."""
    spots: str


@dataclass(frozen=True)
class MeasuresView:
    """What was measured of one case."""

    points: TableView | None
    tables: tuple[TableView, ...]
    plots: tuple[ImageView, ...]
    regions: tuple[tuple[str, tuple[RegionView, ...]], ...]
    """By model: where the observation points are."""


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
    orders: tuple[Option, ...]
    measures: tuple[Option, ...]


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
class DrawerView:
    """What else is to be said of a case."""

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
    has_truth: bool
    words: str
    """What a search finds the case by, in small letters."""
    filter_json: str
    """JSON for filters and order."""
    original: TileView
    results: tuple[TileView, ...]
    truth: TileView | None
    misses: tuple[MissView, ...]
    passed: Text
    """That every point is passed by every model; empty where that is not so."""
    page: str
    """The case's own page, where the sheet has only what finds it; empty elsewhere."""
    drawer: DrawerView | None
    older: tuple[tuple[str, str, str, ImageView], ...] = ()
    """Kind, model, file and picture of what the viewer shows and the row does not."""


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
class TimingsView:
    models: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[Text, ...]], ...]
    """Case, pixels, and a cell for each model."""


@dataclass(frozen=True)
class DetailsView:
    rows: tuple[tuple[Text, Text], ...]
    parameters: tuple[tuple[str, Text], ...]
