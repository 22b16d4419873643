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
class ColumnView:
    """One model's column in a case's figure."""

    model: str
    failure: FailureView | None
    name: Text = ""
    alpha_name: Text = ""
    edge_name: Text = ""
    result: ImageView | None = None
    alpha: ImageView | None = None
    edge: ImageView | None = None
    error: ImageView | None = None
    error_name: Text = ""
    brief: Text = ""
    """For a card: the model and the points that it passed."""
    numbers: tuple[Text, ...] = ()
    full_size: Text | None = None
    save_as: str = ""
    """The file name under which a cut-out is saved from the page."""


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
    links: tuple[Link, ...]
    filters: tuple[tuple[str, Message, tuple[tuple[str, Text], ...]], ...]
    """Name and title of a select, and its options: value and words."""


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
class CaseView:
    anchor: str
    title: Text
    size: str
    """Width x height in pixels."""
    words: str
    """What a search finds the case by, in small letters."""
    filter_json: str
    """JSON for filters and order: states and values by model."""
    facts: tuple[Text, ...]
    original: ImageView | None
    truth: ImageView | None
    true_cutout: ImageView | None
    edge: ImageView | None
    where: Text | None
    columns: tuple[ColumnView, ...]
    measures: MeasuresView


@dataclass(frozen=True)
class CategoryView:
    name: Text
    anchor: str
    title: Text
    difficulty: Text | None
    look: Text | None
    empty: Text | None
    cases: tuple[CaseView, ...]


@dataclass(frozen=True)
class TimingsView:
    models: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[Text, ...]], ...]
    """Case, pixels, and a cell for each model."""


@dataclass(frozen=True)
class DetailsView:
    rows: tuple[tuple[Text, Text], ...]
    parameters: tuple[tuple[str, Text], ...]
