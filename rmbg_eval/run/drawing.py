"""Drawing what a report shows of a run: once, and again where what it is made of has changed."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydantic import ValidationError

from ..cases.case import Case
from ..cases.folder import load_cases
from ..core.anchors import case_anchor
from ..core.decoding import read_bytes
from ..core.files import remove_below, write_atomic
from ..core.images import RGB, WEBP_SIDE, Alpha, dequantise, quantise
from ..core.key import Key
from ..core.progress import OnStep, Step, ignore
from ..core.remote import sha256_of, stands_in
from ..errors import CaseError, ImageError, SettingsError
from ..measure.alpha import in_between_share, opaque_share
from ..measure.kinds import KINDS
from ..measure.record import Box, ObservationPoint
from ..predictions.isolation import kills
from ..predictions.prediction import Prediction
from ..settings import Layout
from . import plots
from .findings import findings
from .folder import refuse_links
from .gross import Gross, gross
from .previews import (
    CasePreviews,
    DisagreementMap,
    EdgeProfile,
    ModelPreviews,
    Preview,
    Previews,
)
from .record import CaseKey, Run
from .sample import shown_of
from .spots import hardest_edge, spot_of
from .webp import CUTOUT, EXACT, FULL, clear_hidden, opened, or_none, save

VERSION = "14"
"""Raised where pictures are drawn otherwise: what is kept of earlier ones is then drawn again."""
THUMB = 704, 432
"""Width and height in pixels, at most, of a picture in the sheet."""
WRONG = 0.1
"""Of alpha and truth: an error one can see."""
_EARLIER_SIDE = 960
"""Pixels at most of what versions before drew."""
_AHEAD = 8


def draw(run: Run, cases: Iterable[Case], on_step: OnStep = ignore) -> None:
    """Draw what is not there yet into the run folder's `assets/`; what is not shown goes.

    `cases`: those of the run. One that is not among them keeps the pictures that it has, and one
    that killed a process is not opened.
    """
    run = shown_of(run)
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
        spot_of(run, there, shown, finding)
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
    shown = {record.key for record in shown_of(run).cases}
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
    run = shown_of(run)
    previews = dict(_each(run, {}, on_step))
    seen: dict[Key, dict[str, Gross]] = {}
    for key, each in previews.items():
        seen |= _gross_of(key, each)
    worst = (spot_of(run, {}, previews, finding) for finding in findings(run, seen))
    return Previews(previews, tuple(worst))


def _each(
    run: Run, cases: Mapping[CaseKey, Case], on_step: OnStep
) -> Iterator[tuple[CaseKey, CasePreviews]]:
    """The previews of each case, in the run's order; a few are drawn ahead. OutputError as
    `refuse_links` says: the run may be another's."""
    folder = run.settings.out_folder
    refuse_links(folder)
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


def thumb_in(folder: Path, key: CaseKey, picture: str | None) -> Image.Image | None:
    """The thumb of a case's picture, of that SHA-256, that a run folder has; None without one."""
    drawn = _read(_index(folder, key))
    if not (drawn and drawn.original and picture and drawn.picture_sha256 == picture):
        return None
    path = drawn.original.path

    def thumb() -> Image.Image | None:
        with opened(path, folder) as image:
            small = image.width <= THUMB[0] and image.height <= THUMB[1]
            return image.convert("RGB") if small else None

    return or_none(thumb)


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
        # What could not be read, as of a share that was away, is tried again.
        whole = stored.original and stored.models.keys() == cutouts.keys()
        if whole or not (case and succeeded):
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
            model: or_none(partial(_digest_at, of_model.alpha.path, folder))
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


def _digest_at(path: str, folder: Path) -> str:
    with opened(path, folder) as image:
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
        return save(folder, f"assets/{name}-{kind}.webp", image, options)

    original = or_none(lambda: case.picture().rgb) if case else None
    truth = or_none(case.truth) if case else None
    alphas = {model: dequantise(rgba[..., 3]) for model, rgba in cutouts.items()}
    region = hardest_edge([*alphas.values()]) if alphas else None
    crops = layout == "folder" or original is None  # the page cuts them itself from what it has
    models = {}
    for number, (model, rgba) in enumerate(cutouts.items()):
        alpha = alphas[model]
        of_size = _of_size(truth, alpha)
        others = [alphas[m] for m in alphas if m != model and alphas[m].shape == alpha.shape]
        seen = gross(alpha, of_size, others)
        clear = clear_hidden(rgba)
        own = layout == "single" and not _same_colours(rgba, original)
        result = put(f"{number}-result", _thumb(clear), CUTOUT)
        full = put(f"{number}-full", Image.fromarray(clear), FULL) if own else None
        edge = put(f"{number}-edge", _crop(clear, region)) if crops and region else None
        del clear  # storing alpha takes the most memory
        models[model] = ModelPreviews(
            result=result,
            full=full,
            alpha=put(f"{number}-alpha", _grey(rgba[..., 3])) if layout == "single" else None,
            edge=edge,
            wrong=error_shares(alpha, of_size) if of_size is not None else None,
            opaque=opaque_share(alpha),
            in_between=in_between_share(alpha),
            gross=seen,
        )
    fits = _of_size(truth, next(iter(alphas.values()))) if alphas else None
    pictures = {p.picture_sha256 for p in predictions if p.model in cutouts}  # it may be replaced
    of_one = len(pictures) == 1 and len({rgba.shape for rgba in cutouts.values()}) == 1
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
        histogram=plots.soft_histogram(alphas, fits) if fits is not None else {},
        disagreement=_disagreement(cutouts, put) if len(cutouts) > 1 and of_one else None,
    )


def _of_size(truth: Alpha | None, alpha: Alpha) -> Alpha | None:
    """The truth, if there is one and it is as large as an alpha."""
    return truth if truth is not None and truth.shape == alpha.shape else None


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


def _disagreement(cutouts: dict[str, np.ndarray], put: Callable[..., Preview]) -> DisagreementMap:
    image, mean, far = plots.disagreement([rgba[..., 3] for rgba in cutouts.values()])
    return DisagreementMap(picture=put("disagreement", image, FULL), mean=mean, far=far)


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


def _crop(pixels: RGB, region: Box) -> Image.Image:
    x, y, width, height = region
    return Image.fromarray(np.ascontiguousarray(pixels[y : y + height, x : x + width]))
