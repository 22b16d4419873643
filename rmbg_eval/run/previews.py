"""The pictures that a report shows: drawn once, and kept in the folder of the run they are of.

They go to `assets/`, and what was drawn of a case stands in `assets/<anchor of the case>.json`:
whoever has the run folder has every picture and needs no case set. Pictures are named after the
content they show, so that only what is new is drawn.

Thumbs are for the sheet: WebP with exact alpha and no colours under full transparency. What is
looked at closely is at full size: the original once, of each model its alpha without loss, and
the truth. A cut-out that has the original's colours is both together; one with colours of its own
is kept whole. The cut-outs themselves stay as they are, and in the layout `folder` the page shows
them.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
from PIL import Image
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from ..cases.case import Case
from ..cases.folder import load_cases
from ..core.anchors import case_anchor
from ..core.files import inside, remove_below, write_atomic
from ..core.images import (
    RGB,
    WEBP_SIDE,
    Alpha,
    dequantise,
    encode,
    quantise,
    read_bytes,
    resize_alpha,
)
from ..core.key import Key
from ..core.progress import OnStep, Step, ignore
from ..core.remote import sha256_of, stands_in
from ..errors import CaseError, ImageError, SettingsError
from ..measure.alpha import in_between_share, opaque_share
from ..measure.kinds import KINDS
from ..measure.record import ObservationPoint
from ..measure.region import Box, window_sums
from ..predictions.isolation import kills
from ..predictions.prediction import Prediction
from ..predictions.stages import picture_of
from ..settings import Layout
from . import plots
from .findings import Finding, findings
from .gross import Gross, gross
from .record import CaseKey, Run

T = TypeVar("T")

VERSION = "12"
"""Raised where pictures are drawn otherwise: what is kept of earlier ones is then drawn again."""
THUMB = 704, 432
"""Width and height in pixels, at most, of a picture in the sheet."""
SPOT_SIDE = 330
"""Pixels at most of a finding's picture."""
AIR = 1.5
"""How much longer than a finding the side of its picture is."""
CUTOUT: dict[str, Any] = {"quality": 70, "alpha_quality": 100, "method": 2}
"""How a thumb of a cut-out is stored: colours as in a photograph, alpha exactly. Of WebP's methods
the second takes half the time of the fourth, its own choice, for 2 to 4 % more bytes."""
FULL: dict[str, Any] = {"quality": 82, "alpha_quality": 100, "method": 2}
"""How colours are stored at full size: for the reference cases a fifth less than with 88."""
EXACT: dict[str, Any] = {"lossless": True, "quality": 25, "method": 2}
"""How what must be exact is stored; `quality` is the effort too: a third less time than with WebP's
own 80, and for the reference cases 1 % fewer bytes. The second method takes a fifth less time for
2 % more bytes."""
WRONG = 0.1
"""Of alpha and truth: an error one can see."""
_SEARCH_SIDE = 1024
_EARLIER_SIDE = 960
"""Pixels at most of what versions before drew."""
_AHEAD = 8
MANY = 100
"""Cases from which the layout `folder` has a short row of each, and a page for each beside it."""
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
    """What is shown of one model's prediction. Versions before had previews of 960 px."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    result: Preview
    """RGBA thumb."""
    full: Preview | None = None
    """RGBA at full size; None where colours are the original's, or the cut-out lies beside the
    page."""
    alpha: Preview | None = None
    """Grey, at full size, without loss; None where the cut-out lies beside the page."""
    edge: Preview | None
    """The hardest edge, RGBA, without loss; None where the page cuts it from `full` or `alpha`."""
    wrong: tuple[float, float] | None = None
    """Shares of the pixels too opaque, and too transparent, by more than 0.1; None without a
    truth."""
    opaque: float
    """Share of pixels, at full size, as rmbg_eval.measure.alpha defines it."""
    in_between: float
    gross: dict[str, Gross] = {}
    """What anyone sees at once, and where."""


class EdgeProfile(BaseModel):
    """Alpha along the first line of an observation point, every model's and the truth's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    point: str
    """Its id."""
    length: float
    """Of the line, in pixels."""
    courses: dict[str, tuple[float, ...]]
    """By model, or "truth": alpha in [0, 1] at places evenly spaced from the start of the line to
    its end."""
    widths: plots.Facts
    """By model, or "truth": pixels from alpha 0.92 to 0.08; None where it does not fall so far."""


