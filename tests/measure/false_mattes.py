"""Mattes that are false in one way each, and which observation points let them pass.

`PYTHONPATH=tests python tests/measure/false_mattes.py` writes docs/false-mattes.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from rmbg_eval.cases.case import Case
from rmbg_eval.cases.folder import load_cases
from rmbg_eval.core.images import RGB, Alpha
from rmbg_eval.core.paths import resource
from rmbg_eval.measure.kinds import KINDS
from rmbg_eval.measure.points import Observation, judge
from rmbg_eval.measure.record import ObservationPoint
from rmbg_eval.measure.region import edge_squares
from rmbg_eval.measure.subject import Subject
from rmbg_eval.measure.table import TABLE

Judged = tuple[str, str, ObservationPoint, Observation]
"""Of a case, a matte and a point: what is seen there."""
RAW = "truth, raw colours"
CONSTANT = ("all 0", "all 0.5", "all 1")
SIZED = ("dilated 3", "dilated 8", "eroded 3", "eroded 8")
MUST_FAIL = {
    "transparent": ("all 0.5", "all 1"),
    "opaque": ("all 0", "all 0.5"),
    "semi-transparent": CONSTANT,
    "soft-band": (*CONSTANT, "blurred 6"),
    "smooth-fall": CONSTANT,
    "in-between": (*CONSTANT, *SIZED, "thresholded"),
    "unbroken": CONSTANT,
    "strands": (*CONSTANT, "dilated 3", "dilated 8", "eroded 8", "blurred 6"),
    "no-fringe": (*CONSTANT, *SIZED, "blurred 6"),
}
"""By kind: the false mattes that none of its points may pass."""

TEXT = """\
# What observation points let pass

Which false mattes the reference cases' points catch: the truth of each case was made false in one
way, its foreground colours left true; for each kind, how many of its points still pass. **Bold**:
none may (tests hold it). A kind asks one thing: what passes here, such as a shifted matte that is
as soft as it should be, fails points of other kinds. Made by
`PYTHONPATH=tests python tests/measure/false_mattes.py`.

Dilated and eroded by 3 and 8 px, blurred with σ 2 and 6 px, cut at 0.5, holes and gaps up to 16 px
filled, shifted by 4 px. *Solved* is no false matte: alpha by least squares from picture, foreground
and plate, within 10 px of the edge, for scenes that no phone's camera stands before. All of its
points must pass.

*Truth, raw colours* is the true alpha with the picture's own colours, as `--foreground raw` (the
default) has them for any model: it is right in shape, and shows the old background in every soft
edge. Its ΔE over white in the edge band is {mean} on average over these {scenes} scenes, {low} to
{high}, where the truth's with its true colours is 0: so much is no fault of an alpha.

{table}

## How much of the detail in between, and how many strands

Of the detail in between, a half is asked for (0.5) where the point does not say otherwise; of
strands, all but the tolerance. A half lies above what any matte reaches that is 3 px too wide or
too narrow, or hard, and below what the truth does if it is drawn with a soft brush of 2 px, as a
good retoucher would; the feather's barbs and the crochet's fuzz are finer than that brush, and lost
to it. Where both layers are known, alpha can be *solved* for: no point asks for what its picture
does not show.

{details}
"""


def false_mattes(truth: Alpha) -> Iterator[tuple[str, Alpha]]:
    """The truth, and what is false of it: `(H, W) float32` each."""

    def disc(radius: int) -> np.ndarray:
        return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))

    yield "truth", truth
    for name, value in zip(CONSTANT, (0, 0.5, 1), strict=True):
        yield name, np.full_like(truth, value)
    for radius in (3, 8):
        yield f"dilated {radius}", cv2.dilate(truth, disc(radius))
        yield f"eroded {radius}", cv2.erode(truth, disc(radius))
    for sigma in (2, 6):
        yield f"blurred {sigma}", np.clip(cv2.GaussianBlur(truth, (0, 0), sigma), 0, 1)
    solid = (truth >= 0.5).astype(np.uint8)
    yield "thresholded", solid.astype(np.float32)
    outside = np.pad(solid, 1)
    cv2.floodFill(outside, None, (0, 0), 2)
    closed = cv2.morphologyEx(truth, cv2.MORPH_CLOSE, disc(8))
    yield "filled", np.where(outside[1:-1, 1:-1] == 0, np.float32(1), closed)
    yield "shifted 4", np.roll(truth, 4, 1)


def judged(
    case: Case, asked: Callable[[str, ObservationPoint], bool] = lambda *_: True
) -> Iterator[tuple[str, ObservationPoint, Observation]]:
    """Of each matte and point of a case that are asked for: matte, point, and what is seen there.

    The mattes are the truth, also with the picture's own colours, the false ones and, where it can
    be had, the one that is solved.
    """
    raw = with_raw_colours(case)
    (_, truth), *false = false_mattes(raw.need_truth())
    right = [("solved", solution(case))] if is_solvable(case) else []
    mattes = [("truth", truth), (RAW, truth), *false, *right]
    for name, alpha in mattes:
        subject = raw if name == RAW else replace(raw, alpha=alpha, rgb=raw.foreground)
        for point in case.about.points:
            if asked(name, point):
                yield name, point, judge(point, subject)


def with_raw_colours(case: Case) -> Subject:
    """The true alpha with the colours of the picture."""
    truth, foreground, picture = case.truth(), case.true_foreground(), case.picture().rgb
    assert truth is not None
    assert foreground is not None
    return Subject(alpha=truth, rgb=picture, picture=picture, truth=truth, foreground=foreground)


def is_solvable(case: Case) -> bool:
    """Whether the picture is what its layers make: no phone's camera stands between them."""
    return case.category != "low-quality" and case.image.with_name("plate.jpg").exists()


