"""View objects: what the templates print, already formatted and translated."""

from __future__ import annotations

from dataclasses import dataclass

from .strings import Words


@dataclass(frozen=True)
class ImageView:
    """An `<img>`."""

    src: str
    width: int
    height: int
    alt: str
    link: str | None = None


@dataclass(frozen=True)
class FailureView:
    who: str
    case: str
    anchor: str
    problem: str
    remedy: str


@dataclass(frozen=True)
class ModelRow:
    name: str
    title: str
    foreground: str | None
    """How the colours under a soft alpha were estimated, if they were."""
    licence: str
    runs_on: str
    done: str
    infer: str
    total: str
    load: str
    memory: str
    weights: str


@dataclass(frozen=True)
class CellView:
    """A value in a table: its words, what kind it is, and what is to be said beside it."""

    text: str
    state: str = ""
    """`passed`, `failed`, `unmeasured`, `best`, or nothing; the text says it too."""
    note: str = ""


@dataclass(frozen=True)
class Link:
    anchor: str
    title: str
    count: int


@dataclass(frozen=True)
class WorstView:
    """One of the worst findings: where it is, and what it looks like."""

    anchor: str
    page: str
    """The case's own page, if it has one."""
    point: str
    case: str
    title: str
    model: str
    note: str
    original: ImageView | None
    cutout: ImageView | None


@dataclass(frozen=True)
class VerdictRow:
    """A model's verdict: points passed and colour at the edge, in all and by category."""

    model: str
    title: str
    cells: tuple[CellView, ...]
    seconds: str
    licence: str


@dataclass(frozen=True)
class VerdictView:
    """Models × categories."""

    words: tuple[str, ...]
    """The verdict in sentences."""
    note: str
    categories: tuple[Link, ...]
    rows: tuple[VerdictRow, ...]
    worst: tuple[WorstView, ...]
    worst_note: str


@dataclass(frozen=True)
class HeaderView:
    title: str
    facts: tuple[str, ...]
    failed: int
    done: str
    failures: tuple[FailureView, ...]
    verdict: VerdictView
    precision: tuple[str, ...]
    complete: bool


@dataclass(frozen=True)
class ColumnView:
    """One model's column in a case's figure."""

    model: str
    failure: FailureView | None
    name: str = ""
    alpha_name: str = ""
    edge_name: str = ""
    result: ImageView | None = None
    alpha: ImageView | None = None
    edge: ImageView | None = None
    error: ImageView | None = None
    error_name: str = ""
    brief: str = ""
    """For a card: the model and the points that it passed."""
    numbers: tuple[str, ...] = ()
    full_size: str | None = None
    save_as: str = ""
    """The file name under which a cut-out is saved from the page."""


@dataclass(frozen=True)
class RowView:
    title: str
    note: str
    cells: tuple[CellView, ...]
    point: str = ""
    """Id of the observation point that the row is of."""
    box: str = ""
    """Where it is: left, top, width, height in pixels."""


@dataclass(frozen=True)
class TableView:
    """Rows × models."""

    title: str
    note: str
    models: tuple[str, ...]
    rows: tuple[RowView, ...]


@dataclass(frozen=True)
class SummaryView:
    models: tuple[ModelRow, ...]
    points: TableView | None
    measures: tuple[TableView, ...]
    differences: tuple[str, ...]
    warnings: tuple[str, ...]
    bars: ImageView | None
    links: tuple[Link, ...]
    filters: tuple[tuple[str, tuple[tuple[str, Words], ...]], ...]
    """Name of a select, and its options: value and words."""


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
    title: str
    size: str
    """Width x height in pixels."""
    words: str
    """What a search finds the case by, in small letters."""
    filter_json: str
    """JSON for filters and order: states and values by model."""
    facts: tuple[str, ...]
    original: ImageView | None
    truth: ImageView | None
    true_cutout: ImageView | None
    edge: ImageView | None
    where: str | None
    columns: tuple[ColumnView, ...]
    measures: MeasuresView


@dataclass(frozen=True)
class CategoryView:
    name: str
    anchor: str
    title: str
    difficulty: str | None
    look: str | None
    empty: str | None
    cases: tuple[CaseView, ...]


@dataclass(frozen=True)
class TimingsView:
    models: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[str, ...]], ...]
    """Case, pixels, and a cell for each model."""


@dataclass(frozen=True)
class DetailsView:
    rows: tuple[tuple[str, str], ...]
    parameters: tuple[tuple[str, str], ...]