class Plot(BaseModel):
    """A picture of measurements, with what its description says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["profile", "histogram", "disagreement"]
    """A `profile` is of versions before."""
    picture: Preview = Field(validation_alias=AliasChoices("picture", "shown"))
    facts: plots.Facts
    point: str | None = None
    """Id of the observation point it is of."""


class CasePreviews(BaseModel):
    """What is shown of one case. None where there is nothing to show."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str = ""
    """What its files begin with: the hash of all that they show."""
    picture_sha256: str | None = None
    cutouts: dict[str, str] = {}
    """SHA-256 of the cut-outs that are shown, by model."""
    original: Preview | None = None
    """A thumb; `full`: at full size."""
    full: Preview | None = None
    truth: Preview | None = None
    """A thumb, grey; `true_alpha`: at full size, without loss."""
    true_alpha: Preview | None = None
    edge: Preview | None = None
    region: tuple[int, int, int, int] | None = None
    """x, y, width, height of the hardest edge, in pixels of the original."""
    models: dict[str, ModelPreviews] = {}
    profiles: tuple[EdgeProfile, ...] = ()
    plots: tuple[Plot, ...] = ()


@dataclass(frozen=True)
class Spot:
    """A finding, and what it looks like there."""

    finding: Finding
    box: Box | None = None
    """The square that is shown: left, top, width, height in pixels."""
    original: Preview | None = None
    cutout: Preview | None = None
    beside: Preview | None = None
    """The other model's, where that is what to see."""


@dataclass(frozen=True)
class Previews:
    """Every picture of a run."""

    cases: Mapping[CaseKey, CasePreviews]
    worst: tuple[Spot, ...] = ()
    """Of the worst findings, worst first."""


def has_cards(run: Run) -> bool:
    """Whether the page has a short row of each case, and each case a page of its own."""
    return run.settings.layout == "folder" and len(run.cases) >= MANY


def draw(run: Run, cases: Iterable[Case], on_step: OnStep = ignore) -> None:
    """Draw what is not there yet into the run folder's `assets/`; what is not shown goes.

    `cases`: those of the run. One that is not among them keeps the pictures that it has, and one
    that killed a process is not opened.
    """
    run = run.shown
    folder = run.settings.out_folder
    killing = {p.case_key for p in run.predictions if kills(p)}
    there = {key: case for case in cases if (key := case.key) not in killing}
    names: set[str] = set()
    seen: dict[Key, dict[str, Gross]] = {}
    for key, previews in _each(run, there, on_step):
        names.add(previews.name)
        seen |= _gross_of(key, previews)
    worst = findings(run, seen)
    keys = {finding.case_key for finding in worst}
    drawn = {key: _read(_index(folder, key)) for key in keys}
    shown = {key: previews or CasePreviews() for key, previews in drawn.items()}
    for finding in worst:
        _spot(run, there, shown, finding)
    indices = {case_anchor(*key) for key in run.index.cases}
    remove_drawn(
        folder / "assets",
        lambda path: path.stem in indices or path.name.partition("-")[0] in names,
    )


def remove_drawn(assets: Path, kept: Callable[[Path], bool]) -> None:
    """Remove what this program has drawn into a folder and is not `kept`; what others have put
    there stays."""
    remove_below(
        assets,
        lambda path: path.parent != assets or not _DRAWN.fullmatch(path.name) or kept(path),
    )


_DRAWN = re.compile(r"[0-9a-f]{20}[-.].+|case-.+\.json")


