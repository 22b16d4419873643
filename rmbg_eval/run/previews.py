"""The pictures that a report shows: drawn once, and kept in the folder of the run they are of.

Previews, alphas, edges and plots go to `assets/`, and what was drawn of a case stands in
`assets/<anchor of the case>.json`: whoever has the run folder has every picture and needs no case
set. Pictures are named after the content they show, so that only what is new is drawn. Previews are
for looking: WebP with exact alpha, shrunk to at most 960 px, and with no colours under full
transparency, which keeps them small. Cut-outs stay as they are.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
from PIL import Image
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from ..cases.case import Case
from ..cases.folder import load_cases
from ..core.anchors import case_anchor
from ..core.files import remove_below, sha256_file, write_atomic
from ..core.images import RGB, Alpha, quantise, resize_alpha
from ..core.progress import OnStep, Step, ignore
from ..errors import CaseError
from ..measure.alpha import in_between_share, opaque_share
from ..measure.kinds import KINDS
from ..measure.record import ObservationPoint, PointResult
from ..predictions.prediction import Prediction
from . import plots
from .record import CaseKey, Run
from .statistics import headline, summarise, worst_points

T = TypeVar("T")

VERSION = "8"
"""Raised where pictures are drawn otherwise: what is kept of earlier ones is then drawn again."""
PREVIEW_SIDE, CARD_SIDE, SPOT_SIDE = 960, 320, 220
"""Pixels at most: of a preview, on a card, and around an observation point."""
CUTOUT: dict[str, Any] = {"quality": 80, "alpha_quality": 100}
"""How a preview of a cut-out is stored: colours as in a photograph, alpha exactly."""
_SEARCH_SIDE = 1024
MANY = 100
"""Cases from which the layout `folder` has a card of each, and a page for each beside it."""
SINGLE_MOST = 500
"""Predictions up to which a page is one file: of 0.1 MB each, and browsers open 50 MB slowly."""


class Preview(BaseModel):
    """A picture file of the run folder and its size in pixels."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    """From the run folder, with forward slashes."""
    width: int
    height: int


class ModelPreviews(BaseModel):
    """What is shown of one model's prediction."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    result: Preview
    """RGBA WebP, at most 960 px; `card` at most 320 px, where cases have cards."""
    card: Preview | None = None
    alpha: Preview
    edge: Preview | None
    error: Preview | None = None
    """Alpha minus truth, as `plots.error_map` draws it; None without a truth."""
    wrong: tuple[float, float] | None = None
    """Shares of the pixels too opaque, and too transparent, by more than 0.1."""
    opaque: float
    """Share of pixels, at full size, as rmbg_eval.measure.alpha defines it."""
    in_between: float


