"""How small a worsening tolerances notice: `python benchmarks/sensitivity.py [RUN]`.

RUN (reports/latest) is a finished run of the reference cases. Its first model's cut-outs of those
with a truth are made worse, all in one way at a time. Printed is at how many a comparison stops,
and of the same pictures without a truth.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from PIL import Image

from rmbg_eval import Run, Settings, evaluate, load_cases
from rmbg_eval.compare.alpha_change import decoded
from rmbg_eval.compare.runs import compare
from rmbg_eval.core.images import Alpha, quantise


def shifted(far: float) -> Callable[[Alpha], Alpha]:
    """To the right, by so many pixels."""
    matrix = np.float32([[1, 0, far], [0, 1, 0]])
    return lambda a: cv2.warpAffine(a, matrix, a.shape[::-1], borderMode=cv2.BORDER_REPLICATE)


def blurred(sigma: float) -> Callable[[Alpha], Alpha]:
    """By a Gaussian."""
    return lambda a: cv2.GaussianBlur(a, (0, 0), sigma)


def square(side: int, value: float) -> Callable[[Alpha], Alpha]:
    """With a square of that alpha where it is farthest from what has it, and from the border."""

    def put(alpha: Alpha) -> Alpha:
        inside = np.pad(np.abs(alpha - value) > 0.9, 1)
        far = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
        y, x = (int(at) - side // 2 for at in np.unravel_index(far.argmax(), far.shape))
        changed = alpha.copy()
        changed[y : y + side, x : x + side] = value
        return changed

    return put


WORSE: dict[str, Callable[[Alpha], Alpha]] = {
    "nothing": lambda a: a,
    "a speck of 8 px": square(8, 1),
    "a speck of 16 px": square(16, 1),
    "a hole of 8 px": square(8, 0),
    "a hole of 16 px": square(16, 0),
    "shifted by 1/2 px": shifted(0.5),
    "shifted by 1 px": shifted(1),
    "blurred, sigma 1 px": blurred(1),
    "blurred, sigma 2 px": blurred(2),
    "2 % less opaque": lambda a: a * np.float32(0.98),
}


def main(folder: Path) -> None:
    """Print, for each worsening, of how many cut-outs it is noticed."""
    run = Run.load(folder)
    known = {case.key: case.has_truth for case in run.cases}
    cutouts = [p for p in run.predictions if p.cutout and p.model == run.models[0].info.name]
    cutouts = [p for p in cutouts if known[p.case_key]]
    images = {(c.category, c.id): c.image for c in load_cases(run.settings.cases_folder).cases}
    with TemporaryDirectory() as scratch:
        sets = {"truth": run.settings.cases_folder, "none": Path(scratch) / "cases"}
        for p in cutouts:
            path = sets["none"] / p.category / f"{p.case}{images[p.case_key].suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(images[p.case_key], path)
        print(f"{len(cutouts)} cut-outs of {run.models[0].info.name}")
        for name, worsen in WORSE.items():
            mattes = Path(scratch) / "mattes"
            for p in cutouts:
                path = mattes / p.category / f"{p.case}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                alpha = worsen(decoded(folder, p)[1])
                Image.fromarray(quantise(np.clip(alpha, 0, 1))).save(path)
            noticed = []
            for known_by, cases in sets.items():
                base = Path(scratch) / known_by / "nothing"
                out = base.with_name(name.replace("/", "-"))
                evaluate(Settings(cases=str(cases), models=[f"m=folder:{mattes}"], out=str(out)))
                noticed.append(compare(base, out).stopped("worse").total())
            print("{:20} {:3} with a truth, {:3} without".format(name, *noticed), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "reports/latest"))