def draw_again(run: Run, on_step: OnStep = ignore, cases: Path | None = None) -> None:
    """`draw` for a run that was not just evaluated: its case set is read, if it is still there on
    this machine, or the manifest `cases` of it. A URL is not asked: run.json may be another's."""
    settings = run.settings
    shown = {record.key for record in run.shown.cases}
    try:
        there = load_cases(
            cases or settings.cases_folder,
            () if cases else settings.categories,
            "" if cases else settings.layout_of,
            lambda category, id: (category, id) in shown,
        ).cases
    except (CaseError, SettingsError):
        there = ()
    if not cases:
        there = tuple(case for case in there if not stands_in(case.image))
    draw(run, there, on_step)


def load(run: Run, on_step: OnStep = ignore) -> Previews:
    """The pictures that the run folder has. No case is opened: what can be drawn from the cut-outs
    alone is, where nothing was drawn of them, and the rest is left out."""
    run = run.shown
    previews = dict(_each(run, {}, on_step))
    return Previews(previews, _spots(run, previews))


def _each(
    run: Run, cases: Mapping[CaseKey, Case], on_step: OnStep
) -> Iterator[tuple[CaseKey, CasePreviews]]:
    """The previews of each case, in the run's order; a few are drawn ahead."""
    folder = run.settings.out_folder
    earlier = {} if cases else _earlier(run)
    left = iter(run.index.cases)
    tasks: deque[tuple[CaseKey, Future[CasePreviews]]] = deque()
    with ThreadPoolExecutor(2, "previews") as pool:
        try:
            for done in range(1, len(run.index.cases) + 1):
                for key in islice(left, _AHEAD - len(tasks)):
                    task = pool.submit(
                        _case_previews,
                        key,
                        cases.get(key),
                        run.index.by_case.get(key, ()),
                        folder,
                        run.settings.layout,
                        earlier.get(key),
                    )
                    tasks.append((key, task))
                key, task = tasks.popleft()
                yield key, task.result()
                on_step(Step("pictures", done, len(run.index.cases)))
        except BaseException:  # on Ctrl-C, without those that are still to come
            pool.shutdown(cancel_futures=True)
            raise


def _gross_of(key: CaseKey, previews: CasePreviews) -> dict[Key, dict[str, Gross]]:
    return {Key(*key, model): each.gross for model, each in previews.models.items()}


def _spots(run: Run, previews: Mapping[CaseKey, CasePreviews]) -> tuple[Spot, ...]:
    """Of the worst findings, worst first, from what is drawn of them."""
    seen: dict[Key, dict[str, Gross]] = {}
    for key, each in previews.items():
        seen |= _gross_of(key, each)
    return tuple(_spot(run, {}, previews, each) for each in findings(run, seen))


def thumb_in(folder: Path, key: CaseKey, picture: str | None) -> Image.Image | None:
    """The thumb of a case's picture, of that SHA-256, that a run folder has; None without one."""
    drawn = _read(_index(folder, key))
    if not (drawn and drawn.original and picture and drawn.picture_sha256 == picture):
        return None
    path = drawn.original.path
    if not inside(folder, path):  # an index may be a stranger's
        return None

    def thumb() -> Image.Image | None:
        with Image.open(io.BytesIO(read_bytes(folder / path)), formats=("WEBP",)) as image:
            small = image.width <= THUMB[0] and image.height <= THUMB[1]
            return image.convert("RGB") if small else None

    return _try(thumb)


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
    sums = window_sums(doubt, window)
    row, column = divmod(int(sums.argmax()), sums.shape[1])
    x, y = round(column / scale), round(row / scale)
    return min(x, width - side), min(y, height - side), side, side