class Plot(BaseModel):
    """A picture of measurements, with what its description says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["profile", "histogram", "disagreement"]
    picture: Preview = Field(validation_alias=AliasChoices("picture", "shown"))
    facts: plots.Facts
    point: str | None = None
    """Id of the observation point it is of."""


class CasePreviews(BaseModel):
    """What is shown of one case. None where there is nothing to show."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    """What its files begin with: the hash of all that they show."""
    picture_sha256: str | None = None
    cutouts: dict[str, str] = {}
    """SHA-256 of the cut-outs that are shown, by model."""
    original: Preview | None = None
    card: Preview | None = None
    full: Preview | None = None
    """The original at full size, where the layout is `folder`; `card` at most 320 px."""
    truth: Preview | None = None
    true_cutout: Preview | None = None
    """The true foreground, or else the original, under the true alpha."""
    edge: Preview | None = None
    region: tuple[int, int, int, int] | None = None
    """x, y, width, height of the hardest edge, in pixels of the original."""
    models: dict[str, ModelPreviews] = {}
    plots: tuple[Plot, ...] = ()


@dataclass(frozen=True)
class Spot:
    """A point that failed, and what it looks like there."""

    result: PointResult
    point: ObservationPoint
    original: Preview | None = None
    cutout: Preview | None = None


@dataclass(frozen=True)
class Previews:
    """Every picture of a run."""

    cases: Mapping[CaseKey, CasePreviews]
    worst: tuple[Spot, ...] = ()
    """Of the worst findings, worst first."""
    bars: Preview | None = None
    """A headline measure by category; None where the run has no value of one."""


def has_cards(run: Run) -> bool:
    """Whether the page has a card of each case, and each case a page of its own."""
    return run.settings.layout == "folder" and len(run.cases) >= MANY


def draw(run: Run, cases: Iterable[Case], on_step: OnStep = ignore) -> Previews:
    """Draw what is not there yet into the run folder's `assets/`; what is no part of the run goes.

    `cases`: those of the run. One that is not among them keeps the pictures that it has.
    """
    folder = run.settings.out_folder
    previews = _previews(run, {(case.category, case.id): case for case in cases}, on_step)
    indices = {case_anchor(*key) for key in previews.cases}
    names = {each.name for each in previews.cases.values()} | {_bars_name(run)}
    assets = folder / "assets"

    def kept(path: Path) -> bool:
        name = path.name.partition("-")[0].partition(".")[0]
        return path.parent != assets or path.stem in indices or name in names

    remove_below(assets, kept)
    return previews


def draw_again(run: Run, on_step: OnStep = ignore) -> Previews:
    """`draw` for a run that was not just evaluated: its case set is read, if it is still there."""
    try:
        settings = run.settings
        cases = load_cases(settings.cases_folder, settings.categories, settings.layout_of).cases
    except CaseError:
        cases = ()
    return draw(run, cases, on_step)


def load(run: Run, on_step: OnStep = ignore) -> Previews:
    """The pictures that the run folder has. No case is opened: what can be drawn from the cut-outs
    alone is, where nothing was drawn of them, and the rest is left out."""
    return _previews(run, {}, on_step)


def _previews(run: Run, cases: Mapping[CaseKey, Case], on_step: OnStep) -> Previews:
    folder = run.settings.out_folder
    keys = list(run.index.cases)
    earlier = {} if cases else _earlier(run, folder)
    previews: dict[CaseKey, CasePreviews] = {}
    with ThreadPoolExecutor(2, "previews") as pool:
        try:
            tasks = [
                pool.submit(
                    _case_previews,
                    key,
                    cases.get(key),
                    run.index.by_case.get(key, ()),
                    folder,
                    run.settings.layout == "folder",
                    has_cards(run),
                    earlier.get(key),
                )
                for key in keys
            ]
            for done, (key, task) in enumerate(zip(keys, tasks, strict=True), 1):
                previews[key] = task.result()
                on_step(Step("pictures", done, len(keys)))
        except BaseException:  # on Ctrl-C, without those that are still to come
            pool.shutdown(cancel_futures=True)
            raise
    spots = tuple(
        Spot(result, point, *_spot(run, cases, previews, folder, result, point))
        for result, point in worst_points(run)
    )
    return Previews(previews, spots, _bars(run, folder))


def hardest_edge(alphas: Sequence[Alpha]) -> tuple[int, int, int, int] | None:
    """The square where the alphas, taken together, are most in between; None where none is.

    `alphas`: one or more `(H, W) float32` in [0, 1] of one shape. In-betweenness is
    4 α (1 − α), summed over a square of a twelfth of the long side (48 to 160 px),
    on alphas shrunk to at most 1024 px. Returns x, y, width, height in pixels.
    """
    height, width = alphas[0].shape
    side = min(max(48, min(160, max(height, width) // 12)), height, width)
    scale = min(1.0, _SEARCH_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    doubt = np.zeros((size[1], size[0]))
    for alpha in alphas:
        small = resize_alpha(alpha, size)
        doubt += 4 * small * (1 - small)
    if doubt.max() <= 0:
        return None
    window = max(1, min(round(side * scale), *doubt.shape))
    total = np.pad(doubt.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    sums = (
        total[window:, window:]
        - total[:-window, window:]
        - total[window:, :-window]
        + total[:-window, :-window]
    )
    row, column = divmod(int(sums.argmax()), sums.shape[1])
    x, y = round(column / scale), round(row / scale)
    return min(x, width - side), min(y, height - side), side, side


def _case_previews(
    key: CaseKey,
    case: Case | None,
    predictions: Sequence[Prediction],
    folder: Path,
    full: bool,
    cards: bool,
    earlier: CasePreviews | None,
) -> CasePreviews:
    """The previews of one case; `full`: the original at full size too, `cards`: those of cards."""
    succeeded = [p for p in predictions if p.cutout]
    picture = predictions[0].picture_sha256 if predictions else None  # the run was interrupted
    cutouts = {p.model: p.cutout_sha256 or "" for p in succeeded}
    index = folder / "assets" / f"{case_anchor(*key)}.json"
    stored = _read(index)
    if case is None:
        if stored and (stored.picture_sha256, stored.cutouts) == (picture, cutouts):
            return stored
        inputs: tuple[object, ...] = ()
    else:
        inputs = (*(sha256_file(p) if p else None for p in (case.alpha, case.foreground)),)
        inputs += (case.about.points,)
    content = repr((VERSION, full, cards, picture, list(cutouts.items()), inputs))
    name = hashlib.sha256(content.encode()).hexdigest()[:20]
    if stored and stored.name == name:
        return stored
    previews = earlier or _draw(case, succeeded, folder, name, full, cards)
    previews = previews.model_copy(update={"picture_sha256": picture, "cutouts": cutouts})
    write_atomic(index, previews.model_dump_json())
    return previews


def _read(index: Path) -> CasePreviews | None:
    try:
        return CasePreviews.model_validate_json(index.read_bytes())
    except (OSError, ValidationError):
        return None


def _earlier(run: Run, folder: Path) -> dict[CaseKey, CasePreviews]:
    """What versions before drew, whose indices do not say of which case they are: the one that has
    the alphas of its cut-outs, where there is only one."""
    indices = [path for path in (folder / "assets").glob("*.json") if _HASHED.fullmatch(path.stem)]
    by_alphas: dict[frozenset[tuple[str, str]], list[CasePreviews]] = {}
    for each in filter(None, map(_read, indices)):
        with suppress(OSError, SyntaxError):
            paths = {model: folder / of_model.alpha.path for model, of_model in each.models.items()}
            alphas = {model: _digest(Image.open(path)) for model, path in paths.items()}
            by_alphas.setdefault(frozenset(alphas.items()), []).append(each)
    earlier: dict[CaseKey, CasePreviews] = {}
    for key, predictions in run.index.by_case.items() if by_alphas else ():
        cutouts = _read_cutouts(predictions, folder)
        alphas = {model: _digest(_preview(rgba[..., 3])) for model, rgba in cutouts.items()}
        match = by_alphas.get(frozenset(alphas.items()), [])
        if len(match) == 1 and alphas:
            earlier[key] = match[0]
    return earlier


def _digest(alpha: Image.Image) -> str:
    return hashlib.sha256(alpha.convert("L").tobytes()).hexdigest()


def _read_cutouts(predictions: Iterable[Prediction], folder: Path) -> dict[str, np.ndarray]:
    """The cut-outs that there are, by model: `(H, W, 4) uint8`."""
    cutouts = {}
    for prediction in predictions:
        if prediction.cutout:
            with (
                suppress(OSError, SyntaxError),
                Image.open(folder / prediction.cutout, formats=("PNG",)) as image,
            ):
                cutouts[prediction.model] = np.asarray(image)
    return cutouts


_HASHED = re.compile("[0-9a-f]{20}")


def _draw(
    case: Case | None,
    predictions: list[Prediction],
    folder: Path,
    name: str,
    full: bool,
    cards: bool,
) -> CasePreviews:
    cutouts = _read_cutouts(predictions, folder)

    def put(kind: str, image: Image.Image, format_: str, **options: Any) -> Preview:
        buffer = io.BytesIO()
        image.save(buffer, format_, **options)
        path = f"assets/{name}-{kind}.{format_.lower()}"
        write_atomic(folder / path, buffer.getvalue())
        return Preview(path=path, width=image.width, height=image.height)

    original = _try(lambda: case.picture().rgb) if case else None
    truth = _try(case.truth) if case else None
    foreground = _try(case.true_foreground) if case and truth is not None else None
    alphas = [rgba[..., 3].astype(np.float32) / np.float32(255) for rgba in cutouts.values()]
    region = hardest_edge(alphas) if alphas else None
    models = {}
    for number, ((model, rgba), alpha) in enumerate(zip(cutouts.items(), alphas, strict=True)):
        error, wrong = None, None
        if truth is not None and truth.shape == alpha.shape:
            error, wrong = plots.error_map(alpha, truth, PREVIEW_SIDE)
        models[model] = ModelPreviews(
            result=put(f"{number}-result", _preview(_clear_hidden(rgba)), "WEBP", **CUTOUT),
            card=put(f"{number}-card", _preview(_clear_hidden(rgba), CARD_SIDE), "WEBP", **CUTOUT)
            if cards
            else None,
            alpha=put(f"{number}-alpha", _preview(rgba[..., 3]), "WEBP", lossless=True),
            edge=put(f"{number}-edge", _crop(_clear_hidden(rgba), region), "WEBP", lossless=True)
            if region
            else None,
            error=put(f"{number}-error", error, "WEBP", quality=85) if error else None,
            wrong=wrong,
            opaque=opaque_share(alpha),
            in_between=in_between_share(alpha),
        )
    true_colours = foreground if foreground is not None else original
    true = _under(true_colours, truth)
    return CasePreviews(
        name=name,
        original=put("original", _preview(original), "WEBP", quality=85)
        if original is not None
        else None,
        card=put("card", _preview(original, CARD_SIDE), "WEBP", quality=80)
        if cards and original is not None
        else None,
        full=put("full", Image.fromarray(original), "WEBP", quality=92)
        if full and original is not None
        else None,
        truth=put("truth", _preview(quantise(truth)), "WEBP", lossless=True)
        if truth is not None
        else None,
        true_cutout=put("true", _preview(true), "WEBP", **CUTOUT) if true is not None else None,
        edge=put("edge", _crop(original, region), "WEBP", lossless=True)
        if original is not None and region
        else None,
        region=region,
        models=models,
        plots=_plots(
            dict(zip(cutouts, alphas, strict=True)),
            truth if truth is not None and alphas and truth.shape == alphas[0].shape else None,
            case.about.points if case else (),
            lambda kind, image: put(kind, image, "WEBP", lossless=True),
        ),
    )


def _plots(
    alphas: dict[str, Alpha],
    truth: Alpha | None,
    points: Sequence[ObservationPoint],
    put: Callable[[str, Image.Image], Preview],
) -> tuple[Plot, ...]:
    """Pictures of measurements: few, and only of cases with a truth or a point."""
    if not alphas or (truth is None and not points):
        return ()
    drawn: list[Plot] = []
    across = next((p for p in points if p.kind in KINDS and KINDS[p.kind].across), None)
    if across:
        image, facts = plots.edge_profile(across, alphas, truth)
        picture = put("profile", image)
        drawn.append(Plot(kind="profile", picture=picture, facts=facts, point=across.id))
    if truth is not None:
        image, facts = plots.soft_histogram(alphas, truth)
        drawn.append(Plot(kind="histogram", picture=put("histogram", image), facts=facts))
    if len(alphas) > 1:
        image, facts = plots.disagreement(alphas)
        drawn.append(Plot(kind="disagreement", picture=put("disagreement", image), facts=facts))
    return tuple(drawn)


def _try(read: Callable[[], T | None]) -> T | None:
    with suppress(Exception):  # one bad picture never ends a run; its prediction says why
        return read()
    return None


def _preview(pixels: np.ndarray, side: int = PREVIEW_SIDE) -> Image.Image:
    """At most `side` px; Pillow resizes RGBA with premultiplied colours."""
    image = Image.fromarray(pixels)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return image


def _crop(pixels: RGB, region: tuple[int, int, int, int]) -> Image.Image:
    x, y, width, height = region
    return Image.fromarray(np.ascontiguousarray(pixels[y : y + height, x : x + width]))


def _under(rgb: RGB | None, alpha: Alpha | None) -> np.ndarray | None:
    """A cut-out of these colours and this alpha, `(H, W, 4) uint8`; the case set may have changed
    since the run, so that they are not there or not of one size."""
    if rgb is None or alpha is None or rgb.shape[:2] != alpha.shape:
        return None
    return _clear_hidden(np.dstack([rgb, quantise(alpha)]))


def _clear_hidden(rgba: np.ndarray) -> np.ndarray:
    """The cut-out without the colours that full transparency hides."""
    return rgba * (rgba[..., 3:] > 0)


def _spot(
    run: Run,
    cases: Mapping[CaseKey, Case],
    previews: Mapping[CaseKey, CasePreviews],
    folder: Path,
    result: PointResult,
    point: ObservationPoint,
) -> Iterator[Preview | None]:
    """Of the original, and of the cut-out; None for what is not there any more."""
    key = result.category, result.case
    prediction = run.index.predictions[result.key]
    number = list(previews[key].models).index(result.model)
    stem = f"assets/{previews[key].name}-at-{point.id}"

    def original() -> np.ndarray:
        return cases[key].picture().rgb

    def cutout() -> np.ndarray:
        with Image.open(folder / (prediction.cutout or ""), formats=("PNG",)) as image:
            rgba = np.asarray(image)
        return _clear_hidden(rgba)

    yield _spot_of(f"{stem}.webp", original, folder, point)
    yield _spot_of(f"{stem}-{number}.webp", cutout, folder, point)


def _spot_of(
    path: str, pixels: Callable[[], np.ndarray], folder: Path, point: ObservationPoint
) -> Preview | None:
    drawn = _size(path, folder)
    if drawn:
        return drawn
    whole = _try(pixels)
    if whole is None:  # the case set, or the cut-out, has gone
        return None
    crop = Image.fromarray(whole).crop(around(point, whole.shape[1], whole.shape[0]))
    crop.thumbnail((SPOT_SIDE, SPOT_SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    crop.save(buffer, "WEBP", **CUTOUT)
    write_atomic(folder / path, buffer.getvalue())
    return Preview(path=path, width=crop.width, height=crop.height)


def around(point: ObservationPoint, width: int, height: int) -> tuple[int, int, int, int]:
    """A square about a point's region, moved into the picture: left, top, right, bottom."""
    xs, ys = zip(*point.spots, strict=True)
    side = max(max(xs) - min(xs), max(ys) - min(ys))
    side = min(max(round(1.5 * side), min(width, height) // 6), width, height)
    left = round((min(xs) + max(xs) - side) / 2)
    top = round((min(ys) + max(ys) - side) / 2)
    left, top = min(max(left, 0), width - side), min(max(top, 0), height - side)
    return left, top, left + side, top + side


def _bars_name(run: Run) -> str:
    """The file name of the bars of a run, but for its suffix: by what they show."""
    content = repr((VERSION, run.measurements))
    return hashlib.sha256(content.encode()).hexdigest()[:20]


def _bars(run: Run, folder: Path) -> Preview | None:
    """The bars of a measure by category, drawn unless they are there; None without a measure."""
    metric = headline(run)
    if metric is None:
        return None
    path = f"assets/{_bars_name(run)}.webp"
    drawn = _size(path, folder)
    if drawn:
        return drawn
    image = plots.category_bars([row for row in summarise(run).rows if row.metric == metric])
    write_atomic(folder / path, plots.webp(image))
    return Preview(path=path, width=image.width, height=image.height)


def _size(path: str, folder: Path) -> Preview | None:
    """The picture at `path`, if it is there and whole enough to say its size."""
    try:
        with Image.open(folder / path, formats=("WEBP",)) as image:
            return Preview(path=path, width=image.width, height=image.height)
    except (OSError, SyntaxError):
        return None