def solution(case: Case) -> Alpha:
    """The truth, but within 10 px of its edge what `solved` makes of the picture and its layers."""
    truth, foreground, picture = case.truth(), case.true_foreground(), case.picture().rgb
    assert truth is not None
    assert foreground is not None
    with Image.open(case.image.with_name("plate.jpg")) as image:
        plate = np.asarray(image.convert("RGB"))
    return np.where(edge_squares(truth, 10) <= 100, solved(picture, foreground, plate), truth)


def solved(picture: RGB, foreground: RGB, plate: RGB) -> Alpha:
    """Alpha by least squares from a picture and both its layers, pixel by pixel.

    Where the layers hardly differ, what is around a pixel says more than its grain.
    """
    between = np.subtract(foreground, plate, dtype=np.float64)
    along = (np.subtract(picture, plate, dtype=np.float64) * between).sum(2)
    length = (between**2).sum(2)
    wide, wide_length = (cv2.GaussianBlur(each, (0, 0), 1.5) for each in (along, length))
    around = np.clip(wide / (wide_length + 1), 0, 1)
    grain = 3 * 12.0**2
    return np.clip((along + grain * around) / (length + grain), 0, 1).astype(np.float32)


def table(found: list[Judged]) -> str:
    """Markdown: kinds by mattes."""
    counts: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for _, name, point, seen in found:
        counts[point.kind, name].append(seen.passed is True)
    names = list(dict.fromkeys(name for _, name in counts))
    lines = [f"| kind | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for kind in KINDS:
        cells = [f"{sum(found)} of {len(found)}" for found in (counts[kind, n] for n in names)]
        must = [n in MUST_FAIL[kind] for n in names]
        cells = [f"**{c}**" if m else c for c, m in zip(cells, must, strict=True)]
        lines.append(f"| `{kind}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def details(found: list[Judged]) -> str:
    """Markdown: points of the two kinds by some mattes, what is measured there."""
    names = ("dilated 3", "eroded 3", "thresholded", "blurred 2", "solved")
    rows: dict[str, dict[str, str]] = {}
    for case, name, point, seen in found:
        if point.kind in ("in-between", "strands") and seen.measured is not None:
            whole = f" of {seen.expected:g}" if point.kind == "strands" else ""
            row = rows.setdefault(f"`{case}` {point.id}, {point.kind}", {})
            row[name] = f"{seen.measured:.2g}{whole}"
    lines = [f"| point | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    lines += [
        f"| {title} | {' | '.join(row.get(name, '–') for name in names)} |"
        for title, row in rows.items()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    scenes = [case for case in load_cases(resource("cases")).cases if case.foreground]
    everything = [(case.name, *each) for case in scenes for each in judged(case)]
    (edge,) = (metric for metric in TABLE if metric.name == "delta_e_white_edge")
    values = [edge.compute(with_raw_colours(case)) for case in scenes]
    figures = zip(("mean", "low", "high"), (np.mean(values), min(values), max(values)), strict=True)
    shown = TEXT.format(
        table=table(everything),
        details=details(everything),
        scenes=len(scenes),
        **{name: f"{value:.1f}" for name, value in figures},
    )
    (Path(__file__).parents[2] / "docs" / "false-mattes.md").write_text(shown, "utf-8")