def _case_previews(
    key: CaseKey,
    case: Case | None,
    predictions: Sequence[Prediction],
    folder: Path,
    layout: Layout,
    earlier: CasePreviews | None,
) -> CasePreviews:
    """The previews of one case; `case`: None where it is not there, as where its picture is another
    by now, which must not be shown beside what was made of the one before."""
    succeeded = [p for p in predictions if p.cutout]
    # None: the run was interrupted, or nobody could read the picture.
    picture = next((p.picture_sha256 for p in predictions if p.picture_sha256), None)
    cutouts = {p.model: p.cutout_sha256 or "" for p in succeeded}
    index = _index(folder, key)
    stored = _read(index)

    def named(case: Case | None) -> str:
        content = repr((VERSION, layout, picture, list(cutouts.items()), _inputs(case)))
        return hashlib.sha256(content.encode()).hexdigest()[:20]

    name = named(case)
    if stored and stored.name == name:
        return stored
    if case and picture and sha256_of(case.image) != picture:
        case, name = None, named(None)
    if (
        case is None
        and stored
        and stored.cutouts == cutouts
        and stored.picture_sha256 in (None, picture)  # None: of a version before
    ):
        return stored
    previews = earlier or _draw(case, succeeded, folder, name, layout)
    previews = previews.model_copy(update={"picture_sha256": picture, "cutouts": cutouts})
    write_atomic(index, previews.model_dump_json())
    return previews


def _inputs(case: Case | None) -> tuple[object, ...]:
    """What of a case decides its pictures, beside the picture itself."""
    if case is None:
        return ()
    hashes = (sha256_of(path) if path else None for path in (case.alpha, case.foreground))
    return (*hashes, case.about.points)


def _index(folder: Path, key: CaseKey) -> Path:
    """The file that says what was drawn of a case."""
    return folder / "assets" / f"{case_anchor(*key)}.json"


def _read(index: Path) -> CasePreviews | None:
    try:
        return CasePreviews.model_validate_json(read_bytes(index))
    except (ImageError, ValidationError):
        return None


def _earlier(run: Run) -> dict[CaseKey, CasePreviews]:
    """What versions before drew, whose indices do not say of which case they are: the one that has
    the alphas of its cut-outs, where there is only one."""
    folder = run.settings.out_folder
    indices = [path for path in (folder / "assets").glob("*.json") if _HASHED.fullmatch(path.stem)]
    by_alphas: dict[frozenset[tuple[str, str | None]], list[CasePreviews]] = {}
    for each in filter(None, map(_read, indices)):
        alphas = {
            model: _try(partial(_digest_at, folder, of_model.alpha.path))
            for model, of_model in each.models.items()
            if of_model.alpha
        }
        by_alphas.setdefault(frozenset(alphas.items()), []).append(each)
    earlier: dict[CaseKey, CasePreviews] = {}
    for key, predictions in run.index.by_case.items() if by_alphas else ():
        cutouts = _read_cutouts(predictions, folder)
        own = {model: _digest(_earlier_alpha(rgba)) for model, rgba in cutouts.items()}
        match = by_alphas.get(frozenset(own.items()), [])
        if len(match) == 1 and own:
            earlier[key] = match[0]
    return earlier


def _earlier_alpha(rgba: np.ndarray) -> Image.Image:
    image = _grey(rgba[..., 3])
    image.thumbnail((_EARLIER_SIDE, _EARLIER_SIDE), Image.Resampling.LANCZOS)
    return image


def _digest(alpha: Image.Image) -> str:
    return hashlib.sha256(alpha.convert("L").tobytes()).hexdigest()


def _digest_at(folder: Path, path: str) -> str:
    """Of a picture that an index names, which may be a stranger's."""
    if not inside(folder, path):
        raise OSError(path)
    with Image.open(io.BytesIO(read_bytes(folder / path)), formats=("WEBP",)) as image:
        return _digest(image)


def _read_cutouts(predictions: Iterable[Prediction], folder: Path) -> dict[str, np.ndarray]:
    """The cut-outs that there are, RGBA and of the size they had, by model: `(H, W, 4) uint8`."""
    cutouts = {}
    for prediction in predictions:
        if prediction.cutout:
            with (
                suppress(OSError, SyntaxError),
                Image.open(folder / prediction.cutout, formats=("PNG",)) as image,
            ):
                size = prediction.width or image.width, prediction.height or image.height
                if image.mode == "RGBA" and image.size == size:  # else somebody's other file
                    cutouts[prediction.model] = np.asarray(image)
    return cutouts


_HASHED = re.compile("[0-9a-f]{20}")


