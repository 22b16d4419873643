"""Pictures for the report: previews, alphas and edge crops, as files beside it.

They are named after the content they show, so that a second report makes only
what is new. Previews are for looking: WebP with exact alpha, shrunk to at most 960 px, and with
no colours under full transparency, which keeps them small. Cut-outs stay as they are.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
from PIL import Image
from pydantic import BaseModel, ConfigDict, ValidationError

from ..cases.case import Case
from ..core.files import sha256_file, write_atomic
from ..core.images import RGB, Alpha, quantise, resize_alpha
from ..core.progress import OnStep, Step
from ..errors import RmbgEvalError
from ..measure.alpha import in_between_share, opaque_share
from ..measure.kinds import KINDS
from ..measure.record import ObservationPoint
from ..predictions.prediction import Prediction
from ..run.record import Run
from . import plots

T = TypeVar("T")

VERSION = "8"
PREVIEW_SIDE, CARD_SIDE = 960, 320
CUTOUT: dict[str, Any] = {"quality": 80, "alpha_quality": 100}
"""How a preview of a cut-out is stored: colours as in a photograph, alpha exactly."""
_SEARCH_SIDE = 1024
MANY = 100
"""Cases from which the layout `folder` has a card of each, and a page for each beside it."""


class Shown(BaseModel):
    """A picture file of the report and its size in pixels."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    """From the run folder, with forward slashes."""
    width: int
    height: int


class ModelFigures(BaseModel):
    """What is shown of one model's prediction."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    result: Shown
    """RGBA WebP, at most 960 px; `card` at most 320 px, where cases have cards."""
    card: Shown | None = None
    alpha: Shown
    edge: Shown | None
    error: Shown | None = None
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
    shown: Shown
    facts: plots.Facts
    point: str | None = None
    """Id of the observation point it is of."""


class CaseFigures(BaseModel):
    """What is shown of one case. None where there is nothing to show."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""  # what its files begin with
    original: Shown | None = None
    card: Shown | None = None
    full: Shown | None = None
    """The original at full size, where the layout is `folder`; `card` at most 320 px."""
    truth: Shown | None = None
    true_cutout: Shown | None = None
    """The true foreground, or else the original, under the true alpha."""
    edge: Shown | None = None
    region: tuple[int, int, int, int] | None = None
    """x, y, width, height of the hardest edge, in pixels of the original."""
    models: dict[str, ModelFigures] = {}
    plots: tuple[Plot, ...] = ()


def has_cards(run: Run) -> bool:
    """Whether the page has a card of each case, and each case a page of its own."""
    return run.settings.layout == "folder" and len(run.cases) >= MANY


def make_figures(
    run: Run,
    cases: dict[tuple[str, str], Case],
    folder: Path,
    on_step: OnStep,
    keep: str = "",
) -> dict[tuple[str, str], CaseFigures]:
    """The figures of every case of the run, by category and id; files go to `folder/assets/`.

    What is there of earlier runs is removed, but for the file that begins with `keep`.
    """
    predictions: dict[tuple[str, str], list[Prediction]] = {}
    for prediction in run.predictions:
        predictions.setdefault((prediction.category, prediction.case), []).append(prediction)
    keys = [(record.category, record.id) for record in run.cases]
    found: dict[tuple[str, str], CaseFigures] = {}
    used = {keep}
    with ThreadPoolExecutor(2, "figures") as pool:
        tasks = [
            pool.submit(
                _case_figures,
                cases.get(key),
                predictions.get(key, []),
                folder,
                run.settings.layout == "folder",
                has_cards(run),
            )
            for key in keys
        ]
        for done, (key, task) in enumerate(zip(keys, tasks, strict=True), 1):
            found[key] = task.result()
            used.add(found[key].name)
            on_step(Step("report · pictures", done, len(keys)))
    for path in (folder / "assets").glob("*"):
        if path.name.partition("-")[0].partition(".")[0] not in used:
            path.unlink(missing_ok=True)
    return found


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


def _case_figures(
    case: Case | None, predictions: list[Prediction], folder: Path, full: bool, cards: bool
) -> CaseFigures:
    """The figures of one case; `full`: the original at full size too, `cards`: those of cards."""
    succeeded = [p for p in predictions if p.cutout]
    truth_sha256 = sha256_file(case.alpha) if case and case.alpha else None
    shown = [(p.model, p.cutout_sha256) for p in succeeded]
    points = case.about.points if case else ()
    picture = predictions[0].picture_sha256 if predictions else None  # the run was interrupted
    content = repr((VERSION, full, cards, picture, truth_sha256, shown, points))
    name = hashlib.sha256(content.encode()).hexdigest()[:20]
    index = folder / "assets" / f"{name}.json"
    try:
        return CaseFigures.model_validate_json(index.read_bytes())
    except (OSError, ValidationError):
        figures = _draw(case, succeeded, folder, name, full, cards)
        write_atomic(index, figures.model_dump_json())
        return figures


def _draw(
    case: Case | None,
    predictions: list[Prediction],
    folder: Path,
    name: str,
    full: bool,
    cards: bool,
) -> CaseFigures:
    cutouts = {}
    for prediction in predictions:
        path = folder / (prediction.cutout or "")
        with Image.open(path, formats=("PNG",)) as image:
            cutouts[prediction.model] = np.asarray(image)

    def put(kind: str, image: Image.Image, format_: str, **options: Any) -> Shown:
        buffer = io.BytesIO()
        image.save(buffer, format_, **options)
        path = f"assets/{name}-{kind}.{format_.lower()}"
        write_atomic(folder / path, buffer.getvalue())
        return Shown(path=path, width=image.width, height=image.height)

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
        models[model] = ModelFigures(
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
    return CaseFigures(
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
    put: Callable[[str, Image.Image], Shown],
) -> tuple[Plot, ...]:
    """Pictures of measurements: few, and only of cases with a truth or a point."""
    if not alphas or (truth is None and not points):
        return ()
    found: list[Plot] = []
    across = next((p for p in points if p.kind in KINDS and KINDS[p.kind].across), None)
    if across:
        image, facts = plots.edge_profile(across, alphas, truth)
        shown = put("profile", image)
        found.append(Plot(kind="profile", shown=shown, facts=facts, point=across.id))
    if truth is not None:
        image, facts = plots.soft_histogram(alphas, truth)
        found.append(Plot(kind="histogram", shown=put("histogram", image), facts=facts))
    if len(alphas) > 1:
        image, facts = plots.disagreement(alphas)
        found.append(Plot(kind="disagreement", shown=put("disagreement", image), facts=facts))
    return tuple(found)


def _try(read: Callable[[], T | None]) -> T | None:
    with suppress(RmbgEvalError):  # the prediction says why
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