def _draw(
    case: Case | None, predictions: list[Prediction], folder: Path, name: str, layout: Layout
) -> CasePreviews:
    cutouts = _read_cutouts(predictions, folder)

    def put(kind: str, image: Image.Image, options: Mapping[str, Any] = EXACT) -> Preview:
        if max(image.size) > WEBP_SIDE:
            image.thumbnail((WEBP_SIDE, WEBP_SIDE), Image.Resampling.LANCZOS)
        return _save(folder, f"assets/{name}-{kind}.webp", image, options)

    original = _try(lambda: case.picture().rgb) if case else None
    truth = _try(case.truth) if case else None
    alphas = {model: dequantise(rgba[..., 3]) for model, rgba in cutouts.items()}
    region = hardest_edge([*alphas.values()]) if alphas else None
    crops = layout == "folder" or original is None  # the page cuts them itself from what it has
    models = {}
    for number, (model, rgba) in enumerate(cutouts.items()):
        clear, alpha = _clear_hidden(rgba), alphas[model]
        of_size = _of_size(truth, alpha)
        others = [alphas[m] for m in alphas if m != model and alphas[m].shape == alpha.shape]
        own = layout == "single" and not _same_colours(rgba, original)
        models[model] = ModelPreviews(
            result=put(f"{number}-result", _thumb(clear), CUTOUT),
            full=put(f"{number}-full", Image.fromarray(clear), FULL) if own else None,
            alpha=put(f"{number}-alpha", _grey(rgba[..., 3])) if layout == "single" else None,
            edge=put(f"{number}-edge", _crop(clear, region)) if crops and region else None,
            wrong=error_shares(alpha, of_size) if of_size is not None else None,
            opaque=opaque_share(alpha),
            in_between=in_between_share(alpha),
            gross=gross(alpha, of_size, others),
        )
    fits = _of_size(truth, next(iter(alphas.values()))) if alphas else None
    points = case.about.points if case else ()
    return CasePreviews(
        name=name,
        original=put("original", _thumb(original), CUTOUT) if original is not None else None,
        full=put("full", Image.fromarray(original), FULL) if original is not None else None,
        truth=put("truth", _thumb(quantise(truth))) if truth is not None else None,
        true_alpha=put("true-alpha", _grey(quantise(truth))) if truth is not None else None,
        edge=put("edge", _crop(original, region))
        if crops and original is not None and region
        else None,
        region=region,
        models=models,
        profiles=_profiles(alphas, fits, points),
        plots=_plots(alphas, fits, points, put),
    )


def _of_size(truth: Alpha | None, alpha: Alpha) -> Alpha | None:
    """The truth, if there is one and it is as large as an alpha."""
    return truth if truth is not None and truth.shape == alpha.shape else None


def _save(folder: Path, path: str, image: Image.Image, options: Mapping[str, Any]) -> Preview:
    write_atomic(folder / path, encode(image, "WEBP", **options))
    return Preview(path=path, width=image.width, height=image.height)


def _profiles(
    alphas: dict[str, Alpha], truth: Alpha | None, points: Sequence[ObservationPoint]
) -> tuple[EdgeProfile, ...]:
    """Of each point whose lines go straight across an edge."""
    profiles = []
    for point in points if alphas else ():
        if point.kind in KINDS and KINDS[point.kind].across:
            length, courses, widths = plots.edge_profile(point, alphas, truth)
            profiles.append(
                EdgeProfile(point=point.id, length=length, courses=courses, widths=widths)
            )
    return tuple(profiles)


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


def _thumb(pixels: np.ndarray) -> Image.Image:
    """At most `THUMB` px; Pillow resizes RGBA with premultiplied colours."""
    image = Image.fromarray(pixels)
    image.thumbnail(THUMB, Image.Resampling.LANCZOS)
    return image


def _grey(levels: np.ndarray) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(levels))


def _same_colours(rgba: np.ndarray, original: RGB | None) -> bool:
    """Whether a cut-out has the original's colours wherever one sees them."""
    if original is None or original.shape[:2] != rgba.shape[:2]:
        return False
    same = rgba[..., 3] == 0
    equal = [rgba[..., channel] == original[..., channel] for channel in range(3)]
    return bool((same | np.logical_and.reduce(equal)).all())


def error_shares(alpha: Alpha, truth: Alpha) -> tuple[float, float]:
    """The shares of the pixels too opaque, and too transparent, by more than 0.1.

    `alpha`, `truth`: `(H, W) float32` in [0, 1].
    """
    difference = alpha - truth
    return float((difference > WRONG).mean()), float((difference < -WRONG).mean())


def _crop(pixels: RGB, region: tuple[int, int, int, int]) -> Image.Image:
    x, y, width, height = region
    return Image.fromarray(np.ascontiguousarray(pixels[y : y + height, x : x + width]))


def _clear_hidden(rgba: np.ndarray) -> np.ndarray:
    """The cut-out without the colours that full transparency hides."""
    return rgba * (rgba[..., 3:] > 0)


def _spot(
    run: Run,
    cases: Mapping[CaseKey, Case],
    previews: Mapping[CaseKey, CasePreviews],
    finding: Finding,
) -> Spot:
    """A finding with its pictures; without what is not there any more."""
    folder = run.settings.out_folder
    key = finding.case_key
    prediction = run.index.predictions[finding.key]
    models = [*previews[key].models]
    if not (prediction.width and prediction.height and prediction.model in models):
        return Spot(finding)
    place = finding.place
    box = place.box if isinstance(place, Gross) else box_of(place)
    box = around(box, prediction.width, prediction.height)
    stem = f"assets/{previews[key].name}-at-{'-'.join(map(str, box))}"

    def original() -> np.ndarray | None:
        if key in cases:
            return picture_of(cases[key], prediction.picture_sha256).rgb
        drawn = previews[key]
        of_it = drawn.picture_sha256 == prediction.picture_sha256
        if not (of_it and drawn.full and inside(folder, drawn.full.path)):
            return None
        with Image.open(folder / drawn.full.path, formats=("WEBP",)) as image:
            whole = image.size == (prediction.width, prediction.height)
            return np.asarray(image.convert("RGB")) if whole else None

    def cutout(model: str) -> Preview | None:
        of = run.index.predictions[Key(*key, model)]

        def pixels() -> np.ndarray:
            with Image.open(folder / (of.cutout or ""), formats=("PNG",)) as image:
                return _clear_hidden(np.asarray(image))

        return _spot_of(f"{stem}-{models.index(model)}.webp", pixels, folder, box)

    return Spot(
        finding,
        box,
        _spot_of(f"{stem}.webp", original, folder, box),
        cutout(prediction.model),
        cutout(finding.beside) if finding.beside in models else None,
    )


def _spot_of(
    path: str, pixels: Callable[[], np.ndarray | None], folder: Path, box: Box
) -> Preview | None:
    drawn = _size(path, folder)
    if drawn:
        return drawn
    whole = _try(pixels)
    if whole is None:  # the case set, or the cut-out, has gone
        return None
    left, top, width, height = box
    crop = Image.fromarray(whole).crop((left, top, left + width, top + height))
    crop.thumbnail((SPOT_SIDE, SPOT_SIDE), Image.Resampling.LANCZOS)
    return _save(folder, path, crop, CUTOUT)


def box_of(point: ObservationPoint) -> Box:
    """What a point's region fits into: left, top, width, height."""
    xs, ys = zip(*point.spots, strict=True)
    return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)


def around(box: Box, width: int, height: int) -> Box:
    """A square with some air about a box, moved into the picture: left, top, width, height."""
    left, top, *sides = box
    side = min(max(round(AIR * max(sides)), min(width, height) // 6), width, height)
    left, top = (
        min(max(round(start + size / 2 - side / 2), 0), most - side)
        for start, size, most in zip((left, top), sides, (width, height), strict=True)
    )
    return left, top, side, side


def _size(path: str, folder: Path) -> Preview | None:
    """The picture at `path`, if it is there and whole enough to say its size."""
    try:
        with Image.open(folder / path, formats=("WEBP",)) as image:
            return Preview(path=path, width=image.width, height=image.height)
    except (OSError, SyntaxError):
        return None
